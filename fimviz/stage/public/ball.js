/** Ellipses of the metric and balls of the Kullback–Leibler divergence about a point. */
import { compileTape } from "./tape.js";
import { direction } from "./directions.js";
import { backward, cholesky } from "./linear.js";
import { columns } from "./metric.js";
import { panelOf } from "./path.js";

const FIRST_GROWTH = 1.02;
const GROWTH = 1.5;
const MOST_GROWTHS = 60;
const MOST_ROUNDS = 60;
const EXACT = 1e-12;
const ROUGH = 1e-3;
// of an integral on nodes, for pictures in motion
const EVERY = 3;

/** Offsets du with duᵀ g du = radius², m of them (2 ends when d = 1), flat. */
export function ellipse(space, u, radius, m = 96) {
  const L = cholesky(space.matrix(u), space.d);
  const count = space.d === 1 ? 2 : m;
  const out = new Float64Array(count * space.d).fill(NaN);
  for (let i = 0; L !== null && i < count; i++) out.set(backward(L, space.d, direction(space.d, i, count)), i * space.d);
  for (let i = 0; i < out.length; i++) out[i] *= radius;
  return out;
}

/**
 * Divergences of a model: {kl(uP, uQ), klBatch(u, points, way, grain), klBall(u, level, way, m, grain)}. A grain above 1 is
 * for pictures in motion: an integral on nodes is taken on a third of them, and its ball on fewer rays, to a thousandth.
 */
export function divergences(spec, space) {
  const { d } = space;
  if (!spec.kl) return withoutDivergence(d);
  const tape = compileTape(spec.kl), slow = Boolean(spec.kl.sums?.length);
  const thin = slow ? compileTape({ ...spec.kl, sums: spec.kl.sums.map(thinned) }) : tape;
  const lanesOf = columns(d);

  /** KL from u to every lane ("from") or from every lane to u ("to"). */
  function toLanes(u, Q, n, way, grain = 1) {
    const fixed = Array.from(u, Number);
    const out = new Float64Array(n);
    (grain > 1 ? thin : tape).run(way === "from" ? [...fixed, ...Q] : [...Q, ...fixed], [out], n);
    return out;
  }

  function klBatch(u, points, way, grain = 1) {
    const n = points.length / d;
    const Q = lanesOf(n);
    for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) Q[k][i] = points[i * d + k];
    return toLanes(u, Q, n, way, grain);
  }

  return {
    kl: (uP, uQ) => tape.at([...uP, ...uQ])[0],
    klBatch,
    klBall: (u, level, way, m = 96, grain = 1) => ball({ space, toLanes }, u, { level, way, grain: slow ? grain : 1 }, m),
  };
}

/** A sum on every third node from the first: the integrands are gone at the last one, the first keeps its half weight. */
function thinned(sum) {
  const kept = (row, factor) => row.filter((_, i) => i % EVERY === 0).map((x) => factor * x);
  return { ...sum, columns: sum.columns.map((row) => kept(row, 1)), weights: sum.weights.map((row) => kept(row, EVERY)) };
}

function withoutDivergence() {
  return {
    kl: () => NaN,
    klBatch: (u, points) => new Float64Array(points.length / u.length).fill(NaN),
    klBall: () => ({ ok: false, reason: "no-divergence" }),
  };
}

/**
 * The level set along rays from u: bracket the first crossing of each ray, then close in on it. In the plane the rays
 * are chosen twice: evenly in Fisher angle, then so that the points lie evenly along the curve.
 */
function ball(tools, u, wanted, m) {
  const { space } = tools, rough = wanted.grain > 1;
  const L = cholesky(space.matrix(u), space.d);
  if (L === null || !(wanted.level > 0)) return { ok: false, reason: "outside" };
  const count = space.d === 1 ? 2 : rough ? Math.ceil(m / 3) : m;
  const even = Array.from({ length: count }, (_, i) => direction(space.d, i, count));
  const first = crossings(tools, u, L, even, { ...wanted, tolerance: space.d === 2 || rough ? ROUGH : EXACT });
  if (space.d !== 2) return outcome(space, u, first);
  const { angles, reach } = evenlyAlong(even, first.reach, rough ? Math.ceil((2 * m) / 3) : m);
  const spread = angles.map((angle) => Float64Array.of(Math.cos(angle), Math.sin(angle)));
  return outcome(space, u, crossings(tools, u, L, spread, { ...wanted, tolerance: rough ? ROUGH : EXACT, near: reach }));
}

function outcome({ d }, u, { rays, reach, found }) {
  const points = new Float64Array(reach.length * d);
  for (let i = 0; i < reach.length; i++) for (let k = 0; k < d; k++) points[i * d + k] = u[k] + reach[i] * rays[k][i];
  return { ok: true, points, found, open: found.includes(0) };
}

