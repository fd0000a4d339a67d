"""Scenes of coarse-graining as data: what is left of an ellipse when only the cell of each observation is recorded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fimviz.coarse import coarse_metric, even_edges, kept
from fimviz.family import Family
from fimviz.metric import fisher_metric

Scene = dict[str, Any]
_ROOM = 10


def drawn(family: Family, theta: Sequence[float], cells: int, radius: Scene, **said: Any) -> tuple[Scene, Scene]:
    """(computed, mark) of the ellipse, or interval, that so many even cells leave; grey where θ or the cells differ."""
    point, edges = [float(x) for x in theta], even_edges(family, cells)
    made_for = {"for": {"theta": point, "cells": cells}, **said}
    if family.dimension == 1:
        share = float(kept(family, point, edges)[0])
        wider = {"op": "div", "args": [radius, math.sqrt(share) if share > 0 else 0]}
        computed = {"id": "coarse", "verb": "number", "value": wider}
        return computed, {"kind": "interval", "at": point, "radius": "coarse", "caps": True, "lift": 14, **made_for}
    solver = fisher_metric(family).solver
    frame = solver.pull(np.broadcast_to(solver.to(point), (family.dimension,) * 2), np.eye(family.dimension))
    G = frame @ coarse_metric(family, point, edges) @ frame.T
    upper = G[np.triu_indices(family.dimension)].tolist()
    computed = {"id": "coarse", "verb": "ellipse", "at": point, "metric": upper, "radius": radius}
    return computed, {"kind": "ellipse", "of": "coarse", "label_at": 0, **made_for}


def ticks(family: Family, cells: int) -> list[Scene]:
    """The edges as they stand under the density, as many as have room for their numbers."""
    if cells > _ROOM:
        return []
    return [{"at": x, "label": f"{x:.3g}".replace("-", "−")} for x in even_edges(family, cells).tolist()]


def control(label: str) -> Scene:
    """The slider of the number of cells."""
    return {"value": "cells", "label": label, "min": 2, "max": 60, "log": True, "integer": True}


def in_words(family: Family, theta: Sequence[float], cells: int, template: str) -> str:
    """The sentence that says how much of the information the cells keep, where they keep least and most."""
    shares = kept(family, theta, even_edges(family, cells))
    least, most = (_percent(share) for share in (shares[0], shares[-1]))
    return template.format(cells=cells, kept=most if least == most else f"{least} to {most}")


def _percent(share: float) -> str:
    """Never 100 % of what is less than all."""
    text = f"{100 * share:.1f} %"
    return "99.9 %" if text == "100.0 %" and share < 1 - 1e-9 else text
