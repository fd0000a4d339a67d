/**
 * The marks: each turns one entry of `marks` into descriptions for the painters. A pen carries the scene, the chart and
 * the lists to write to; `pen.project` puts points of the model on the panel, whatever kind of panel it is.
 */
import { remember } from "./alike.js";
import { ASIDE, sublevel } from "./contour.js";
import { singularPlace, slants } from "./hatch.js";
import { outline, usable } from "./scene.js";
import { formatNumber } from "./text.js";
import { clip, refine, strands } from "./trace.js";

export function drawMark(pen, mark, index) {
  const draw = Object.hasOwn(MARKS, mark.kind) ? MARKS[mark.kind] : null;
  if (draw) draw(pen, mark, mark.id ?? mark.of ?? `${pen.panel.id ?? ""}#${index}`, index);
}

/** Pixels of points given in the model's own coordinates u. */
function project(pen, points, mark) {
  return pen.projectXi(pen.chartOf(mark).fromUBatch(points), mark);
}

function projectOne(pen, u, mark) {
  return usable(u) ? pen.projectXi(pen.chartOf(mark).fromU(u), mark) : [NaN, NaN];
}

const MARKS = {
  path(pen, mark, id) {
    const path = pen.scene.results.get(mark.of);
    if (!usablePath(pen, path)) return;
    const pts = refine(project(pen, path.points, mark), (t) => projectOne(pen, path.at(t), mark));
    const line = lineStyle(pen, mark, id);
    pen.front.push({ t: "path", pts, ...line });
    pen.lines.push(pts);
    pen.hits.push({ id, pts });
    ticks(pen, mark, path, line);
    exitArrow(pen, pts, line);
    labelPath(pen, mark, id, path, line);
  },

  // On one line all paths run through the same places; only their pace tells them apart.
  track: (pen, mark, id) => MARKS.path(pen, { pace: "parameter", ...mark }, id),

  dot(pen, mark, id) {
    const [x, y] = projectOne(pen, pen.point(mark.at), mark);
    if (!Number.isFinite(x + y)) return void limitDot(pen, mark);
    const fill = role(pen, mark).colour;
    const r = 5 * pen.style.k;
    pen.front.push({ t: "disc", x, y, r: r + 2 * pen.style.k, fill: pen.style.colour("page") });
    pen.front.push({ t: "disc", x, y, r, fill });
    pen.obstacles.push(square(x, y, r));
    label(pen, mark, `${id}:dot`, x, y, { gap: r + 4 * pen.style.k });
  },

  ellipse: closedCurve,
  ball: closedCurve,

  fan(pen, mark, id) {
    const fan = pen.scene.results.get(mark.of);
    if (!fan?.ok) return;
    const d = pen.scene.model.d;
    const pts = project(pen, fan.points, mark);
    const per = fan.steps + 1, line = lineStyle(pen, mark, id);
    if (mark.rim) return d > 2 ? undefined : rim(pen, mark, id, pts, fan, per, line);
    const { room, pts: broken } = strands(pts, fan.lanes, per, pen.cache.get(`strands ${id}`));
    pen.cache.set(`strands ${id}`, room);
    for (let lane = 0; lane < fan.lanes; lane++)
      if (fan.status[lane]) openDot(pen, pts[((lane + 1) * per - 1) * 2], pts[((lane + 1) * per - 1) * 2 + 1], line.stroke);
    tellWhereItLeft(pen, pts, fan, per);
    pen.front.push({ t: "path", pts: broken, ...line, width: pen.style.size.thin, dash: [], alpha: 0.55 });
    if (d === 1) return;
    pen.hits.push({ id, pts: broken });
  },

  discs(pen, mark, id) {
    const path = pen.scene.results.get(mark.along);
    const radius = pen.scene.number(mark.radius);
    if (!path?.ok || !(radius > 0)) return;
    const count = Math.max(1, mark.count ?? 7), round = 40;
    const out = new Float64Array(count * (round + 1) * 2).fill(NaN);
    for (let k = 0; k < count; k++) {
      const f = count === 1 ? 0.5 : k / (count - 1);
      const u = path.atLength ? path.atLength(f) : path.at(f);
      if (usable(u)) out.set(pen.projectXi(pen.chartOf(mark).ellipse(u, radius, round), mark), k * (round + 1) * 2);
    }
    pen.front.push(quiet(pen, mark, out));
    pen.hits.push({ id, pts: out });
  },

  tiling(pen, mark, id, index) {
    if (pen.narrow) return;
    const radius = pen.scene.number(mark.radius);
    if (!(radius > 0)) return;
    const near = mark.slice ? pen.point(mark.slice) : null, held = near && pen.chartOf(mark).held?.(near).join();
    const pts = remember(pen.cache, `tiling${index}`, [mark.points, radius, pen.frame, pen.chartOf(mark), held], () => tile(pen, mark, radius, near));
    pen.still.push(id, radius, held);
    pen.back.push(quiet(pen, mark, pts));
  },

  cloud(pen, mark, id, index) {
    if (mark.standard) return following(pen, mark, id, index);
    const pts = remember(pen.cache, `cloud${index}`, [mark.points, pen.frame, pen.chartOf(mark)], () => scatter(pen, mark));
    const stale = isStale(pen, mark);
    const fill = pen.style.role("data").colour;
    // Hundreds of dots that stand still while a hand moves need painting once.
    pen.still.push(id, stale, mark.points);
    pen.back.push({ t: "dots", pts, r: 1.7 * pen.style.k, fill, fillAlpha: stale ? 0.22 : 0.8 });
    if (!stale) label(pen, mark, id, ...farthest(pts));
  },

  /** Where the metric is singular: a dashed line, with a hatch beside it where it is nearly so. */
  hatch(pen, mark, id, index) {
    const chart = pen.chartOf(mark), { model } = pen.scene, { size, k } = pen.style;
    if (model?.d !== 2 || chart?.n !== 2) return;
    const { line, band } = remember(pen.cache, `hatch${index}`, [pen.frame, chart, model], () => singularPlace({ model, chart, frame: pen.frame }));
    const stroke = pen.style.colour("muted");
    pen.still.push(id);
    pen.back.push({ t: "clip", pts: band }, { t: "path", pts: slants(pen.frame.box, 7 * k), stroke, width: size.grid, alpha: 0.4 }, { t: "end" });
    pen.back.push({ t: "path", pts: line, stroke, width: 1.4 * size.thin, dash: [7 * k, 5 * k] });
    pen.lines.push(line);
    if (pen.narrow) return;
    const at = nearestTo(line, pen.frame.box.x + 0.3 * pen.frame.box.w), text = { label: pen.words("singular"), ...mark, role: "muted" };
    label(pen, text, `${id}:singular`, line[at], line[at + 1], { colour: stroke, prefer: ["nw", "n", "ne", "se", "s"] });
  },

  bands(pen, mark, id, index) {
    const target = pen.point(mark.target);
    if (!usable(target)) return;
    const moving = pen.moving === mark.target;
    const version = pen.scene.version(mark.target);
    const loss = mark.descent ? pen.scene.descents.get(mark.descent)?.made : mark.direction;
    const key = [mark.target, version, moving, mark.levels, loss, pen.frame, pen.chartOf(mark)];
    const levels = remember(pen.cache, `bands${index}`, key, () => contours(pen, mark, target, moving ? 40 : 96, moving ? 2 : 1));
    pen.still.push(id, mark.target, version, moving, loss, mark.levels);
    levels.forEach(({ pts, share }) => {
      const fill = pen.style.bands[Math.round(share * (pen.style.bands.length - 1))];
      pen.back.push({ t: "path", pts, closed: true, fill, stroke: pen.style.colour("hairline"), width: pen.style.size.grid, rule: "evenodd" });
    });
  },

  descent(pen, mark, id) {
    const run = pen.scene.results.get(mark.of);
    if (!run?.ok) return;
    const pts = project(pen, run.points, mark);
    const line = lineStyle(pen, mark, id);
    pen.hits.push({ id, pts });
    const seen = clip(pts, pen.frame.box);
    if (mark.thin) return void pen.front.push({ t: "path", pts: seen, ...line, alpha: pen.lit === id ? 1 : 0.6 });
    pen.front.push({ t: "path", pts: seen, ...line });
    if (run.steps <= 40 && mark.dots !== false) pen.front.push({ t: "dots", pts, r: 2.4 * pen.style.k, fill: line.stroke });
    pen.lines.push(pts);
    if (run.status === "left") openDot(pen, pts[pts.length - 2], pts[pts.length - 1], line.stroke);
    exitArrow(pen, pts, line, 1);
    // a name stands where its line is seen
    let at = 2 * Math.round(pen.scene.number(mark.label_at ?? 0.4, 0.4) * (pts.length / 2 - 1));
    while (at > 0 && !within(pen.frame.box, pts[at], pts[at + 1])) at -= 2;
    label(pen, mark, id, pts[at], pts[at + 1], { colour: line.stroke });
  },

  /** A line through points of the chart itself: axes of an ellipse, a boundary, a chord. */
  line(pen, mark, id) {
    const flat = (mark.points ?? []).flat().map((x) => (x === null ? NaN : pen.scene.number(x)));
    const pts = pen.projectXi(Float64Array.from(flat), mark);
    const line = lineStyle(pen, mark, id);
    pen.front.push({ t: "path", pts, ...line, closed: mark.closed });
    label(pen, mark, id, pts[0], pts[1], { colour: line.stroke });
  },

  text(pen, mark, id) {
    const [x, y] = mark.at ? projectOne(pen, pen.point(mark.at), mark) : pen.projectXi([pen.scene.number(mark.x), pen.scene.number(mark.y)], mark);
    label(pen, mark, id, x, y, { gap: 0.1 });
  },

  /** From one point to another, or a tangent vector, straight in the chart. */
  arrow(pen, mark, id) {
    const along = mark.of ? pen.scene.results.get(mark.of) : null;
    const [x0, y0] = projectOne(pen, along ? along.u : pen.point(mark.from), mark);
    const tip = along?.ok ? pen.projectXi(outline(along, pen.chartOf(mark)), mark) : projectOne(pen, pen.point(mark.to), mark);
    const [x1, y1] = tip;
    if (!Number.isFinite(x0 + y0 + x1 + y1)) return;
    const line = lineStyle(pen, mark, id), length = Math.hypot(x1 - x0, y1 - y0), pts = [x0, y0, x1, y1];
    // the line ends inside its head, which comes to a point
    const s = Math.max(0, 1 - (6 * pen.style.k) / (length || 1));
    pen.front.push({ t: "path", pts: [x0, y0, x0 + s * (x1 - x0), y0 + s * (y1 - y0)], ...line, dash: mark.dash ? line.dash : [] });
    head(pen, x1, y1, x1 - x0, y1 - y0, line.stroke);
    pen.hits.push({ id, pts });
    label(pen, mark, id, x1, y1, { colour: line.stroke });
  },

  interval(pen, mark, id) {
    const u = pen.point(mark.at), radius = pen.scene.number(mark.radius);
    if (!usable(u) || !(radius > 0)) return;
    if (mark.caps) return whisker(pen, mark, id, barEnds(pen, mark, u, radius));
    pen.front.push({ ...bar(pen, mark, id, [u], radius), alpha: isStale(pen, mark) ? 0.35 : 1 });
  },

  intervals(pen, mark, id) {
    const radius = pen.scene.number(mark.radius);
    const all = (mark.points ?? []).map((theta) => pen.point([theta].flat())).filter(usable);
    pen.still.push(id, radius);
    if (!(radius > 0)) return;
    const us = mark.apart ? apart(pen, all, radius) : all;
    pen.front.push(bar(pen, mark, id, us, radius));
  },

  /** Lines from row to row through points that stand still; those of named values move and are drawn in front. */
  threads(pen, mark) {
    if (!pen.rows) return;
    const live = (mark.points ?? []).some((point) => typeof point === "string");
    const pts = [];
    for (const point of mark.points ?? []) pts.push(...thread(pen, typeof point === "string" ? point : [point].flat()));
    const given = role(pen, mark), { size } = pen.style;
    if (live) return void pen.front.push({ t: "path", pts, stroke: given.colour, width: 1.5 * size.thin, dash: given.dash, cap: given.cap });
    pen.still.push("threads");
    pen.back.push({ t: "path", pts, stroke: given.colour, width: size.thin, alpha: 0.4 });
  },

  point(pen, mark, id) {
    const [x, y] = projectOne(pen, pen.point(mark.value ?? mark.at), mark);
    if (!Number.isFinite(x + y)) return;
    const { style } = pen, r = 5 * style.k;
    pen.front.push({ t: "disc", x, y, r: r + 2 * style.k, fill: style.colour("page") });
    pen.front.push({ t: "disc", x, y, r, fill: role(pen, { role: mark.role ?? "ink" }).colour });
    pen.obstacles.push(square(x, y, r));
    label(pen, { ...mark, role: mark.role ?? "muted" }, id, x, y, { prefer: ["e", "w", "ne"], gap: r + 4 * style.k });
  },

  handle(pen, mark, id, index) {
    const u = pen.point(mark.value);
    const [at, y] = projectOne(pen, u, mark);
    if (!Number.isFinite(at + y)) return;
    const x = pen.rows ? onRuler(pen, at, y) : at;
    const { style } = pen, ring = style.size.handle_ring;
    const nudge = pen.nudge?.value === mark.value ? pen.nudge.shift : 0;
    const handle = { key: `${pen.panel.id ?? ""}:${mark.value}:${mark.row ?? ""}`, mark, u, x: x + nudge, y, index, row: mark.row };
    pen.handles.push(handle);
    pen.obstacles.push(square(x, y, ring + 1));
    const text = mark.label ?? mark.value;
    const prefer = mark.label_side === "right" ? ["ne", "e", "nw"] : mark.label_side === "left" ? ["nw", "w", "ne"] : ["ne", "nw"];
    pen.labels.unshift({
      id: `${id}:${mark.value}`, text: pen.scene.fill(text, { xi: pen.chartOf(mark).fromU(u)[0] }), x, y, gap: (ring + 1) / 0.75, size: style.size.handle_letter, weight: 700,
      fill: style.colour("ink"), prefer, firm: true,
    });
  },
};

