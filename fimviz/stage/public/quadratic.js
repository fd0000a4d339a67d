/** The ellipse {v : vᵀ M v = r²} of a symmetric 2 × 2 matrix M. */

const NARROWEST = 1e-8; // of the larger eigenvalue: beyond it the ellipse is drawn as a strip that leaves every window

/** m: [M00, M01, M11] or row by row. {ok, offsets, sd0, sd1, correlation, det}, the sd from M⁻¹. */
export function ellipseOf(m, radius, count = 96) {
  const [a, b, c] = m.length === 4 ? [m[0], (m[1] + m[2]) / 2, m[3]] : m;
  const middle = (a + c) / 2, gap = Math.hypot((a - c) / 2, b), large = middle + gap;
  const det = a * c - b * b, small = large > 0 ? det / large : NaN;
  if (!(large > 0) || !(small >= -NARROWEST * large) || !(radius > 0)) return { ok: false, reason: "no-ellipse" };
  const angle = 0.5 * Math.atan2(2 * b, a - c);
  const short = radius / Math.sqrt(large), long = radius / Math.sqrt(Math.max(small, NARROWEST * large));
  const sd = (x) => (det > 0 ? Math.sqrt(x / det) : x > 0 ? Infinity : 0);
  const facts = { sd0: sd(c), sd1: sd(a), correlation: -b / Math.sqrt(a * c), det, radius };
  return { ok: true, offsets: outline(short, long, angle, count), ...facts };
}

function outline(short, long, angle, count) {
  const out = new Float64Array(2 * count), [x, y] = [Math.cos(angle), Math.sin(angle)];
  for (let i = 0; i < count; i++) {
    const t = (2 * Math.PI * i) / count, p = short * Math.cos(t), q = long * Math.sin(t);
    out[2 * i] = p * x - q * y;
    out[2 * i + 1] = p * y + q * x;
  }
  return out;
}
