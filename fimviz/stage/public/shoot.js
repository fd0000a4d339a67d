/**
 * Geodesics from a point, many at a time: u̇ = v, v̇ = a(u, v), unit speed, so that time is Fisher length.
 * Every lane has its own step, accepts or rejects on its own and leaves the batch when it is done.
 */
import * as tableau from "./dop853.js";
import { columns } from "./metric.js";

export const WHOLE = 0;
export const EDGE = 1;
export const INACCURATE = 2;

const { STAGES } = tableau;
const [A, B, E3, E5] = [tableau.A.map(grouped), ...[tableau.B, tableau.E3, tableau.E5].map(grouped)];

const TOLERANCE = 2e-10;
const FIRST_STEP = 0.15;
const SMALLEST_STEP = 1e-4;
const SHORT_STEP = 0.1;
const WORST_STEP_DRIFT = 1e-8;
const WORST_DRIFT = 1e-6;
const NEAR_EDGE = 0.01;

/**
 * shooter(space)(u, velocities, length, steps, grain = 1) -> {lanes, steps, points, status, reached, drift}
 * grain: how many times coarser than usual the steps may be (at a hundred thousand the error is still below a tenth of a pixel).
 * velocities: lanes × d, of unit Fisher length; points[(lane·(steps+1) + step)·d + k] at equal lengths, the last good
 * point repeated where a lane stopped early; reached: the length where it stopped; drift: largest |v|²_g − 1.
 */
export function shooter(space) {
  const batch = makeBatch(space);
  return function shoot(u, velocities, length, steps, grain = 1) {
    const lanes = velocities.length / space.d;
    const result = emptyResult(space.d, u, lanes, steps, length);
    let active = batch.start(u, velocities, lanes, Math.min(length, FIRST_STEP * grain ** 0.125), grain);
    for (let round = 0; active > 0 && length > 0 && round < 10_000; round++) {
      batch.clip(active, length);
      batch.step(active);
      active = batch.settle(active, result);
    }
    return result;
  };
}

/** A step that has to be short is near the edge, where little path is left for an error to grow on. */
function tolerance(h) {
  return TOLERANCE * (1 + (SHORT_STEP / h) ** 2);
}

function emptyResult(d, u, lanes, steps, length) {
  const points = new Float64Array(lanes * (steps + 1) * d);
  for (let i = 0; i < points.length; i++) points[i] = u[i % d];
  const reached = new Float64Array(lanes);
  return { lanes, steps, length, points, status: new Uint8Array(lanes), reached, drift: 0 };
}

