"""Metrics of densities that are themselves a kernel of the table, score product by score product."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import sympy as sp

from fimviz.derive import kernels
from fimviz.derive.removable import filled
from fimviz.derive.steps import Cubic, Derivation, Step, symmetric
from fimviz.exponential import Expr
from fimviz.family import Family


def kernel_moments(family: Family) -> Derivation | None:
    """g and T as expectations of score products, or None where the table does not reach."""
    if family.support.kind not in ("positive", "unit"):
        return None
    x, symbols = family.sample, family.symbols
    log_density = sp.expand_log(sp.expand_power_base(family.expression))
    kernel = kernels.match(log_density, x)
    if kernel is None:
        return None
    scores = [_split_logs(sp.diff(log_density, s)) for s in symbols]
    second = _moments(kernel, scores, 2)
    if not second:
        return None
    d = len(symbols)
    g = sp.Matrix(d, d, lambda i, j: second[tuple(sorted((i, j)))])
    steps = (
        Step("log-density", family.expression, log_density),
        Step("score", log_density, sp.Matrix(scores)),
        Step(f"kernel: {kernel.name}", log_density, kernel.moment(sp.Dummy("s"), sp.S.Zero)),
        Step("second moments of the score", sp.Matrix(scores), g),
    )
    return Derivation("kernel table", steps, g, lambda: _cubic(kernel, scores, symbols), None, kernel.expectation)


def _cubic(kernel: kernels.Kernel, scores: list[Expr], symbols: Sequence[sp.Symbol]) -> Cubic:
    """Tᵢⱼₖ = E[sᵢ sⱼ sₖ]; with a bracket by `_mean`, so that no singularity is left."""
    d = len(symbols)
    if kernel.inner is None:
        return symmetric(_moments(kernel, scores, 3), d)
    indices = combinations_with_replacement(range(d), 3)
    return symmetric({i: _mean(kernel, [scores[k] for k in i], scores, symbols) for i in indices}, d)


def _mean(kernel: kernels.Kernel, factors: list[Expr], scores: list[Expr], symbols: Sequence[sp.Symbol]) -> Expr:
    """E[f₁ f₂ …] by E[sₖ h] = ∂ₖ E[h] − E[∂ₖh] for the scores sₖ that hold the bracket's logarithm.

    What is left has simple poles only, which `filled` removes.
    """
    if len(factors) == 1 and factors[0] in scores:
        return sp.S.Zero
    for position, factor in enumerate(factors):
        if factor in scores and factor.has(sp.log(kernel.inner)):
            symbol, rest = symbols[scores.index(factor)], factors[:position] + factors[position + 1 :]
            whole = sp.diff(_mean(kernel, rest, scores, symbols), symbol)
            for i, other in enumerate(rest):
                slope = _split_logs(sp.diff(other, symbol))
                if slope != 0:
                    whole -= _mean(kernel, [*rest[:i], slope, *rest[i + 1 :]], scores, symbols)
            return whole
    return filled(sp.Add(kernel.expectation(sp.Mul(*factors))))


def _split_logs(e: Expr) -> Expr:
    return sp.expand(sp.expand_log(sp.expand_power_base(sp.expand_log(e))))


def _moments(kernel: kernels.Kernel, scores: list[Expr], order: int) -> dict[tuple[int, ...], Expr]:
    """E[sᵢ sⱼ …] for every sorted set of indices; empty where the table lacks one."""
    values = {}
    for index in combinations_with_replacement(range(len(scores)), order):
        product = sp.Mul(*(scores[i] for i in index))
        value = kernel.expectation(product)
        if value is None:
            return {}
        values[index] = sp.collect(sp.expand(value), sp.EulerGamma)
    return values
