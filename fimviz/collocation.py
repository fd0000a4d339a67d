"""Geodesics between two points as piecewise polynomials through Chebyshev nodes.

    D²q = a(q, Dq)   at the inner nodes of each piece,   aᵏ = −Γ⁽α⁾ᵏᵢⱼ vⁱvʲ,   q and Dq continuous

on K pieces of s ∈ [0, 1], each of degree N: arrays (L, K, N + 1, d). The pieces are shorter towards
both ends, where a point close to the edge of the domain asks for it. Newton's method with the exact
Jacobian; the inner nodes of every piece are eliminated on their own, so that the largest matrix has
N·d rows and doubling the pieces doubles the cost. Source of the differentiation matrix
and the quadrature: Trefethen, *Spectral Methods in MATLAB* (2000), programs cheb and clencurt.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline

from fimviz.energy import width

DEGREE = 16
MAX_ITERATIONS = 25
CONVERGED = 1e-7  # the last step; Newton's method leaves its square
LONGEST_STEP = 3.0


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
def _finer():
    """From the nodes of one degree to those of twice the degree."""
    return interpolation(nodes(2 * DEGREE))


@lru_cache
def breaks(pieces):
    """Where the pieces meet and end, (K + 1,): Chebyshev points themselves, so nested when doubled."""
    return nodes(pieces)


@lru_cache
def widths(pieces):
    return np.diff(breaks(pieces))


@lru_cache
def _halves(pieces):
    """From the nodes of each piece to those of the two it is split into, (K, 2, N + 1, N + 1)."""
    start, wide = breaks(pieces)[:-1, None, None], widths(pieces)[:, None, None]
    inner = breaks(2 * pieces)[:-1].reshape(-1, 2, 1) + widths(2 * pieces).reshape(-1, 2, 1) * nodes()
    return interpolation((inner - start) / wide)


@lru_cache
def _from_even(segments, pieces):
    even = np.linspace(0, 1, segments + 1)
    where = breaks(pieces)[:-1, None] + widths(pieces)[:, None] * nodes()
    return CubicSpline(even, np.eye(segments + 1))(where.ravel())


def from_even(u, pieces):
    """The cubic spline through equally spaced points u (L, M + 1, d), read at the nodes."""
    q = _from_even(u.shape[1] - 1, pieces) @ u
    return q.reshape(len(u), pieces, DEGREE + 1, u.shape[-1])


def split(q):
    """The same curves on twice as many pieces."""
    halves = _halves(q.shape[1]) @ q[:, :, None]
    return halves.reshape(len(q), 2 * q.shape[1], *q.shape[2:])


def velocity(q):
    """dq/ds at the nodes."""
    return derivative() @ q / widths(q.shape[-3])[:, None, None]


def refined(q):
    """q and dq/ds at the nodes of twice the degree, with the weights (K, 2N + 1) of a mean over s."""
    weights = widths(q.shape[-3])[:, None] * quadrature(2 * DEGREE)
    return _finer() @ q, _finer() @ velocity(q), weights


def read(q, s):
    """One curve q (K, N + 1, d) at s (n,) in [0, 1], (n, d)."""
    start, wide = breaks(len(q)), widths(len(q))
    piece = np.clip(np.searchsorted(start, s, side="right") - 1, 0, len(q) - 1)
    return (interpolation((s - start[piece]) / wide[piece])[:, None] @ q[piece])[:, 0]


def polygon(q, every):
    """Every so many nodes of one curve q (K, N + 1, d): points (M + 1, d) and their times."""
    times = breaks(len(q))[:-1, None] + widths(len(q))[:, None] * nodes()[:-1:every]
    inner = q[:, :-1:every].reshape(-1, q.shape[-1])
    return np.concatenate([inner, q[-1, -1:]]), np.append(times, 1.0)


def solve(solver, q, alpha=0.0):
    """Newton's method from q (L, K, N + 1, d) with fixed ends; the curves and which converged."""
    q, unit = q.copy(), width(q[:, :1, :1], q[:, -1:, -1:])
    done, active = np.zeros(len(q), dtype=bool), np.arange(len(q))
    for _ in range(MAX_ITERATIONS):
        step, g = _newton_step(solver, q[active], alpha)
        size = np.abs(step / unit[active]).max((1, 2, 3))
        step *= np.minimum(1, LONGEST_STEP / np.maximum(size, 1e-300))[:, None, None, None]
        q[active] -= step
        inner = step[:, :, 1:-1]
        fisher = (((inner[..., None, :] @ g)[..., 0, :] * inner).sum(-1)).max((1, 2))
        done[active] = fisher < CONVERGED**2
        active = active[~done[active] & np.isfinite(size)]
        if active.size == 0:
            break
    return q, done