function usablePath(pen, path) {
  if (path && !path.ok) pen.notices.push(path.reason);
  return Boolean(path?.ok);
}

function closedCurve(pen, mark, id) {
  const curve = pen.scene.results.get(mark.of);
  if (!curve) return;
  if (!curve.ok) {
    if (curve.reason) pen.notices.push(curve.reason);
    return;
  }
  const pts = pen.projectXi(outline(curve, pen.chartOf(mark), mark.section), mark);
  // Where a ray never meets the level the curve is open, and is left open.
  if (curve.open) curve.found.forEach((found, i) => found || pts.fill(NaN, 2 * i, 2 * i + 2));
  const stale = isStale(pen, mark), line = { ...lineStyle(pen, mark, id), alpha: stale ? 0.35 : 1 };
  const fill = mark.fill && !curve.open ? { fill: line.stroke, fillAlpha: pen.style.dark ? 0.12 : 0.07 } : {};
  pen.front.push({ t: "path", pts, closed: !curve.open, ...line, ...fill });
  pen.lines.push(pts);
  pen.hits.push({ id, pts });
  if (stale) return;
  const at = firstInside(pen.frame.box, pts, 2 * Math.round((mark.label_at ?? 0.12) * (pts.length / 2 - 1)));
  label(pen, mark, id, pts[at], pts[at + 1], { colour: line.stroke, prefer: ["ne", "e", "se"] });
}

