/**
 * A panel of kind "contours": densities of observations with two coordinates. One small picture a row, all of one size and
 * window; in each the outlines that hold half and nine tenths of the mass, and thin ghosts that hold half of theirs.
 */
import { remember } from "./alike.js";
import { massOutlines } from "./levels.js";
import { placeLabels } from "./labels.js";
import { agesOf, ghostPoints, mainPoint, thetasOf } from "./members.js";
import { textWidth } from "./painter.js";
import { reader, surfaceOf } from "./surface.js";
import { axisNumber, niceTicks } from "./text.js";

const SHARES = [0.5, 0.9];
const MAIN = 48; // cells a side
const GHOST = { rest: 40, moving: 18 };

export function drawContours(panel, width, height, context) {
  const { scene, cache, style } = context;
  const pen = {
    ...context, panel, frame: { kind: "contours", width, height },
    back: [], front: [], labels: [], lines: [], handles: [], hits: [], notices: [], still: [],
  };
  const rows = (Array.isArray(panel.rows) ? panel.rows : []).filter((row) => row && scene.shown(row.when));
  if (!rows.length || !scene.model) return pen;
  const surface = remember(cache, "surface", [panel], () => surfaceOf(panel));
  const cells = remember(cache, "cells", [panel, width, height, context.epoch, ...rows], () => cellsOf(rows, surface, width, height, style));
  pen.still.push(cells);
  for (const cell of cells) drawCell(pen, surface, cell);
  const box = { x: 2, y: 1, w: width - 4, h: height - 2 };
  pen.front.push(...placeLabels(pen.labels, { obstacles: [], lines: pen.lines, box, style, memory: context.memory }));
  caption(pen);
  return pen;
}

// --- places -----------------------------------------------------------------------------------------------------

/** As many columns as make the pictures largest. */
function cellsOf(rows, surface, width, height, style) {
  const [X0, X1, Y0, Y1] = surface.picture, name = style.size.label * 1.5, numbers = style.size.axis_text * 1.6, side = 10 * style.k;
  const unit = (columns) => {
    const w = width / columns - 2 * side, h = (height - numbers) / Math.ceil(rows.length / columns) - name - numbers;
    return Math.min(w / (X1 - X0), h / (Y1 - Y0));
  };
  const columns = rows.map((_, i) => i + 1).reduce((best, count) => (unit(count) > unit(best) + 1e-9 ? count : best), 1);
  const scale = Math.max(unit(columns), 10 / (X1 - X0)), each = width / columns, high = (height - numbers) / Math.ceil(rows.length / columns);
  return rows.map((row, index) => {
    const x = (index % columns) * each, y = Math.floor(index / columns) * high, w = scale * (X1 - X0), h = scale * (Y1 - Y0);
    const box = { x: x + (each - w) / 2, y: y + name, w, h };
    const toPx = (X, Y) => [box.x + (X - X0) * scale, box.y + h - (Y - Y0) * scale];
    return { row, index, box, toPx, left: x, top: y, each, high, scale };
  });
}

// --- one picture ------------------------------------------------------------------------------------------------

function drawCell(pen, surface, cell) {
  const { scene, cache, style, front } = pen, { row, index, box } = cell, id = row.id ?? row.path ?? row.point;
  drawGround(pen, surface, cell);
  const role = style.role(row.role ?? "fisher"), bold = pen.lit === id ? 1.4 : 1;
  const outlines = (theta, shares, n) => pixels(surface, cell, massOutlines(reader(surface, densityAt(scene, theta)), surface.window, shares, n));
  const n = scene.moving ? GHOST.moving : GHOST.rest;
  const ghosts = remember(cache, `ghosts${index}`, [n, cell, ...agesOf(row, scene)], () =>
    joined(thetasOf(ghostPoints(row, scene), scene).map((theta) => outlines(theta, SHARES.slice(0, 1), n)[0])));
  front.push({ t: "clip", x: box.x - 2, y: box.y - 2, w: box.w + 4, h: box.h + 4 });
  front.push({ t: "path", pts: ghosts, closed: true, stroke: role.colour, width: style.size.thin * bold, alpha: 0.5 });
  for (const [k, extra] of (row.extra ?? []).entries()) if (extra && scene.shown(extra.when)) drawMixture(pen, surface, cell, extra, k);
  for (const theta of thetasOf([mainPoint(row, scene)], scene)) {
    const [half, most] = remember(cache, `main${index}`, [cell, ...theta], () => outlines(theta, SHARES, MAIN));
    front.push({ t: "path", pts: most, closed: true, stroke: role.colour, width: style.size.path * 0.7 * bold, fill: role.colour, fillAlpha: style.dark ? 0.13 : 0.07 });
    front.push({ t: "path", pts: half, closed: true, stroke: role.colour, width: style.size.path * bold, fill: role.colour, fillAlpha: style.dark ? 0.2 : 0.12 });
  }
  front.push({ t: "end" });
  name(pen, cell, role);
  pen.hits.push({ id, box: { x: cell.left, y: cell.top, w: cell.each, h: cell.high } });
}

const densityAt = (scene, theta) => (xs) => scene.model.logDensity(xs, theta);

