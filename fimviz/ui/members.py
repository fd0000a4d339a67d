"""Families by slug, as a page knows them: the catalogue, what is kept beside it, and what visitors typed."""

from __future__ import annotations

from collections import OrderedDict

import streamlit as st

from fimviz import typed
from fimviz.derive.examination import State
from fimviz.families import CATALOG
from fimviz.family import Family
from fimviz.irregular import IRREGULAR, SINGULAR

YOURS = "yours"
_JOINED = "fimviz-joined"
_MOST = 256
# What was typed, by a slug made of its text: the same text is the same family for everyone.
_typed: OrderedDict[str, typed.Answer] = OrderedDict()


def family_named(slug: str) -> Family:
    """The family of a slug; raises `KeyError` where there is none."""
    if (answer := answer_named(slug)) is not None and answer.family is not None:
        return answer.family
    return {**CATALOG, **IRREGULAR, **SINGULAR}[slug]


def answer_named(slug: str) -> typed.Answer | None:
    """What became of a typed density, by the slug of its family."""
    return _typed.get(slug)


def remember(answer: typed.Answer) -> str:
    """Keep an answer that has a family; its slug."""
    _typed[answer.slug] = answer
    _typed.move_to_end(answer.slug)
    while len(_typed) > _MOST:
        _typed.popitem(last=False)
    return answer.slug


def join(slug: str) -> None:
    """Offer a typed family on the other pages of this session."""
    st.session_state[_JOINED] = (*(s for s in joined() if s != slug), slug)


def joined(most: int = 3) -> tuple[str, ...]:
    """Slugs of the typed families of this session that have at most `most` parameters."""
    slugs = st.session_state.get(_JOINED, ())
    return tuple(s for s in slugs if usable(s) and family_named(s).dimension <= most)


def drawn(answer: typed.Answer) -> bool:
    """Whether a typed density can be shown line by line: it has a metric, or the support moves with one parameter."""
    if answer.family is None or answer.verdict is None or not answer.lines:
        return False
    moves = answer.verdict.state is State.SUPPORT_MOVES and answer.family.dimension == 1
    return answer.everywhere or (moves and all(line.exact for line in answer.lines))


def usable(slug: str) -> bool:
    """Whether a slug is a typed family that has a metric everywhere."""
    answer = answer_named(slug)
    return answer is not None and answer.everywhere
