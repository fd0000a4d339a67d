/** Marks of a row of curves: what stands at a number x, on a curve or at a height of its own; and handles that slide along x. */
import { outcomes } from "./graph.js";
import { parameter, roundStep } from "./handles.js";
import { isStale } from "./marks.js";
import { limitsOf, valueWith } from "./plain.js";
import { formatNumber } from "./text.js";

export function drawRowMark(pen, place, mark, index) {
  const draw = Object.hasOwn(MARKS, mark.kind) ? MARKS[mark.kind] : null;
  if (draw) draw(pen, place, mark, mark.id ?? `${place.row.id ?? place.index}:${index}`);
}

/** The height a mark stands at: of the curve it is on, its own, or zero. */
function heightAt(pen, place, mark, x) {
  const on = mark.on ?? mark.from;
  if (on != null && typeof on === "string" && place.named.has(on)) return place.named.get(on).f.at(x);
  return mark.y == null ? 0 : pen.scene.number(mark.y);
}

function spot(pen, place, mark, x = pen.scene.number(mark.x)) {
  return [pen.frame.toX(x), place.scale.toY(heightAt(pen, place, mark, x))];
}

const roleOf = (pen, mark) => pen.style.role(mark.role ?? "fisher");

const dashed = ({ style }) => [3 * style.k, 3 * style.k];

function label(pen, place, mark, id, x, y, extra = {}) {
  if (!mark.label) return;
  const { style } = pen;
  pen.labels.push({
    id: `${place.index} ${id}`, text: pen.scene.fill(mark.label), x, y, gap: 7 * style.k, size: style.size.label, weight: 600,
    fill: roleOf(pen, mark).colour, prefer: SIDES[mark.label_side] ?? ["ne", "nw", "e", "w"], row: place, ...extra,
  });
}

const SIDES = { above: ["n", "ne", "nw"], below: ["s", "se", "sw"], left: ["w", "nw", "sw"], right: ["e", "ne", "se"] };

/** The height of a named mark on a curve is one of the figure's numbers. */
function reading(pen, place, mark, x) {
  const name = mark.name ?? mark.label, curve = place.named.get(mark.on);
  if (!name || !curve) return;
  const what = pen.scene.fill(curve.curve.name ?? curve.curve.label ?? place.row.label ?? "");
  pen.readings.push([[what, pen.scene.fill(name)].filter(Boolean).join(", "), formatNumber(curve.f.at(x), ".4g")]);
}

const MARKS = {
  dot(pen, place, mark, id) {
    const x = pen.scene.number(mark.x), [px, py] = spot(pen, place, mark, x);
    if (!Number.isFinite(px + py)) return;
    const { style } = pen, r = (mark.small ? 3.2 : 5) * style.k, { colour } = roleOf(pen, mark);
    // beyond the row's scale it would stand in another row
    if (within(pen, px) && py > place.top - 2 * r) {
      pen.front.push({ t: "disc", x: px, y: py, r: r + 2 * style.k, fill: style.colour("page") });
      pen.front.push(mark.open ? { t: "disc", x: px, y: py, r, fill: style.colour("page"), stroke: colour, width: 1.8 * style.k } : { t: "disc", x: px, y: py, r, fill: colour });
      pen.obstacles.push({ x: px - r, y: py - r, w: 2 * r, h: 2 * r });
      label(pen, place, mark, id, px, py, { gap: r + 3 * style.k });
    }
    reading(pen, place, mark, x);
  },

  /** Many small dots: "xs" (numbers, expressions or the name of a list) on a curve, at a height, or in a row on zero. */
  dots(pen, place, mark) {
    const xs = typeof mark.xs === "string" ? pen.scene.numbers(mark.xs) : (mark.xs ?? []).map((x) => pen.scene.number(x));
    const pts = [...xs].flatMap((x, i) => spot(pen, place, mark.ys ? { y: mark.ys[i] } : mark, x));
    pen.front.push({ t: "dots", pts, r: 2.6 * pen.style.k, fill: roleOf(pen, { role: mark.role ?? "data" }).colour, fillAlpha: isStale(pen, mark) ? 0.22 : 1 });
  },

  /** From a curve down (or up) to zero, or to another curve. */
  dropline(pen, place, mark, id) {
    const x = pen.scene.number(mark.x), [px, py] = spot(pen, place, mark, x), { style } = pen;
    const end = place.named.has(mark.to) ? place.scale.toY(place.named.get(mark.to).f.at(x)) : place.scale.zero ?? place.floor;
    if (!Number.isFinite(px + py) || !within(pen, px)) return;
    pen.front.push({ t: "path", pts: [px, py, px, end], stroke: roleOf(pen, mark).colour, width: style.size.thin * 1.3, dash: dashed(pen) });
    label(pen, place, mark, id, px, (py + end) / 2, { prefer: ["e", "w"] });
  },

  /** A line at x through the whole row; as a mark of the panel, through all rows. */
  guide(pen, place, mark, id) {
    const px = pen.frame.toX(pen.scene.number(mark.x)), { style } = pen;
    if (!within(pen, px)) return;
    pen.front.push({ t: "path", pts: [px, place.top, px, place.floor], stroke: roleOf(pen, { role: mark.role ?? "muted" }).colour, width: style.size.thin, dash: dashed(pen), alpha: 0.8 });
    if (place.index === (mark.row ?? 0)) label(pen, place, { role: "muted", ...mark }, id, px, place.top, { prefer: ["e", "w"] });
  },

  /** A line at height y through the row. */
  level(pen, place, mark, id) {
    const y = place.scale.toY(pen.scene.number(mark.y)), { box } = pen.frame;
    if (!Number.isFinite(y)) return;
    pen.front.push({ t: "path", pts: [box.x, y, box.x + box.w, y], stroke: roleOf(pen, { role: mark.role ?? "muted" }).colour, width: pen.style.size.thin, dash: dashed(pen) });
    label(pen, place, { role: "muted", ...mark }, id, pen.frame.toX(mark.label_at == null ? pen.frame.x1 : pen.scene.number(mark.label_at)), y, { prefer: ["nw", "n", "s"] });
  },

  /** A thick bar from "from" to "to" at a height. */
  interval(pen, place, mark, id) {
    const ends = [mark.from, mark.to].map((end) => pen.frame.toX(pen.scene.number(end)));
    const y = place.scale.toY(mark.y == null ? 0 : pen.scene.number(mark.y)), { colour } = roleOf(pen, mark), { box } = pen.frame;
    if (!ends.every(Number.isFinite)) return;
    const [a, b] = ends.map((x) => Math.min(box.x + box.w, Math.max(box.x, x)));
    pen.front.push({ t: "path", pts: [a, y, b, y], stroke: colour, width: 6 * pen.style.k * (pen.lit === id ? 1.4 : 1) });
    pen.hits.push({ id, pts: [a, y, b, y] });
    label(pen, place, mark, id, (a + b) / 2, y, { prefer: ["n", "s"] });
  },

  text(pen, place, mark, id) {
    const [px, py] = spot(pen, place, mark);
    label(pen, place, { role: "muted", ...mark }, id, px, py, { gap: 0.1 });
  },

  handle(pen, place, mark, id) {
    const handle = sliding(pen, place, mark, id);
    const { x, y } = handle;
    if (!Number.isFinite(x + y)) return;
    const { style } = pen, ring = style.size.handle_ring;
    if (pen.nudge?.value === mark.value) handle.x += pen.nudge.shift;
    pen.handles.push(handle);
    pen.obstacles.push({ x: x - ring - 1, y: y - ring - 1, w: 2 * ring + 2, h: 2 * ring + 2 });
    const text = pen.scene.fill(mark.label ?? "");
    const prefer = mark.label_side === "left" ? ["nw", "w", "ne"] : ["ne", "nw", "e", "w"];
    const letter = { gap: (ring + 1) / 0.75, size: style.size.handle_letter, weight: 700, fill: style.colour("ink"), prefer, firm: true };
    pen.labels.unshift({ id: `${place.index} ${id}`, text, x, y, row: place, ...letter });
    reading(pen, place, mark, pen.frame.fromX(x));
  },
};

