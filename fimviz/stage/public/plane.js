/**
 * A panel of kind "plane": one chart, a window, axes, and marks. It turns the scene into a list for the painters, in two
 * layers (what stands still behind, what moves in front), with the handles, hover targets and notices that go with it.
 */
import { lifted } from "./trace.js";
import { remember } from "./alike.js";
import { drawAxes } from "./axes.js";
import { placeLabels } from "./labels.js";
import { drawMark } from "./marks.js";
import { chartOf, pointsOf } from "./plain.js";

/** Pixels of a window: toPx(X, Y), fromPx(x, y), box (the axes' rectangle), window (what of the plane it shows). */
export function planeFrame(panel, width, height, style) {
  const box = axesBox(panel, width, height, style);
  const [x0, x1, y0, y1] = goodWindow(panel.window);
  let sx = box.w / (x1 - x0), sy = box.h / (y1 - y0);
  if (panel.unit > 0) {
    sy = Math.min(sy, sx / panel.unit);
    sx = sy * panel.unit;
  }
  const cx = (x0 + x1) / 2;
  // Without a unit the window fills the box; with one it is fitted, centred in x, standing on y0.
  const left = panel.unit > 0 ? box.x + box.w / 2 - (cx - x0) * sx : box.x;
  const floor = panel.unit > 0 && panel.axes?.frame === "none" ? box.y + (box.h + (y1 - y0) * sy) / 2 : box.y + box.h;
  const toX = (X) => left + (X - x0) * sx;
  const toY = (Y) => floor - (Y - y0) * sy;
  const fromPx = (x, y) => [x0 + (x - left) / sx, y0 + (floor - y) / sy];
  const [wx0, wy1] = fromPx(box.x, box.y), [wx1, wy0] = fromPx(box.x + box.w, box.y + box.h);
  return { kind: "plane", box, sx, sy, left, floor, x0, y0, toX, toY, fromPx, window: [wx0, wx1, wy0, wy1], width, height };
}

function goodWindow(window) {
  const ok = Array.isArray(window) && window.length === 4 && window.every(Number.isFinite);
  return ok && window[1] > window[0] && window[3] > window[2] ? window : [-1, 1, -1, 1];
}

function axesBox(panel, width, height, style) {
  const k = style.k, axis = style.size.axis_text;
  const bare = panel.axes?.frame === "none" || !panel.axes;
  const side = (bare ? 22 : 14) * k;
  const top = bare ? 22 * k : axis * 1.7;
  const bottom = bare ? (panel.title ? 30 : 22) * k : axis * 1.75;
  const w = Math.max(20, width - 2 * side), h = Math.max(20, height - top - bottom);
  return { x: side, y: top, w, h };
}

/** Everything to be drawn for one plane. `context`: {scene, style, words, lit, focus, cache, memory, moving}. */
export function drawPlane(panel, frame, context) {
  const whole = chartOf(context.scene, panel.chart, 2), chart = whole?.paper ?? whole;
  const pen = {
    ...context, panel, frame, chart,
    spec: (!chart?.plain && context.scene.chartSpec(panel.chart)) || {},
    point: pointsOf(context.scene, chart),
    back: [], texts: [], front: [], labels: [], lines: [], handles: [], hits: [], notices: [], obstacles: [], still: [], remarks: new Map(),
  };
  drawOutline(pen);
  if (!chart) return pen;
  const marks = thinFirst((panel.marks ?? []).filter((mark) => mark && context.scene.shown(mark.when)));
  // Axes stand outside the clip that keeps the marks in.
  const grid = marks.find((mark) => mark.kind === "grid") ?? NO_GRID;
  drawKnownAxes(pen, grid);
  pen.chartOf = () => chart;
  pen.projectXi = (xi) => pixels(xi, chart.n, frame);
  const clip = { t: "clip", ...clipBox(pen) };
  pen.back.push(clip);
  pen.front.push(clip);
  marks.forEach((mark, index) => drawMark(pen, mark, index));
  liftAtTurns(pen);
  pen.back.push({ t: "end" }, ...pen.texts);
  pen.front.push({ t: "end" });
  finish(pen);
  return pen;
}

