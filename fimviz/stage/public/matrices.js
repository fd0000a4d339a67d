/**
 * A panel of kind "matrices": square matrices of one size on one colour scale, signed, and one cell chosen in all of them.
 *
 *   {columns, items: [{id, title, note, table}], size, scale, blocks: [9, …], value: "cell", names: […], name, reads}
 *   table: numbers row by row, or the name of one of the scene's tables; the cell is [column, row], counted from 0;
 *   A handle moves the cell and stays off the diagonal: a slice has two coordinates.
 *   blocks: rows at which a layer, a group, begins; cells below zero carry a minus sign, so that nothing rests on colour alone
 */
import { formatNumber } from "./text.js";
import { remember } from "./alike.js";

const LEVELS = 32;
const SIGNED_FROM = 0.06; // of the scale: below it a cell is nearly the colour of zero

export function drawMatrices(panel, width, height, context) {
  const { scene, style, cache } = context;
  const pen = {
    ...context, panel, frame: { kind: "matrices", width, height },
    back: [], front: [], labels: [], lines: [], handles: [], hits: [], notices: [], still: [], readings: [],
  };
  const items = (Array.isArray(panel.items) ? panel.items : []).filter(Boolean), { size } = panel;
  if (!items.length || !(size > 0)) return pen;
  const tables = items.map((item) => scene.table(item.table)), scale = scene.number(panel.scale);
  const boxes = remember(cache, "boxes", [panel, width, height, context.epoch], () => boxesOf(pen, items, size));
  pen.still.push(scale, ...tables);
  pen.back.push(...remember(cache, "cells", [boxes, scale, context.epoch, ...tables], () => tables.flatMap((table, k) => cellItems(pen, table, boxes[k], scale))));
  items.forEach((item, k) => drawTitle(pen, item, boxes[k]));
  drawScale(pen, scale, boxes);
  drawChosen(pen, items, tables, boxes);
  return pen;
}

function boxesOf({ style, narrow, panel, frame: { width, height } }, items, size) {
  const columns = Math.min(items.length, narrow ? 2 : panel.columns ?? 3), rows = Math.ceil(items.length / columns);
  const head = style.size.label * 1.75, foot = style.size.axis_text * 2, gap = 14 * style.k;
  const across = (width - gap * (columns - 1)) / columns, down = (height - foot) / rows;
  // whole pixels, so that no light shows between the cells
  const cell = Math.max(2, Math.floor(Math.min(across / size, (down - head - 4 * style.k) / size)));
  return items.map((_, k) => ({ x: Math.round((k % columns) * (across + gap)), y: Math.round(Math.floor(k / columns) * down + head), cell, side: cell * size, size, across }));
}

/** One outline a colour, with all its squares. */
function cellItems({ style, panel }, table, { x, y, cell, size, side }, scale) {
  const squares = new Map(), minus = [];
  if (!table) return [];
  for (let k = 0; k < size * size; k++) {
    const share = Math.max(-1, Math.min(1, table[k] / scale)), left = x + (k % size) * cell, top = y + Math.floor(k / size) * cell;
    const level = Math.round(LEVELS * share);
    if (!squares.has(level)) squares.set(level, []);
    squares.get(level).push(left, top, left + cell, top, left + cell, top + cell, left, top + cell, NaN, NaN);
    if (share < -SIGNED_FROM && cell >= 6) minus.push(left + 0.25 * cell, top + cell / 2, left + 0.75 * cell, top + cell / 2, NaN, NaN);
  }
  const found = [...squares].map(([level, pts]) => ({ t: "path", pts, closed: true, fill: style.signed(level / LEVELS) }));
  found.push({ t: "path", pts: minus, stroke: style.colour(style.dark ? "axis_text" : "page"), width: Math.max(1, cell / 9), alpha: 0.75 });
  const rules = (panel.blocks ?? []).flatMap((at) => [x + at * cell, y, x + at * cell, y + side, NaN, NaN, x, y + at * cell, x + side, y + at * cell, NaN, NaN]);
  found.push({ t: "path", pts: rules, stroke: style.colour("axis"), width: style.size.grid, alpha: 0.7 });
  found.push({ t: "path", pts: [x, y, x + side, y, x + side, y + side, x, y + side], closed: true, stroke: style.colour("hairline"), width: style.size.grid });
  return found;
}

function drawTitle(pen, item, { x, y, side }) {
  const { style, scene, front } = pen, role = item.role ? style.role(item.role).colour : style.colour("ink"), up = y - style.size.label * 0.45;
  front.push({ t: "text", text: scene.fill(item.title ?? ""), x, y: up, size: style.size.label, weight: 600, fill: pen.lit === item.id ? style.colour("ink") : role });
  front.push({ t: "text", text: scene.fill(item.note ?? ""), x: x + side, y: up, size: style.size.axis_text, fill: style.colour("muted"), anchor: "end" });
  pen.hits.push({ id: item.id, box: { x, y: y - style.size.label * 1.5, w: side, h: side + style.size.label * 1.5 } });
}

