"""Special functions of the metrics: SymPy atoms for formulas, NumPy versions for numbers.

    psi^(n)(x) - psi^(n)(x + d)        PolygammaDifference    polygamma_difference
    d^k/dd^k (psi^(n)(x+d)-psi^(n)(x))/d   PolygammaQuotient  polygamma_quotient
    log I0(k)                          LogBesselI0            log_i0
    A^(n)(k), A = I1/I0                BesselRatio            bessel_ratio
    d^n/drho^n log I0(sqrt rho)        LogBesselI0Sqrt        log_i0_sqrt
    log cosh x                         LogCosh                (by elementary functions)
    sign x, constant on either side    Side                   (NumPy's sign)

Each is one atom because its textbook expression cancels: 1 - A^2 - A/k, which is A'(k), loses
all digits at large k, and the plain difference of polygammas loses six at x = 1e3, d = 1e-3.
The numbers are within 1e-12 relative of mpmath for x in [1e-6, 1e8], d in [1e-6, 1e6],
k in [0, 1e6], rho in [0, 1e10] (next to a zero of the function: within 1e-15 absolute).
special.js repeats them in the browser, by the same methods.
"""

from __future__ import annotations

from functools import lru_cache
from math import factorial, prod
from typing import Any

import mpmath
import numpy as np
import scipy.special
import sympy as sp
from numpy.polynomial import chebyshev, polynomial
from numpy.typing import ArrayLike, NDArray
from sympy.core.function import ArgumentIndexError

Array = NDArray[np.float64]

# ---------------------------------------------------------------- atoms


class _Atom(sp.Function):
    """A real function that evaluates through `_mp` with the digits its cancellation costs added."""

    args: Any  # pyright: ignore[reportIncompatibleMethodOverride]  # SymPy says Basic
    _highest: int | None = None  # the order, first of two arguments, up to which `_mp` has a formula
    _mp: Any  # the value from mpmath numbers, by the textbook expression

    def _eval_is_real(self) -> bool | None:
        return True if self.args[-1].is_real else None

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        arguments = [a.evalf(prec + 10) for a in self.args]
        if not all(a.is_Number and a.is_finite for a in arguments):
            return None
        if self._highest is not None and arguments[0] > self._highest:
            return None
        lost = sum(abs(mpmath.mag(a._to_mpmath(prec))) for a in arguments if a != 0)
        with mpmath.workprec(prec + 30 + 8 * int(lost)):
            value = self._mp(*(a._to_mpmath(mpmath.mp.prec) for a in arguments))
        return sp.Float._new(value._mpf_, prec) if isinstance(value, mpmath.mpf) else None

    def _step_order(self, argindex: int) -> sp.Expr:
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        return self.func(self.args[0] + 1, *self.args[1:])


def _check_order(n: sp.Expr) -> None:
    if n.is_number and not (n.is_Integer and n.is_nonnegative):
        raise ValueError(f"the order must be a non-negative integer, not {n}")


class PolygammaDifference(_Atom):
    """psi^(n)(x) - psi^(n)(x + d), real for x > 0 and x + d > 0; 0 at d = 0 (DLMF 5.15)."""

    @classmethod
    def eval(cls, n: Any, x: Any, d: Any) -> Any:
        _check_order(n)
        return sp.S.Zero if d.is_zero else None

    def fdiff(self, argindex: int = 2) -> Any:
        n, x, d = self.args
        return -sp.polygamma(n + 1, x + d) if argindex == 3 else self._step_order(argindex)

    def _eval_is_real(self) -> bool | None:
        _, x, d = self.args
        return True if x.is_positive and (x + d).is_positive else None

    def _eval_is_positive(self) -> bool | None:
        n, x, d = self.args
        return n.is_odd if x.is_positive and d.is_positive else None

    def _eval_rewrite_as_polygamma(self, n: Any, x: Any, d: Any, **_: Any) -> Any:
        return sp.polygamma(n, x) - sp.polygamma(n, x + d)

    @staticmethod
    def _mp(n: Any, x: Any, d: Any) -> Any:
        return mpmath.psi(int(n), x) - mpmath.psi(int(n), x + d)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        n, x, d = self.args
        head = r"\psi" + _primes(n, printer._print)
        near, far = printer._print(x), printer._print(x + d)
        # bracketed always: the printer takes a function for one factor
        text = rf"\left({head}\left({near}\right) - {head}\left({far}\right)\right)"
        return text if exp is None else rf"{text}^{{{exp}}}"

    def _mathml_presentation(self, printer: Any) -> Any:
        n, x, d = self.args
        near, far = (_call(printer, "ψ" + _marks(n), a) for a in (x, x + d))
        opening, minus, closing = (_element(printer, "mo", sign) for sign in "(−)")
        return _row(printer, opening, near, minus, far, closing)


