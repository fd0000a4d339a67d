"""Nodes in two dimensions: an outer coordinate placed by the profile of the log-density, an inner one by each section.

The profile is the largest log-density over the inner coordinate. Both coordinates run over ℝ and
have the rule of one coordinate: u = u₀ + w sinh t from the mode, a width w for either side, and
Gauss–Legendre panels in ∛t, as far as the density is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fimviz.derive import nodes

Array = NDArray[Any]
# places of the first grid of a mode, and how closely it is found; how far down a density is seen
_PLACES, _CLOSE, _DEEP = 97, 1e-7, 120.0
_LOOKS = np.linspace(0, 1, 49)[1:]


class Place(NamedTuple):
    """A support in coordinates of ℝ²: the sample and its logarithms at (u, v), log of dx/du dv, how far t runs.

    `panels` is how many panels a side of a mode has, outer and inner: E[s sᵀ] to 1e−13 of normal
    densities of any correlation to 0.999, and to 1e−11 of Dirichlet densities with shapes of 1e−3 to
    1e3. The outer ones in the plane are more because a bent ridge does not show in the profile.
    """

    to_sample: Callable[[Array, Array], tuple[Array, ...]]
    log_slope: Callable[[Array, Array], Array]
    reach: float
    panels: tuple[int, int]


class Nodes(NamedTuple):
    """Samples, log weights and log-densities, each of shape (lanes, outer, inner)."""

    sample: tuple[Array, ...]
    log_weight: Array
    log_p: Array


def nodes_of(log_density: Callable[[tuple[Array, ...]], Array], place: Place, lanes: int) -> Nodes:
    """The nodes of `lanes` densities at once; `log_density` takes samples (lanes, …)."""

    def value(u: Array, v: Array) -> Array:
        found = log_density(place.to_sample(u, v)) + place.log_slope(u, v)
        return np.where(np.isfinite(found), found, -np.inf)

    def section(u: Array) -> Callable[[Array], Array]:
        return lambda v: value(np.broadcast_to(u[..., None], v.shape), v)

    def profile(u: Array) -> Array:
        return value(u, nodes.mode(section(u), u.shape, _PLACES, _CLOSE))

    with np.errstate(all="ignore"):
        u, log_du = _line(profile, (lanes,), place.reach, place.panels[0])
        v, log_dv = _line(section(u), u.shape, place.reach, place.panels[1])
        u = np.broadcast_to(u[..., None], v.shape)
        sample = place.to_sample(u, v)
        log_weight = log_du[..., None] + log_dv + place.log_slope(u, v)
        log_p = log_density(sample)
    dead = ~np.isfinite(log_p) | ~np.isfinite(log_weight)
    quiet = (*(np.where(dead, 0.5, x) for x in sample),)
    return Nodes(quiet, np.where(dead, -np.inf, log_weight), np.where(dead, 0.0, log_p))


def _line(
    log_density: Callable[[Array], Array], shape: tuple[int, ...], reach: float, panels: int
) -> tuple[Array, Array]:
    """Nodes (..., n) along one coordinate and their log weights."""
    centre = nodes.mode(log_density, shape, _PLACES, _CLOSE)
    left, right = nodes.widths(log_density, centre)
    centre, left, right = centre[..., None], left[..., None], right[..., None]
    ends = [_seen(log_density, centre, sign * w, reach) for sign, w in ((-1, left), (1, right))]
    steps = np.linspace(0, 1, panels + 1)
    edges = np.concatenate([-ends[0] * steps[:0:-1], ends[1] * steps], axis=-1)
    r, log_r = nodes.panels(edges)
    t = r**3
    width = np.where(t < 0, left, right)
    return centre + width * np.sinh(t), log_r + np.log(3 * r**2) + np.log(np.cosh(t)) + np.log(width)


def _seen(log_density: Callable[[Array], Array], centre: Array, width: Array, reach: float) -> Array:
    """The last ∛t on one side, (..., 1), at which the density in t is not e^(−120) of what it is at the mode."""
    r = np.cbrt(reach) * _LOOKS
    u = centre + width * np.sinh(r**3)
    height = log_density(u) + np.log(np.cosh(r**3)) - log_density(centre)
    last = r.size - 1 - np.argmax((height > -_DEEP)[..., ::-1], axis=-1)
    return r[np.minimum(last + 1, r.size - 1)][..., None]


def _plane(u: Array, v: Array) -> tuple[Array, ...]:
    return u, v


def _broken_stick(u: Array, v: Array) -> tuple[Array, ...]:
    """x₁ = σ(u), x₂ = (1 − x₁) σ(v), then log x₁, log x₂, log(1 − x₁ − x₂)."""
    rest = -np.logaddexp(0, u)
    logs = -np.logaddexp(0, -u), rest - np.logaddexp(0, -v), rest - np.logaddexp(0, v)
    return np.exp(logs[0]), np.exp(logs[1]), *logs


def _broken_area(u: Array, v: Array) -> Array:
    return -np.logaddexp(0, -u) - 2 * np.logaddexp(0, u) - np.logaddexp(0, -v) - np.logaddexp(0, v)


COORDINATES = {
    "plane": Place(_plane, lambda u, v: np.zeros(np.shape(v)), 40.0, (14, 7)),
    "simplex": Place(_broken_stick, _broken_area, 10.0, (14, 14)),
}
