"""What the metric says about estimation: bounds, volumes, and clouds of estimates to hold it against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.atlas import ChartMap, chart_map
from fimviz.derive.location_scale import standard_density
from fimviz.derive.quadrature import Rule, expectation
from fimviz.errors import DomainError
from fimviz.family import POSITIVE, REAL, Family, lately
from fimviz.metric import Metric, fisher_metric
from fimviz.spray import solve_each
from fimviz.tape import Tape, lower

Array = NDArray[Any]
# the member (μ, σ) of which all others of a location–scale family are images
STANDARD = np.array([0.0, 1.0])
# the share of a density's mass that may lie at the ends of its nodes
_ESCAPES = 1e-3
# a volume: the rule on a panel, the relative change at which it has settled, and how far it may go
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_SETTLED, _MOST_NODES = 1e-10, 2**21


def cramer_rao(metric: Metric, theta: ArrayLike, n: int = 1) -> Array:
    """(n g(θ))⁻¹: no unbiased estimator from n observations has a smaller covariance. (..., d, d)."""
    if not n > 0:
        raise DomainError(n, "the number of observations", "not positive", "choose n ≥ 1")
    return metric.inverse(theta) / n


def jeffreys_volume(metric: Metric, region: Sequence[tuple[float, float]]) -> float:
    """∫ √det g dθ over a box, one (low, high) a coordinate; each may be an end of the domain.

    The count of distinguishable members, up to a constant; Jeffreys' prior without its constant.
    Gauss–Legendre in φ, θ = low + (high − low) sin²(φ/2), on panels that are doubled along each
    coordinate until nothing changes. Raises `DomainError` for a box that is none or reaches beyond
    the domain, ArithmeticError where the integral does not settle, as one that is infinite.
    """
    if len(region) != metric.dimension:
        raise ValueError(f"The region has {len(region)} interval(s) for {metric.dimension} parameter(s).")
    for name, (low, high) in zip(metric.names, region, strict=True):
        if not (np.isfinite([low, high]).all() and low < high):
            raise DomainError((low, high), f"The interval of {name}", "not a finite (low, high) with low < high")
    panels, settled = [2] * metric.dimension, False
    volume = _box(metric, region, panels)
    while not settled:
        settled = True
        for axis in range(metric.dimension):
            finer = [(1 + (axis == i)) * n for i, n in enumerate(panels)]
            before, volume = volume, _box(metric, region, finer)
            if not abs(volume - before) <= _SETTLED * abs(volume):
                # what is new along one coordinate may ask for more along another
                panels, settled = finer, False
    return volume


def _box(metric: Metric, region: Sequence[tuple[float, float]], panels: Sequence[int]) -> float:
    """The integral with so many panels along each coordinate; ArithmeticError for too many."""
    if np.prod(panels) * _NODES.size ** len(panels) > _MOST_NODES:
        raise ArithmeticError("The volume of the region does not settle; it may be infinite.")
    axes, weights = [], np.ones(())
    for (low, high), count in zip(region, panels, strict=True):
        phi = (np.pi / count * (np.arange(count)[:, None] + (1 + _NODES) / 2)).ravel()
        axes.append(low + (high - low) * np.sin(phi / 2) ** 2)
        slope = (high - low) * np.sin(phi) / 2
        weights = np.multiply.outer(weights, slope * np.tile(_WEIGHTS * np.pi / count / 2, count))
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return float(np.sum(weights * np.sqrt(np.linalg.det(metric.matrix(grid)))))


def _one_point(family: Family, theta: ArrayLike) -> Array:
    theta = np.asarray(theta, float)
    if theta.shape != (family.dimension,):
        reason = f"of shape {theta.shape}"
        remedy = f"give one point of shape ({family.dimension},)"
        raise DomainError(theta, f"Family '{family.title}': the point ({', '.join(family.names)})", reason, remedy)
    return family.check(theta)


def sample(family: Family, theta: ArrayLike, shape: int | tuple[int, ...], seed: int = 0) -> Array:
    """Seeded draws from p(x; θ), θ of shape (d,), by inverting the distribution function.

    The distribution function is summed on the quadrature nodes, between which it is interpolated; of a
    location–scale family once, for its standard member.
    Observations of several coordinates are a last axis: the first coordinate by its own distribution
    function, the second by that of the section there.
    Raises `DomainError` for θ outside the domain or of another shape, and where the nodes do not
    hold the mass of the density.
    """
    theta = _one_point(family, theta)
    if _moves(family):
        return theta[0] + theta[1] * _draws(family, STANDARD, shape, seed)
    return _draws(family, theta, shape, seed)


def _moves(family: Family) -> bool:
    """Whether the family is location–scale: its samples are μ + σz, z drawn from the standard member."""
    return [p.domain for p in family.parameters] == [REAL, POSITIVE] and standard_density(family) is not None


def _draws(family: Family, theta: Array, shape: int | tuple[int, ...], seed: int) -> Array:
    law = expectation(family)
    rule = law.rule(theta)
    if not law.escape(rule) < _ESCAPES:
        reason = "where the density is too wide, or too far out, to be summed"
        raise DomainError(theta, f"Family '{family.title}': the point ({', '.join(family.names)})", reason)
    rng = np.random.default_rng(seed)
    if rule.grid:
        return _nested_draws(rule, rng, shape)
    # the outcomes of labels have no order, and need none
    order = slice(None) if family.support.vector else np.argsort(rule.x, kind="stable")
    x, p = rule.x[order], rule.probability[order]
    uniform = rng.random(shape)
    below = np.cumsum(p)
    if family.support.discrete:
        return x[np.minimum(np.searchsorted(below, uniform * below[-1]), len(x) - 1)]
    middle = below - p / 2
    return np.interp(uniform * below[-1], middle, x)


def _nested_draws(rule: Rule, rng: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
    """Draws (..., 2) from the nodes of two coordinates: sections between two nodes have quantiles between theirs."""
    outer, inner = (a.reshape(rule.grid) for a in rule.sample[:2])
    p = rule.probability.reshape(rule.grid)
    share = p.sum(axis=1)
    first, second = rng.random(shape), rng.random(shape)
    place = np.interp(first * share.sum(), np.cumsum(share) - share / 2, np.arange(len(share)))
    below = np.cumsum(p, axis=1)
    # one increasing sequence of all sections, each in its own unit interval; a section without mass is skipped
    middle = (below - p / 2) / np.where(share > 0, share, 1.0)[:, None] + np.arange(len(share))[:, None]
    low = np.minimum(place.astype(int), len(share) - 2)
    part = place - low
    quantiles = [np.interp(row + second, middle.ravel(), inner.ravel()) for row in (low, low + 1)]
    x = np.interp(place, np.arange(len(share)), outer[:, 0])
    return np.stack([x, (1 - part) * quantiles[0] + part * quantiles[1]], axis=-1)


def estimates(family: Family, theta: ArrayLike, n: int, count: int = 260, seed: int = 0) -> Array:
    """Maximum-likelihood estimates of `count` seeded samples of n observations from p(x; θ).

    Exponential families through the means of their statistics, others by damped Fisher scoring; of
    location–scale families those of `standard_estimates`, moved.
    Returns (m, d) in the declared parameters, periodic ones within half a period of θ; samples
    without an estimate (all flips heads) are left out, so m may be below `count`.
    """
    theta = _one_point(family, theta)
    if (standard := standard_estimates(family, int(n), count, seed)) is not None:
        return moved(standard, theta)
    return _estimates(family, theta, int(n), count, seed)


def _estimates(family: Family, theta: Array, n: int, count: int, seed: int) -> Array:
    found = _best(family, theta, sample(family, theta, (count, n), seed))
    return _near(family, found[np.isfinite(found).all(-1)], theta)


@lately(16)
def standard_estimates(family: Family, n: int, count: int = 260, seed: int = 0) -> Array | None:
    """The estimates (m, 2) about the standard member (0, 1) of a location–scale family, None of another.

    A sample x = μ + σz has the estimate (μ + σa, σb) where z has (a, b), so that one cloud serves all members.
    """
    return _estimates(family, STANDARD, n, count, seed) if _moves(family) else None


def moved(standard: ArrayLike, theta: ArrayLike) -> Array:
    """The estimates (m, 2) about (μ, σ): μ + σa, σb of those (a, b) about the standard member."""
    mu, sigma = np.asarray(theta, float)
    return np.asarray(standard, float) * sigma + [mu, 0.0]


def maximum_likelihood(family: Family, data: ArrayLike, near: ArrayLike) -> Array | None:
    """The member (d,) under which observations (n,), or (n, size), are likeliest; None where there is none.

    `near` is where scoring starts, and of equal periodic members the one that is chosen.
    """
    theta = _one_point(family, near)
    found = _near(family, _best(family, theta, np.asarray(data, float)[None]), theta)[0]
    return found if np.isfinite(found).all() and family.inside_point(found.tolist()) else None


def _best(family: Family, theta: Array, x: Array) -> Array:
    """The estimates (m, d) of samples (m, n), not finite where there is none."""
    form = family.exponential_form
    if form is None:
        return _scoring(family, theta, x)
    means = lower(form.statistics, family.samples)(*family.coordinates(x)).mean(axis=1)
    return chart_map(family, "expectation").back(means)


def cloud(family: Family, theta: ArrayLike, n: int, count: int, seed: int = 0) -> Array:
    """`estimates`, none of them (0, d) where the density at θ cannot be summed and so not sampled."""
    try:
        return estimates(family, theta, n, count, seed)
    except DomainError:
        return np.empty((0, family.dimension))


def _near(family: Family, points: Array, theta: Array) -> Array:
    """The same members (m, d) with each periodic coordinate within half a period of θ's."""
    moved = points.copy()
    for i, period in enumerate(p.period for p in family.parameters):
        if period:
            moved[:, i] -= period * np.rint((points[:, i] - theta[i]) / period)
    return moved