/** Where a closed curve is first inside a box, from index `from` on; `from` itself where it never is. */
function firstInside({ x, y, w, h }, pts, from) {
  for (let k = 0; k < pts.length; k += 2) {
    const i = (from + k) % pts.length;
    if (pts[i] >= x && pts[i] <= x + w && pts[i + 1] >= y && pts[i + 1] <= y + h) return i;
  }
  return from;
}

/** The shortest length at which a line of the fan reaches the edge of the model; and whether one leaves the picture. */
function tellWhereItLeft(pen, pts, fan, per) {
  if (!pen.remarks) return;
  const { box } = pen.frame;
  let least = Infinity, outside = false;
  for (let lane = 0; lane < fan.lanes; lane++) {
    const end = ((lane + 1) * per - 1) * 2, x = pts[end], y = pts[end + 1];
    if (fan.status[lane] === 1) least = Math.min(least, fan.reached[lane]);
    outside ||= x < box.x || x > box.x + box.w || y < box.y || y > box.y + box.h;
  }
  if (least < Infinity) pen.remarks.set("left_model", { length: formatNumber(least, ".2f") });
  if (outside) pen.remarks.set("fan_left_window");
}

function rim(pen, mark, id, pts, fan, per, line) {
  const out = [];
  for (let lane = 0; lane < fan.lanes; lane++) {
    const k = ((lane + 1) * per - 1) * 2;
    out.push(...(fan.status[lane] ? [NaN, NaN] : [pts[k], pts[k + 1]]));
  }
  const open = fan.status.some(Boolean);
  pen.front.push({ t: "path", pts: out, closed: !open, ...line });
  pen.lines.push(out);
  pen.hits.push({ id, pts: out });
  label(pen, mark, id, out[0], out[1], { colour: line.stroke });
}

