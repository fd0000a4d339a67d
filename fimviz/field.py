"""The metric as a field over a window: unit balls, and curvature on a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fimviz.metric import Metric

Array = NDArray[Any]


def indicatrix(metric: Metric, theta: ArrayLike, radius: float = 1.0, count: int = 96) -> Array:
    """The ellipse {θ + v : g(v, v) = radius²}, closed, shape (..., count + 1, 2).

    With radius² = χ²/n it is the set that n observations cannot tell from θ, to second order.
    For one parameter the two ends of the interval are returned, shape (..., 2, 1).
    """
    theta = np.asarray(theta, float)
    root = np.linalg.cholesky(metric.matrix(theta))
    if metric.dimension == 1:
        half = radius / root[..., 0]
        return np.stack([theta - half, theta + half], axis=-2)
    if metric.dimension != 2:
        raise ValueError(f"An ellipse needs two parameters; {metric.title} has {metric.dimension}.")
    angle = np.linspace(0, 2 * np.pi, count + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    offsets = np.linalg.solve(np.swapaxes(root, -1, -2), np.broadcast_to(circle, (*root.shape[:-2], *circle.shape)))
    return theta[..., None, :] + radius * np.swapaxes(offsets, -1, -2)


def curvature_map(metric: Metric, x: ArrayLike, y: ArrayLike) -> Array:
    """Gaussian curvature on the grid x × y, rows along y: shape (len(y), len(x)); nan outside."""
    grid = np.stack(np.meshgrid(np.asarray(x, float), np.asarray(y, float)), axis=-1)
    inside = metric.inside(grid)
    values = np.full(grid.shape[:-1], np.nan)
    if inside.any():
        values[inside] = metric.gaussian_curvature(grid[inside])
    return values
