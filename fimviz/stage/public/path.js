/**
 * A curve in u over s in [0, 1], a polynomial on each panel: breaks (K + 1 parameters), columns[k] (K·NODES values of
 * coordinate k, offsets from the point `from`). Measured by its speeds (Fisher, per unit of s) at the same points.
 */
import { COARSE_QUADRATURE, CUMULATIVE, D, lagrange, NODES, onPanels, P, POINTS, QUADRATURE, refine } from "./chebyshev.js";

const MOST_PENDING = 200;
const GRAIN = 1e-10; // a length of which the digits of u say nothing
const row = new Float64Array(NODES);

/** Position of t among ascending breaks: the last i with breaks[i] <= t, within 0..breaks.length - 2. */
export function panelOf(breaks, t) {
  let low = 0;
  let high = breaks.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (breaks[middle] <= t) low = middle;
    else high = middle;
  }
  return low;
}

function weighted(column, base) {
  let sum = 0;
  for (let j = 0; j < NODES; j++) sum += row[j] * column[base + j];
  return sum;
}

export class Path {
  constructor(breaks, columns, speeds, from) {
    this.from = from;
    this.breaks = breaks;
    this.columns = columns;
    this.speeds = speeds;
    this.panels = breaks.length - 1;
    this.measure();
  }

  /** Fisher length, ∫g(u̇, u̇)ds, and the length up to each point. */
  measure() {
    this.cumulative = new Float64Array(this.speeds.length);
    onPanels(CUMULATIVE, this.speeds, this.cumulative, this.panels);
    this.length = 0;
    this.energy = 0;
    this.before = new Float64Array(this.panels + 1);
    for (let e = 0; e < this.panels; e++) this.measurePanel(e * NODES, this.breaks[e + 1] - this.breaks[e]);
  }

  measurePanel(base, width) {
    const before = this.length;
    for (let j = 0; j < NODES; j++) {
      const speed = this.speeds[base + j];
      this.length += width * QUADRATURE[j] * speed;
      this.energy += width * QUADRATURE[j] * speed * speed;
      this.cumulative[base + j] = before + width * this.cumulative[base + j];
    }
    this.before[base / NODES + 1] = this.length;
  }

  /** u(s). */
  at(s) {
    const base = this.locate(s);
    const u = new Float64Array(this.columns.length);
    for (let k = 0; k < u.length; k++) u[k] = this.from[k] + weighted(this.columns[k], base);
    return u;
  }

  /** Where the panel of s begins among the columns, with its Lagrange weights in `row`. */
  locate(s) {
    const e = panelOf(this.breaks, s);
    lagrange((s - this.breaks[e]) / (this.breaks[e + 1] - this.breaks[e]), row);
    return e * NODES;
  }

  /** du/ds at s = 0 or s = 1. */
  velocityAt(end) {
    const e = end === 0 ? 0 : this.panels - 1;
    const width = this.breaks[e + 1] - this.breaks[e];
    return Float64Array.from(this.columns, (column) => {
      let sum = 0;
      for (let j = 0; j < NODES; j++) sum += D[(end === 0 ? 0 : P) * NODES + j] * column[e * NODES + j];
      return sum / width;
    });
  }

  lengthTo(s) {
    return weighted(this.cumulative, this.locate(s));
  }

  /** The s at which the fraction f of the Fisher length is reached: safeguarded Newton between neighbouring points. */
  parameterAt(f) {
    const target = Math.min(1, Math.max(0, f)) * this.length;
    const e = panelOf(this.before, target);
    const width = this.breaks[e + 1] - this.breaks[e];
    const node = panelOf(this.cumulative.subarray(e * NODES, (e + 1) * NODES), target);
    let low = this.breaks[e] + width * POINTS[node];
    let high = this.breaks[e] + width * POINTS[node + 1];
    let s = (low + high) / 2;
    for (let i = 0; i < 60 && high - low > 1e-15; i++) {
      const base = this.locate(s);
      const missing = target - weighted(this.cumulative, base);
      if (missing > 0) low = s;
      else high = s;
      const next = s + missing / weighted(this.speeds, base);
      const inside = next > low && next < high;
      if (inside && Math.abs(missing) < 1e-8 * this.length) return next;
      s = inside ? next : (low + high) / 2;
    }
    return s;
  }

  atLength(f) {
    return this.at(this.parameterAt(f));
  }

