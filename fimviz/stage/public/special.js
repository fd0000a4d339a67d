// The special functions of the metrics, scalar, by the methods of special.py: within 1e-12 relative
// of mpmath (next to a zero, 1e-15 absolute) for x in [1e-6, 1e8], d in [1e-6, 1e6], k in [0, 1e6],
// rho in [0, 1e10]. They sit in the inner loop of the geodesic solver, so each call is one short
// recurrence or one polynomial; the polynomials are computed once, when the module loads.

const DEGREE = 23;

// ---------------------------------------------------------------- polynomials

/** The polynomial of degree 23 in t = (v - centre)/half through f at the Chebyshev points of |t| <= 1. */
function fit(f, centre, half) {
  const size = DEGREE + 1;
  // cos(j a) at a = pi (2i+1) / (2 size), the angle reduced as an integer so that no digit is lost
  const cosine = (i, j) => Math.cos((Math.PI * ((j * (2 * i + 1)) % (4 * size))) / (2 * size));
  const values = Array.from({ length: size }, (_, i) => f(centre + half * cosine(i, 1)));
  const result = new Float64Array(size);
  let [before, chebyshev] = [new Float64Array(size), new Float64Array(size)];
  chebyshev[0] = 1;
  for (let j = 0; j < size; j++) {
    const weight = (j ? 2 : 1) / size;
    const c = weight * values.reduce((sum, value, i) => sum + value * cosine(i, j), 0);
    for (let i = 0; i <= j; i++) result[i] += c * chebyshev[i];
    // T_(j+1) = 2 t T_j - T_(j-1), with T_1 = t
    const next = chebyshev.map((_, i) => (j ? 2 : 1) * (i ? chebyshev[i - 1] : 0) - before[i]);
    [before, chebyshev] = [chebyshev, next];
  }
  return result;
}

/** Horner's rule in two independent chains, twice as fast as one; the coefficients start at `from`. */
function evaluate(coefficients, from, t) {
  const square = t * t;
  let even = coefficients[from + DEGREE - 1];
  let odd = coefficients[from + DEGREE];
  for (let i = from + DEGREE - 2; i > from; i -= 2) {
    odd = odd * square + coefficients[i];
    even = even * square + coefficients[i - 1];
  }
  return even + t * odd;
}

function join(pieces) {
  const table = new Float64Array(pieces.length * (DEGREE + 1));
  pieces.forEach((piece, i) => table.set(piece, i * (DEGREE + 1)));
  return table;
}

/** e (e-1) … (e-n+1) */
function falling(e, n) {
  let product = 1;
  for (let i = 0; i < n; i++) product *= e - i;
  return product;
}

// ---------------------------------------------------------------- gamma functions

const BERNOULLI = [
  1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
];
const SHIFT = 10; // where the asymptotic series of ten terms is good to 2e-15 for every order up to 4
const FACTORIAL = [1, 1, 2, 6, 24];

// TAIL[n][k-1] = B_2k (2k+n-1)!/(2k)!, the asymptotic series of psi^(n) (DLMF 5.15.8)
const TAIL = FACTORIAL.map((_, n) =>
  Float64Array.from(BERNOULLI, (b, i) => {
    const k = 2 * (i + 1);
    return n === 0 ? b / k : b * falling(k + n - 1, n - 1);
  }),
);

/** psi^(n)(x), n = 0…4, x > 0: the recurrence up to 10, then the asymptotic series. */
export function polygamma(n, x) {
  if (!(x > 0)) return NaN;
  let sum = 0;
  while (x < SHIFT) {
    const p = 1 / x;
    let power = p;
    for (let i = 0; i < n; i++) power *= p;
    sum += power;
    x += 1;
  }
  const p = 1 / x;
  const square = p * p;
  const coefficients = TAIL[n];
  let tail = 0;
  for (let k = BERNOULLI.length - 1; k >= 0; k--) tail = tail * square + coefficients[k];
  if (n === 0) return Math.log(x) - p * 0.5 - square * tail - sum;
  let value = FACTORIAL[n - 1] + p * (0.5 * FACTORIAL[n] + p * tail);
  for (let i = 0; i < n; i++) value *= p;
  value += FACTORIAL[n] * sum;
  return n % 2 ? value : -value;
}

/**
 * psi^(n)(x) - psi^(n)(x + d), n = 0…4, x > 0, x + d > 0. Each difference of powers of p = 1/(x+j)
 * and q = 1/(x+d+j) is (p - q) h with p - q = d p q and h = p^m + p^(m-1) q + … + q^m, so that
 * nothing cancels when d is far below x.
 */
