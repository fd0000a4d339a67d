"""What a page can say about its own picture: each number held against a second way to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fimviz.derive.examination import State, examine
from fimviz.family import Family
from fimviz.inference import count_inside
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