def _scoring(family: Family, theta: Array, x: Array, rounds: int = 60) -> Array:
    """ξ ← ξ + g⁻¹ E_data[s] in the unconstrained chart, halved until the likelihood rises."""
    free = chart_map(family, "unconstrained")
    score = lower([sp.diff(family.expression, s) for s in family.symbols], (*family.samples, *family.symbols))
    if not np.isfinite(free.back(free.to(theta))).all():
        # a place without coordinates, where the metric is singular: there is nothing to start from
        return np.empty((0, family.dimension))
    u = np.broadcast_to(free.to(theta), (len(x), family.dimension)).copy()
    best = _mean_log_density(family, free.back(u), x)
    for _ in range(rounds):
        step = _scoring_step(family, free, score, u, x)
        trial, best, moved = _halved(family, free, u, step, best, x)
        size = np.abs(trial - u)[moved]
        u = np.where(moved[:, None], trial, u)
        if np.max(size, initial=0.0) < 1e-7:
            break
    return free.back(u)


def _scoring_step(family: Family, free: ChartMap, score: Tape, u: Array, x: Array) -> Array:
    """g⁻¹ E_data[s] in the unconstrained chart, through the declared one: (∂u/∂θ) g(θ)⁻¹ s."""
    theta = free.back(u)
    mean = score(*family.coordinates(x), *np.moveaxis(theta[:, None, :], -1, 0)).mean(axis=1)
    g = fisher_metric(family).matrix(theta)
    step = solve_each(g, mean[..., None])
    # where the metric is singular: along what can be told from the data
    lost = ~np.isfinite(step).all((-1, -2))
    step[lost] = np.linalg.pinv(g[lost]) @ mean[lost][..., None]
    return (free.jacobian(theta) @ step)[..., 0]


