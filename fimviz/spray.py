"""The geodesic equation u″ = a(u, u′), aᵏ = −Γ⁽α⁾ᵏᵢⱼ vⁱvʲ, and its slopes, in a solver's chart.

    g a = −F,   Fₘ = (∂ᵢgⱼₘ − ½∂ₘgᵢⱼ − (α/2) Tᵢⱼₘ) vⁱvʲ

Every sum is a product of small matrices, without Γ itself and without the derivative of an inverse.
"""

from __future__ import annotations

import numpy as np


def speed(g, v):
    """√(g(v, v)), shapes (..., d, d), (..., d) -> (...)."""
    return np.sqrt(np.maximum(square(g, v), 0.0))


def square(g, v):
    """g(v, v)."""
    return ((v[..., None, :] @ g)[..., 0, :] * v).sum(-1)


def jet(solver, u):
    """g, ∂ₖg as [..., k, :, :] and ∂ₗ∂ₖg as [..., l, k, :, :]."""
    return solver.jet(u)


def acceleration(solver, u, v, alpha=0.0):
    """a(u, v), (..., d); nan where g is singular."""
    g, dg = solver.g_dg(u)
    column = v[..., None]
    w = (dg @ v[..., None, :, None])[..., 0]  # [k, i] = ∂ₖgᵢⱼ vʲ
    force = w.swapaxes(-1, -2) @ column - (w @ column) / 2
    if alpha:
        force = force - alpha / 2 * (solver.cubic(u) @ v[..., None, :, None])[..., 0] @ column
    return -divide(g, force)[..., 0]


def slopes(solver, u, v, alpha):
    """a, ∂aᵐ/∂uˡ as [..., m, l], ∂aᵐ/∂vʲ as [..., m, j], and g.

    From g ∂ₗa = −(∂ₗF + ∂ₗg a), which needs second derivatives of g alone.
    """
    g, dg, d2g = jet(solver, u)
    column, row = v[..., None], v[..., None, :]
    w = (dg @ v[..., None, :, None])[..., 0]  # [k, i] = ∂ₖgᵢⱼ vʲ
    along = (row @ dg.reshape(*v.shape, -1)).reshape(g.shape)  # vᵏ∂ₖgᵢⱼ
    force = along @ column - (w @ column) / 2
    w2 = (d2g @ v[..., None, None, :, None])[..., 0]  # [l, k, i] = ∂ₗ∂ₖgᵢⱼ vʲ
    by_u = (v[..., None, None, :] @ w2)[..., 0, :] - (w2 @ v[..., None, :, None])[..., 0] / 2
    by_v = along + w.swapaxes(-1, -2) - w  # ∂Fₘ/∂vʲ = 2 [ij,m] vⁱ
    if alpha:
        tv, dtv = _cubic_along(solver, u, v)
        force = force - alpha / 2 * (tv @ column)
        by_u = by_u - alpha / 2 * (dtv @ v[..., None, :, None])[..., 0]
        by_v = by_v - alpha * tv
    a = -divide(g, force)
    moved = (dg @ a[..., None, :, :])[..., 0]  # [l, m] = ∂ₗgₘⱼ aʲ
    both = -divide(g, np.concatenate([(by_u + moved).swapaxes(-1, -2), by_v], -1))
    d = v.shape[-1]
    return a[..., 0], both[..., :d], both[..., d:], g


def _cubic_along(solver, u, v):
    """Tᵢⱼₘvⁱ as [..., m, j] and ∂ₗTᵢⱼₘvⁱ as [..., l, m, j]; T is symmetric."""
    t, dt = solver.tensors.cubic(u), solver.tensors.cubic_slope(u)
    return (t @ v[..., None, :, None])[..., 0], (dt @ v[..., None, None, :, None])[..., 0]


def divide(g, right):
    """g⁻¹ right, by hand for two parameters, where LAPACK's calls cost more than the work."""
    if g.shape[-1] != 2:
        return solve_each(g, right)
    a, b, c = g[..., 0, 0, None], g[..., 0, 1, None], g[..., 1, 1, None]
    top, low = right[..., 0, :], right[..., 1, :]
    det = a * c - b * b
    answer = np.empty_like(right)
    answer[..., 0, :] = (c * top - b * low) / det
    answer[..., 1, :] = (a * low - b * top) / det
    return answer


def solve_each(matrix, right):
    """Solve every system of a stack; nan where its matrix is singular."""
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        stack = matrix.reshape(-1, *matrix.shape[-2:]), right.reshape(-1, *right.shape[-2:])
        return np.stack([_solve_one(m, r) for m, r in zip(*stack)]).reshape(right.shape)


def _solve_one(matrix, right):
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        return np.full_like(right, np.nan)