function role(pen, mark) {
  return pen.style.role(mark.role ?? "fisher");
}

function lineStyle(pen, mark, id) {
  const given = role(pen, mark);
  let width = mark.thin ? pen.style.size.thin : mark.hero ? pen.style.size.hero : mark.hero === false ? pen.style.size.path : given.width;
  if (pen.lit === id) width *= 1.5;
  const dash = mark.dash?.map((length) => length * pen.style.k) ?? given.dash;
  return { stroke: given.colour, width, dash, cap: given.cap };
}

/** Thin outline, nearly empty inside: what stands behind the thing to look at. */
function quiet(pen, mark, pts) {
  const { colour } = role(pen, mark), { style } = pen;
  return {
    t: "path", pts, closed: true, stroke: colour, width: style.size.thin, alpha: 0.45, fill: colour,
    fillAlpha: mark.fill === false ? 0 : style.dark ? 0.1 : 0.05,
  };
}

function ticks(pen, mark, path, line) {
  if (!(mark.ticks > 1)) return;
  const pts = [];
  for (let k = 1; k < mark.ticks - 1; k++) {
    const f = k / (mark.ticks - 1);
    const u = path.atLength && mark.pace !== "parameter" ? path.atLength(f) : path.at(f);
    pts.push(...projectOne(pen, u, mark));
  }
  pen.front.push({ t: "dots", pts, r: 4.2 * pen.style.k, fill: pen.style.colour("page") });
  pen.front.push({ t: "dots", pts, r: 2.9 * pen.style.k, fill: line.stroke });
}