class PolygammaQuotient(_Atom):
    """d^k/dd^k of (psi^(n)(x + d) - psi^(n)(x)) / d, smooth at d = 0; x > 0, x + d > 0, n + k < 5."""

    @classmethod
    def eval(cls, n: Any, k: Any, x: Any, d: Any) -> Any:
        _check_order(n)
        _check_order(k)
        return sp.polygamma(n + k + 1, x) / (k + 1) if d.is_zero else None

    def fdiff(self, argindex: int = 4) -> Any:
        n, k, x, d = self.args
        if argindex != 4:
            raise ArgumentIndexError(self, argindex)
        return PolygammaQuotient(n, k + 1, x, d)

    def _eval_is_real(self) -> bool | None:
        _, _, x, d = self.args
        return True if x.is_positive and (x + d).is_positive else None

    @staticmethod
    def _mp(n: Any, k: Any, x: Any, d: Any) -> Any:
        value = (mpmath.psi(int(n), x + d) - mpmath.psi(int(n), x)) / d
        for i in range(1, int(k) + 1):
            value = (mpmath.psi(int(n) + i, x + d) - i * value) / d
        return value


class LogCosh(_Atom):
    """log cosh x = |x| + log(1 + e^(-2|x|)) - log 2, which no x overflows; even."""

    @classmethod
    def eval(cls, x: Any) -> sp.Expr | None:
        if x.is_zero:
            return sp.S.Zero
        return cls(-x) if x.could_extract_minus_sign() else None

    def fdiff(self, argindex: int = 1) -> Any:
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sp.tanh(self.args[0])

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.args[0].is_real else None

    def stable(self) -> sp.Expr:
        """The same in elementary functions, as it is computed."""
        size = sp.Abs(self.args[0])
        return size + sp.log(1 + sp.exp(-2 * size)) - sp.log(2)

    def _eval_rewrite_as_cosh(self, x: Any, **_: Any) -> Any:
        return sp.log(sp.cosh(x))

    @staticmethod
    def _mp(x: Any) -> Any:
        return mpmath.log(mpmath.cosh(x))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = rf"\log \cosh {{\left({printer._print(self.args[0])} \right)}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _mathml_presentation(self, printer: Any) -> Any:
        return _row(printer, _element(printer, "mi", "log"), _call(printer, "cosh", self.args[0]))


class Side(sp.Function):
    """The sign of x where x is not 0: unlike SymPy's its derivative is 0, without a delta at 0."""

    @classmethod
    def eval(cls, x: Any) -> sp.Expr | None:
        return sp.sign(x) if x.is_number else None

    def fdiff(self, argindex: int = 1) -> Any:
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sp.S.Zero

    def _eval_is_real(self) -> bool | None:
        return True if self.args[0].is_real else None


class LogBesselI0(_Atom):
    """log I0(k), the log-normaliser of the von Mises family; even, 0 at k = 0 (DLMF 10.25)."""

    @classmethod
    def eval(cls, k: Any) -> sp.Expr | None:
        return sp.S.Zero if k.is_zero else None

    def fdiff(self, argindex: int = 1) -> Any:
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return BesselRatio(0, self.args[0])

    def _eval_is_nonnegative(self) -> bool | None:
        return self.args[0].is_real

    @staticmethod
    def _mp(k: Any) -> Any:
        return mpmath.log(mpmath.besseli(0, k))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = rf"\log I_{{0}}\left({printer._print(self.args[0])}\right)"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _mathml_presentation(self, printer: Any) -> Any:
        return _row(printer, _element(printer, "mi", "log"), _call(printer, "I₀", self.args[0]))


