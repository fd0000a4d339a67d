"""Integrals known by their nodes, as SymPy expressions that are differentiated and lowered exactly.

    Trapezoid = h Σₖ ″ f(zₖ, p),   zₖ = low + k h,   k = 0 … count − 1,   half weight at both ends

On an analytic f that is even at the ends, or gone there, the rule errs by about e^(−2πw/h) for a
strip of analyticity of half-width w (Trefethen and Weideman, SIAM Review 56, 2014). Its derivatives
are those of the integrand on the same nodes, so that a metric and its slopes belong together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.core.function import ArgumentIndexError

from fimviz.exponential import Expr

# the variable of every integral, the same in all, so that equal integrands are one
Z = sp.Dummy("z", real=True)
# as far as a standard normal density matters in double precision, and nodes that resolve any mixture
_TAIL, _MANY = 9, 192
# nodes of a half-line on which an integrand may change at any scale
_SOME = 96
_NOISE = sp.Dummy("e", real=True)
_ROOT_2_PI = sp.sqrt(2 * sp.pi)


@cache
def _slot(index: int) -> sp.Symbol:
    """The parameters of every integrand, by position."""
    return sp.Dummy(f"p{index}", real=True)


class Fixed(sp.Function):
    """x, whose derivative is taken to be 0: where the nodes of an integral are does not change the integral."""

    def fdiff(self, argindex: int = 1) -> Any:
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sp.S.Zero

    def _eval_is_real(self) -> bool | None:
        return True if self.args[0].is_real else None


class Trapezoid(sp.Expr):
    """The sum above of `integrand`, an expression in Z and slots, at the values `at` of the slots."""

    args: Any  # pyright: ignore[reportIncompatibleMethodOverride]  # SymPy says Basic
    is_commutative = True

    def __new__(cls, integrand: Expr, at: sp.Tuple, low: Expr, high: Expr, count: Expr) -> Any:
        return sp.S.Zero if integrand == 0 else sp.Expr.__new__(cls, integrand, at, low, high, count)

    @property
    def integrand(self) -> Expr:
        return self.args[0]

    @property
    def at(self) -> tuple[Expr, ...]:
        return tuple(self.args[1])

    @property
    def rule(self) -> tuple[float, float, int]:
        low, high, count = self.args[2:]
        return float(low), float(high), int(count)

    @property
    def free_symbols(self) -> set[Any]:
        return set().union(*(a.free_symbols for a in self.at))

    def _eval_is_real(self) -> bool:
        return True

    def _eval_derivative(self, s: Any) -> Any:
        terms = []
        for index, value in enumerate(self.at):
            slope = sp.diff(value, s)
            if slope != 0:
                terms.append(slope * self._slope(index))
        return sp.Add(*terms)

    def _slope(self, index: int) -> Any:
        outer, inner = sp.diff(self.integrand, _slot(index)).as_independent(Z, as_Add=False)
        back = dict(zip(map(_slot, range(len(self.at))), self.at, strict=True))
        return outer.xreplace(back) * Trapezoid(inner, *self.args[1:])

    def _eval_evalf(self, prec: int) -> Any:
        return None if self.free_symbols else self.doit().evalf(n=max(1, int(prec / 3.33)))

    def doit(self, **_: Any) -> Any:
        """The sum written out."""
        values = dict(zip(map(_slot, range(len(self.at))), self.at, strict=True))
        f = self.integrand.xreplace(values).replace(Fixed, lambda x: x)
        low, high, count = self.args[2:]
        step = (high - low) / (count - 1)
        ends = sp.Add(*(f.xreplace({Z: z}) for z in (low, high))) / 2
        return step * (ends + sp.Add(*(f.xreplace({Z: low + k * step}) for k in range(1, int(count) - 1))))


def points(low: float, high: float, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights of the rule, (count,) each."""
    weights = np.full(count, (high - low) / (count - 1))
    weights[[0, -1]] /= 2
    return np.linspace(low, high, count), weights


def trapezoid(f: Callable[[sp.Symbol], Expr], low: float, high: float, count: int) -> Expr:
    """h Σ″ f(zₖ), with what does not depend on z in front, and in few parameters.

    Where the expressions in the integrand that are free of z are fewer than its symbols, up to a
    rational factor, they are its parameters: a function of a − b is not differentiated twice.
    """
    outer, inner = sp.factor_terms(f(Z)).as_independent(Z, as_Add=False)
    names = sorted(inner.free_symbols - {Z}, key=str)
    parts = _Parts()
    reduced = parts.reduce(inner)
    if len(parts.found) >= len(names):
        parts.found, reduced = names, inner.xreplace({s: _slot(i) for i, s in enumerate(names)})
    return outer * Trapezoid(reduced, sp.Tuple(*parts.found), *map(sp.Integer, (low, high, count)))


class _Parts:
    """The largest subexpressions free of z, each written as a slot."""

    def __init__(self) -> None:
        self.found: list[Expr] = []
        self._known: dict[Expr, tuple[Expr, int]] = {}

    def reduce(self, e: Any) -> Any:
        if e.is_number or e == Z:
            return e
        if not e.has(Z):
            return self._slot_of(e)
        if e.is_Add or e.is_Mul:
            free, bound = e.as_independent(Z)
            rest = [self.reduce(a) for a in e.func.make_args(bound)]
            return e.func(free if free.is_number else self._slot_of(free), *rest)
        # expanded, an argument and its negative are seen to be that: tanh(p(−p − z)) is −tanh(p(p + z))
        return e.func(*(sp.expand_mul(self.reduce(a)) for a in e.args))

    def _slot_of(self, e: Any) -> Any:
        content, primitive = sp.expand_mul(e).as_content_primitive()
        if primitive.could_extract_minus_sign():
            content, primitive = -content, -primitive
        if primitive not in self._known:
            self._known[primitive] = abs(content), len(self.found)
            self.found.append(abs(content) * primitive)
        first, index = self._known[primitive]
        return content / first * _slot(index)


