"""Descent in chosen coordinates, plain and natural.

plain     ξ ← ξ − η ∂L/∂ξ
natural   ξ ← ξ − η (g + λI)⁻¹ ∂L/∂ξ        (Amari 1998)

The loss is KL(p*‖p_θ), whose least value 0 is at p*: for the normal that is the mean negative
log-likelihood of data with mean and standard deviation p*, less its minimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.atlas import ChartMap, chart_map
from fimviz.divergence import kl_expression
from fimviz.errors import DomainError
from fimviz.family import Family
from fimviz.metric import Metric, fisher_metric
from fimviz.tape import Tape, lower

Array = NDArray[np.float64]
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
    metric = fisher_metric(family, chart)
    own = chart_map(family, metric.chart)
    loss = loss_tape(family)
    xi = own.to(theta)
    value = _loss(loss, theta, target, own)
    points, losses, status = [theta], [value[0]], "cap"
    while losses[-1] >= stop and len(points) <= most:
        xi = xi - step * _direction(metric, xi, value[1], natural, damping)
        theta = own.back(xi)
        if not np.isfinite(theta).all():
            return Descent(np.array(points), np.array(losses), "left")
        value = _loss(loss, theta, target, own)
        points.append(theta)
        losses.append(value[0])
    if losses[-1] < stop:
        status = "converged"
    return Descent(np.array(points), np.array(losses), status)


def _direction(metric: Metric, xi: Array, slope: Array, natural: bool, damping: float) -> Array:
    if not natural:
        return slope
    g = metric._tensors.g(xi) if metric._tensors else metric.matrix(xi)
    return np.linalg.solve(g + damping * np.eye(metric.dimension), slope)


def _loss(tape: Tape, theta: Array, target: Array, own: ChartMap) -> tuple[float, Array]:
    values = tape(*theta, *target)
    slope = np.linalg.solve(own.jacobian(theta).T, values[1:])
    return float(values[0]), slope


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
