"""The cloud of estimates about a point: found by Python, and moved by the stage where one cloud serves all members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fimviz import inference
from fimviz.family import Family
from fimviz.stage.scene import draws

Array = NDArray[Any]


def estimates(family: Family, values: Mapping[str, Any]) -> Array:
    """The estimates (m, d) from samples of the n in `values` about its θ, shrunk as it says."""
    cloud = inference.cloud(family, values["theta"], values["n"], draws(values["n"]), values["seed"])
    return inference.shrunk(cloud, values["shrink"])


def mark(family: Family, values: Mapping[str, Any], found: Array) -> dict[str, Any]:
    """The mark of the estimates `found`. Those of a location–scale family follow the hand; others wait for Python."""
    cloud = {"kind": "cloud", "of": "theta", "when": "cloud"}
    if values["shrink"] == 1 and len(found):
        standard = inference.standard_estimates(family, int(values["n"]), draws(values["n"]), values["seed"])
        if standard is not None:
            return {**cloud, "points": standard.round(5).tolist(), "standard": True}
    return {**cloud, "points": found.round(5).tolist()}