/** How far each ray goes until KL = level; where it never does, how far it stays in the domain. */
function crossings({ space, toLanes }, u, L, directions, { level, way, grain, tolerance, near = null }) {
  const [n, { d }] = [directions.length, space];
  const [rays, at] = [0, 1].map(() => Array.from({ length: d }, () => new Float64Array(n)));
  directions.forEach((e, i) => backward(L, d, Float64Array.from(e)).forEach((x, k) => { rays[k][i] = x; }));

  const point = new Float64Array(d), out = new Float64Array(n);

  /** KL − level at the reach of every ray that is wanted; NaN outside the domain. */
  function excess(reach, wanted) {
    const lanes = Array.from(wanted.keys()).filter((i) => wanted[i]);
    for (let k = 0; k < d; k++) lanes.forEach((i, lane) => { at[k][lane] = u[k] + reach[i] * rays[k][i]; });
    const values = toLanes(u, at, lanes.length, way, grain);
    lanes.forEach((i, lane) => {
      for (let k = 0; k < d; k++) point[k] = at[k][lane];
      out[i] = space.outside(point) || values[lane] === Infinity ? NaN : values[lane] - level;
    });
    return out;
  }

  const bracket = surround(excess, level, near ?? new Float64Array(n).fill(Math.sqrt(2 * level)));
  closeIn(bracket, excess, tolerance);
  return { rays, reach: bracket.best, found: bracket.found };
}

/**
 * Grow every ray until it passes the level (found). A trial that is no number lies behind a wall: from then on try
 * halfway between it and the last good place.
 */
function surround(excess, level, start) {
  const n = start.length;
  const low = new Float64Array(n);
  const high = Float64Array.from(start, (reach) => 1.001 * reach);
  const wall = new Float64Array(n).fill(Infinity);
  const [below, above] = [new Float64Array(n).fill(-level), new Float64Array(n)];
  const found = new Uint8Array(n);
  for (let round = 0; round < MOST_GROWTHS && found.includes(0); round++) {
    const values = excess(high, found.map((done) => 1 - done));
    for (let i = 0; i < n; i++) {
      if (found[i]) continue;
      if (values[i] >= 0) {
        [found[i], above[i]] = [1, values[i]];
        continue;
      }
      if (values[i] < 0) [low[i], below[i]] = [high[i], values[i]];
      else wall[i] = high[i];
      high[i] = wall[i] < Infinity ? (low[i] + wall[i]) / 2 : (round === 0 ? FIRST_GROWTH : GROWTH) * high[i];
    }
  }
  return { low, high, below, above, found, best: low.slice() };
}

/** Illinois: the secant inside the bracket, the value at an end that stays twice halved. */
function closeIn({ low, high, below, above, found, best }, excess, tolerance) {
  const n = low.length;
  const side = new Int8Array(n);
  const open = Uint8Array.from(found);
  for (let round = 0; round < MOST_ROUNDS && open.includes(1); round++) {
    const halve = round % 8 === 7;
    for (let i = 0; i < n; i++) {
      if (!open[i]) continue;
      const share = halve ? 0.5 : below[i] / (below[i] - above[i]);
      const next = low[i] + share * (high[i] - low[i]);
      if (Math.abs(next - best[i]) <= tolerance * next || high[i] - low[i] <= tolerance * next) open[i] = 0;
      best[i] = next;
    }
    const values = excess(best, open);
    for (let i = 0; i < n; i++) if (open[i]) tighten(i, values[i], best[i], { low, high, below, above, side });
  }
}

function tighten(i, value, at, { low, high, below, above, side }) {
  if (value < 0) {
    [low[i], below[i]] = [at, value];
    if (side[i] === -1) above[i] /= 2;
    side[i] = -1;
  } else {
    [high[i], above[i]] = [at, value];
    if (side[i] === 1) below[i] /= 2;
    side[i] = 1;
  }
}

/**
 * Angles, m of them, whose rays meet the curve at equal steps along it, from the reach of evenly spaced angles, and a
 * reach for each to start from.
 */
function evenlyAlong(directions, reach, m) {
  const n = directions.length;
  const longest = 50 * Math.min(...reach.filter((r) => r > 0));
  const point = (i) => directions[i % n].map((x) => Math.min(reach[i % n], longest) * x);
  const travelled = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    const [a, b] = [point(i), point(i + 1)];
    travelled[i + 1] = travelled[i] + Math.hypot(b[0] - a[0], b[1] - a[1]);
  }
  const places = Float64Array.from({ length: m }, (_, j) => placeOf(travelled, (j / m) * travelled[n]));
  return {
    angles: Array.from(places, (place) => (2 * Math.PI * place) / n),
    reach: places.map((place) => between(reach, place)),
  };
}

/** The fractional index at which an ascending array takes a value. */
function placeOf(ascending, value) {
  const i = panelOf(ascending, value);
  return i + (value - ascending[i]) / (ascending[i + 1] - ascending[i] || 1);
}

function between(values, place) {
  const i = Math.floor(place);
  const [a, b] = [values[i % values.length], values[(i + 1) % values.length]];
  return a + (place - i) * (b - a);
}
