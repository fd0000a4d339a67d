/**
 * A panel of kind "density": one row per path or point. Each row shows the densities on the way as thin ghosts and the
 * one that matters as a filled curve; all rows share one vertical scale, so that heights can be compared.
 */
import { outline, usable } from "./scene.js";
import { axisNumber, niceTicks } from "./text.js";
import { textWidth } from "./painter.js";

const GRID = 260;
const NEAR = 24;

export function drawDensities(panel, width, height, context) {
  const { scene, style } = context;
  const pen = { ...context, panel, frame: { kind: "density", width, height }, back: [], front: [], handles: [], hits: [], notices: [], still: [] };
  const rows = (panel.rows ?? []).filter((row) => row && scene.shown(row.when));
  if (!rows.length || !scene.model) return pen;
  const range = xRange(panel, scene);
  const drawn = rows.map((row, i) => rowCurves(row, panel, scene, range, ghostsOf(context.cache, i, row, scene)));
  const top = peakOf(drawn);
  const axis = panel.axis === false ? 0 : style.size.axis_text * 1.6;
  const each = (height - axis) / rows.length;
  drawn.forEach((row, i) => drawRow(pen, row, { y: i * each, h: each, range, top, last: i === drawn.length - 1 }));
  if (axis) drawAxis(pen, range, height - axis);
  return pen;
}

function xRange(panel, scene) {
  const view = panel.x ?? scene.data?.model?.support?.view ?? [-5, 5];
  if (!(view[1] > view[0])) return [view[0], view[0] + 1];
  if (!panel.discrete) return view;
  // Whole numbers need half a step of room on both sides.
  const xs = panel.xs ?? integers(view);
  return [Math.min(view[0], xs[0] - 0.6), Math.max(view[1], xs[xs.length - 1] + 0.6)];
}

/** The curves of one row: {row, ghosts: [curve], main: curve | null, extra: [curve]}, a curve being {xs, ps}. */
function rowCurves(row, panel, scene, range, remembered) {
  const curve = (theta) => (theta ? sample(scene, panel, theta, range) : null);
  const thetaOf = (u) => (usable(u) ? Array.from(scene.model.toTheta(u)) : null);
  const ghosts = remembered(() => ghostPoints(row, scene).map(thetaOf).map(curve).filter(Boolean));
  const main = curve(thetaOf(mainPoint(row, scene)));
  const wanted = (row.extra ?? []).filter((given) => given && scene.shown(given.when));
  const extra = wanted.map((given) => ({ given, curve: mixture(scene, panel, given, range) }));
  return { row, ghosts, main, extra: extra.filter((e) => e.curve) };
}

function mainPoint(row, scene) {
  if (!row.path) return row.point ? scene.point(row.point) : null;
  const path = scene.results.get(row.path);
  return path?.ok ? path.at(Math.min(1, Math.max(0, scene.number(row.at ?? 0.5, 0.5)))) : null;
}

function ghostPoints(row, scene) {
  const path = row.path && scene.results.get(row.path), count = row.ghosts ?? 7;
  const along = path?.ok ? Array.from({ length: count }, (_, k) => path.at(count > 1 ? k / (count - 1) : 0)) : [];
  return [...along, ...(row.rim ? rimPoints(scene, row) : []), ...(row.points ?? []).map((name) => scene.point(name))];
}

/** Ghosts stay the same while only the position along a path moves. */
function ghostsOf(cache, index, row, scene) {
  const names = [row.path, row.rim, ...(row.points ?? [])].filter(Boolean);
  const key = JSON.stringify(row) + names.map((name) => `${name}${scene.version(name)}`).join() + scene.familyKey;
  return (make) => {
    const known = cache.get(`ghosts${index}`);
    if (known?.key === key) return known.made;
    const made = make();
    cache.set(`ghosts${index}`, { key, made });
    return made;
  };
}

/** Points evenly round the rim of an ellipse or a ball; an ellipse's rim is read in the panel's picture chart. */
function rimPoints(scene, row) {
  const curve = scene.results.get(row.rim), chart = scene.chart(row.chart);
  if (!curve?.ok || !chart) return [];
  const count = row.count ?? 10, out = [];
  if (curve.offsets) {
    const xi = outline(curve, chart), m = xi.length / chart.n;
    for (let k = 0; k < count; k++) {
      const i = Math.floor((k * m) / count);
      out.push(chart.toU(Array.from(xi.subarray(i * chart.n, (i + 1) * chart.n)), curve.u));
    }
  } else {
    const d = scene.model.d, m = curve.points.length / d;
    for (let k = 0; k < count; k++) out.push(curve.points.subarray(Math.floor((k * m) / count) * d, (Math.floor((k * m) / count) + 1) * d));
  }
  return out;
}

function mixture(scene, panel, given, range) {
  const thetas = (given.mixture ?? []).map((name) => scene.values[name]).filter(Array.isArray);
  if (!thetas.length) return null;
  const weight = scene.number(given.weight ?? 0.5, 0.5);
  const parts = thetas.map((theta) => (usable(scene.model.fromTheta(theta)) ? theta : null)).filter(Boolean);
  if (parts.length !== 2) return null;
  const xs = merge(sample(scene, panel, parts[0], range).xs, sample(scene, panel, parts[1], range).xs);
  const [a, b] = parts.map((theta) => densityAt(scene, theta, xs));
  return { xs, ps: a.map((p, i) => (1 - weight) * p + weight * b[i]) };
}

