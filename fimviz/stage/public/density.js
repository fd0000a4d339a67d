/**
 * A panel of kind "density": one row per path or point. Each row shows the densities on the way as thin ghosts and the
 * one that matters as a filled curve; all rows share one vertical scale, so that heights can be compared.
 */
import { remember } from "./alike.js";
import { movable } from "./grip.js";
import { agesOf, ghostPoints, mainPoint, thetasOf } from "./members.js";
import { usable } from "./scene.js";
import { axisNumber, niceTicks } from "./text.js";
import { textWidth } from "./painter.js";

const GRID = 256;
const GHOST_GRID = 128; // a point every 3 pixels of a thin line; a narrow peak gets points of its own
const EDGED_GRID = 224; // densities that begin at an edge may rise there as steeply as they like
const NEAR = 24;
const FLAT = 0.6; // pixels: hidden by the floor
const LEAST = -700; // exp of less is zero, as it is of what is no number
const NEAR_PEAK = new Float64Array(2 * NEAR + 1);
const NOTHING = NEAR_PEAK.subarray(0, 0);

export function drawDensities(panel, width, height, context) {
  const { scene, style, cache } = context;
  const pen = { ...context, panel, frame: { kind: "density", width, height }, back: [], front: [], handles: [], grips: [], hits: [], notices: [], still: [] };
  const rows = (panel.rows ?? []).filter((row) => row && scene.shown(row.when));
  if (!rows.length || !scene.model) return pen;
  const range = remember(cache, "range", [panel, scene.familyKey], () => xRange(panel, scene));
  const drawn = rows.map((row, i) => rowCurves(row, panel, scene, range, cache, i));
  const top = panel.top ?? peakOf(drawn);
  const axis = panel.axis === false ? 0 : style.size.axis_text * 1.6;
  const each = (height - axis) / rows.length;
  drawn.forEach((row, i) => drawRow(pen, row, { y: i * each, h: each, range, top, last: i === drawn.length - 1 }));
  if (axis) drawKnownAxis(pen, range, height - axis);
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

/** The curves of one row: {row, ghosts: [curve], main: curve | null, extra: [curve]}, a curve being {xs, ps, peak}. */
function rowCurves(row, panel, scene, range, cache, index) {
  const curves = (points, n) => thetasOf(points, scene).map((theta) => sample(scene, panel, theta, range, n));
  // Ghosts stay the same while only the position along a path moves, and so does what is drawn for comparison.
  const ages = (names) => names.map((name) => scene.version(name));
  const ghosts = remember(cache, `ghosts${index}`, [range, ...agesOf(row, scene)], () => curves(ghostPoints(row, scene), ghostGrid(scene)));
  const extra = (row.extra ?? []).filter((given) => given && scene.shown(given.when)).map((given, k) => {
    const key = [given, range, scene.familyKey, scene.number(given.weight ?? 0.5, 0.5), ...ages(given.mixture ?? [])];
    return { given, curve: remember(cache, `extra${index}.${k}`, key, () => mixture(scene, panel, given, range)) };
  });
  return { row, ghosts, main: curves([mainPoint(row, scene)], GRID)[0] ?? null, extra: extra.filter((e) => e.curve) };
}

const ghostGrid = (scene) => (/real|circle/.test(scene.data?.model?.support?.kind ?? "real") ? GHOST_GRID : EDGED_GRID);

function mixture(scene, panel, given, range) {
  const thetas = (given.mixture ?? []).map((name) => scene.values[name]).filter(Array.isArray);
  const parts = thetas.filter((theta) => usable(scene.model.fromTheta(theta)));
  if (parts.length !== 2) return null;
  const weight = scene.number(given.weight ?? 0.5, 0.5);
  const [first, second] = parts.map((theta) => sample(scene, panel, theta, range, ghostGrid(scene)));
  const xs = panel.discrete ? first.xs : merge(first.xs, second.xs);
  const [a, b] = panel.discrete ? [first.ps, second.ps] : parts.map((theta) => densities(scene.model.logDensity(xs, theta)));
  return curveOf(xs, a.map((p, i) => (1 - weight) * p + weight * b[i]));
}

/** Two ascending lists as one. */
function merge(a, b) {
  const out = new Float64Array(a.length + b.length);
  for (let i = 0, j = 0, k = 0; k < out.length; k++) out[k] = j >= b.length || (i < a.length && a[i] <= b[j]) ? a[i++] : b[j++];
  return out;
}

/** The density at even steps, and closely about a peak that is narrower than the steps. */
function sample(scene, panel, theta, range, n) {
  const xs = panel.discrete ? Float64Array.from(panel.xs ?? integers(range)) : evenly(range, n);
  if (panel.discrete) return curveOf(xs, densities(scene.model.logDensity(xs, theta)));
  const logs = scene.model.logDensity(xs, theta, scratch(n));
  const more = nearPeak(xs, logs, range);
  if (!more.length) return curveOf(xs, densities(Float64Array.from(logs)));
  return woven(xs, logs, more, scene.model.logDensity(more, theta, scratch(more.length)));
}

const curveOf = (xs, ps) => ({ xs, ps, peak: peak(ps) });

const scratches = new Map();

/** Memory for n numbers that nobody keeps: a frame has dozens of curves, and asking for memory is slow. */
function scratch(n) {
  let known = scratches.get(n);
  if (!known) scratches.set(n, (known = new Float64Array(n)));
  return known;
}

const integers = ([lo, hi]) => Array.from({ length: Math.floor(hi) - Math.ceil(lo) + 1 }, (_, i) => Math.ceil(lo) + i);

const grids = new Map();

function evenly([lo, hi], n) {
  const key = `${lo}|${hi}|${n}`;
  let xs = grids.get(key);
  if (xs) return xs;
  // Half a step in from the ends, where a density on (0, 1) or (0, oo) may be infinite.
  xs = new Float64Array(n);
  for (let i = 0; i < n; i++) xs[i] = lo + ((i + 0.5) * (hi - lo)) / n;
  if (grids.size > 20) grids.clear();
  grids.set(key, xs);
  return xs;
}

/** Points about a peak that bends too much for the grid; its place and width are those of the parabola of log p there. */
function nearPeak(xs, logs, range) {
  let best = -1;
  for (let i = 0; i < logs.length; i++) if (logs[i] < Infinity && (best < 0 || logs[i] > logs[best])) best = i;
  if (best <= 0 || best === xs.length - 1) return NOTHING;
  const bend = logs[best - 1] - 2 * logs[best] + logs[best + 1];
  if (!(bend < -0.02)) return NOTHING;
  const step = xs[1] - xs[0];
  const centre = xs[best] + (0.5 * step * (logs[best - 1] - logs[best + 1])) / bend;
  const width = step / Math.sqrt(-bend);
  const first = Math.max(-NEAR, Math.floor(((range[0] - centre) * NEAR) / (4 * width)) + 1);
  const last = Math.min(NEAR, Math.ceil(((range[1] - centre) * NEAR) / (4 * width)) - 1);
  const more = NEAR_PEAK.subarray(0, Math.max(0, last - first + 1));
  for (let i = 0; i < more.length; i++) more[i] = centre + ((first + i) / NEAR) * 4 * width;
  return more;
}

/** Both lists of points in order, and the densities there. */
function woven(xs, logs, more, moreLogs) {
  const n = xs.length + more.length, both = new Float64Array(2 * n);
  const [allXs, allLogs] = [both.subarray(0, n), both.subarray(n)];
  for (let i = 0, j = 0, k = 0; k < n; k++) {
    const first = j >= more.length || (i < xs.length && xs[i] <= more[j]);
    allXs[k] = first ? xs[i] : more[j];
    allLogs[k] = first ? logs[i++] : moreLogs[j++];
  }
  return curveOf(allXs, densities(allLogs));
}

/** Densities from their logarithms, in place; none where there is no number. */
function densities(logs) {
  for (let i = 0; i < logs.length; i++) logs[i] = logs[i] > LEAST ? Math.exp(logs[i]) : 0;
  return logs;
}

/** The scale: the highest finite value, but not the last steps before a density runs to infinity at an edge. */
function peakOf(drawn) {
  let top = 0;
  for (const { ghosts, main, extra } of drawn) {
    for (const ghost of ghosts) top = Math.max(top, ghost.peak);
    for (const { curve } of extra) top = Math.max(top, curve.peak);
    if (main) top = Math.max(top, main.peak);
  }
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
  const bold = lit === id ? 1.4 : 1;
  pen.front.push({ t: "clip", x: 0, y: place.y, w: pen.frame.width, h: place.h + 2 });
  const drawMain = !pen.panel.discrete ? drawSmooth : row.draws ? drawBars : drawStems;
  const ink = { stroke: role.colour, width: style.size.hero * 0.88 * bold, fillAlpha: style.dark ? 0.22 : 0.12 };
  if (!pen.panel.discrete) for (const { given, curve } of extra) drawExtra(pen, given, toPx(curve));
  drawGhosts(pen, ghosts, toPx, { stroke: role.colour, width: style.size.thin * bold, alpha: 0.5 });
  if (main) {
    const pts = toPx(main), sx = box.w / (place.range[1] - place.range[0]);
    drawMain(pen, pts, box, ink);
    if (row.draws && scene.shown(row.draws_when)) drawDraws(pen, scene.results.get(row.draws), pts, box, place.top);
    if (row.point && movable(scene, row.point)) pen.grips.push({ value: row.point, pts, box, sx });
  }
  // On stems the comparison would hide behind the heads.
  if (pen.panel.discrete) for (const { given, curve } of extra) drawExtra(pen, given, toPx(curve));
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

/** Pixels of some curves, one list, NaN between them; of several, without what lies flat on the floor. */
function pixelsIn(box, { range, top }) {
  const sx = box.w / (range[1] - range[0]), sy = box.h / top, most = 4 * box.h;
  return (...curves) => {
    const out = new Float64Array(curves.reduce((sum, { xs }) => sum + 2 * xs.length + 2, 0));
    const flat = curves.length > 1 ? FLAT / sy : -1;
    let k = 0;
    for (const { xs, ps } of curves) {
      for (let i = 0; i < xs.length; i++) {
        if (ps[i] < flat && !(ps[i - 1] >= flat) && !(ps[i + 1] >= flat)) continue;
        out[k++] = box.x + (xs[i] - range[0]) * sx;
        out[k++] = box.floor - Math.min(most, ps[i] * sy);
      }
      out[k++] = out[k++] = NaN;
    }
    return out.subarray(0, Math.max(0, k - 2));
  };
}

/** Filled to the floor, and a line on top. */
function drawSmooth(pen, pts, box, ink) {
  const closed = new Float64Array(pts.length + 4);
  closed.set([pts[0], box.floor]);
  closed.set(pts, 2);
  closed.set([pts[pts.length - 2], box.floor], pts.length + 2);
  pen.front.push({ t: "path", pts: closed, closed: true, fill: ink.stroke, fillAlpha: ink.fillAlpha });
  pen.front.push({ t: "path", pts, stroke: ink.stroke, width: ink.width });
}

/** Stems with a head on each. */
function drawStems(pen, pts, box, ink) {
  const stems = new Float64Array(3 * pts.length);
  for (let i = 0; i < pts.length; i += 2) stems.set([pts[i], box.floor, pts[i], pts[i + 1], NaN, NaN], 3 * i);
  pen.front.push({ t: "path", pts: stems, stroke: ink.stroke, width: ink.width });
  pen.front.push({ t: "dots", pts, r: Math.min(5 * pen.style.k, Math.max(2.2, 0.35 * spacing(pts))), fill: ink.stroke });
}

/** Bars as high as the probabilities, open, so that what was drawn can fill them. */
function drawBars(pen, pts, box, ink) {
  const half = barWidth(pts) / 2;
  for (let i = 0; i < pts.length; i += 2) {
    const [x, y] = [pts[i], pts[i + 1]];
    const bar = [x - half, box.floor, x - half, y, x + half, y, x + half, box.floor];
    pen.front.push({ t: "path", pts: bar, stroke: ink.stroke, width: 0.6 * ink.width, fill: ink.stroke, fillAlpha: ink.fillAlpha });
  }
}

/** Each draw a dot in the bar of its outcome; where all shares are as expected, the dots end where the bars do. */
function drawDraws(pen, draws, pts, box, top) {
  if (!draws?.ok) return;
  const width = barWidth(pts), high = box.h / top;
  const across = Math.max(1, Math.round(width / Math.sqrt((width * high) / draws.n)));
  const [sx, sy] = [width / across, (high * across) / draws.n], dots = [];
  draws.counts.forEach((count, k) => {
    const left = pts[2 * k] - width / 2;
    for (let i = 0; i < count; i++) dots.push(left + ((i % across) + 0.5) * sx, box.floor - (Math.floor(i / across) + 0.5) * sy);
  });
  pen.front.push({ t: "dots", pts: dots, r: Math.min(6 * pen.style.k, 0.36 * Math.min(sx, sy)), fill: pen.style.role("data").colour });
}

const barWidth = (pts) => 0.62 * spacing(pts);

const spacing = (pts) => (pts.length > 2 ? pts[2] - pts[0] : 60);

/** Thin lines; where only whole numbers happen a line between them would mean nothing, so a short tick or a dot at each. */
function drawGhosts(pen, ghosts, toPx, ink) {
  if (!ghosts.length) return;
  const pts = toPx(...ghosts), { k } = pen.style;
  if (!pen.panel.discrete) return void pen.front.push({ t: "path", pts, ...ink });
  const room = spacing(toPx(ghosts[0]));
  if (room > 30 * k) return void pen.front.push({ t: "path", pts: ticksAt(pts, 9 * k), ...ink, width: 1.4 * ink.width, alpha: 0.6 });
  pen.front.push({ t: "dots", pts, r: Math.min(2 * k, Math.max(1.3, 0.2 * room)), fill: ink.stroke, fillAlpha: ink.alpha });
}

function ticksAt(pts, half) {
  const out = new Float64Array(3 * pts.length);
  for (let i = 0; i < pts.length; i += 2) out.set([pts[i] - half, pts[i + 1], pts[i] + half, pts[i + 1], NaN, NaN], 3 * i);
  return out;
}

/** Something else for comparison, such as the true mixture: thin and dashed, or open dots; named at the right. */
function drawExtra(pen, given, pts) {
  const { style } = pen, { colour } = style.role(given.role ?? "data"), width = style.size.thin * 1.3;
  const r = Math.min(3.4 * style.k, Math.max(1.8, 0.3 * spacing(pts)));
  if (pen.panel.discrete) pen.front.push({ t: "dots", pts, r, fill: style.colour("page"), stroke: colour, width });
  else pen.front.push({ t: "path", pts, stroke: colour, width, dash: [3 * style.k, 3 * style.k], alpha: 0.9 });
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

/** The numbers of the axis stand still. */
function drawKnownAxis(pen, range, y) {
  const key = [pen.panel, range, y, pen.epoch, pen.frame.width];
  const known = remember(pen.cache, "axis", key, () => {
    const own = { ...pen, front: [] };
    drawAxis(own, range, y);
    return own.front;
  });
  pen.still.push(y);
  pen.back.push(...known);
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
