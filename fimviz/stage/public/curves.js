/**
 * A panel of kind "curves": functions of one number, given as tapes whose other inputs are read from the scene, in rows
 * over one axis. Each row has its own scale, which stands still while a hand moves unless a curve outgrows it.
 */
import { alike, remember } from "./alike.js";
import { area, extent, hatch, outcomes, sampled, traced, unjoined, widen } from "./graph.js";
import { placeLabels } from "./labels.js";
import { handleItems } from "./plane.js";
import { functionOf } from "./programs.js";
import { ghostGraphs, memberCurve } from "./responses.js";
import { drawRowMark } from "./rowmarks.js";
import { axisNumber, niceTicks } from "./text.js";
import { textWidth } from "./painter.js";

const PAD = 0.07; // of a scale, above and below
const ROUND = 24; // parts of a scale to which its ends are rounded at rest

export function drawCurves(panel, width, height, context) {
  const { scene, cache } = context;
  const pen = {
    ...context, panel, frame: { kind: "curves", width, height },
    back: [], texts: [], front: [], labels: [], lines: [], handles: [], hits: [], notices: [], obstacles: [], still: [], readings: [],
  };
  const rows = (Array.isArray(panel.rows) ? panel.rows : []).filter((row) => row && scene.shown(row.when));
  if (!rows.length) return pen;
  const ends = (panel.x ?? [-5, 5]).map((end) => scene.number(end));
  pen.frame = remember(cache, "frame", [panel, width, height, context.epoch, ...ends, ...rows], () => frameOf(pen, rows, ends));
  const drawn = pen.frame.rows.map((place) => ({ place, curves: curvesOf(pen, place) }));
  for (const { place, curves } of drawn) {
    place.ghosts = ghostGraphs(pen, place);
    place.scale = scaleOf(pen, place, [...curves, ...place.ghosts]);
  }
  pen.still.push(pen.frame);
  drawAxis(pen);
  for (const { place, curves } of drawn) drawRow(pen, place, curves);
  for (const mark of panel.marks ?? []) for (const { place } of drawn) if (mark && scene.shown(mark.when)) drawRowMark(pen, place, mark, "all");
  finish(pen);
  return pen;
}

// --- places -----------------------------------------------------------------------------------------------------

function frameOf({ panel, style, frame: { width, height } }, rows, ends) {
  const k = style.k, size = style.size.axis_text;
  const [x0, x1] = ends[1] > ends[0] ? widened(panel, ends) : [ends[0] || 0, (ends[0] || 0) + 1];
  const box = { x: 14 * k, w: Math.max(20, width - 28 * k) };
  const weight = (row) => (row.weight > 0 ? row.weight : 1);
  const whole = height - 2 * k - size * 1.75, sum = rows.reduce((all, row) => all + weight(row), 0);
  let y = 2 * k;
  const places = rows.map((row, index) => {
    const h = (whole * weight(row)) / sum, named = row.label || row.note ? style.size.label * 1.45 : 5 * k;
    const place = { row, index, y, h, top: y + named, floor: y + h - 5 * k };
    y += h;
    return place;
  });
  const toX = (x) => box.x + ((x - x0) / (x1 - x0)) * box.w;
  const fromX = (px) => x0 + ((px - box.x) / box.w) * (x1 - x0);
  return { kind: "curves", width, height, x0, x1, box, rows: places, toX, fromX, floor: y };
}

/** Stems at the ends need half a step of room. */
function widened(panel, [lo, hi]) {
  if (!panel.discrete) return [lo, hi];
  const xs = outcomes(panel, [lo, hi]);
  return [Math.min(lo, xs[0] - 0.6), Math.max(hi, xs[xs.length - 1] + 0.6)];
}

// --- functions --------------------------------------------------------------------------------------------------