/** Two ascending lists as one. */
function merge(a, b) {
  const out = new Float64Array(a.length + b.length);
  for (let i = 0, j = 0, k = 0; k < out.length; k++) out[k] = j >= b.length || (i < a.length && a[i] <= b[j]) ? a[i++] : b[j++];
  return out;
}

function sample(scene, panel, theta, range) {
  if (panel.discrete) {
    const xs = Float64Array.from(panel.xs ?? integers(range));
    return { xs, ps: densityAt(scene, theta, xs) };
  }
  const xs = refined(scene, theta, evenly(range, GRID), range);
  return { xs, ps: densityAt(scene, theta, xs) };
}

const integers = ([lo, hi]) => Array.from({ length: Math.floor(hi) - Math.ceil(lo) + 1 }, (_, i) => Math.ceil(lo) + i);

function evenly([lo, hi], n) {
  // Half a step in from the ends, where a density on (0, 1) or (0, oo) may be infinite.
  const xs = new Float64Array(n);
  for (let i = 0; i < n; i++) xs[i] = lo + ((i + 0.5) * (hi - lo)) / n;
  return xs;
}

/** A peak narrower than the grid is found by its log-density and given points of its own. */
function refined(scene, theta, xs, range) {
  const logs = scene.model.logDensity(xs, theta);
  let best = -1;
  for (let i = 0; i < logs.length; i++) if (Number.isFinite(logs[i]) && (best < 0 || logs[i] > logs[best])) best = i;
  if (best <= 0 || best === xs.length - 1) return xs;
  const bend = logs[best - 1] - 2 * logs[best] + logs[best + 1];
  if (!(bend < -0.02)) return xs;
  const step = xs[1] - xs[0];
  const centre = xs[best] + (0.5 * step * (logs[best - 1] - logs[best + 1])) / bend;
  const width = step / Math.sqrt(-bend);
  const more = [];
  for (let k = -NEAR; k <= NEAR; k++) more.push(centre + (k / NEAR) * 4 * width);
  return merge(xs, more.filter((x) => x > range[0] && x < range[1]));
}

function densityAt(scene, theta, xs) {
  const logs = scene.model.logDensity(xs, theta), ps = new Float64Array(xs.length);
  for (let i = 0; i < ps.length; i++) ps[i] = Number.isNaN(logs[i]) ? 0 : Math.exp(logs[i]);
  return ps;
}

/** The scale: the highest finite value, but not the last steps before a density runs to infinity at an edge. */
function peakOf(drawn) {
  let top = 0;
  for (const { ghosts, main, extra } of drawn)
    for (const curve of [...ghosts, main, ...extra.map((e) => e.curve)].filter(Boolean)) top = Math.max(top, peak(curve.ps));
  return top > 0 ? top : 1;
}

function peak(ps) {
  let best = 0;
  for (let i = 0; i < ps.length; i++) if (ps[i] > ps[best] || !Number.isFinite(ps[best])) best = i;
  const edge = ps.length > 20 && (best < 2 || best > ps.length - 3);
  if (!edge) return ps[best];
  const inner = ps[best < 2 ? 4 : ps.length - 5];
  return Number.isFinite(ps[best]) ? Math.min(ps[best], 2.5 * inner) : 2.5 * inner;
}

function drawRow(pen, { row, ghosts, main, extra }, place) {
  const { style, scene, lit } = pen;
  const id = row.id ?? row.path ?? row.point, role = style.role(row.role ?? "fisher");
  const label = row.label ? scene.fill(row.label) : "";
  const box = rowBox(pen, place);
  const toPx = pixelsIn(box, place);
  const draw = pen.panel.discrete ? drawDiscrete : drawSmooth;
  const bold = lit === id ? 1.4 : 1;
  pen.front.push({ t: "clip", x: 0, y: place.y, w: pen.frame.width, h: place.h + 2 });
  for (const { given, curve } of extra) drawExtra(pen, given, curve, toPx, box, draw);
  for (const curve of ghosts) draw(pen, curve, toPx, box, { stroke: role.colour, width: style.size.thin * bold, alpha: 0.5, ghost: true });
  if (main) draw(pen, main, toPx, box, { stroke: role.colour, width: style.size.hero * 0.88 * bold, alpha: 1, fillAlpha: style.dark ? 0.22 : 0.12 });
  pen.front.push({ t: "end" });
  pen.front.push({ t: "path", pts: [box.x, box.floor, box.x + box.w, box.floor], stroke: role.colour, width: style.size.axis, alpha: 0.55 });
  if (label) pen.front.push(rowLabel(pen, label, box, place, role.colour));
  const notes = [row.note && { text: row.note }, ...extra.map(({ given }) => given.label && { text: given.label, role: given.role ?? "data" })];
  notes.filter(Boolean).forEach((note, i) => pen.front.push(rowNote(pen, note, place, i)));
  pen.hits.push({ id, box: { x: 0, y: place.y, w: pen.frame.width, h: place.h } });
}

