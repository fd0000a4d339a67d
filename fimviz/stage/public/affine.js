/**
 * The e- and the m-path of an exponential family: straight in the natural, straight in the expectation coordinates.
 * Both end points, every point between and the Fisher length come from the family's own tapes.
 */
import { NODES, POINTS } from "./chebyshev.js";
import { factorise, substitute } from "./linear.js";
import { columns } from "./metric.js";
import { follow } from "./path.js";
import { compileTape } from "./tape.js";

const MOST_ROUNDS = 20;
const FEW_ROUNDS = 8;
const MOST_HALVINGS = 20;
const LONGEST_STEP = 1.5;
const MOST_REUSED = 30; // then the panels are chosen anew: they are split as needed, but never joined
const EXACT = 1e-7; // of the last step: the error left is its square

/** affinePaths(spec, space) -> affine(uA, uB, kind, m), as described in geometry.js. */
export function affinePaths(spec, space) {
  const tracers = {
    natural: spec.natural && straightInNatural(spec.natural, space),
    expectation: spec.expectation && straightInExpectation(spec.expectation, space),
  };
  return function affine(uA, uB, kind, m = 96, warm = null) {
    const tracer = tracers[kind];
    if (!tracer) return { ok: false, reason: "not-exponential" };
    if (!space.inside(uA) || !space.inside(uB)) return { ok: false, reason: "outside" };
    const columnsAt = tracer(uA, uB);
    const fresh = warm && warm.used < MOST_REUSED;
    const path = (fresh && follow(space, columnsAt, { start: carried(warm, uA, uB) })) || follow(space, columnsAt);
    if (path === null) return { ok: false, reason: "leaves-domain" };
    return Object.assign(described(path, m), { warm: { path, uA, uB, used: fresh ? warm.used + 1 : 0 } });
  };
}

/** The last path moved to new ends, linearly in s: the panels to begin with, and points to start Newton's method from. */
function carried({ path, uA: oldA, uB: oldB }, uA, uB) {
  const { breaks, from, columns } = path;
  const guess = columns.map((column, k) => {
    const out = new Float64Array(column.length), [first, last] = [uA[k] - oldA[k], uB[k] - oldB[k]];
    for (let i = 0; i < out.length; i++) {
      const e = Math.floor(i / NODES), s = breaks[e] + (breaks[e + 1] - breaks[e]) * POINTS[i % NODES];
      out[i] = from[k] + column[i] + first + s * (last - first);
    }
    return out;
  });
  return { breaks, guess };
}

/** What few callers read is computed when it is read. */
function described(path, m) {
  return {
    ok: true,
    length: path.length,
    energy: path.energy,
    points: path.sample(m),
    at: (s) => path.at(s),
    atLength: (f) => path.atLength(f),
    parameterAt: (f) => path.parameterAt(f),
    get byLength() {
      return path.length > 0 ? path.sample(m, (f) => path.parameterAt(f)) : path.sample(m);
    },
    get cumulative() {
      return Float64Array.from({ length: m + 1 }, (_, i) => path.lengthTo(i / m));
    },
  };
}

function straightInNatural({ from_u: forward, to_u: back }, space) {
  const [toNatural, fromNatural] = [compileTape(forward), compileTape(back)];
  return (uA, uB) => {
    const [a, b] = [uA, uB].map((u) => Float64Array.from(toNatural.at(u)));
    return (ss) => {
      const found = Array.from({ length: space.d }, () => new Float64Array(ss.length));
      fromNatural.run(straight(a, b, ss), found, ss.length);
      return found.every((column) => column.every(Number.isFinite)) ? found : null;
    };
  };
}

const straight = (a, b, ss) => Array.from(a, (start, k) => ss.map((s) => start + s * (b[k] - start)));

/** u(η) by Newton: the first points one after the other, later ones together from the coarser path. */
function straightInExpectation({ from_u: forward, jac_u: jacobian }, space) {
  const inverse = meanInverse(compileTape(forward), compileTape(jacobian), space);
  const toMean = compileTape(forward);
  return (uA, uB) => {
    const [a, b] = [uA, uB].map((u) => Float64Array.from(toMean.at(u)));
    const target = (s) => Float64Array.from(a, (start, k) => start + s * (b[k] - start));
    return (ss, guess) =>
      guess === null ? inverse.inTurn(ss, target, uA) : inverse.together(ss, target, straight(a, b, ss), guess);
  };
}