export function polygammaDifference(n, x, d) {
  let y = x + d;
  if (!(x > 0 && y > 0)) return NaN;
  let sum = 0;
  while (x < SHIFT) {
    const p = 1 / x;
    const q = 1 / y;
    sum += p * q * homogeneous(n, p, q);
    x += 1;
    y += 1;
  }
  const p = 1 / x;
  const q = 1 / y;
  const coefficients = TAIL[n];
  const pSquare = p * p;
  const qSquare = q * q;
  let h = homogeneous(n + 1, p, q);
  let mixed = (p + q) * power(q, n + 2);
  let tail = 0.5 * FACTORIAL[n] * homogeneous(n, p, q);
  if (n > 0) tail += FACTORIAL[n - 1] * homogeneous(n - 1, p, q);
  for (let k = 0; k < BERNOULLI.length; k++) {
    tail += coefficients[k] * h;
    h = pSquare * h + mixed;
    mixed *= qSquare;
  }
  const value = d * (FACTORIAL[n] * sum + p * q * tail);
  if (n === 0) return -value - Math.log1p(d * p);
  return n % 2 ? value : -value;
}

const NEAR = 0.3; // |d|/x below which the quotient is a Taylor series
const TERMS = 60; // 0.3^60 < 1e-31
const taylor = new Map();

/**
 * d^k/dd^k of (psi^(n)(x + d) - psi^(n)(x)) / d, order = n + 8k, n + k = 0…4, x > 0, x + d > 0: smooth at d = 0.
 * By its recurrence k q_(k-1) + d q_k = psi^(n+k)(x + d), near d = 0 by the Taylor series of psi.
 */
export function polygammaQuotient(order, x, d) {
  const n = order & 7;
  const k = order >> 3;
  if (!(x > 0 && x + d > 0)) return NaN;
  if (Math.abs(d) < NEAR * x) return nearQuotient(n, k, x, d);
  let value = (polygamma(n, x + d) - polygamma(n, x)) / d;
  for (let i = 1; i <= k; i++) value = (polygamma(n + i, x + d) - i * value) / d;
  return value;
}

function nearQuotient(n, k, x, d) {
  const key = `${n} ${k} ${x}`;
  let weights = taylor.get(key);
  if (!weights) {
    weights = taylorWeights(n, k, x);
    if (taylor.size < 64) taylor.set(key, weights);
  }
  const t = d / x;
  let total = 0;
  for (let j = TERMS - 1; j >= 0; j--) total = total * t + weights[j];
  return total / power(x, n + k + 1);
}

/** psi^(n+m)(x)/m! (m-1)!/(m-1-k)! x^(n+m), m = k+1, k+2, …; psi^(r)(x) = (-1)^(r+1) r! zeta(r+1, x). */
function taylorWeights(n, k, x) {
  return Float64Array.from({ length: TERMS }, (_, j) => {
    const m = k + 1 + j;
    let weight = ((n + m) % 2 ? 1 : -1) / m;
    for (let i = m - k; i <= n + m; i++) weight *= i;
    return weight * scaledZeta(n + m + 1, x);
  });
}

/** x^(s-1) zeta(s, x), s = 2, 3, …, by Euler–Maclaurin (DLMF 25.11.5). */
function scaledZeta(s, x) {
  let total = 0;
  let z = x;
  for (; z < x + 20; z += 1) total += Math.pow(x / z, s - 1) / z;
  let term = Math.pow(x / z, s - 1) / z;
  total += (z * term) / (s - 1) + term / 2;
  term *= s / z / 2;
  for (let i = 0; i < BERNOULLI.length; i++) {
    total += BERNOULLI[i] * term;
    term *= ((s + 2 * i + 1) * (s + 2 * i + 2)) / (z * z * (2 * i + 3) * (2 * i + 4));
  }
  return total;
}

function homogeneous(m, p, q) {
  let total = 1;
  let last = 1;
  for (let i = 0; i < m; i++) {
    last *= q;
    total = total * p + last;
  }
  return total;
}

function power(base, exponent) {
  let result = 1;
  for (let i = 0; i < exponent; i++) result *= base;
  return result;
}