function rowBox({ style, frame }, place) {
  const k = style.k;
  const floor = place.y + place.h - 7 * k;
  return { x: 12 * k, w: Math.max(10, frame.width - 16 * k), floor, h: Math.max(8, place.h - 22 * k) };
}

function pixelsIn(box, { range, top }) {
  const sx = box.w / (range[1] - range[0]), sy = box.h / top;
  return (curve) => {
    const out = new Float64Array(curve.xs.length * 2);
    for (let i = 0; i < curve.xs.length; i++) {
      out[2 * i] = box.x + (curve.xs[i] - range[0]) * sx;
      out[2 * i + 1] = box.floor - Math.min(4 * box.h, curve.ps[i] * sy);
    }
    return out;
  };
}

function drawSmooth(pen, curve, toPx, box, ink) {
  const pts = toPx(curve);
  if (!ink.ghost) {
    const closed = [pts[0], box.floor, ...pts, pts[pts.length - 2], box.floor];
    pen.front.push({ t: "path", pts: closed, closed: true, fill: ink.stroke, fillAlpha: ink.fillAlpha });
  }
  pen.front.push({ t: "path", pts, stroke: ink.stroke, width: ink.width, alpha: ink.alpha, dash: ink.dash });
}

/** Ghosts are steps, the main distribution stands on stems. */
function drawDiscrete(pen, curve, toPx, box, ink) {
  const pts = toPx(curve), n = pts.length / 2;
  const half = n > 1 ? (pts[2] - pts[0]) / 2 : box.w / 4;
  const wide = 22 * pen.style.k;
  const out = [];
  for (let i = 0; i < n; i++) {
    const x = pts[2 * i], y = pts[2 * i + 1];
    if (ink.ghost && half > wide) out.push(x - wide, y, x + wide, y, NaN, NaN);
    else if (ink.ghost) out.push(x - half, y, x + half, y);
    else out.push(x, box.floor, x, y, NaN, NaN);
  }
  const dim = ink.ghost && half <= wide ? 0.7 : 1;
  pen.front.push({ t: "path", pts: out, stroke: ink.stroke, width: ink.width, alpha: ink.alpha * dim, dash: ink.dash });
  if (!ink.ghost) pen.front.push({ t: "dots", pts, r: Math.min(5 * pen.style.k, Math.max(2.2, half * 0.7)), fill: ink.stroke });
}

/** Something else for comparison, such as the true mixture: thin and dashed, named at the right. */
function drawExtra(pen, given, curve, toPx, box, draw) {
  const { style } = pen, { colour } = style.role(given.role ?? "data");
  const dash = [3 * style.k, 3 * style.k];
  draw(pen, curve, toPx, box, { stroke: colour, width: style.size.thin * 1.3, dash, alpha: 0.9, ghost: true });
}

function rowLabel({ style, frame }, text, box, place, fill) {
  const size = style.size.label;
  const room = frame.width - box.x - 4;
  // A label never runs out of its panel: the last words go first.
  let shown = text;
  while (shown.includes(" ") && textWidth(shown, size, 600, style.family) > room) shown = shown.slice(0, shown.lastIndexOf(" "));
  return { t: "text", text: shown, x: box.x, y: place.y + size * 1.15, size, weight: 600, fill, halo: style.colour("page"), haloWidth: style.size.halo };
}

function rowNote({ style, scene, frame }, { text, role }, place, line) {
  const size = style.size.axis_text, fill = role ? style.role(role).colour : style.colour("muted");
  const y = place.y + style.size.label * 1.15 + line * size * 1.3;
  return { t: "text", text: scene.fill(text), x: frame.width - 4 * style.k, y, anchor: "end", size, fill, halo: style.colour("page"), haloWidth: style.size.halo };
}

function axisTicks(panel, range, most) {
  if (panel.ticks) return { ticks: panel.ticks.map((t) => t.at ?? t), decimals: 0 };
  if (panel.xs && panel.xs.length <= most) return { ticks: panel.xs, decimals: 0 };
  const nice = niceTicks(range[0], range[1], most);
  return panel.discrete ? { ticks: nice.ticks.filter(Number.isInteger), decimals: 0 } : nice;
}

function drawAxis(pen, range, y) {
  const { style, panel } = pen, box = rowBox(pen, { y: 0, h: y });
  const size = style.size.axis_text, fill = style.colour("axis_text");
  const at = (x) => box.x + ((x - range[0]) / (range[1] - range[0])) * box.w;
  const { ticks, decimals } = axisTicks(panel, range, Math.max(2, box.w / (70 * style.k)));
  ticks.forEach((x, i) => {
    const text = panel.ticks?.[i]?.label ?? axisNumber(x, decimals);
    const half = textWidth(text, size, 400, style.family) / 2;
    if (at(x) - half < 0 || at(x) + half > pen.frame.width) return;
    pen.front.push({ t: "text", text, x: at(x), y: y + size * 1.05, size, fill, anchor: "middle" });
  });
}
