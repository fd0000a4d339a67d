/** A curve as pixels, fine where it bends: the points it came with, and points between where the corner would show. */

const LEAST = 4; // pixels; shorter pieces are not split
const CORNER = 0.05; // radians
const PASSES = 5;
const MOST = 600;

/** pts: pixels at the parameters i / m; at(t): the pixel [x, y] at t. Returns a flat list. */
export function refine(pts, at) {
  let ts = null, xy = pts;
  for (let pass = 0; pass < PASSES && xy.length < 2 * MOST; pass++) {
    const split = corners(xy);
    if (!split.size) break;
    ts ??= evenly(pts.length / 2);
    [ts, xy] = withMiddles(ts, xy, split, at);
  }
  return xy;
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
