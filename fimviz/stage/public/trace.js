/** A curve as pixels, fine where it bends: the points it came with, and points between where the corner would show. */

const LEAST = 4; // pixels; shorter pieces are not split
const CORNER = 0.05; // radians
const PASSES = 5;
const MOST = 600;

/** pts: pixels at the parameters `times` (else i / m); at(t): the pixel [x, y] at t. Returns a flat list. */
export function refine(pts, at, times = null) {
  let ts = times, xy = pts;
  for (let pass = 0; pass < PASSES && xy.length < 2 * MOST; pass++) {
    const split = corners(xy);
    if (!split.size) break;
    ts ??= evenly(pts.length / 2);
    [ts, xy] = withMiddles(ts, xy, split, at);
  }
  return xy;
}

const LONG = 10; // pixels of a piece whose corners might show
const NEAR = 0.7; // pixels to the next point worth drawing

/**
 * Many lines of `per` points each as one list with NaN between them. Long pieces are cut by the cubic through the points
 * about them (the points are even in length, so the line between them is known well), points too close to see left out.
 * `room`: memory of an earlier frame, or null.
 */
export function strands(pts, lanes, per, room = null) {
  const most = lanes * (4 * per + 1) * 2;
  const out = room?.length >= most ? room : new Float64Array(most);
  let k = 0;
  for (let lane = 0; lane < lanes; lane++) {
    k = strand(out, k, pts, lane * per, (lane + 1) * per - 1);
    out[k++] = out[k++] = NaN;
  }
  return { room: out, pts: out.subarray(0, k) };
}

function strand(out, k, pts, first, last) {
  for (let i = first, begun = k; i <= last; i++) {
    const x = pts[2 * i], y = pts[2 * i + 1];
    if (k > begun && i < last && Math.abs(x - out[k - 2]) + Math.abs(y - out[k - 1]) < NEAR) continue;
    out[k] = x;
    out[k + 1] = y;
    k += 2;
    if (i === first || i + 2 > last) continue;
    const length = Math.abs(pts[2 * i + 2] - x) + Math.abs(pts[2 * i + 3] - y);
    // A line that stopped early stands still from there on.
    const stands = pts[2 * i + 2] === pts[2 * i + 4] && pts[2 * i + 3] === pts[2 * i + 5];
    if (length > LONG && !stands) for (const weights of length > 3 * LONG ? QUARTERS : HALVES) k = cubic(out, k, pts, i, weights);
  }
  return k;
}

/** Lagrange's weights of the points −1, 0, 1, 2 at s. */
const weightsAt = (s) => [
  (-s * (s - 1) * (s - 2)) / 6, ((s + 1) * (s - 1) * (s - 2)) / 2, (-(s + 1) * s * (s - 2)) / 2, ((s + 1) * s * (s - 1)) / 6,
];
const QUARTERS = [0.25, 0.5, 0.75].map(weightsAt);
const HALVES = [weightsAt(0.5)];

function cubic(out, k, pts, i, weights) {
  const a = weights[0], b = weights[1], c = weights[2], d = weights[3];
  for (let xy = 0; xy < 2; xy++)
    out[k + xy] = a * pts[2 * i - 2 + xy] + b * pts[2 * i + xy] + c * pts[2 * i + 2 + xy] + d * pts[2 * i + 4 + xy];
  return k + 2;
}

function evenly(n) {
  const ts = new Float64Array(n);
  for (let i = 0; i < n; i++) ts[i] = i / (n - 1);
  return ts;
}

/** The pieces on both sides of every visible corner. */
function corners(xy) {
  const split = new Set(), pieces = xy.length / 2 - 1;
  for (let i = 0; i + 1 < pieces; i++) {
    const x = xy[2 * i + 2], y = xy[2 * i + 3];
    const ax = x - xy[2 * i], ay = y - xy[2 * i + 1], bx = xy[2 * i + 4] - x, by = xy[2 * i + 5] - y;
    const first = ax * ax + ay * ay, second = bx * bx + by * by, turn = ax * by - ay * bx;
    if (!(turn * turn > CORNER * CORNER * first * second)) continue;
    if (first > LEAST * LEAST) split.add(i);
    if (second > LEAST * LEAST) split.add(i + 1);
  }
  return split;
}

function withMiddles(ts, xy, split, at) {
  const times = new Float64Array(ts.length + split.size), out = new Float64Array(2 * times.length);
  for (let i = 0, k = 0; i < ts.length; i++) {
    if (split.has(i - 1)) {
      times[k] = (ts[i - 1] + ts[i]) / 2;
      out.set(at(times[k]), 2 * k++);
    }
    times[k] = ts[i];
    out[2 * k] = xy[2 * i];
    out[2 * k++ + 1] = xy[2 * i + 1];
  }
  return [times, out];
}

/** The same curve with the pen lifted wherever `leaps(dx, dy)` from one point to the next. */
export function lifted(pts, leaps) {
  const far = (i) => leaps(pts[i] - pts[i - 2], pts[i + 1] - pts[i - 1]);
  let count = 0;
  for (let i = 2; i + 1 < pts.length; i += 2) count += far(i);
  if (!count) return pts;
  const out = new Float64Array(pts.length + 2 * count);
  for (let i = 0, k = 0; i + 1 < pts.length; i += 2) {
    if (i && far(i)) out[k++] = out[k++] = NaN;
    out[k++] = pts[i];
    out[k++] = pts[i + 1];
  }
  return out;
}

/** A polyline without what is farther from the box than its size: a browser gives up on dashes over a long way. */
export function clip(pts, box) {
  const low = [box.x - box.w, box.y - box.h], high = [box.x + 2 * box.w, box.y + 2 * box.h];
  const near = (i) => [0, 1].every((k) => pts[i + k] >= low[k] && pts[i + k] <= high[k]);
  let far = false;
  for (let i = 0; i < pts.length && !far; i += 2) far = !near(i);
  return far ? clipped(pts, low, high) : pts;
}

function clipped(pts, low, high) {
  const out = [];
  for (let i = 0, whole = -1; i + 3 < pts.length; i += 2) {
    const [enter, leave] = within(pts, i, low, high);
    if (!(enter <= leave)) continue;
    const at = (s) => [0, 1].map((k) => pts[i + k] + s * (pts[i + 2 + k] - pts[i + k]));
    if (enter > 0 || whole !== i - 2) out.push(...(out.length ? [NaN, NaN] : []), ...at(enter));
    out.push(...at(leave));
    if (leave === 1) whole = i;
  }
  return Float64Array.from(out);
}

/** The part of the piece that begins at i which lies between low and high; enter > leave where none does. */
function within(pts, i, low, high) {
  let [enter, leave] = [0, 1];
  for (let k = 0; k < 2; k++) {
    const from = pts[i + k], step = pts[i + 2 + k] - from;
    const a = (low[k] - from) / step, b = (high[k] - from) / step;
    if (step !== 0) [enter, leave] = [Math.max(enter, Math.min(a, b)), Math.min(leave, Math.max(a, b))];
    else if (!(from >= low[k] && from <= high[k])) leave = -1;
  }
  return [enter, leave];
}
