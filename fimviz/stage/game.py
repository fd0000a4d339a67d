"""Which of two models made the data: the data, the densities they are judged by, and how often the best judge errs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from fimviz.discrimination import bayes_error, by_distance_tape, toss
from fimviz.family import Family, once
from fimviz.inference import sample
from fimviz.stage.formula import scene as formula_of
from fimviz.tape import Tape, lower

Scene = dict[str, Any]
_ROLES = {"A": "fisher", "B": "euclid"}
# how many observations are simulated for one chance of error, from either model
_BUDGET, _MOST = 300_000, 10_000


def computed() -> list[Scene]:
    """Computed: `chance`, Φ(−√n d/2) of the path `fr`."""
    return [{"id": "chance", "verb": "tape", "tape": by_distance_tape().as_dict(), "inputs": ["fr.length", "n"]}]


def panel(family: Family, state: Mapping[str, Any], labels: Sequence[str]) -> Scene:
    """The densities of A and B over one another's data, a row each; the data belong to A, B, n and the seed."""
    support = family.support
    dots = _dots(family, state) | {"kind": "dots", "role": "data", "for": {key: state[key] for key in ("A", "B", "n")}}
    tape = _density_tape(family).as_dict()
    top = _top(family, state, dots.get("ys", []))
    rows = [
        {
            "id": f"density-{name}",
            "label": label,
            "y": [0, top],
            "zero": True,
            "ticks": False,
            "marks": [dots],
            "curves": [{"id": name, "tape": tape, "inputs": ["x", name], "role": role, "fill": "area"}],
        }
        for (name, role), label in zip(_ROLES.items(), labels, strict=True)
    ]
    xs = support.values().tolist() if support.discrete else None
    whole = {"id": "side", "area": "side", "kind": "curves", "x": list(support.view), "axes": {"x": {"label": "x"}}}
    return {**whole, "discrete": support.discrete, "xs": xs, "rows": rows}


def data(family: Family, state: Mapping[str, Any]) -> tuple[int, np.ndarray]:
    """(0 for A or 1 for B, the n observations it made), seeded."""
    seed = int(state["seed"])
    chosen = toss(seed)
    return chosen, sample(family, state["AB"[chosen]], int(state["n"]), seed)


def card(family: Family, state: Mapping[str, Any], words: Mapping[str, str]) -> Scene:
    """The question which model it was, and its answer with the best judge's chance of error; then another sample."""
    chosen, _ = data(family, state)
    error, spread = judged(family, state)
    said = {"n": int(state["n"]), "which": "AB"[chosen], "error": _percent(error), "spread": _percent(2 * spread)}
    return {
        "question": words["question"].format(**said),
        "options": ["A", "B"],
        "answer": chosen,
        "reveal": words["reveal"].format(**said),
        "key": [state[key] for key in ("A", "B", "n", "seed")],
        "then": {"seed": (int(state["seed"]) + 1) % 10_000},
        "again": words["again"],
    }


def judged(family: Family, state: Mapping[str, Any]) -> tuple[float, float]:
    """The best judge's chance of error and its standard error."""
    n = int(state["n"])
    return bayes_error(family, state["A"], state["B"], n, min(_MOST, _BUDGET // n))


def formula(family: Family, chart: str) -> Scene:
    """The distance, and the chance of error it predicts, both live."""
    distance = ("distance", "{fr.length:.2f}", "fisher")
    return formula_of(
        family, chart, {"d(A, B)": distance, "error ≈ Φ(−√n d/2)": ("chance", "{chance.0:.3f}", "fisher")}
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 5e-4 else "less than 0.1 %"


def _top(family: Family, state: Mapping[str, Any], shares: Sequence[float]) -> float | None:
    """The top of both scales where outcomes repeat: above their shares and both densities. Else each has its own."""
    if not family.support.discrete:
        return None
    xs = family.support.values()
    highest = [np.exp(family.density_tape(xs, *state[name])[..., 0]).max() for name in _ROLES]
    return 1.15 * max(*shares, *map(float, highest))


def _dots(family: Family, state: Mapping[str, Any]) -> Scene:
    """Every number in a row on the axis; of outcomes that repeat, their shares."""
    _, x = data(family, state)
    if not family.support.discrete:
        return {"xs": x.tolist()}
    outcomes, counts = np.unique(x, return_counts=True)
    return {"xs": outcomes.tolist(), "ys": (counts / x.size).tolist()}


@once
def _density_tape(family: Family) -> Tape:
    """(x, θ) ↦ p(x; θ)."""
    return lower([sp.exp(family.expression)], (family.sample, *family.symbols))
