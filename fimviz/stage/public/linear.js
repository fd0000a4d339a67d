/** Small dense linear algebra on flat row-major Float64Arrays. */

/** Position of (i, j) in the upper triangle, row-major: upper(d)[i * d + j]. */
export function upper(d) {
  const place = new Int32Array(d * d);
  for (let i = 0, next = 0; i < d; i++) {
    for (let j = i; j < d; j++, next++) place[i * d + j] = place[j * d + i] = next;
  }
  return place;
}

/** LU with partial pivoting, in place. Returns false where the matrix is singular or not finite. */
export function factorise(A, n, pivots) {
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(A[i * n + k]) > Math.abs(A[best * n + k])) best = i;
    pivots[k] = best;
    if (best !== k) swapRows(A, n, k, best);
    const pivot = A[k * n + k];
    if (!(Math.abs(pivot) > 0 && Math.abs(pivot) < Infinity)) return false;
    for (let i = k + 1; i < n; i++) eliminate(A, n, i, k, A[i * n + k] / pivot);
  }
  return true;
}

function swapRows(A, width, i, k) {
  for (let j = 0; j < width; j++) {
    const held = A[i * width + j];
    A[i * width + j] = A[k * width + j];
    A[k * width + j] = held;
  }
}

function eliminate(A, n, i, k, factor) {
  A[i * n + k] = factor;
  if (factor === 0) return;
  for (let j = k + 1, to = i * n + k + 1, from = k * n + k + 1; j < n; j++) A[to++] -= factor * A[from++];
}

/** Solve A X = B in place of B (n rows, `width` columns), A and pivots from `factorise`. */
export function substitute(A, n, pivots, B, width = 1) {
  for (let k = 0; k < n; k++) if (pivots[k] !== k) swapRows(B, width, k, pivots[k]);
  for (let i = 1; i < n; i++) for (let k = 0; k < i; k++) subtractRow(B, width, i, k, A[i * n + k]);
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtractRow(B, width, i, k, A[i * n + k]);
    const scale = 1 / A[i * n + i];
    for (let c = i * width; c < (i + 1) * width; c++) B[c] *= scale;
  }
}

function subtractRow(B, width, i, k, factor) {
  if (factor === 0) return;
  for (let c = 0, to = i * width, from = k * width; c < width; c++) B[to++] -= factor * B[from++];
}

/** Solve A x = b for one small system without touching A; null where A is singular. */
export function solve(A, b) {
  const n = b.length;
  const lu = Float64Array.from(A);
  const pivots = new Int32Array(n);
  const x = Float64Array.from(b);
  if (!factorise(lu, n, pivots)) return null;
  substitute(lu, n, pivots, x);
  return x.every(Number.isFinite) ? x : null;
}

/** Lower triangular L with A = L Lᵀ (n × n); null where A is not positive definite. */
export function cholesky(A, n) {
  const L = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = A[i * n + j];
      for (let k = 0; k < j; k++) sum -= L[i * n + k] * L[j * n + k];
      if (i === j && !(sum > 0 && sum < Infinity)) return null;
      L[i * n + j] = i === j ? Math.sqrt(sum) : sum / L[j * n + j];
    }
  }
  return L;
}

/** Solve Lᵀ x = b in place: with A = L Lᵀ, unit b become vectors of unit length in A. */
export function backward(L, n, b) {
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i] -= L[k * n + i] * b[k];
    b[i] /= L[i * n + i];
  }
  return b;
}

/** Least-squares, least-norm step: J x = r with J (n × d), through the smaller normal equations; null if singular. */
export function leastSquares(J, n, d, r) {
  if (n === d) return solve(J, r);
  if (n > d) return solve(gram(J, n, d, true), product(J, n, d, r, true));
  const y = solve(gram(J, n, d, false), r);
  return y && product(J, n, d, y, true);
}

function gram(J, n, d, transposed) {
  const [size, inner] = transposed ? [d, n] : [n, d];
  const entry = (row, k) => (transposed ? J[k * d + row] : J[row * d + k]);
  const G = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) for (let k = 0; k < inner; k++) G[i * size + j] += entry(i, k) * entry(j, k);
  }
  return G;
}

/** J x (n), or Jᵀ x (d), for J (n × d). */
export function product(J, n, d, x, transposed = false) {
  const result = new Float64Array(transposed ? d : n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < d; k++) {
      if (transposed) result[k] += J[i * d + k] * x[i];
      else result[i] += J[i * d + k] * x[k];
    }
  }
  return result;
}
