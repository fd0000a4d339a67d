/** Kullback–Leibler balls cut by a slice: the two coordinates on paper move, the others are those of the centre. */

const MOST_ROUNDS = 40;
const EXACT = 1e-6;
const FARTHEST = 1e4;

/**
 * {ok, points, found, open, reason?} as model.klBall has it, of the models in the slice through u with KL = level: along
 * each ray from u, first where the ellipse says, then wherever √(level / KL) sends it.
 */
export function sliceBall(model, paper, u, level, way, count) {
  const centre = paper.fromU(u), rim = paper.section(u, Math.sqrt(2 * level), count);
  const points = new Float64Array(count * model.d).fill(NaN), found = new Uint8Array(count);
  const divergence = (v) => (way === "to" ? model.kl(v, u) : model.kl(u, v));
  for (let i = 0; i < count; i++) {
    const at = (s) => paper.toU([centre[0] + s * (rim[2 * i] - centre[0]), centre[1] + s * (rim[2 * i + 1] - centre[1])], u);
    const end = crossing(at, divergence, level);
    if (!end) continue;
    points.set(end, i * model.d);
    found[i] = 1;
  }
  const ok = found.some(Boolean);
  return { ok, points, found, open: found.some((one) => !one), reason: ok ? undefined : "no-divergence" };
}

/** The point along a ray where the divergence is `level`; null where the slice ends before. */
function crossing(at, divergence, level) {
  let low = 0, high = Infinity, s = 1;
  for (let round = 0; round < MOST_ROUNDS && s < FARTHEST; round++) {
    const v = at(s), share = v ? divergence(v) / level : NaN;
    if (Math.abs(share - 1) < EXACT) return v;
    if (share < 1) low = s;
    else high = s;
    const next = s / Math.sqrt(share);
    s = next > low && next < high ? next : high < Infinity ? (low + high) / 2 : 1.5 * s;
  }
  return null;
}
