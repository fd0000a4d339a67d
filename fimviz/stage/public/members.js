/** The members of the family that a row shows: along a path, at a point, round a rim. */
import { outline, usable } from "./scene.js";

/** Everything a row's ghosts depend on. */
export function agesOf(row, scene) {
  return [row, scene.familyKey, ...[row.path, row.rim, ...(row.points ?? [])].filter(Boolean).map((name) => scene.version(name))];
}

/** Declared coordinates of the usable ones among some points u. */
export function thetasOf(points, scene) {
  return points.filter(usable).map((u) => scene.model.toTheta(u));
}

/** The one that matters, as u, or null. */
export function mainPoint(row, scene) {
  if (!row.path) return row.point ? scene.point(row.point) : null;
  const path = scene.results.get(row.path);
  return path?.ok ? path.at(Math.min(1, Math.max(0, scene.number(row.at ?? 0.5, 0.5)))) : null;
}

/** Those it is compared with, as u. */
export function ghostPoints(row, scene) {
  const path = row.path && scene.results.get(row.path), count = row.ghosts ?? 7;
  const along = path?.ok ? Array.from({ length: count }, (_, k) => path.at(count > 1 ? k / (count - 1) : 0)) : [];
  return [...along, ...(row.rim ? rimPoints(scene, row) : []), ...(row.points ?? []).map((name) => scene.point(name))];
}

/** Points evenly round the rim of an ellipse or a ball; an ellipse's rim is read in the panel's picture chart. */
function rimPoints(scene, row) {
  const curve = scene.results.get(row.rim), chart = scene.chart(row.chart);
  if (!curve?.ok || !chart) return [];
  const count = row.count ?? 10, out = [];
  if (curve.offsets) {
    const xi = outline(curve, chart), m = xi.length / chart.n;
    for (let k = 0; k < count; k++) {
      const i = Math.floor((k * m) / count);
      out.push(chart.toU(Array.from(xi.subarray(i * chart.n, (i + 1) * chart.n)), curve.u));
    }
  } else {
    const d = scene.model.d, m = curve.points.length / d;
    for (let k = 0; k < count; k++) out.push(curve.points.subarray(Math.floor((k * m) / count) * d, (Math.floor((k * m) / count) + 1) * d));
  }
  return out;
}
