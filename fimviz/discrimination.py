"""Which of two members made the data: the least chance of error of any judge, and what the distance predicts."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from fimviz.errors import DomainError
from fimviz.family import Family
from fimviz.inference import sample
from fimviz.tape import Tape, lower

Array = NDArray[Any]


@cache
def by_distance_tape() -> Tape:
    """(d, n) ↦ Φ(−√n d/2): the chance of error of the best judge of n observations, for members close together.

    With d → 0 and √n d fixed the log-likelihood ratio is normal, its mean ±n d²/2 and its variance n d².
    """
    d, n = sp.symbols("d n", positive=True)
    return lower([(1 - sp.erf(sp.sqrt(n) * d / (2 * sp.sqrt(2)))) / 2], (d, n))


def error_by_distance(distance: ArrayLike, n: ArrayLike) -> Array:
    """Φ(−√n d/2), shape (...); see `by_distance_tape`."""
    return by_distance_tape()(np.asarray(distance, float), np.asarray(n, float))[..., 0]


def bayes_error(
    family: Family, p: ArrayLike, q: ArrayLike, n: int, draws: int = 4000, seed: int = 0
) -> tuple[float, float]:
    """(error, its standard error): ½ ∫ min(pⁿ, qⁿ), how often the best judge of n observations is wrong.

    A fair toss chooses p or q (d); the judge names the likelier. By Neyman and Pearson none does better.
    By simulation: the mean of 1/(1 + e^|S|), S = Σ log p/q, over `draws` seeded samples from either.
    Raises `DomainError` for points outside the domain and for n below 1.
    """
    if n < 1:
        raise DomainError(n, "the number of observations", "below 1", "choose n ≥ 1")
    wrong = [
        expit(-np.abs(log_ratio(family, p, q, sample(family, one, (draws, int(n)), seed + i))))
        for i, one in enumerate((p, q))
    ]
    spread = np.sqrt(sum(w.var() for w in wrong) / draws) / 2
    return float(np.mean(wrong)), float(spread)


def log_ratio(family: Family, p: ArrayLike, q: ArrayLike, x: ArrayLike) -> Array:
    """S = Σ log p(xᵢ)/q(xᵢ) of samples x (..., n), or (..., n, size) of observations with several coordinates."""
    places = family.coordinates(np.asarray(x, float))
    with np.errstate(all="ignore"):
        logs = [family.density_tape(*places, *family.check(one))[..., 0].sum(-1) for one in (p, q)]
        # where neither has a density in floating point nothing is known
        return np.nan_to_num(logs[0] - logs[1], nan=0.0, posinf=np.inf, neginf=-np.inf)


def toss(seed: int) -> int:
    """Which of two makes the data: 0 or 1, seeded apart from the data."""
    return int(np.random.default_rng((seed, 2)).integers(2))
