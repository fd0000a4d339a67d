"""A posterior and the bell drawn in its place, in one coordinate or another: Laplace's approximation.

k heads in n flips and a prior uniform in p give Beta(k + 1, n − k + 1). In a coordinate ξ with
dp/dξ ∝ (p(1 − p))ᵃ its density is f(ξ) = pᵏ(1 − p)ⁿ⁻ᵏ dp/dξ / B(k + 1, n − k + 1), and the bell stands at the mode
of f with the curvature of log f there:

    p̂ = (k + a)/(n + 2a),   −∂²log f/∂ξ² = (n + 2a) (p̂(1 − p̂))²ᵃ⁻¹

a = 0 in p, ½ in arc length, 1 in log-odds. Which coordinate decides how good the bell is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import betainc, ndtr

from fimviz.atlas import ChartMap, chart_map
from fimviz.errors import DomainError
from fimviz.families import CATALOG
from fimviz.tape import Tape, lower

Array = NDArray[Any]
# charts of the coin and their a
POWERS = {"p": sp.Integer(0), "arc length": sp.Rational(1, 2), "log-odds": sp.Integer(1)}
_PANELS = 4001
_HEADS, _FLIPS = sp.symbols("heads flips", positive=True)


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


@dataclass(frozen=True, eq=False)
class BellTapes:
    """One chart's densities as tapes of (ξ, heads, flips), and of (heads, flips) -> mode, spread, mass outside.

    `posterior` and `gap`, ½|bell − posterior|, have no number outside the chart's domain.
    """

    posterior: Tape
    bell: Tape
    gap: Tape
    summary: Tape


@cache
def tapes(chart: str) -> BellTapes:
    """The tapes of a chart named in `POWERS`."""
    own = _chart(chart)
    xi, (mode, spread) = own.chart.symbols[0], _bell_of(own, POWERS[own.chart.name])
    p = cast(Any, own.backward)[0]
    log_beta = sp.loggamma(_HEADS + 1) + sp.loggamma(_FLIPS - _HEADS + 1) - sp.loggamma(_FLIPS + 2)
    slope = sp.log(sp.diff(p, xi))
    posterior = sp.exp(_HEADS * sp.log(p) + (_FLIPS - _HEADS) * sp.log(1 - p) + slope - log_beta)
    bell = sp.exp(-(((xi - mode) / spread) ** 2) / 2) / (spread * sp.sqrt(2 * sp.pi))
    beyond = [(1 - sp.erf(gap / (spread * sp.sqrt(2)))) / 2 for gap in _to_ends(own, mode)]
    inputs = (xi, _HEADS, _FLIPS)
    return BellTapes(
        lower([posterior], inputs),
        lower([bell], inputs),
        lower([sp.Abs(bell - posterior) / 2], inputs),
        lower([mode, spread, sp.Add(*beyond)], inputs[1:]),
    )


def _bell_of(own: ChartMap, a: Any) -> tuple[Any, Any]:
    """Mode and spread as expressions in heads and flips."""
    count = _FLIPS + 2 * a
    p = (_HEADS + a) / count
    return own.forward[0].xreplace({own.family.symbols[0]: p}), (p * (1 - p)) ** (sp.Rational(1, 2) - a) / sp.sqrt(
        count
    )


def _to_ends(own: ChartMap, mode: Any) -> list[Any]:
    low, high = own.chart.domains[0]
    return [gap for gap, end in ((mode - low, low), (high - mode, high)) if np.isfinite(end)]


def posterior(heads: int, flips: int, chart: str, xi: ArrayLike) -> Array:
    """The density of ξ given the flips, shape of ξ; 0 outside the chart's domain."""
    _check(heads, flips)
    (low, high), xi = _chart(chart).chart.domains[0], np.asarray(xi, float)
    with np.errstate(all="ignore"):
        density = tapes(chart).posterior(xi, heads, flips)[..., 0]
    # far out p rounds to 0 or 1, where the density is less than can be written
    return np.where((xi > low) & (xi < high) & ~np.isnan(density), density, 0.0)


def laplace(heads: int, flips: int, chart: str) -> Bell:
    """The bell in a chart of the coin ("p", "log-odds" or "arc length") and how far it is off.

    Raises `DomainError` where the density has no mode inside: in p, if all flips are alike.
    """
    _check(heads, flips)
    own = _chart(chart)
    with np.errstate(all="ignore"):
        mode, spread, _ = tapes(own.chart.name).summary(heads, flips)
    if not (np.isfinite(mode) and spread > 0):
        subject, reason = f"Heads and flips: the posterior in {own.chart.name}", "highest at an end, where no bell is"
        raise DomainError((heads, flips), subject, reason, "use another coordinate")
    low, high = own.chart.domains[0]
    outside = float(ndtr((low - mode) / spread) + ndtr((mode - high) / spread))
    return Bell(own.chart.name, float(mode), float(spread), outside, _total_variation(own, heads, flips, mode, spread))


def bell(found: Bell, xi: ArrayLike) -> Array:
    """The bell's density at ξ."""
    z = (np.asarray(xi, float) - found.mode) / found.spread
    return np.exp(-(z**2) / 2) / (found.spread * np.sqrt(2 * np.pi))


def _check(heads: int, flips: int) -> None:
    if not (int(heads) == heads and int(flips) == flips and 0 <= heads <= flips and flips > 0):
        raise DomainError((heads, flips), "(heads, flips)", "no count of heads in flips", "choose 0 ≤ heads ≤ flips")


def _chart(name: str) -> ChartMap:
    own = chart_map(CATALOG["bernoulli"], name)
    if own.chart.name not in POWERS:
        raise DomainError(
            name, "The coordinate of the bell", "not one that is known here", f"choose {', '.join(POWERS)}"
        )
    return own


def _middle(own: ChartMap) -> float:
    return float(own.to(np.array([0.5]))[0])


def _root(f: Callable[[float], Any], low: float, high: float) -> float:
    found: Any = brentq(f, low, high, xtol=1e-14)
    return float(found)


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
    p = np.where(np.isnan(p), cuts[1:-1] > _middle(own), p)
    below = np.concatenate([[0.0], betainc(heads + 1, flips - heads + 1, p), [1.0]])
    normal = ndtr((cuts - mode) / spread)
    outside = normal[0] + 1 - normal[-1]
    return float(np.sum(np.abs(np.diff(normal) - np.diff(below))) + outside) / 2
