/**
 * A panel of kind "ruler", for families with one parameter: horizontal rows, each an axis of its own chart, carrying
 * intervals, tracks, dots and handles. A handle on any row moves the same value.
 */
import { placeLabels } from "./labels.js";
import { drawMark } from "./marks.js";
import { chartOf as ownChart, pointsOf } from "./plain.js";
import { handleItems } from "./plane.js";
import { axisNumber, niceTicks } from "./text.js";
import { textWidth } from "./painter.js";

export function rulerFrame(panel, width, height, style) {
  const k = style.k, side = 26 * k;
  const given = Array.isArray(panel.rows) && panel.rows.length ? panel.rows : [{}];
  const count = Math.max(given.length, 1 + Math.max(0, ...(panel.marks ?? []).map((m) => m?.row ?? 0)));
  const box = { x: side, y: 0, w: Math.max(20, width - 2 * side), h: height };
  const each = (height - 8 * k) / count;
  const rows = Array.from({ length: count }, (_, i) => {
    const row = given[i] ?? given[given.length - 1];
    const [lo, hi] = row.window ?? panel.window ?? [0, 1];
    const y = 4 * k + each * (i + 0.5) + 4 * k;
    return { ...row, shared: !given[i], y, each, lo, hi: hi > lo ? hi : lo + 1, toX: (X) => box.x + ((X - lo) / (hi - lo)) * box.w };
  });
  const fromPx = (x, _y, row = 0) => [rows[row].lo + ((x - box.x) / box.w) * (rows[row].hi - rows[row].lo)];
  return { kind: "ruler", box, rows, fromPx, width, height };
}

export function drawRuler(panel, frame, context) {
  const { scene, style } = context;
  const chartOf = (mark) => {
    const row = frame.rows[mark?.row ?? 0]?.chart;
    return ownChart(scene, row === undefined ? panel.chart : row, 1);
  };
  const pen = {
    ...context, panel, frame, chartOf, chart: chartOf({}), rows: frame.rows,
    back: [], names: [], front: [], labels: [], lines: [], handles: [], hits: [], notices: [], obstacles: [], still: [],
  };
  if (!pen.chart) return pen;
  pen.point = pointsOf(scene, pen.chart);
  pen.projectXi = (xi, mark) => onRow(xi, chartOf(mark).n, frame.rows[mark?.row ?? 0] ?? frame.rows[0], (mark?.lift ?? 0) * style.k);
  frame.rows.forEach((row, i) => drawRow(pen, row, i));
  const clip = { t: "clip", x: 2, y: 0, w: frame.width - 4, h: frame.height };
  pen.back.push(clip);
  pen.front.push(clip);
  const marks = (panel.marks ?? []).filter((mark) => mark && scene.shown(mark.when));
  marks.forEach((mark, index) => drawMark(pen, mark, index));
  pen.back.push({ t: "end" });
  pen.front.push({ t: "end" });
  const box = { x: 3, y: 1, w: frame.width - 6, h: frame.height - 2 };
  const { obstacles, lines, labels } = pen;
  pen.front.push(...pen.names);
  pen.front.push(...placeLabels(labels, { obstacles, lines, box, style, memory: context.memory }));
  for (const handle of pen.handles) pen.front.push(...handleItems(handle, pen));
  return pen;
}

function onRow(xi, n, row, lift) {
  const out = new Float64Array((xi.length / n) * 2);
  for (let i = 0, k = 0; i < xi.length; i += n) {
    out[k++] = row.toX(xi[i]);
    out[k++] = row.y - lift;
  }
  return out;
}

function drawRow(pen, row, index) {
  const { back, names, frame, style, scene, obstacles } = pen;
  const { box } = frame, size = style.size.axis_text;
  back.push({ t: "path", pts: [box.x, row.y, box.x + box.w, row.y], stroke: style.colour("axis"), width: style.size.axis });
  const title = { size: style.size.label, weight: 600, fill: style.colour("muted") };
  const above = row.y - 15 * style.k - Math.min(row.each * 0.12, 12 * style.k);
  const put = (text, x, anchor, fill) => {
    names.push({ t: "text", text, x, y: above, ...title, anchor, fill: fill ?? title.fill, halo: style.colour("page"), haloWidth: style.size.halo });
    const w = textWidth(text, title.size, 600, style.family);
    obstacles.push({ x: anchor === "end" ? x - w : x, y: above - title.size, w, h: title.size * 1.2 });
  };
  if (row.label) put(scene.fill(row.label), box.x, "start", row.role && style.role(row.role).colour);
  if (row.note) put(scene.fill(row.note), box.x + box.w, "end", style.colour("ink"));
  const last = index === frame.rows.length - 1;
  if (row.ticks === false || (row.shared && !last) || (frame.rows.every((r) => !r.chart) && !last)) return;
  const auto = niceTicks(row.lo, row.hi, Math.max(2, box.w / (80 * style.k)));
  for (const given of row.ticks ?? auto.ticks) {
    const X = given.at ?? given, x = row.toX(X);
    back.push({ t: "path", pts: [x, row.y, x, row.y + 5 * style.k], stroke: style.colour("axis"), width: style.size.grid });
    const text = given.label ?? axisNumber(X, row.ticks ? 2 : auto.decimals);
    back.push({ t: "text", text, x, y: row.y + 7 * style.k + size, size, fill: style.colour("axis_text"), anchor: "middle" });
  }
  obstacles.push({ x: box.x, y: row.y + 6 * style.k, w: box.w, h: size * 1.2 });
}
