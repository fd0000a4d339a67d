/**
 * A panel of kind "ranks": the same items in several orders, side by side. One column an order, its first item on top; a
 * line follows each item from column to column, and a bar on it is as long as the item's value there. A column whose
 * places are a value of the scene is ordered by hand. Columns that are not shown yet lie face down.
 *
 *   {items: [{id, label, name, role}], columns: [{id, label, short, unit, places, values?, format?, handle?, when?, note?, brief?}]}; short and brief where it is narrow
 *   places: a value or result with the place 1, 2, … of every item; values: the same with their numbers
 */
import { formatNumber } from "./text.js";

const STEPS = 16;

export function drawRanks(panel, width, height, context) {
  const { scene, style } = context;
  const pen = {
    ...context, panel, frame: { kind: "ranks", width, height },
    back: [], front: [], labels: [], lines: [], handles: [], hits: [], notices: [], still: [], readings: [],
  };
  const columns = (Array.isArray(panel.columns) ? panel.columns : []).filter(Boolean), items = panel.items ?? [];
  if (!columns.length || !items.length) return pen;
  const layout = layoutOf(pen, columns.length, items.length);
  const placed = columns.map((column, c) => placesOf(scene, column, items.length, c, layout));
  placed.forEach((one) => drawHead(pen, one, layout));
  items.forEach((item, i) => drawItem(pen, item, i, placed, layout));
  placed.forEach((one) => drawHandles(pen, one, items, layout));
  for (const { column, places, values } of placed.filter(({ open }) => open))
    pen.readings.push([scene.fill(column.label), items.map((item, i) => `${item.label}: ${said(column, places[i], values?.[i])}`).join(", ")]);
  return pen;
}

function layoutOf({ style, frame: { width, height } }, columns, rows) {
  const pitch = width / columns, compact = pitch < 110 * style.k;
  const top = style.size.label * 1.3 + style.size.axis_text * (compact ? 0.6 : 1.9), bottom = style.size.axis_text * 2.9;
  const each = (height - top - bottom) / rows, disc = Math.min(9.5 * style.k, 0.32 * each);
  const reach = compact ? Math.max(0, pitch * 0.62 - 2 * disc) : pitch * 0.56;
  const x = (c) => c * pitch + disc + 6 * style.k, y = (place) => top + (place - 0.5) * each;
  return { pitch, compact, top, each, rows, disc, reach, x, y, foot: height - bottom };
}

/** Where every item stands in a column; `open` when it may be seen and is known. */
function placesOf(scene, column, count, c, layout) {
  const places = scene.numbers(column.places), values = column.values === undefined ? null : scene.numbers(column.values);
  const known = places.length === count && places.every(Number.isFinite);
  const largest = Math.max(...(values ?? []).map(Math.abs).filter(Number.isFinite), 1e-300);
  return { column, places, values, largest, open: known && scene.shown(column.when), x: layout.x(c) };
}

function said(column, place, value) {
  return value === undefined ? formatNumber(place, ".0f") : formatNumber(value, column.format ?? ".3g");
}

// --- what stands around -------------------------------------------------------------------------------------------

function drawHead(pen, { column, open, x }, layout) {
  const { style, scene, front } = pen, left = x - layout.disc, { label, axis_text } = style.size;
  const text = (string, y, size, weight, fill) => string && front.push({ t: "text", text: string, x: left, y, size, weight, fill });
  text(scene.fill((layout.compact && column.short) || column.label || ""), label, layout.compact ? axis_text : label, 600, style.colour(open ? "ink" : "muted"));
  if (!layout.compact) text(scene.fill(column.unit ?? ""), label + axis_text * 1.3, axis_text, 400, style.colour("axis_text"));
  if (!open) return drawCovers(pen, x, layout);
  const notes = scene.fill((layout.compact ? column.brief : column.note) ?? "").split("\n");
  notes.forEach((note, i) => text(note, layout.foot + axis_text * (1.1 + 1.25 * i), axis_text, 600, style.colour("muted")));
}

/** A column face down: one card a row. */
function drawCovers({ style, front }, x, layout) {
  for (let row = 1; row <= layout.rows; row++) {
    const y = layout.y(row), size = layout.disc * 1.3;
    front.push({ t: "disc", x, y, r: layout.disc, fill: style.colour("panel"), stroke: style.colour("hairline"), width: style.size.axis });
    front.push({ t: "text", text: "?", x, y: y + size * 0.35, size, weight: 600, fill: style.colour("axis_text"), anchor: "middle" });
  }
}

// --- an item through all columns ----------------------------------------------------------------------------------