/** The true mixture of two members, dashed: it has the same outlines but is no member. */
function drawMixture(pen, surface, cell, given, k) {
  const { scene, style, cache } = pen, thetas = (given.mixture ?? []).map((name) => scene.values[name]).filter(Array.isArray);
  if (thetas.length !== 2) return;
  const weight = scene.number(given.weight ?? 0.5, 0.5);
  const pts = remember(cache, `mixture${cell.index}.${k}`, [cell, weight, ...thetas.flat()], () => {
    const both = (xs) => {
      const [a, b] = thetas.map((theta) => scene.model.logDensity(xs, theta));
      return a.map((log, i) => Math.log((1 - weight) * Math.exp(log) + weight * Math.exp(b[i])));
    };
    return pixels(surface, cell, massOutlines(reader(surface, both), surface.window, SHARES.slice(0, 1), MAIN))[0];
  });
  const { colour } = style.role(given.role ?? "data");
  pen.front.push({ t: "path", pts, closed: true, stroke: colour, width: style.size.thin * 1.3, dash: [3 * style.k, 3 * style.k] });
  const at = lowest(pts), place = { x: pts[at], y: pts[at + 1], prefer: ["s", "se", "sw"], gap: 6 * style.k };
  if (given.label) pen.labels.push({ id: `mixture${cell.index}`, text: scene.fill(given.label), ...place, size: style.size.axis_text, weight: 600, fill: colour });
}

/** The index of the point nearest to the foot of the page. */
function lowest(pts) {
  let best = 0;
  for (let i = 2; i < pts.length; i += 2) if (pts[i + 1] > pts[best + 1]) best = i;
  return best;
}

function pixels(surface, { toPx }, outlines) {
  return outlines.map((pts) => {
    const out = new Float64Array(pts.length);
    for (let i = 0; i < pts.length; i += 2) [out[i], out[i + 1]] = toPx(...surface.place(pts[i], pts[i + 1]));
    return out;
  });
}

/** Several lists as one; each ends with a gap already. */
function joined(lists) {
  const out = new Float64Array(lists.reduce((sum, pts) => sum + pts.length, 0));
  let k = 0;
  for (const pts of lists) out.set(pts, k), (k += pts.length);
  return out;
}

function name({ style, scene, front }, { row, box, left, each }, role) {
  const y = box.y - style.size.label * 0.45, halo = style.colour("page"), haloWidth = style.size.halo;
  if (row.label) front.push({ t: "text", text: scene.fill(row.label), x: left + 10 * style.k, y, size: style.size.label, weight: 600, fill: role.colour, halo, haloWidth });
  if (row.note) front.push({ t: "text", text: scene.fill(row.note), x: left + each - 4 * style.k, y, anchor: "end", size: style.size.axis_text, fill: style.colour("muted"), halo, haloWidth });
}

// --- what stands still ------------------------------------------------------------------------------------------

function drawGround(pen, surface, cell) {
  if (surface.corners) return drawTriangle(pen, surface, cell);
  const { style, back, panel } = pen, { box, toPx } = cell, [x0, x1, y0, y1] = surface.picture, size = style.size.axis_text;
  const fill = style.colour("axis_text"), most = Math.max(2, box.w / (70 * style.k));
  const xs = niceTicks(x0, x1, most), ys = niceTicks(y0, y1, most);
  const line = (pts, colour) => back.push({ t: "path", pts, stroke: style.colour(colour), width: style.size.grid });
  for (const X of xs.ticks) line([...toPx(X, y0), ...toPx(X, y1)], "grid");
  for (const Y of ys.ticks) line([...toPx(x0, Y), ...toPx(x1, Y)], "grid");
  line([box.x, box.y + box.h, box.x + box.w, box.y + box.h], "hairline");
  const below = box.y + box.h + size * 1.15, axis = panel.axes?.x?.label ?? "", room = box.x + box.w - textWidth(axis, size, 400, style.family) - size;
  const text = (string, x, y, anchor) => back.push({ t: "text", text: string, x, y, size, fill, anchor, halo: style.colour("page"), haloWidth: style.size.halo * 0.7 });
  text(axis, box.x + box.w, below, "end");
  text(panel.axes?.y?.label ?? "", box.x + 2 * style.k, box.y + size, "start");
  for (const X of xs.ticks) if (toPx(X, y0)[0] + size < room && toPx(X, y0)[0] > box.x + size / 2) text(axisNumber(X, xs.decimals), toPx(X, y0)[0], below, "middle");
  for (const Y of ys.ticks) if (toPx(x0, Y)[1] > box.y + 2.4 * size && toPx(x0, Y)[1] < box.y + box.h - 2) text(axisNumber(Y, ys.decimals), box.x + 2 * style.k, toPx(x0, Y)[1] - 3 * style.k, "start");
}

function drawTriangle({ style, back }, { corners }, { toPx }) {
  const pts = corners.flatMap(([X, Y]) => toPx(X, Y)), size = style.size.axis_text;
  back.push({ t: "path", pts, closed: true, stroke: style.colour("axis"), width: style.size.axis, fill: style.colour("panel"), fillAlpha: 0.55 });
  corners.forEach(([X, Y, text], i) => {
    const [x, y] = toPx(X, Y), top = i === 1;
    back.push({ t: "text", text, x: x + (top ? size * 0.7 : 0), y: top ? y + size * 0.6 : y + size * 1.15, size, fill: style.colour("axis_text"), anchor: top ? "start" : i ? "end" : "start" });
  });
}

function caption({ style, words, frame, back }) {
  const size = style.size.axis_text;
  back.push({ t: "text", text: words("contours_hold"), x: frame.width - 4 * style.k, y: frame.height - size * 0.3, size, fill: style.colour("muted"), anchor: "end" });
}
