/** Display charts: coordinates (or a picture map) over the solver chart u, with inverse, Jacobian and ellipses. */
import { compileTape } from "./tape.js";
import { direction } from "./directions.js";
import { cholesky, leastSquares, product, solve } from "./linear.js";
import { batched } from "./metric.js";

const MOST_ROUNDS = 60;
const MOST_HALVINGS = 20;
const LONGEST_STEP = 1.5;
const EXACT = 1e-12;
const SAME = 1e-8;

/** makeChart(spec, model) -> chart, as described in geometry.js. */
export function makeChart(spec, model) {
  const { d } = model;
  const [forward, jacobian] = [compileTape(spec.from_u), compileTape(spec.jac_u)];
  const n = forward.nOut;
  if (forward.nIn !== d || jacobian.nOut !== n * d) {
    throw new Error(`Chart '${spec.name}': its tapes do not fit dimension ${d}.`);
  }
  const fromU = (u) => Float64Array.from(forward.at(u));
  const jac = (u) => Float64Array.from(jacobian.at(u));
  const chart = {
    n,
    name: spec.name,
    fromU,
    jac,
    toU: spec.to_u ? byTape(compileTape(spec.to_u), fromU, model) : byNewton(fromU, jac, n, model),
    fromUBatch: batched(forward, d, n),
    pushEllipse: (u, offsets) => affine(fromU(u), jac(u), offsets, n, d),
    ellipse: (u, radius, m = 96) => outline(fromU(u), covariance(jac(u), model.metric(u).g, n, d), { n, radius, m }),
  };
  if (n > 2) chart.paper = onPaper(chart, model);
  return chart;
}

/**
 * What a sheet of paper shows of a chart with more coordinates: the first two. A place on it is in the slice through
 * `near`, which keeps the others, `held`. `ellipse` is the shadow of the ellipsoid, `section` what the slice cuts out of it.
 */
function onPaper(chart, model) {
  const { n } = chart, { d } = model;
  const fromU = (u) => chart.fromU(u).slice(0, 2);
  const jac = (u) => chart.jac(u).slice(0, 2 * d);
  const cut = (u) => conditional(covariance(chart.jac(u), model.metric(u).g, n, d), n);
  return {
    n: 2,
    name: chart.name,
    flat: true,
    fromU,
    jac,
    toU: (xy, near) => (near ? chart.toU([...xy, ...chart.fromU(near).subarray(2)], near) : null),
    fromUBatch: (points) => firstTwo(chart.fromUBatch(points), n),
    pushEllipse: (u, offsets) => affine(fromU(u), jac(u), offsets, 2, d),
    ellipse: (u, radius, m = 96) => outline(fromU(u), covariance(jac(u), model.metric(u).g, 2, d), { n: 2, radius, m }),
    held: (u) => chart.fromU(u).subarray(2),
    section: (u, radius, m = 96) => outline(fromU(u), cut(u), { n: 2, radius, m }),
  };
}

function firstTwo(points, n) {
  const out = new Float64Array((points.length / n) * 2);
  for (let i = 0, k = 0; i < points.length; i += n, k += 2) out.set(points.subarray(i, i + 2), k);
  return out;
}

/** xi + M x for each x of a flat list, M (n × d). */
function affine(xi, M, xs, n, d, scale = 1) {
  const count = xs.length / d;
  const out = new Float64Array(count * n);
  for (let i = 0; i < count; i++) {
    for (let a = 0; a < n; a++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += M[a * d + k] * xs[i * d + k];
      out[i * n + a] = xi[a] + scale * sum;
    }
  }
  return out;
}

/** The inverse given as a tape, checked by going back: a formula may have values outside the chart. */
function byTape(back, fromU, model) {
  return function toU(xi) {
    const u = Float64Array.from(back.at(xi));
    return u.every(Number.isFinite) && model.inside(u) && close(fromU(u), xi) ? u : null;
  };
}

const close = (a, b) => a.every((x, k) => Math.abs(x - b[k]) <= SAME * (1 + Math.abs(b[k])));

/** Newton from `near`, else from the middle of the chart; steps capped and halved until the defect falls. */
function byNewton(fromU, jac, n, model) {
  const { d } = model;
  const miss = (u, xi) => Float64Array.from(fromU(u), (x, a) => xi[a] - x);
  const size = (r) => Math.hypot(...r);

  function descend(xi, start) {
    let u = Float64Array.from(start);
    let r = miss(u, xi);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (size(r) <= EXACT * (1 + size(Float64Array.from(xi)))) return u;
      const step = leastSquares(jac(u), n, d, r);
      const next = step && shorten(u, step, r, xi);
      if (!next) return size(r) <= SAME * (1 + size(Float64Array.from(xi))) ? u : null;
      ({ u, r } = next);
    }
    return null;
  }

  function shorten(u, step, r, xi) {
    let share = Math.min(1, LONGEST_STEP / Math.max(...step.map(Math.abs)));
    for (let i = 0; i < MOST_HALVINGS; i++, share /= 2) {
      const moved = u.map((x, k) => x + share * step[k]);
      const missed = miss(moved, xi);
      if (size(missed) < size(r)) return { u: moved, r: missed };
    }
    return null;
  }

  return function toU(xi, near = null) {
    for (const start of near ? [near, new Float64Array(d)] : [new Float64Array(d)]) {
      const u = descend(xi, start);
      if (u !== null && model.inside(u)) return u;
    }
    return null;
  };
}

/** J g⁻¹ Jᵀ (n × n) of the first n coordinates: where d > n, that of a shadow. */
function covariance(J, g, n, d) {
  const out = new Float64Array(n * n).fill(NaN);
  for (let b = 0; b < n; b++) {
    const column = solve(g, J.slice(b * d, (b + 1) * d));
    if (column === null) return out.fill(NaN);
    product(J, n, d, column).forEach((x, a) => { out[a * n + b] = x; });
  }
  return out;
}

/** The covariance of the first two coordinates where the others are known: C − c cᵀ/v for one after the other. */
function conditional(C, n) {
  const S = C.slice();
  for (let k = n - 1; k > 1; k--)
    for (let a = 0; a < k; a++) for (let b = 0; b < k; b++) S[a * n + b] -= (S[a * n + k] * S[k * n + b]) / S[k * n + k];
  return Float64Array.of(S[0], S[1], S[n], S[n + 1]);
}

/** Outline of {ξ + v : vᵀ C⁻¹ v = radius²}, the ellipse with covariance radius² C. */
function outline(xi, C, { n, radius, m }) {
  const L = C.every(Number.isFinite) ? cholesky(C, n) : null;
  const count = n === 1 ? 2 : m;
  if (L === null) return new Float64Array(count * n).fill(NaN);
  return affine(xi, L, circle(n, count), n, n, radius);
}

const circles = new Map();

/** Unit vectors of R^n, flat: always the same ones. */
function circle(n, count) {
  const key = n * 1e6 + count;
  let known = circles.get(key);
  if (known) return known;
  known = new Float64Array(count * n);
  for (let i = 0; i < count; i++) known.set(direction(n, i, count), i * n);
  circles.set(key, known);
  return known;
}