def _newton_step(solver, q, alpha):
    """What to subtract from q, and g at its inner nodes."""
    lanes, pieces, _, d = q.shape
    v = velocity(q)
    a, by_q, by_v, g = _slopes(solver, q[:, :, 1:-1], v[:, :, 1:-1], alpha)
    first, second = _operators(pieces)
    residual = second @ q - a
    matrix = _linearised(by_q, by_v, first, second)
    inner, ends = matrix[..., d:-d], matrix[..., np.r_[:d, -d:0]]
    right = np.concatenate([residual.reshape(lanes, pieces, -1, 1), -ends], -1)
    # Columns: the step of a piece with fixed ends, then its response to moving each end.
    response = np.zeros((lanes, pieces, DEGREE + 1, d, 1 + 2 * d))
    response[:, :, 1:-1] = _each(inner, right).reshape(lanes, pieces, -1, d, 1 + 2 * d)
    i = np.arange(d)
    response[:, :, 0, i, 1 + i] = response[:, :, -1, i, 1 + d + i] = 1
    move = _join(response, v, first)
    return (response @ move[:, :, None, :, None])[..., 0], g


@lru_cache
def _operators(pieces):
    """D (K, N + 1, N + 1), and the inner rows of D², on every piece."""
    wide = widths(pieces)[:, None, None]
    return derivative() / wide, (derivative() @ derivative())[1:-1] / wide**2


def _linearised(by_q, by_v, first, second):
    """D² − ∂a/∂q − ∂a/∂v D at the inner nodes, (L, K, (N−1)d, (N+1)d)."""
    lanes, pieces, n, d, _ = by_q.shape
    matrix = -first[:, 1:-1, None, :, None] * by_v[:, :, :, :, None, :]
    for k in range(d):
        matrix[:, :, :, k, :, k] += second
    i = np.arange(n)
    matrix[:, :, i, :, i + 1] -= by_q.transpose(2, 0, 1, 3, 4)
    return matrix.reshape(lanes, pieces, n * d, -1)


def _join(response, v, first):
    """How far each piece's ends move for the slopes to meet, as (1, left, right): (L, K, 1 + 2d)."""
    lanes, pieces, _, d, _ = response.shape
    move = np.zeros((lanes, pieces, 1 + 2 * d))
    move[..., 0] = 1
    if pieces == 1:
        return move
    # Slopes of the response at the right end of a piece and the left end of the next.
    before, after = (np.einsum("pn,lpnkc->lpkc", first[:, row], response) for row in (-1, 0))
    before, after = before[:, :-1], after[:, 1:]
    jump = v[:, :-1, -1] - v[:, 1:, 0] - before[..., 0] + after[..., 0]
    m = pieces - 1
    matrix, i = np.zeros((lanes, m, d, m, d)), np.arange(m)
    # (the advanced indices come first in the result, hence the swap)
    matrix[:, i, :, i] = (before[..., 1 + d :] - after[..., 1 : 1 + d]).swapaxes(0, 1)
    matrix[:, i[1:], :, i[:-1]] = before[:, 1:, :, 1 : 1 + d].swapaxes(0, 1)
    matrix[:, i[:-1], :, i[1:]] = -after[:, :-1, :, 1 + d :].swapaxes(0, 1)
    step = _each(matrix.reshape(lanes, m * d, m * d), jump.reshape(lanes, -1, 1))
    move[:, 1:, 1 : 1 + d] = move[:, :-1, 1 + d :] = step.reshape(lanes, m, d)
    return move


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
    force_v = along + w.swapaxes(-1, -2) - w  # ∂Fₘ/∂vʲ = 2 [ij,m] vⁱ
    if alpha:
        tv, dtv = _cubic_along(solver, q, v)
        force = force - alpha / 2 * (tv @ column)
        force_q = force_q - alpha / 2 * (dtv @ v[..., None, :, None])[..., 0]
        force_v = force_v - alpha * tv
    d = q.shape[-1]
    a = -_divide(g, force)
    moved = (dg @ a[..., None, :, :])[..., 0]  # [l, m] = ∂ₗgₘⱼ aʲ
    right = np.concatenate([(force_q + moved).swapaxes(-1, -2), force_v], -1)
    slopes = -_divide(g, right)
    return a[..., 0], slopes[..., :d], slopes[..., d:], g


def _cubic_along(solver, q, v):
    """Tᵢⱼₘvⁱ as [..., m, j] and ∂ₗTᵢⱼₘvⁱ as [..., l, m, j]; T is symmetric."""
    t, dt = solver.tensors.cubic(q), solver.tensors.cubic_slope(q)
    tv = (t @ v[..., None, :, None])[..., 0]
    return tv, (dt @ v[..., None, None, :, None])[..., 0]


def _divide(g, right):
    """g⁻¹ right, by hand for two parameters, where LAPACK's calls cost more than the work."""
    if g.shape[-1] != 2:
        return _each(g, right)
    a, b, c = g[..., 0, 0, None], g[..., 0, 1, None], g[..., 1, 1, None]
    top, low = right[..., 0, :], right[..., 1, :]
    det = a * c - b * b
    return np.stack([(c * top - b * low) / det, (a * low - b * top) / det], -2)


def _each(matrix, right):
    """Solve every system of a stack; nan where its matrix is singular or not finite."""
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        stack = matrix.reshape(-1, *matrix.shape[-2:]), right.reshape(-1, *right.shape[-2:])
        return np.stack([_one(m, r) for m, r in zip(*stack)]).reshape(right.shape)


def _one(matrix, right):
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        return np.full_like(right, np.nan)
