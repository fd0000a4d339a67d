"""Kullback–Leibler divergence and its relatives between two members of one family. In nats."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.atlas import chart_map
from fimviz.derive.quadrature import average, expectation
from fimviz.family import Family
from fimviz.metric import fisher_metric
from fimviz.tape import Tape, lower

Array = NDArray[Any]
# KL below which the closed form has lost digits, and Gauss–Legendre on (0, 1), exact that near
_NEAR = 1e-3
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_T, _FALLING = (1 + _NODES) / 2, _WEIGHTS * (1 - _NODES) / 4


def kl(family: Family, p: ArrayLike, q: ArrayLike) -> Array:
    """KL(p‖q) = E_p[log p/q], p and q (..., d) in the declared parameters. Returns (...), nats.

    Closed where the family has an exponential form or declares one, by quadrature otherwise. Near
    points, where a sum would cancel: by `_bregman` in an exponential family, by quadrature in others.
    ∞ where q is too narrow for numbers to say more. Raises `DomainError` for points outside the domain.
    """
    p, q = np.broadcast_arrays(family.check(p), family.check(q))
    tape = kl_tape(family)
    if tape is None:
        return kl_by_quadrature(family, p, q)
    value = np.asarray(tape(*np.moveaxis(p, -1, 0), *np.moveaxis(q, -1, 0))[..., 0])
    near = value < _NEAR
    if near.any() and family.natural is not None:
        value[near] = _bregman(family, p[near], q[near])
    elif near.any() and _is_sum(family):
        value[near] = kl_by_quadrature(family, p[near], q[near])
    if (lost := np.isnan(value)).any():
        value[lost] = kl_by_quadrature(family, p[lost], q[lost])
    return np.maximum(value, 0.0)


def entropy(family: Family, theta: ArrayLike) -> Array:
    """H(θ) = −E_θ[log p(x; θ)], θ (..., d) in the declared parameters. Returns (...), nats.

    A sum over the outcomes where they are finite, by quadrature otherwise; for densities the
    differential entropy, which depends on the coordinate of x. Raises `DomainError` outside the domain.
    """
    theta = family.check(theta)
    if family.support.kind == "finite":
        return np.asarray(entropy_tape(family)(*np.moveaxis(theta, -1, 0))[..., 0])
    rule = expectation(family).rule(theta)
    return -average(rule.log_p, rule.probability)


@cache
def entropy_tape(family: Family) -> Tape:
    """θ ↦ H(θ) in nats as a tape, for a family with finitely many outcomes."""
    if family.support.kind != "finite":
        raise ValueError(f"Family '{family.title}': its entropy is no finite sum; use `entropy`.")
    terms = [family.expression.subs(family.sample, x) for x in family.support.points]
    return lower([-sum(sp.exp(t) * t for t in terms)], family.symbols)


def _is_sum(family: Family) -> bool:
    """Whether the closed form has terms that cancel; log(1 + u) keeps its digits."""
    found = kl_expression(family)
    return found is not None and found[0].is_Add


def _bregman(family: Family, p: Array, q: Array) -> Array:
    """∫₀¹ (1 − t) g(Δ, Δ) dt along n_p + tΔ in natural coordinates: KL without a difference of logs."""
    to = chart_map(family, "natural").to
    start, step = to(p)[..., None, :], (to(q) - to(p))[..., None, :]
    tensors = fisher_metric(family, "natural").tensors
    squares = np.einsum("...i,...ij,...j->...", step, tensors.g(start + _T[:, None] * step), step)
    return squares @ _FALLING


def kl_by_quadrature(family: Family, p: ArrayLike, q: ArrayLike) -> Array:
    """The same from its definition, for any family.

    Near points as E_p[log p/q + q/p − 1], the added part 0 in the mean: no term is negative.
    """
    p, q = np.broadcast_arrays(np.asarray(p, float), np.asarray(q, float))
    law = expectation(family)
    rule = law.rule(p, also=q)
    with np.errstate(all="ignore"):
        gap = rule.log_p - law.log_density(rule.sample, q)
        value = average(gap, rule.probability)
        return np.where(value < _NEAR, average(gap + np.expm1(-gap), rule.probability), value)


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
