"""Which weights of a logistic regression can be deleted, and what a rule that ranks them gets wrong.

Inputs are normal with covariance Σ and no bias, so every cost is an integral over one or two
normal variables: η = wᵀx has variance τ² = wᵀΣw, and with v(η) = σ(η)(1 − σ(η))

    F = E[v] (Σ − Σw wᵀΣ/τ²) + E[v η²] Σw wᵀΣ/τ⁴
    cost(w → w′) = E[KL(Bernoulli(σ(wᵀx)) ‖ Bernoulli(σ(w′ᵀx)))]      nats a row

A deleted weight costs ½ F w² to second order, and ½ w²/(F⁻¹)ⱼⱼ if the others may move (LeCun, Denker
& Solla 1990; Hassibi & Stork 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit

from fimviz.errors import DomainError
from fimviz.tape import Tape, lower

Array = NDArray[Any]
# E[f(η)], η normal: the trapezoid rule on ±10 spreads, whose error is below 1e−12 while the logistic
# function is not much narrower than the normal
_Z = np.linspace(-10, 10, 401)
_WEIGHT = np.exp(-(_Z**2) / 2)
_WEIGHT = _WEIGHT / _WEIGHT.sum()
_ROUNDS, _SETTLED = 100, 1e-12
# two costs that differ by less than this share of them are one cost, rounded twice
_SAME = 1e-9
RULES = ("fisher", "size", "alone")


@dataclass(frozen=True)
class Weights:
    """A logistic regression p(1|x) = σ(wᵀx) on inputs x ~ N(0, Σ); w (d,), Σ (d, d)."""

    w: Array
    covariance: Array

    def __post_init__(self) -> None:
        w, s = np.array(self.w, float), np.array(self.covariance, float)
        if w.ndim != 1 or s.shape != (w.size, w.size) or not np.allclose(s, s.T):
            reason = f"and Σ of shape {s.shape}, which do not fit"
            raise DomainError(w, "Weights: w", reason, "give w (d,) and a symmetric Σ (d, d)")
        if not np.isfinite(w).all() or not np.linalg.eigvalsh(s)[0] > 0:
            raise DomainError(w, "Weights: w", "not finite, or Σ is not positive definite", "give finite numbers")
        object.__setattr__(self, "w", w)
        object.__setattr__(self, "covariance", s)

    def rescaled(self, index: int, factor: float) -> Weights:
        """The same model with input `index` measured in units 1/factor as large: x → factor·x, w → w/factor."""
        change = np.ones(self.w.size)
        change[index] = factor
        return Weights(self.w / change, self.covariance * np.outer(change, change))


def six_inputs() -> Weights:
    """An example on which the rules disagree: spreads (3, 1, .15, 1, 1, 1), the fifth input a near-copy of the fourth.

    Their correlation is .98, and their weights are opposite.
    """
    s = np.diag([3.0, 1, 0.15, 1, 1, 1]) ** 2
    s[3, 4] = s[4, 3] = 0.98
    return Weights(np.array([0.05, 0.8, 6, 1.2, -1.2, 0.3]), s)


def fisher(model: Weights) -> Array:
    """F = E[v(wᵀx) x xᵀ], shape (d, d)."""
    s, along = model.covariance, model.covariance @ model.w
    square = float(model.w @ along)
    eta = np.sqrt(square) * _Z
    v = expit(eta) * expit(-eta)
    if square == 0:
        return s / 4
    across = s - np.outer(along, along) / square
    return (_WEIGHT @ v) * across + (_WEIGHT @ (v * eta**2)) / square**2 * np.outer(along, along)


def cost(model: Weights, other: ArrayLike) -> float:
    """E_x KL(p(·|x; w) ‖ p(·|x; other)), nats a row."""
    other = np.asarray(other, float)
    along = model.covariance @ model.w
    square, both = float(model.w @ along), float(other @ along)
    # other·x given w·x is normal, and KL takes log σ of it
    slope = both / square if square else 0.0
    rest = np.sqrt(max(float(other @ model.covariance @ other) - slope * both, 0.0))
    eta = np.sqrt(square) * _Z
    p = expit(eta)
    entropy = p * log_expit(eta) + (1 - p) * log_expit(-eta)
    there = slope * eta[:, None] + rest * _Z
    crossed = (p[:, None] * log_expit(there) + (1 - p[:, None]) * log_expit(-there)) @ _WEIGHT
    return float(max(_WEIGHT @ (entropy - crossed), 0.0))


def deleted(model: Weights, indices: Sequence[int]) -> Array:
    """w with these weights set to zero."""
    w = model.w.copy()
    w[list(indices)] = 0.0
    return w


def refitted(model: Weights, indices: Sequence[int]) -> Array:
    """The weights closest to the model, in `cost`, among those with these set to zero. (d,)

    Newton on E[(σ(w′ᵀx) − σ(wᵀx)) x] = Σ(E[v(w′ᵀx)] w′ − E[v(wᵀx)] w), by Stein's lemma; the loss is
    convex. ArithmeticError if it does not settle.
    """
    free = np.setdiff1d(np.arange(model.w.size), list(indices))
    found = deleted(model, indices)
    for _ in range(_ROUNDS):
        trial = Weights(found, model.covariance)
        slope = model.covariance @ (_steepness(trial) * found - _steepness(model) * model.w)
        step = np.linalg.solve(fisher(trial)[np.ix_(free, free)], slope[free])
        found[free] -= step
        if np.max(np.abs(step), initial=0.0) <= _SETTLED * (1 + np.max(np.abs(found))):
            return found
    raise ArithmeticError("The refit does not settle.")


def _steepness(model: Weights) -> float:
    eta = np.sqrt(model.w @ model.covariance @ model.w) * _Z
    return float(_WEIGHT @ (expit(eta) * expit(-eta)))


@dataclass(frozen=True)
class Ranking:
    """Every weight by four rules, and what deleting it costs; each (d,).

    fisher Fⱼⱼ · size |wⱼ| · alone ½Fⱼⱼwⱼ² · others ½wⱼ²/(F⁻¹)ⱼⱼ · cost and cost_refitted in nats.
    """

    fisher: Array
    size: Array
    alone: Array
    others: Array
    cost: Array
    cost_refitted: Array


def ranking(model: Weights) -> Ranking:
    """The rules and the true costs, one weight at a time."""
    f = fisher(model)
    each = range(model.w.size)
    return Ranking(
        fisher=np.diag(f).copy(),
        size=np.abs(model.w),
        alone=np.diag(f) * model.w**2 / 2,
        others=model.w**2 / np.diag(np.linalg.inv(f)) / 2,
        cost=np.array([cost(model, deleted(model, [i])) for i in each]),
        cost_refitted=np.array([cost(model, refitted(model, [i])) for i in each]),
    )


@cache
def six_ranking() -> Ranking:
    """The ranking of `six_inputs`."""
    return ranking(six_inputs())


def places(values: ArrayLike) -> Array:
    """The place 1, 2, … of each value (d,), the smallest first; of equal ones the first comes first."""
    v = np.asarray(values, float)
    before = np.triu(v[:, None] <= v * (1 + _SAME), 1)
    return 1 + np.sum(before, axis=0) + np.sum(np.triu(~before, 1), axis=1)


def pairs_right(order: ArrayLike, costs: ArrayLike) -> int:
    """How many of the d(d − 1)/2 pairs stand in the order of their costs; equal costs are right either way."""
    p, c = np.asarray(order, float), np.asarray(costs, float)
    pairs = combinations(range(c.size), 2)
    return sum(abs(c[i] - c[j]) <= _SAME * (c[i] + c[j]) or (p[i] - p[j]) * (c[i] - c[j]) > 0 for i, j in pairs)


@cache
def rescaled_tape(count: int, rule: str) -> Tape:
    """(u, w₁…, F₁…) -> Fⱼ, |wⱼ| or ½Fⱼwⱼ² where input 1 is measured in a unit u times as large.

    Then x₁ → x₁/u, w₁ → u w₁ and F₁ → F₁/u² (`Weights.rescaled` by 1/u).
    """
    unit = sp.Symbol("u", positive=True)
    w, f = sp.symbols(f"w1:{count + 1}", real=True), sp.symbols(f"F1:{count + 1}", real=True)
    weights, fishers = [unit * w[0], *w[1:]], [f[0] / unit**2, *f[1:]]
    pairs = list(zip(weights, fishers, strict=True))
    said = {"fisher": fishers, "size": [sp.Abs(v) for v in weights], "alone": [g * v**2 / 2 for v, g in pairs]}
    return lower(said[rule], (unit, *w, *f))


@cache
def places_tape(count: int) -> Tape:
    """(v₁…) -> `places`."""
    v = sp.symbols(f"v1:{count + 1}", real=True)
    before = {(i, j): _one_if(v[i] <= v[j] * (1 + _SAME)) for i, j in combinations(range(count), 2)}
    ahead = [[before[i, j] if i < j else 1 - before[j, i] for i in range(count) if i != j] for j in range(count)]
    return lower([1 + sp.Add(*one) for one in ahead], v)


@cache
def pairs_right_tape(count: int) -> Tape:
    """(places…, costs…) -> `pairs_right`."""
    p, c = sp.symbols(f"p1:{count + 1}", real=True), sp.symbols(f"c1:{count + 1}", real=True)
    right = []
    for i, j in combinations(range(count), 2):
        agree = _one_if((p[i] - p[j]) * (c[i] - c[j]) > 0)
        right.append(sp.Piecewise((1, sp.Abs(c[i] - c[j]) <= _SAME * (c[i] + c[j])), (agree, True)))
    return lower([sp.Add(*right)], (*p, *c))


def _one_if(condition: Any) -> Any:
    return sp.Piecewise((1, condition), (0, True))