  /** m + 1 points at parameters where(i / m), flat. */
  sample(m, where = null) {
    const d = this.columns.length;
    const points = new Float64Array((m + 1) * d);
    for (let i = 0; i <= m; i++) {
      const base = this.locate(where ? where(i / m) : i / m);
      for (let k = 0; k < d; k++) points[i * d + k] = this.from[k] + weighted(this.columns[k], base);
    }
    return points;
  }
}

/**
 * Follow s -> u(s) with as many panels as its Fisher speed needs, all panels of one size at a time.
 * columnsAt(ss, guess) -> columns | null (left the domain); guess: columns near the answer, or null the first time,
 * when ss ascends from 0. A panel is fine enough when the speeds at every other point give its length to `tolerance`
 * (the length from all points is then good to about the square of that). `start`: {breaks, guess} of a path nearby.
 * Returns a Path or null.
 */
export function follow(space, columnsAt, { tolerance = 1e-4, deepest = 30, start = null } = {}) {
  const done = [];
  let from = null;
  let pending = start ? panelsOf(start.breaks) : [{ a: 0, b: 1 }];
  let guess = start?.guess ?? null;
  for (let depth = 0; pending.length > 0; depth++) {
    if (depth > deepest || pending.length > MOST_PENDING) return null;
    const ss = nodesOf(pending);
    const columns = columnsAt(ss, guess);
    if (columns === null) return null;
    from ??= Float64Array.from(columns, (column) => column[0]);
    const measured = measuredPanels(space, pending, columns, from);
    if (measured === null) return null;
    const total = [...done, ...measured].reduce((sum, piece) => sum + piece.length, 0);
    const fine = ({ doubt, length }) => doubt <= tolerance * Math.max(length, 1e-3 * total) + GRAIN;
    const coarse = measured.filter((piece) => !fine(piece));
    done.push(...measured.filter(fine));
    pending = coarse.flatMap(({ a, b }) => [{ a, b: (a + b) / 2 }, { a: (a + b) / 2, b }]);
    guess = Array.from(from, (x, k) => moved(joined(coarse, (piece) => refine(piece.columns[k]), 2), x, 2 * NODES * coarse.length));
  }
  done.sort((first, second) => first.a - second.a);
  const columns = Array.from({ length: space.d }, (_, k) => joined(done, (piece) => piece.columns[k]));
  const breaks = Float64Array.from([...done.map((piece) => piece.a), 1]);
  return new Path(breaks, columns, joined(done, (piece) => piece.speeds), from);
}

const panelsOf = (breaks) => Array.from({ length: breaks.length - 1 }, (_, e) => ({ a: breaks[e], b: breaks[e + 1] }));

function nodesOf(panels) {
  const out = new Float64Array(panels.length * NODES);
  panels.forEach(({ a, b }, e) => {
    for (let j = 0; j < NODES; j++) out[e * NODES + j] = a + (b - a) * POINTS[j];
  });
  return out;
}

function measuredPanels(space, panels, columns, from) {
  const n = panels.length * NODES;
  const [offsets, velocities] = [[], []];
  for (let k = 0; k < columns.length; k++) {
    offsets.push(moved(columns[k], -from[k], n));
    velocities.push(new Float64Array(n));
    onPanels(D, offsets[k], velocities[k], panels.length);
  }
  const speeds = space.speeds(columns, velocities, n);
  for (let i = 0; i < n; i++) if (!(speeds[i] < Infinity)) return null;
  return panels.map(({ a, b }, e) => measuredPanel(a, b, offsets, speeds, e * NODES));
}

function moved(column, by, n) {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) out[i] = column[i] + by;
  return out;
}

function measuredPanel(a, b, columns, speeds, base) {
  let [length, coarse] = [0, 0];
  for (let j = 0; j < NODES; j++) {
    length += QUADRATURE[j] * speeds[base + j];
    if (j % 2 === 0) coarse += COARSE_QUADRATURE[j / 2] * speeds[base + j];
  }
  const part = (column) => column.slice(base, base + NODES);
  const perUnit = part(speeds);
  for (let j = 0; j < NODES; j++) perUnit[j] /= b - a;
  return { a, b, columns: columns.map(part), speeds: perUnit, length, doubt: Math.abs(length - coarse) };
}

function joined(pieces, pick, width = 1) {
  const out = new Float64Array(pieces.length * width * NODES);
  pieces.forEach((piece, e) => out.set(pick(piece), e * width * NODES));
  return out;
}
