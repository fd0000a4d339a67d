"""Geodesics between two points as polynomials through Chebyshev nodes.

    D²q = a(q, Dq)   at the inner nodes of s ∈ [0, 1],   aᵏ = −Γ⁽α⁾ᵏᵢⱼ vⁱvʲ

solved by Newton's method with the exact Jacobian. Source of the differentiation matrix and the
quadrature: Trefethen, *Spectral Methods in MATLAB* (2000), programs cheb and clencurt.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline

MAX_ITERATIONS = 12
CONVERGED = 1e-9
LONGEST_STEP = 3.0


@lru_cache
def nodes(n):
    """The n + 1 Chebyshev–Lobatto points of [0, 1], ascending."""
    return (np.sin(np.pi / 2 * (np.arange(n + 1) / n - 0.5) * 2) + 1) / 2


@lru_cache
def weights(n):
    """Barycentric weights of `nodes(n)`."""
    w = (-1.0) ** np.arange(n + 1)
    w[[0, -1]] /= 2
    return w


@lru_cache
def derivative(n):
    """D with (Dq)(sᵢ) = q′(sᵢ), rows summing to zero exactly, and D²."""
    s, w = nodes(n), weights(n)
    difference = s[:, None] - s + np.eye(n + 1)
    first = w / w[:, None] / difference
    np.fill_diagonal(first, 0)
    np.fill_diagonal(first, -first.sum(1))
    return first, first @ first


@lru_cache
def quadrature(n):
    """Clenshaw–Curtis weights on `nodes(n)`: exact for polynomials of degree n."""
    k = np.arange(0, n + 1, 2)
    cosines = np.cos(np.pi * np.outer(np.arange(n + 1), k) / n)
    halves = np.where((k == 0) | (k == n), 0.5, 1.0)
    w = 2 / n * (cosines * halves / (1 - k**2)).sum(1)
    w[[0, -1]] /= 2
    return w


def interpolation(n, s):
    """The matrix (len(s), n + 1) that takes values at `nodes(n)` to values at s."""
    gap = np.asarray(s)[:, None] - nodes(n)
    hit = gap == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = weights(n) / gap
        matrix = ratio / ratio.sum(1, keepdims=True)
    return np.where(hit.any(1)[:, None], hit, matrix)


@lru_cache
def refinement(n, m):
    """`interpolation` from n + 1 Chebyshev nodes to m + 1 of them."""
    return interpolation(n, nodes(m))


@lru_cache
def from_even(segments, n):
    """The matrix of the cubic spline through equally spaced points, read at `nodes(n)`."""
    even = np.linspace(0, 1, segments + 1)
    return CubicSpline(even, np.eye(segments + 1))(nodes(n))


def solve(solver, q, alpha=0.0):
    """Newton's method from q (L, N + 1, d) with fixed ends; the curves and which converged."""
    q, n = q.copy(), q.shape[1] - 1
    done, active = np.zeros(len(q), dtype=bool), np.arange(len(q))
    first, second = derivative(n)
    for _ in range(MAX_ITERATIONS):
        here = q[active]
        velocity = first @ here
        a, by_q, by_v, g = _slopes(solver, here[:, 1:-1], velocity[:, 1:-1], alpha)
        residual = second[1:-1] @ here - a
        step = _linear(residual, by_q, by_v, first, second)
        size = np.abs(step).max((1, 2))
        step *= np.minimum(1, LONGEST_STEP / np.maximum(size, 1e-300))[:, None, None]
        q[active, 1:-1] -= step
        fisher = np.sqrt(((step[..., None, :] @ g)[..., 0, :] * step).sum(-1)).max(1)
        done[active] = fisher < CONVERGED
        active = active[~done[active] & np.isfinite(size)]
        if active.size == 0:
            break
    return q, done


