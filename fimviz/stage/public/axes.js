/** Axes of a plane: a floor, faint lines across it, few numbers, and the names of the two coordinates. */
import { axisNumber, decimalsOf, niceTicks } from "./text.js";
import { textWidth } from "./painter.js";

/** Floor line, faint lines across, the spread's name at the top left and the mean's at the bottom right. */
export function drawAxes(pen, given) {
  const { panel, frame, style, back, texts } = pen;
  const axes = panel.axes;
  if (!axes || axes.frame === "none") return;
  const { box } = frame, size = style.size.axis_text, fill = style.colour("axis_text");
  const [x0, x1, y0, y1] = frame.window;
  const right = box.x + box.w, floor = box.y + box.h;
  const ys = levels(given.y ?? axes.y?.ticks, y0, y1, box.h / (46 * style.k));
  const xs = levels(given.x ?? axes.x?.ticks, x0, x1, box.w / (92 * style.k));
  for (const Y of ys.ticks) if (frame.toY(Y) < floor - 2) back.push(rule(pen, box.x, frame.toY(Y), right, frame.toY(Y)));
  if (given.x) for (const X of xs.ticks) back.push(rule(pen, frame.toX(X), box.y, frame.toX(X), floor));
  // A floor is where the model ends; the lower end of a mere window is drawn as one more faint line.
  const edge = axes.frame === "box" ? "hairline" : "axis";
  back.push({ t: "path", pts: [box.x, floor, right, floor], stroke: style.colour(edge), width: style.size.axis });
  const text = (string, x, y, anchor) => texts.push({ t: "text", text: string, x, y, size, fill, anchor, halo: style.colour("page"), haloWidth: style.size.halo * 0.7 });
  if (axes.y?.label) text(axes.y.label, box.x, box.y - size * 0.55, "start");
  if (axes.x?.label) text(axes.x.label, right, floor + size * 1.35, "end");
  drawTickNumbers(pen, xs, ys, text);
}

function rule({ style }, ...pts) {
  return { t: "path", pts, stroke: style.colour("grid"), width: style.size.grid };
}

function levels(given, lo, hi, most) {
  if (given === false) return { ticks: [], decimals: 0 };
  if (!Array.isArray(given)) return niceTicks(lo, hi, Math.max(2, most));
  const ticks = given.filter((v) => v >= lo && v <= hi);
  return { ticks, decimals: decimalsOf(...ticks), own: true };
}

function drawTickNumbers({ panel, frame, style }, xs, ys, text) {
  const { box } = frame, size = style.size.axis_text, floor = box.y + box.h;
  const axes = panel.axes;
  const stop = box.x + box.w - (axes.x?.label ? textWidth(axes.x.label, size, 400, style.family) + size : 0);
  for (const X of axes.x?.ticks === false ? [] : xs.ticks) {
    const label = axisNumber(X, xs.decimals), half = textWidth(label, size, 400, style.family) / 2;
    if (frame.toX(X) + half < stop && frame.toX(X) - half > box.x - 2) text(label, frame.toX(X), floor + size * 1.35, "middle");
  }
  let last = Infinity;
  for (const Y of axes.y?.ticks === false ? [] : ys.ticks) {
    const y = frame.toY(Y) - 3 * style.k;
    const free = last - y > size * 1.15 && floor - y > size * 0.8 && y - size > box.y - size * 0.4;
    if (!free) continue;
    text(axisNumber(Y, ys.own ? decimalsOf(Y) : ys.decimals), box.x, y, "start");
    last = y;
  }
}
