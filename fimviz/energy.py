"""Curves of least discrete energy between two points: the first, rough answer to a distance.

    E(u₀ … u_M) = ½ Σₛ Δₛᵀ g(mₛ) Δₛ / (tₛ₊₁ − tₛ),   Δₛ = uₛ₊₁ − uₛ,   mₛ = (uₛ + uₛ₊₁)/2

The nodes are evenly spread in the chart at first, and their times t those at which they are passed
at constant speed: a curve that starts near the edge of the domain has its turns there, in no time.

Newton's method with the exact Hessian; where that is not positive definite or does not descend,
λ times the Laplacian of the frozen metric is added (Levenberg–Marquardt).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import get_lapack_funcs

from fimviz.spray import jet, speed

(_banded_cholesky,) = get_lapack_funcs(("pbsv",), dtype=np.float64)

SEGMENTS = 24
LONGEST_STEP, LONGEST_SEGMENT = 1.5, 4.0
ENOUGH = 1e-3
SLOWEST = 1e-4
MAX_ITERATIONS = 120


def start(solver, a, b):
    """Of the straight line from a to b (L, d) and its `bends`, the shortest."""
    curves = bends(a, b)
    lengths = sides(solver, curves).sum(-1)
    return curves[np.arange(len(curves)), np.nan_to_num(lengths, nan=np.inf).argmin(1)]


def sides(solver, u):
    """The Fisher length of each segment of the curves u (..., M + 1, d), by the midpoint rule: (..., M)."""
    return speed(solver.tensors.g((u[..., 1:, :] + u[..., :-1, :]) / 2), np.diff(u, axis=-2))


def timed(solver, u):
    """Times (L, M + 1) at which a point of nearly constant speed passes the nodes of the curves u."""
    took = sides(solver, u)
    took = np.where(np.isfinite(took), took, 0.0)
    took = took + SLOWEST * took.mean(-1, keepdims=True) + 1e-300
    times = np.concatenate([np.zeros((len(u), 1)), took.cumsum(-1)], -1)
    return times / times[:, -1:]


def bends(a, b):
    """The straight line in the chart, then parabolas through a and b that bulge along each axis.

    (L, 1 + 4 d, SEGMENTS + 1, d)
    """
    s, d = np.linspace(0, 1, SEGMENTS + 1)[:, None], a.shape[-1]
    line = (1 - s) * a[:, None] + s * b[:, None]
    heights = np.multiply.outer([1, -1, 3, -3], np.eye(d)).reshape(-1, 1, d)
    bulge = np.concatenate([np.zeros((1, 1, d)), heights]) * (4 * s * (1 - s))
    return line[:, None] + bulge * width(a, b)[:, None, None]


def troughs(a, b):
    """Ways from a to b (L, d) along 1 or −1 of one coordinate, where a metric of its own scale is: (L, 2 d, …)."""
    s, d = np.linspace(0, 1, SEGMENTS + 1)[:, None], a.shape[-1]
    line = (1 - s) * a[:, None] + s * b[:, None]
    level = np.multiply.outer([1.0, -1.0], np.eye(d)).reshape(-1, 1, d)
    along = np.minimum(1, 5 * np.minimum(s, 1 - s)) * np.abs(level)
    return (1 - along) * line[:, None] + along * level


def relax(solver, u, times):
    """Lower the energy of the curves u (L, M + 1, d) at their times, ends fixed, to ENOUGH of the least.

    Returns the curves and √(2E) (L,), their length as far as the speed is constant. Steps are
    capped at LONGEST_STEP chart units, and segments at LONGEST_SEGMENT: the midpoint rule would
    otherwise cut through regions where the metric vanishes and call that short.
    """
    u, unit = u.copy(), width(u[:, :1], u[:, -1:])
    damping, active = np.zeros(len(u)), np.arange(len(u))
    pace = 1 / (np.diff(times) * SEGMENTS)
    here = _segments(solver, u, pace)
    energy = here.energy.copy()
    for _ in range(MAX_ITERATIONS):
        step, ahead, sound = _newton_step(here, damping[active])
        trial = u[active]
        trial[:, 1:-1] += step * _cap(step / unit[active])
        there = _segments(solver, trial, pace[active])
        short = np.abs(there.delta / unit[active]).max((1, 2)) <= LONGEST_SEGMENT
        better = sound & short & (there.energy <= here.energy)
        u[active[better]] = trial[better]
        damping[active] = np.where(better, damping[active] / 8, 4 * damping[active] + 0.5)
        damping[damping < 1e-2] = 0
        enough = sound & (np.abs(ahead) <= ENOUGH * here.energy)
        here = there.where(better, here)
        energy[active] = here.energy
        keep = ~enough & (damping[active] < 1e9)
        active, here = active[keep], here.where(keep)
        if active.size == 0:
            break
    return u, np.sqrt(2 * energy)


def minimal(solver, u, times):
    """Whether the energy of one curve u (1, M + 1, d) at its times bends upwards in every direction.

    A geodesic that has passed a conjugate point has a direction in which it does not.
    """
    at = _segments(solver, u, 1 / (np.diff(times) * (len(times) - 1)))
    return bool(_solve(_hessian(at, np.zeros(1)), np.zeros_like(u[:, 1:-1]))[1][0])


def width(a, b):
    """A chart unit in each coordinate, more for a location that has far to go from a to b."""
    return np.maximum(1.0, np.abs(b - a) / 8)


def _cap(step):
    return np.minimum(1.0, LONGEST_STEP / np.maximum(np.abs(step).max((1, 2)), 1e-300))[:, None, None]


@dataclass
class _Segments:
    """Δ, g, ∂g Δ, ∂²g Δ Δ of every segment (L, M, …) and the energy of every curve (L,)."""

    delta: np.ndarray
    g: np.ndarray
    slope: np.ndarray  # ∂ₖgᵢⱼ Δʲ as [..., i, k]
    bend: np.ndarray  # ∂ₗ∂ₖgᵢⱼ ΔⁱΔʲ as [..., l, k]
    momentum: np.ndarray  # g Δ
    energy: np.ndarray

    def where(self, chosen, other=None):
        """The chosen lanes; or, given another, those lanes replaced in it."""
        mine = self.__dict__.values()
        if other is None:
            return _Segments(*(x[chosen] for x in mine))
        return _Segments(
            *(np.where(chosen.reshape(-1, *[1] * (x.ndim - 1)), x, y) for x, y in zip(mine, other.__dict__.values()))
        )


def _segments(solver, u, pace):
    """`pace` (…, M): the metric of a segment that takes 1/pace of an even share of the time counts so much more."""
    delta, mid = np.diff(u, axis=1), (u[:, 1:] + u[:, :-1]) / 2
    pace = np.broadcast_to(pace, delta.shape[:-1])[..., None, None]
    g, dg, d2g = (pace.reshape(*pace.shape, *[1] * k) * x for k, x in enumerate(jet(solver, mid)))
    row, column = delta[:, :, None, None, None, :], delta[:, :, None, None, :, None]
    bend = (row @ (d2g @ column))[..., 0, 0]
    momentum = (g @ delta[..., None])[..., 0]
    slope = np.swapaxes((dg @ delta[..., None, :, None])[..., 0], -1, -2)
    energy = (momentum * delta).sum((1, 2)) * (delta.shape[1] / 2)
    return _Segments(delta, g, slope, bend, momentum, np.where(np.isfinite(energy), energy, np.inf))


def _newton_step(at, damping):
    """The step of the inner nodes, what it promises, and whether the Hessian was positive."""
    half = (at.slope.swapaxes(-1, -2) @ at.delta[..., None])[..., 0] / 4
    gradient = (at.momentum + half)[:, :-1] + (half - at.momentum)[:, 1:]
    step, sound = _solve(_hessian(at, damping), -gradient)
    ahead = (step * gradient).sum((1, 2)) * (at.delta.shape[1] / 2)
    return step, ahead, sound


def _hessian(at, damping):
    """∂²E/M + λ × (frozen-metric Laplacian) of the inner nodes as a band: (L, M − 1, d, 2d)."""
    turn = at.slope.swapaxes(-1, -2)
    both, skew = (at.slope + turn) / 2, (turn - at.slope) / 2
    g = at.g * (1 + damping)[:, None, None, None]
    bend = at.bend / 8
    return _band((g + both + bend)[:, :-1] + (g - both + bend)[:, 1:], (bend - skew - g)[:, 1:-1])


def _band(diagonal, below):
    """Lower band of a block-tridiagonal matrix: column (node, b), then rows below its diagonal."""
    lanes, n, d, _ = diagonal.shape
    band = np.zeros((lanes, n, d, 2 * d))
    for b in range(d):
        band[:, :, b, : d - b] = diagonal[..., b:, b]
        band[:, :-1, b, d - b : 2 * d - b] = below[..., b]
    return band


def _solve(band, right):
    """Cholesky's method on every lane; 0, and False, where the matrix is not positive definite."""
    step, sound = np.zeros_like(right), np.zeros(len(right), dtype=bool)
    for lane, (matrix, vector) in enumerate(zip(band, right)):
        width = matrix.shape[-1]
        _, x, info = _banded_cholesky(matrix.reshape(-1, width).T, vector.ravel(), lower=1)
        if info == 0 and np.isfinite(x).all():
            step[lane], sound[lane] = x.reshape(vector.shape), True
    return step, sound
