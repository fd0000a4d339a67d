/** A curve as pixels, fine where it bends: the points it came with, and points between where the corner would show. */

const LEAST = 4; // pixels; shorter pieces are not split
const CORNER = 0.05; // radians
const PASSES = 5;
const MOST = 600;

/** pts: pixels at the parameters i / m; at(t): the pixel [x, y] at t. Returns a flat list. */
export function refine(pts, at) {
  const n = pts.length / 2;
  let ts = Array.from({ length: n }, (_, i) => i / (n - 1)), xy = Array.from(pts);
  for (let pass = 0; pass < PASSES && ts.length < MOST; pass++) {
    const split = corners(xy);
    if (!split.size) break;
    [ts, xy] = withMiddles(ts, xy, split, at);
  }
  return xy;
}

/** The pieces on both sides of every visible corner. */
function corners(xy) {
  const split = new Set(), pieces = xy.length / 2 - 1;
  for (let i = 0; i + 1 < pieces; i++) {
    const [x0, y0, x1, y1, x2, y2] = xy.slice(2 * i, 2 * i + 6);
    const ax = x1 - x0, ay = y1 - y0, bx = x2 - x1, by = y2 - y1;
    const first = Math.hypot(ax, ay), second = Math.hypot(bx, by);
    if (!(Math.abs(ax * by - ay * bx) > CORNER * first * second)) continue;
    if (first > LEAST) split.add(i);
    if (second > LEAST) split.add(i + 1);
  }
  return split;
}

function withMiddles(ts, xy, split, at) {
  const times = [ts[0]], out = [xy[0], xy[1]];
  for (let i = 1; i < ts.length; i++) {
    if (split.has(i - 1)) {
      const t = (ts[i - 1] + ts[i]) / 2;
      times.push(t);
      out.push(...at(t));
    }
    times.push(ts[i]);
    out.push(xy[2 * i], xy[2 * i + 1]);
  }
  return [times, out];
}
