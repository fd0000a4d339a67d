"""The Python side of the stage: it mounts the component and hands it one scene as data.

The browser owns the values while a hand is on them; Python hears of them on release, as the state
`values`, and of keys that mean "next beat" or "preset 3" as the state `command`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from fimviz.theme import tokens

_Callback = Callable[[], Any] | None
_LIVE = ("rev", "session", "values", "present", "hide", "beat")
_TOKENS = ("roles", "neutral", "bands", "ramps", "signed", "size", "weight", "font", "motion", "page")


def stage(
    data: Mapping[str, Any],
    key: str,
    on_values: _Callback = None,
    on_command: _Callback = None,
    height: int | str = "content",
) -> Any:
    """Mount the stage with a scene; its `.values` and `.command` are the last ones reported, or None.

    Keep `key` the same while the page lives: the component then updates in place. The scene's
    `values` are adopted only when `rev` has changed; everything else is adopted on every run. Where
    `session` is another one (its server came back), the stage keeps its own values and reports them.
    """
    return _component()(
        key=key,
        data=_packed({"tokens": _tokens(), **data}),
        height=height,
        on_values_change=on_values or _heard,
        on_command_change=on_command or _heard,
    )


def _packed(data: Mapping[str, Any]) -> dict[str, Any]:
    """What is held beside the scene as values, the rest as one text: Streamlit walks through every value it is given.

    Data that is the same to the last letter is not handed to the browser's side at all.
    """
    live = {name: plain(data[name]) for name in _LIVE if name in data}
    return {**live, "scene": _text({name: value for name, value in data.items() if name not in _LIVE})}


def _text(scene: Mapping[str, Any]) -> str:
    try:
        return json.dumps(scene, allow_nan=False, default=np.ndarray.tolist)
    except ValueError:  # NaN somewhere: find it and write null
        return json.dumps(plain(scene))


def plain(value: Any) -> Any:
    """The same data as JSON has it: arrays and tuples become lists, NaN and infinities become None.

    JSON.parse refuses NaN, and a scene that cannot be read would leave the page blank.
    """
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@cache
def _component() -> Callable[..., Any]:
    # Registered on first use: the module may be imported before Streamlit has a runtime.
    import streamlit as st

    return st.components.v2.component("fimviz.stage", js="stage.js", css="stage.css")


@cache
def _tokens() -> dict[str, Any]:
    return {name: tokens()[name] for name in _TOKENS}


def _heard() -> None:
    # A state exists for Streamlit only if it has a callback.
    return None