/** What a row shows: [{curve, id, f, xs, ys}]; f.at(x) is the function as it is now. */
function curvesOf(pen, { row, index }) {
  const { scene, cache, frame, panel } = pen;
  const given = [...(row.curves ?? []), memberCurve(pen, row)].filter((curve) => curve && scene.shown(curve.when));
  return given.map((curve, i) => {
    const f = functionOf(scene, curve);
    if (!f) return void pen.notices.push("failed");
    const [lo, hi] = curve.x ? inside(curve.x.map((end) => scene.number(end)), frame) : [frame.x0, frame.x1];
    const key = [curve.tape, panel, lo, hi, ...f.inputs];
    const known = remember(cache, `curve ${index} ${curve.id ?? i}`, key, () => (panel.discrete ? counted(f, panel, [lo, hi]) : sampled(f, [lo, hi])));
    return { curve, id: curve.id ?? `${row.id ?? index}#${i}`, f, ...known };
  }).filter(Boolean);
}

const inside = ([lo, hi], { x0, x1 }) => [Math.min(Math.max(lo, x0), x1), Math.max(Math.min(hi, x1), x0)];

function counted(f, panel, range) {
  const xs = Float64Array.from(outcomes(panel, range)), ys = new Float64Array(xs.length);
  f.over(xs, ys);
  return { xs, ys };
}

// --- scales -----------------------------------------------------------------------------------------------------

const standsOnZero = (panel, row) => row.zero ?? (panel.discrete || (row.curves ?? []).some((curve) => curve?.fill));

/** {lo, hi, toY}: what is given, else what the curves need. While something moves it only grows. */
function scaleOf(pen, place, curves) {
  const { scene, cache, unsettled } = pen, { row, index, top, floor } = place;
  const [lo, hi] = (row.y ?? [null, null]).map((end) => (end === null ? null : scene.number(end)));
  const name = `scale ${index}`, before = cache.get(name);
  let range = needed(pen.panel, row, curves);
  if (!unsettled) range = rounded(range);
  else if (before && alike(before.row, row)) range = [Math.min(range[0], before.range[0]), Math.max(range[1], before.range[1])];
  cache.set(name, { row, range });
  const [a, b] = [Number.isFinite(lo) ? lo : range[0], Number.isFinite(hi) ? hi : range[1]];
  const [y0, y1] = b > a ? [a, b] : [a - 1, a + 1], most = 4 * (floor - top);
  const toY = (y) => (y - y === 0 ? Math.max(top - most, Math.min(floor + most, floor - ((y - y0) / (y1 - y0)) * (floor - top))) : NaN);
  return { y0, y1, toY, zero: y0 <= 0 && y1 >= 0 ? toY(0) : null };
}

function needed(panel, row, curves) {
  const range = [Infinity, -Infinity];
  for (const curve of curves) for (const y of panel.discrete ? curve.ys : extent(curve)) if (Number.isFinite(y)) widen(range, y);
  if (standsOnZero(panel, row)) widen(range, 0);
  if (!(range[1] >= range[0])) return [-1, 1];
  const pad = range[1] > range[0] ? PAD * (range[1] - range[0]) : Math.max(1e-9, 0.5 * Math.abs(range[0])) || 1;
  // Zero is a floor where nothing goes below it.
  const onFloor = range[0] === 0, underRoof = range[1] === 0;
  return [onFloor ? 0 : range[0] - pad, underRoof ? 0 : range[1] + pad];
}

function rounded([lo, hi]) {
  const raw = (hi - lo) / ROUND, base = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((m) => m * base >= raw) * base;
  return [Math.floor(lo / step + 1e-9) * step, Math.ceil(hi / step - 1e-9) * step];
}

// --- one row ----------------------------------------------------------------------------------------------------

