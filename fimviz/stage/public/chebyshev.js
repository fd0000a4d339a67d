/**
 * Polynomials of degree P on one panel [0, 1], known by their values at the Chebyshev–Lobatto points
 * x_j = (1 − cos(πj/P))/2. A function on several panels is a list of such values, panel after panel.
 */
export const P = 12;
export const NODES = P + 1;

/** x_j in [0, 1]. */
export const POINTS = Float64Array.from({ length: NODES }, (_, j) => Math.sin((Math.PI * j) / (2 * P)) ** 2);

const WEIGHTS = Float64Array.from({ length: NODES }, (_, j) => (j % 2 ? -1 : 1) * (j === 0 || j === P ? 0.5 : 1));

/** D[j * NODES + k]: derivative of the k-th Lagrange polynomial at x_j. */
export const D = derivativeMatrix();
/** D2 = D · D. */
export const D2 = multiply(D, D);
/** Clenshaw–Curtis weights on P + 1 points, and on every other of them (to judge the first). */
export const QUADRATURE = clenshawCurtis(P);
export const COARSE_QUADRATURE = clenshawCurtis(P / 2);
/** C[j * NODES + k]: integral of the k-th Lagrange polynomial from 0 to x_j. */
export const CUMULATIVE = cumulativeMatrix();
/** Values on the left and on the right half of a panel from the values on the whole. */
export const HALVES = [0, 0.5].map((shift) => interpolationMatrix(POINTS.map((x) => shift + x / 2)));

/** Values at NODES other points, one between any two neighbours: what is only right at the points shows there. */
export const BETWEEN = interpolationMatrix(POINTS.map((_, j) => Math.sin((Math.PI * (2 * j + 1)) / (4 * NODES)) ** 2));

function derivativeMatrix() {
  const matrix = new Float64Array(NODES * NODES);
  for (let j = 0; j < NODES; j++) {
    for (let k = 0; k < NODES; k++) {
      if (j === k) continue;
      // x_j − x_k as a product of sines: the plain difference loses digits near the ends
      const gap = Math.sin((Math.PI * (j + k)) / (2 * P)) * Math.sin((Math.PI * (j - k)) / (2 * P));
      matrix[j * NODES + k] = WEIGHTS[k] / WEIGHTS[j] / gap;
      matrix[j * NODES + j] -= matrix[j * NODES + k];
    }
  }
  return matrix;
}

function multiply(A, B) {
  const C = new Float64Array(NODES * NODES);
  for (let i = 0; i < NODES; i++) {
    for (let k = 0; k < NODES; k++) {
      for (let j = 0; j < NODES; j++) C[i * NODES + j] += A[i * NODES + k] * B[k * NODES + j];
    }
  }
  return C;
}

function clenshawCurtis(degree) {
  return Float64Array.from({ length: degree + 1 }, (_, j) => {
    let sum = 0;
    for (let k = 0; k <= degree; k += 2) {
      const share = (k === 0 || k === degree ? 0.5 : 1) * Math.cos((Math.PI * j * k) / degree);
      sum += share / (1 - k * k);
    }
    return (sum * (j === 0 || j === degree ? 1 : 2)) / degree;
  });
}

/** Integrals from 0 to x_j, exact: each sub-interval is one more Clenshaw–Curtis rule. */
function cumulativeMatrix() {
  const matrix = new Float64Array(NODES * NODES);
  for (let j = 1; j < NODES; j++) {
    const rows = interpolationMatrix(POINTS.map((x) => x * POINTS[j]));
    for (let i = 0; i < NODES; i++) {
      for (let k = 0; k < NODES; k++) matrix[j * NODES + k] += POINTS[j] * QUADRATURE[i] * rows[i * NODES + k];
    }
  }
  return matrix;
}

function interpolationMatrix(xs) {
  const rows = new Float64Array(xs.length * NODES);
  xs.forEach((x, i) => lagrange(x, rows.subarray(i * NODES, (i + 1) * NODES)));
  return rows;
}

/** Values of the Lagrange polynomials at x, into `row`. */
export function lagrange(x, row) {
  let total = 0;
  for (let k = 0; k < NODES; k++) {
    const gap = x - POINTS[k];
    if (gap === 0) {
      row.fill(0);
      row[k] = 1;
      return row;
    }
    total += row[k] = WEIGHTS[k] / gap;
  }
  for (let k = 0; k < NODES; k++) row[k] /= total;
  return row;
}

/** matrix · values, panel by panel, into `out` (panels × NODES values each). */
export function onPanels(matrix, values, out, panels) {
  for (let base = 0; base < panels * NODES; base += NODES) {
    for (let j = 0, m = 0; j < NODES; j++) {
      let sum = 0;
      for (let k = 0; k < NODES; k++, m++) sum += matrix[m] * values[base + k];
      out[base + j] = sum;
    }
  }
}

/** The same function on twice the panels. */
export function refine(column) {
  const out = new Float64Array(2 * column.length);
  for (let base = 0; base < column.length; base += NODES) {
    HALVES.forEach((half, side) => {
      const part = out.subarray(2 * base + side * NODES);
      onPanels(half, column.subarray(base), part, 1);
    });
  }
  return out;
}

/** The same function on half the panels (resampled, so only for functions that are smooth enough). */
export function coarsen(column) {
  const out = new Float64Array(column.length / 2);
  const row = new Float64Array(NODES);
  for (let i = 0; i < out.length; i++) {
    const x = 2 * POINTS[i % NODES];
    const side = x > 1 ? 1 : 0;
    const base = (2 * Math.floor(i / NODES) + side) * NODES;
    lagrange(x - side, row);
    for (let k = 0; k < NODES; k++) out[i] += row[k] * column[base + k];
  }
  return out;
}
