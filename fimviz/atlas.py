"""Changes of coordinates as numbers: ξ = to(θ), θ = back(ξ), and their derivatives."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.family import Chart, Family
from fimviz.tape import Tape, lower

Array = NDArray[Any]
# Newton's inverse: steps, the longest of them, and errors: none left, rounding, accepted
_STEPS, _LONGEST = 80, 2.0
_EXACT, _CLOSE, _FOUND = 1e-16, 1e-13, 1e-9
# |u| up to which exp(4u), which second derivatives of g divide by, is a number
_EDGE = 170.0


def run(tape: Tape, point: ArrayLike, *shape: int) -> Array:
    """A tape of d inputs on points (..., d); the outputs reshaped to (..., *shape)."""
    point = np.asarray(point, float)
    values = tape(*(point[..., i] for i in range(point.shape[-1])))
    return values.reshape(*values.shape[:-1], *shape) if shape else values


class ChartMap:
    """The map of one chart of a family, compiled when first used.

    to (..., d) -> (..., d), back likewise, jacobian(θ)[..., a, i] = ∂ξᵃ/∂θⁱ. Where the chart has no
    formula for its inverse, `back` runs damped Newton steps in the unconstrained chart.
    """

    def __init__(self, family: Family, chart: Chart):
        self.family, self.chart = family, chart
        self.forward = tuple(map(sp.Add, chart.to(*family.symbols)))

    @property
    def dimension(self) -> int:
        return self.family.dimension

    @cached_property
    def backward(self) -> tuple[sp.Expr, ...] | None:
        """θ as expressions in the chart's symbols, or None."""
        if self.chart.back is None:
            return None
        return tuple(map(sp.Add, self.chart.back(*self.chart.symbols)))

    @cached_property
    def edges(self) -> tuple[float, ...]:
        """For each coordinate, the size at which its exponential leaves the numbers; ∞ where θ has none."""
        grown = [a for b in self.backward or () for a in b.atoms(sp.exp, sp.tanh)]
        return tuple(_EDGE if any(a.has(s) for a in grown) else np.inf for s in self.chart.symbols)

    @cached_property
    def to_tape(self) -> Tape:
        return lower(self.forward, self.family.symbols)

    @cached_property
    def back_tape(self) -> Tape | None:
        return None if self.backward is None else lower(self.backward, self.chart.symbols)

    @cached_property
    def _jacobian_tape(self) -> Tape:
        return lower([sp.diff(f, s) for f in self.forward for s in self.family.symbols], self.family.symbols)

    @cached_property
    def _hessian_tape(self) -> Tape:
        s = self.family.symbols
        return lower([sp.diff(f, a, b) for f in self.forward for a in s for b in s], s)

    def to(self, theta: ArrayLike) -> Array:
        return run(self.to_tape, theta)

    def back(self, xi: ArrayLike) -> Array:
        """θ of ξ; nan where ξ is outside the chart."""
        xi = np.asarray(xi, float)
        theta = run(self.back_tape, xi) if self.back_tape else self._newton(xi)
        low, high = np.transpose(self.chart.domains)
        with np.errstate(invalid="ignore"):
            good = np.all((xi > low) & (xi < high), axis=-1) & self.family.inside(theta)
        return np.where(good[..., None], theta, np.nan)

    def jacobian(self, theta: ArrayLike) -> Array:
        return run(self._jacobian_tape, theta, self.dimension, self.dimension)

    def hessian(self, theta: ArrayLike) -> Array:
        """∂²ξᵃ/∂θⁱ∂θʲ, shape (..., a, i, j)."""
        d = self.dimension
        return run(self._hessian_tape, theta, d, d, d)

    def _newton(self, xi: Array) -> Array:
        """Newton in the unconstrained chart from the default point, halving steps that do not help."""
        free = chart_map(self.family, "unconstrained")
        target = xi.reshape(-1, self.dimension)
        u = np.broadcast_to(free.to(self.family.default), target.shape).copy()
        error = self._error(free, u, target)
        for _ in range(_STEPS):
            trial, tried = self._halved(free, u, self._newton_step(free, u, target), error, target)
            better = tried < error
            u, error = np.where(better[:, None], trial, u), np.where(better, tried, error)
            if not np.any(better & (error > _EXACT)):
                break
        found = np.where((error < _FOUND)[:, None], free.back(u), np.nan)
        return found.reshape(xi.shape)

    def _newton_step(self, free: ChartMap, u: Array, target: Array) -> Array:
        """(∂ξ/∂u)⁻¹ (target − ξ), at most _LONGEST in any coordinate."""
        theta = free.back(u)
        dtheta = _solve(self.jacobian(theta), target - self.to(theta))
        step = (free.jacobian(theta) @ dtheta[..., None])[..., 0]
        longest = np.max(np.abs(step), axis=-1, keepdims=True)
        return step * np.minimum(1, _LONGEST / np.maximum(longest, 1e-300))

    def _halved(self, free: ChartMap, u: Array, step: Array, error: Array, target: Array) -> tuple[Array, Array]:
        scale = np.ones((len(u), 1))
        for _ in range(40):
            tried = self._error(free, u + scale * step, target)
            worse = ~(tried < error) & (error > _CLOSE)
            if not worse.any():
                break
            scale[worse] /= 2
        return u + scale * step, tried

    def _error(self, free: ChartMap, u: Array, target: Array) -> Array:
        with np.errstate(invalid="ignore"):
            miss = (self.to(free.back(u)) - target) / (1e-3 + np.abs(target))
        worst = np.max(np.abs(miss), axis=-1)
        return np.where(np.isfinite(worst), worst, np.inf)


def _solve(matrix: Array, right: Array) -> Array:
    """matrix⁻¹ right, 0 where there is none."""
    good: Any = np.isfinite(matrix).all((-1, -2)) & np.isfinite(right).all(-1)
    safe = np.where(good[..., None, None], matrix, np.eye(matrix.shape[-1]))
    with np.errstate(all="ignore"):
        try:
            step = np.linalg.solve(safe, np.where(good[..., None], right, 0)[..., None])[..., 0]
        except np.linalg.LinAlgError:
            step = (np.linalg.pinv(safe) @ np.where(good[..., None], right, 0)[..., None])[..., 0]
    return np.where(np.isfinite(step), step, 0)


def chart_map(family: Family, key: str) -> ChartMap:
    """The compiled map of the chart `key`, kept with the family."""
    chart = family.charts[key]
    maps = family.__dict__.setdefault("_chart_maps", {})
    if chart.name not in maps:
        maps[chart.name] = ChartMap(family, chart)
    return maps[chart.name]