function labelPath(pen, mark, id, path, line) {
  if (!mark.label) return;
  const f = pen.scene.number(mark.label_at ?? 0.5, 0.5);
  const [x, y] = projectOne(pen, path.at(Math.min(1, Math.max(0, f))), mark);
  label(pen, mark, id, x, y, { colour: line.stroke, gap: (mark.gap ?? 9) * pen.style.k });
}

function label(pen, mark, id, x, y, { colour, gap, prefer } = {}) {
  if (!mark.label) return;
  const { style } = pen;
  pen.labels.push({
    id, text: pen.scene.fill(mark.label), x, y, gap: gap ?? 7 * style.k, size: style.size.label, weight: style.weight.label ?? 600,
    fill: colour ?? role(pen, mark).colour, prefer: mark.label_side ? SIDES[mark.label_side] ?? prefer : prefer,
  });
}

const SIDES = {
  above: ["n", "ne", "nw"], below: ["s", "se", "sw"], left: ["w", "nw", "sw"], right: ["e", "ne", "se"],
};

const square = (x, y, r) => ({ x: x - r, y: y - r, w: 2 * r, h: 2 * r });

/** A handle beyond the end of its row waits at the end, with an arrow to where it is. */
function onRuler(pen, x, y) {
  const { box } = pen.frame, reached = Math.min(box.x + box.w, Math.max(box.x, x)), side = Math.sign(x - reached);
  if (side) head(pen, reached + side * 22 * pen.style.k, y, side, 0, pen.style.colour("ink"));
  return reached;
}