class BesselRatio(_Atom):
    """A^(n)(k) with A = I1/I0, the mean resultant length of von Mises; A' = 1 - A^2 - A/k > 0."""

    _highest = 3

    @classmethod
    def eval(cls, n: Any, k: Any) -> sp.Expr | None:
        _check_order(n)
        if k.is_zero and n.is_Integer and n <= 3:
            return (sp.S.Zero, sp.S.Half, sp.S.Zero, sp.Rational(-3, 8))[int(n)]
        return None

    def fdiff(self, argindex: int = 2) -> sp.Expr:
        return self._step_order(argindex)

    def _eval_is_positive(self) -> bool | None:
        n, k = self.args
        return {0: k.is_positive, 1: k.is_real}.get(n)

    @staticmethod
    def _mp(n: Any, k: Any) -> Any:
        a = mpmath.besseli(1, k) / mpmath.besseli(0, k)
        return _riccati(a, k)[int(n)]

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = rf"A{_primes(self.args[0], printer._print)}\left({printer._print(self.args[1])}\right)"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _mathml_presentation(self, printer: Any) -> Any:
        return _call(printer, "A" + _marks(self.args[0]), self.args[1])


class LogBesselI0Sqrt(_Atom):
    """d^n/drho^n log I0(sqrt rho): von Mises in its natural chart, smooth at rho = k^2 = 0."""

    _highest = 4

    @classmethod
    def eval(cls, n: Any, rho: Any) -> sp.Expr | None:
        _check_order(n)
        if rho.is_zero and n.is_Integer and n <= 4:
            return sp.Rational(("0", "1/4", "-1/32", "1/96", "-11/2048")[int(n)])
        return None

    def fdiff(self, argindex: int = 2) -> sp.Expr:
        return self._step_order(argindex)

    def _eval_is_real(self) -> bool | None:
        return True if self.args[1].is_nonnegative else None

    def _eval_is_positive(self) -> bool | None:
        n, rho = self.args
        return rho.is_nonnegative if n == 1 else None

    @staticmethod
    def _mp(n: Any, rho: Any) -> Any:
        k = mpmath.sqrt(rho)
        if n == 0:
            return mpmath.log(mpmath.besseli(0, k))
        a = _riccati(mpmath.besseli(1, k) / mpmath.besseli(0, k), k)
        return _in_square(a, k)[int(n) - 1]

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        n, rho = (printer._print(a) for a in self.args)
        front = "" if self.args[0] == 0 else rf"\partial_{{{rho}}}^{{{n}}} "
        text = rf"{front}\log I_{{0}}\left(\sqrt{{{rho}}}\right)"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _mathml_presentation(self, printer: Any) -> Any:
        n, rho = self.args
        call = _row(printer, _element(printer, "mi", "log"), _call(printer, "I₀", sp.sqrt(rho)))
        if n == 0:
            return call
        partial = printer.dom.createElement("msubsup")
        for child in (_element(printer, "mo", "∂"), printer._print(rho), printer._print(n)):
            partial.appendChild(child)
        return _row(printer, partial, call)


def _riccati(a: Any, k: Any) -> tuple[Any, Any, Any, Any]:
    """A, A', A'', A''' from A by differentiating A' = 1 - A^2 - A/k; cancels, so for mpmath only."""
    a1 = 1 - a * a - a / k
    a2 = -2 * a * a1 - a1 / k + a / k**2
    a3 = -2 * a1 * a1 - 2 * a * a2 - a2 / k + 2 * a1 / k**2 - 2 * a / k**3
    return a, a1, a2, a3


def _in_square(a: Any, k: Any) -> tuple[Any, Any, Any, Any]:
    """d^n/drho^n log I0(sqrt rho), n = 1..4, from A..A''' by d/drho = (1/2k) d/dk; cancels for k << 1."""
    a0, a1, a2, a3 = a
    return (
        a0 / (2 * k),
        (k * a1 - a0) / (4 * k**3),
        (k * k * a2 - 3 * k * a1 + 3 * a0) / (8 * k**5),
        (k**3 * a3 - 6 * k * k * a2 + 15 * k * a1 - 15 * a0) / (16 * k**7),
    )


def _primes(n: sp.Expr, show: Any) -> str:
    return "'" * int(n) if n.is_Integer and n <= 3 else rf"^{{({show(n)})}}"


def _marks(n: sp.Expr) -> str:
    return ("", "′", "″", "‴")[int(n)] if n.is_Integer and n <= 3 else f"⁽{n}⁾"


def _element(printer: Any, tag: str, text: str) -> Any:
    node = printer.dom.createElement(tag)
    node.appendChild(printer.dom.createTextNode(text))
    return node


