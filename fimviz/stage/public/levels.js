/**
 * Where a density over two coordinates holds a given share of its mass: outlines of {p ≥ c}, c such that the mass inside
 * is the share. The field is read on a grid about the density itself, found by looking closer until it fills the grid.
 */
import { sublevel } from "./contour.js";

const WIDE = 24; // cells a side of the first look
const BELOW = 7; // nats under the highest value: what lies lower holds less than a hundredth of a normal
const LOOKS = 3;
const BINS = 400;
const SPAN = 20; // nats

/**
 * logsOf(n, box) -> {logs, areas}: log p, and the area a unit of the map stands for, at the middles of n × n cells of a
 * box of map coordinates [s0, s1, t0, t1]. Returns a flat list of map coordinates for each share, NaN between loops.
 */
export function massOutlines(logsOf, window, shares, n) {
  let box = window, field = logsOf(WIDE, box);
  for (let look = 0; look < LOOKS; look++) {
    const closer = around(field.logs, WIDE, box);
    if (!closer || area(closer) > 0.5 * area(box)) break;
    box = closer;
    field = logsOf(WIDE, box);
  }
  if (!Number.isFinite(highest(field.logs))) return shares.map(() => new Float64Array(0));
  const { logs, areas } = logsOf(n, box), thresholds = heights(logs, areas, cellOf(box, n), shares);
  const negative = logs.map((log) => -log);
  return thresholds.map((height) => scaled(sublevel(negative, n, n, -height), box, n));
}

const area = ([s0, s1, t0, t1]) => (s1 - s0) * (t1 - t0);
const cellOf = (box, n) => area(box) / (n * n);

function highest(logs) {
  let top = -Infinity;
  for (const log of logs) if (log > top) top = log;
  return top;
}

/** The part of a box that holds everything worth drawing, a cell wider on each side; null where there is nothing. */
function around(logs, n, [s0, s1, t0, t1]) {
  const floor = highest(logs) - BELOW;
  if (!Number.isFinite(floor)) return null;
  let [i0, i1, j0, j1] = [n, -1, n, -1];
  for (let j = 0, k = 0; j < n; j++)
    for (let i = 0; i < n; i++, k++) {
      if (!(logs[k] >= floor)) continue;
      [i0, i1] = [Math.min(i0, i), Math.max(i1, i)];
      [j0, j1] = [Math.min(j0, j), Math.max(j1, j)];
    }
  const s = (i) => s0 + ((s1 - s0) * Math.min(n, Math.max(0, i))) / n, t = (j) => t0 + ((t1 - t0) * Math.min(n, Math.max(0, j))) / n;
  return [s(i0 - 1), s(i1 + 2), t(j0 - 1), t(j1 + 2)];
}

/**
 * For each share the height above which that much mass lies: the masses of bins of log p, added from the top. A cell
 * counts as four quarters along its slope; whole cells would leave the height as rough as the grid.
 */
function heights(logs, areas, cell, shares) {
  const top = highest(logs), step = SPAN / BINS, masses = new Float64Array(BINS), n = Math.sqrt(logs.length);
  for (let k = 0; k < logs.length; k++) {
    if (!(logs[k] > top - SPAN)) continue;
    const inside = k % n > 0 && k % n < n - 1, across = inside ? slope(logs[k - 1], logs[k + 1]) : 0;
    const up = slope(logs[k - n], logs[k + n]), weight = (cell * areas[k]) / 4;
    for (let quarter = 0; quarter < 4; quarter++) {
      const log = logs[k] + ((quarter & 1 ? across : -across) + (quarter & 2 ? up : -up)) / 4;
      const bin = Math.max(0, Math.floor((top - log) / step));
      if (bin < BINS) masses[bin] += Math.exp(log) * weight;
    }
  }
  return shares.map((share) => {
    let sum = 0, bin = 0;
    while (bin < BINS && sum + masses[bin] < share) sum += masses[bin++];
    return top - (bin + (bin < BINS ? (share - sum) / masses[bin] : 0)) * step;
  });
}

/** Half the difference of the two neighbours; none at an edge. */
function slope(before, after) {
  const half = (after - before) / 2;
  return Number.isFinite(half) ? half : 0;
}

/** Grid units to the coordinates of the box; samples stand in the middle of their cells. */
function scaled(pts, [s0, s1, t0, t1], n) {
  const out = new Float64Array(pts.length);
  for (let i = 0; i < pts.length; i += 2) {
    out[i] = s0 + ((pts[i] + 0.5) / n) * (s1 - s0);
    out[i + 1] = t0 + ((pts[i + 1] + 0.5) / n) * (t1 - t0);
  }
  return out;
}
