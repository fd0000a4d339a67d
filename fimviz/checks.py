"""What a page can say about its own picture: each number held against a second way to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fimviz.connect import distance, log, shortest_geodesic
from fimviz.derive.examination import State, examine
from fimviz.errors import NoGeodesic
from fimviz.family import Family
from fimviz.geodesic import exp
from fimviz.metric import fisher_metric
from fimviz.words import words


def metric(family: Family) -> list[str]:
    """The closed form against quadrature, and what the examination found besides."""
    verdict, said = examine(family), words("frame")
    if not verdict.regular:
        return [verdict.sentence]
    found = [said["symbolic"].format(error=power(verdict.disagreement))]
    return found + ([said["score_only"]] if verdict.state is State.SCORE_ONLY else [])


def geodesic(family: Family, p: Sequence[float], q: Sequence[float]) -> list[str]:
    """The path between p and q: equal lengths of its halves, and where shooting its velocity ends.

    The first compares three solutions of the two-point problem, the second one of them with the
    initial-value integrator.
    """
    g, said = fisher_metric(family), words("paths")
    start, goal = np.array(p, float), np.array(q, float)
    try:
        whole = float(distance(g, start, goal))
        if whole == 0:
            return []
        middle = shortest_geodesic(g, start, goal, 0.5)
        halves = np.array([distance(g, start, middle), distance(g, middle, goal)])
        miss = float(distance(g, exp(g, start, log(g, start, goal)), goal))
    except (NoGeodesic, ArithmeticError, ValueError):
        return [said["unfound"]]
    drift = float(np.max(np.abs(2 * halves / whole - 1)))
    return [said["drift"].format(error=power(drift)), said["endpoint"].format(error=power(miss / whole))]


def power(error: float) -> str:
    """A small number as it is read aloud: 3e−15; below one rounding error, 1e−16."""
    if not np.isfinite(error):
        return "∞"
    return f"{max(error, 1e-16):.0e}".replace("e-0", "e-").replace("-", "−")
