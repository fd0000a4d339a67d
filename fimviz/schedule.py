"""What it costs to lead a family from one member to another: thermodynamic length and the cheapest schedule."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fimviz.atlas import chart_map
from fimviz.connect import distance
from fimviz.family import Family
from fimviz.metric import fisher_metric

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_SETTLED, _MOST = 1e-11, 2**12


def cheapest(family: Family, p: ArrayLike, q: ArrayLike) -> float:
    """d(p, q)²: the least ∫₀¹ g(θ̇, θ̇) dt of all schedules θ(t) from p to q, points (d) in the declared parameters.

    By the inequality of Cauchy and Schwarz it is that of the Fisher–Rao path at constant speed, and no other.
    Raises as `distance`. Source: Crooks, Measuring thermodynamic length, Phys. Rev. Lett. 99, 100602 (2007).
    """
    return float(distance(fisher_metric(family), p, q)) ** 2


def even_cost(family: Family, p: ArrayLike, q: ArrayLike, chart: str) -> float:
    """∫₀¹ g(θ̇, θ̇) dt of the schedule whose coordinates in `chart` run evenly from p to q, points (d) in the declared.

    In natural and in expectation coordinates it is Jeffreys' divergence KL(p‖q) + KL(q‖p), in nats.
    Gauss–Legendre in φ, t = sin²(φ/2), on panels doubled until nothing changes. Raises `DomainError` for points
    outside the domain, ArithmeticError where the line leaves it or the integral does not settle.
    """
    own, metric = chart_map(family, chart), fisher_metric(family, chart)
    start, step = own.to(family.check(p)), own.to(family.check(q)) - own.to(family.check(p))
    panels, before, cost = 1, np.nan, np.nan
    while not abs(cost - before) <= _SETTLED * abs(cost):
        if panels > _MOST:
            raise ArithmeticError(f"Family '{family.title}': no even schedule in {chart} from {p} to {q} has a cost.")
        # t = sin²(φ/2): nodes crowd at the ends, beside which the model may end
        phi = np.pi * ((np.arange(panels)[:, None] + (1 + _NODES) / 2) / panels).ravel()
        t, weight = np.sin(phi / 2) ** 2, np.pi * np.sin(phi) / (4 * panels)
        with np.errstate(all="ignore"):
            squares = np.einsum("i,nij,j->n", step, metric.matrix(start + t[:, None] * step), step)
        before, cost = cost, float(squares @ (weight * np.tile(_WEIGHTS, panels)))
        panels *= 2
    return cost
