"""Geodesics between two points: Newton's method on the geodesic equation at Chebyshev nodes.

    D²q = a(q, Dq)   at the inner nodes of each piece,   aᵏ = −Γ⁽α⁾ᵏᵢⱼ vⁱvʲ,   q and Dq continuous

with the exact Jacobian. The inner nodes of every piece are eliminated on their own, so that the
largest matrix has N·d rows and doubling the pieces only doubles the cost.
"""

from __future__ import annotations

import numpy as np

from fimviz.curve import DEGREE, Curves, operators
from fimviz.energy import width
from fimviz.spray import slopes, solve_each, square

MAX_ITERATIONS = 25
CONVERGED = 1e-7  # the last step, of the length; Newton's method leaves its square
LONGEST_STEP = 3.0


def solve(solver, curves, alpha=0.0):
    """Newton's method from `Curves` with fixed ends; the curves it ends at and which converged."""
    base, offset = curves.base, curves.offset.copy()
    unit = width(0, offset[:, -1:, -1:])
    done, active = np.zeros(len(base), dtype=bool), np.arange(len(base))
    for _ in range(MAX_ITERATIONS):
        step, relative = _newton_step(solver, Curves(base[active], offset[active]), alpha)
        size = np.abs(step / unit[active]).max((1, 2, 3))
        step *= np.minimum(1, LONGEST_STEP / np.maximum(size, 1e-300))[:, None, None, None]
        offset[active] -= step
        done[active] = relative <= CONVERGED
        active = active[~done[active] & np.isfinite(size)]
        if active.size == 0:
            break
    return Curves(base, offset), done


def _newton_step(solver, curves, alpha):
    """What to subtract from the offsets, and its Fisher length as a part of the curve's."""
    lanes, pieces, _, d = curves.offset.shape
    first, second = operators(pieces)
    v = curves.velocity
    a, by_q, by_v, g = slopes(solver, curves.points[:, :, 1:-1], v[:, :, 1:-1], alpha)
    residual = second @ curves.offset - a
    matrix = _linearised(by_q, by_v, first, second)
    inner, ends = matrix[..., d:-d], matrix[..., np.r_[:d, -d:0]]
    right = np.concatenate([residual.reshape(lanes, pieces, -1, 1), -ends], -1)
    # Columns: the step of a piece with fixed ends, then its response to moving each end.
    response = np.zeros((lanes, pieces, DEGREE + 1, d, 1 + 2 * d))
    response[:, :, 1:-1] = solve_each(inner, right).reshape(lanes, pieces, -1, d, 1 + 2 * d)
    i = np.arange(d)
    response[:, :, 0, i, 1 + i] = response[:, :, -1, i, 1 + d + i] = 1
    move = _join(response, v, first)
    step = (response @ move[:, :, None, :, None])[..., 0]
    length, part = (_longest(g, x[:, :, 1:-1]) for x in (v, step))
    return step, np.where(part > 0, part / length, part)


def _longest(g, v):
    """The largest Fisher length of the vectors v (L, K, n, d) of each curve, (L,)."""
    return np.sqrt(square(g, v).max((1, 2)))


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
    step = solve_each(matrix.reshape(lanes, m * d, m * d), jump.reshape(lanes, -1, 1))
    move[:, 1:, 1 : 1 + d] = move[:, :-1, 1 + d :] = step.reshape(lanes, m, d)
    return move
