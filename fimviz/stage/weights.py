"""Scenes of pruning and of networks as data: weights in the order of every rule, matrices, and slices of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fimviz import gradient, networks, pruning
from fimviz.families import CATALOG
from fimviz.networks import Network
from fimviz.stage import descents, scene
from fimviz.tape import Tape

Scene = dict[str, Any]
PERCEPTRON = CATALOG["tanh_perceptron"]
_PLANE = {"kind": "plane", "chart": None, "unit": 1}
_CROSS = {"kind": "grid", "x": [0], "y": [0]}
#: The columns of `orders` after the visitor's own: rules first, then what they are held against.
RULES = (*pruning.RULES, "others")
COSTS = ("cost", "cost_refitted")
NET, ROWS = Network((2, 3, 3)), 400
#: The line styles of a network's matrices.
ROLES = {
    "true": "fisher", "block": "ink", "kfac": "m", "diagonal": "euclid", "empirical": "e", "sampled": "data",
}  # fmt: skip


def _tape(name: str, tape: Tape, inputs: Sequence[Any]) -> Scene:
    return {"id": name, "verb": "tape", "tape": tape.as_dict(), "inputs": list(inputs)}


def orders(unit: str, bet: str) -> list[Scene]:
    """Computed: each rule's numbers and places, input 1 in its `unit`; right_x, refit_x: how many pairs x has right."""
    model, found = pruning.six_inputs(), pruning.six_ranking()
    count, given = model.w.size, [unit, model.w.tolist(), found.fisher.tolist()]
    computed = []
    for rule in pruning.RULES:
        computed.append(_tape(rule, pruning.rescaled_tape(count, rule), given))
        computed.append(_tape(f"place_{rule}", pruning.places_tape(count), [rule]))
    for name, order in {bet: bet, **{rule: _places(rule) for rule in RULES}}.items():
        for word, cost in (("right", found.cost), ("refit", found.cost_refitted)):
            computed.append(_tape(f"{word}_{name}", pruning.pairs_right_tape(count), [order, cost.tolist()]))
    return computed


def _places(column: str) -> Any:
    """The places of a column: computed live, or standing where the unit does not matter."""
    if column in pruning.RULES:
        return f"place_{column}"
    return pruning.places(getattr(pruning.six_ranking(), column)).tolist()


def order_columns(bet: str, said: Mapping[str, Mapping[str, str]]) -> list[Scene]:
    """The columns of a panel of ranks: the visitor's order, then all rules, then both costs."""
    columns: list[Scene] = [{"id": bet, "places": bet, "handle": True, **said[bet]}]
    for column in (*RULES, *COSTS):
        values = column if column in pruning.RULES else getattr(pruning.six_ranking(), column).tolist()
        columns.append({"id": column, "places": _places(column), "values": values, **said[column]})
    return columns


def both(indices: Sequence[int]) -> float:
    """What deleting several weights of the example at once costs, in nats a row."""
    model = pruning.six_inputs()
    return pruning.cost(model, pruning.deleted(model, indices))


def matrix_tables(seed: int) -> Scene:
    """The tables of a scene: the network's six matrices row by row, and the unit in which F has 1 on its diagonal."""
    found = networks.matrices(NET, ROWS, seed)
    unit = 1 / np.sqrt(np.diag(found["true"]))
    return {**{name: matrix.ravel().tolist() for name, matrix in found.items()}, "unit": unit.tolist()}


def matrix_errors(seed: int) -> dict[str, float]:
    """‖M − F‖/‖F‖ of every stand-in."""
    found = networks.matrices(NET, ROWS, seed)
    return {name: networks.relative_error(found[name], found["true"]) for name in networks.STAND_INS}


def matrix_panel(cell: str, seed: int, notes: Mapping[str, str], titles: Mapping[str, str]) -> Scene:
    """All six matrices on the colour scale of F, with one cell chosen."""
    items = [{"id": k, "title": titles[k], "note": notes[k], "table": k, "role": role} for k, role in ROLES.items()]
    blocks = [layer.start for layer in NET.layers[1:]]
    scale = float(np.max(np.abs(networks.matrices(NET, ROWS, seed)["true"])))
    return {"kind": "matrices", "columns": 3, "items": items, "size": NET.size, "blocks": blocks, "value": cell,
            "names": NET.names(), "scale": scale}  # fmt: skip


def slices(cell: str) -> list[Scene]:
    """Computed: slice_x, the slice of each matrix in the two weights of the cell, in the unit of `matrix_tables`."""
    given = {"verb": "ellipse", "size": NET.size, "cell": cell, "unit": "unit", "radius": 1, "names": NET.names()}
    given["count"] = 240
    return [{"id": f"slice_{name}", "matrix": name, **given} for name in ROLES]


def slice_panel(titles: Mapping[str, str], unit: str) -> Scene:
    """One ellipse a matrix, F itself first and thickest, and which weights the axes are."""
    ellipses = [
        {"kind": "ellipse", "of": f"slice_{name}", "id": name, "role": role, "thin": name == "block"}
        | {"label": titles[name], "label_at": (0.05 + 0.17 * i) % 1}
        for i, (name, role) in enumerate(ROLES.items())
    ]
    axis = {"kind": "text", "role": "ink", "label_side": "right"}
    names = [{**axis, "x": 1.3, "y": -1.85, "label": "{slice_true.name0}"},
             {**axis, "x": 0, "y": 1.85, "label": "{slice_true.name1}"}]  # fmt: skip
    axes = {"x": {"label": unit}, "frame": "box"}
    return {"id": "side", "area": "side", **_PLANE, "window": [-2, 2, -2, 2], "axes": axes,
            "marks": [_CROSS, *ellipses, *names]}  # fmt: skip


