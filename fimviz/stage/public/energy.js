/**
 * A first path between two points: M straight pieces in u that minimise the discrete energy
 * E = (M/2) Σ Δᵀ g(midpoint) Δ by Newton's method, with a multiple of the frozen-metric Laplacian added (Levenberg and
 * Marquardt) where the Hessian is not positive definite or the energy does not fall.
 */
import { cholesky, factorise, substitute } from "./linear.js";
import { columns } from "./metric.js";

const LONGEST_STEP = 1.5;
const NUDGE = 1e-5;
const ENOUGH = 1e-4;

/**
 * How far one step may move a coordinate whose values span `range`: without a cap the midpoint rule jumps across
 * regions where the metric vanishes. Wide coordinates (a location in small units) may move in proportion.
 */
export function longestStep(range) {
  return Math.max(LONGEST_STEP, range / 10);
}

/** descender(space)(uA, uB, M) -> {Q: columns of M + 1 points, energy} or null. */
export function descender(space) {
  const { d } = space;
  const chain = makeChain(d);
  const take = { mid: columns(d), gap: columns(d), T: space.tensors(), T2: space.tensors() };

  function energyOf(Q, M, x) {
    for (let k = 0; k < d; k++) {
      for (let s = 0; s < M; s++) {
        x.mid[k][s] = (Q[k][s] + Q[k][s + 1]) / 2;
        x.gap[k][s] = Q[k][s + 1] - Q[k][s];
      }
    }
    space.evaluate(x.mid, M, x.T);
    let sum = 0;
    for (let s = 0; s < M; s++) {
      const square = space.squaredSpeed(x.T, x.gap, s);
      sum += square >= 0 ? square : NaN;
    }
    return (M * sum) / 2;
  }

  return function descend(uA, uB, M, rounds = 80) {
    const x = Object.fromEntries(Object.entries(take).map(([name, t]) => [name, t(M)]));
    const caps = Float64Array.from(uA, (a, k) => longestStep(Math.abs(uB[k] - a)));
    let Q = Array.from(uA, (a, k) => Float64Array.from({ length: M + 1 }, (_, s) => a + (s / M) * (uB[k] - a)));
    let energy = energyOf(Q, M, x);
    let damping = 0;
    if (!Number.isFinite(energy)) return null;
    for (let round = 0; round < rounds; round++) {
      energyOf(Q, M, x);
      chain.assemble(space, x, M, NUDGE);
      const next = lower(Q, M, x, energy, damping, caps);
      if (next === null) return round > 0 ? { Q, energy } : null;
      const fall = energy - next.energy;
      ({ Q, energy, damping } = next);
      if (next.size < ENOUGH || fall < 1e-9 * energy) break;
    }
    return { Q, energy };
  };

  /** One accepted step: raise the damping until the matrix is positive definite and the energy falls. */
  function lower(Q, M, x, energy, damping, caps) {
    for (let attempt = 0; attempt < 14; attempt++) {
      const step = chain.solve(M, damping);
      if (step !== null) {
        const { moved, size } = move(Q, step, M, caps);
        const next = energyOf(moved, M, x);
        const relaxed = damping < 0.03 ? 0 : damping / 4;
        if (next <= energy * (1 + 1e-13)) return { Q: moved, energy: next, damping: relaxed, size };
      }
      damping = damping === 0 ? 0.1 : 4 * damping;
    }
    return null;
  }

  function move(Q, step, M, caps) {
    let shrink = 1;
    let size = 0;
    for (let i = 0; i < step.length; i++) {
      shrink = Math.min(shrink, caps[i % d] / Math.abs(step[i]));
      size = Math.max(size, Math.abs(step[i]) / caps[i % d]);
    }
    const moved = Q.map((column) => Float64Array.from(column));
    for (let s = 1; s < M; s++) for (let k = 0; k < d; k++) moved[k][s] += shrink * step[(s - 1) * d + k];
    return { moved, size };
  }
}

/**
 * The block-tridiagonal system of the inner points. One piece gives e = ½ Δᵀ g(m) Δ, and with B_kl = (∂ₗg Δ)_k and
 * C = ½ Δᵀ ∂²g Δ the blocks g ± ½(B + Bᵀ) + ¼C at its ends and −g + ½(B − Bᵀ) + ¼C between them.
 */
