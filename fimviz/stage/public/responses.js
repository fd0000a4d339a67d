/** The curves that members draw where the family is a regression: rows of a "curves" panel with paths, points and rims. */
import { remember } from "./alike.js";
import { sampled } from "./graph.js";
import { agesOf, ghostPoints, mainPoint, thetasOf } from "./members.js";
import { functionOf } from "./programs.js";

/** The member halfway (or at t) of a row's path, as one more curve of the row; null where the row has no path. */
export function memberCurve(pen, row) {
  const { tape } = pen.panel.response ?? {};
  const [theta] = tape && row.path && pen.scene.model ? thetasOf([mainPoint(row, pen.scene)], pen.scene) : [];
  return theta ? { id: row.path, tape, inputs: ["x", Array.from(theta)], role: row.role ?? "fisher", hero: true } : null;
}

/** The graphs of a row's ghosts, [{xs, ys, at}], over the panel's range. */
export function ghostGraphs(pen, { row, index }) {
  const { scene, cache, frame, panel } = pen, { tape } = panel.response ?? {};
  if (!tape || !scene.model || !(row.path || row.rim || row.points)) return [];
  return remember(cache, `ghosts ${index}`, [frame.x0, frame.x1, tape, ...agesOf(row, scene)], () =>
    thetasOf(ghostPoints(row, scene), scene).map((theta) => {
      const f = functionOf(scene, { tape, inputs: ["x", Array.from(theta)] });
      return f && { ...sampled(f, [frame.x0, frame.x1]), at: f.at };
    }).filter(Boolean));
}