/** The colours of the scale and its ends, below the first matrices. */
function drawScale({ style, frame, front }, scale, boxes) {
  const size = style.size.axis_text, y = frame.height - size * 0.95, h = size * 0.7, from = boxes[0].x + 58 * style.k, w = Math.min(160 * style.k, boxes[0].side);
  for (let k = -LEVELS; k < LEVELS; k++) {
    const left = from + ((k + LEVELS) / (2 * LEVELS)) * w, right = left + w / (2 * LEVELS) + 0.5;
    front.push({ t: "path", pts: [left, y - h + 2, right, y - h + 2, right, y + 2, left, y + 2], closed: true, fill: style.signed((k + 0.5) / LEVELS) });
  }
  const text = (string, x, anchor) => front.push({ t: "text", text: string, x, y: y + 2, size, fill: style.colour("axis_text"), anchor });
  text(formatNumber(-scale, ".2g"), from - 6 * style.k, "end");
  text(formatNumber(scale, "+.2g"), from + w + 6 * style.k, "start");
}

// --- the cell -----------------------------------------------------------------------------------------------------

function drawChosen(pen, items, tables, boxes) {
  const { scene, panel, style, front, words } = pen, { size, names = [] } = panel;
  const cell = () => scene.numbers(panel.value).map((k) => Math.min(size - 1, Math.max(0, Math.round(k))));
  const [i, j] = cell();
  if (!Number.isFinite(i + j)) return;
  for (const box of boxes) {
    const squares = [[i, i], [j, j], [i, j], [j, i]].flatMap(([c, r]) => square(box, c, r));
    front.push({ t: "path", pts: squares, closed: true, stroke: style.colour("page"), width: 3 * style.k });
    front.push({ t: "path", pts: squares, closed: true, stroke: style.colour("ink"), width: 1.4 * style.k });
  }
  const handle = handleOf(pen, boxes, cell);
  pen.handles.push(handle);
  drawRing(pen, handle);
  const named = words("two_of", { one: names[i] ?? i, other: names[j] ?? j });
  items.forEach((item, k) => tables[k] && pen.readings.push([`${scene.fill(item.title ?? "")}, ${named}`, formatNumber(tables[k][j * size + i], ".4g")]));
}

function square({ x, y, cell }, c, r) {
  const left = x + c * cell - 0.5, top = y + r * cell - 0.5, w = cell + 1;
  return [left, top, left + w, top, left + w, top + w, left, top + w, NaN, NaN];
}

/** A handle whose middle is left open: the cell shows through. */
function drawRing({ style, front, focus }, { x, y, key }) {
  const r = style.size.handle_ring, width = (focus === key ? 3 : 1.8) * Math.max(1, style.k);
  front.push({ t: "disc", x, y, r: r + 1, stroke: style.colour("page"), width: width + 3 * style.k }, { t: "disc", x, y, r: r + 1, stroke: style.colour("ink"), width });
}

function handleOf(pen, boxes, cell) {
  const { scene, panel, cache, words } = pen, { size, names = [] } = panel;
  const touched = () => boxes[Math.min(boxes.length - 1, cache.get("touched") ?? 0)];
  const at = ([i, j]) => ({ x: touched().x + (i + 0.5) * touched().cell, y: touched().y + (j + 0.5) * touched().cell });
  const inside = (k) => Math.min(size - 1, Math.max(0, k));
  const handle = {
    key: `${panel.id ?? ""}:${panel.value}`, mark: { value: panel.value, name: panel.name }, ...at(cell()),
    now: () => ({ ...handle, ...at(cell()) }),
    valueAt(x, y) {
      const k = nearestBox(boxes, x, y), box = boxes[k];
      cache.set("touched", k);
      const across = (x - box.x) / box.cell, down = (y - box.y) / box.cell;
      const [i, j] = [inside(Math.floor(across)), inside(Math.floor(down))];
      return i === j ? beside(i, across - down, size) : [i, j];
    },
    stepped(_way, factor, [across, up]) {
      const [i, j] = cell(), far = factor > 1 ? 5 : 1;
      let to = [inside(i + across * far), inside(j - up * far)];
      if (to[0] === to[1]) to = [inside(to[0] + across), inside(to[1] - up)];
      const { x, y } = at(to[0] === to[1] ? [i, j] : to);
      return [x, y];
    },
    told() {
      const [i, j] = cell();
      return { now: j * size + i, range: [0, size * size - 1], text: words("two_of", { one: names[i] ?? i, other: names[j] ?? j }) };
    },
  };
  return handle;
}

/** The neighbour of a diagonal cell: to the right of it, or below; of the last one to the left, or above. */
function beside(i, lean, size) {
  const next = i + 1 < size ? i + 1 : i - 1;
  return lean > 0 === next > i ? [next, i] : [i, next];
}

function nearestBox(boxes, x, y) {
  const away = ({ x: left, y: top, side }) => Math.max(left - x, 0, x - left - side) + Math.max(top - y, 0, y - top - side);
  return boxes.reduce((best, box, k) => (away(box) < away(boxes[best]) ? k : best), 0);
}
