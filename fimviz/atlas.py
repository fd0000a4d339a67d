"""Changes of coordinates as numbers: ξ = to(θ), θ = back(ξ), and their derivatives."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.exponential import without_deltas
from fimviz.family import Chart, Family
from fimviz.tape import Tape, lower

Array = NDArray[Any]
# Newton's inverse: steps, the longest of them, and errors: none left, rounding, accepted
_STEPS, _LONGEST = 80, 2.0
_EXACT, _CLOSE, _FOUND = 1e-16, 1e-13, 1e-9
# the inverse of expectation parameters: steps, and the Fisher length of the next one that is near
_MOST_STEPS, _NEAR = 200, 1e-7
# how far apart two places of a picture may be that are one: near a rim √p keeps half the digits
_SAME_PLACE = 1e-6
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
    formula for its inverse, `back` runs damped Newton steps: in natural coordinates for expectation
    parameters, where the problem is convex, and in the unconstrained chart for others.
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
        grown = [a for b in self.backward or () for a in b.atoms(sp.exp, sp.tanh, sp.sinh)]
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
        return lower([without_deltas(sp.diff(f, a, b)) for f in self.forward for a in s for b in s], s)

    def to(self, theta: ArrayLike) -> Array:
        return run(self.to_tape, theta)

    def back(self, xi: ArrayLike) -> Array:
        """θ of ξ; nan where ξ is outside the chart."""
        xi = np.asarray(xi, float)
        theta = run(self.back_tape, xi) if self.back_tape else self._search(xi)
        low, high = np.transpose(self.chart.domains)
        with np.errstate(invalid="ignore"):
            good = np.all((xi > low) & (xi < high), axis=-1) & self.family.inside(theta)
        if self.chart.name in self.family.picture:
            # a formula may fold what is beyond the rim back into the domain
            with np.errstate(invalid="ignore"):
                good &= np.all(np.abs(self.to(theta) - xi) < _SAME_PLACE, axis=-1)
        return np.where(good[..., None], theta, np.nan)

    def jacobian(self, theta: ArrayLike) -> Array:
        return run(self._jacobian_tape, theta, self.dimension, self.dimension)

    def hessian(self, theta: ArrayLike) -> Array:
        """∂²ξᵃ/∂θⁱ∂θʲ, shape (..., a, i, j)."""
        d = self.dimension
        return run(self._hessian_tape, theta, d, d, d)

    def _search(self, xi: Array) -> Array:
        if xi.size and self.chart.name == "expectation" and self.family.natural is not None:
            return self._conjugate(xi.reshape(-1, self.dimension)).reshape(xi.shape)
        return self._newton(xi)

    def _conjugate(self, eta: Array) -> Array:
        """θ of expectation parameters η (m, d): the least ψ(n) − η·n in natural coordinates n, ψ convex.

        The gradient is η(n) − η and the Hessian g, so that Newton's step is ∂n/∂θ (∂η/∂θ)⁻¹ (η − η(n)),
        and its Fisher length says how far the least is. The step is halved until the slope along
        it, which does not cancel as ψ does, has turned by no more than half.
        """
        natural = chart_map(self.family, "natural")
        n = np.broadcast_to(natural.to(self.family.default), eta.shape).copy()
        best, least = n.copy(), np.full(len(n), np.inf)
        lanes = np.flatnonzero(np.isfinite(eta).all(-1))
        for _ in range(_MOST_STEPS):
            step, slope = self._convex_step(natural, n[lanes], eta[lanes])
            size = np.sqrt(np.maximum(slope, 0.0))
            improves = size < least[lanes] / 2
            better = size < least[lanes]
            best[lanes[better]], least[lanes[better]] = n[lanes][better], size[better]
            going = np.isfinite(size) & (size > _EXACT) & (improves | (least[lanes] > _NEAR))
            lanes, step, slope = lanes[going], step[going], slope[going]
            if not lanes.size:
                break
            n[lanes] = self._shortened(natural, n[lanes], step, slope, eta[lanes])
        # far out rounding alone may make a step short
        found = (least < _FOUND) & (self._error(natural, best, eta) < _FOUND)
        return np.where(found[:, None], natural.back(best), np.nan)

    def _convex_step(self, natural: ChartMap, n: Array, eta: Array) -> tuple[Array, Array]:
        """Newton's step and how fast ψ(n) − η·n falls along it, which is its squared Fisher length."""
        theta = natural.back(n)
        gap = eta - self.to(theta)
        step = (natural.jacobian(theta) @ _solve(self.jacobian(theta), gap)[..., None])[..., 0]
        return step, np.sum(gap * step, axis=-1)

    def _shortened(self, natural: ChartMap, n: Array, step: Array, slope: Array, eta: Array) -> Array:
        """n + step, halved where that is outside or past the least by too much."""
        scale = np.ones((len(n), 1))
        for _ in range(60):
            gap = eta - self.to(natural.back(n + scale * step))
            worse = ~(-np.sum(gap * step, axis=-1) <= slope / 2)
            if not worse.any():
                break
            scale[worse] /= 2
        return n + scale * step

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
