/**
 * A density that can be taken by hand: near its peak it moves along, at a shoulder it grows wider or narrower, and the
 * place that was taken stays under the hand. Only where that means one parameter each: a place on the whole line and a
 * scale, of a value that also has a handle, so that keys and numbers can do the same.
 */
import { usable } from "./scene.js";

const PEAK = 0.6; // of the scale, to either side
const NEAR = 8; // pixels beside the curve

/** Whether the first parameter is a place on the line and the second a scale. */
export function movable(scene, name) {
  const [place, scale, ...more] = scene.data?.model?.theta ?? [];
  if (!place || !scale || more.length || scene.data.model.support?.kind !== "real" || !scene.hasHandle(name)) return false;
  return place.lo == null && place.hi == null && scale.lo === 0 && scale.hi == null;
}

/** grips: [{value, pts, box, sx}], pts the curve's pixels, sx pixels a unit of x. */
export function gripAt(grips, x, y) {
  return grips?.find(({ pts, box }) => y <= box.floor + NEAR && y >= heightAt(pts, x) - NEAR) ?? null;
}

function heightAt(pts, x) {
  let top = Infinity;
  for (let i = 0; i + 3 < pts.length; i += 2)
    if (pts[i + 2] >= x - NEAR && pts[i] <= x + NEAR) top = Math.min(top, pts[i + 1], pts[i + 3]);
  return top;
}

/** Which way it would go from x: "place" or "scale". */
export function wayOf(grip, x, theta) {
  return Math.abs(x - peakOf(grip)) <= Math.max(4, PEAK * theta[1] * grip.sx) ? "place" : "scale";
}

function peakOf({ pts }) {
  let best = 0;
  for (let i = 2; i < pts.length; i += 2) if (pts[i + 1] < pts[best + 1]) best = i;
  return pts[best];
}

/** A thing to drag, as a handle is one: moveTo(x) gives the declared coordinates, or null where the picture ends. */
export function taken(grip, x0, stage) {
  const theta = stage.scene.values[grip.value], peak = peakOf(grip), side = x0 < peak ? -1 : 1;
  const move = {
    place: (x) => [theta[0] + (x - x0) / grip.sx, theta[1]],
    scale: (x) => [theta[0], (theta[1] * Math.max(3, side * (x - peak))) / Math.abs(x0 - peak)],
  }[wayOf(grip, x0, theta)];
  const moveTo = (x) => (inPicture(stage, grip.value, move(x)) ? move(x) : null);
  return { key: `grip:${grip.value}`, mark: { value: grip.value }, moveTo };
}

/** Not past the edge of the picture: a handle that cannot be seen cannot be brought back. */
function inPicture(stage, value, theta) {
  const u = stage.scene.model.fromTheta(theta);
  if (!usable(u) || !stage.scene.model.inside(u)) return false;
  return stage.views.every(({ pen, frame }) => {
    const handle = frame?.kind === "plane" && pen.handles.find(({ mark }) => mark.value === value);
    if (!handle) return true;
    const [X, Y] = pen.chartOf(handle.mark).fromU(u), [x0, x1, y0, y1] = frame.window;
    return X >= x0 && X <= x1 && Y >= y0 && Y <= y1;
  });
}
