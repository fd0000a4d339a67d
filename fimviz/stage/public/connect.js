/**
 * The geodesic between two points. Cold: minimise the discrete energy, then collocate. Warm: move the last path to the
 * new ends and collocate. A path is handed out only if Newton's method converged and the speed along it is constant.
 */
import { NODES, POINTS, coarsen, refine } from "./chebyshev.js";
import { collocator } from "./collocate.js";
import { descender } from "./energy.js";
import { follow, Path } from "./path.js";
import { compileTape } from "./tape.js";

const WANTED_DRIFT = 1e-8;
const ALLOWED_DRIFT = 1e-5;
const SPARE_DRIFT = 1e-12;
const MOST_PANELS = 64;
const PIECES_A_PANEL = 4;
const NEAR = 1e-3;

/** connector(space, shoot, sphere)(uA, uB, warm, m) -> result, as described in geometry.js. */
export function connector(space, shoot, sphere = null) {
  const tools = { space, descend: descender(space), ...collocator(space) };
  const circle = sphere ? greatCircles(space, sphere) : () => null;
  const solve = (from, to, warm) => circle(from, to) ?? between(tools, from, to, warm);
  return function connect(uA, uB, warm = null, m = 96) {
    if (!space.inside(uA) || !space.inside(uB)) return { ok: false, reason: "outside" };
    if (space.side(uA) !== space.side(uB)) return { ok: false, reason: "no-geodesic" };
    if (uA.every((a, k) => a === uB[k])) return resting(uA, m, space.d);
    const swap = comesAfter(uA, uB);
    const [from, to] = swap ? [uB, uA] : [uA, uB];
    const found = space.d === 1 ? alongLine(space, from, to) : solve(from, to, warm);
    return found.ok ? described(found, { swap, m, space, shoot, uA, uB }) : found;
  };
}

/** One order of the ends for both directions, so that d(A, B) = d(B, A) to the last digit. */
function comesAfter(uA, uB) {
  for (let k = 0; k < uA.length; k++) if (uA[k] !== uB[k]) return uA[k] > uB[k];
  return false;
}

function between(tools, from, to, warm) {
  const tried = warm ? settle(tools, from, moved(warm, from, to), warm.K) : null;
  if (tried?.ok) return tried;
  let best = { ok: false, reason: "no-geodesic" };
  for (const pieces of [16, 32, 64]) {
    const start = tools.descend(from, to, pieces);
    if (start === null) continue;
    const K = pieces / PIECES_A_PANEL;
    const offsets = start.Q.map((column, k) => column.map((value) => value - from[k]));
    const cold = settle(tools, from, offsets.map((column) => ontoPanels(column, K)), K);
    if (cold.ok) return cold;
    if (cold.reason === "inaccurate") best = cold;
  }
  return best;
}

/** Newton on K panels, on twice as many as long as the speed is not constant enough. */
function settle(tools, from, Q, K) {
  let result = { ok: false, reason: "no-geodesic" };
  for (; K <= MOST_PANELS; K *= 2, Q = Q.map(refine)) {
    if (!tools.solve(from, Q, K)) return result;
    const { at, between: others } = tools.speeds(from, Q, K);
    const drift = regular(tools.space, from, Q) ? Math.max(spreadOf(at), spreadOf(others)) : Infinity;
    result = { ok: drift <= ALLOWED_DRIFT, reason: "inaccurate", from, Q, K, speeds: at, drift };
    if (drift <= WANTED_DRIFT) break;
  }
  return result;
}

/** Whether the path stays where it began among the places where the metric is singular. */
function regular(space, from, Q) {
  const side = space.side(from), u = from.slice();
  for (let i = 0; i < Q[0].length; i++) {
    for (let k = 0; k < u.length; k++) u[k] = from[k] + Q[k][i];
    if (space.side(u) !== side) return false;
  }
  return true;
}

function spreadOf(speeds) {
  let low = Infinity;
  let high = 0;
  for (const speed of speeds) {
    if (!(speed > 0)) return Infinity;
    low = Math.min(low, speed);
    high = Math.max(high, speed);
  }
  return high / low - 1;
}

/** The last path's offsets carried to new ends by a motion linear in t; turned round where the ends changed places. */
function moved({ from: start, Q, K }, from, to) {
  const end = (k) => Q[k][Q[k].length - 1];
  const gap = (u, turned) => Q.reduce((sum, _, k) => sum + Math.abs(u[k] - start[k] - (turned ? end(k) : 0)), 0);
  const turned = gap(from, true) + gap(to, false) < gap(from, false) + gap(to, true);
  return Q.map((values, k) => {
    const column = turned ? values.map((value) => value - end(k)).reverse() : values;
    const rest = to[k] - from[k] - column[column.length - 1];
    return column.map((value, i) => value + rest * ((Math.floor(i / NODES) + POINTS[i % NODES]) / K));
  });
}