function drawRow(pen, place, curves) {
  const { scene, panel, frame, front, style } = pen, { row, top, floor, scale } = place;
  pen.still.push(scale.y0, scale.y1);
  drawGround(pen, place);
  Object.assign(place, { curves, named: new Map(curves.map((curve) => [curve.id, curve])) });
  const room = 7 * style.k;
  front.push({ t: "clip", x: frame.box.x - room, y: top - room, w: frame.box.w + 2 * room, h: floor - top + 2 * room });
  drawGhosts(pen, place);
  const traces = curves.map((curve) => trace(pen, place, curve));
  if (!panel.discrete) traces.forEach((pts, i) => drawArea(pen, place, curves[i], pts));
  traces.forEach((pts, i) => (panel.discrete ? drawStems : drawLine)(pen, place, curves[i], pts));
  front.push({ t: "end" });
  if (row.id) pen.hits.push({ id: row.id, box: { x: 0, y: place.y, w: frame.width, h: place.h }, far: 8 * style.k });
  (row.marks ?? []).forEach((mark, i) => mark && scene.shown(mark.when) && drawRowMark(pen, place, mark, i));
}

function trace({ panel, cache, frame }, { scale, index }, { curve, id, f, xs, ys }) {
  const key = [xs, frame, scale.y0, scale.y1];
  const whole = remember(cache, `trace ${index} ${id}`, key, () => {
    if (!panel.discrete) return traced({ xs, ys }, f.at, frame.toX, scale.toY);
    return Float64Array.from({ length: 2 * xs.length }, (_, i) => (i % 2 ? scale.toY(ys[i >> 1]) : frame.toX(xs[i >> 1])));
  });
  return curve.jump === "joined" || panel.discrete ? whole : remember(cache, `line ${index} ${id}`, [whole], () => unjoined(whole));
}

/** Thin lines, all of one list. */
function drawGhosts({ style, frame, front, lit }, { ghosts, row, scale }) {
  if (!ghosts.length) return;
  const size = ghosts.reduce((sum, { xs }) => sum + 2 * xs.length + 2, 0), pts = new Float64Array(size).fill(NaN);
  let k = 0;
  for (const { xs, ys } of ghosts) {
    for (let i = 0; i < xs.length; i++) {
      pts[k++] = frame.toX(xs[i]);
      pts[k++] = scale.toY(ys[i]);
    }
    k += 2;
  }
  const bold = lit !== null && (lit === row.id || lit === row.path) ? 1.4 : 1;
  front.push({ t: "path", pts, stroke: style.role(row.role ?? "fisher").colour, width: style.size.thin * bold, alpha: 0.5 });
}

const roleOf = ({ style }, { curve }) => style.role(curve.role ?? "fisher");

const isLit = ({ lit }, { row }, id) => lit !== null && (lit === id || lit === row.id);

/** Below zero an area has another tint and a pattern: nothing rests on colour alone. */
function drawArea(pen, { scale, floor }, one, pts) {
  const { style, front } = pen, { curve } = one;
  if (!curve.fill) return;
  const level = scale.zero ?? floor, strength = style.dark ? 0.24 : 0.14, { colour } = roleOf(pen, one);
  if (curve.fill !== "signed") return void front.push({ t: "path", pts: area(pts, level), closed: true, fill: colour, fillAlpha: strength });
  const other = style.role(curve.negative ?? (curve.role === "euclid" ? "fisher" : "euclid")).colour;
  const below = area(pts, level, 1);
  front.push({ t: "path", pts: area(pts, level, -1), closed: true, fill: colour, fillAlpha: strength });
  front.push({ t: "path", pts: below, closed: true, fill: other, fillAlpha: 0.7 * strength });
  const lines = hatch(below, 6 * style.k);
  if (lines.length) front.push({ t: "clip", pts: below }, { t: "path", pts: lines, stroke: other, width: style.size.thin, alpha: 0.65 }, { t: "end" });
}

function drawLine(pen, place, one, pts) {
  const { style, front } = pen, { curve, id } = one, role = roleOf(pen, one);
  const width = (curve.thin ? style.size.thin : curve.hero ? style.size.hero : style.size.path) * (isLit(pen, place, id) ? 1.5 : 1);
  front.push({ t: "path", pts, stroke: role.colour, width, dash: role.dash, cap: role.cap, alpha: curve.thin && !isLit(pen, place, id) ? 0.75 : 1 });
  pen.lines.push(pts);
  pen.hits.push({ id, pts });
  name(pen, place, one, pts);
}

