"""Spaces whose geodesics have published formulas, recognised in a metric's expressions.

* A location–scale metric M/σ², M constant, is a hyperbolic plane: with M = [[a, c], [c, b]] and
  b′ = b − c²/a, the coordinates x = √(a/b′)(μ + cσ/a), y = σ give b′(dx² + dy²)/y².
  (Normal: a = 1, b = 2; Atkinson & Mitchell 1981.)
* δᵢⱼ/pᵢ + 1/p₀ is the positive part of a sphere of radius 2 under z = 2√p (Rao 1945).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from fimviz.exponential import tidy

Array = NDArray[np.float64]


class Isometry(Protocol):
    """Distance, constant-speed path and initial velocity in the declared parameters."""

    def distance(self, p: Array, q: Array) -> Array: ...
    def path(self, p: Array, q: Array, t: Array) -> Array: ...
    def log(self, p: Array, q: Array) -> Array: ...


@dataclass(frozen=True)
class HyperbolicPlane:
    """g = [[a, c], [c, b]]/σ² in (μ, σ)."""

    a: float
    b: float
    c: float

    @property
    def _height(self) -> float:
        return self.b - self.c**2 / self.a

    def _to(self, p: Array) -> tuple[Array, Array]:
        mu, sigma = p[..., 0], p[..., 1]
        return np.sqrt(self.a / self._height) * (mu + self.c / self.a * sigma), sigma

    def _back(self, x: Array, y: Array) -> Array:
        return np.stack([x * np.sqrt(self._height / self.a) - self.c / self.a * y, y], axis=-1)

    def distance(self, p: Array, q: Array) -> Array:
        """√b′ arcosh(1 + (Δx² + Δy²)/(2 y₁ y₂)), through arsinh so that small distances keep digits."""
        (x1, y1), (x2, y2) = self._to(p), self._to(q)
        return 2 * np.sqrt(self._height) * np.arcsinh(np.hypot(x2 - x1, y2 - y1) / (2 * np.sqrt(y1 * y2)))

    def path(self, p: Array, q: Array, t: Array) -> Array:
        """Points (..., n, 2) at constant speed, by the matrix that carries i to the start."""
        (x1, y1), (x2, y2) = self._to(p), self._to(q)
        # move p to (0, 1), follow the unit circle's geodesic, and move back
        x, y = (x2 - x1) / y1, y2 / y1
        length, turn, lift = _polar(x, y)
        s = t * length[..., None]
        turn, lift = turn[..., None], lift[..., None]
        # z(s) from i with direction (turn, lift): both closed forms share this denominator
        below = np.cosh(s) - lift * np.sinh(s)
        u, v = turn * np.sinh(s) / below, 1 / below
        return self._back(x1[..., None] + y1[..., None] * u, y1[..., None] * v)

    def log(self, p: Array, q: Array) -> Array:
        (x1, y1), (x2, y2) = self._to(p), self._to(q)
        length, turn, lift = _polar((x2 - x1) / y1, y2 / y1)
        return self._back(length * turn * y1, length * lift * y1)


def _polar(x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Hyperbolic length from i to x + iy and the unit direction there, (sin, cos) from the vertical."""
    length = 2 * np.arcsinh(np.hypot(x, y - 1) / (2 * np.sqrt(y)))
    # the direction from z(s): x = turn·sinh(s)/below, 1/y = below
    with np.errstate(invalid="ignore", divide="ignore"):
        sinh = np.sinh(length)
        turn = np.where(length > 0, x / (y * sinh), 0.0)
        # cosh − 1/y written without the cancellation at small lengths
        lift = np.where(length > 0, ((y - 1) / y + 2 * np.sinh(length / 2) ** 2) / sinh, 1.0)
    norm = np.hypot(turn, lift)
    return length, turn / norm, lift / norm


@dataclass(frozen=True)
class Simplex:
    """Probabilities p₁ … p_d with p₀ = 1 − Σp: great circles of z = √p, distances doubled."""

    def _to(self, p: Array) -> Array:
        return np.sqrt(np.concatenate([p, 1 - p.sum(-1, keepdims=True)], axis=-1))

    def _angle(self, z: Array, w: Array) -> Array:
        """2 arctan(|z−w|/|z+w|): exact near 0, where arccos is not."""
        return 2 * np.arctan2(np.linalg.norm(z - w, axis=-1), np.linalg.norm(z + w, axis=-1))

    def distance(self, p: Array, q: Array) -> Array:
        return 2 * self._angle(self._to(p), self._to(q))

    def path(self, p: Array, q: Array, t: Array) -> Array:
        z, direction, angle = self._frame(p, q)
        s = (t * angle[..., None])[..., None]
        point = np.cos(s) * z[..., None, :] + np.sin(s) * direction[..., None, :]
        return point[..., :-1] ** 2

    def log(self, p: Array, q: Array) -> Array:
        z, direction, angle = self._frame(p, q)
        return 2 * (z * direction * angle[..., None])[..., :-1]

    def _frame(self, p: Array, q: Array) -> tuple[Array, Array, Array]:
        z, w = self._to(p), self._to(q)
        across = _reject(w - z, z)
        norm = np.linalg.norm(across, axis=-1, keepdims=True)
        return z, across / np.where(norm > 0, norm, 1), self._angle(z, w)


def _reject(v: Array, z: Array) -> Array:
    return v - np.sum(v * z, axis=-1, keepdims=True) * z


def recognise(g: sp.Matrix, symbols: Sequence[sp.Symbol]) -> Isometry | None:
    """The space with known geodesics that g is, if it is one."""
    if g.rows != 2:
        return None
    return _hyperbolic(g, symbols) or _simplex(g, symbols)


def _hyperbolic(g: sp.Matrix, symbols: Sequence[sp.Symbol]) -> HyperbolicPlane | None:
    scaled = (g * symbols[1] ** 2).applyfunc(sp.expand)
    if scaled.free_symbols:
        return None
    a, b, c = (float(scaled[i, j]) for i, j in ((0, 0), (1, 1), (0, 1)))
    return HyperbolicPlane(a, b, c)


def _simplex(g: sp.Matrix, symbols: Sequence[sp.Symbol]) -> Simplex | None:
    rest = 1 - sum(symbols)
    if g.has(sp.Function) or sp.denom(sp.together(g[0, 1])).expand() not in (rest, sp.expand(-rest)):
        return None
    wanted = sp.Matrix(2, 2, lambda i, j: (1 / symbols[i] if i == j else 0) + 1 / rest)
    return Simplex() if (g - wanted).applyfunc(tidy).is_zero_matrix else None