/** Where a coordinate comes round again (a direction), a line that leaves on one side comes back on the other. */
function liftAtTurns({ spec, frame, back, front }) {
  const turn = (spec.coords?.[0]?.period ?? 0) * frame.sx;
  if (!(turn > 0)) return;
  const leaps = (dx) => Math.abs(dx) > turn / 2;
  for (const item of [...back, ...front]) if (item.t === "path") item.pts = lifted(item.pts, leaps);
}

/** Of descents the thin ones come first: a zigzag that runs away lies under the one to look at. */
function thinFirst(marks) {
  const runs = marks.filter((mark) => mark.kind === "descent");
  if (!runs.some((mark) => mark.thin)) return marks;
  const ordered = [...runs.filter((mark) => mark.thin), ...runs.filter((mark) => !mark.thin)];
  return marks.map((mark) => (mark.kind === "descent" ? ordered.shift() : mark));
}

const NO_GRID = {};

/** Axes change with the panel and its frame alone, not from one frame of time to the next. */
function drawKnownAxes(pen, grid) {
  const { back, texts } = remember(pen.cache, "axes", [pen.frame, grid], () => {
    const own = { ...pen, back: [], texts: [] };
    drawAxes(own, grid);
    return own;
  });
  pen.back.push(...back);
  pen.texts.push(...texts);
  pen.still.push(pen.panel.marks?.indexOf(grid));
}

/** The first two coordinates as pixels; into the list itself where it has only two and its maker has no more use for it. */
function pixels(xi, n, { left, floor, sx, sy, x0, y0 }) {
  const out = n === 2 && xi instanceof Float64Array ? xi : new Float64Array((xi.length / n) * 2);
  for (let i = 0, k = 0; i < xi.length; i += n, k += 2) {
    out[k] = left + (xi[i] - x0) * sx;
    out[k + 1] = floor - (xi[i + 1] - y0) * sy;
  }
  return out;
}

function clipBox({ frame, style }) {
  const { box } = frame, room = 10 * style.k;
  return { x: box.x - room, y: box.y - room, w: box.w + 2 * room, h: box.h + room + 2 };
}

function finish(pen) {
  const { style, frame, memory, panel } = pen;
  const edge = 3 * style.k;
  // Below the floor and in the top left corner stand the axes' own words.
  const floor = panel.axes && panel.axes.frame !== "none";
  const box = { x: edge, y: 1, w: frame.width - 2 * edge, h: (floor ? frame.box.y + frame.box.h : frame.height) - 2 };
  if (floor && panel.axes.y?.label) pen.obstacles.push({ x: 0, y: 0, w: frame.box.x + 6 * style.size.axis_text, h: frame.box.y });
  if (pen.remarks.size) pen.obstacles.push({ x: 0.5 * frame.width, y: 0, w: 0.5 * frame.width, h: frame.box.y });
  const labels = placeLabels(pen.labels, { obstacles: pen.obstacles, lines: pen.lines, box, style, memory });
  pen.front.push(...labels);
  for (const handle of pen.handles) pen.front.push(...handleItems(handle, pen));
  if (panel.title) pen.front.push(titleItem(pen));
}

function titleItem({ panel, frame, style, scene }) {
  return {
    t: "text", text: scene.fill(panel.title), x: frame.width / 2, y: frame.height - 6 * style.k,
    size: style.size.label, weight: 600, fill: style.colour("muted"), anchor: "middle",
  };
}

/** Disc, gap in page colour, ring. Nothing else on any page has this shape. */
export function handleItems(handle, { style, focus }) {
  const lit = focus === handle.key;
  const { x, y } = handle, ink = style.colour("ink"), page = style.colour("page");
  const ring = style.size.handle_ring, disc = style.size.handle_disc;
  const width = (lit ? 3 : 1.6) * (style.k > 1 ? style.k : 1);
  return [
    { t: "disc", x, y, r: ring + width / 2, fill: page },
    { t: "disc", x, y, r: ring - width / 2 + 0.5, fill: page, stroke: ink, width },
    { t: "disc", x, y, r: disc, fill: ink },
  ];
}

function drawOutline(pen) {
  const { panel, frame, style, back, lines } = pen;
  if (!Array.isArray(panel.outline)) return;
  const pts = panel.outline.flatMap(([X, Y]) => [frame.toX(X), frame.toY(Y)]);
  lines.push(pts);
  back.push({ t: "path", pts, closed: true, stroke: style.colour("axis"), width: style.size.axis, fill: style.colour("panel"), fillAlpha: 0.55 });
}