def regression(offset: str) -> list[Scene]:
    """Computed: `steps` (both steps, ratio, angle), and `true` and `empirical`, the ellipses of both about 0."""
    seen = {"verb": "ellipse", "tape": networks.empirical_tape().as_dict(), "inputs": [offset]}
    around = {"verb": "ellipse", "matrix": [1, 0, 0, networks.SECOND_MOMENT], "size": 2, "cell": [0, 1]}
    return [
        _tape("steps", networks.regression_tape(), [offset]),
        {"id": "ratio", "verb": "number", "value": "steps.4"},
        {"id": "angle", "verb": "number", "value": "steps.5"},
        {"id": "true", **around, "radius": 1},
        {"id": "empirical", **seen, "centre": [0, 0], "radius": 1},
    ]


def ends(offset: str) -> dict[str, list[Scene]]:
    """Where the steps of `regression` lead; "along": the empirical one, were it as long as the other."""
    full = [{"op": "div", "args": [f"steps.{k}", "steps.4"]} for k in (2, 3)]
    moves = {"true": ["steps.0", "steps.1"], "empirical": ["steps.2", "steps.3"], "along": full}
    return {
        name: [{"op": "add", "args": [f"{offset}.{k}", step]} for k, step in enumerate(steps)]
        for name, steps in moves.items()
    }


def regression_panels(offset: str, said: Mapping[str, str]) -> list[Scene]:
    """The two steps of `regression` among all parameters; and near by, with the ellipses that they come from."""
    to, axes = ends(offset), {axis: {"label": said[axis]} for axis in ("x", "y")}
    along = {"role": "euclid", "points": [[f"{offset}.0", f"{offset}.1"], to["along"]], "thin": True}
    marks = [
        {"kind": "point", "at": [0, 0], "label": said["answer"], "role": "fisher"},
        {"kind": "text", "at": to["along"], "label": said["step"], "role": "euclid", "label_side": "above"},
        {"kind": "arrow", "from": offset, "to": to["true"], "role": "fisher"},
        {"kind": "line", **along},
        {"kind": "arrow", "from": offset, "to": to["empirical"], "role": "euclid"},
        {"kind": "handle", "value": offset, "label": "b", "name": said["handle"]},
    ]
    near: list[Scene] = []
    for k, (name, role) in enumerate((("true", "fisher"), ("empirical", "euclid"))):
        near.append({"kind": "ellipse", "of": name, "role": role, "fill": True, "label": said[name]})
        near.append({"kind": "arrow", "from": [0, 0], "to": [f"steps.{2 * k}", f"steps.{2 * k + 1}"], "role": role})
    near.append({"kind": "point", "at": [0, 0], "role": "ink"})
    wide = {"window": [-4.4, 4.4, -3, 3], "axes": {**axes, "frame": "box"}, "marks": [_CROSS, *marks]}
    close = {"window": [-1.25, 1.25, -1.25, 1.25], "axes": {"x": {"label": said["near"]}, "frame": "box"}}
    return [
        {"id": "picture", "area": "picture", **_PLANE, **wide},
        {"id": "side", "area": "side", **_PLANE, **close, "marks": [_CROSS, *near]},
    ]


#: Three runs from one start, {id: (rule, role)}; the last one damped.
RUNS = {"plain": ("plain", "euclid"), "undamped": ("natural", "e"), "natural": ("natural", "fisher")}


def _goal() -> descents.Objective:
    return descents.Objective(PERCEPTRON, "from", PERCEPTRON.default.tolist())


def plateau(start: str, damping: str) -> Scene:
    """The part of a scene that runs `RUNS` on KL(p*‖p) of the perceptron y = w₂ tanh(w₁x) + noise, step 0.1."""
    goal = _goal()
    chart = descents.charts(PERCEPTRON)[0]
    common = {"verb": "descend", "chart": chart, "start": start, "target": goal.best, "step": 0.1}
    common |= {"stop": gradient.STOP, "max": 400}
    runs = [{"id": name, "rule": rule, **common} for name, (rule, _) in RUNS.items()]
    runs[-1]["damping"] = damping
    return {**scene.base(PERCEPTRON, {"main": chart}), "descents": descents.specs(goal, chart, [chart], ()),
            "computed": runs}  # fmt: skip


def plateau_panels(start: str, said: Mapping[str, str]) -> list[Scene]:
    """The runs over the loss, and their losses against the step."""
    target = PERCEPTRON.default.tolist()
    runs = [
        {"kind": "descent", "of": name, "id": name, "role": role, "hero": name == "natural", "label": said[name]}
        | ({"thin": True} if name == "undamped" else {})
        for name, (_, role) in RUNS.items()
    ]
    ends = [{"kind": "point", "at": target, "label": said["target"]},
            {"kind": "handle", "value": start, "label": said["start"], "name": said["handle"]}]  # fmt: skip
    bands = descents.bands(_goal(), descents.charts(PERCEPTRON)[0])
    losses = [{"of": name, "role": role, "label": said[name]} for name, (_, role) in RUNS.items()]
    axes = {axis: {"label": said[axis]} for axis in ("x", "y")}
    return [
        {"id": "picture", "area": "picture", "kind": "plane", "chart": "main", "window": [-1.5, 4, -1.2, 4.2],
         "axes": {**axes, "frame": "box"}, "marks": [bands, *runs, *ends]},
        {"id": "side", "area": "side", "kind": "series", "log": True, "x": [0, 100], "rows": losses,
         "axes": {"x": {"label": said["steps"]}, "y": {"label": said["loss"]}}},
    ]  # fmt: skip