def _halved(family: Family, free: ChartMap, u: Array, step: Array, best: Array, x: Array):
    """The trial points, their likelihood or the best one before, and which of them rose."""
    scale = np.ones((len(u), 1))
    for _ in range(12):
        trial = u + scale * step
        value = _mean_log_density(family, free.back(trial), x)
        worse = ~(value >= best)
        if not worse.any():
            break
        scale[worse] /= 2
    moved = value > best
    return trial, np.where(moved, value, best), moved


def _mean_log_density(family: Family, theta: Array, x: Array) -> Array:
    value = family.density_tape(*family.coordinates(x), *np.moveaxis(theta[:, None, :], -1, 0))[..., 0].mean(axis=1)
    return np.where(np.isfinite(value), value, -np.inf)


def shrunk(points: ArrayLike, factor: float) -> Array:
    """Estimates (m, d) with their first coordinate multiplied by `factor`: biased, and less spread."""
    points = np.array(points, float)
    points[..., 0] *= factor
    return points


def count_inside(family: Family, chart: str, theta: ArrayLike, points: ArrayLike, square: float) -> int:
    """How many of `points` (m, d) have g(v, v) ≤ `square`, v their offset from θ in the chart's coordinates."""
    theta = _one_point(family, theta)
    own = chart_map(family, chart)
    points = _near(family, np.asarray(points, float).reshape(-1, family.dimension), theta)
    offset = own.to(points) - own.to(theta)
    g = fisher_metric(family, chart).matrix(own.to(theta))
    return int(np.sum(np.einsum("ni,ij,nj->n", offset, g, offset) <= square))
