"""Where a constant of the family is changed: a number, or several with commas between them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from fimviz.ui.constants import ConstantField
from fimviz.words import words

Adopt = Callable[[Any], None]
# a press of an arrow moves a number by about this share of what is offered
_SHARE = 100
_LONGEST = 120


def constant_input(field: ConstantField, value: Any, key: str, adopt: Adopt) -> None:
    """What the constant is and a field with its value; `adopt` is called with another one that may be."""
    with st.container(key=f"{key}-field", horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        st.markdown(_label(field), width="content")
        (_numbers if field.several else _number)(field, value, key, adopt)


def refusal(field: ConstantField, value: Any, key: str) -> str:
    """The sentence about a text that says no constants; empty where there is none."""
    return words("frame")["refused"].format(**_said(field, value)) if _refused(value, key) else ""


def _refused(value: Any, key: str) -> bool:
    """Whether the text on screen was refused while this was the value; Back and links do away with it."""
    return st.session_state.get(f"{key}-refused") == (st.session_state.get(key), value)


def _said(field: ConstantField, value: Any) -> dict[str, Any]:
    low, high = (_signed(f"{end:g}") for end in field.constant.view)
    return {
        "label": _label(field),
        "value": _shown(field, value),
        "low": low,
        "high": high,
        "most": field.constant.most,
    }


def _label(field: ConstantField) -> str:
    constant = field.constant
    return f"{constant.label} {constant.glyph or constant.name}".strip()


def _shown(field: ConstantField, value: Any) -> str:
    return _signed(field.write(value).replace(",", ", "))


def _signed(text: str) -> str:
    return text.replace("-", "−")


def _number(field: ConstantField, value: Any, key: str, adopt: Adopt) -> None:
    kind = int if field.constant.whole else float
    if st.session_state.get(key) != value:
        st.session_state[key] = kind(value)
    low, high = map(kind, field.constant.view)

    def changed() -> None:
        # an emptied field says nothing: the number that was there comes back
        if (given := st.session_state[key]) is not None:
            adopt(field.accept(given))

    st.number_input(
        _label(field),
        low,
        high,
        step=1 if kind is int else step(high - low),
        format="%d" if kind is int else "%.4g",
        key=key,
        on_change=changed,
        label_visibility="collapsed",
        width=88,
    )


def step(span: float) -> float:
    """1, 2 or 5 times a power of ten: about a hundredth of the span."""
    power = 10.0 ** math.floor(math.log10(span / _SHARE))
    return float(f"{next(k for k in (1, 2, 5, 10) if k * power >= 0.9 * span / _SHARE) * power:.1g}")


def _numbers(field: ConstantField, value: Any, key: str, adopt: Adopt) -> None:
    if not _refused(value, key):
        st.session_state[key] = _shown(field, value)

    def changed() -> None:
        try:
            given = field.read(st.session_state[key])
        except (ValueError, OverflowError):
            st.session_state[f"{key}-refused"] = (st.session_state[key], value)
            return
        adopt(given)

    st.text_input(
        _label(field), key=key, max_chars=_LONGEST, on_change=changed, label_visibility="collapsed", width=150
    )
