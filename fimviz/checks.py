"""What a page can say about its own picture: each number held against a second way to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fimviz.atlas import chart_map
from fimviz.connect import distance
from fimviz.derive.examination import State, examine
from fimviz.family import Family
from fimviz.inference import count_inside
from fimviz.metric import fisher_metric
from fimviz.sample_size import MOST, flips_to_tell_apart
from fimviz.words import words


def metric(family: Family) -> list[str]:
    """The closed form against quadrature, and what the examination found besides."""
    verdict, said = examine(family), words("frame")
    if not verdict.regular:
        return [verdict.sentence]
    found = [said["symbolic"].format(error=power(verdict.disagreement))]
    return found + ([verdict.sentence] if verdict.state is State.SCORE_ONLY else [])


def path(name: str) -> list[str]:
    """Templates that the stage fills for the path it has drawn: how constant its speed is, and where it ends.

    The end point is found a second time, by shooting the path's first velocity.
    """
    said = words("paths")
    return [
        said["drift"].format(error=f"{{{name}.drift:.0e}}"),
        said["endpoint"].format(error=f"{{{name}.endpoint:.0e}}"),
    ]


def arc_length(family: Family, chart: str, p: ArrayLike, q: ArrayLike) -> str:
    """Whether the distance read off a chart that is an arc length is the one integrated from the metric."""
    to = chart_map(family, chart).to
    read = float(np.abs(to(np.asarray(p, float)) - to(np.asarray(q, float)))[..., 0])
    found = float(distance(fisher_metric(family), p, q))
    return words("coin")["arc"].format(error=power(abs(read - found) / max(found, 1e-300)))


def flips(p: float, q: float, error: float = 0.05) -> str:
    """The exact number of flips that tell two coins apart."""
    exact, said = flips_to_tell_apart(p, q, error), words("coin")
    return said["exact"].format(count=f"{exact:,}") if exact else said["too_many"].format(most=f"{MOST:,}")


def cloud(family: Family, chart: str, theta: ArrayLike, points: NDArray[np.float64], square: float) -> str:
    """How many of the estimates lie in the ellipse about θ that should hold 95 % of them."""
    said = words("ellipses")
    if not len(points):
        return said["no_estimate"]
    inside = count_inside(family, chart, theta, points, square)
    return said["inside"].format(inside=inside, count=len(points), wanted=round(0.95 * len(points)))


def power(error: float) -> str:
    """A small number as it is read aloud: 3e−15; below one rounding error, 1e−16."""
    if not np.isfinite(error):
        return "∞"
    return f"{max(error, 1e-16):.0e}".replace("e-0", "e-").replace("-", "−")
