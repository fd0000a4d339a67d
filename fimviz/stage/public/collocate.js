/**
 * The geodesic equation between fixed ends by collocation: K equal panels of t in [0, 1], a polynomial on each,
 * u″ = a(u, u′) at the inner points of a panel, u′ continuous between panels. The acceleration is homogeneous of degree
 * two in u′, so each panel may use its own time x in [0, 1].
 *
 * Newton's equations are condensed panel by panel onto the values where panels meet: K small dense systems and one
 * block-tridiagonal system of d × d blocks.
 */
import { BETWEEN, D, D2, NODES, onPanels, P } from "./chebyshev.js";
import { longestStep } from "./energy.js";
import { factorise, substitute } from "./linear.js";
import { columns } from "./metric.js";

const INNER = P - 1;
const NUDGE = 1e-6;
const SLOW = 0.05;
const CONVERGED = 1e-11;
const NEGLIGIBLE = 1e-5;

/**
 * collocator(space) -> {solve(from, Q, K, rounds) -> boolean (Q improved in place), speeds(from, Q, K) -> {at, between}}
 * The path is from + Q: only its offsets are differentiated, so that points as close as numbers can be are not lost.
 */
export function collocator(space) {
  const { d } = space;
  const system = makeSystem(d);
  const vectors = ["W", "W2", "A", "A2", "U", "Q2", "R", "step"].map((name) => [name, columns(d)]);
  const matrices = ["Aq", "Aw"].map((name) => [name, columns(d * d)]);
  const take = Object.fromEntries([...vectors, ...matrices, ["T", space.tensors()], ["T2", space.tensors()]]);

  /** Defect a − u″ at every point, in R; the points themselves in U. */
  function defects(from, Q, K, x) {
    const n = K * NODES;
    for (let k = 0; k < d; k++) {
      onPanels(D, Q[k], x.W[k], K);
      translate(x.U[k], Q[k], from[k], n);
    }
    space.evaluate(x.U, n, x.T);
    space.accelerate(x.T, x.W, x.A, n);
    for (let k = 0; k < d; k++) {
      onPanels(D2, Q[k], x.R[k], K);
      for (let i = 0; i < n; i++) x.R[k][i] = x.A[k][i] - x.R[k][i];
    }
  }

  /** ∂a/∂u by small differences, ∂a/∂u′ exactly (a is quadratic in u′): columns k·d + l. */
  function linearise(n, x) {
    const reach = largest(x.W, n);
    for (let l = 0; l < d; l++) {
      shifted(x.Q2, x.U, l, NUDGE, n);
      space.evaluate(x.Q2, n, x.T2);
      space.accelerate(x.T2, x.W, x.A2, n);
      for (let k = 0; k < d; k++) quotient(x.Aq[k * d + l], x.A2[k], x.A[k], NUDGE, n);
      shifted(x.W2, x.W, l, reach, n);
      space.accelerate(x.T, x.W2, x.A2, n);
      for (let k = 0; k < d; k++) copy(x.Aw[k * d + l], x.A2[k], n);
      shifted(x.W2, x.W, l, -reach, n);
      space.accelerate(x.T, x.W2, x.A2, n);
      for (let k = 0; k < d; k++) quotient(x.Aw[k * d + l], x.Aw[k * d + l], x.A2[k], 2 * reach, n);
    }
  }

  function workspace(n) {
    return Object.fromEntries(Object.entries(take).map(([name, t]) => [name, t(n)]));
  }

  /** Newton with the last matrix kept while it converges fast. */
  function solve(from, Q, K, rounds = 12) {
    const n = K * NODES;
    const x = workspace(n);
    let last = Infinity;
    let stale = true;
    for (let round = 0; round < rounds; round++) {
      defects(from, Q, K, x);
      if (stale) {
        linearise(n, x);
        if (!system.factor(x, K)) return false;
      }
      system.correct(x, K);
      const size = apply(Q, x.step, n);
      if (!(size < Infinity)) return false;
      if (size < CONVERGED || (size < 1e-9 && size > 0.5 * last)) return true;
      stale = size > SLOW * last || size > 0.1;
      last = size;
    }
    return false;
  }

  /** Add the step, at most LONGEST_STEP chart units long; returns its size relative to each coordinate's range. */
  function apply(Q, step, n) {
    const units = Q.map((column) => range(column, n));
    const highs = step.map((column) => largest([column], n));
    const shrink = Math.min(1, ...units.map((unit, k) => longestStep(unit) / highs[k]));
    for (let k = 0; k < d; k++) for (let i = 0; i < n; i++) Q[k][i] += shrink * step[k][i];
    const widest = Math.max(...units);
    return Math.max(...units.map((unit, k) => highs[k] / (unit + NEGLIGIBLE * widest)));
  }

  /** Fisher speeds per unit of t at the points of the panels, and at as many others between them. */
  function speeds(from, Q, K) {
    const n = K * NODES;
    const [W, U, Q2, W2] = [take.W(n), take.U(n), take.Q2(n), take.W2(n)];
    for (let k = 0; k < d; k++) {
      onPanels(D, Q[k], W[k], K);
      for (let i = 0; i < n; i++) W[k][i] *= K;
      onPanels(BETWEEN, Q[k], Q2[k], K);
      onPanels(BETWEEN, W[k], W2[k], K);
      translate(U[k], Q[k], from[k], n);
      translate(Q2[k], Q2[k], from[k], n);
    }
    return { at: space.speeds(U, W, n), between: space.speeds(Q2, W2, n) };
  }

  return { solve, speeds };
}