def _row(printer: Any, *children: Any) -> Any:
    row = printer.dom.createElement("mrow")
    for child in children:
        row.appendChild(child)
    return row


def _call(printer: Any, name: str, argument: sp.Expr) -> Any:
    opening, closing = _element(printer, "mo", "("), _element(printer, "mo", ")")
    return _row(printer, _element(printer, "mi", name), opening, printer._print(argument), closing)


# ---------------------------------------------------------------- gamma functions

erf = scipy.special.erf

# psi^(n) is a sum over x, x+1, … x+_SHIFT-1 and an asymptotic series at x+_SHIFT (DLMF 5.15.1, 5.15.8).
# At 12 eight Bernoulli terms leave 3e-15 at order 4, and less below.
_SHIFT = 12
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_MANY = 256  # lanes above which the series outruns scipy.special.zeta
_PLAIN = 0.02  # d/x above which the plain difference loses less than a factor of fifty, and is five times faster
_SIGNED = [(-1.0) ** (n + 1) * factorial(n) for n in range(5)]
_TAIL = [
    [b * factorial(2 * k + n - 1) / factorial(2 * k) / factorial(n) for k, b in enumerate(_BERNOULLI, start=1)]
    for n in range(5)
]


def lgamma(x: ArrayLike) -> Array:
    """log Gamma(x) for x > 0, elementwise; nan elsewhere."""
    return scipy.special.gammaln(_positive(x))


def polygamma(n: int, x: ArrayLike) -> Array:
    """psi^(n)(x) for n = 0…4 and x > 0, elementwise; nan elsewhere."""
    x = _positive(x)
    if n == 0:
        return scipy.special.psi(x)
    if x.size <= _MANY:
        return _few(n, x.tobytes()).reshape(x.shape)
    p = 1 / (x + _shifts(x))
    return _series(n, p[:-1] ** (n + 1), p[-1], p[-1], 0.0)


@lru_cache(64)
def _few(n: int, x: bytes) -> Array:
    """psi^(n) at a few points. One formula asks for the same ones again: a, b and a + b, each order twice."""
    values = _SIGNED[n] * scipy.special.zeta(n + 1, np.frombuffer(x))
    values.flags.writeable = False
    return values


def polygamma_difference(n: int, x: ArrayLike, d: ArrayLike) -> Array:
    """psi^(n)(x) - psi^(n)(x + d) for n = 0…4, x > 0, x + d > 0 (nan elsewhere); x and d broadcast.

    Every difference of powers of p = 1/(x+j) and q = 1/(x+d+j) is written (p - q) h(p, q)
    with p - q = d p q and h a sum of positive terms, so nothing cancels when d << x.
    """
    x, d = np.broadcast_arrays(_positive(x), np.asarray(d, dtype=float))
    if n > 0 and (d > _PLAIN * x).all():
        return polygamma(n, x) - polygamma(n, x + d)
    j = _shifts(x)
    p, q = 1 / (x + j), 1 / (_positive(x + d) + j)
    gap = d * p * q
    total = _series(n, gap[:-1] * _homogeneous(n, p[:-1], q[:-1]), gap[-1], p[-1], q[-1])
    return total - np.log1p(d * p[-1]) if n == 0 else total


# |d|/x below which the quotient is a Taylor series, and its terms: 0.3^60 < 1e-31
_NEAR, _TERMS = 0.3, 60


def polygamma_quotient(order: int, x: ArrayLike, d: ArrayLike) -> Array:
    """d^k/dd^k (psi^(n)(x + d) - psi^(n)(x))/d, order = n + 8k, n + k = 0…4; nan unless x > 0, x + d > 0.

    By its recurrence k q_(k-1) + d q_k = psi^(n+k)(x + d), near d = 0 by the Taylor series of psi.
    """
    k, n = divmod(order, 8)
    x, d = np.broadcast_arrays(_positive(x), np.asarray(d, dtype=float))
    near = np.abs(d) < _NEAR * x
    step = np.where(near, 1.0, d)
    far = _positive(x + d)
    value = (polygamma(n, far) - polygamma(n, x)) / step
    for i in range(1, k + 1):
        value = (polygamma(n + i, far) - i * value) / step
    value = np.array(value)
    if np.any(near):
        value[near] = _taylor_quotient(n, k, x[near], d[near])
    return value


