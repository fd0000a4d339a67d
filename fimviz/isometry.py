"""Spaces whose geodesics have published formulas, recognised in a metric's expressions.

* A location–scale metric M/σ², M constant, is a hyperbolic plane: with M = [[a, c], [c, b]] and
  b′ = b − c²/a, the coordinates x = √(a/b′)(μ + cσ/a), y = σ give b′(dx² + dy²)/y².
  (Normal: a = 1, b = 2; Atkinson & Mitchell 1981.)
* δᵢⱼ/pᵢ + 1/p₀ is the positive part of a sphere of radius 2 under z = 2√p (Rao 1945).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from fimviz.exponential import Matrix

Array = NDArray[Any]


class Isometry(Protocol):
    """Distance, constant-speed path and initial velocity in the declared parameters."""

    def distance(self, p: Array, q: Array) -> Array: ...
    def path(self, p: Array, q: Array, t: Array) -> Array: ...
    def log(self, p: Array, q: Array) -> Array: ...


@dataclass(frozen=True)
class HyperbolicPlane:
    """g = [[a, c], [c, b]]/σ² in (μ, σ), a > 0 and ab > c²."""

    a: float
    b: float
    c: float

    @property
    def _height(self) -> float:
        return self.b - self.c**2 / self.a

    def _shift(self, dmu: Array, dsigma: Array) -> Array:
        """Δx of (Δμ, Δσ): differences are taken before scaling, so that small ones keep their digits."""
        return np.sqrt(self.a / self._height) * (dmu + self.c / self.a * dsigma)

    def _unshift(self, dx: Array, dy: Array) -> Array:
        return np.stack([dx * np.sqrt(self._height / self.a) - self.c / self.a * dy, dy], axis=-1)

    def _polar(self, p: Array, q: Array) -> tuple[Array, Array, Array]:
        """`_polar` of q when p is moved to i."""
        d, sigma = q - p, p[..., 1]
        return _polar(self._shift(d[..., 0], d[..., 1]) / sigma, q[..., 1] / sigma, d[..., 1] / sigma)

    def distance(self, p: Array, q: Array) -> Array:
        """√b′ arcosh(1 + (Δx² + Δy²)/(2 y₁ y₂)), through arsinh so that small distances keep digits."""
        d = q - p
        apart = np.hypot(self._shift(d[..., 0], d[..., 1]), d[..., 1])
        # two roots: the product of two spreads leaves the range of numbers before they do
        return 2 * np.sqrt(self._height) * np.arcsinh(apart / np.sqrt(p[..., 1]) / np.sqrt(q[..., 1]) / 2)

    def path(self, p: Array, q: Array, t: Array) -> Array:
        """Points (..., n, 2) at constant speed, by the motion that carries i to the start."""
        p, q = np.broadcast_arrays(p, q)
        length, turn, lift = (v[..., None] for v in self._polar(p, q))
        s, sigma = t * length, p[..., 1:]
        # z(s) from i with direction (turn, lift) is (turn·sinh s, 1)/below, below = cosh s − lift·sinh s
        below, fall = _below(np.abs(s), turn, lift * np.sign(s))
        moved = self._unshift(turn * np.sinh(s) / below, -fall / below)
        return np.stack([p[..., :1] + sigma * moved[..., 0], sigma / below], axis=-1)

    def log(self, p: Array, q: Array) -> Array:
        length, turn, lift = self._polar(p, q)
        reach = length * p[..., 1]
        return self._unshift(reach * turn, reach * lift)


def _polar(x: Array, y: Array, above: Array) -> tuple[Array, Array, Array]:
    """Hyperbolic length from i to x + iy and the unit direction there, (sin, cos) from the vertical.

    The direction is that of (2x, x² + y² − 1); `above` is y − 1 with all its digits.
    """
    length = 2 * np.arcsinh(np.hypot(x, above) / np.sqrt(y) / 2)
    largest = np.maximum(np.maximum(np.abs(x), y), 1)
    turn, lift = 2 * (x / largest), x * (x / largest) + (above / largest) * (y + 1)
    norm = np.hypot(turn, lift)
    # from a point to itself any direction will do
    lift, norm = np.where(norm > 0, lift, 1.0), np.where(norm > 0, norm, 1.0)
    return length, turn / norm, lift / norm


def _below(s: Array, turn: Array, lift: Array) -> tuple[Array, Array]:
    """cosh s − lift·sinh s for s ≥ 0 and a unit vector (turn, lift), and the same less 1.

    Both as e^(−s) + (1 − lift) sinh s, where nothing cancels however long the way up.
    """
    rest = np.where(lift > 0, turn**2 / (1 + np.abs(lift)), 1 - lift) * np.sinh(s)
    return np.exp(-s) + rest, np.expm1(-s) + rest


@dataclass(frozen=True)
class Simplex:
    """Probabilities p₁ … p_d with p₀ = 1 − Σp: great circles of z = √p, distances doubled."""

    def embedding(self, p: Sequence[sp.Expr]) -> tuple[sp.Expr, ...]:
        """z = √p on the unit sphere, as expressions; p₀ comes last."""
        return tuple(sp.sqrt(x) for x in (*p, 1 - sp.Add(*p)))

    def of_embedding(self, z: Sequence[sp.Expr]) -> tuple[sp.Expr, ...]:
        """p = z² of a point of the sphere."""
        return tuple(x**2 for x in z[:-1])

    def _to(self, p: Array) -> Array:
        return np.sqrt(np.concatenate([p, 1 - p.sum(-1, keepdims=True)], axis=-1))

    def _frame(self, p: Array, q: Array) -> tuple[Array, Array, Array]:
        """√p, √q − √p from the differences q − p, and the angle: 2 arctan(|z−w|/|z+w|), exact near 0."""
        z, w, d = self._to(p), self._to(q), q - p
        gap = np.concatenate([d, -d.sum(-1, keepdims=True)], axis=-1) / (z + w)
        return z, gap, 2 * np.arctan2(np.linalg.norm(gap, axis=-1), np.linalg.norm(z + w, axis=-1))

    def distance(self, p: Array, q: Array) -> Array:
        return 2 * self._frame(p, q)[2]

    def path(self, p: Array, q: Array, t: Array) -> Array:
        """Points (..., n, 2) at constant speed; nan from where a continued path leaves the model."""
        z, gap, angle = self._frame(p, q)
        s = (t * angle[..., None])[..., None]
        point = np.cos(s) * z[..., None, :] + np.sin(s) * _direction(gap, z)[..., None, :]
        within = (point > 0).all(-1, keepdims=True) & (np.abs(s) < np.pi)
        return np.where(within, point[..., :-1] ** 2, np.nan)

    def log(self, p: Array, q: Array) -> Array:
        z, gap, angle = self._frame(p, q)
        return 2 * (z * _direction(gap, z) * angle[..., None])[..., :-1]


def _direction(gap: Array, z: Array) -> Array:
    """The unit vector at z on the sphere towards z + gap; 0 where gap is."""
    across = gap - np.sum(gap * z, axis=-1, keepdims=True) * z
    norm = np.linalg.norm(across, axis=-1, keepdims=True)
    return across / np.where(norm > 0, norm, 1)


def recognise(g: Matrix, symbols: Sequence[sp.Symbol]) -> Isometry | None:
    """The space with known geodesics that g is, if it is one."""
    if g.rows != 2:
        return None
    return _hyperbolic(g, symbols) or _simplex(g, symbols)


def _hyperbolic(g: Matrix, symbols: Sequence[sp.Symbol]) -> HyperbolicPlane | None:
    scaled = (g * symbols[1] ** 2).applyfunc(sp.expand)
    if scaled.free_symbols:
        return None
    a, b, c = (float(scaled[i, j]) for i, j in ((0, 0), (1, 1), (0, 1)))
    return HyperbolicPlane(a, b, c) if a > 0 and a * b > c * c else None


def _simplex(g: Matrix, symbols: Sequence[sp.Symbol]) -> Simplex | None:
    if g.has(sp.Function):
        return None
    for i, j in ((0, 1), (0, 0), (1, 1)):
        wanted = (1 / symbols[i] if i == j else 0) + 1 / (1 - sum(symbols))
        if sp.expand(sp.numer(sp.together(g[i, j] - wanted))) != 0:
            return None
    return Simplex()