const within = ({ frame: { box } }, x) => x >= box.x - 0.5 && x <= box.x + box.w + 0.5;

/** A handle whose place is a number on the x axis: a value, or one coordinate of it; "sign" −1 puts it on the other side. */
function sliding(pen, place, mark, id) {
  const { scene, frame, panel } = pen, sign = mark.sign === -1 ? -1 : 1, k = mark.coordinate ?? 0;
  const number = () => [scene.values[mark.value]].flat()[k];
  const ends = windowOf(frame, sign, limitsOf(scene, mark.value, k));
  const steps = panel.discrete ? outcomes(panel, [frame.x0, frame.x1]) : null;
  const atNow = () => {
    const x = sign * number(), y = place.scale.toY(heightAt(pen, place, mark, x));
    return { x: frame.toX(x), y: Math.min(place.floor, Math.max(place.top, Number.isFinite(y) ? y : place.scale.zero ?? place.floor)) };
  };
  const handle = {
    key: `${panel.id ?? ""}:${mark.value}:${place.index}:${k}:${sign}`, mark, id, row: place.index, ...atNow(),
    now: () => ({ ...handle, ...atNow() }),
    valueAt(px) {
      const x = snapped(frame.fromX(px), mark.step, steps);
      return valueWith(scene, mark.value, k, Math.min(ends[1], Math.max(ends[0], sign * x)));
    },
    stepped(way, factor) {
      const x = sign * number();
      if (steps) return [frame.toX(neighbour(steps, x, way)), 0];
      const step = mark.step ?? roundStep(frame.x1 - frame.x0) * factor;
      return [frame.toX(x + way * (mark.step ? step * Math.max(1, factor) : step)), 0];
    },
    away: (x, y) => Math.abs(x - handle.x) + (y >= place.y && y <= place.y + place.h ? 0 : 1e4),
    told: () => ({ now: number(), range: ends, text: spoken(pen, place, mark, number(), sign * number(), k) }),
  };
  return handle;
}

/** As far as the window and the value's limits reach, in the value's own numbers. */
function windowOf({ x0, x1 }, sign, [lo, hi]) {
  const [a, b] = sign < 0 ? [-x1, -x0] : [x0, x1];
  return [Math.max(a, lo), Math.min(b, hi)];
}

function snapped(x, step, steps) {
  if (steps) return nearest(steps, x);
  return step > 0 ? Math.round(x / step) * step : x;
}

const nearest = (list, x) => list.reduce((best, one) => (Math.abs(one - x) < Math.abs(best - x) ? one : best));

function neighbour(steps, x, way) {
  const at = steps.indexOf(nearest(steps, x)) + way;
  return steps[Math.min(steps.length - 1, Math.max(0, at))];
}

/** "1.54, score 0.33" */
function spoken(pen, place, mark, value, x, k) {
  const { scene } = pen, curve = place.named.get(mark.on);
  const own = parameter(value, [scene.coordinates(mark.value)[k]].find((c) => Array.isArray(scene.values[mark.value]) && c));
  if (mark.said) return scene.fill(mark.said, { x, y: curve?.f.at(x) });
  if (!curve) return own;
  const what = scene.fill(curve.curve.name ?? curve.curve.label ?? place.row.label ?? "");
  return `${own}, ${what} ${formatNumber(curve.f.at(x), ".3g")}`.replace("  ", " ");
}
