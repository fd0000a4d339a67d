"""A derivation as panels: the lines, and beside each of them what it is about, as a function of x and of θ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from fimviz.atlas import chart_map
from fimviz.derive import derive
from fimviz.derive.examination import examine
from fimviz.derive.lines import NAMES, Line, inside
from fimviz.derive.quadrature import expectation
from fimviz.exponential import Expr
from fimviz.family import Family, once
from fimviz.metric import fisher_metric
from fimviz.notation import latex, plain, quadratic, width
from fimviz.stage import formula, scene
from fimviz.tape import lower

Scene = dict[str, Any]
# heights: four lines about x, and the metric, which for two parameters is a plane
_SHARES = {1: 1.6, 2: 1.75, 3: 1.6}
_ROW = {1: 84, 2: 92, 3: 140}
_AXIS = 23
_BELOW = 220
_RADIUS = 0.45
# letters across that a formula below the picture may take
_WIDEST = 70


def entries(family: Family) -> tuple[str, ...]:
    """The entries of the metric by their indices, "11", "22", "12"; the diagonal first."""
    d = range(1, family.dimension + 1)
    return (*(f"{i}{i}" for i in d), *(f"{i}{j}" for i in d for j in d if i < j))


def entry_label(family: Family, entry: str) -> str:
    """An entry as it is written: "μ", or "μ, σ" off the diagonal."""
    i, j = (int(c) - 1 for c in entry)
    glyphs = [p.glyph or p.name for p in family.parameters]
    return glyphs[i] if i == j else f"{glyphs[i]}, {glyphs[j]}"


def base(family: Family) -> Scene:
    """The model and its chart; of an irregular family the names and limits of its parameters alone."""
    if not is_irregular(family):
        stack = {"stack": "rows"} if family.dimension > 2 else {}
        return scene.base(family, {"main": scene.drawn_chart(family, _own(family))}) | stack
    named = [{"name": p.name, "symbol": p.glyph or p.name, "label": p.label} for p in family.parameters]
    return {
        "family": family.slug,
        "coordinates": {"theta": named},
        "limits": {"theta": [list(p.view) for p in family.parameters]},
    }


def panels(
    family: Family, found: Sequence[Line], entry: str, points: Sequence[Sequence[float]], words: Mapping[str, Any]
) -> list[Scene]:
    """The lines at the left; at the right a row of curves for each of the first four, and the metric against θ."""
    share = _SHARES[family.dimension]
    side = [] if family.support.vector else [_curves(family, found, entry, words)]
    metric = _metric_panel(family, entry, points, share, words)
    if family.dimension > 2:
        # three rows of three entries take the width of the page
        metric |= {"area": "picture", "share": None, "height": _BELOW}
    return [_lines(family, found, words, share), *side, metric]


def height(family: Family) -> int:
    """How many pixels the panels need."""
    return round(_ROW[family.dimension] * (4 + _SHARES[family.dimension]) + _AXIS)


def _lines(family: Family, found: Sequence[Line], words: Mapping[str, Any], share: float) -> Scene:
    rows = [_row(family, line, words) for line in found]
    return {
        "id": "lines",
        "area": "picture",
        "kind": "lines",
        "step": "step",
        "height": height(family),
        "groups": [{"share": 4, "axis": True, "rows": rows[:4]}, {"share": share, "rows": rows[4:]}],
    }


def _row(family: Family, line: Line, words: Mapping[str, Any]) -> Scene:
    return {
        "id": line.name.replace(" ", "-"),
        "title": words["titles"].get(line.left.replace(" ", "_"), line.name),
        "note": words["rules"].get(line.rule.replace(" ", "_"), line.rule) if not line.exact else "",
        "mathml": formula.derivation_line(family, line),
        "copy": [{"label": "LaTeX", "text": line.latex}, {"label": "Python", "text": line.python}],
    }


# --- plots of the first four lines ---------------------------------------------------------------------------


@once
def _tapes(family: Family, entry: str) -> dict[str, Any]:
    """log p, the scores, the score times p and the product of scores times p, as tapes of x and θ."""
    i, j = (int(c) - 1 for c in entry)
    log_density, _ = inside(family.expression)
    p = sp.exp(log_density)
    one, other = (sp.diff(log_density, family.symbols[k]) for k in (i, j))
    wanted = {"ell": log_density, "s": one, "t": other, "sp": one * p, "tp": other * p, "ssp": one * other * p}
    symbols = (*family.samples, *family.symbols)
    return {name: lower([e], symbols).as_dict() for name, e in wanted.items()}


def _curves(family: Family, found: Sequence[Line], entry: str, words: Mapping[str, Any]) -> Scene:
    support, mixed = family.support, entry[0] != entry[1]
    one, other = (entry_label(family, c * 2) for c in entry)
    tape, reach = _tapes(family, entry), _reach(family)

    def curve(name: str, role: str = "fisher", **more: Any) -> Scene:
        return {"id": name, "tape": tape[name], "inputs": ["x", "theta"], "role": role, **reach, **more}

    def pair(first: str, second: str, **more: Any) -> list[Scene]:
        if not mixed:
            return [curve(first, **more)]
        return [curve(first, label=f"∂ℓ/∂{one}", **more), curve(second, "e", label=f"∂ℓ/∂{other}")]

    said = words["rows"]
    rows = [
        (NAMES[0], [curve("ell", "ink")], said["log_density"], ""),
        (NAMES[1], pair("s", "t"), said["scores"] if mixed else said["score"].format(glyph=one), ""),
        (NAMES[2], pair("sp", "tp", fill="signed"), said["weighted"], words["mean_note"] if found[2].exact else ""),
        (NAMES[3], [curve("ssp", fill="signed" if mixed else "area")], said["product" if mixed else "squared"],
         words["second_note"] if found[3].exact else ""),
    ]  # fmt: skip
    return {
        "id": "curves",
        "area": "side",
        "kind": "curves",
        "share": 4,
        "height": _ROW[family.dimension] * 4 + _AXIS,
        "x": list(support.view),
        "discrete": support.discrete,
        "xs": support.values().tolist() if support.discrete else None,
        "axes": {"x": {"label": "x"}},
        "rows": [
            {"id": name.replace(" ", "-"), "label": label, "note": note, "curves": curves, "zero": name != NAMES[0]}
            for name, curves, label, note in rows
        ],
    }


def _reach(family: Family) -> Scene:
    """Where a density whose support ends at a parameter is drawn."""
    _, condition = inside(family.expression)
    ends = [e for e in condition.args if e in family.symbols] if condition is not None else []
    return {"x": [family.support.view[0], f"theta.{ends[0].name}"]} if ends else {}


# --- the metric against θ ------------------------------------------------------------------------------------


def computed(family: Family, found: Sequence[Line], entry: str) -> list[Scene]:
    """The numbers of the third and fourth line at θ, live where they have formulas."""
    i, j = (int(c) - 1 for c in entry)
    given = {"mean": (found[2], (i, 0)), "second": (found[3], (i, j))}
    out = [{"id": name, "verb": "tape", "tape": tape, "inputs": ["theta"]}
           for name, (line, place) in given.items() if (tape := _number_tape(family, line, place))]  # fmt: skip
    if family.dimension == 2:
        out.append({"id": "ellipse", "verb": "ellipse", "at": "theta", "radius": _RADIUS})
    return out


def _number_tape(family: Family, line: Line, place: tuple[int, int]) -> dict[str, Any] | None:
    if not line.exact:
        return None
    return lower([sp.Matrix(line.value)[place]], family.symbols).as_dict()


def _metric_panel(
    family: Family, entry: str, points: Sequence[Sequence[float]], share: float, words: Mapping[str, Any]
) -> Scene:
    handle = {"kind": "handle", "value": "theta", "label": "θ", "name": words["handle"]}
    if family.dimension == 2:
        tiles = scene.tiles(family, _own(family), _RADIUS**2)
        marks = [
            {"kind": "tiling", "points": tiles, "radius": _RADIUS, "role": "fisher"},
            {"kind": "ellipse", "of": "ellipse", "role": "fisher", "hero": True, "id": "metric"},
            handle,
        ]  # fmt: skip
        return {**scene.plane(family, scene.drawn_chart(family, _own(family)), marks, points=points), "area": "side",
                "share": share, "id": "metric"}  # fmt: skip
    return _against_theta(family, entry, points, share, handle, words)


def _own(family: Family) -> str:
    return next(iter(family.charts))


def _against_theta(
    family: Family, entry: str, points: Sequence[Sequence[float]], share: float, handle: Scene, words: Mapping[str, Any]
) -> Scene:
    """An entry of the metric against its own parameter, the others as they are."""
    i, j = (int(c) - 1 for c in entry)
    curves = _metric_curves(family, i, j, words)
    low, high = family.parameters[i].view
    low, high = min([low, *(p[i] for p in points)]), max([high, *(p[i] for p in points)])
    p = family.parameters[i]
    return {
        "id": "metric",
        "area": "side",
        "kind": "curves",
        "share": share,
        "x": [low, high],
        "axes": {"x": {"label": f"{p.label} {p.glyph or p.name}".strip()}},
        "rows": [{
            "id": "metric", "y": _scale(family, curves, (i, j), (low, high), points), "zero": True,
            "curves": curves, "marks": [{**handle, "on": curves[0]["id"], "coordinate": i}],
        }],
    }  # fmt: skip


def _metric_curves(family: Family, i: int, j: int, words: Mapping[str, Any]) -> list[Scene]:
    inputs = ["x" if k == i else f"theta.{name}" for k, name in enumerate(family.names)]
    # the tape's first input runs: the parameter itself
    order = [i, *(k for k in range(family.dimension) if k != i)]
    symbols = [family.symbols[k] for k in order]
    given = [inputs[k] for k in order]

    def curve(name: str, e: Expr, role: str, label: str = "") -> Scene:
        tape = lower([e], symbols).as_dict()
        return {"id": name, "tape": tape, "inputs": given, "role": role, "label": label, "label_at": at}

    low, high = family.parameters[i].view

    g = metric_entry(family, i, j)
    at = low + (0.5 if g is not None else 0.3) * (high - low)
    if g is not None:
        glyph = family.parameters[i].glyph if family.dimension == 1 else "θ"
        return [curve("g", g, "fisher", words["metric_row"].format(glyph=glyph))]
    roles = ("fisher", "m", "euclid")
    return [curve(n, e, role, words[n]) for (n, e), role in zip(_three(family).items(), roles, strict=True)]


def metric_entry(family: Family, i: int, j: int) -> Expr | None:
    """gᵢⱼ as an expression in θ, or None for a family that has no metric."""
    if is_irregular(family):
        return None
    return fisher_metric(family).g[i, j]


def is_irregular(family: Family) -> bool:
    """Whether the support moves with θ."""
    return inside(family.expression)[1] is not None


def _three(family: Family) -> dict[str, Expr]:
    """E[s²], Var s and −E[∂²ℓ] of one parameter whose score is free of x."""
    log_density, _ = inside(family.expression)
    t = family.symbols[0]
    s = sp.diff(log_density, t)
    return {"moment": plain(s**2), "variance": s**2 - s**2, "hessian": -sp.diff(log_density, t, 2)}


def _scale(
    family: Family, curves: Sequence[Scene], place: tuple[int, int], ends: tuple[float, float], points: Sequence[Any]
) -> list[float | None]:
    """Up to three times the median, and to where θ is: a metric grows without bound where the model ends."""
    theta = np.repeat(np.asarray(points[0], float)[None], 41, axis=0)
    theta[:, place[0]] = np.linspace(*ends, 43)[1:-1]
    metric = expectation(family).metric if is_irregular(family) else fisher_metric(family).matrix
    both = (theta[family.inside(theta)], np.asarray(points, float))
    size, here = (np.abs(metric(t)[..., place[0], place[1]]) for t in both)
    top = float(max(min(np.max(size), 3 * np.median(size)), 1.25 * np.max(here)))
    return [-top if len(curves) > 1 or place[0] != place[1] else None, top]


# --- what stands below the picture ---------------------------------------------------------------------------


def rule_in_words(family: Family, words: Mapping[str, Any]) -> str:
    """The rule that derived the metric and its steps, or why there is none."""
    try:
        derivation = derive(family)
    except NotImplementedError:
        return " ".join([words["no_rule"], examine(family).words])
    return words["rule"].format(rule=derivation.rule, steps=" · ".join(step.rule for step in derivation))


def pulled_back(family: Family, key: str) -> tuple[str, ...]:
    """J = ∂θ/∂ξ and I(ξ) = Jᵀ I(θ) J of a chart in LaTeX; nothing for the declared one, or without formulas."""
    metric = None if is_irregular(family) or key == _own(family) else fisher_metric(family, key)
    if metric is None or metric.g is None:
        return ()
    own = chart_map(family, key)
    coordinates = list(zip(own.chart.names, own.chart.glyphs, strict=True))
    glyphs: dict[str, Any] = {name: f"({g})" if len(g) > 2 else g for name, g in coordinates}
    glyphs |= {f"d_{name}": ("d", g) for name, g in coordinates}
    jacobian = sp.Matrix([[sp.diff(b, s) for s in own.chart.symbols] for b in own.backward or ()])
    xi = [sp.Symbol(f"d_{name}", real=True) for name in own.chart.names]
    element = quadratic(metric.g, xi)
    one = family.dimension == 1
    back = r"I(\xi) = J^2\, I(\theta)" if one else r"I(\xi) = J^{\top} I(\theta) J"
    j = latex(jacobian[0] if one else jacobian, glyphs) if width(jacobian) <= _WIDEST else ""
    first = rf"J = \frac{{\partial\theta}}{{\partial\xi}}{f' = {j}' if j else ''}, \qquad {back}"
    # what is too long to be read is left to the numbers below it
    return (first, *([rf"\mathrm{{d}}s^2 = {latex(element, glyphs)}"] if width(element) <= _WIDEST else []))


def about_chart(family: Family, key: str, words: Mapping[str, Any]) -> str:
    """What to say where there is no formula to show."""
    if is_irregular(family):
        return words["no_metric"]
    if key == _own(family):
        return words["same_chart"]
    return "" if pulled_back(family, key) else words["no_chart_formula"]


def connection(family: Family, key: str, theta: Sequence[float]) -> tuple[str, ...]:
    """Γᵏᵢⱼ and K at θ in a chart, as numbers in LaTeX; zeros are left out."""
    if is_irregular(family):
        return ()
    metric = fisher_metric(family, key)
    xi = chart_map(family, key).to(np.asarray(theta, float))
    symbols = metric.christoffel(xi)
    d = range(family.dimension)
    size = float(np.max(np.abs(symbols)))
    index = [""] if family.dimension == 1 else [str(k + 1) for k in d]
    parts = [rf"\Gamma^{{{index[k]}}}_{{{index[i]}{index[j]}}} = {symbols[k, i, j]:.3g}"
             for k in d for i in d for j in d if i <= j and abs(symbols[k, i, j]) > 1e-9 * max(size, 1e-9)]  # fmt: skip
    parts = parts or [r"\Gamma = 0"]
    if family.dimension == 2:
        parts.append(rf"K = {float(metric.gaussian_curvature(xi)):.3g}")
    return tuple(r",\quad ".join(parts[n : n + 5]) for n in range(0, len(parts), 5))
