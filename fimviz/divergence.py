"""Kullback–Leibler divergence and its relatives between two members of one family. In nats."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.derive.quadrature import expectation
from fimviz.family import Family
from fimviz.tape import Tape, lower

Array = NDArray[np.float64]


def kl(family: Family, p: ArrayLike, q: ArrayLike) -> Array:
    """KL(p‖q) = E_p[log p/q], p and q (..., d) in the declared parameters. Returns (...), nats.

    Closed where the family has an exponential form or declares one, by quadrature otherwise.
    Raises `DomainError` for points outside the domain.
    """
    p, q = np.broadcast_arrays(family.check(p), family.check(q))
    tape = kl_tape(family)
    if tape is not None:
        return tape(*np.moveaxis(p, -1, 0), *np.moveaxis(q, -1, 0))[..., 0]
    return kl_by_quadrature(family, p, q)


def kl_by_quadrature(family: Family, p: ArrayLike, q: ArrayLike) -> Array:
    """The same from its definition, for any family."""
    p, q = np.broadcast_arrays(np.asarray(p, float), np.asarray(q, float))
    law = expectation(family)
    rule = law.rule(p)
    gap = rule.log_p - law._log_p(rule.sample, q)
    weights = rule.probability
    return np.sum(np.where(weights > 0, weights * gap, 0.0), axis=-1)


def jeffreys(family: Family, p: ArrayLike, q: ArrayLike) -> Array:
    """Jeffreys' divergence KL(p‖q) + KL(q‖p), shape (...)."""
    return kl(family, p, q) + kl(family, q, p)


def kl_expression(family: Family) -> tuple[sp.Expr, tuple[sp.Symbol, ...], tuple[sp.Symbol, ...]] | None:
    """KL(p‖q) as an expression in the symbols of p and of q, or None where only numbers exist."""
    mine = family.symbols
    other = tuple(sp.Symbol(f"{s.name}_q", **s.assumptions0) for s in mine)
    if family.exponential_form is not None:
        return family.exponential_form.kl(other), mine, other
    if family.kl is not None:
        return sp.Add(family.kl(*mine, *other)), mine, other
    return None


@cache
def kl_tape(family: Family) -> Tape | None:
    """KL(p‖q) as a tape of (p…, q…) in the declared parameters, or None."""
    found = kl_expression(family)
    return None if found is None else lower([found[0]], (*found[1], *found[2]))