def normal_mean(f: Callable[[Expr], Expr], count: int = _MANY) -> Expr:
    """E[f(z)] of a standard normal z: the trapezoidal rule on ±9, fine enough for any two bells of unit width."""
    return trapezoid(lambda z: f(z) * sp.exp(-(z**2) / 2) / _ROOT_2_PI, -_TAIL, _TAIL, count)


def even_normal_mean(f: Callable[[Expr], Expr], steepness: Expr, count: int = _SOME) -> Expr:
    """E[f(x)] of a standard normal x, f even and changing over lengths of 1/steepness.

    x = c sinh(R τ), 0 ≤ τ ≤ 1, c = 1/√(1 + steepness²), crowds the nodes where f changes and still
    reaches x = 9, at any steepness; all is even in τ, so that the end at 0 costs nothing.
    """
    squeeze = Fixed(sp.sqrt(1 + steepness**2))
    reach = Fixed(sp.asinh(_TAIL * sp.sqrt(1 + steepness**2)))

    def integrand(t: Expr) -> Expr:
        x = sp.sinh(reach * t) / squeeze
        density = 2 * sp.exp(-(x**2) / 2) / _ROOT_2_PI
        return f(x) * density * reach * sp.cosh(reach * t) / squeeze

    return trapezoid(integrand, 0, 1, count)


def noise_mean(f: Callable[[Expr], Expr]) -> Expr:
    """E[f(e)] of a standard normal e, exactly: f is a polynomial, and E[eⁿ] = 1 · 3 · … · (n − 1) or 0."""
    coefficient, power = (value := f(_NOISE)).as_coeff_exponent(_NOISE)
    if not coefficient.has(_NOISE):
        powers = [sp.S.Zero] * int(power) + [coefficient]
    else:
        powers = sp.Poly(value, _NOISE).all_coeffs()[::-1]
    return sp.Add(*(c * sp.factorial2(n - 1) for n, c in enumerate(powers) if n % 2 == 0))


class Loop:
    """Trapezoids on the same nodes as one loop: what is free of z leaves it, what is z alone is tabulated.

    columns  expressions in Z, tabulated once, and the symbols that stand for them
    lanes    expressions in the outer symbols, computed once before the loop, and their symbols
    bodies   the integrands in both kinds of symbols
    factors  expressions in Z that multiply each integrand, which become its weights
    """

    def __init__(self, sums: Sequence[Trapezoid]):
        self.columns: dict[Expr, sp.Symbol] = {}
        self.lanes: dict[Expr, sp.Symbol] = {}
        self._meaning: dict[sp.Symbol, Expr] = {}
        self._seen: dict[Expr, tuple[bool, bool]] = {}
        self._done: dict[Expr, Expr] = {}
        self.bodies, self.factors = [], []
        for one in sums:
            inner = one.integrand.xreplace({_slot(i): self._lane(value) for i, value in enumerate(one.at)})
            parts = sp.Mul.make_args(inner)
            alone = [p for p in parts if not self._look(p)[1]]
            self.factors.append(sp.Mul(*alone))
            self.bodies.append(self._hoist(sp.Mul(*(p for p in parts if p not in alone))))

    def _lane(self, value: Expr) -> sp.Symbol:
        if value not in self.lanes:
            self.lanes[value] = name = sp.Dummy(f"lane{len(self.lanes)}", real=True)
            self._meaning[name] = value
        return self.lanes[value]

    def _look(self, e: Any) -> tuple[bool, bool]:
        """Whether e depends on z, and whether on a lane."""
        if e not in self._seen:
            inner = [self._look(a) for a in e.args]
            here = (e == Z, e.is_Symbol and e != Z)
            self._seen[e] = any(z for z, _ in (here, *inner)), any(lane for _, lane in (here, *inner))
        return self._seen[e]

    def _hoist(self, e: Any) -> Any:
        if e not in self._done:
            self._done[e] = self._find(e)
        return self._done[e]

    def _find(self, e: Any) -> Any:
        of_z, of_lanes = self._look(e)
        if not of_z:
            return self._lane(e.xreplace(self._meaning)) if of_lanes and not e.is_Symbol else e
        if not of_lanes:
            return self.columns.setdefault(e, sp.Dummy(f"column{len(self.columns)}", real=True))
        if e.is_Add or e.is_Mul:
            return e.func(*map(self._hoist, self._grouped(e)))
        return e.func(*map(self._hoist, e.args))

    def _grouped(self, e: Any) -> list[Any]:
        """The operands with those free of z as one, those of z alone as one, and the others."""
        kinds = [(a, *self._look(a)) for a in e.args]
        groups = [[a for a, of_z, _ in kinds if not of_z], [a for a, of_z, lane in kinds if of_z and not lane]]
        mixed = [a for a, of_z, lane in kinds if of_z and lane]
        return [*(e.func(*group) for group in groups if group), *mixed]