/** Newton's equations: `factor` from ∂a, `correct` solves for the step that removes the defects R. */
function makeSystem(d) {
  const size = INNER * d;
  const width = 2 * d;
  let panels = [];
  let joints = [];

  function factor(x, K) {
    while (panels.length < K) panels.push(emptyPanel(size, width, d));
    for (let e = 0; e < K; e++) if (!factorPanel(panels[e], x, e * NODES)) return false;
    return factorJoints(K);
  }

  /** Rows (j, k): D2 δu − ∂a/∂u′ D δu − ∂a/∂u δu = R; inner unknowns left, the panel's two ends right. */
  function factorPanel(panel, { Aq, Aw }, base) {
    panel.ends.fill(0);
    for (let j = 1; j < P; j++) {
      for (let m = 0; m < NODES; m++) {
        for (let k = 0; k < d; k++) {
          for (let l = 0; l < d; l++) {
            let entry = -Aw[k * d + l][base + j] * D[j * NODES + m];
            if (k === l) entry += D2[j * NODES + m];
            if (j === m) entry -= Aq[k * d + l][base + j];
            const row = (j - 1) * d + k;
            if (m > 0 && m < P) panel.matrix[row * size + (m - 1) * d + l] = entry;
            else panel.ends[row * width + (m === 0 ? l : d + l)] = -entry;
          }
        }
      }
    }
    if (!factorise(panel.matrix, size, panel.pivots)) return false;
    substitute(panel.matrix, size, panel.pivots, panel.ends, width);
    endSlopes(panel);
    return true;
  }

  /** How u′ at either end of the panel answers to the two end values, inner points following. */
  function endSlopes({ ends, slopes }) {
    for (const [side, node] of [[0, 0], [1, P]]) {
      for (let k = 0; k < d; k++) {
        for (let c = 0; c < width; c++) {
          let sum = 0;
          for (let j = 1; j < P; j++) sum += D[node * NODES + j] * ends[((j - 1) * d + k) * width + c];
          if (c === k) sum += D[node * NODES];
          if (c === d + k) sum += D[node * NODES + P];
          slopes[(side * d + k) * width + c] = sum;
        }
      }
    }
  }

  /** Block elimination of the joints 1..K−1: u′ must not jump there. */
  function factorJoints(K) {
    while (joints.length < K) joints.push(emptyJoint(d));
    for (let e = 1; e < K; e++) {
      const { pivot, pivots, left, right } = joints[e];
      const [before, after] = [panels[e - 1].slopes, panels[e].slopes];
      for (let k = 0; k < d; k++) {
        for (let l = 0; l < d; l++) {
          left[k * d + l] = before[(d + k) * width + l];
          pivot[k * d + l] = before[(d + k) * width + d + l] - after[k * width + l];
          right[k * d + l] = -after[k * width + d + l];
        }
      }
      if (e > 1) subtractProduct(pivot, left, joints[e - 1].right, d, d);
      if (!factorise(pivot, d, pivots)) return false;
      substitute(pivot, d, pivots, right, d);
    }
    return true;
  }

  function correct({ R, W, step }, K) {
    for (let e = 0; e < K; e++) innerStep(panels[e], R, e * NODES);
    for (let e = 1; e < K; e++) jointForward(joints[e], e > 1 ? joints[e - 1] : null, e, W);
    for (let e = K - 2; e >= 1; e--) subtractProduct(joints[e].value, joints[e].right, joints[e + 1].value, d, 1);
    const ends = (e) => (e > 0 && e < K ? joints[e].value : null);
    for (let e = 0; e < K; e++) spread(panels[e], ends(e), ends(e + 1), step, e * NODES);
  }

  function innerStep({ matrix, pivots, inner }, R, base) {
    for (let j = 1; j < P; j++) for (let k = 0; k < d; k++) inner[(j - 1) * d + k] = R[k][base + j];
    substitute(matrix, size, pivots, inner, 1);
  }

  function jointForward(joint, previous, e, W) {
    for (let k = 0; k < d; k++) {
      const jump = W[k][e * NODES] - W[k][e * NODES - 1];
      joint.value[k] = jump - innerSlope(panels[e - 1].inner, k, P) + innerSlope(panels[e].inner, k, 0);
    }
    if (previous) subtractProduct(joint.value, joint.left, previous.value, d, 1);
    substitute(joint.pivot, d, joint.pivots, joint.value, 1);
  }

  function innerSlope(inner, k, node) {
    let sum = 0;
    for (let j = 1; j < P; j++) sum += D[node * NODES + j] * inner[(j - 1) * d + k];
    return sum;
  }

  function spread({ inner, ends }, first, last, step, base) {
    for (let k = 0; k < d; k++) {
      step[k][base] = first ? first[k] : 0;
      step[k][base + P] = last ? last[k] : 0;
      for (let j = 1; j < P; j++) {
        const row = (j - 1) * d + k;
        let sum = inner[row];
        for (let l = 0; first && l < d; l++) sum += ends[row * width + l] * first[l];
        for (let l = 0; last && l < d; l++) sum += ends[row * width + d + l] * last[l];
        step[k][base + j] = sum;
      }
    }
  }

  return { factor, correct };
}

