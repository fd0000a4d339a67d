"""Closed forms with their removable singularities filled in.

A moment such as (ψ(b)² + ψ′(2) − ψ′(b) …)/(b − 2) is finite at b = 2 and 0/0 there as written. About a
place p, ψ⁽ⁿ⁾(b) = ψ⁽ⁿ⁾(p) + (b − p) q with the quotient q = (ψ⁽ⁿ⁾(b) − ψ⁽ⁿ⁾(p))/(b − p), smooth in b, and
the factor b − p cancels. Near 0, where ψ itself has its pole, ψ⁽ⁿ⁾(b) = ψ⁽ⁿ⁾(1 + b) ± n!/b^(n+1) likewise.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from fimviz.exponential import Expr
from fimviz.special import PolygammaQuotient

_HALF = sp.Rational(1, 2)


def filled(e: Expr) -> Expr:
    """The same function as `e`, without the positive zeros of its denominator that are none of it.

    Each place has a formula of its own for the arguments that are nearest to it, and beyond the last
    the one given serves. Returned as it is where there is no such place, or where it is a pole indeed.
    """
    arguments = {q.args[1] for q in e.atoms(sp.polygamma) if q.args[1].is_Symbol}
    if len(arguments) != 1:
        return e
    (b,) = arguments
    places = _zeros(sp.denom(sp.together(e)), b)
    if not places:
        return e
    # what is free of b stands before, where other factors can meet it
    outside = sp.factor(e).as_independent(b, as_Add=False)[0]
    e = sp.Add(*(sp.factor(term / outside) for term in sp.Add.make_args(e)))
    forms = [(p, _about(e, b, p)) for p in (sp.S.Zero, *places)]
    if any(sp.denom(form).subs(b, p) == 0 for p, form in forms[1:]):
        return outside * e
    return outside * sp.Piecewise(*((form, b < p + _HALF) for p, form in forms), (e, True))


def _zeros(denominator: Expr, b: sp.Symbol) -> list[Expr]:
    """Its positive whole zeros in b, in order."""
    if not denominator.has(b):
        return []
    found: Any = sp.roots(sp.Poly(denominator, b))
    return sorted(root for root in found if root.is_Integer and root.is_positive)


def _about(e: Expr, b: sp.Symbol, p: Expr) -> Expr:
    """`e` with its polygammas of b written by their quotients about p, and what cancels cancelled."""
    stands: dict[Expr, Expr] = {}
    values: dict[Expr, Expr] = {}
    for q in e.atoms(sp.polygamma):
        n, argument = q.args
        if argument != b:
            continue
        quotient = sp.Dummy(f"q{n}")
        if p == 0:
            values[quotient] = PolygammaQuotient(n, 0, 1, b)
            stands[q] = sp.polygamma(n, 1) + b * quotient + (-1) ** (n + 1) * sp.factorial(n) / b ** (n + 1)
        else:
            values[quotient] = PolygammaQuotient(n, 0, p, b - p)
            stands[q] = sp.polygamma(n, p) + (b - p) * quotient
    return sp.factor(e.xreplace(stands)).xreplace(values)