/** Stems from zero with a head on each; open heads below zero. */
function drawStems(pen, place, one, pts) {
  const { style, front } = pen, { curve, id } = one, role = roleOf(pen, one), level = place.scale.zero ?? place.floor;
  const signed = curve.fill === "signed" ? style.role(curve.negative ?? (curve.role === "euclid" ? "fisher" : "euclid")) : role;
  const width = (curve.thin ? style.size.thin : style.size.path) * (isLit(pen, place, id) ? 1.5 : 1);
  const r = Math.min(5 * style.k, Math.max(2.2, 0.35 * (pts.length > 2 ? pts[2] - pts[0] : 60)));
  for (const [side, { colour }] of [[-1, role], [1, signed]]) {
    const some = [], stems = [];
    for (let i = 0; i < pts.length; i += 2) {
      if (!Number.isFinite(pts[i + 1]) || (pts[i + 1] > level ? 1 : -1) !== side) continue;
      some.push(pts[i], pts[i + 1]);
      stems.push(pts[i], level, pts[i], pts[i + 1], NaN, NaN);
    }
    if (!some.length) continue;
    const open = side > 0 ? { fill: style.colour("page"), stroke: colour, width } : { fill: colour };
    front.push({ t: "path", pts: stems, stroke: colour, width }, { t: "dots", pts: some, r, ...open });
  }
  pen.lines.push(pts);
  pen.hits.push({ id, pts });
  name(pen, place, one, pts);
}

/** A curve's name stands on it: where the page says, else where it is farthest from zero. */
function name(pen, place, one, pts) {
  const { scene, style, frame } = pen, { curve, id, f } = one;
  if (!curve.label) return;
  const x = curve.label_at == null ? null : scene.number(curve.label_at);
  const at = x === null ? peak(pts, place, frame) : [frame.toX(x), place.scale.toY(f.at(x))];
  pen.labels.push({
    id: `${place.index} ${id}`, text: scene.fill(curve.label), x: at[0], y: at[1], gap: 6 * style.k, size: style.size.label,
    weight: 600, fill: roleOf(pen, one).colour, prefer: ["ne", "nw", "n", "e", "w"], row: place,
  });
}

function peak(pts, { scale, floor, top }, { box }) {
  const level = scale.zero ?? floor, room = 0.12 * box.w;
  let best = [NaN, NaN], far = -1;
  for (let i = 0; i < pts.length; i += 2) {
    if (pts[i] < box.x + room || pts[i] > box.x + box.w - room) continue;
    const y = Math.min(floor, Math.max(top, pts[i + 1])), away = Math.abs(y - level);
    if (away > far) [best, far] = [[pts[i], y], away];
  }
  return best;
}

// --- what stands still ------------------------------------------------------------------------------------------

/** Faint lines with their numbers, zero, and the row's own name. */
function drawGround(pen, place) {
  const { back, texts, frame, style, scene, panel } = pen, { row, scale, top, floor } = place, { box } = frame;
  const size = style.size.axis_text, right = box.x + box.w, line = (y, colour, width) => back.push({ t: "path", pts: [box.x, y, right, y], stroke: style.colour(colour), width });
  const { ticks, decimals } = Array.isArray(row.ticks) ? { ticks: row.ticks, decimals: null } : levels(scale, (floor - top) / (34 * style.k));
  let last = Infinity;
  for (const Y of ticks) {
    const y = scale.toY(Y);
    if (Y !== 0 || !standsOnZero(panel, row)) line(y, "grid", style.size.grid);
    // A number stands on its line; where the row's name is in the way, below it.
    const high = y - 3 * style.k - size < top - size * 0.4, baseline = high ? y + size : y - 3 * style.k;
    const zero = Y === 0 && ticks.length > 1 && standsOnZero(panel, row);
    if (row.ticks === false || zero || last - baseline < size * 1.15) continue;
    last = baseline;
    const text = axisNumber(Y, decimals ?? decimalsIn(Y));
    texts.push({ t: "text", text, x: box.x, y: baseline, size, fill: style.colour("axis_text"), anchor: "start", halo: style.colour("page"), haloWidth: style.size.halo * 0.7 });
    pen.obstacles.push({ x: box.x, y: baseline - size, w: textWidth(text, size, 400, style.family), h: size * 1.2 });
  }
  if (scale.zero !== null && standsOnZero(panel, row)) line(scale.zero, "axis", style.size.axis);
  else line(floor, "hairline", style.size.axis);
  const title = (text, x, anchor, colour) => texts.push({ t: "text", text, x, y: place.y + style.size.label * 1.05, size: style.size.label, weight: 600, fill: colour, anchor });
  if (row.label) title(scene.fill(row.label), box.x, "start", row.role ? style.role(row.role).colour : style.colour("muted"));
  if (row.note) title(scene.fill(row.note), right, "end", style.colour("ink"));
  pen.still.push(row.label && scene.fill(row.label), row.note && scene.fill(row.note));
}