// log Gamma(2 + e) = (1 - gamma) e + sum over k >= 2 of (zeta(k) - 1) (-e)^k / k (DLMF 5.7.3), where
// zeta(k) - 1 = zeta(k, 2) = psi^(k-1)(2) / (k-1)! up to sign; here by 20 terms and Euler-Maclaurin.
const LGAMMA_AT_2 = Float64Array.from({ length: DEGREE + 1 }, (_, i) => {
  const k = i + 1;
  if (k === 1) return 0.42278433509846713939;
  let zeta = 22 ** (1 - k) / (k - 1) + 22 ** -k / 2;
  for (let m = 1; m <= 6; m++) {
    let term = BERNOULLI[m - 1] * 22 ** (1 - k - 2 * m);
    for (let j = 1; j < 2 * m; j++) term *= (k + j - 1) / j;
    zeta += term / (2 * m);
  }
  for (let j = 21; j >= 2; j--) zeta += j ** -k;
  return (k % 2 ? -zeta : zeta) / k;
});
const nearTwo = (e) => e * evaluate(LGAMMA_AT_2, 0, e);

/** log Gamma(x), x > 0: Taylor at 2, which keeps the zeros at 1 and 2 exact, or Stirling from 10. */
export function lgamma(x) {
  if (!(x > 0)) return NaN;
  if (x < 0.5) return nearTwo(x) - Math.log(x) - Math.log1p(x);
  if (x < 1.5) return nearTwo(x - 1) - Math.log1p(x - 1);
  if (x >= SHIFT) return stirling(x);
  let product = 1;
  while (x > 2.5) {
    x -= 1;
    product *= x;
  }
  return nearTwo(x - 2) + Math.log(product);
}

function stirling(x) {
  if (x === Infinity) return x;
  const p = 1 / x;
  const square = p * p;
  let tail = 0;
  for (let k = BERNOULLI.length - 1; k >= 0; k--) {
    tail = tail * square + BERNOULLI[k] / ((2 * k + 1) * (2 * k + 2));
  }
  return (x - 0.5) * Math.log(x) - x + 0.91893853320467274178 + p * tail;
}

// ---------------------------------------------------------------- erf

