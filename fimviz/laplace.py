"""A posterior and the bell drawn in its place, in one coordinate or another: Laplace's approximation.

k heads in n flips and a prior uniform in p give Beta(k + 1, n − k + 1). In a coordinate ξ of the coin
its density is f(ξ) = pᵏ(1 − p)ⁿ⁻ᵏ |dp/dξ| / B(k + 1, n − k + 1), and the bell stands at the mode of f with
the curvature of log f there. Which coordinate decides how good it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import betainc, betaln, ndtr, xlog1py, xlogy

from fimviz.atlas import ChartMap, chart_map
from fimviz.errors import DomainError
from fimviz.families import CATALOG
from fimviz.tape import lower

Array = NDArray[Any]
_PANELS = 4001


@dataclass(frozen=True)
class Bell:
    """Laplace's approximation of a coin's posterior in one chart.

    mode and spread in the chart's coordinate; `outside`, the bell's mass beyond the domain;
    `total_variation`, ½∫|bell − posterior|.
    """

    chart: str
    mode: float
    spread: float
    outside: float
    total_variation: float


def posterior(heads: int, flips: int, chart: str, xi: ArrayLike) -> Array:
    """The density of ξ given the flips, shape of ξ; 0 outside the chart's domain."""
    _check(heads, flips)
    own, xi = _chart(chart), np.asarray(xi, float)
    low, high = own.chart.domains[0]
    inside = (xi > low) & (xi < high)
    safe = np.where(inside, xi, _middle(own))
    p = own.back(safe[..., None])
    with np.errstate(divide="ignore", under="ignore"):
        steep = np.abs(own.jacobian(p)[..., 0, 0])
        p = p[..., 0]
        log_f = xlogy(heads, p) + xlog1py(flips - heads, -p) - betaln(heads + 1, flips - heads + 1) - np.log(steep)
    # far out p rounds to 0 or 1, where the density is less than can be written
    return np.where(inside & ~np.isnan(log_f), np.exp(log_f), 0.0)


def laplace(heads: int, flips: int, chart: str) -> Bell:
    """The bell in a chart of the coin ("p", "log odds", "arc length", …) and how far it is off.

    Raises `DomainError` where the density has no mode inside: in p, if all flips are alike.
    """
    _check(heads, flips)
    own = _chart(chart)
    mode, spread = _mode(own, heads, flips)
    low, high = own.chart.domains[0]
    outside = float(ndtr((low - mode) / spread) + ndtr((mode - high) / spread))
    return Bell(chart, mode, spread, outside, _total_variation(own, heads, flips, mode, spread))


def bell(found: Bell, xi: ArrayLike) -> Array:
    """The bell's density at ξ."""
    z = (np.asarray(xi, float) - found.mode) / found.spread
    return np.exp(-(z**2) / 2) / (found.spread * np.sqrt(2 * np.pi))


def _check(heads: int, flips: int) -> None:
    if not (int(heads) == heads and int(flips) == flips and 0 <= heads <= flips and flips > 0):
        raise DomainError((heads, flips), "(heads, flips)", "no count of heads in flips", "choose 0 ≤ heads ≤ flips")


def _chart(name: str) -> ChartMap:
    return chart_map(CATALOG["bernoulli"], name)


def _middle(own: ChartMap) -> float:
    return float(own.to(np.array([0.5]))[0])


def _root(f: Callable[[float], Any], low: float, high: float) -> float:
    found: Any = brentq(f, low, high, xtol=1e-14)
    return float(found)


def _rising(own: ChartMap) -> bool:
    """Whether the coordinate grows with p."""
    return bool(own.jacobian(np.array([0.5]))[0, 0] > 0)


def _mode(own: ChartMap, heads: int, flips: int) -> tuple[float, float]:
    """Where d log f/dξ = 0, and 1/√(−d² log f/dξ²) there."""
    xi, p = own.chart.symbols[0], cast(Sequence[Any], own.backward)[0]
    upwards = 1 if _rising(own) else -1
    log_f = heads * sp.log(p) + (flips - heads) * sp.log(1 - p) + sp.log(upwards * sp.diff(p, xi))
    slope = sp.diff(log_f, xi)
    tape = lower([slope, sp.diff(slope, xi)], (xi,))
    ends = own.to(np.array([[1e-9], [1 - 1e-9]]))[:, 0]
    low, high = sorted(ends.tolist())
    if not tape.scalar(low)[0] > 0 > tape.scalar(high)[0]:
        subject = f"Heads and flips: the posterior in {own.chart.name}"
        raise DomainError(
            (heads, flips), subject, "highest at an end, where there is no bell", "use another coordinate"
        )
    mode = _root(lambda x: tape.scalar(x)[0], low, high)
    return mode, float(1 / np.sqrt(-tape.scalar(mode)[1]))


def _total_variation(own: ChartMap, heads: int, flips: int, mode: float, spread: float) -> float:
    """½∫|bell − posterior| from both distribution functions: exact between the places where they cross.

    On an interval without a crossing the integral of the difference is a difference of the
    distribution functions, so only the crossings need to be found.
    """
    ends = [d if np.isfinite(d) else mode + s * 40 * spread for d, s in zip(own.chart.domains[0], (-1, 1), strict=True)]
    near = mode + spread * np.linspace(-12, 12, _PANELS)
    grid = np.unique(np.concatenate([np.linspace(ends[0], ends[1], _PANELS), near]))
    grid = grid[(grid > ends[0]) & (grid < ends[1])]
    found = Bell(own.chart.name, mode, spread, 0.0, 0.0)

    def gap(x: ArrayLike) -> Any:
        return bell(found, x) - posterior(heads, flips, own.chart.name, x)

    sign = np.sign(gap(grid))
    places = [_root(gap, grid[i], grid[i + 1]) for i in np.flatnonzero(sign[:-1] * sign[1:] < 0)]
    cuts = np.array([ends[0], *places, ends[1]])
    p = own.back(cuts[1:-1, None])[:, 0]
    # far out p rounds to 0 or 1 and is no member of the family
    p = np.where(np.isnan(p), (cuts[1:-1] > _middle(own)) == _rising(own), p)
    below = betainc(heads + 1, flips - heads + 1, p)
    below = np.concatenate([[0.0], below if _rising(own) else 1 - below, [1.0]])
    normal = ndtr((cuts - mode) / spread)
    outside = normal[0] + 1 - normal[-1]
    return float(np.sum(np.abs(np.diff(normal) - np.diff(below))) + outside) / 2
