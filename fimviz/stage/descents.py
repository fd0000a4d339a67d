"""Descents as data for the stage: what is descended, the runs by several rules, and one step of them as a cartoon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fimviz.atlas import chart_map
from fimviz.divergence import kl
from fimviz.family import Family, lately, once
from fimviz.gradient import STOP, Descent, descend
from fimviz.inference import maximum_likelihood, sample
from fimviz.irregular import LIMITS
from fimviz.loss import Loss, chart_empirical_tape, chart_hessian_tape, chart_loss_tape
from fimviz.metric import fisher_metric
from fimviz.stage import scene
from fimviz.stage.model import describe_descent

Scene = dict[str, Any]
Words = Mapping[str, Any]
#: what may be descended
LOSSES = ("from", "to", "data")
# more rules than roles: each has a dash of its own as well as a label
LINES: Mapping[str, Scene] = {
    "plain": {"role": "euclid"},
    "natural": {"role": "fisher", "hero": True},
    "newton": {"role": "ink", "dash": [5, 4]},
    "diagonal": {"role": "fisher", "dash": [11, 5], "hero": False},
    "empirical": {"role": "data", "dash": [11, 4, 2, 4]},
    "adam": {"role": "euclid", "dash": [2, 4]},
}
#: the rules beside plain and natural gradient, which are drawn when asked for
MORE = ("newton", "diagonal", "empirical", "adam")
# steps of a run, in motion, and in motion where a step takes long
_MOST, _MOVING, _SLOW = 2000, 1600, 100
# steps of the curves beside the picture: by formulas, by sums over nodes, and where θ is found by Newton's method
_CURVES = {"formula": 400, "nodes": 200, "inverse": 80}
_OBSERVATIONS, _SEED = 20, 5


@dataclass(frozen=True)
class Objective:
    """A loss of one family, and the member `best` at which it is least and 0; `fits` where it is the one asked for."""

    family: Family
    loss: Loss
    best: list[float]
    fits: bool = True

    @property
    def kind(self) -> str:
        return self.loss if isinstance(self.loss, str) else "data"

    @property
    def slow(self) -> bool:
        """Whether each value is a sum over nodes."""
        return self.family.mean is not None or not isinstance(self.loss, str)


def objective(family: Family, kind: str, target: Sequence[float]) -> Objective:
    """KL in either direction, least at the target, or data drawn from it; KL where no member fits these best."""
    if kind != "data":
        return Objective(family, kind, list(target))
    data = sample(family, target, _OBSERVATIONS, _SEED)
    best = maximum_likelihood(family, data, target)
    if best is None:
        return Objective(family, "from", list(target), fits=False)
    return Objective(family, tuple(map(tuple, data)) if data.ndim > 1 else tuple(data.tolist()), best.tolist())


@dataclass(frozen=True)
class Run:
    """A descent that is drawn: by its rule, in its chart, while `when` is shown."""

    id: str
    chart: str
    rule: str
    when: str
    name: str
    row: int = 0
    thin: bool = False


def charts(family: Family) -> list[str]:
    """The coordinates in which a descent can be run: the loss has a formula there, or in the solver's."""
    skipped = {"unconstrained", *family.picture}
    return [key for key in family.charts if key not in skipped and describe_descent(family, key)]


def offered(family: Family, kind: str) -> tuple[str, ...]:
    """What the page can show of a family: the cartoon is flat, the flow that of an exponential family."""
    flat, exponential = family.dimension == 2, family.exponential_form is not None
    hidden = {"arrow", "ball", "corrected"} if not flat else set()
    hidden |= {"flow"} if not exponential or kind == "data" or family.dimension == 1 else set()
    hidden |= {"diagonal"} if family.dimension == 1 else set()
    return tuple(
        key
        for key in ("plain", "all", "natural", *MORE, "flow", "arrow", "ball", "corrected")
        if key not in hidden and not (key == "empirical" and not exponential and kind != "data")
    )