/** Round heights; where the scale is small, as fine as it needs. */
function levels({ y0, y1 }, most) {
  const size = y1 - y0;
  if (size >= 0.2) return niceTicks(y0, y1, Math.max(2, most));
  const factor = 10 ** Math.ceil(-Math.log10(size));
  const { ticks } = niceTicks(y0 * factor, y1 * factor, Math.max(2, most));
  const found = ticks.map((tick) => tick / factor);
  return { ticks: found, decimals: Math.max(0, ...found.map(decimalsIn)) };
}

const decimalsIn = (x) => (String(Number(x.toPrecision(6))).split(".")[1] ?? "").length;

function drawAxis(pen) {
  const { panel, frame, style, texts, back } = pen, { box, x0, x1, floor } = frame, axis = panel.axes?.x ?? {};
  const size = style.size.axis_text, fill = style.colour("axis_text"), y = floor + size * 1.25;
  const stop = box.x + box.w - (axis.label ? textWidth(axis.label, size, 400, style.family) + size : -2 * size);
  if (axis.label) texts.push({ t: "text", text: axis.label, x: box.x + box.w, y, size, fill, anchor: "end" });
  const most = Math.max(2, box.w / (76 * style.k));
  const found = panel.discrete && !axis.ticks ? counts(panel, [x0, x1], most) : niceTicks(x0, x1, most);
  const ticks = axis.ticks === false ? [] : (axis.ticks ?? found.ticks).map((tick) => (typeof tick === "object" ? tick : { at: tick }));
  for (const { at, label } of ticks) {
    const text = label ?? axisNumber(at, axis.ticks ? decimalsIn(at) : found.decimals), x = frame.toX(at), half = textWidth(text, size, 400, style.family) / 2;
    if (x + half >= stop || x - half <= -2 || x < box.x - 1 || x > box.x + box.w + 1) continue;
    texts.push({ t: "text", text, x, y, size, fill, anchor: "middle" });
    back.push({ t: "path", pts: [x, floor, x, floor + 3 * style.k], stroke: style.colour("hairline"), width: style.size.grid });
  }
}

function counts(panel, range, most) {
  if (panel.xs && panel.xs.length <= most) return { ticks: panel.xs, decimals: 0 };
  return { ticks: niceTicks(range[0], range[1], most).ticks.filter(Number.isInteger), decimals: 0 };
}

/** Labels of one row stay in that row. */
function finish(pen) {
  const { frame, style, memory, obstacles, lines, labels, front } = pen;
  pen.back.push(...pen.texts);
  for (const place of frame.rows) {
    const own = labels.filter((label) => label.row === place);
    const box = { x: 3 * style.k, y: place.y + 1, w: frame.width - 6 * style.k, h: place.h - 2 };
    const title = { x: 0, y: place.y, w: frame.width, h: place.row.label || place.row.note ? place.top - place.y - 2 * style.k : 0 };
    front.push(...placeLabels(own, { obstacles: [...obstacles, title], lines, box, style, memory }));
  }
  for (const handle of pen.handles) front.push(...handleItems(handle, pen));
}
