"""Scenes as data: what a page hands to the stage. Marks and geometric verbs, windows and labels; no page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp

from fimviz.atlas import chart_map
from fimviz.divergence import entropy_expression
from fimviz.errors import DomainError
from fimviz.family import Family, lately, once
from fimviz.isometry import HyperbolicPlane
from fimviz.metric import fisher_metric
from fimviz.sample_size import quantile
from fimviz.stage.formula import coefficients
from fimviz.stage.model import describe, describe_chart
from fimviz.tape import lower

Scene = dict[str, Any]
# the 95 % point of χ² by degrees of freedom
CHI2 = {1: 3.841458820694124, 2: 5.991464547107979, 3: 7.814727903251179}
_MARGIN = 0.06
_NEAR_EDGE = 0.22
_CLEAR = 0.1
# half the default model's ellipse, as a share of the window, that can be read
_LEAST_SHARE = 0.04


def base(family: Family, charts: dict[str, str]) -> Scene:
    """The model, and the charts that panels name, by their name in the scene."""
    return {
        "family": f"{family.slug}|{','.join(map(str, family.constants.values()))}|{'|'.join(charts.values())}",
        "model": describe(family),
        "charts": {name: describe_chart(family, key) for name, key in charts.items()},
    }


def plane(
    family: Family, key: str, marks: Sequence[Scene], *, chart: str = "main", points: Iterable = (), scaled: str = ""
) -> Scene:
    """The panel of a chart with two coordinates: its window, its axes, its marks.

    `scaled` says how a hyperbolic plane is shown: "round", so that its discs and shortest paths are
    circles, or "equal", one unit being as long across as up. Other charts fill their window.
    """
    box = window(family, key, tuple(map(tuple, points)))
    own = chart_map(family, key).chart
    x, y = (f"{label} {glyph}".strip() for label, glyph in zip(own.labels[:2], own.glyphs[:2], strict=True))
    pictured = key in family.picture
    panel = {
        "id": f"picture-{chart}",
        "area": "picture",
        "kind": "plane",
        "chart": chart,
        "window": list(box),
        "unit": 1.0 if pictured else unit(family, key, scaled),
        "axes": {"x": {"label": x}, "y": {"label": y}, "frame": "floor" if floor(family, key, box) else "box"},
        "marks": [{"kind": "grid"}, *_fields(marks), *_singular(family), *_fields(marks, False)],
    }
    if pictured:
        panel["axes"] = {"frame": "none"}
        panel["marks"] = list(marks)
    if (rim := outline(family, key)) is not None:
        panel["outline"] = rim
    return panel


def _fields(marks: Sequence[Scene], wanted: bool = True) -> list[Scene]:
    """The marks that cover the whole picture, which lie under all others; or those others."""
    return [mark for mark in marks if (mark["kind"] == "bands") is wanted]


def _singular(family: Family) -> list[Scene]:
    """A mark of where the metric is singular, for a family that says so."""
    return [] if family.singular is None else [{"kind": "hatch"}]


def charts(family: Family, key: str) -> dict[str, str]:
    """The charts a picture is drawn in, by their names in the scene: `main`, and a second if there is one."""
    keys = family.picture if family.picture and key == next(iter(family.charts)) else (key,)
    return dict(zip(("main", "second"), keys, strict=False))


def planes(family: Family, key: str, marks: Sequence[Scene], points: Iterable = (), scaled: str = "") -> list[Scene]:
    """One panel a chart of `charts`: most families have one, three outcomes a triangle and an octant."""
    points = list(points)
    named = charts(family, key).items()
    return [plane(family, k, marks, chart=name, points=points, scaled=scaled) for name, k in named]


def ruler(family: Family, key: str, marks: Sequence[Scene], rows: int = 1, points: Iterable = ()) -> Scene:
    """The panel of a family with one parameter: rows on one axis."""
    low, high = window(family, key, tuple(map(tuple, points)))
    own = chart_map(family, key).chart
    label = f"{own.labels[0]} {own.glyphs[0]}".strip()
    return {
        "id": "picture-main",
        "area": "picture",
        "kind": "ruler",
        "chart": "main",
        "window": [low, high],
        "axes": {"x": {"label": label}},
        "rows": [{"chart": "main", "window": [low, high], "label": label if i == 0 else ""} for i in range(rows)],
        "marks": list(marks),
    }


def rulers(
    family: Family, rows: dict[str, Scene], marks: Sequence[Scene], spread: Sequence, points: Iterable = ()
) -> Scene:
    """The panel of a family with one parameter on several rulers at once: {chart: what its row says}, each
    chart named in the scene by its own key.

    A ruler is as long as its chart's domain; one without ends reaches round the members `spread`,
    and as far as `points`.
    """
    given = [
        {"chart": key, "window": _ruler(family, key, spread, points), "ticks": _ends(family, key), **row}
        for key, row in rows.items()
    ]
    return {"id": "picture-main", "area": "picture", "kind": "ruler", "aspect": 0.53, "rows": given, "marks": marks}


def _ends(family: Family, key: str) -> list[Scene] | None:
    """Numbers for a ruler that is half a turn long."""
    if chart_map(family, key).chart.domains[0] != (0, math.pi):
        return None
    return [{"at": math.pi * share, "label": label} for share, label in ((0, "0"), (0.5, "π/2"), (1, "π"))]


def _ruler(family: Family, key: str, spread: Sequence, points: Iterable) -> list[float]:
    own = chart_map(family, key)
    (low, high) = own.chart.domains[0]
    if math.isfinite(low) and math.isfinite(high):
        return [low, high]
    image, placed = own.to(np.array(spread, float)), own.to(np.array([*spread, *points], float))
    pad = _MARGIN * np.ptp(image)
    return [float(min(image.min(), placed.min()) - pad), float(max(image.max(), placed.max()) + pad)]


def evenly(family: Family, key: str, count: int) -> list[list[float]]:
    """`count` members that divide the domain of a chart with one coordinate and two ends into equal steps."""
    own = chart_map(family, key)
    low, high = own.chart.domains[0]
    return own.back(np.linspace(low, high, count + 2)[1:-1, None]).tolist()


def shares(family: Family, rows: Sequence[Scene], names: Sequence[str]) -> Scene:
    """The probabilities of named outcomes as bars from 0 to 1, a row a member; its `draws` fill them."""
    ticks = [{"at": x, "label": name} for x, name in zip(family.support.values().tolist(), names, strict=True)]
    return {**densities(family, rows), "top": 1, "ticks": ticks}


def against(family: Family, rows: Sequence[Scene]) -> Scene:
    """The side view of functions of the one parameter: a row each, from `entropy_row` and `information_row`."""
    (p,) = family.parameters
    label = f"{p.label} {p.glyph or p.name}".strip()
    axes = {"x": {"label": label}}
    return {"id": "side", "area": "side", "kind": "curves", "x": list(p.domain), "axes": axes, "rows": list(rows)}


def entropy_row(family: Family, **row: Any) -> Scene:
    """H(θ) in bits."""
    return _function(entropy_expression(family) / sp.log(2), family, "entropy", **row)


def information_row(family: Family, key: str, **row: Any) -> Scene:
    """The Fisher information of one observation about a chart's coordinate, as a function of θ."""
    return _function(coefficients(family, key)[0, 0], family, f"information {key}", **row)