/** What lies at no member but at the end of a row, as an estimate may, is an open dot there, or an arrow to infinity. */
function limitDot(pen, mark) {
  const u = pen.scene.limit(mark.at);
  if (!u || !pen.rows) return;
  const [x, y] = pen.projectXi(pen.chartOf(mark).fromU(u), mark), { colour } = role(pen, mark), { box } = pen.frame;
  if (!Number.isFinite(y) || Number.isNaN(x)) return;
  if (Number.isFinite(x)) openDot(pen, x, y, colour);
  else head(pen, x > 0 ? box.x + box.w + 20 * pen.style.k : box.x - 20 * pen.style.k, y, x, 0, colour);
  const end = Math.min(box.x + box.w, Math.max(box.x, x));
  label(pen, Number.isFinite(x) ? mark : { ...mark, label: x > 0 ? "∞" : "−∞" }, `${mark.at}:limit`, end, y, { prefer: ["s", "sw", "se"], gap: 10 * pen.style.k });
}

function openDot(pen, x, y, stroke) {
  pen.front.push({ t: "disc", x, y, r: 3.2 * pen.style.k, fill: pen.style.colour("page"), stroke, width: 1.6 * pen.style.k });
}

function head(pen, x, y, dx, dy, fill) {
  const size = 10 * pen.style.k, length = Math.hypot(dx, dy) || 1;
  const ux = dx / length, uy = dy / length;
  const pts = [x, y, x - size * ux - 0.5 * size * uy, y - size * uy + 0.5 * size * ux, x - size * ux + 0.5 * size * uy, y - size * uy - 0.5 * size * ux];
  pen.front.push({ t: "path", pts, closed: true, fill });
}

const within = (box, x, y) => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h;

/** Where a path leaves the window, an arrow at the edge says that it goes on. */
function exitArrow(pen, pts, line, most = 4) {
  const { box } = pen.frame;
  let inside = within(box, pts[0], pts[1]);
  for (let i = 0, drawn = 0; i + 3 < pts.length && drawn < most; i += 2) {
    const x0 = pts[i], y0 = pts[i + 1], x1 = pts[i + 2], y1 = pts[i + 3];
    const leaves = inside && !(inside = within(box, x1, y1));
    if (!leaves || !Number.isFinite(x1 + y1)) continue;
    drawn++;
    pen.remarks?.set("left_window");
    const s = Math.min(share(x0, x1, box.x, box.x + box.w), share(y0, y1, box.y, box.y + box.h));
    head(pen, x0 + s * (x1 - x0), y0 + s * (y1 - y0), x1 - x0, y1 - y0, line.stroke);
  }
}

