"""Quadrature: g = E[s sᵀ] and T = E[s s s] as integrals on nodes, where they are no formulas.

The scores are taken in the coordinates that are asked for, s_a = Σ sᵢ ∂θⁱ/∂ξᵃ, before they are
multiplied: where the metric is nearly singular, JᵀgJ would cancel.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

import sympy as sp

from fimviz.derive.steps import Cubic, Derivation, Step, symmetric
from fimviz.exponential import Expr, Matrix
from fimviz.family import Family


def score_moments(family: Family) -> Derivation | None:
    """g = E[s sᵀ] on the nodes that the family declares; None where it declares none."""
    if family.mean is None:
        return None
    scores = sp.Matrix([sp.diff(family.expression, s) for s in family.symbols])

    def moments(order: int, symbols: Sequence[sp.Symbol], back: Sequence[Expr]) -> Any:
        return (_second if order == 2 else _third)(family, list(scores), symbols, back)

    products = sp.Function("E")(scores * scores.T)
    steps = (
        Step("log-density", family.expression, family.expression),
        Step("score", family.expression, scores),
        Step("expectation on nodes", scores, products),
    )
    theta = family.symbols
    return Derivation("quadrature", steps, None, lambda: moments(3, theta, theta), moments=moments)


def _second(family: Family, scores: Sequence[Expr], symbols: Sequence[sp.Symbol], back: Sequence[Expr]) -> Matrix:
    values = _products(family, scores, symbols, back, 2)
    d = len(symbols)
    return sp.Matrix(d, d, lambda i, j: values[min(i, j), max(i, j)])


def _third(family: Family, scores: Sequence[Expr], symbols: Sequence[sp.Symbol], back: Sequence[Expr]) -> Cubic:
    return symmetric(_products(family, scores, symbols, back, 3), len(symbols))


def _products(
    family: Family, scores: Sequence[Expr], symbols: Sequence[sp.Symbol], back: Sequence[Expr], order: int
) -> dict[tuple[int, ...], Expr]:
    """E[s_a s_b …] for every ascending choice of so many coordinates."""
    swap = dict(zip(family.symbols, back, strict=True))
    moved = [s.xreplace(swap) for s in scores]
    slopes = _Slopes()
    chain = [[slopes.name(sp.diff(b, s)) for b in back] for s in symbols]

    direct = family.expression.xreplace(swap)

    def score(a: int, at: dict[Any, Any]) -> Expr:
        if len(set(chain[a]).union(*(j.free_symbols for j in chain[a])) & slopes.meaning.keys()) > 1:
            # several slopes: what the new coordinates do to ℓ itself is shorter
            return sp.factor_terms(sp.diff(direct, symbols[a]).xreplace(at))
        chained = (j * s.xreplace(at) for j, s in zip(chain[a], moved, strict=True))
        return sp.factor_terms(sp.expand_mul(sp.Add(*chained)))

    def product(choice: tuple[int, ...]) -> Expr:
        def f(*sample: Expr) -> Expr:
            at = dict(zip(family.samples, sample, strict=True))
            return sp.Mul(*(score(a, at) for a in choice))

        return sp.Add(family.expectation_of(f, back)).xreplace(slopes.meaning)

    choices = combinations_with_replacement(range(len(symbols)), order)
    return {choice: product(choice) for choice in choices}


class _Slopes:
    """∂θ/∂ξ under a name, one for all that differ by a number: so that a common factor is seen to be one."""

    def __init__(self) -> None:
        self.meaning: dict[sp.Symbol, Expr] = {}
        self._names: dict[Expr, sp.Symbol] = {}

    def name(self, slope: Expr) -> Expr:
        content, primitive = slope.as_content_primitive()
        if primitive.is_number:
            return slope
        if primitive.could_extract_minus_sign():
            content, primitive = -content, -primitive
        if primitive not in self._names:
            self._names[primitive] = sp.Dummy("slope", real=True)
            self.meaning[self._names[primitive]] = primitive
        return content * self._names[primitive]