def runs(goal: Objective, chart: str, shown: Sequence[str], names: Mapping[str, str], words: Words) -> list[Run]:
    """Plain descent in every chart, thin but in the chosen one, natural descent, and what else is shown."""
    one = goal.family.dimension == 1
    found = [
        Run(f"plain{i}", key, "plain", when, words["plain"].format(chart=name), i + 1, not one and key != chart)
        for i, (key, name) in enumerate(names.items())
        for when in ["plain" if key == chart else "all"]
    ]
    # the chosen chart is drawn above the others
    found.sort(key=lambda run: run.chart == chart)
    rules = [rule for rule in MORE if rule in shown and _has(goal, chart, rule)]
    found += [Run(rule, chart, rule, rule, words["rules"][rule], len(names) + 1 + i) for i, rule in enumerate(rules)]
    return [*found, Run("natural", chart, "natural", "natural", words["natural"])]


def _has(goal: Objective, chart: str, rule: str) -> bool:
    """Whether a rule has a formula for what it divides by."""
    tapes = {"newton": chart_hessian_tape, "empirical": chart_empirical_tape}
    return rule not in tapes or tapes[rule](goal.family, chart, goal.loss) is not None


def specs(goal: Objective, chart: str, keys: Sequence[str], shown: Sequence[str]) -> Scene:
    """The descent of every chart, by its key; in the chosen one with what other rules divide by."""
    more = tuple(rule for rule in ("newton", "empirical") if rule in shown)
    return {key: describe_descent(goal.family, key, more if key == chart else (), goal.loss) for key in keys}


def computed(goal: Objective, drawn: Sequence[Run], words: Words) -> list[Scene]:
    """The runs as the stage computes them; the natural one always, since a sentence says how it ends."""
    limits = LIMITS.get(goal.family.slug)
    common = {
        "verb": "descend", "start": "start", "target": goal.best, "step": "step", "stop": STOP,
        "max": _MOST, "said": words["said"],
    }  # fmt: skip
    return [
        {
            "id": run.id, "chart": run.chart, "rule": run.rule, **common,
            "moving": _MOVING if _quick(goal, run.chart) and not goal.slow else _SLOW,
            **({} if run.rule in ("plain", "adam") else {"damping": "damping"}),
            **({} if run.rule == "natural" else {"when": run.when}),
            **({"clamp": limits} if limits and run.chart == next(iter(goal.family.charts)) else {}),
        }
        for run in drawn
    ]  # fmt: skip


def marks(goal: Objective, drawn: Sequence[Run]) -> list[Scene]:
    """A line a run: other coordinate systems thin, the others with their names and their numbers of steps."""
    lines = []
    for i, run in enumerate(drawn):
        named = {"thin": True} if run.thin else {"label": f"{run.name}, {{{run.id}.said}}"}
        spread = {"label_at": 0.25 + 0.15 * (i % 5)} if run.rule in MORE else {}
        lines.append(
            {"kind": "descent", "of": run.id, "id": run.id, "when": run.when, "row": run.row}
            | {**LINES[run.rule], **named, **spread}
        )
    return lines


def _quick(goal: Objective, chart: str) -> bool:
    """Whether the loss has a formula in the chart itself."""
    return chart_loss_tape(goal.family, chart, goal.loss) is not None


def losses(goal: Objective, run: Run, start: ArrayLike, step: float, damping: float) -> Descent:
    """A run for the curves beside the picture: shorter where a step takes long."""
    limits = LIMITS.get(goal.family.slug, ()) if run.chart == next(iter(goal.family.charts)) else ()
    most = _CURVES["nodes" if goal.slow else "formula"] if _quick(goal, run.chart) else _CURVES["inverse"]
    return descend(
        goal.family, start, goal.best, chart=run.chart, rule=run.rule, step=step, stop=STOP, loss=goal.loss,
        damping=damping, most=most, clamp=limits,
    )  # fmt: skip


def flow(goal: Objective, words: Words) -> tuple[list[Scene], list[Scene]]:
    """(computed, marks) of the natural-gradient flow: a straight line in the dual coordinates of the loss."""
    role, straight_in = {"from": ("m", "expectation"), "to": ("e", "natural")}[goal.kind]
    path = {"id": "flow", "verb": "affine", "from": "start", "to": goal.best, "in": straight_in, "when": "flow"}
    mark = {
        "kind": "path",
        "of": "flow",
        "role": role,
        "when": "flow",
        "label": words["flows"][goal.kind],
        "label_at": 0.6,
    }
    return [path], [mark]