const share = (from, to, lo, hi) => (to > hi ? (hi - from) / (to - from) : to < lo ? (lo - from) / (to - from) : 1);

/** Ellipses; in a slice their sections, which follow it as it moves. */
function tile(pen, mark, radius, near) {
  const out = [], chart = pen.chartOf(mark), outlineOf = near ? chart.section : chart.ellipse;
  for (const theta of mark.points ?? []) {
    const given = pen.point(theta), u = near && usable(given) ? chart.toU(chart.fromU(given), near) : given;
    if (usable(u)) out.push(...pen.projectXi(outlineOf(u, radius, 56), mark), NaN, NaN);
  }
  return Float64Array.from(out);
}

function scatter(pen, mark) {
  const out = [];
  for (const theta of mark.points ?? []) out.push(...projectOne(pen, pen.chartOf(mark).plain ? theta : pen.scene.model.fromTheta(theta), mark));
  return Float64Array.from(out);
}

/** A cloud about the standard member (0, 1) of a location–scale family: about (μ, σ) it is μ + σa, σb, and follows the hand. */
function following(pen, mark, id, index) {
  const [mu, sigma] = pen.scene.values[mark.of];
  const standard = remember(pen.cache, `standard${index}`, [mark.points], () => Float64Array.from(mark.points.flat()));
  const pts = remember(pen.cache, `cloud${index}`, [mark.points, pen.frame, pen.chartOf(mark), mu, sigma], () => {
    const theta = standard.map((x, i) => sigma * x + (i % 2 ? 0 : mu));
    return project(pen, pen.scene.model.fromThetaBatch(theta), mark);
  });
  pen.front.push({ t: "dots", pts, r: 1.7 * pen.style.k, fill: pen.style.role("data").colour, fillAlpha: 0.8 });
  label(pen, mark, id, ...farthest(pts));
}

/** What Python found belongs to the values it was found for; until it has found it anew it is shown grey. */
export function isStale(pen, mark) {
  const { scene } = pen;
  if (pen.moving && (pen.moving === mark.of || (mark.for && pen.moving in mark.for))) return true;
  return Object.entries(mark.for ?? {}).some(([name, value]) => !close(scene.values[name], value));
}

function close(a, b) {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((x, i) => close(x, b[i]));
  return typeof a === "number" && typeof b === "number" ? Math.abs(a - b) <= 1e-6 * (1 + Math.abs(b)) : a === b;
}

function farthest(pts) {
  let best = 0;
  for (let i = 2; i < pts.length; i += 2) if (pts[i] > pts[best]) best = i;
  return [pts[best], pts[best + 1]];
}

function contours(pen, mark, target, resolution, grain) {
  const { frame, scene } = pen, chart = pen.chartOf(mark), d = scene.model.d;
  const [x0, x1, y0, y1] = frame.window;
  const nx = resolution, ny = Math.max(12, Math.round((resolution * frame.box.h) / frame.box.w));
  const points = new Float64Array(nx * ny * d).fill(NaN);
  // A slice is the one through the target.
  let near = chart.flat ? target : null;
  for (let j = 0; j < ny; j++)
    for (let i = 0; i < nx; i++) {
      const u = chart.toU([x0 + ((x1 - x0) * (i + ASIDE)) / (nx - 1), y0 + ((y1 - y0) * (j + ASIDE)) / (ny - 1)], near);
      if (usable(u)) points.set(u, (j * nx + i) * d), (near = u);
    }
  const descent = mark.descent ? scene.descents.get(mark.descent)?.made : null;
  const field = descent ? descent.losses(points, scene.model.toTheta(target)) : scene.model.klBatch(target, points, mark.direction ?? "from", grain);
  const levels = [...(mark.levels ?? [0.05, 0.2, 0.7, 2])].sort((a, b) => b - a);
  return levels.map((level, k) => {
    const grid = sublevel(field, nx, ny, level);
    const pts = new Float64Array(grid.length);
    for (let i = 0; i < grid.length; i += 2) {
      pts[i] = frame.box.x + (grid[i] / (nx - 1)) * frame.box.w;
      pts[i + 1] = frame.box.y + frame.box.h - (grid[i + 1] / (ny - 1)) * frame.box.h;
    }
    return { pts, share: (k + 1) / levels.length };
  });
}