function makeChain(d) {
  const block = d * d;
  const names = ["diagonal", "below", "plainDiagonal", "plainBelow", "gradient"];
  const take = columns(names.length);
  let x;

  function assemble(space, { mid, gap, T, T2 }, M, nudge) {
    const arrays = take((M + 1) * block);
    x = Object.fromEntries(names.map((name, i) => [name, arrays[i]]));
    for (const array of Object.values(x)) array.fill(0, 0, (M + 1) * block);
    const pull = pulls(T, gap, M, space);
    const bends = [];
    for (let l = 0; l < d; l++) {
      for (let s = 0; s < M; s++) mid[l][s] += nudge;
      space.evaluate(mid, M, T2);
      for (let s = 0; s < M; s++) mid[l][s] -= nudge;
      bends.push(pulls(T2, gap, M, space).map((value, i) => (value - pull[i]) / nudge));
    }
    for (let s = 0; s < M; s++) addPiece(space, T, gap, pull, bends, s);
  }

  /** ½ Δᵀ ∂ₖg Δ of every piece, [s·d + k]. */
  function pulls(T, gap, M, space) {
    const out = new Float64Array(M * d);
    for (let s = 0; s < M; s++) {
      for (let k = 0; k < d; k++) {
        for (let a = 0; a < d; a++) {
          for (let b = 0; b < d; b++) out[s * d + k] += 0.5 * space.slope(T, k, a, b, s) * gap[a][s] * gap[b][s];
        }
      }
    }
    return out;
  }

  function addPiece(space, T, gap, pull, bends, s) {
    const twist = new Float64Array(block);
    for (let k = 0; k < d; k++) {
      for (let l = 0; l < d; l++) for (let a = 0; a < d; a++) twist[k * d + l] += space.slope(T, l, k, a, s) * gap[a][s];
    }
    for (let k = 0; k < d; k++) {
      let along = 0;
      for (let l = 0; l < d; l++) {
        const g = space.entry(T, k, l, s);
        const [b, bt, c] = [twist[k * d + l], twist[l * d + k], (bends[l][s * d + k] + bends[k][s * d + l]) / 2];
        const at = k * d + l;
        along += g * gap[l][s];
        x.diagonal[s * block + at] += g - (b + bt) / 2 + c / 4;
        x.diagonal[(s + 1) * block + at] += g + (b + bt) / 2 + c / 4;
        x.below[(s + 1) * block + at] = -g + (b - bt) / 2 + c / 4;
        x.plainDiagonal[s * block + at] += g;
        x.plainDiagonal[(s + 1) * block + at] += g;
        x.plainBelow[(s + 1) * block + at] = -g;
      }
      x.gradient[s * d + k] += pull[s * d + k] / 2 - along;
      x.gradient[(s + 1) * d + k] += pull[s * d + k] / 2 + along;
    }
  }

  /** Step of the inner points 1..M−1, flat; null where the damped Hessian is not positive definite. */
  function solve(M, damping) {
    const pivots = new Int32Array(d);
    const carried = [];
    const step = Float64Array.from({ length: (M - 1) * d }, (_, i) => -x.gradient[d + i]);
    for (let s = 1; s < M; s++) {
      const pivot = mixed(x.diagonal, x.plainDiagonal, s, damping);
      const value = step.subarray((s - 1) * d, s * d);
      if (s > 1) {
        const below = mixed(x.below, x.plainBelow, s, damping);
        subtractBlock(pivot, below, carried[s - 2]);
        subtract(value, below, step.subarray((s - 2) * d, (s - 1) * d));
      }
      if (cholesky(pivot, d) === null || !factorise(pivot, d, pivots)) return null;
      const right = transposed(mixed(x.below, x.plainBelow, s + 1, damping));
      substitute(pivot, d, pivots, right, d);
      substitute(pivot, d, pivots, value, 1);
      carried.push(right);
    }
    for (let s = M - 2; s >= 1; s--) {
      subtract(step.subarray((s - 1) * d, s * d), carried[s - 1], step.subarray(s * d, (s + 1) * d));
    }
    return step;
  }

  const mixed = (exact, plain, s, damping) =>
    Float64Array.from({ length: block }, (_, i) => exact[s * block + i] + damping * plain[s * block + i]);

  function subtractBlock(C, A, B) {
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) for (let k = 0; k < d; k++) C[i * d + j] -= A[i * d + k] * B[k * d + j];
    }
  }

  function subtract(c, A, b) {
    for (let i = 0; i < d; i++) for (let k = 0; k < d; k++) c[i] -= A[i * d + k] * b[k];
  }

  const transposed = (A) => Float64Array.from(A, (_, i) => A[(i % d) * d + Math.floor(i / d)]);

  return { assemble, solve };
}
