/**
 * Functions of one variable that cost much, by Chebyshev polynomials: pieces a quarter wide, made when x first comes there,
 * and halved where a piece does not agree with the functions themselves to rounding. What no piece fits is computed anew.
 */

const DEGREE = 19;
const PER_UNIT = 4;
const HALVINGS = 5;
const ALIKE = 1e-14;
// rounding may be worse where integrands cancel, but no worse than this (less near 0, by which formulas divide), nor than
// this of the largest sum
const NOISE = 1e-12;
const NOTHING = 1e-16;
const TAIL = 4;
const MOST_PIECES = 2000;
// between the nodes, and near both ends, where an interpolating polynomial is farthest off
const PROBES = [-0.9985, -0.72, -0.31, 0.16, 0.55, 0.9985];
const NODES = Array.from({ length: DEGREE + 1 }, (_, j) => Math.cos((Math.PI * (j + 0.5)) / (DEGREE + 1)));

/**
 * tabulated(f, sizes, count)(x) -> the `count` numbers f(x), in a buffer that is used again; f may use one again too.
 * sizes(): how large what was added up for the last f(x) is, without signs: rounding is measured by it.
 */
export function tabulated(f, sizes, count) {
  const work = { f, sizes, count };
  const pieces = new Map(), out = new Float64Array(count);

  function pieceAt(x) {
    const number = Math.floor(x * PER_UNIT);
    let piece = pieces.get(number);
    if (piece === undefined) {
      if (pieces.size >= MOST_PIECES) pieces.clear();
      pieces.set(number, (piece = fit(work, number / PER_UNIT, (number + 1) / PER_UNIT, HALVINGS)));
    }
    while (piece?.halves) piece = halfOf(piece, x);
    return piece;
  }

  function halfOf({ halves, ends, middle, left }, x) {
    const which = x < middle ? 0 : 1;
    if (halves[which] === undefined) halves[which] = fit(work, ...ends(x), left);
    return halves[which];
  }

  return function table(x) {
    // At 0 itself a function of a sign may be a third thing.
    const piece = x === 0 || !Number.isFinite(x) ? null : pieceAt(x);
    if (piece === null) return f(x);
    valuesAt(piece, x, out);
    return out;
  };
}

/** A polynomial for each function on [low, high]; {halves} where that is too wide, null where halving would be of no use. */
function fit(work, low, high, left) {
  const middle = (low + high) / 2, half = (high - low) / 2;
  const samples = NODES.map((s) => Float64Array.from(work.f(middle + half * s)));
  const rows = Array.from({ length: work.count }, (_, j) => coefficients(samples.map((y) => y[j])));
  const piece = { middle, half, rows }, wrong = new Set();
  for (const s of PROBES) disagreeing(piece, work, middle + half * s).forEach((j) => wrong.add(j));
  if (!wrong.size) return piece;
  if (left === 0 || [...wrong].every((j) => levelled(rows[j]))) return null;
  return { middle, halves: [], left: left - 1, ends: (x) => (x < middle ? [low, middle] : [middle, high]) };
}

/** Which rows are not the functions at x, as far as rounding lets one say so. */
function disagreeing(piece, { f, sizes, count }, x) {
  const found = valuesAt(piece, x, new Float64Array(count)), wanted = f(x), size = sizes();
  const nothing = NOTHING * Math.max(...size), noise = Math.abs(x) < 1 ? ALIKE : NOISE;
  return piece.rows.flatMap((row, j) => {
    const most = nothing + size[j] * (levelled(row) ? noise : ALIKE);
    return Math.abs(found[j] - wanted[j]) <= most ? [] : [j];
  });
}

/** Whether the last coefficients are noise: those of a function that is not yet followed would go on shrinking. */
function levelled(row) {
  const largest = (from) => row.slice(from, from + TAIL).reduce((most, c) => Math.max(most, Math.abs(c)), 0);
  return largest(DEGREE + 1 - TAIL) > 0.3 * largest(DEGREE + 1 - 2 * TAIL);
}

function coefficients(values) {
  const n = values.length;
  return Float64Array.from({ length: n }, (_, k) => {
    const sum = values.reduce((total, y, j) => total + y * Math.cos((Math.PI * k * (j + 0.5)) / n), 0);
    return ((k === 0 ? 1 : 2) * sum) / n;
  });
}

/** Clenshaw's recurrence for every row. */
function valuesAt({ middle, half, rows }, x, out) {
  const s = (x - middle) / half;
  for (let j = 0; j < rows.length; j++) {
    const row = rows[j];
    let b = 0, c = 0;
    for (let k = DEGREE; k > 0; k--) {
      const next = 2 * s * b - c + row[k];
      c = b;
      b = next;
    }
    out[j] = s * b - c + row[0];
  }
  return out;
}