def _slopes(solver, q, v, alpha):
    """a, ∂a/∂q, ∂a/∂v and g, from g a = −F with Fₘ = (∂ᵢgⱼₘ − ½∂ₘgᵢⱼ − (α/2) Tᵢⱼₘ)vⁱvʲ.

    ∂ₗa = −g⁻¹(∂ₗF + ∂ₗg a) needs second derivatives of g and no derivative of an inverse.
    """
    g, dg = solver.g_dg(q)
    d2g = solver.d2g(q)
    column = v[..., None]
    w = (dg @ v[..., None, :, None])[..., 0]  # [k, i] = ∂ₖgᵢⱼ vʲ
    along = (v[..., None, :] @ dg.reshape(*v.shape, -1)).reshape(g.shape)  # vᵏ∂ₖgᵢⱼ
    force = along @ column - (w @ column) / 2
    w2 = (d2g @ v[..., None, None, :, None])[..., 0]  # [l, k, i] = ∂ₗ∂ₖgᵢⱼ vʲ
    flow = (v[..., None, None, :] @ w2)[..., 0, :]  # [l, i] = ∂ₗ∂ₖgᵢⱼ vʲvᵏ
    force_q = flow - (w2 @ v[..., None, :, None])[..., 0] / 2
    # ∂Fₘ/∂vʲ = 2[ij,m]vⁱ: along (m,j) + w (j,m)ᵀ − w (m,j)
    force_v = along + w.swapaxes(-1, -2) - w
    if alpha:
        tv, dtv = _cubic_along(solver, q, v)
        force = force - alpha / 2 * (tv @ column)
        force_q = force_q - alpha / 2 * (dtv @ v[..., None, :, None])[..., 0]
        force_v = force_v - alpha * tv
    d = q.shape[-1]
    a = -_solve(g, force)
    moved = (dg @ a[..., None, :, :])[..., 0]  # [l, m] = ∂ₗgₘⱼ aʲ
    right = np.concatenate([(force_q + moved).swapaxes(-1, -2), force_v], -1)
    slopes = -_solve(g, right)
    return a[..., 0], slopes[..., :d], slopes[..., d:], g


def _cubic_along(solver, q, v):
    """Tᵢⱼₘvⁱ as [..., m, j] and ∂ₗTᵢⱼₘvⁱ as [..., l, m, j]; T is symmetric."""
    t, dt = solver.tensors.cubic(q), solver.tensors.cubic_slope(q)
    tv = (t @ v[..., None, :, None])[..., 0]
    return tv, (dt @ v[..., None, None, :, None])[..., 0]


def _solve(g, right):
    """g⁻¹ right, by hand for two parameters, where LAPACK's calls cost more than the work."""
    if g.shape[-1] != 2:
        return np.linalg.solve(g, right)
    a, b, c = g[..., 0, 0, None], g[..., 0, 1, None], g[..., 1, 1, None]
    top, low = right[..., 0, :], right[..., 1, :]
    det = a * c - b * b
    return np.stack([(c * top - b * low) / det, (a * low - b * top) / det], -2)


def _linear(residual, by_q, by_v, first, second):
    """Solve (D² − ∂a/∂q − ∂a/∂v D) step = residual over the inner nodes."""
    lanes, n, d = residual.shape
    matrix = -first[None, 1:-1, None, 1:-1, None] * by_v[:, :, :, None, :]
    i = np.arange(n)
    for k in range(d):
        matrix[:, :, k, :, k] += second[1:-1, 1:-1]
    matrix[:, i, :, i] -= np.moveaxis(by_q, 1, 0)
    matrix = matrix.reshape(lanes, n * d, n * d)
    return _each(matrix, residual.reshape(lanes, -1)).reshape(residual.shape)


def _each(matrix, right):
    """Solve every lane; nan where its matrix is singular or not finite."""
    good = np.isfinite(matrix).all((1, 2)) & np.isfinite(right).all(1)
    answer = np.full_like(right, np.nan)
    try:
        answer[good] = np.linalg.solve(matrix[good], right[good, :, None])[..., 0]
    except np.linalg.LinAlgError:
        for lane in np.flatnonzero(good):
            try:
                answer[lane] = np.linalg.solve(matrix[lane], right[lane])
            except np.linalg.LinAlgError:
                continue
    return answer