function meanInverse(toMean, jac, space) {
  const { d } = space;
  const take = { means: columns(d), slopes: columns(d * d) };
  const [matrix, pivots, step] = [new Float64Array(d * d), new Int32Array(d), new Float64Array(d)];

  /** Newton from a point near the answer, steps capped; null where it does not converge. */
  function invert(target, start) {
    const u = Float64Array.from(start);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const mean = toMean.at(u);
      for (let k = 0; k < d; k++) step[k] = target[k] - mean[k];
      matrix.set(jac.at(u));
      const size = advance(u);
      if (!(size < Infinity) || space.outside(u)) return null;
      if (size < EXACT) return u;
    }
    return null;
  }

  /** Solve for the step, add it to u (an array or one lane of columns) at most LONGEST_STEP long; its relative size. */
  function advance(u) {
    if (!factorise(matrix, d, pivots)) return NaN;
    substitute(matrix, d, pivots, step);
    let [longest, size] = [0, 0];
    for (let k = 0; k < d; k++) {
      if (!Number.isFinite(step[k])) return NaN;
      longest = Math.max(longest, Math.abs(step[k]));
      size = Math.max(size, Math.abs(step[k]) / (1 + Math.abs(u[k])));
    }
    const share = Math.min(1, LONGEST_STEP / longest);
    for (let k = 0; k < d; k++) u[k] += share * step[k];
    return size;
  }

  /** Ascending ss; where Newton fails from the last point, first go half the way. */
  function inTurn(ss, target, start) {
    const out = Array.from({ length: d }, () => new Float64Array(ss.length));
    let last = { s: 0, u: start };
    for (let i = 0; i < ss.length; i++) {
      last = reach(target, last, ss[i], MOST_HALVINGS);
      if (last === null) return null;
      for (let k = 0; k < d; k++) out[k][i] = last.u[k];
    }
    return out;
  }

  function reach(target, last, s, halvings) {
    const u = invert(target(s), last.u);
    if (u !== null) return { s, u };
    if (halvings === 0) return null;
    const middle = reach(target, last, (last.s + s) / 2, halvings - 1);
    return middle && reach(target, middle, s, halvings - 1);
  }

  /** All points at once from a guess; the few that do not converge are left to `reach`. */
  function together(ss, target, targets, guess) {
    const n = ss.length;
    const out = guess.map((column) => Float64Array.from(column));
    const [means, slopes] = [take.means(n), take.slopes(n)];
    const sizes = new Float64Array(n).fill(Infinity);
    for (let round = 0; round < FEW_ROUNDS && sizes.some((size) => !(size < EXACT)); round++) {
      toMean.run(out, means, n);
      jac.run(out, slopes, n);
      for (let i = 0; i < n; i++) sizes[i] = advanceLane(out, means, slopes, targets, i);
    }
    for (let i = 0; i < n; i++) if (!(sizes[i] < EXACT) && !repair(out, ss, target, i)) return null;
    return out;
  }

  const lane = new Float64Array(d);

  function advanceLane(out, means, slopes, targets, i) {
    for (let k = 0; k < d; k++) {
      lane[k] = out[k][i];
      step[k] = targets[k][i] - means[k][i];
      for (let l = 0; l < d; l++) matrix[k * d + l] = slopes[k * d + l][i];
    }
    const size = advance(lane);
    for (let k = 0; k < d; k++) out[k][i] = lane[k];
    return space.outside(lane) ? NaN : size;
  }

  function repair(out, ss, target, i) {
    const from = i > 0 ? { s: ss[i - 1], u: out.map((column) => column[i - 1]) } : null;
    const found = from && reach(target, from, ss[i], MOST_HALVINGS);
    if (!found) return false;
    for (let k = 0; k < d; k++) out[k][i] = found.u[k];
    return true;
  }

  return { inTurn, together };
}