def _taylor_quotient(n: int, k: int, x: Array, d: Array) -> Array:
    """sum over m > k of psi^(n+m)(x)/m! (m-1)!/(m-1-k)! d^(m-1-k), in powers of d/x."""
    places, where = np.unique(x, return_inverse=True)
    t, total = d / x, np.zeros_like(d)
    for m in range(k + _TERMS, k, -1):
        weight = (-1.0) ** (n + m + 1) * prod(range(m - k, n + m + 1)) / m
        # psi^(r)(x) = (-1)^(r+1) r! zeta(r + 1, x), scaled so that no power leaves the range of numbers
        scaled = scipy.special.zeta(n + m + 1, places) * places ** (n + m)
        total = total * t + weight * scaled[where]
    return total / x ** (n + k + 1)


def _positive(x: ArrayLike) -> Array:
    x = np.asarray(x, dtype=float)
    return np.where(x > 0, x, np.nan)


def _shifts(x: Array) -> Array:
    return np.arange(_SHIFT + 1.0).reshape((-1,) + (1,) * x.ndim)


def _homogeneous(m: int, p: Any, q: Any) -> Any:
    """(p^(m+1) - q^(m+1)) / (p - q) = p^m + p^(m-1) q + … + q^m."""
    total = power = 1.0
    for _ in range(m):
        power = power * q
        total = total * p + power
    return total


def _series(n: int, heads: Array, gap: Any, p: Any, q: Any) -> Any:
    """psi^(n)(1/p) - psi^(n)(1/q) after the shift, given gap = p - q; without its log when n = 0."""
    h, power = _homogeneous(n + 1, p, q), q ** (n + 2)
    tail = _homogeneous(n, p, q) / 2
    if n > 0:
        tail = tail + _homogeneous(n - 1, p, q) / n
    p_squared, q_squared, both = p * p, q * q, p + q
    for weight in _TAIL[n]:
        tail = tail + weight * h
        h = p_squared * h + power * both
        power = power * q_squared
    return (-1) ** (n + 1) * factorial(n) * (heads.sum(axis=0) + gap * tail)


# ---------------------------------------------------------------- Bessel functions
#
# Each function of k is a polynomial of degree 23 on five pieces: in k^2 below 2 (the nearest
# singularity is the zero of I0 at k = 2.405i), in k on three middle pieces, in 1/k above 25
# (the asymptotic series, whose smallest term there is far below 1e-16).

_BREAKS = np.array([2.0, 4.6, 10.7, 25.0])
_CENTRE = np.array([2.0, 3.3, 7.65, 17.85, 0.0])
_HALF = np.array([2.0, 1.3, 3.05, 7.15, 1 / 25])
_DEGREE = 23


def log_i0(k: ArrayLike) -> Array:
    """log I0(k), elementwise; even in k, relative accuracy kept down to k = 0."""
    k = np.abs(np.asarray(k, dtype=float))
    value, piece = _piecewise(_LOG, k)
    large = k - 0.5 * np.log(2 * np.pi * np.maximum(k, 1.0))
    return np.where(piece == 0, value * k * k, value + np.where(piece == 4, large, k))


def bessel_ratio(n: int, k: ArrayLike) -> Array:
    """A^(n)(k), A = I1/I0, n = 0…3, elementwise; A is odd, so A^(n) has the parity of n + 1."""
    k = np.asarray(k, dtype=float)
    value, piece = _piecewise(_RATIO[n], np.abs(k))
    if n > 0:
        value = value * _scale(k, piece, n + 1)
    return value if n % 2 else value * np.where(piece == 0, k, np.sign(k))


def log_i0_sqrt(n: int, rho: ArrayLike) -> Array:
    """d^n/drho^n log I0(sqrt rho), n = 0…4 and rho >= 0 (nan below), elementwise; 1/4 at n = 1, rho = 0."""
    rho = np.asarray(rho, dtype=float)
    k = np.sqrt(np.where(rho >= 0, rho, np.nan))
    if n == 0:
        return log_i0(k)
    value, piece = _piecewise(_SQRT[n - 1], k)
    return value * _scale(k, piece, 2 * n - 1)


def _scale(k: Array, piece: NDArray[np.intp], power: int) -> Array:
    """k^-power, the decay taken out of the polynomials above 2 so that they are accurate to their ends."""
    return np.where(piece == 0, 1.0, 1 / np.maximum(np.abs(k), 1.0)) ** power