def _function(expression: Any, family: Family, name: str, marks: Sequence[Scene] = (), **row: Any) -> Scene:
    curve = {"id": name, "tape": lower([expression], family.symbols).as_dict(), "inputs": ["x"], "role": row["role"]}
    return {"id": name, "zero": True, "curves": [curve], "marks": [{**mark, "on": name} for mark in marks], **row}


def standard_error(n: str) -> Scene:
    """1/√n: the Fisher radius of one standard error from n observations."""
    return {"op": "div", "args": [1, {"op": "sqrt", "args": [n]}]}


def standard_errors(keys: Sequence[str], at: str, n: str) -> list[Scene]:
    """Computed: standard errors from n observations, `se0`, `se1`, …, one a chart; `above0`, … the Fisher
    information of one observation in that chart, `below0`, … its inverse."""
    each = {"verb": "deviation", "at": at}
    return [
        one
        for i, key in enumerate(keys)
        for one in (
            {"id": f"se{i}", "chart": key, "radius": standard_error(n), **each},
            {"id": f"slope{i}", "chart": key, "radius": 1, **each},
            {"id": f"below{i}", "verb": "number", "value": {"op": "square", "args": [f"slope{i}"]}},
            {"id": f"above{i}", "verb": "number", "value": {"op": "div", "args": [1, f"below{i}"]}},
        )
    ]


