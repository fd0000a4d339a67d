"""What is left of the Fisher metric when only the cell of each observation is recorded (Chentsov's monotonicity)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fimviz.derive.quadrature import expectation
from fimviz.family import Family
from fimviz.metric import fisher_metric

Array = NDArray[Any]
_NOTHING = 1e-100
# an eigenvalue of the metric, in units of √(gᵢᵢ gⱼⱼ), below which it is none
_SINGULAR = 1e-10


def coarse_metric(family: Family, theta: ArrayLike, edges: ArrayLike) -> Array:
    """G = Σ_c ∂P_c ∂P_cᵀ / P_c over the cells c between the `edges`, the metric of one observation known by its cell.

    θ (..., d) -> (..., d, d), never above the full metric: g − G is positive semi-definite, and 0 where the
    cell is sufficient. An edge belongs to the cell above it; the first and the last cell reach to the ends of
    the support. ∂P_c = ∫_c s p dx by quadrature, no panel across an edge. Cells without mass count for nothing.
    Raises `DomainError` outside the domain, ValueError for edges that do not rise and for observations of
    several coordinates. Source: Chentsov (1972); Amari & Nagaoka, Methods of Information Geometry (2000), ch. 2.
    """
    p, slope = cell_probabilities(family, theta, edges)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(p[..., None, None] > 0, slope[..., :, None] * slope[..., None, :] / p[..., None, None], 0.0)
    return each.sum(axis=-3)


def cell_probabilities(family: Family, theta: ArrayLike, edges: ArrayLike) -> tuple[Array, Array]:
    """(P_c, ∂P_c/∂θ) of the cells between the edges, (..., cells) and (..., cells, d)."""
    theta, edges = family.check(theta), _rising(family, edges)
    law = expectation(family)
    rule = law.rule(theta, edges=edges)
    p, scores = rule.probability, law.scores(rule, theta)
    with np.errstate(all="ignore"):
        # a node of next to no weight contributes nothing, though rounding may make its score infinite
        moved = np.where(p[..., None] > _NOTHING, p[..., None] * scores, 0.0)
    cell = np.searchsorted(edges, rule.x, side="right")
    columns = [_sums(cell, column, edges.size + 1) for column in (p, *np.moveaxis(moved, -1, 0))]
    return columns[0], np.stack(columns[1:], axis=-1)


def _sums(cell: Array, values: Array, cells: int) -> Array:
    """Sums (..., cells) of values (..., n), each in its cell."""
    lanes = np.arange(values[..., 0].size).reshape(*values.shape[:-1], 1)
    total = np.bincount((lanes * cells + cell).ravel(), values.ravel(), cells * lanes.size)
    return total.reshape(*values.shape[:-1], cells)


def kept(family: Family, theta: ArrayLike, edges: ArrayLike) -> Array:
    """The shares in [0, 1] of the information that the cells keep, along the axes where they differ most: (..., d).

    The eigenvalues of g⁻¹G in rising order, which do not depend on coordinates; 1 along directions of a
    singular metric, where there is nothing to keep.
    """
    g = fisher_metric(family).matrix(theta)
    unit = 1 / np.sqrt(np.maximum(np.einsum("...ii->...i", g), _NOTHING))
    scale = unit[..., :, None] * unit[..., None, :]
    values, axes = np.linalg.eigh(g * scale)
    there = values > _SINGULAR
    root = axes * np.where(there, 1 / np.sqrt(np.where(there, values, 1.0)), 0.0)[..., None, :]
    whole = np.swapaxes(root, -1, -2) @ (coarse_metric(family, theta, edges) * scale) @ root
    return np.clip(np.linalg.eigvalsh(whole + np.where(there, 0.0, 1.0)[..., None] * np.eye(g.shape[-1])), 0.0, 1.0)


def even_edges(family: Family, cells: int) -> Array:
    """The inner edges of so many cells of one width over the range of x that is drawn, (cells − 1)."""
    low, high = family.support.view
    return np.linspace(low, high, cells + 1)[1:-1]


def _rising(family: Family, edges: ArrayLike) -> Array:
    edges = np.atleast_1d(np.asarray(edges, float))
    if family.support.vector:
        raise ValueError(
            f"Family '{family.title}': an observation has {family.support.size} coordinates; cells need one."
        )
    if edges.ndim != 1 or not np.isfinite(edges).all() or not (np.diff(edges) > 0).all():
        raise ValueError(
            f"Family '{family.title}': the edges {edges} do not rise; give finite numbers in rising order."
        )
    return edges
