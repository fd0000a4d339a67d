"""What the metric says about estimation: bounds, volumes, and clouds of estimates to hold it against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fimviz.atlas import chart_map
from fimviz.derive.quadrature import Expectation
from fimviz.errors import DomainError
from fimviz.family import Family
from fimviz.metric import Metric, fisher_metric

Array = NDArray[np.float64]


def cramer_rao(metric: Metric, theta: ArrayLike, n: int = 1) -> Array:
    """(n g(θ))⁻¹: no unbiased estimator from n observations has a smaller covariance. (..., d, d)."""
    if not n > 0:
        raise DomainError(n, "the number of observations", "not positive", "choose n ≥ 1")
    return metric.inverse(theta) / n


def jeffreys_volume(metric: Metric, region: Sequence[tuple[float, float]], nodes: int = 48) -> float:
    """∫ √det g dθ over a box, one (low, high) a coordinate, by Gauss–Legendre.

    The count of distinguishable members, up to a constant; Jeffreys' prior without its constant.
    """
    if len(region) != metric.dimension:
        raise ValueError(f"The region has {len(region)} interval(s) for {metric.dimension} parameter(s).")
    x, w = np.polynomial.legendre.leggauss(nodes)
    axes = [(lo + hi) / 2 + (hi - lo) / 2 * x for lo, hi in region]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    weights = np.ones(())
    for lo, hi in region:
        weights = np.multiply.outer(weights, (hi - lo) / 2 * w)
    return float(np.sum(weights * np.sqrt(np.linalg.det(metric.matrix(grid)))))


def sample(family: Family, theta: ArrayLike, shape: int | tuple[int, ...], seed: int = 0) -> Array:
    """Seeded draws from p(x; θ), θ of shape (d,), by inverting the distribution function.

    The distribution function is summed on the quadrature nodes, between which it is interpolated.
    """
    theta = family.check(theta)
    rule = Expectation(family).rule(theta)
    order = np.argsort(rule.x, kind="stable")
    x, p = rule.x[order], rule.probability[order]
    uniform = np.random.default_rng(seed).random(shape)
    below = np.cumsum(p)
    if family.support.discrete:
        return x[np.minimum(np.searchsorted(below, uniform * below[-1]), x.size - 1)]
    middle = below - p / 2
    return np.interp(uniform * below[-1], middle, x)


def estimates(family: Family, theta: ArrayLike, n: int, count: int = 260, seed: int = 0) -> Array:
    """Maximum-likelihood estimates of `count` seeded samples of n observations from p(x; θ).

    Exponential families through the means of their statistics, others by damped Fisher scoring.
    Returns (m, d) in the declared parameters; samples without an estimate (all flips heads) are
    left out, so m may be below `count`.
    """
    theta = family.check(theta)
    x = sample(family, theta, (count, int(n)), seed)
    form = family.exponential_form
    if form is None:
        found = _scoring(family, theta, x)
    else:
        found = chart_map(family, "expectation").back(_statistics(family, x).mean(axis=1))
    return found[np.isfinite(found).all(-1)]


def _statistics(family: Family, x: Array) -> Array:
    from fimviz.tape import lower

    return lower(family.exponential_form.statistics, (family.sample,))(x)


def _scoring(family: Family, theta: Array, x: Array, rounds: int = 60) -> Array:
    """ξ ← ξ + g⁻¹ E_data[s] in the unconstrained chart, halved until the likelihood rises."""
    free = chart_map(family, "unconstrained")
    metric = fisher_metric(family, "unconstrained")
    expectation = Expectation(family)
    with np.errstate(all="ignore"):
        sample_ = (x, np.log(x), np.log1p(-x))
    u = np.broadcast_to(free.to(theta), (len(x), family.dimension)).copy()
    best = _mean_log_density(family, free.back(u), x)
    for _ in range(rounds):
        point = free.back(u)
        score = expectation.score_tape(*sample_, *np.moveaxis(point[:, None, :], -1, 0)).mean(axis=1)
        slope = np.linalg.solve(np.swapaxes(free.jacobian(point), -1, -2), score[..., None])
        step = np.linalg.solve(metric.solver.tensors.g(u) if metric.chart == family.solver else metric.matrix(u), slope)[..., 0]
        scale = np.ones(len(u))
        for _ in range(12):
            tried = u + scale[:, None] * step
            value = _mean_log_density(family, free.back(tried), x)
            worse = ~(value >= best)
            if not worse.any():
                break
            scale = np.where(worse, scale / 2, scale)
        moved = value > best
        u = np.where(moved[:, None], tried, u)
        best = np.where(moved, value, best)
        if np.max(np.abs(step[moved] * scale[moved, None]), initial=0.0) < 1e-7:
            break
    return free.back(u)


def _mean_log_density(family: Family, theta: Array, x: Array) -> Array:
    value = family.density_tape(x, *np.moveaxis(theta[:, None, :], -1, 0))[..., 0].mean(axis=1)
    return np.where(np.isfinite(value), value, -np.inf)
