"""Families with three parameters in space, to be turned and looked at beside the picture on paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fimviz import figures
from fimviz.atlas import chart_map
from fimviz.connect import geodesic_between
from fimviz.errors import LeavesDomain, NoGeodesic
from fimviz.family import Family
from fimviz.metric import fisher_metric
from fimviz.ui.frame import Page, figure, theme
from fimviz.words import words

_ALPHA = {"fr": 0, "e": 1, "m": -1}
_ROLE = {"fr": "fisher", "e": "e", "m": "m"}
_STEPS = np.linspace(0, 1, 65)


def space(page: Page, family: Family, chart: str, marks: Sequence[figures.Mark]) -> None:
    """The figure of these marks in the chart's three coordinates; not in present mode, where the paper is the page."""
    if page.kept.present:
        return
    said, own = words("space"), chart_map(family, chart).chart
    labels = [f"{label} {glyph}".strip() for label, glyph in zip(own.labels, own.glyphs, strict=True)]
    views = {view: said[view] for view in figures.VIEWS}
    alt = said["alt"].format(coordinates=", ".join(own.glyphs))
    figure(figures.chart(*marks, figures.space(labels, views), theme=theme(), alt=alt, height=460), page)


def space_between(family: Family, chart: str, a: ArrayLike, b: ArrayLike, kinds: Sequence[str]) -> list[figures.Mark]:
    """Two models and the paths between them: "fr", "e" and "m", those that exist."""
    own, metric = chart_map(family, chart), fisher_metric(family)
    marks = []
    for kind in kinds:
        try:
            path = geodesic_between(metric, a, b, _STEPS, _ALPHA[kind])
        except (NoGeodesic, LeavesDomain):
            continue
        marks.append(figures.space_paths([own.to(path)], _ROLE[kind]))
    return [*marks, figures.space_points(own.to(np.array([a, b], float)), "ink", ["A", "B"])]


def space_about(family: Family, chart: str, theta: ArrayLike, square: float, cloud: ArrayLike) -> list[figures.Mark]:
    """A model, the ellipsoid of this squared Fisher radius about it, and estimates."""
    own = chart_map(family, chart)
    centre = own.to(np.asarray(theta, float))
    g = fisher_metric(family, chart).matrix(centre)
    dots = own.to(np.asarray(cloud, float).reshape(-1, family.dimension))
    return [
        figures.ellipsoid(centre, g, math.sqrt(square)),
        figures.space_points(dots, "data", size=2),
        figures.space_points(centre[None], "ink", ["θ"]),
    ]


def space_of_runs(family: Family, chart: str, target: ArrayLike, runs: Sequence[tuple[Any, str]]) -> list[figures.Mark]:
    """Descents with their roles, from one start to the target."""
    own = chart_map(family, chart)
    paths = [figures.space_paths([own.to(run.points)], role) for run, role in runs if run.steps]
    ends = own.to(np.array([runs[0][0].points[0], target], float))
    return [*paths, figures.space_points(ends, "ink", [words("descent")["start"], words("descent")["target"]])]