def _piecewise(table: Array, k: Array) -> tuple[Array, NDArray[np.intp]]:
    piece = np.searchsorted(_BREAKS, k, side="right")
    variable = np.where(piece == 0, k * k, np.where(piece == 4, 1 / np.maximum(k, 1.0), k))
    t = (variable - _CENTRE[piece]) / _HALF[piece]
    rows = table[piece]
    powers = np.empty((*t.shape, _DEGREE + 1))
    powers[...] = t[..., None]
    powers[..., 0] = 1.0
    return np.einsum("...j,...j", rows, np.multiply.accumulate(powers, axis=-1)), piece


def _tables() -> tuple[Array, list[Array], list[Array]]:
    nodes = chebyshev.chebpts1(_DEGREE + 1)
    small = _small(_CENTRE[0] + _HALF[0] * nodes)
    middle = [_middle(c + h * nodes) for c, h in zip(_CENTRE[1:4], _HALF[1:4], strict=True)]
    fits = [[_fit(nodes, row) for row in piece] for piece in (small, *middle)]
    rows = [np.array(column) for column in zip(*fits, _large(), strict=True)]
    return rows[0], rows[1:5], rows[5:9]


def _fit(nodes: Array, values: Array) -> Any:
    return chebyshev.cheb2poly(chebyshev.chebfit(nodes, values, _DEGREE))


def _small(rho: Array) -> list[Any]:
    """log I0 / rho, A^(n) over its parity, log I0(sqrt rho)^(n), by the Taylor series of log I0 in rho."""
    terms = 160  # (4 / 5.78)^160 < 1e-25
    a, c = np.ones(terms), np.zeros(terms)
    for j in range(1, terms):  # I0 = sum a_j rho^j, and I0' = I0 (log I0)' gives c_j
        a[j] = a[j - 1] / (4 * j * j)
        c[j] = a[j] - np.dot(np.arange(1, j) * c[1:j], a[j - 1 : 0 : -1]) / j
    j = np.arange(terms)
    ratio = [(c * _falling(2 * j, n + 1))[1 + n // 2 :] for n in range(4)]
    root = [(c * _falling(j, n))[n:] for n in range(1, 5)]
    return [polynomial.polyval(rho, series) for series in (c[1:], *ratio, *root)]


def _middle(k: Array) -> list[Array]:
    """log I0 - k, A, k^(n+1) A^(n), k^(2n-1) log I0(sqrt rho)^(n), by the trapezoid rule.

    A, A', A'', A''' are the cumulants of cos under von Mises.
    """
    u = 2 * np.sin(np.pi * np.arange(64) / 64)[:, None] ** 2  # 1 - cos
    weight = np.exp(-k * u)
    total = weight.sum(axis=0)
    deficit = (weight * u).sum(axis=0) / total
    m2, m3, m4 = ((weight * (u - deficit) ** r).sum(axis=0) / total for r in (2, 3, 4))
    ratio = (1 - deficit, m2, -m3, m4 - 3 * m2 * m2)
    log, root = np.log(total / 64), _in_square(ratio, k)
    scaled = [r * k ** (n + 1) for n, r in enumerate(ratio) if n > 0]
    return [log, ratio[0], *scaled, *(r * k ** (2 * n - 1) for n, r in enumerate(root, start=1))]


def _large() -> list[Array]:
    """The asymptotic series in 1/k of log I0 - k + log(2 pi k)/2 and of the other functions of `_middle`."""
    size = _DEGREE + 1
    a = np.zeros(size + 1)  # A = sum a_j k^-j solves the Riccati equation
    a[0], a[1] = 1.0, -0.5
    for j in range(2, size + 1):
        a[j] = ((j - 2) * a[j - 1] - np.dot(a[1:j], a[j - 1 : 0 : -1])) / 2
    j = np.arange(size + 1)
    log = np.concatenate([[0.0], a[2:] / (1 - j[2:])])
    ratio = [a[:size]] + [(a * _falling(-j, n))[1:] for n in (1, 2, 3)]
    root = [a[:size] / 2 * prod((1 - j[:size]) / 2 - i for i in range(1, n)) for n in range(1, 5)]
    return [series * _HALF[4] ** np.arange(size) for series in (log, *ratio, *root)]


def _falling(e: NDArray[np.int_], n: int) -> Any:
    return prod(e - i for i in range(n))


_LOG, _RATIO, _SQRT = _tables()