/** Where in a list of points stands the one whose x is nearest. */
function nearestTo(pts, x) {
  let best = 0;
  for (let i = 0; i < pts.length; i += 2) if (!(Math.abs(pts[i] - x) >= Math.abs(pts[best] - x))) best = Number.isFinite(pts[i]) ? i : best;
  return best;
}

/** Every k-th point, counted from the middle, k the least for which no two bars touch on any row. */
function apart(pen, us, radius) {
  const middle = (us.length - 1) >> 1, gap = 4 * pen.style.k;
  const rows = pen.rows.map((_, row) => us.map((u) => barEnds(pen, { row }, u, radius)));
  for (let k = 1; k < us.length; k++) {
    const kept = us.map((_, i) => i).filter((i) => (i - middle) % k === 0);
    if (rows.every((ends) => kept.every((i, j) => j === 0 || ends[i][0] - ends[kept[j - 1]][1] > gap))) return kept.map((i) => us[i]);
  }
  return us[middle] ? [us[middle]] : [];
}

/** The pixels where a bar begins and ends, left first, and its height. */
function barEnds(pen, mark, u, radius) {
  const [a, y, b] = pen.projectXi(pen.chartOf(mark).pushEllipse(u, pen.scene.model.ellipse(u, radius, 2)), mark);
  return a < b ? [a, b, y] : [b, a, y];
}

/** A line with a cap at each end, clear of a handle that would hide it. */
function whisker(pen, mark, id, [a, b, y]) {
  const cap = 4.5 * pen.style.k, line = { ...lineStyle(pen, mark, id), cap: "butt", alpha: isStale(pen, mark) ? 0.35 : 1 };
  const pts = [a, y, b, y, NaN, NaN, a, y - cap, a, y + cap, NaN, NaN, b, y - cap, b, y + cap];
  pen.front.push({ t: "path", pts, ...line, dash: [] });
  pen.obstacles.push({ x: a - 2, y: y - cap, w: b - a + 4, h: 2 * cap });
  pen.hits.push({ id, pts: [a, y, b, y] });
}

/** Thick bars of one Fisher radius to each side, in the row's own coordinate. */
function bar(pen, mark, id, us, radius) {
  const pts = [];
  for (const u of us) {
    const ends = pen.projectXi(pen.chartOf(mark).pushEllipse(u, pen.scene.model.ellipse(u, radius, 2)), mark);
    pts.push(...ends, NaN, NaN);
  }
  pen.hits.push({ id, pts });
  return { t: "path", pts, stroke: role(pen, mark).colour, width: 6 * pen.style.k * (pen.lit === id ? 1.4 : 1) };
}

function thread(pen, name) {
  const u = pen.point(name), out = [];
  if (!usable(u)) return out;
  const at = pen.rows.map((_, row) => pen.projectXi(pen.chartOf({ row }).fromU(u), { row }));
  for (let r = 0; r + 1 < at.length; r++) {
    const gap = 12 * pen.style.k;
    for (let k = 0; k <= 24; k++) {
      const s = k / 24, ease = s * s * (3 - 2 * s);
      out.push(at[r][0] + ease * (at[r + 1][0] - at[r][0]), at[r][1] + gap + s * (at[r + 1][1] - at[r][1] - 2 * gap));
    }
    out.push(NaN, NaN);
  }
  return out;
}