def flips_by_distance(distance: str, error: float = 0.05) -> Scene:
    """(2z/d)² as the stage computes it: see `sample_size.flips_by_distance`."""
    return {"op": "square", "args": [{"op": "div", "args": [2 * quantile(error), distance]}]}


def schedules() -> list[Scene]:
    """Computed from the path `fr` between A and B: `cheapest`, d², and `jeffreys`, KL(A‖B) + KL(B‖A), the cost
    of the schedule that is even in natural or in expectation coordinates; see `schedule`."""
    return [
        {"id": "cheapest", "verb": "number", "value": {"op": "square", "args": ["fr.length"]}},
        {"id": "forth", "verb": "kl", "from": "A", "to": "B"},
        {"id": "back", "verb": "kl", "from": "B", "to": "A"},
        {"id": "jeffreys", "verb": "number", "value": {"op": "add", "args": ["forth", "back"]}},
    ]


def flips(family: Family, at: str, count: str, seed: Sequence[int], most: int = 1000) -> Scene:
    """Computed: the outcomes of seeded uniform numbers at the member `at`, of which `count` are looked at."""
    uniforms = np.random.default_rng(seed).random(most).round(6)
    return {
        "verb": "draws",
        "at": at,
        "count": count,
        "xs": family.support.values().tolist(),
        "uniforms": uniforms.tolist(),
    }


def densities(family: Family, rows: Sequence[Scene]) -> Scene:
    """The density view: one row a path or point, on the family's own range of x.

    Densities on the plane are contours, and regressions the curves of their responses.
    """
    support = family.support
    if family.response is not None:
        return _responses(family, rows)
    if support.vector:
        return _contours(family, rows)
    return {
        "id": "side",
        "area": "side",
        "kind": "density",
        "x": list(support.view),
        "discrete": support.discrete,
        "xs": support.values().tolist() if support.discrete else None,
        "rows": list(rows),
    }


def _contours(family: Family, rows: Sequence[Scene]) -> Scene:
    """Densities over two coordinates of one observation."""
    support = family.support
    first, second = (f"x{sub}" for sub in "₁₂")
    return {
        "id": "side",
        "area": "side",
        "kind": "contours",
        "support": support.kind,
        "x": list(support.view),
        "y": list(support.view),
        "axes": {"x": {"label": first}, "y": {"label": second}},
        "rows": list(rows),
    }


def _responses(family: Family, rows: Sequence[Scene]) -> Scene:
    """The response curves of the members that the rows show."""
    response = describe(family)["response"]
    return {
        "id": "side",
        "area": "side",
        "kind": "curves",
        "x": response["x"],
        "axes": {"x": {"label": response["input_label"]}, "y": {"label": response["label"]}},
        "response": response,
        "rows": [_response_row(response, row, i) for i, row in enumerate(rows)],
    }


def _response_row(response: Scene, row: Scene, index: int) -> Scene:
    """A row with the curve of its point; of a path the stage draws the members along it, as it does for densities."""
    curve = {"id": f"response-{index}", "tape": response["tape"], "role": row.get("role", "fisher")}
    curves = [{**curve, "inputs": ["x", row["point"]]}] if "point" in row else []
    name = row.get("path", row.get("point", f"row-{index}"))
    return {"id": name, **row, "y": response["y"], "zero": True, "curves": curves}


@lately(64)
def window(family: Family, key: str, points: tuple = ()) -> tuple[float, ...]:
    """(x0, x1, y0, y1) of a chart, or (x0, x1) of one coordinate: the image of the view and the points.

    An edge of the domain that is near is included, so that the picture shows where the model ends.
    """
    if (rim := outline(family, key)) is not None:
        corners = np.array(rim)
        low, high = corners.min(axis=0), corners.max(axis=0)
        pad = _MARGIN * (high - low)
        return tuple(np.stack([low - pad, high + pad], axis=1).ravel().tolist())
    own = chart_map(family, key)
    low, high = _readable(family, key)
    span = high - low
    if len(points):
        # a handle keeps a clear distance from the picture's edge
        placed = own.to(np.array(points, float))
        low = low - _widened(low - placed.min(0) + _CLEAR * span, span)
        high = high + _widened(placed.max(0) + _CLEAR * span - high, span)
        span = high - low
    box = [_reach(lo, hi, s, d) for lo, hi, s, d in zip(low, high, span, own.chart.domains, strict=True)]
    return tuple(float(x) for pair in box[:2] for x in pair)


