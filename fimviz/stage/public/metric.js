/**
 * The Riemannian metric of a model on lanes of points: columns Q[k] (coordinate k of every lane), tangents likewise.
 * The tape's outputs are g (upper triangle, row-major) and then ∂ₖg for k = 0..d−1.
 */
import { compileTape } from "./tape.js";
import { cholesky, upper } from "./linear.js";

/** Arrays of one length, grown when needed and kept. */
export function columns(count) {
  let arrays = [];
  let size = 0;
  return (lanes) => {
    if (lanes > size) {
      size = Math.max(lanes, 2 * size);
      arrays = Array.from({ length: count }, () => new Float64Array(size));
    }
    return arrays;
  };
}

/** A tape from d to n coordinates on a flat list of points, all at once: apart into lanes, and together again. */
export function batched(tape, d, n) {
  const [inputsOf, outputsOf] = [columns(d), columns(n)];
  return function run(points) {
    const count = points.length / d;
    const [inputs, outputs] = [inputsOf(count), outputsOf(count)];
    for (let k = 0; k < d; k++) for (let i = 0; i < count; i++) inputs[k][i] = points[i * d + k];
    tape.run(inputs, outputs, count);
    const out = new Float64Array(count * n);
    for (let a = 0; a < n; a++) for (let i = 0; i < count; i++) out[i * n + a] = outputs[a][i];
    return out;
  };
}

/** The space of a solver chart; the members say what they do. */
export function makeSpace(solver, d) {
  const tape = compileTape(solver.metric);
  const terms = (d * (d + 1)) / 2;
  if (tape.nIn !== d || tape.nOut !== terms * (d + 1)) {
    throw new Error(`Metric tape: ${tape.nIn} inputs and ${tape.nOut} outputs, expected ${d} and ${terms * (d + 1)}.`);
  }
  const place = upper(d);
  const scratch = columns(tape.nOut);
  const edges = Array.from({ length: d }, (_, k) => (Array.isArray(solver.edge) ? solver.edge[k] : solver.edge) ?? Infinity);
  const singular = solver.singular ? compileTape(solver.singular) : null;
  const sideOf = sides(singular);
  const space = {
    d,
    terms,
    /** Metric and derivatives at n lanes; into `out` (see `tensors`). */
    evaluate: (Q, n, out) => tape.run(Q, out, n),
    tensors: () => columns(tape.nOut),
    accelerate: d === 1 ? accelerateLine : d === 2 ? accelerateSurface : accelerateIn(d, place, terms),
    /** √(vᵀ g v) of every lane. */
    speeds(Q, V, n) {
      const T = scratch(n), out = new Float64Array(n);
      tape.run(Q, T, n);
      for (let i = 0; i < n; i++) out[i] = Math.sqrt(squaredSpeed(T, V, i, d, place));
      return out;
    },
    /** gₐᵦ and ∂ₖgₐᵦ at lane i. */
    entry: (T, a, b, i) => T[place[a * d + b]][i],
    slope: (T, k, a, b, i) => T[terms * (k + 1) + place[a * d + b]][i],
    squaredSpeed: (T, V, i) => squaredSpeed(T, V, i, d, place),
    /** g at one point, d × d row-major. */
    matrix(u) {
      const values = tape.at(u);
      return Float64Array.from(place, (p) => values[p]);
    },
    /** The region of u between the places where the metric is singular, −1 there; 0 everywhere for most models. */
    side: sideOf,
    /** What is 0 where the metric is singular, a number for each such place; none for most models. */
    singular: (u) => (singular ? singular.at(u) : []),
    /** Beyond the edge or not a number. */
    outside(u) {
      for (let k = 0; k < d; k++) if (!(Math.abs(u[k]) < edges[k])) return true;
      return false;
    },
    inside: (u) => !space.outside(u) && sideOf(u) >= 0 && cholesky(space.matrix(u), d) !== null,
  };
  return space;
}

function sides(tape) {
  if (!tape) return () => 0;
  return function side(u) {
    const values = tape.at(u);
    let number = 0;
    for (let k = 0; k < values.length; k++) {
      if (!(Math.abs(values[k]) > 0)) return -1;
      if (values[k] > 0) number += 2 ** k;
    }
    return number;
  };
}

function squaredSpeed(T, V, i, d, place) {
  let sum = 0;
  for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) sum += T[place[a * d + b]][i] * V[a][i] * V[b][i];
  return sum;
}

/* Aᵏ = −Γᵏᵢⱼ VⁱVʲ = gᵏˡ(½ ∂ₗgᵢⱼ − ∂ⱼgₗᵢ) VⁱVʲ on n lanes, with the metric T evaluated there. */

function accelerateLine([g, dg], [V], [A], n) {
  for (let i = 0; i < n; i++) A[i] = (-0.5 * dg[i] * V[i] * V[i]) / g[i];
}

function accelerateSurface([a, b, c, a0, b0, c0, a1, b1, c1], [V0, V1], [A0, A1], n) {
  for (let i = 0; i < n; i++) {
    const v = V0[i];
    const w = V1[i];
    const p = -0.5 * a0[i] * v * v - a1[i] * v * w + (0.5 * c0[i] - b1[i]) * w * w;
    const q = -0.5 * c1[i] * w * w - c0[i] * v * w + (0.5 * a1[i] - b0[i]) * v * v;
    const scale = 1 / (a[i] * c[i] - b[i] * b[i]);
    A0[i] = (c[i] * p - b[i] * q) * scale;
    A1[i] = (a[i] * q - b[i] * p) * scale;
  }
}

function accelerateIn(d, place, terms) {
  const [g, v, force] = [new Float64Array(d * d), new Float64Array(d), new Float64Array(d)];
  /** change[k·d + l] = ∂ₖgₗₐ Vᵃ */
  const change = new Float64Array(d * d);
  return function accelerate(T, V, A, n) {
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < d; k++) v[k] = V[k][i];
      for (let k = 0; k < d; k++) {
        for (let l = 0; l < d; l++) {
          let sum = 0;
          for (let a = 0; a < d; a++) sum += T[terms * (k + 1) + place[l * d + a]][i] * v[a];
          change[k * d + l] = sum;
          g[k * d + l] = T[place[k * d + l]][i];
        }
      }
      for (let l = 0; l < d; l++) {
        force[l] = 0;
        for (let a = 0; a < d; a++) force[l] += (0.5 * change[l * d + a] - change[a * d + l]) * v[a];
      }
      solveSymmetric(g, force, d);
      for (let k = 0; k < d; k++) A[k][i] = force[k];
    }
  };
}

/** g x = b in place of b by L D Lᵀ without pivots: g is positive definite or the result is of no use anyway. */
function solveSymmetric(g, b, d) {
  for (let k = 0; k < d; k++) {
    for (let i = k + 1; i < d; i++) {
      const factor = g[i * d + k] / g[k * d + k];
      for (let j = k; j < d; j++) g[i * d + j] -= factor * g[k * d + j];
      b[i] -= factor * b[k];
    }
  }
  for (let i = d - 1; i >= 0; i--) {
    for (let j = i + 1; j < d; j++) b[i] -= g[i * d + j] * b[j];
    b[i] /= g[i * d + i];
  }
}
