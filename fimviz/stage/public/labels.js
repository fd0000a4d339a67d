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
    const rows = label.text.split("\n").filter((row) => row.length);
    if (!rows.length || !Number.isFinite(label.x + label.y)) continue;
    const shape = measure(rows, label, style);
    const best = cheapest(label, shape, placed, points, box, memory.get(label.id));
    memory.set(label.id, best.name);
    placed.push(best.rect);
    rows.forEach((row, i) => items.push(textItem(row, i, label, best.rect, shape, style)));
  }
  return items;
}

function measure(rows, label, style) {
  const widths = rows.map((row) => textWidth(row, label.size, label.weight, style.family));
  const leading = label.size * 1.25;
  return { w: Math.max(...widths), h: label.size * 0.98 + leading * (rows.length - 1), leading };
}

function textItem(text, index, label, rect, shape, style) {
  return {
    t: "text", text, size: label.size, weight: label.weight, fill: label.fill, anchor: "middle",
    x: rect.x + rect.w / 2, y: rect.y + label.size * 0.8 + index * shape.leading,
    halo: style.colour("page"), haloWidth: style.size.halo,
  };
}

function cheapest(label, shape, placed, points, box, before) {
  let best = null;
  const order = [...new Set([...(label.prefer ?? []), ...USUAL])];
  RINGS.forEach((ring, r) => {
    if (best && best.cost < 3) return;
    order.forEach((name, i) => {
      const key = `${name}${r}`;
      const { rect, shift } = inside(around(label, shape, DIRECTIONS[name], ring), box);
      let cost = i + 5 * r + 0.6 * shift - (before === key ? (label.firm ? STAY_FIRM : STAY) : 0);
      for (const other of placed) cost += 160 * overlap(rect, other);
      if (!label.firm && (!best || cost < best.cost)) cost += covered(rect, points);
      if (!best || cost < best.cost) best = { name: key, rect, cost };
    });
  });
  return best;
}

function around(label, shape, [dx, dy], ring) {
  const gap = label.gap * ring;
  const diagonal = dx && dy ? 0.75 : 1;
  const cx = label.x + dx * (shape.w / 2 + gap * diagonal);
  const cy = label.y + dy * (shape.h / 2 + gap * diagonal);
  return { x: cx - shape.w / 2, y: cy - shape.h / 2, w: shape.w, h: shape.h };
}

function inside(rect, box) {
  const x = Math.max(box.x, Math.min(rect.x, box.x + box.w - rect.w));
  const y = Math.max(box.y, Math.min(rect.y, box.y + box.h - rect.h));
  return { rect: { ...rect, x, y }, shift: Math.abs(x - rect.x) + Math.abs(y - rect.y) };
}

/** Shared area as a share of the smaller rectangle, and a constant for touching at all. */
function overlap(a, b) {
  const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
  if (w <= 0 || h <= 0) return 0;
  return 0.1 + (w * h) / Math.min(a.w * a.h, b.w * b.h);
}

function covered(rect, points) {
  let hits = 0;
  for (let i = 0; i < points.length; i += 2)
    if (points[i] > rect.x && points[i] < rect.x + rect.w && points[i + 1] > rect.y && points[i + 1] < rect.y + rect.h) hits++;
  return Math.min(hits, 6) * 0.9;
}

function thin(lines) {
  const out = [];
  for (const pts of lines) {
    const step = 2 * Math.max(1, Math.floor(pts.length / 2 / 64));
    for (let i = 0; i + 1 < pts.length; i += step) out.push(pts[i], pts[i + 1]);
  }
  return out;
}
