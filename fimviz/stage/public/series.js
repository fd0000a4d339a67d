/**
 * A panel of kind "series": one number per step, for descents the loss. Both axes are logarithmic unless told otherwise;
 * each line is named at its end, and one that left the domain ends in an open dot.
 */
import { placeLabels } from "./labels.js";
import { axisNumber } from "./text.js";

export function drawSeries(panel, width, height, context) {
  const { scene, style, memory } = context;
  const pen = { ...context, panel, frame: { kind: "series", width, height }, back: [], front: [], handles: [], hits: [], notices: [], still: [] };
  const rows = (panel.rows ?? []).filter((row) => row && scene.shown(row.when)).map((row) => ({ row, losses: lossesOf(row, scene) }));
  const known = rows.filter(({ losses }) => losses?.length);
  if (!known.length) return pen;
  const axes = ranges(panel, known);
  const box = frameBox(width, height, style);
  drawFrame(pen, panel, box, axes);
  const labels = [], lines = [];
  for (const { row, losses } of known) drawLine(pen, row, losses, box, axes, labels, lines);
  const room = { x: box.x, y: 1, w: width - box.x - 2, h: height - 2 };
  const title = { x: 0, y: 0, w: width / 2, h: box.y - 2 };
  const floor = { x: 0, y: box.y + box.h + 1, w: width, h: height };
  pen.front.push(...placeLabels(labels, { obstacles: [title, floor], lines, box: room, style, memory }));
  return pen;
}

function lossesOf(row, scene) {
  const run = scene.results.get(row.of);
  return run?.ok ? run.losses : null;
}

function frameBox(width, height, style) {
  const size = style.size.axis_text;
  return { x: 10 * style.k, y: size * 1.7, w: Math.max(20, width - 20 * style.k), h: Math.max(20, height - size * 3.5) };
}

function ranges(panel, known) {
  let most = 1, lo = Infinity, hi = 0;
  for (const { losses } of known) {
    most = Math.max(most, losses.length - 1);
    for (const loss of losses) if (Number.isFinite(loss) && loss > 0) (lo = Math.min(lo, loss)), (hi = Math.max(hi, loss));
  }
  if (panel.y) [lo, hi] = panel.y;
  if (panel.x) most = panel.x[1];
  return { log: panel.log !== false, most, lo: Math.max(lo, 1e-6), hi: Math.max(hi, lo * 10) };
}

/** Step k of a logarithmic axis sits at log(1 + k), so that step 0 has a place. */
function across({ log, most }, k) {
  return log ? Math.log1p(k) / Math.log1p(most) : k / most;
}

function up({ lo, hi }, loss) {
  return Math.log(Math.max(loss, lo) / lo) / Math.log(hi / lo);
}

function drawFrame(pen, panel, box, axes) {
  const { style, front } = pen, size = style.size.axis_text, fill = style.colour("axis_text");
  const floor = box.y + box.h, right = box.x + box.w;
  for (let e = Math.ceil(Math.log10(axes.lo)); 10 ** e <= axes.hi; e++) {
    const y = floor - up(axes, 10 ** e) * box.h;
    if (y < floor - 4) front.push({ t: "path", pts: [box.x, y, right, y], stroke: style.colour("grid"), width: style.size.grid });
    if (floor - y > size && y - size > box.y - 4) front.push({ t: "text", text: String(Number((10 ** e).toPrecision(1))), x: box.x, y: y - 3, size, fill });
  }
  front.push({ t: "path", pts: [box.x, floor, right, floor], stroke: style.colour("axis"), width: style.size.axis });
  front.push({ t: "text", text: panel.axes?.y?.label ?? "", x: box.x, y: box.y - size * 0.55, size, fill });
  front.push({ t: "text", text: panel.axes?.x?.label ?? "", x: right, y: floor + size * 1.35, size, fill, anchor: "end" });
  for (const k of [0, 1, 10, 100, 1000].filter((k) => k <= axes.most * 0.55)) {
    const x = box.x + across(axes, k) * box.w;
    front.push({ t: "text", text: axisNumber(k, 0), x, y: floor + size * 1.35, size, fill, anchor: k ? "middle" : "start" });
  }
}

function drawLine(pen, row, losses, box, axes, labels, lines) {
  const { style, scene, lit } = pen, role = style.role(row.role ?? "fisher");
  const n = Math.min(losses.length - 1, axes.most), pts = [];
  const every = Math.max(1, Math.floor(n / 400));
  for (let k = 0; k <= n; k += axes.log && k < 60 ? 1 : every) {
    const inRange = Number.isFinite(losses[k]) && losses[k] <= axes.hi * 1.001;
    pts.push(box.x + across(axes, k) * box.w, inRange ? box.y + box.h - up(axes, losses[k]) * box.h : NaN);
  }
  const id = row.id ?? row.of, bold = lit === id ? 1.5 : 1;
  pen.front.push({ t: "path", pts, stroke: role.colour, width: role.width * bold, dash: role.dash, cap: role.cap });
  pen.hits.push({ id, pts });
  lines.push(pts);
  let end = pts.length - 2;
  while (end > 0 && !Number.isFinite(pts[end + 1])) end -= 2;
  const run = scene.results.get(row.of);
  if (run?.status === "left" || run?.status === "away") {
    pen.front.push({ t: "disc", x: pts[end], y: pts[end + 1], r: 3.4 * style.k, fill: style.colour("page"), stroke: role.colour, width: 1.6 * style.k });
  }
  if (!row.label) return;
  const fill = role.colour, size = style.size.label;
  labels.push({ id, text: scene.fill(row.label), x: pts[end], y: pts[end + 1], gap: 7 * style.k, size, weight: 600, fill, prefer: ["w", "nw", "n", "ne"] });
}