def _widened(missing: np.ndarray, span: np.ndarray) -> np.ndarray:
    """At least what is missing, in eighths of the span, beyond one span by quarters of an octave.

    In steps, so that a picture stands still while a point is moved a little; at most one release in some moves it.
    """
    eighths = np.ceil(8 * missing / span) / 8
    octaves = 2 ** (np.ceil(4 * np.log2(np.maximum(eighths, 1))) / 4)
    return span * np.where(eighths <= 1, np.maximum(eighths, 0), octaves)


@once
def _image(family: Family, key: str) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest of each coordinate over the view."""
    axes = [np.linspace(*p.view, 13) for p in family.parameters]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, family.dimension)
    image = chart_map(family, key).to(grid[family.inside(grid)])
    return tuple(np.nanquantile(image, [0.03, 0.97], axis=0)) if _skewed(image) else (image.min(0), image.max(0))


@once
def _readable(family: Family, key: str) -> tuple[np.ndarray, np.ndarray]:
    """The ends of that image, drawn in towards the default model until its ellipse is large enough to be read.

    A chart that stretches the view somewhere would show that part and little else. The declared
    chart, in which the view was chosen, is as it was chosen.
    """
    low, high = _image(family, key)
    if key == next(iter(family.charts)):
        return low, high
    theta, d = family.default, family.dimension
    xi = chart_map(family, key).to(theta)
    half = np.sqrt(square(family, observations(family)) * np.diag(_covariance(family, key, theta[None], d)[0]))
    share = np.minimum(1, half / (_LEAST_SHARE * (high - low)))
    return xi - share * (xi - low), xi + share * (high - xi)


def slices(family: Family, key: str, labels: dict[str, str]) -> list[Scene]:
    """Sliders {value: template of a label} for the coordinate that a picture does not show: the third."""
    if family.dimension < 3:
        return []
    own = chart_map(family, key)
    (low, *_), (high, *_) = (side[2:] for side in _image(family, key))
    ends = {"min": float(low), "max": float(high)}
    return [
        {"value": name, "coordinate": 2, "label": label.format(third=own.chart.glyphs[2]), **ends}
        for name, label in labels.items()
    ]


def slice_in_words(family: Family, key: str, template: str) -> str:
    """The sentence that says what of three coordinates is on paper; nothing where all are."""
    if family.dimension < 3:
        return ""
    return template.format(**dict(zip(("first", "second", "third"), chart_map(family, key).chart.glyphs, strict=True)))


def _skewed(image: np.ndarray) -> bool:
    """Whether a few far points would leave the rest in a corner (natural coordinates near an edge)."""
    middle = np.quantile(image, 0.9, axis=0) - np.quantile(image, 0.1, axis=0)
    return bool(np.any(image.max(0) - image.min(0) > 4 * middle))


def _reach(low: float, high: float, span: float, domain: tuple[float, float]) -> tuple[float, float]:
    pad = _MARGIN * span
    left = domain[0] if low - domain[0] < _NEAR_EDGE * span else low - pad
    right = domain[1] if domain[1] - high < _NEAR_EDGE * span else high + pad
    return left, right


def unit(family: Family, key: str, scaled: str) -> float | None:
    """Pixels per x-unit over pixels per y-unit; None where the window is filled as it comes."""
    metric = fisher_metric(family)
    isometry = metric.closed_form.isometry if metric.closed_form else None
    if not scaled or not isinstance(isometry, HyperbolicPlane) or isometry.c != 0 or key != metric.chart:
        return None
    return math.sqrt(isometry.a / isometry.b) if scaled == "round" else 1.0


def floor(family: Family, key: str, box: Sequence[float]) -> bool:
    """Whether the picture's lower edge is the edge of the model."""
    return len(box) == 4 and box[2] == chart_map(family, key).chart.domains[1][0]


@once
def outline(family: Family, key: str) -> list[list[float]] | None:
    """The rim of a domain that is a polygon in the declared parameters, as the chart shows it."""
    if not family.corners:
        return None
    corners = np.array([*family.corners, family.corners[0]], float)
    t = np.linspace(0, 1, 49)[:-1, None]
    rim = np.concatenate([a + t * (b - a) for a, b in pairwise(corners)])
    image = chart_map(family, key).to(rim)
    return image.tolist() if np.isfinite(image).all() and image.shape[1] == 2 else None