/** The lanes in flight: positions, velocities, slopes, steps, as columns; the last lane takes the place of a finished one. */
function makeBatch(space) {
  const { d } = space;
  const take = {
    q: columns(d), v: columns(d), a: columns(d), q1: columns(d), v1: columns(d), a1: columns(d), unit: columns(d),
    lane: columns(8), stageV: Array.from({ length: STAGES }, () => columns(d)),
    stageA: Array.from({ length: STAGES }, () => columns(d)), T: space.tensors(), error: columns(4),
  };
  let x, coarse, side;

  function start(u, velocities, lanes, h, grain) {
    coarse = grain;
    side = space.side(u);
    const sized = (t) => (Array.isArray(t) ? t.map((s) => s(lanes)) : t(lanes));
    x = Object.fromEntries(Object.entries(take).map(([name, t]) => [name, sized(t)]));
    for (let i = 0; i < lanes; i++) {
      for (let k = 0; k < d; k++) {
        x.q[k][i] = u[k];
        x.v[k][i] = velocities[i * d + k];
      }
      [i, 0, h, h, 0, h, 1, 0].forEach((value, column) => { x.lane[column][i] = value; });
    }
    slopes(x.q, x.v, x.a, lanes);
    for (let i = 0; i < lanes; i++) measureUnits(i);
    return lanes;
  }

  function slopes(q, v, a, n) {
    space.evaluate(q, n, x.T);
    space.accelerate(x.T, v, a, n);
  }

  /** One Fisher unit along each coordinate: the scale of its errors. */
  function measureUnits(i) {
    for (let k = 0; k < d; k++) x.unit[k][i] = 1 / Math.sqrt(x.T[diagonal(k, d)][i]);
  }

  /** lane columns: 0 number, 1 time, 2 step wanted, 3 step taken (clipped at the end), 4 |v|²_g − 1 so far,
   *  5 and 6 the last accepted step and its error, 7 whether a step went across a place where the metric is singular. */
  function clip(n, length) {
    const [, t, wanted, h] = x.lane;
    for (let i = 0; i < n; i++) h[i] = Math.min(wanted[i], length - t[i]);
  }

  function step(n) {
    const h = x.lane[3];
    for (let s = 0; s < STAGES; s++) {
      for (let k = 0; k < d; k++) {
        combine(x.stageV[s][k], x.v[k], h, A[s], x.stageA, k, n);
        if (s > 0) combine(x.q1[k], x.q[k], h, A[s], x.stageV, k, n);
      }
      if (s === 0) for (let k = 0; k < d; k++) copy(x.stageA[0][k], x.a[k], n);
      else slopes(x.q1, x.stageV[s], x.stageA[s], n);
    }
    for (let k = 0; k < d; k++) {
      combine(x.q1[k], x.q[k], h, B, x.stageV, k, n);
      combine(x.v1[k], x.v[k], h, B, x.stageA, k, n);
    }
    slopes(x.q1, x.v1, x.a1, n);
    estimateErrors(n);
  }

  /** error column 0: the step's error in units of the tolerance; column 3: |v|²_g − 1. */
  function estimateErrors(n) {
    const [error, five, three, drift] = x.error;
    error.fill(0, 0, n);
    drift.fill(0, 0, n); // holds the estimate of order 3 meanwhile
    const square = (slope, k) => {
      combine(five, null, x.lane[3], E5, slope, k, n);
      combine(three, null, x.lane[3], E3, slope, k, n);
      for (let i = 0; i < n; i++) {
        const scale = coarse * tolerance(x.lane[3][i]) * x.unit[k][i] + 4e-16 * Math.abs(x.q[k][i]);
        error[i] += (five[i] / scale) ** 2;
        drift[i] += (three[i] / scale) ** 2;
      }
    };
    for (let k = 0; k < d; k++) {
      square(x.stageV, k);
      square(x.stageA, k);
    }
    for (let i = 0; i < n; i++) {
      const sum = error[i] + 0.01 * drift[i];
      error[i] = sum === 0 ? 0 : error[i] / Math.sqrt(sum * 2 * d);
      drift[i] = space.squaredSpeed(x.T, x.v1, i) - 1;
    }
  }

  /** Accept or reject every lane; write what was passed; drop the lanes that are done. Returns how many remain. */
  function settle(n, result) {
    for (let i = n - 1; i >= 0; i--) {
      const done = accepted(i) ? advance(i, result) : shorten(i, result);
      if (done) moveLane(--n, i);
    }
    return n;
  }

  function accepted(i) {
    if (space.side(pointOf(x.q1, i)) !== side) return false;
    const change = Math.abs(x.error[3][i] - x.lane[4][i]);
    return x.error[0][i] <= 1 && change < coarse * WORST_STEP_DRIFT * (tolerance(x.lane[3][i]) / TOLERANCE);
  }

  function shorten(i, result) {
    const error = x.error[0][i];
    const h = x.lane[3][i];
    // a step across a place where the metric is singular is halved until that place is found
    const across = error <= 1 && space.side(pointOf(x.q1, i)) !== side;
    if (across) [x.lane[2][i], x.lane[7][i]] = [h / 2, 1];
    else x.lane[2][i] = h * (error > 1 && error < Infinity ? Math.max(0.2, 0.9 * error ** -0.125) : 0.3);
    return stalled(i, result) && finish(i, result, EDGE, remaining(i));
  }

  const stalled = (i, result) => x.lane[2][i] < SMALLEST_STEP * result.length;

  /** Length still to go where u runs off to infinity as a logarithm does: u̇ / ü along the fastest coordinate. */
  function remaining(i) {
    if (x.lane[7][i] > 0) return 0;
    let fastest = 0;
    for (let k = 1; k < d; k++) if (Math.abs(x.v[k][i]) > Math.abs(x.v[fastest][i])) fastest = k;
    const rest = x.v[fastest][i] / x.a[fastest][i];
    return rest > 0 ? Math.min(rest, 20 * x.lane[2][i]) : 0;
  }

  function finish(i, result, status, rest = 0) {
    const lane = x.lane[0][i];
    result.status[lane] = status;
    result.reached[lane] = x.lane[1][i] + rest;
    const { steps, points } = result;
    const last = Math.floor((x.lane[1][i] / result.length) * steps + 1e-12);
    for (let step = last + 1; step <= steps && status !== WHOLE; step++) {
      for (let k = 0; k < d; k++) points[(lane * (steps + 1) + step) * d + k] = x.q[k][i];
    }
    return true;
  }

  function advance(i, result) {
    const [, t, wanted, h, drift] = x.lane;
    const end = t[i] + h[i] >= result.length * (1 - 1e-14) ? result.length : t[i] + h[i];
    write(i, end, result);
    t[i] = end;
    // towards a place it went across a lane halves its way: longer steps would go across again
    wanted[i] = x.lane[7][i] > 0 ? h[i] * Math.min(0.5, growth(i)) : h[i] * growth(i);
    for (let k = 0; k < d; k++) {
      x.q[k][i] = x.q1[k][i];
      x.v[k][i] = x.v1[k][i];
      x.a[k][i] = x.a1[k][i];
    }
    measureUnits(i);
    drift[i] = x.error[3][i];
    result.drift = Math.max(result.drift, Math.abs(drift[i]));
    if (Math.abs(drift[i]) > coarse * WORST_DRIFT) return finish(i, result, h[i] < NEAR_EDGE ? EDGE : INACCURATE);
    if (space.outside(pointOf(x.q, i))) return finish(i, result, EDGE);
    if (end === result.length) return finish(i, result, WHOLE);
    return stalled(i, result) && finish(i, result, EDGE, remaining(i));
  }

  /** Gustafsson's rule: a step that had to shrink goes on shrinking, as it must towards an edge. */
  function growth(i) {
    const [h, before, errorBefore] = [x.lane[3], x.lane[5], x.lane[6]];
    const error = Math.max(x.error[0][i], 1e-12);
    const plain = 0.9 * error ** -0.125;
    const predicted = plain * (h[i] / before[i]) * (errorBefore[i] / error) ** 0.125;
    [before[i], errorBefore[i]] = [h[i], error];
    return Math.min(6, plain, Math.max(predicted, 0.2));
  }

  const pointOf = (q, i) => q.map((column) => column[i]);

  /** Points on the grid within (t, end], by the quintic that matches u, v and a at both ends; the end itself exactly. */
  function write(i, end, { points, steps, length }) {
    const [lane, t, , h] = x.lane;
    for (let step = Math.floor((t[i] / length) * steps) + 1; step <= steps; step++) {
      const time = step === steps ? length : (step / steps) * length;
      if (time > end) break;
      const s = (time - t[i]) / h[i];
      const at = (lane[i] * (steps + 1) + step) * d;
      for (let k = 0; k < d; k++) points[at + k] = time === end ? x.q1[k][i] : quintic(i, k, s, h[i]);
    }
  }

  function quintic(i, k, s, h) {
    const q0 = x.q[k][i];
    const v0 = h * x.v[k][i];
    const a0 = h * h * x.a[k][i];
    const rise = x.q1[k][i] - q0 - v0 - a0 / 2;
    const turn = h * x.v1[k][i] - v0 - a0;
    const bend = h * h * x.a1[k][i] - a0;
    const c3 = 10 * rise - 4 * turn + bend / 2;
    const c4 = -15 * rise + 7 * turn - bend;
    const c5 = 6 * rise - 3 * turn + bend / 2;
    return q0 + s * (v0 + s * (a0 / 2 + s * (c3 + s * (c4 + s * c5))));
  }

  function moveLane(from, to) {
    if (from === to) return;
    for (const name of ["q", "v", "a", "unit", "lane"]) for (const column of x[name]) column[to] = column[from];
  }

  return { start, clip, step, settle };
}