/** erf by its series of positive terms (DLMF 7.6.2); only to compute the tables. */
function erfSeries(x) {
  let term = x;
  let sum = 0;
  for (let j = 1; j < 160; j++) {
    sum += term;
    term *= (2 * x * x) / (2 * j + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const ERF = join([
  fit((square) => erfSeries(Math.sqrt(square)) / Math.sqrt(square), 0.5, 0.5),
  fit(erfSeries, 2, 1),
  fit(erfSeries, 4.5, 1.5),
]);

/** The error function: a polynomial in x^2 below 1, in x up to 6, where it is 1. */
export function erf(x) {
  const size = Math.abs(x);
  if (size < 1) return x * evaluate(ERF, 0, 2 * x * x - 1);
  if (size < 3) return Math.sign(x) * evaluate(ERF, DEGREE + 1, size - 2);
  if (size < 6) return Math.sign(x) * evaluate(ERF, 2 * (DEGREE + 1), (size - 4.5) / 1.5);
  return Math.sign(x);
}

// ---------------------------------------------------------------- Bessel functions
//
// Each function of k is a polynomial on five pieces: in k^2 below 2 (the nearest singularity is
// the zero of I0 at k = 2.405i), in k on three middle pieces, in 1/k above 25 (the asymptotic series).

const MIDDLE = [
  [3.3, 1.3],
  [7.65, 3.05],
  [17.85, 7.15],
];
const LARGE = 25;

/** The value of the tabulated function at k >= 0, before its scale (see `small`, `middle`, `large`). */
function piecewise(table, k) {
  if (k < 2) return evaluate(table, 0, k * k * 0.5 - 1);
  if (k < 4.6) return evaluate(table, DEGREE + 1, (k - 3.3) * (1 / 1.3));
  if (k < 10.7) return evaluate(table, 2 * (DEGREE + 1), (k - 7.65) * (1 / 3.05));
  if (k < LARGE) return evaluate(table, 3 * (DEGREE + 1), (k - 17.85) * (1 / 7.15));
  return evaluate(table, 4 * (DEGREE + 1), LARGE / k);
}

/** log I0(k), even in k. */
export function logI0(k) {
  k = Math.abs(k);
  const value = piecewise(LOG, k);
  if (k < 2) return value * k * k;
  return k < LARGE ? value + k : k === Infinity ? k : value + k - 0.5 * Math.log(2 * Math.PI * k);
}

/** A^(n)(k) with A = I1/I0, n = 0…3; A is odd, so A^(n) has the parity of n + 1. */
export function besselRatio(n, k) {
  const size = Math.abs(k);
  let value = piecewise(RATIO[n], size);
  if (size < 2) return n % 2 ? value : value * k;
  if (n > 0) value *= power(1 / size, n + 1);
  return n % 2 || k > 0 ? value : -value;
}

/** d^n/drho^n log I0(sqrt rho), n = 0…4, rho >= 0. */
export function logI0Sqrt(n, rho) {
  const k = Math.sqrt(rho);
  if (n === 0) return logI0(k);
  const value = piecewise(ROOT[n - 1], k);
  return k < 2 ? value : value * power(1 / k, 2 * n - 1);
}

// The Taylor coefficients of log I0 in rho = k^2: I0 = sum a_j rho^j and I0' = I0 (log I0)'.
const TAYLOR = (() => {
  const terms = 160; // (4 / 5.78)^160 < 1e-25
  const a = [1];
  const c = [0];
  for (let j = 1; j < terms; j++) {
    a[j] = a[j - 1] / (4 * j * j);
    let sum = 0;
    for (let i = 1; i < j; i++) sum += i * c[i] * a[j - i];
    c[j] = a[j] - sum / j;
  }
  return c;
})();

// The asymptotic coefficients of A in 1/k, from A' = 1 - A^2 - A/k.
const ASYMPTOTIC = (() => {
  const a = [1, -0.5];
  for (let j = 2; j <= DEGREE + 1; j++) {
    let sum = 0;
    for (let i = 1; i < j; i++) sum += a[i] * a[j - i];
    a[j] = ((j - 2) * a[j - 1] - sum) / 2;
  }
  return a;
})();

/** Sum over j >= skip of weight(j) c_j rho^(j-skip). */
function small(weight, skip) {
  const series = TAYLOR.map((c, j) => weight(j) * c).slice(skip);
  return fit((rho) => series.reduceRight((sum, c) => sum * rho + c, 0), 2, 2);
}

const cumulantsAt = new Map(); // the fits share their points
function middle(f) {
  const value = (k) => {
    if (!cumulantsAt.has(k)) cumulantsAt.set(k, cumulants(k));
    return f(k, cumulantsAt.get(k));
  };
  return MIDDLE.map(([centre, half]) => fit(value, centre, half));
}

const large = (coefficient) =>
  Float64Array.from({ length: DEGREE + 1 }, (_, j) => coefficient(j) * LARGE ** -j);

const NODES = Array.from({ length: 64 }, (_, i) => 2 * Math.sin((Math.PI * i) / 64) ** 2); // 1 - cos

/** A, A', A'', A''' are the cumulants of cos under von Mises: by the trapezoid rule, to 1e-15. */
function cumulants(k) {
  const weights = NODES.map((u) => Math.exp(-k * u));
  const mean = (f) => NODES.reduce((sum, u, i) => sum + weights[i] * f(u), 0) / 64;
  const total = mean(() => 1);
  const deficit = mean((u) => u) / total;
  const m2 = mean((u) => (u - deficit) ** 2) / total;
  const m3 = mean((u) => (u - deficit) ** 3) / total;
  const m4 = mean((u) => (u - deficit) ** 4) / total;
  return { log: Math.log(total), a: [1 - deficit, m2, -m3, m4 - 3 * m2 * m2] };
}

/** k^(2n-1) d^n/drho^n log I0(sqrt rho), n = 1…4, from A … A''' by d/drho = (1/2k) d/dk. */
function inSquare(n, k, [a0, a1, a2, a3]) {
  if (n === 1) return a0 / 2;
  if (n === 2) return (k * a1 - a0) / 4;
  if (n === 3) return (k * k * a2 - 3 * k * a1 + 3 * a0) / 8;
  return (k ** 3 * a3 - 6 * k * k * a2 + 15 * k * a1 - 15 * a0) / 16;
}

// log I0 / rho below 2; log I0 - k; log I0 - k + log(2 pi k)/2 above 25
const LOG = join([
  small(() => 1, 1),
  ...middle((_, { log }) => log),
  large((j) => (j ? -ASYMPTOTIC[j + 1] / j : 0)),
]);

// A^(n), over k where that is odd, below 2; A and k^(n+1) A^(n) above
const RATIO = [0, 1, 2, 3].map((n) =>
  join([
    small((j) => falling(2 * j, n + 1), 1 + (n >> 1)),
    ...middle((k, { a }) => (n ? a[n] * k ** (n + 1) : a[0])),
    large((j) => (n ? ASYMPTOTIC[j + 1] * falling(-j - 1, n) : ASYMPTOTIC[j])),
  ]),
);

// the derivative itself below 2, times k^(2n-1) above
const ROOT = [1, 2, 3, 4].map((n) =>
  join([
    small((j) => falling(j, n), n),
    ...middle((k, { a }) => inSquare(n, k, a)),
    large((j) => (ASYMPTOTIC[j] / 2) * falling((-1 - j) / 2, n - 1)),
  ]),
);
