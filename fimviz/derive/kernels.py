"""Expectations from a table of three kernels, logarithms by differentiating in the exponent.

On (0, ∞) or (0, 1), with a density proportional to the kernel:

    x^(a−1) e^(−b x^q)         E[xˢ] = b^(−s/q) Γ((a+s)/q) / Γ(a/q)
    x^(a−1) (1+c x^q)^(−d)     E[xˢ(1+c x^q)^(−j)] = c^(−s/q) B((a+s)/q, d+j−(a+s)/q) / B(a/q, d−a/q)
    x^(a−1) (1−x^q)^(b−1)      E[xˢ(1−x^q)^(−j)] = B((a+s)/q, b−j) / B(a/q, b)

(Mellin transforms: Gradshteyn & Ryzhik 3.478.1, 3.241.4, 3.251.1.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import sympy as sp

from fimviz.exponential import Expr, separate

# dummies: a parameter may have any name
_S, _J = sp.Dummy("s", real=True), sp.Dummy("j", real=True)


@dataclass(frozen=True)
class Kernel:
    """A density on the half-line or the unit interval whose moments the table knows.

    `inner` is the bracket 1 ± c·x^q that may occur in integrands (None for the first kernel), and
    `moment(s, j)` is E[xˢ inner^(−j)].
    """

    name: str
    x: sp.Symbol
    inner: Expr | None
    moment: Callable[[Expr, Expr], Expr]
    found: dict[tuple[int, int], Expr] = field(default_factory=dict)

    def expectation(self, integrand: Expr) -> Expr | None:
        """E[integrand], or None where a term is not of the form xˢ (log x)ᵐ inner^(−j) (log inner)ⁿ."""
        total = sp.S.Zero
        for term in _terms(integrand, self.inner):
            value = self._term(term) if term != 0 else term
            if value is None:
                return None
            total += value
        return sp.expand(sp.expand_log(sp.expand_func(sp.expand(total)), force=True))

    def _term(self, term: Expr) -> Expr | None:
        coefficient, rest = term.as_independent(self.x, as_Add=False)
        power = bracket = logs = bracket_logs = sp.S.Zero
        for base, exponent in rest.as_powers_dict().items():
            if base == self.x:
                power += exponent
            elif base == sp.log(self.x):
                logs += exponent
            elif (times := self._multiple(base)) is not None:
                coefficient *= times**exponent
                bracket -= exponent
            elif self.inner is not None and base == sp.log(self.inner):
                bracket_logs += exponent
            elif base != 1:
                return None
        if any(not n.is_Integer or n < 0 for n in (logs, bracket_logs)):
            return None
        value = self._derivative(int(logs), int(bracket_logs))
        return coefficient * value.subs({_S: power, _J: bracket})

    def _multiple(self, base: Expr) -> Expr | None:
        """How many times `inner` the base of a power is, if it is free of x: z² + 5 is 5(1 + z²/5)."""
        if self.inner is None or not base.is_Add:
            return None
        times = sp.cancel(base / self.inner)
        return None if times.has(self.x) else times

    def _derivative(self, logs: int, bracket_logs: int) -> Expr:
        """∂/∂s raises (log x), −∂/∂j raises (log inner); each is found once."""
        if (logs, bracket_logs) not in self.found:
            if logs:
                value = sp.diff(self._derivative(logs - 1, bracket_logs), _S)
            elif bracket_logs:
                value = -sp.diff(self._derivative(0, bracket_logs - 1), _J)
            else:
                value = self.moment(_S, _J)
            self.found[logs, bracket_logs] = value
        return self.found[logs, bracket_logs]


def _terms(integrand: Expr, inner: Expr | None) -> tuple[Expr, ...]:
    if inner is None:
        return sp.Add.make_args(sp.expand(integrand))
    above, below = sp.fraction(sp.together(integrand))
    return tuple(t / below for t in sp.Add.make_args(sp.expand(above)))


def match(log_density: Expr, x: sp.Symbol) -> Kernel | None:
    """The kernel of a log-density in x, or None where the table does not have it."""
    grouped = separate(log_density, x)
    grouped.pop(sp.S.One, None)
    a = grouped.pop(sp.log(x), sp.S.Zero) + 1
    if len(grouped) != 1:
        return None
    ((shape, factor),) = grouped.items()
    if isinstance(shape, sp.log):
        return _bracket(shape.args[0], factor, a, x)
    coefficient, power = (factor * shape).as_independent(x, as_Add=False)
    base, q = power.as_base_exp()
    if base != x or not (-coefficient).is_positive:
        return None
    b = -coefficient
    scale = sp.powdenest(b ** (-1 / q), force=True)

    def moment(s: Expr, j: Expr) -> Expr:
        return scale**s * sp.gamma((a + s) / q) / sp.gamma(a / q)

    return Kernel("exponential of a power", x, None, moment)


def _bracket(inner: Expr, factor: Expr, a: Expr, x: sp.Symbol) -> Kernel | None:
    one, rest = sp.expand(inner).as_independent(x)
    c, power = rest.as_independent(x, as_Add=False)
    base, q = power.as_base_exp()
    if one == 0 or base != x:
        return None
    c = c / one
    if c.is_positive:
        d = -factor

        def moment(s: Expr, j: Expr) -> Expr:
            top = _beta((a + s) / q, d + j - (a + s) / q)
            return c ** (-s / q) * top / _beta(a / q, d - a / q) * one**-j

        return Kernel("power of 1 + c x^q", x, inner, moment)
    if c == -1:
        b = factor + 1

        def moment(s: Expr, j: Expr) -> Expr:
            return _beta((a + s) / q, b - j) / _beta(a / q, b)

        return Kernel("power of 1 − x^q", x, inner, moment)
    return None


def _beta(a: Expr, b: Expr) -> Expr:
    return sp.gamma(a) * sp.gamma(b) / sp.gamma(a + b)