function drawItem(pen, item, i, placed, layout) {
  const { style, front } = pen, role = style.role(item.role ?? "data"), lit = pen.lit === item.id ? 1.6 : 1;
  const width = style.size.path * 0.75 * lit, whole = [];
  placed.forEach((one, c) => {
    const next = placed[c + 1];
    if (!one.open) return void whole.push(NaN, NaN);
    const y = layout.y(one.places[i]), end = one.x + layout.disc + layout.reach;
    const pts = [one.x, y, end, y];
    if (next?.open) pts.push(...bend(end, y, next.x, layout.y(next.places[i])));
    front.push({ t: "path", pts, stroke: role.colour, width, dash: role.dash, cap: role.cap });
    whole.push(...pts);
    if (one.values) drawBar(pen, one, i, y, role, lit, layout);
    if (!one.column.handle) drawDisc(pen, item, one.x, y, role, layout);
  });
  pen.hits.push({ id: item.id, pts: whole });
}

function bend(x0, y0, x1, y1) {
  const out = [];
  for (let k = 1; k <= STEPS; k++) {
    const s = k / STEPS, ease = s * s * (3 - 2 * s);
    out.push(x0 + s * (x1 - x0), y0 + ease * (y1 - y0));
  }
  return out;
}

function drawBar({ style, front }, { column, values, largest, x }, i, y, role, lit, layout) {
  const from = x + layout.disc + 2 * style.k, room = layout.reach - 2 * style.k;
  const length = Math.max(1.5 * style.k, (room * Math.abs(values[i])) / largest);
  front.push({ t: "path", pts: [from, y, from + length, y], stroke: role.colour, width: 7 * style.k * Math.sqrt(lit) });
  if (layout.compact) return;
  const size = style.size.axis_text, text = formatNumber(values[i], column.format ?? ".3g");
  front.push({ t: "text", text, x: from + 2 * style.k, y: y - 8 * style.k, size, weight: 600, fill: style.colour("ink"), halo: style.colour("page"), haloWidth: style.size.halo });
}

function drawDisc({ style, front }, item, x, y, role, layout) {
  const size = layout.disc * 1.35, page = style.colour("page");
  front.push({ t: "disc", x, y, r: layout.disc + 2 * style.k, fill: page }, { t: "disc", x, y, r: layout.disc, fill: role.colour });
  front.push({ t: "text", text: item.label, x, y: y + size * 0.35, size, weight: 700, fill: page, anchor: "middle" });
}

// --- the order by hand --------------------------------------------------------------------------------------------

function drawHandles(pen, one, items, layout) {
  const { column, places, open, x } = one;
  if (!open || !column.handle) return;
  const { style, front } = pen, size = style.size.handle_letter;
  items.forEach((item, i) => {
    const handle = handleOf(pen, one, item, i, layout), { y } = handle;
    pen.handles.push(handle);
    const ink = style.colour("ink"), page = style.colour("page"), ring = style.size.handle_ring, lit = pen.focus === handle.key;
    const stroke = (lit ? 3 : 1.6) * Math.max(1, style.k);
    front.push({ t: "disc", x, y, r: ring + stroke / 2, fill: page }, { t: "disc", x, y, r: ring - stroke / 2 + 0.5, fill: page, stroke: ink, width: stroke });
    front.push({ t: "disc", x, y, r: style.size.handle_disc, fill: ink });
    front.push({ t: "text", text: item.label, x: x + ring + 5 * style.k, y: y - 7 * style.k, size, weight: 700, fill: ink, halo: page, haloWidth: style.size.halo });
  });
}

function handleOf(pen, { column, x }, item, i, layout) {
  const { scene, panel } = pen, mark = { value: column.places, name: item.name };
  const place = () => scene.numbers(column.places)[i];
  const handle = {
    key: `${panel.id ?? ""}:${column.places}:${i}`, mark, x, y: layout.y(place()),
    now: () => ({ ...handle, y: layout.y(place()) }),
    valueAt: (_x, y) => moved(scene.numbers(column.places), i, Math.min(layout.rows, Math.max(1, Math.round((y - layout.top) / layout.each + 0.5)))),
    stepped: (way, factor) => [x, layout.y(place() - way * Math.max(1, Math.round(factor)))],
    // a press away from all handles moves the one that was taken last
    away: (px, py, taken) => Math.min(Math.hypot(px - x, py - handle.y), taken === handle.key ? layout.disc + 6 : Infinity),
    told: () => ({ now: place(), range: [1, layout.rows], text: pen.words("place_of", { place: formatNumber(place(), ".0f"), count: layout.rows }) }),
  };
  return handle;
}

/** The places when item i comes to `to`: those between close up. */
function moved(places, i, to) {
  const from = places[i], way = Math.sign(to - from);
  return places.map((place, k) => (k === i ? to : (place - from) * way > 0 && (to - place) * way >= 0 ? place - way : place));
}
