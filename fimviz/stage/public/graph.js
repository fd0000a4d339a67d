/** The graph of a function: points fine enough for every bend, the scale it needs, the areas between it and zero. */
import { lifted, refine } from "./trace.js";

const GRID = 385;
const HALVINGS = 16;
const grids = new Map();

function grid(lo, hi) {
  const key = `${lo}|${hi}`;
  let xs = grids.get(key);
  if (xs) return xs;
  xs = Float64Array.from({ length: GRID }, (_, i) => lo + ((hi - lo) * i) / (GRID - 1));
  if (grids.size > 40) grids.clear();
  grids.set(key, xs);
  return xs;
}

/** {xs, ys}: even steps; where the function ends between two of them, its end is found. */
export function sampled({ at, over }, [lo, hi]) {
  const ys = new Float64Array(GRID);
  const xs = grid(lo, hi).slice();
  over(xs, ys);
  for (let i = 0; i + 1 < GRID; i++) {
    if (Number.isFinite(ys[i]) === Number.isFinite(ys[i + 1])) continue;
    const ends = Number.isFinite(ys[i]);
    moveToEnd(xs, ys, ends ? i : i + 1, ends ? i + 1 : i, at);
    if (ends) i++;
  }
  return { xs, ys };
}

/** The sample outside moves to the last place where there is a number; a gap of one sample stays a gap. */
function moveToEnd(xs, ys, inside, outside, at) {
  if (Number.isFinite(ys[2 * outside - inside])) return;
  let a = xs[inside], b = xs[outside], y = ys[inside];
  for (let k = 0; k < HALVINGS; k++) {
    const x = (a + b) / 2, here = at(x);
    if (Number.isFinite(here)) [a, y] = [x, here];
    else b = x;
  }
  xs[outside] = a;
  ys[outside] = y;
}

/** The numbers a discrete panel is about: those it names, else the whole numbers it shows. */
export function outcomes({ xs }, [lo, hi]) {
  return xs ?? Array.from({ length: Math.floor(hi) - Math.ceil(lo) + 1 }, (_, i) => Math.ceil(lo) + i);
}

const EDGE = 0.06; // of a piece's length, at an end where the function runs off
const RUNS_OFF = 6; // times the change of the steps before

/** [lo, hi] of what is worth seeing: all of it, but not how far it runs off where its domain ends. */
export function extent({ xs, ys }) {
  const range = [Infinity, -Infinity], far = [Infinity, -Infinity];
  for (let from = 0; from < ys.length; from++) {
    if (!Number.isFinite(ys[from])) continue;
    let to = from;
    while (to + 1 < ys.length && Number.isFinite(ys[to + 1])) to++;
    const skip = EDGE * (xs[to] - xs[from]), low = runsOff(ys, from, 1) ? skip : 0, high = runsOff(ys, to, -1) ? skip : 0;
    for (let i = from; i <= to; i++) widen(xs[i] - xs[from] >= low && xs[to] - xs[i] >= high ? range : far, ys[i]);
    from = to;
  }
  // A little of where it goes is shown.
  const room = 0.5 * (range[1] - range[0]);
  return [Math.min(range[0], Math.max(far[0], range[0] - room)), Math.max(range[1], Math.min(far[1], range[1] + room))];
}

/** Whether the function has no limit at this end of a piece, as far as its last steps tell; `way` leads inside. */
function runsOff(ys, end, way) {
  const beyond = end - way;
  // One sample without a number between two with one: a pole.
  if (ys[beyond] !== undefined && Number.isFinite(ys[beyond - way])) return true;
  const last = Math.abs(ys[end] - ys[end + way]), before = Math.abs(ys[end + way] - ys[end + 4 * way]);
  return last > RUNS_OFF * before && before > 0;
}

/** The range with y in it. */
export function widen(range, y) {
  if (y < range[0]) range[0] = y;
  if (y > range[1]) range[1] = y;
}

const JUMP = 6; // pixels up or down in next to none across
const NONE = 0.12;

/** The graph in pixels. toX, toY: pixels of a number. */
export function traced({ xs, ys }, at, toX, toY) {
  const pts = new Float64Array(2 * xs.length);
  for (let i = 0; i < xs.length; i++) {
    pts[2 * i] = toX(xs[i]);
    pts[2 * i + 1] = toY(ys[i]);
  }
  return refine(pts, (x) => [toX(x), toY(at(x))], xs);
}

/** The same line with the pen lifted where the function jumps. */
export const unjoined = (pts) => lifted(pts, (dx, dy) => Math.abs(dx) < NONE && Math.abs(dy) > JUMP);

/** The area between a graph and a level, closed piece by piece; `side` −1 above the level, +1 below it, 0 both. */
export function area(pts, level, side = 0) {
  const out = [];
  let begun = NaN;
  const keep = side < 0 ? Math.min : Math.max;
  for (let i = 0; i < pts.length; i += 2) {
    const x = pts[i], y = pts[i + 1], drawn = Number.isFinite(x + y);
    if (drawn && Number.isNaN(begun)) out.push((begun = x), level);
    if (drawn) out.push(x, side ? keep(y, level) : y);
    const ends = i + 3 >= pts.length || !Number.isFinite(pts[i + 2] + pts[i + 3]);
    if (drawn && ends) out.push(x, level, NaN, NaN), (begun = NaN);
  }
  return Float64Array.from(out);
}

/** Slanting lines over the rectangle about some points: clipped by an area they are its pattern. */
export function hatch(pts, gap) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < pts.length; i += 2) {
    if (!Number.isFinite(pts[i] + pts[i + 1])) continue;
    [x0, x1] = [Math.min(x0, pts[i]), Math.max(x1, pts[i])];
    [y0, y1] = [Math.min(y0, pts[i + 1]), Math.max(y1, pts[i + 1])];
  }
  const out = [], high = y1 - y0;
  if (!(high > 0.5)) return out;
  // Every line is one of x + y = k gap, so they stand still on the panel while the area moves over them.
  for (let x = Math.ceil((x0 - high + y1) / gap) * gap - y1; x <= x1; x += gap) out.push(x, y1, x + high, y0, NaN, NaN);
  return out;
}
