"""Descent in chosen coordinates, plain and natural.

plain     ξ ← ξ − η ∂L/∂ξ
natural   ξ ← ξ − η (g + λI)⁻¹ ∂L/∂ξ        (Amari 1998)

The loss is KL(p*‖p_θ), whose least value 0 is at p*: for the normal that is the mean negative
log-likelihood of data with mean and standard deviation p*, less its minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.atlas import chart_map
from fimviz.divergence import kl_expression
from fimviz.errors import DomainError
from fimviz.family import Family
from fimviz.metric import Metric, fisher_metric
from fimviz.tape import Tape, lower

Array = NDArray[Any]
# a descent ends where the loss is this close to its minimum
STOP = 1e-3


def natural_gradient(metric: Metric, gradient: ArrayLike, theta: ArrayLike) -> Array:
    """g⁻¹ ∂f at θ: the direction of steepest ascent per unit of Fisher length. Not negated.

    gradient and theta (..., d) in the metric's chart; returns (..., d).
    """
    gradient = np.asarray(gradient, float)
    if gradient.shape[-1:] != (metric.dimension,):
        raise ValueError(f"A gradient here has shape (..., {metric.dimension}), not {gradient.shape}.")
    return np.linalg.solve(metric.matrix(theta), gradient[..., None])[..., 0]


@dataclass(frozen=True)
class Descent:
    """A path of descent: points (n+1, d) in the declared parameters, losses (n+1,), and how it ended.

    status is "converged", "left" (the next point is outside the chart) or "cap".
    """

    points: Array
    losses: Array
    status: str

    @property
    def steps(self) -> int:
        return len(self.losses) - 1


def descend(
    family: Family,
    start: ArrayLike,
    target: ArrayLike,
    *,
    chart: str | None = None,
    natural: bool = False,
    step: float = 0.1,
    damping: float = 0.0,
    stop: float = STOP,
    most: int = 5000,
) -> Descent:
    """Descend KL(target‖p_θ) from `start` in the coordinates of `chart` until it is below `stop`."""
    theta, target = family.check(start), family.check(target)
    if not 0 < step < np.inf:
        raise DomainError(step, "the step size", "not a positive number", "choose one, for example 0.1")
    if not 0 <= damping < np.inf:
        raise DomainError(damping, "the damping", "negative or not a number", "choose 0 or more")
    key = fisher_metric(family, chart).chart
    look = _view(family, key, target)
    xi = chart_map(family, key).to(theta).tolist()
    found = look(xi)
    if found is None:
        # so far from the target that the loss is no number: there is no first step
        return Descent(theta[None], np.array([np.inf]), "left")
    points, losses = [theta.tolist()], [found[1]]
    while losses[-1] >= stop and len(points) <= most:
        _, _, slope, matrix = found
        move = _solve(matrix(xi), slope, damping) if natural else slope
        xi = [x - step * m for x, m in zip(xi, move, strict=True)]
        found = look(xi)
        if found is None:
            return Descent(np.array(points), np.array(losses), "left")
        points.append(found[0])
        losses.append(found[1])
    return Descent(np.array(points), np.array(losses), "converged" if losses[-1] < stop else "cap")


def _view(family: Family, key: str, target: Array) -> Callable[[list[float]], Any]:
    """A function of ξ: (θ, L, ∂L/∂ξ, the metric as a function of ξ), or None outside the chart."""
    own, metric = chart_map(family, key), fisher_metric(family, key)
    loss, star = chart_loss_tape(family, key), target.tolist()
    g, back, d = metric.g_tape, own.back_tape, family.dimension
    if loss is None or back is None or g is None:
        return _view_by_numbers(family, key, target)

    def look(xi: list[float]) -> Any:
        theta = back.scalar(*xi)
        inside = all(lo < x < hi for x, (lo, hi) in zip(xi, own.chart.domains, strict=True))
        if not inside or not family.inside_point(theta):
            return None
        value, *slope = loss.scalar(*xi, *star)
        return (theta, value, slope, lambda at: _square(g.scalar(*at), d)) if np.isfinite(value) else None

    return look


def _view_by_numbers(family: Family, key: str, target: Array) -> Callable[[list[float]], Any]:
    """The same where the chart has no formula for θ: the gradient is (∂ξ/∂θ)⁻ᵀ ∂L/∂θ."""
    own, metric, loss = chart_map(family, key), fisher_metric(family, key), loss_tape(family)

    def look(xi: list[float]) -> Any:
        theta = own.back(np.array(xi))
        if not np.isfinite(theta).all():
            return None
        value, *slope = loss(*theta, *target)
        slope = np.linalg.solve(own.jacobian(theta).T, slope).tolist()
        return theta.tolist(), float(value), slope, lambda at: metric.matrix(at).tolist()

    return look


def _square(upper: list[float], d: int) -> list[list[float]]:
    full, entries = [[0.0] * d for _ in range(d)], iter(upper)
    for i in range(d):
        for j in range(i, d):
            full[i][j] = full[j][i] = next(entries)
    return full


def _solve(g: list[list[float]], slope: list[float], damping: float) -> list[float]:
    """(g + λ1)⁻¹ slope; one and two unknowns by hand, since this runs once a step."""
    if len(slope) == 1:
        return [slope[0] / (g[0][0] + damping)]
    if len(slope) == 2:
        a, b, c = g[0][0] + damping, g[0][1], g[1][1] + damping
        whole = a * c - b * b
        return [(c * slope[0] - b * slope[1]) / whole, (a * slope[1] - b * slope[0]) / whole]
    return np.linalg.solve(np.array(g) + damping * np.eye(len(slope)), slope).tolist()


@cache
def chart_loss_tape(family: Family, key: str) -> Tape | None:
    """(ξ…, p*…) -> [L, ∂L/∂ξ…] with L = KL(p*‖p_θ(ξ)); None where KL or θ(ξ) has no formula."""
    own, found = chart_map(family, key), kl_expression(family)
    if found is None or own.backward is None:
        return None
    expression, first, second = found
    # p* keeps symbols of its own: a chart may use the family's
    star = [sp.Symbol(f"{s.name}_star", **s.assumptions0) for s in first]
    loss = expression.xreplace(dict(zip((*first, *second), (*star, *own.backward), strict=True)))
    symbols = own.chart.symbols
    return lower([loss, *(sp.diff(loss, s) for s in symbols)], (*symbols, *star))


@cache
def loss_tape(family: Family) -> Tape:
    """(θ…, p*…) -> [L, ∂L/∂θ…] with L = KL(p*‖p_θ), in the declared parameters.

    The gradient in a chart is (∂θ/∂ξ)ᵀ ∂L/∂θ. Raises `ValueError` where KL has no formula.
    """
    found = kl_expression(family)
    if found is None:
        raise ValueError(f"Family '{family.title}' has no formula for KL, so nothing to descend.")
    expression, first, second = found
    return lower([expression, *(sp.diff(expression, s) for s in second)], (*second, *first))
