"""How heavy the tails are: whether E|x| is finite, read off x² p(x) far out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fimviz.derive.quadrature import Expectation
from fimviz.family import Support

# log|x| of two places far out
_FAR = np.array([100.0, 150.0])
# 1/x² is the lightest power without a mean
_LEVEL = 1e-9


def without_mean(expectation: Expectation, theta: ArrayLike) -> NDArray[np.bool_]:
    """Whether E|x| is infinite at θ (..., d), shape (...): x² p(x) does not fall towards an infinite end.

    A tail that is no power is told by its slope there: x⁻² log⁻² x has a mean and is said to have one.
    Of counts nothing is said: where they have no mean, their sum cannot be told from 1 either.
    """
    theta, support = np.asarray(theta, float), expectation.family.support
    found = np.zeros(theta.shape[:-1], bool)
    for sign in _infinite_ends(support):
        x = sign * np.exp(_FAR)
        with np.errstate(all="ignore"):
            sample = (*(np.broadcast_to(v, (*theta.shape[:-1], 2)) for v in (x, np.log(x), np.log1p(-x))),)
            height = 2 * _FAR + expectation.log_density(sample, theta)
            slope = np.diff(height, axis=-1)[..., 0] / np.diff(_FAR)
            found |= np.isfinite(height).all(-1) & (slope > -_LEVEL)
    return found


def _infinite_ends(support: Support) -> tuple[int, ...]:
    if support.kind == "interval":
        return tuple(s for s, end in zip((-1, 1), support.bounds, strict=True) if np.isinf(end))
    return {"real": (-1, 1), "positive": (1,)}.get(support.kind, ())
