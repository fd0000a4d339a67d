"""Scenes of designs and of bells as data: what asking at one input or another would teach, and how good a bell is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fimviz import designs, laplace
from fimviz.atlas import chart_map
from fimviz.families import CATALOG
from fimviz.stage.scene import CHI2
from fimviz.tape import Tape

Scene = dict[str, Any]
_RADIUS = math.sqrt(CHI2[2])


def curve(tape: Tape, inputs: Sequence[Any], **said: Any) -> Scene:
    """A function of the lane x and live values, for a panel of curves."""
    return {"tape": tape.as_dict(), "inputs": ["x", *inputs], **said}


def probability(**said: Any) -> Scene:
    return curve(designs.probability_tape(), ["theta"], **said)


def uncertainty(**said: Any) -> Scene:
    return curve(designs.uncertainty_tape(), ["theta"], **said)


def pair(**said: Any) -> Scene:
    return curve(designs.pair_tape(), ["theta"], **said)


def share(name: str, at: str) -> Scene:
    """Computed: √(det/det*) of labels at ±`at`."""
    return {"id": name, "verb": "tape", "tape": designs.pair_tape().as_dict(), "inputs": [at, "theta"]}


def chance(name: str, at: Any) -> Scene:
    """Computed: the probability of a 1 at the input `at`."""
    return {"id": name, "verb": "tape", "tape": designs.probability_tape().as_dict(), "inputs": [at, "theta"]}


def after_labels(name: str, first: int, more: Sequence[float]) -> Scene:
    """Computed: the 95 % ellipse of (intercept, slope) after the first labels and k of `more`."""
    tape = designs.labels_tape(first, len(more))
    return _ellipse(name, tape, ["theta", "prior", "k", "first", list(more)])


def after_pairs(name: str, first: int, at: str) -> Scene:
    """Computed: the same with half of the k labels at each of ±`at`."""
    return _ellipse(name, designs.pair_labels_tape(first), ["theta", "prior", "k", at, "first"])


def _ellipse(name: str, tape: Tape, inputs: list[Any]) -> Scene:
    given = {"tape": tape.as_dict(), "inputs": inputs, "centre": "theta", "radius": _RADIUS}
    return {"id": name, "verb": "ellipse", **given}


def bells(heads: Any, flips: str) -> list[Scene]:
    """Computed for the i-th chart of `laplace.POWERS`: bellᵢ, its mode, spread and mass outside, and its errorᵢ."""
    made = []
    for i, key in enumerate(laplace.POWERS):
        tapes, (low, high) = laplace.tapes(key), _domain(key)
        mode, spread = f"bell{i}.0", f"bell{i}.1"
        far = {"op": "mul", "args": [12, spread]}
        ends = [
            low if math.isfinite(low) else {"op": "sub", "args": [mode, far]},
            high if math.isfinite(high) else {"op": "add", "args": [mode, far]},
        ]
        inside = {"verb": "integral", "tape": tapes.gap.as_dict(), "inputs": ["x", heads, flips], "x": ends}
        beyond = {"op": "div", "args": [f"bell{i}.2", 2]}
        made += [
            {"id": f"bell{i}", "verb": "tape", "tape": tapes.summary.as_dict(), "inputs": [heads, flips]},
            {"id": f"inside{i}", **inside},
            {"id": f"error{i}", "verb": "number", "value": {"op": "add", "args": [f"inside{i}", beyond]}},
        ]
    return made


def bell_panels(heads: Any, flips: str, rows: Sequence[Scene]) -> list[Scene]:
    """One panel a chart: the posterior filled, the bell over it, and where the coordinate ends."""
    return [_bell_panel(i, key, heads, flips, rows[i]) for i, key in enumerate(laplace.POWERS)]


def _bell_panel(i: int, key: str, heads: Any, flips: str, said: Scene) -> Scene:
    tapes, (low, high) = laplace.tapes(key), _domain(key)
    row = {k: v for k, v in said.items() if k not in ("posterior", "bell", "axis")}
    inputs = [heads, flips]
    ends = [{"kind": "guide", "x": end} for end in (low, high) if math.isfinite(end)]
    inside = [low if math.isfinite(low) else -60, high if math.isfinite(high) else 60]
    posterior = curve(tapes.posterior, inputs, id=f"posterior{i}", role="data", fill="area", x=inside)
    bell = curve(tapes.bell, inputs, id=f"shape{i}", role="euclid", name=said["bell"])
    return {
        "id": f"chart{i}",
        "area": "picture",
        "kind": "curves",
        "height": 132,
        "x": _window(i, low, high),
        "axes": {"x": {"label": said["axis"]}},
        "rows": [
            {
                "ticks": False,
                **row,
                "id": f"row{i}",
                "curves": [{**posterior, "name": said["posterior"]}, bell],
                "marks": ends,
            }
        ],
    }


def _domain(key: str) -> tuple[float, float]:
    return chart_map(CATALOG["bernoulli"], key).chart.domains[0]


def _window(i: int, low: float, high: float) -> list[Scene]:
    """All of a bounded coordinate and a little more, and in any case four spreads of the bell."""
    room = 0.1 * (high - low) if math.isfinite(high - low) else 0.0
    ends = (low - room if math.isfinite(low) else -6.0, high + room if math.isfinite(high) else 6.0)
    reach = {"op": "mul", "args": [4, f"bell{i}.1"]}
    return [
        {"op": "min", "args": [ends[0], {"op": "sub", "args": [f"bell{i}.0", reach]}]},
        {"op": "max", "args": [ends[1], {"op": "add", "args": [f"bell{i}.0", reach]}]},
    ]
