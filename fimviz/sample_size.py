"""How many observations tell two coins apart: exactly, by the best test, and as their distance predicts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, bdtrc, bdtrik, ndtri

from fimviz.errors import DomainError

# above this many flips only the distance is asked
MOST = 20_000


def decides(p: float, q: float, n: ArrayLike, error: float = 0.05) -> NDArray[np.bool_]:
    """Whether n flips (...) tell p from q, each mistaken for the other with probability ≤ `error`.

    For p < q: whether P(X ≥ c | p) ≤ error and P(X < c | q) ≤ error for some threshold c, X the
    number of heads; by Neyman and Pearson no other test does better. Exact binomial sums.
    """
    low, high = sorted((_probability(p), _probability(q)))
    n = np.asarray(n, float)
    # k = c − 1 is the least number that a coin of p exceeds with probability ≤ error
    k = np.ceil(np.clip(np.nan_to_num(bdtrik(1 - error, n, low)), 0, n))
    k = np.where((k > 0) & (bdtrc(np.maximum(k - 1, 0), n, low) <= error), k - 1, k)
    k = np.where(bdtrc(k, n, low) > error, np.minimum(k + 1, n), k)
    return bdtr(k, n, high) <= error


def flips_to_tell_apart(p: float, q: float, error: float = 0.05) -> int | None:
    """The least n for which n flips tell p from q; None if it is more than `MOST`, as for p = q."""
    if p == q:
        return None
    first, last = 1, 256
    while first <= MOST:
        n = np.arange(first, min(last, MOST) + 1)
        works = decides(p, q, n, error)
        if works.any():
            return int(n[np.argmax(works)])
        first, last = last + 1, 2 * last
    return None


def flips_by_distance(distance: ArrayLike, error: float = 0.05) -> NDArray[np.float64]:
    """(2 z / d)², z the normal quantile of 1 − error: in arc length both coins have standard error 1/√n."""
    with np.errstate(divide="ignore"):
        return (2 * quantile(error) / np.asarray(distance, float)) ** 2


def quantile(error: float) -> float:
    """z with P(Z > z) = error for a standard normal Z; 1.645 for 5 %."""
    if not 0 < error < 0.5:
        raise DomainError(error, "the error probability", "not between 0 and 1/2", "choose for example 0.05")
    return float(-ndtri(error))


def _probability(p: float) -> float:
    if not (math.isfinite(p) and 0 < p < 1):
        raise DomainError(p, "the probability of heads", "not strictly between 0 and 1")
    return float(p)
