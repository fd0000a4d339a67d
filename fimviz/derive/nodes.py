"""Places for quadrature: a mode and its widths, found without derivatives, and panels between edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def panels(edges: Array) -> tuple[Array, Array]:
    """Gauss–Legendre nodes (..., n) between the edges (..., m), and their log weights."""
    half = np.diff(edges)[..., None] / 2
    nodes = edges[..., :-1, None] + half * (1 + _NODES)
    flat = (*edges.shape[:-1], -1)
    return nodes.reshape(flat), np.log(half * _WEIGHTS).reshape(flat)


def mode(
    log_density: Callable[[Array], Array], shape: tuple[int, ...], places: int = 801, close: float = 1e-9
) -> Array:
    """The mode in u by zooming: a grid of sinh spacing, then ever finer ones around the best point."""
    # a place beyond the grid would not be found, nor be told from its neighbours
    t = np.linspace(-40, 40, places)
    grid = np.broadcast_to(np.sinh(t), (*shape, t.size))
    step = None
    for _ in range(60):
        with np.errstate(all="ignore"):
            best = np.argmax(log_density(grid), axis=-1)[..., None]
        low = np.take_along_axis(grid, np.maximum(best - 1, 0), -1)
        high = np.take_along_axis(grid, np.minimum(best + 1, grid.shape[-1] - 1), -1)
        step = high - low
        centre = np.take_along_axis(grid, best, -1)
        if np.all(step <= close * (1 + np.abs(centre))):
            break
        grid = low + (high - low) * np.linspace(0, 1, 33)
    return centre[..., 0]


def widths(log_density: Callable[[Array], Array], centre: Array) -> tuple[Array, Array]:
    """How far to the left and right the log-density falls by one, by ever finer grids in log scale."""
    top = log_density(centre[..., None])[..., 0]
    sides = []
    for sign in (-1.0, 1.0):
        # three rounds of 33 places at once: to one part in a hundred, a scale need not be known better
        low, high = np.full(centre.shape, -30.0), np.full(centre.shape, 30.0)
        for _ in range(3):
            places = low[..., None] + (high - low)[..., None] * np.linspace(0, 1, 33)
            fallen = ~(log_density(centre[..., None] + sign * np.exp(places)) > top[..., None] - 1)
            fallen[..., -1] = True
            first = np.maximum(np.argmax(fallen, axis=-1), 1)[..., None]
            low = np.take_along_axis(places, first - 1, -1)[..., 0]
            high = np.take_along_axis(places, first, -1)[..., 0]
        sides.append(np.exp(low))
    return sides[0], sides[1]