@lately(64)
def tiles(family: Family, key: str, square: float, held: float | None = None, most: int = 120) -> list[list[float]]:
    """Centres θ of ellipses of one squared radius that do not overlap, packed in rows from below.

    A candidate is taken where a line parts its ellipse from each one taken, and where its ellipse
    lies in the window and in the model, on one side of where the metric is singular. Of three
    parameters they are sections, in the slice where the chart's third coordinate is `held`.
    """
    radius, box = math.sqrt(square), window(family, key)
    theta, xi, form = _candidates(family, key, radius, box, held)
    normals = _normals(len(box) // 2) / (np.array(box[1::2]) - np.array(box[::2]))
    # discs may touch, intervals on one line need a gap to be told apart
    reach = (1.02 if len(box) > 2 else 1.5) * radius * np.sqrt(np.einsum("wa,nab,wb->nw", normals, form, normals))
    taken: list[int] = []
    free = np.arange(len(theta))
    while len(free) and len(taken) < most:
        one = free[0]
        taken.append(int(one))
        gap = np.abs(_nearest_copy(family, key, xi[free] - xi[one]) @ normals.T)
        free = free[np.any(gap > reach[free] + reach[one], axis=-1)]
    return theta[taken].tolist()


def _normals(d: int) -> np.ndarray:
    """Unit vectors across which lines are tried that part two ellipses."""
    angles = np.pi * np.arange(48) / 48
    return np.ones((1, 1)) if d == 1 else np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _nearest_copy(family: Family, key: str, gap: np.ndarray) -> np.ndarray:
    """Differences of ξ, where a coordinate comes round again to the nearest of all copies."""
    periods = {p.name: p.period for p in family.parameters if p.period}
    for a, name in enumerate(chart_map(family, key).chart.names[: gap.shape[-1]]):
        if name in periods:
            gap[:, a] -= periods[name] * np.rint(gap[:, a] / periods[name])
    return gap


def _candidates(family: Family, key: str, radius: float, box: tuple[float, ...], held: float | None):
    """(θ, ξ on paper, covariance on paper) on a fine grid, lowest row first and each row from its middle outwards."""
    own, low, high = chart_map(family, key), np.array(box[::2]), np.array(box[1::2])
    theta = _grid(family, key, low, high, held)
    theta = theta[family.regular(theta)]
    xi, form = own.to(theta)[:, : len(low)], _covariance(family, key, theta, len(low))
    half = radius * np.sqrt(np.einsum("naa->na", form))
    fits = np.all((xi - half > low) & (xi + half < high) & (half > (high - low) / 90), axis=-1)
    theta, xi, form = theta[fits], xi[fits], form[fits]
    whole = _whole(family, key, theta, radius)
    theta, xi, form = theta[whole], xi[whole], form[whole]
    order = np.lexsort((np.abs(xi[:, 0] - box[0] / 2 - box[1] / 2), xi[:, -1]))
    return theta[order], xi[order], form[order]


def _grid(family: Family, key: str, low: np.ndarray, high: np.ndarray, held: float | None) -> np.ndarray:
    """θ on a grid of the window; without a formula for θ(ξ), laid out in the unconstrained chart."""
    own, counts = chart_map(family, key), (400,) if len(low) == 1 else (97, 73)
    inner = [np.linspace(lo, hi, n + 2)[1:-1] for lo, hi, n in zip(low, high, counts, strict=True)]
    inner += [] if held is None else [np.array([held])]
    if own.backward is not None:
        return own.back(_mesh(inner))
    if held is not None:
        return np.empty((0, family.dimension))
    free = chart_map(family, "unconstrained")
    view = free.to(np.transpose([p.view for p in family.parameters]))
    return free.back(_mesh([np.linspace(lo, hi, n) for (lo, hi), n in zip(view.T, counts, strict=True)]))


def _mesh(axes: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def _covariance(family: Family, key: str, theta: np.ndarray, d: int) -> np.ndarray:
    """C with the ellipse {v : vᵀC⁻¹v = r²} of the first d coordinates of a chart, the others held."""
    jacobian = chart_map(family, key).jacobian(theta)
    whole = jacobian @ fisher_metric(family).inverse(theta) @ np.swapaxes(jacobian, -1, -2)
    if d == family.dimension:
        return whole
    return np.linalg.inv(np.linalg.inv(whole)[..., :d, :d])


def _whole(family: Family, key: str, theta: np.ndarray, radius: float) -> np.ndarray:
    """Whether an ellipse of this radius is inside the model all round, and on one side of where it is singular."""
    d = family.dimension
    if d > 2:
        # of an ellipsoid the section, whose tangents keep the third coordinate
        jacobian = np.linalg.inv(chart_map(family, key).jacobian(theta))[..., :, :2]
        axes = jacobian @ np.linalg.cholesky(_covariance(family, key, theta, 2))
    else:
        axes = np.linalg.cholesky(fisher_metric(family).inverse(theta))
    turn = 2 * np.pi * np.arange(24) / 24
    circle = np.array([[-1.0, 1.0]]) if d == 1 else np.stack([np.cos(turn), np.sin(turn)])
    rim = theta[:, None, :] + radius * np.swapaxes(axes @ circle, -1, -2)
    whole = family.inside(rim).all(axis=-1)
    if family.singular_tape is not None:
        sides = [np.sign(family.singular_tape(*np.moveaxis(at, -1, 0))) for at in (rim, theta[:, None, :])]
        whole &= np.all(sides[0] == sides[1], axis=(-1, -2))
    return whole


def held(family: Family, key: str, theta: Sequence[float]) -> float | None:
    """The coordinate that a slice through θ holds: the third of a chart; None where all are on paper."""
    return float(chart_map(family, key).to(np.asarray(theta, float))[2]) if family.dimension > 2 else None


@once
def observations(family: Family) -> int:
    """How many observations make half the default model's ellipse an eighth of the window at most."""
    key = family.picture[0] if family.picture else next(iter(family.charts))
    own, box = chart_map(family, key), window(family, key)
    jacobian = own.jacobian(family.default)
    covariance = jacobian @ fisher_metric(family).inverse(family.default) @ jacobian.T
    share = np.sqrt(CHI2[family.dimension] * np.diag(covariance)[: len(box) // 2]) / (
        np.array(box[1::2]) - np.array(box[::2])
    )
    return next((n for n in (20, 50, 100, 200, 500) if np.all(share / math.sqrt(n) < 0.12)), 1000)


def pair(family: Family) -> tuple[list[float], list[float]]:
    """Two members worth connecting: as declared, else a quarter in from the view's sides."""
    if family.pair:
        return list(family.pair[0]), list(family.pair[1])
    low, high = np.transpose([p.view for p in family.parameters])
    left, right = np.full(family.dimension, 0.25), np.full(family.dimension, 0.25)
    left[0], right[0] = 0.14, 0.82
    ends = [(low + f * (high - low)).round(2) for f in (left, right)]
    if not all(family.inside(e) for e in ends):
        raise DomainError(ends, f"Family '{family.title}': the default pair", "outside the domain", "declare `pair`")
    return ends[0].tolist(), ends[1].tolist()


def drawn_chart(family: Family, key: str) -> str:
    """The chart that one picture of `key` is drawn in."""
    return charts(family, key)["main"]


def square(family: Family, n: float) -> float:
    """χ²/n: the squared Fisher radius of what n observations cannot tell apart, to second order."""
    return CHI2[family.dimension] / n


def radius(family: Family, name: str) -> Scene:
    """√(χ²/n) as the stage computes it from the value `name`."""
    return {"op": "chi2/n", "chi2": CHI2[family.dimension], "n": name}


def level(family: Family, name: str) -> Scene:
    """χ²/(2n): the KL whose ball is that ellipse, to second order."""
    return {"op": "chi2/2n", "chi2": CHI2[family.dimension], "n": name}


def draws(n: float) -> int:
    """How many estimates a cloud has: fewer where each needs many observations."""
    return int(min(260, max(80, 60_000 // n)))


def model_in_words(family: Family, name: str) -> str:
    """A template that says a member in words: "normal, mean {A.mu:.2f}, spread {A.sigma:.2f}"."""
    parts = [f"{p.label or p.name} {{{name}.{p.name}:.2f}}" for p in family.parameters]
    return ", ".join([family.title, *parts])


def reading(family: Family, key: str) -> tuple[str, str, str]:
    """(name, glyph, label) of the coordinate a moving label quotes: the last one of the chart, unless it says."""
    own = chart_map(family, key).chart
    if key in family.picture:
        p = family.parameters[-1]
        return p.name, p.glyph or p.name, p.label
    return own.names[own.quoted], own.glyphs[own.quoted], own.labels[own.quoted]