function emptyPanel(size, width, d) {
  return {
    matrix: new Float64Array(size * size),
    pivots: new Int32Array(size),
    ends: new Float64Array(size * width),
    slopes: new Float64Array(2 * d * width),
    inner: new Float64Array(size),
  };
}

function emptyJoint(d) {
  const block = () => new Float64Array(d * d);
  return { pivot: block(), left: block(), right: block(), pivots: new Int32Array(d), value: new Float64Array(d) };
}

/** C −= A B for A (d × d), B (d × width). */
function subtractProduct(C, A, B, d, width) {
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += A[i * d + k] * B[k * width + j];
      C[i * width + j] -= sum;
    }
  }
}

function translate(out, column, by, n) {
  for (let i = 0; i < n; i++) out[i] = column[i] + by;
}

function shifted(out, Q, l, by, n) {
  for (let k = 0; k < Q.length; k++) {
    const add = k === l ? by : 0;
    for (let i = 0; i < n; i++) out[k][i] = Q[k][i] + add;
  }
}

function quotient(out, above, below, gap, n) {
  for (let i = 0; i < n; i++) out[i] = (above[i] - below[i]) / gap;
}

function copy(out, from, n) {
  for (let i = 0; i < n; i++) out[i] = from[i];
}

function largest(arrays, n) {
  let most = 0;
  for (const array of arrays) {
    for (let i = 0; i < n; i++) {
      const size = Math.abs(array[i]);
      if (!(size < Infinity)) return NaN;
      if (size > most) most = size;
    }
  }
  return most;
}

function range(column, n) {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < n; i++) {
    low = Math.min(low, column[i]);
    high = Math.max(high, column[i]);
  }
  return high - low;
}