def cartoon(goal: Objective, chart: str, start: Sequence[float], words: Words) -> tuple[list[Scene], list[Scene]]:
    """(computed, marks) of a step in three pictures: the gradient, all steps of one Fisher length, the best of them."""
    length = stride(goal.family, chart, tuple(start))
    each = {"verb": "direction", "chart": chart, "at": "start", "target": goal.best, "length": length}
    entries = [
        {"id": "arrow", "rule": "plain", "when": "arrow", **each},
        {"id": "ball", "verb": "ellipse", "at": "start", "radius": length, "when": "ball"},
        {"id": "corrected", "rule": "natural", "damping": "damping", "when": "corrected", **each},
    ]
    drawn = [
        {"kind": "ellipse", "of": "ball", "role": "muted", "thin": True, "fill": True, "when": "ball",
         "label": words["ball"].format(length=f"{length:g}"), "label_at": 0.75},
        {"kind": "arrow", "of": "arrow", "role": "euclid", "when": "arrow", "label": words["arrow"]},
        {"kind": "arrow", "of": "corrected", "role": "fisher", "when": "corrected", "label": words["corrected"]},
    ]  # fmt: skip
    return entries, drawn


@lately(64)
def stride(family: Family, chart: str, start: Sequence[float]) -> float:
    """A Fisher length whose ellipse at `start` is a fifth of the window to each side at most, to one digit."""
    own, box = chart_map(family, chart), scene.window(family, chart, (start,))
    jacobian = own.jacobian(np.array(start))
    spread = np.sqrt(np.diag(jacobian @ fisher_metric(family).inverse(np.array(start)) @ jacobian.T))
    return float(f"{0.2 * np.min((np.array(box[1::2]) - np.array(box[::2])) / spread[: len(box) // 2]):.1g}")


def bands(goal: Objective, chart: str) -> Scene:
    """The quiet bands of the loss."""
    way = {"direction": goal.loss} if isinstance(goal.loss, str) else {"descent": chart}
    return {"kind": "bands", "target": goal.best, "levels": levels(goal), **way}


def levels(goal: Objective) -> list[float]:
    """Five heights of the loss for the quiet bands: steps of √L, which near its least is a distance over √2."""
    family = goal.family
    free = [family.parameters[i].view for i in range(family.dimension)]
    axes = np.meshgrid(*[np.linspace(lo, hi, 15) for lo, hi in free], indexing="ij")
    grid = np.stack(axes, axis=-1).reshape(-1, family.dimension)
    heights = _heights(goal, grid[family.inside(grid)])
    heights = heights[np.isfinite(heights)] if np.isfinite(heights).any() else np.ones(1)
    top = np.sqrt(max(np.nanquantile(heights, 0.75), 0.0))
    return [float((top * f) ** 2) for f in (0.12, 0.3, 0.55, 0.8, 1.1)]


def _heights(goal: Objective, points: Any) -> Any:
    best = np.array(goal.best, float)
    if goal.loss == "from":
        return kl(goal.family, best, points)
    if goal.loss == "to":
        return kl(goal.family, points, best)
    tape = chart_loss_tape(goal.family, next(iter(goal.family.charts)), goal.loss)
    return tape(*points.T, *best)[..., 0] if tape else np.ones(1)


@once
def far_point(family: Family) -> list[float]:
    """A start for a descent: the far corner of the view from which the natural gradient arrives, pulled in a little."""
    low, high = np.transpose([p.view for p in family.parameters])
    for inset in (0.12, 0.2, 0.3, 0.4):
        pulled = inset * (high - low)
        sides = zip(low + pulled, high - pulled, strict=True)
        corners = np.array(np.meshgrid(*sides)).reshape(family.dimension, -1).T
        corners = corners[family.inside(corners)]
        distance = kl(family, family.default, corners)
        for corner in corners[np.argsort(-distance)].round(2):
            if descend(family, corner, family.default, rule="natural", most=1000).status == "converged":
                return corner.tolist()
    return family.default.tolist()
