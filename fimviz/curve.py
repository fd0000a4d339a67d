"""Curves as piecewise polynomials through Chebyshev nodes.

K pieces of s ∈ [0, 1], each of degree N, shorter towards both ends, where a point close to the edge
of the domain asks for it. Source of the differentiation matrix and the quadrature: Trefethen,
*Spectral Methods in MATLAB* (2000), programs cheb and clencurt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

DEGREE = 16


def nodes(n=DEGREE):
    """The n + 1 Chebyshev–Lobatto points of [0, 1], ascending."""
    return (1 - np.cos(np.pi * np.arange(n + 1) / n)) / 2


@lru_cache
def derivative(n=DEGREE):
    """D with (Dq)(sᵢ) = q′(sᵢ) on [0, 1], rows summing to zero exactly."""
    s, w = nodes(n), _weights(n)
    matrix = w / w[:, None] / (s[:, None] - s + np.eye(n + 1))
    np.fill_diagonal(matrix, 0)
    np.fill_diagonal(matrix, -matrix.sum(1))
    return matrix


@lru_cache
def quadrature(n=DEGREE):
    """Clenshaw–Curtis weights on `nodes(n)`, n even: exact for polynomials of degree n."""
    k = np.arange(0, n + 1, 2)
    cosines = np.cos(np.pi * np.outer(np.arange(n + 1), k) / n)
    halves = np.where((k == 0) | (k == n), 0.5, 1.0)
    w = 2 / n * (cosines * halves / (1 - k**2)).sum(1)
    w[[0, -1]] /= 2
    return w


def interpolation(s, n=DEGREE):
    """The matrix (..., n + 1) that takes values at `nodes(n)` to the value at s (...)."""
    gap = np.asarray(s)[..., None] - nodes(n)
    hit = gap == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = _weights(n) / gap
        matrix = ratio / ratio.sum(-1, keepdims=True)
    return np.where(hit.any(-1, keepdims=True), hit, matrix)


def _weights(n):
    w = (-1.0) ** np.arange(n + 1)
    w[[0, -1]] /= 2
    return w


@lru_cache
def breaks(pieces):
    """Where the pieces meet and end, (K + 1,): Chebyshev points, so nested when doubled."""
    return nodes(pieces)


@lru_cache
def operators(pieces):
    """D (K, N + 1, N + 1), and the inner rows of D², on every piece."""
    wide = np.diff(breaks(pieces))[:, None, None]
    return derivative() / wide, (derivative() @ derivative())[1:-1] / wide**2


@lru_cache
def _times(pieces, n=DEGREE):
    """The times of the nodes, (K, n + 1)."""
    return breaks(pieces)[:-1, None] + np.diff(breaks(pieces))[:, None] * nodes(n)


@lru_cache
def _finer():
    """From the nodes of one degree to those of twice the degree."""
    return interpolation(nodes(2 * DEGREE))


@lru_cache
def _halves(pieces):
    """From the nodes of each piece to those of the two it is split into, (K, 2, N + 1, N + 1)."""
    start, wide = breaks(pieces)[:-1, None, None], np.diff(breaks(pieces))[:, None, None]
    return interpolation((_times(2 * pieces).reshape(pieces, 2, -1) - start) / wide)


@lru_cache
def _spline(segments, pieces):
    even = np.linspace(0, 1, segments + 1)
    return CubicSpline(even, np.eye(segments + 1))(_times(pieces).ravel())


@dataclass(frozen=True)
class Curves:
    """Curves base + offset(s): `base` (L, d), their first points, and `offset` (L, K, N + 1, d).

    Apart, because the velocity of a short curve far from the origin would drown in the rounding of
    its points.
    """

    base: np.ndarray
    offset: np.ndarray

    @staticmethod
    def through(u, pieces):
        """The cubic splines through equally spaced points u (L, M + 1, d)."""
        offset = _spline(u.shape[1] - 1, pieces) @ (u - u[:, :1])
        return Curves(u[:, 0], offset.reshape(len(u), pieces, DEGREE + 1, u.shape[-1]))

    @staticmethod
    def timed(u, times, pieces):
        """Smooth curves through the points u (L, M + 1, d) at times (L, M + 1) that may be far from even."""
        even, wanted = np.arange(u.shape[1]), _times(pieces).ravel()
        offset = np.empty((len(u), pieces, DEGREE + 1, u.shape[-1]))
        for lane, line in enumerate(u - u[:, :1]):
            place = PchipInterpolator(times[lane], even)(wanted)
            offset[lane] = CubicSpline(even, line)(place).reshape(offset[lane].shape)
        return Curves(u[:, 0], offset)

    @staticmethod
    def join(curves):
        """One batch of several that have equally many pieces."""
        return Curves(*(np.concatenate([getattr(c, x) for c in curves]) for x in ("base", "offset")))

    def __len__(self):
        return len(self.base)

    def __getitem__(self, lanes):
        """A batch of some of the curves; `lanes` is an index array, a mask or a slice."""
        return Curves(self.base[lanes], self.offset[lanes])

    @property
    def pieces(self):
        return self.offset.shape[1]

    @property
    def points(self):
        """The nodes, (L, K, N + 1, d)."""
        return self.base[:, None, None] + self.offset

    @property
    def velocity(self):
        """d/ds at the nodes, (L, K, N + 1, d)."""
        return operators(self.pieces)[0] @ self.offset

    def split(self):
        """The same curves on twice as many pieces."""
        halves = _halves(self.pieces) @ self.offset[:, :, None]
        shape = self.offset.shape
        return Curves(self.base, halves.reshape(shape[0], 2 * shape[1], *shape[2:]))

    def fine(self):
        """Points and velocities at the nodes of twice the degree, (L, K, 2N + 1, d) each, and the
        weights (K, 2N + 1) of an integral over s."""
        weights = np.diff(breaks(self.pieces))[:, None] * quadrature(2 * DEGREE)
        points = self.base[:, None, None] + _finer() @ self.offset
        return points, _finer() @ self.velocity, weights

    def at(self, s):
        """Points at the times s (n,) in [0, 1], (L, n, d)."""
        start = breaks(self.pieces)
        piece = np.clip(np.searchsorted(start, s, side="right") - 1, 0, self.pieces - 1)
        matrix = interpolation((s - start[piece]) / np.diff(start)[piece])
        offset = (matrix[:, None] @ self.offset[:, piece])[..., 0, :]
        return self.base[:, None] + offset

    def polygon(self, every):
        """Every so many nodes of each curve: points (L, M + 1, d) and their times (M + 1,)."""
        lanes, _, _, d = self.offset.shape
        inner = self.points[:, :, :-1:every].reshape(lanes, -1, d)
        times = _times(self.pieces)[:, :-1:every].ravel()
        return np.concatenate([inner, self.points[:, -1, -1:]], 1), np.append(times, 1.0)
