"""Location–scale families: x = μ + σz leaves only moments of one standard density.

With ψ = ∂ℓ₀/∂z for the standard log-density ℓ₀(z), the scores are s_μ = −ψ/σ and
s_σ = −(1 + zψ)/σ, so g = M/σ² and T = −N/σ³ with constant moments M, N. Score products only:
the Hessian form would be wrong at a kink (Laplace).
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import sympy as sp

from fimviz.derive import kernels
from fimviz.derive.steps import Cubic, Derivation, Step, symmetric
from fimviz.exponential import Expr, tidy
from fimviz.family import Family, once


@once
def standard_density(family: Family) -> tuple[Expr, sp.Symbol] | None:
    """(ℓ₀(z), z) of a location–scale family on the line, x = μ + σz; None if it is not one."""
    if family.dimension != 2 or family.support.kind != "real":
        return None
    (mu, sigma), x = family.symbols, family.sample
    z = sp.Dummy("z", real=True)
    standard = _standardise(family.expression.subs(x, mu + sigma * z) + sp.log(sigma))
    return None if standard.free_symbols & {mu, sigma} else (standard, z)


def location_scale(family: Family) -> Derivation | None:
    """Metric and cubic tensor of a location–scale family on the line, or None if it is not one."""
    if (known := standard_density(family)) is None:
        return None
    (standard, z), (_, sigma) = known, family.symbols
    found = _expectation(standard, z)
    if found is None:
        return None
    expect, steps = found
    scores = _scores(standard, z)
    second = _moments(scores, expect, 2)
    if not second:
        return None
    g = sp.Matrix(2, 2, lambda i, j: second[tuple(sorted((i, j)))] / sigma**2)
    steps = (
        Step("log-density", family.expression, family.expression),
        Step("substitute x = μ + σz", family.expression, standard),
        Step("standard scores", standard, sp.Matrix(scores)),
        *steps,
        Step("second moments of the scores", sp.Matrix(scores), g),
    )
    return Derivation("location–scale", steps, g, lambda: _cubic(scores, expect, sigma), expect=expect)


def _cubic(scores, expect, sigma: sp.Symbol) -> Cubic:
    third = _moments(scores, expect, 3)
    return symmetric({index: value / sigma**3 for index, value in third.items()}, 2)


def _standardise(e: Expr) -> Expr:
    """ℓ₀(z): brackets cancelled and σ taken out of them first, then the logarithms split."""
    inner = e.replace(
        lambda a: isinstance(a, (sp.log, sp.Abs)), lambda a: a.func(sp.factor_terms(sp.expand(a.args[0])))
    )
    return sp.expand(sp.expand_log(sp.expand(inner)))


def _scores(standard: Expr, z: sp.Symbol) -> tuple[Expr, Expr]:
    psi = sp.diff(standard, z)
    return tidy_piecewise(-psi), tidy_piecewise(-(1 + z * psi))


def tidy_piecewise(e: Expr) -> Expr:
    return e if e.has(sp.sign, sp.Abs, sp.Derivative) else tidy(e)


def _expectation(standard: Expr, z: sp.Symbol):
    """A function E[f(z)] through the kernel table, after folding or u = e^(−z)."""
    u = sp.Dummy("u", positive=True)
    if sp.expand(standard.subs(z, -z) - standard) == 0:
        folded = sp.expand_log(standard.subs(z, u).doit())
        if (kernel := kernels.match(folded, u)) is None:
            return None

        def expect(f: Expr) -> Expr | None:
            even = sp.together((f.subs(z, u) + f.subs(z, -u)).doit() / 2)
            return kernel.expectation(even)

        return expect, (Step("even density: fold at 0", standard, folded + sp.log(2)),)
    changed = sp.expand(sp.expand_log(standard.subs(z, -sp.log(u)) - sp.log(u)))
    if (kernel := kernels.match(changed, u)) is None:
        return None
    return (
        lambda f: kernel.expectation(f.subs(z, -sp.log(u))),
        (Step("substitute u = exp(−z)", standard, changed),),
    )


def _moments(scores, expect, order: int) -> dict[tuple[int, ...], Expr]:
    """E[sᵢ sⱼ …] for every sorted set of indices; empty where the table lacks one."""
    values = {}
    for index in combinations_with_replacement(range(2), order):
        product = sp.Integer(1)
        for i in index:
            product *= scores[i]
        value = sp.S.Zero if product == 0 else expect(product)
        if value is None:
            return {}
        values[index] = sp.expand(value)
    return values
