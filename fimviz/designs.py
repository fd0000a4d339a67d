"""Which inputs to label: designs for logistic regression p(1|x) = σ(b₀ + b₁x).

One label at x carries the information I(x) = p(1 − p) (1, x)ᵀ(1, x) about θ = (b₀, b₁), and labels
add. A design is D-optimal if det Σ I is as large as it can be, which is so at the θ it was made for.
Sources: Kiefer & Wolfowitz (1960) for the ceiling; Fedorov (1972) for the exchange.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from fimviz.errors import DomainError
from fimviz.tape import Tape, lower

Array = NDArray[Any]
_X, _B0, _B1 = sp.symbols("x b0 b1", real=True)
RULES = ("determinant", "uncertainty")
_SETTLED, _MOST = 1e-9, 200_000


def _variance(x: Any) -> Any:
    """p(1 − p) at x, which is 1/(4 cosh²(η/2))."""
    return 1 / (4 * sp.cosh((_B0 + _B1 * x) / 2) ** 2)


def _entries(x: Any) -> list[Any]:
    """I₀₀, I₀₁, I₁₁ of one label at x."""
    return [_variance(x) * x**k for k in range(3)]


@cache
def probability_tape() -> Tape:
    """(x, b₀, b₁) -> p."""
    return lower([1 / (1 + sp.exp(-(_B0 + _B1 * _X)))], (_X, _B0, _B1))


@cache
def information_tape() -> Tape:
    """(x, b₀, b₁) -> I₀₀, I₀₁, I₁₁ of one label at x."""
    return lower(_entries(_X), (_X, _B0, _B1))


@cache
def uncertainty_tape() -> Tape:
    """(x, b₀, b₁) -> 4p(1 − p): how uncertain a label at x is, of the most there is."""
    return lower([4 * _variance(_X)], (_X, _B0, _B1))


@cache
def pair_tape() -> Tape:
    """(x, b₀, b₁) -> √(det/det*) of one label at x and one at −x: the share of both that does work.

    det(I(x) + I(−x)) = 4x² v(x) v(−x), and the best pair of slope 1 has it 0.2005, of slope b₁ over b₁².
    """
    best = np.linalg.det(total(best_pair((0, 1)), (0, 1)))
    share = 2 * sp.Abs(_X * _B1) * sp.sqrt(_variance(_X) * _variance(-_X)) / math.sqrt(best)
    return lower([share], (_X, _B0, _B1))


@cache
def labels_tape(first: int, count: int) -> Tape:
    """(b₀, b₁, λ, k, x₁, …) -> Σ I + λ1 as M₀₀, M₀₁, M₁₁: `first` labels and the next k of `count` more."""
    prior, k = sp.symbols("prior k", real=True)
    xs = sp.symbols(f"x1:{first + count + 1}", real=True)
    # label i is there from k = i on
    there = [1 if i < first else sp.Min(1, sp.Max(0, k - (i - first))) for i in range(first + count)]
    each = [[w * e for e in _entries(x)] for w, x in zip(there, xs, strict=True)]
    sums = [sp.Add(*column) for column in zip(*each, strict=True)]
    return lower([sums[0] + prior, sums[1], sums[2] + prior], (_B0, _B1, prior, k, *xs))


@cache
def pair_labels_tape(first: int) -> Tape:
    """(b₀, b₁, λ, k, x, x₁, …) -> the same with k more labels, half of them at x and half at −x."""
    prior, k = sp.symbols("prior k", real=True)
    xs = sp.symbols(f"x1:{first + 1}", real=True)
    pair = [(a + b) * k / 2 for a, b in zip(_entries(_X), _entries(-_X), strict=True)]
    sums = [sp.Add(*column) for column in zip(pair, *map(_entries, xs), strict=True)]
    return lower([sums[0] + prior, sums[1], sums[2] + prior], (_B0, _B1, prior, k, _X, *xs))


def uncertainty(x: ArrayLike, theta: ArrayLike) -> Array:
    """p(1 − p), the variance of a label at x; (...)."""
    return information(x, theta)[..., 0, 0]


def information(x: ArrayLike, theta: ArrayLike) -> Array:
    """I(x) of one label at x (...), shape (..., 2, 2)."""
    intercept, slope = np.asarray(theta, float)
    with np.errstate(over="ignore"):
        entries = information_tape()(np.asarray(x, float), intercept, slope)
    return entries[..., [[0, 1], [1, 2]]]


def total(x: ArrayLike, theta: ArrayLike, prior: float = 0.0) -> Array:
    """Σ I(xᵢ) over the labels x (n,), plus `prior` times the identity: the precision of θ, (2, 2)."""
    x = np.asarray(x, float).reshape(-1)
    if not 0 <= prior < np.inf:
        raise DomainError(prior, "the precision of the prior", "negative or not a number", "choose 0 or more")
    return information(x, theta).sum(axis=0) + prior * np.eye(2)


def spreads(precision: ArrayLike) -> Array:
    """√diag of the inverse precision: standard deviations of (intercept, slope); ∞ where it is singular."""
    precision = np.asarray(precision, float)
    if not np.linalg.det(precision) > 0:
        return np.full(2, np.inf)
    return np.sqrt(np.diag(np.linalg.inv(precision)))


def best_pair(theta: ArrayLike) -> tuple[float, float]:
    """The two inputs of the D-optimal design, half of the labels at each: η = ±1.5434."""
    intercept, slope = np.asarray(theta, float)
    if not np.isfinite([intercept, slope]).all() or slope == 0:
        raise DomainError((intercept, slope), "(intercept, slope)", "flat or not finite", "choose a slope other than 0")
    found: Any = minimize_scalar(lambda c: -c * uncertainty(c, (0, 1)), bounds=(0.5, 3), options={"xatol": 1e-12})
    low, high = sorted(((-found.x - intercept) / slope, (found.x - intercept) / slope))
    return float(low), float(high)


def efficiency(x: ArrayLike, theta: ArrayLike) -> float:
    """√(det M/det M*) of equally weighted inputs x at the truth θ: the share of labels that do work."""
    best = total(best_pair(theta), theta) / 2
    return float(np.sqrt(max(np.linalg.det(total(x, theta) / np.size(x)), 0) / np.linalg.det(best)))


def next_label(x: ArrayLike, theta: ArrayLike, candidates: ArrayLike, rule: str = "determinant") -> int:
    """Which of the candidates (m,) to label next, given the labels x (n,): an index.

    "determinant": the largest det after it, det(S + I) = det S (1 + p(1 − p) rᵀS⁻¹r); "uncertainty": p
    closest to ½. The first of equals that is closest to the middle of the candidates.
    """
    if rule not in RULES:
        raise DomainError(rule, "the rule for the next label", "unknown", f"choose one of {', '.join(RULES)}")
    candidates = np.asarray(candidates, float)
    if rule == "uncertainty":
        gain = uncertainty(candidates, theta)
    else:
        gain = np.linalg.det(total(x, theta) + information(candidates, theta))
    close = np.flatnonzero(gain >= np.max(gain) * (1 - 1e-12))
    return int(close[np.argmin(np.abs(candidates[close] - np.mean(candidates)))])


def queried(
    x: ArrayLike,
    theta: ArrayLike,
    candidates: ArrayLike,
    count: int,
    rule: str = "determinant",
    once: bool = False,
) -> Array:
    """The next `count` inputs by the rule, each chosen in the light of those before; (count,).

    `once`: a pool, each candidate of which can be labelled only once.
    """
    pool, labels, chosen = np.asarray(candidates, float), list(np.ravel(x)), []
    if once and count > pool.size:
        raise DomainError(count, "the number of labels", f"more than the pool of {pool.size}", "ask for fewer")
    for _ in range(count):
        index = next_label(labels, theta, pool, rule)
        chosen.append(float(pool[index]))
        labels.append(pool[index])
        pool = np.delete(pool, index) if once else pool
    return np.array(chosen)


@dataclass(frozen=True)
class Design:
    """Weights (m,) on the candidates, log det M, and the ceiling that no design on them exceeds.

    log det M* ≤ log det M + max d − 2 with d(x) = p(1 − p) rᵀM⁻¹r, by the equivalence theorem: d ≤ 2
    everywhere just at the optimum.
    """

    weights: Array
    log_det: float
    ceiling: float


def continuous(theta: ArrayLike, candidates: ArrayLike) -> Design:
    """The D-optimal weights on the candidates, by wᵢ ← wᵢ d(xᵢ)/2 until d ≤ 2(1 + 1e−9) (Torsney 1977)."""
    each = information(candidates, theta)
    w = np.full(len(each), 1 / len(each))
    for _ in range(_MOST):
        m = np.einsum("n,nij->ij", w, each)
        d = np.einsum("nij,ji->n", each, np.linalg.inv(m))
        if np.max(d) <= 2 * (1 + _SETTLED):
            break
        w = w * d / 2
        # a candidate well under the ceiling is no part of the optimum (Harman & Pronzato 2007)
        gap = np.max(d) - 2
        w = np.where(d < 2 * (1 + gap / 2 - np.sqrt(gap * (8 + gap)) / 4), 0.0, w)
        w = w / w.sum()
    m = np.einsum("n,nij->ij", w, each)
    d = np.einsum("nij,ji->n", each, np.linalg.inv(m))
    log_det = float(np.linalg.slogdet(m)[1])
    return Design(w, log_det, log_det + float(np.max(d)) - 2)


def ceiling(x: ArrayLike, theta: ArrayLike, candidates: ArrayLike) -> float:
    """No design on the candidates has log det M above log det M(x) + max d − 2, M(x) of equal weights on x."""
    m = total(x, theta) / np.size(x)
    d = np.einsum("nij,ji->n", information(candidates, theta), np.linalg.inv(m))
    return float(np.linalg.slogdet(m)[1] + np.max(d) - 2)


def exchanged(theta: ArrayLike, candidates: ArrayLike, count: int) -> Array:
    """`count` inputs, with repetition, that no exchange of one for a candidate improves; sorted, (count,).

    From an even spread, the best exchange each time, until det Σ I no longer rises.
    """
    candidates = np.asarray(candidates, float)
    if count < 2:
        raise DomainError(
            count, "the number of labels", "fewer than two, whose determinant is 0", "ask for two or more"
        )
    x = candidates[np.linspace(0, candidates.size - 1, count).round().astype(int)]
    new = information(candidates, theta)
    while True:
        old = information(x, theta)
        dets = np.linalg.det(old.sum(axis=0) - old[:, None] + new[None])
        i, j = np.unravel_index(np.argmax(dets), dets.shape)
        if not dets[i, j] > np.linalg.det(old.sum(axis=0)) * (1 + 1e-12):
            return np.sort(x)
        x[i] = candidates[j]


def grid(reach: float, count: int = 121) -> Array:
    """Candidates at equal steps from −reach to reach."""
    return np.linspace(-reach, reach, count)


def pool(reach: float, seed: int, count: int = 60) -> Array:
    """Seeded candidates, uniform on (−reach, reach), sorted: inputs that happen to be there."""
    return np.sort(np.random.default_rng(seed).uniform(-reach, reach, count))


def spread_evenly(count: int, low: float, high: float) -> Array:
    """`count` inputs at equal steps from `low` to `high`."""
    return np.linspace(low, high, count)


def compared(first: Sequence[float], theta: ArrayLike, candidates: ArrayLike, count: int) -> dict[str, Array]:
    """The labels that three rules add to the first ones: "uncertainty", "determinant" and "even"."""
    candidates = np.asarray(candidates, float)
    asked = {rule: queried(first, theta, candidates, count, rule) for rule in RULES}
    return asked | {"even": spread_evenly(count, float(candidates.min()), float(candidates.max()))}