/** Equally spaced points, PIECES_A_PANEL to a panel, resampled through the polynomial of each panel. */
function ontoPanels(column, K) {
  const out = new Float64Array(K * NODES);
  for (let e = 0; e < K; e++) {
    for (let j = 0; j < NODES; j++) {
      for (let i = 0; i <= PIECES_A_PANEL; i++) out[e * NODES + j] += ONTO[j][i] * column[e * PIECES_A_PANEL + i];
    }
  }
  return out;
}

const ONTO = Array.from(POINTS, (x) => equispacedLagrange(x * PIECES_A_PANEL, PIECES_A_PANEL));

function equispacedLagrange(x, degree) {
  return Array.from({ length: degree + 1 }, (_, i) => {
    let product = 1;
    for (let k = 0; k <= degree; k++) if (k !== i) product *= (x - k) / (i - k);
    return product;
  });
}

/** In one dimension every path is the geodesic: only its pace has to be found. */
function alongLine(space, [from], [to]) {
  const line = follow(space, (ss) => [ss.map((s) => from + s * (to - from))], { tolerance: 1e-6 });
  return line === null ? { ok: false, reason: "no-geodesic" } : { ok: true, line, drift: 0 };
}

/**
 * A metric that is a part of a sphere, z = embed(u): the path is z(s) = (sin((1−s)ω) z₀ + sin(sω) z₁)/sin ω. The speed
 * along it is measured by the metric all the same; where it is not constant the solver is asked instead.
 */
function greatCircles(space, { embed, back }) {
  const [into, outOf] = [compileTape(embed), compileTape(back)];
  return function circle(from, to) {
    const a = Float64Array.from(into.at(from)), b = Float64Array.from(into.at(to));
    const angle = 2 * Math.atan2(norm(a, b, -1), norm(a, b, 1));
    // near points keep more digits as offsets in u
    if (!(angle > NEAR)) return null;
    const weight = (s) => Math.sin(s * angle) / Math.sin(angle);
    const point = (s) => outOf.at(a.map((x, k) => weight(1 - s) * x + weight(s) * b[k]));
    const columns = (ss) => {
      const out = Array.from(from, () => new Float64Array(ss.length));
      ss.forEach((s, i) => point(s).forEach((value, k) => k < out.length && (out[k][i] = value)));
      return out;
    };
    const line = follow(space, columns, { tolerance: 1e-9 });
    const drift = line === null ? Infinity : spreadOf(line.speeds);
    return drift <= ALLOWED_DRIFT ? { ok: true, line, drift } : null;
  };
}

const norm = (a, b, sign) => Math.hypot(...a.map((x, k) => x + sign * b[k]));

function described(found, { swap, m, space, shoot, uA, uB }) {
  const path = found.line ?? new Path(evenBreaks(found.K), found.Q, found.speeds, found.from);
  const along = found.line ? (t) => path.atLength(t) : (t) => path.at(t);
  const at = swap ? (t) => along(1 - t) : along;
  const places = (t) => (found.line ? path.parameterAt(swap ? 1 - t : t) : swap ? 1 - t : t);
  const points = path.sample(m, places);
  points.set(uA);
  points.set(uB, m * space.d);
  const [velocityA, velocityB] = [0, 1].map((end) => velocity(path, swap ? 1 - end : end, swap));
  return {
    ok: true,
    length: path.length,
    points,
    at,
    velocityA,
    velocityB,
    drift: found.drift,
    warm: found.line ? null : kept(found),
    /** Distance in u between B and the end of the geodesic that leaves A with velocityA. */
    endpoint: () => missedBy(shoot, uA, uB, velocityA, path.length),
  };
}

const evenBreaks = (K) => Float64Array.from({ length: K + 1 }, (_, e) => e / K);

/** du/dt where the path has constant speed: the direction is the path's own, the pace is its length. */
function velocity(path, end, swap) {
  const raw = path.velocityAt(end);
  const speed = path.speeds[end === 0 ? 0 : path.speeds.length - 1];
  return raw.map((v) => ((swap ? -1 : 1) * v * path.length) / speed);
}

/** What the next frame starts from: fewer panels if this many were not needed. */
function kept({ from, Q, K, drift }) {
  const spare = drift < SPARE_DRIFT && K > 1;
  return { from: Float64Array.from(from), Q: spare ? Q.map(coarsen) : Q, K: spare ? K / 2 : K };
}

function missedBy(shoot, uA, uB, velocityA, length) {
  const { points, status } = shoot(uA, velocityA.map((v) => v / length), length, 1);
  const d = uA.length;
  return status[0] === 0 ? Math.max(...Array.from(uB, (b, k) => Math.abs(points[d + k] - b))) : Infinity;
}

function resting(u, m, d) {
  const points = new Float64Array((m + 1) * d);
  for (let i = 0; i < points.length; i++) points[i] = u[i % d];
  const still = new Float64Array(d);
  const at = () => Float64Array.from(u);
  return { ok: true, length: 0, points, at, velocityA: still, velocityB: still, drift: 0, endpoint: () => 0, warm: null };
}
