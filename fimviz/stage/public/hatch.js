/**
 * Where a metric is singular: the line itself, and beside it where it is nearly so, that is where the worst known direction
 * of a chart is known with a tenth of the precision of the best one, or less.
 */
import { ASIDE, sublevel } from "./contour.js";

const NEARLY = 0.1;
const CELLS = 72;

/** {line, band} in pixels, NaN between pieces: open lines, and closed outlines that a clip takes as they are. */
export function singularPlace({ model, chart, frame }) {
  const { box } = frame, nx = CELLS, ny = Math.max(12, Math.round((CELLS * box.h) / box.w));
  const { zeros, share } = fields(model, chart, frame, nx, ny);
  const toPixels = (grid) => grid.map((x, i) => (i % 2 ? box.y + box.h - (x / (ny - 1)) * box.h : box.x + (x / (nx - 1)) * box.w));
  const level = (field, at) => Array.from(sublevel(field, nx, ny, at));
  return {
    line: Float64Array.from(toPixels(zeros.flatMap((field) => cutAtBorder(level(field, 0), nx, ny)))),
    band: Float64Array.from(toPixels([...level(share, NEARLY), NaN, NaN, ...backwards(level(share, -NEARLY))])),
  };
}

/** On a grid: what is 0 on each singular line, and √(λ₁/λ₂) of the metric in the chart, its sign changing across each. */
function fields(model, chart, { window: [x0, x1, y0, y1] }, nx, ny) {
  const share = new Float64Array(nx * ny).fill(NaN), zeros = [];
  for (let j = 0; j < ny; j++)
    for (let i = 0; i < nx; i++) {
      const u = chart.toU([x0 + ((x1 - x0) * (i + ASIDE)) / (nx - 1), y0 + ((y1 - y0) * (j + ASIDE)) / (ny - 1)], null);
      if (!u) continue;
      const values = Array.from(model.singular(u)), at = j * nx + i;
      values.forEach((value, k) => { (zeros[k] ??= new Float64Array(nx * ny).fill(NaN))[at] = value; });
      share[at] = values.reduce((sign, value) => sign * Math.sign(value), worstToBest(model.metric(u).g, chart.jac(u)));
    }
  return { zeros, share };
}

/** √(λ₁/λ₂) of J g⁻¹ Jᵀ, which is that of the metric in the chart; 0 where it has no inverse. */
function worstToBest([a, b, , c], [p, q, r, s]) {
  const det = a * c - b * b, of = (x, y, z, w) => (c * x * z - b * (x * w + y * z) + a * y * w) / det;
  const xx = of(p, q, p, q), xy = of(p, q, r, s), yy = of(r, s, r, s);
  const half = (xx + yy) / 2, apart = Math.hypot((xx - yy) / 2, xy);
  // λ₁ by the product of both, which does not cancel
  const ratio = ((p * s - q * r) ** 2 / det) / (half + apart) ** 2;
  return Number.isFinite(ratio) && ratio > 0 ? Math.sqrt(ratio) : 0;
}

/** An outline without what runs along the border of the grid. */
function cutAtBorder(pts, nx, ny) {
  const within = (x, y) => x > 0 && y > 0 && x < nx - 1 && y < ny - 1;
  return pts.map((value, i) => (within(pts[i - (i % 2)], pts[i - (i % 2) + 1]) ? value : NaN));
}

function backwards(pts) {
  const out = [];
  for (let i = pts.length - 2; i >= 0; i -= 2) out.push(pts[i], pts[i + 1]);
  return out;
}

/** Slanted strokes across a rectangle, one list. */
export function slants({ x, y, w, h }, gap) {
  const out = [];
  for (let at = x - h; at < x + w; at += gap) out.push(at, y + h, at + h, y, NaN, NaN);
  return Float64Array.from(out);
}
