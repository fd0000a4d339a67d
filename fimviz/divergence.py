"""Kullback–Leibler divergence and its relatives between two members of one family. In nats."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.atlas import chart_map
from fimviz.derive.quadrature import average, expectation
from fimviz.family import Family, once
from fimviz.metric import fisher_metric
from fimviz.tape import Tape, lower

Array = NDArray[Any]
# KL below which the closed form has lost digits, and Gauss–Legendre on (0, 1), exact that near
_NEAR = 1e-3
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_T, _FALLING = (1 + _NODES) / 2, _WEIGHTS * (1 - _NODES) / 4


def kl(family: Family, p: ArrayLike, q: ArrayLike) -> Array:
    """KL(p‖q) = E_p[log p/q], p and q (..., d) in the declared parameters. Returns (...), nats.

    Closed where the family declares one or has an exponential form, by quadrature otherwise. Near points,
    where a sum would cancel: by `_bregman` from an exponential form, by quadrature in other families.
    ∞ where q is too narrow for numbers to say more. Raises `DomainError` for points outside the domain.
    """
    p, q = np.broadcast_arrays(family.check(p), family.check(q))
    tape = kl_tape(family)
    if tape is None:
        return kl_by_quadrature(family, p, q)
    value = np.asarray(tape(*np.moveaxis(p, -1, 0), *np.moveaxis(q, -1, 0))[..., 0])
    near = value < _NEAR
    if near.any() and family.natural is not None and family.kl is None:
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


@once
def entropy_tape(family: Family) -> Tape:
    """θ ↦ H(θ) in nats as a tape; see `entropy_expression`."""
    return lower([entropy_expression(family)], family.symbols)


@once
def entropy_expression(family: Family) -> Any:
    """H(θ) = −Σ p(x; θ) log p(x; θ) in nats, for a family with finitely many outcomes."""
    if family.support.kind != "finite":
        raise ValueError(f"Family '{family.title}': its entropy is no finite sum; use `entropy`.")
    terms = [family.expression.subs(family.sample, x) for x in family.support.points]
    return -sp.Add(*(sp.exp(t) * t for t in terms))


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


# step of the differences below, in units of 1/√gᵢᵢ
_STEP = 0.02


def kl_slopes(family: Family, theta: ArrayLike) -> tuple[Array, Array]:
    """(left, right): d/dh KL(p_θ‖p_θ+hv) on both sides of h = 0 along each axis v, (..., d). 0 where it is smooth.

    By differences with two steps. ∞ where no h however small gives a finite KL: the support moves.
    """
    theta = family.check(theta)
    sides = []
    for sign in (-1, 1):
        h = sign * _STEP * _unit(family, theta)[..., None] * np.eye(family.dimension)
        one, half = (_kl_along(family, theta, step) for step in (h, h / 2))
        length = np.abs(np.einsum("...ii->...i", h))
        with np.errstate(invalid="ignore"):
            sides.append(np.where(np.isfinite(one), sign * (4 * half - one) / length, np.inf))
    return sides[0], sides[1]


def kl_hessian(family: Family, theta: ArrayLike) -> Array:
    """∂²KL(p_θ‖q)/∂q∂q at q = p_θ, shape (..., d, d), by differences of quadratures; ∞ where KL is.

    It is the Fisher metric of a regular family. Second differences of KL, which is 0 at the point
    itself, at four steps, their errors of first, second and third order removed.
    """
    theta = family.check(theta)
    d = family.dimension
    unit = _unit(family, theta)
    axes = unit[..., None] * np.eye(d)
    along = {(i, j): _second(family, theta, axes[..., i, :] + (axes[..., j, :] if i != j else 0))
             for i in range(d) for j in range(i, d)}  # fmt: skip
    out = np.empty((*theta.shape, d))
    for (i, j), value in along.items():
        mixed = value if i == j else (value - along[i, i] - along[j, j]) / 2
        out[..., i, j] = out[..., j, i] = mixed / (unit[..., i] * unit[..., j])
    return out


def _unit(family: Family, theta: Array) -> Array:
    """1/√E[sᵢ²], shape (..., d): the length of a step that a family notices alike."""
    second = expectation(family).metric(theta)
    return 1 / np.sqrt(np.einsum("...ii->...i", second))


def _kl_along(family: Family, theta: Array, steps: Array) -> Array:
    """KL(p_θ‖p_θ+step) for steps (..., m, d), shape (..., m); on the nodes of p_θ unless they move with a kink."""
    other = theta[..., None, :] + steps
    law = expectation(family)
    if law.has_kinks:
        return kl_by_quadrature(family, np.broadcast_to(theta[..., None, :], other.shape), other)
    rule = law.rule(theta)
    nodes = tuple(np.broadcast_to(x, rule.log_p.shape)[..., None, :] for x in rule.sample)
    with np.errstate(all="ignore"):
        gap = rule.log_p[..., None, :] - law.log_density(nodes, other)
        return average(gap + np.expm1(-gap), np.broadcast_to(rule.probability[..., None, :], gap.shape))


def _second(family: Family, theta: Array, direction: Array) -> Array:
    """d²/dt² KL(p_θ‖p_θ+tv) at 0, by Richardson's scheme over four halvings of the step."""
    sizes = _STEP * 0.5 ** np.arange(4)
    steps = np.concatenate([sizes, -sizes])[:, None] * direction[..., None, :]
    values = _kl_along(family, theta, steps)
    with np.errstate(invalid="ignore"):
        table = list(np.moveaxis((values[..., :4] + values[..., 4:]) / sizes**2, -1, 0))
        for order in range(1, 4):
            table = [(2**order * finer - coarser) / (2**order - 1) for coarser, finer in pairwise(table)]
    return np.where(np.isfinite(values).all(-1), table[0], np.inf)


def jeffreys(family: Family, p: ArrayLike, q: ArrayLike) -> Array:
    """Jeffreys' divergence KL(p‖q) + KL(q‖p), shape (...)."""
    return kl(family, p, q) + kl(family, q, p)


def kl_expression(family: Family) -> tuple[sp.Expr, tuple[sp.Symbol, ...], tuple[sp.Symbol, ...]] | None:
    """KL(p‖q) as an expression in the symbols of p and of q, or None where only numbers exist."""
    mine = family.symbols
    other = tuple(sp.Symbol(f"{s.name}_q", **s.assumptions0) for s in mine)
    if family.kl is not None:
        return sp.Add(family.kl(*mine, *other)), mine, other
    if family.exponential_form is not None:
        return family.exponential_form.kl(other), mine, other
    gap = family.expression - family.expression.xreplace(dict(zip(mine, other, strict=True)))
    found = family.expectation_of(lambda *x: gap.xreplace(dict(zip(family.samples, x, strict=True))), mine)
    return None if found is None else (sp.Add(found), mine, other)


@once
def kl_tape(family: Family) -> Tape | None:
    """KL(p‖q) as a tape of (p…, q…) in the declared parameters, or None."""
    found = kl_expression(family)
    return None if found is None else lower([found[0]], (*found[1], *found[2]))