/** Where g_kk stands in the upper triangle. */
function diagonal(k, d) {
  return k * d - (k * (k - 1)) / 2;
}

/** A row of the tableau as the indices and shares that are not zero, padded to whole groups of four. */
function grouped(shares) {
  const index = Array.from(shares.keys()).filter((j) => shares[j] !== 0);
  while (index.length % 4) index.push(-1);
  return index.map((j) => (j < 0 ? { j: 0, share: 0 } : { j, share: shares[j] }));
}

/** out = base + h Σⱼ shares[j] slopes[j][k], lane by lane, four slopes at a time. */
function combine(out, base, h, row, slopes, k, n) {
  for (let i = 0; i < n; i++) out[i] = 0;
  for (let at = 0; at < row.length; at += 4) accumulate(out, row, at, slopes, k, n);
  if (base === null) for (let i = 0; i < n; i++) out[i] *= h[i];
  else for (let i = 0; i < n; i++) out[i] = base[i] + h[i] * out[i];
}

function accumulate(out, row, at, slopes, k, n) {
  const [a, b, c, e] = [row[at].share, row[at + 1].share, row[at + 2].share, row[at + 3].share];
  const p = slopes[row[at].j][k];
  const q = slopes[row[at + 1].j][k];
  const r = slopes[row[at + 2].j][k];
  const s = slopes[row[at + 3].j][k];
  for (let i = 0; i < n; i++) out[i] += a * p[i] + b * q[i] + c * r[i] + e * s[i];
}

function copy(out, from, n) {
  for (let i = 0; i < n; i++) out[i] = from[i];
}
