/**
 * Labels sit on the line they name, never on each other, never cut at the edge. Each label proposes places around its
 * anchor; the cheapest free one wins. What a label chose last is remembered and slightly preferred, so labels do not
 * flicker while a hand moves.
 */
import { textWidth } from "./painter.js";

const DIRECTIONS = {
  n: [0, -1], s: [0, 1], e: [1, 0], w: [-1, 0], ne: [1, -1], nw: [-1, -1], se: [1, 1], sw: [-1, 1],
};
const USUAL = ["n", "s", "ne", "nw", "se", "sw", "e", "w"];
const RINGS = [1, 2.6, 4.6];
const STAY = 6;
const STAY_FIRM = 0.8;

/**
 * labels: [{id, text, x, y, gap, size, weight, fill, prefer?: ["n", …], firm?: it may cover lines}]; obstacles and box: {x, y, w, h};
 * lines: flat point lists that a label should rather not cover. Returns text items for the painters.
 */
export function placeLabels(labels, { obstacles, lines, box, style, memory }) {
  const placed = [...obstacles];
  const items = [];
  const points = thin(lines);
  for (const label of labels) {
    if (!Number.isFinite(label.x + label.y)) continue;
    const rows = label.text.includes("\n") ? label.text.split("\n").filter((row) => row.length) : label.text ? [label.text] : [];
    if (!rows.length) continue;
    const shape = measure(rows, label, style);
    const best = cheapest(label, shape, placed, points, box, memory.get(label.id));
    memory.set(label.id, best.name);
    placed.push(best.rect);
    rows.forEach((row, i) => items.push(textItem(row, i, label, best.rect, shape, style)));
  }
  return items;
}

function measure(rows, label, style) {
  let w = 0;
  for (const row of rows) w = Math.max(w, textWidth(row, label.size, label.weight, style.family));
  const leading = label.size * 1.25;
  return { w, h: label.size * 0.98 + leading * (rows.length - 1), leading };
}

function textItem(text, index, label, rect, shape, style) {
  return {
    t: "text", text, size: label.size, weight: label.weight, fill: label.fill, anchor: "middle",
    x: rect.x + rect.w / 2, y: rect.y + label.size * 0.8 + index * shape.leading,
    halo: style.colour("page"), haloWidth: style.size.halo,
  };
}

/** Costs only grow as they are added up, so a place is given up as soon as it costs more than the best so far. */
function cheapest(label, shape, placed, points, box, before) {
  const best = { name: "", rect: null, cost: Infinity };
  const order = orderOf(label.prefer), stay = label.firm ? STAY_FIRM : STAY;
  for (let r = 0; r < RINGS.length && best.cost >= 3; r++) {
    for (let i = 0; i < order.length; i++) {
      const key = NAMES[order[i]][r];
      const rect = around(label, shape, DIRECTIONS[order[i]], RINGS[r]);
      let cost = i + 5 * r + 0.6 * keepInside(rect, box) - (before === key ? stay : 0);
      for (let k = 0; k < placed.length && cost < best.cost; k++) cost += 160 * overlap(rect, placed[k]);
      if (!label.firm && cost < best.cost) cost += covered(rect, points);
      if (cost < best.cost) Object.assign(best, { name: key, rect, cost });
    }
  }
  return best;
}

const NAMES = Object.fromEntries(USUAL.map((name) => [name, RINGS.map((_, r) => `${name}${r}`)]));
const orders = new Map();

function orderOf(prefer) {
  const key = prefer?.join() ?? "";
  let order = orders.get(key);
  if (!order) orders.set(key, (order = [...new Set([...(prefer ?? []), ...USUAL])]));
  return order;
}

function around(label, shape, [dx, dy], ring) {
  const gap = label.gap * ring * (dx && dy ? 0.75 : 1);
  return {
    x: label.x + dx * (shape.w / 2 + gap) - shape.w / 2,
    y: label.y + dy * (shape.h / 2 + gap) - shape.h / 2,
    w: shape.w,
    h: shape.h,
  };
}

/** Push a rectangle into the box; how far it had to go. */
function keepInside(rect, box) {
  const { x, y } = rect;
  rect.x = Math.max(box.x, Math.min(x, box.x + box.w - rect.w));
  rect.y = Math.max(box.y, Math.min(y, box.y + box.h - rect.h));
  return Math.abs(x - rect.x) + Math.abs(y - rect.y);
}

/** Shared area as a share of the smaller rectangle, and a constant for touching at all. */
function overlap(a, b) {
  const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
  if (w <= 0 || h <= 0) return 0;
  return 0.1 + (w * h) / Math.min(a.w * a.h, b.w * b.h);
}

function covered({ x, y, w, h }, points) {
  const right = x + w, bottom = y + h;
  let hits = 0;
  for (let i = 0; i < points.length && hits < 6; i += 2)
    if (points[i] > x && points[i] < right && points[i + 1] > y && points[i + 1] < bottom) hits++;
  return hits * 0.9;
}

function thin(lines) {
  const out = [];
  for (const pts of lines) {
    const step = 2 * Math.max(1, Math.floor(pts.length / 2 / 64));
    for (let i = 0; i + 1 < pts.length; i += step) out.push(pts[i], pts[i + 1]);
  }
  return out;
}
