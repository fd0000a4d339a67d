"""The form for a density of one's own: three lines of text, and what became of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from fimviz import typed
from fimviz.checks import power
from fimviz.derive.examination import Verdict
from fimviz.errors import TextRefused
from fimviz.family import Family
from fimviz.ui.frame import Page
from fimviz.ui.members import YOURS, answer_named, drawn, join, joined, remember
from fimviz.ui.state import Values, defaults
from fimviz.words import words

# name: (a, b), name in (a, b) or name ∈ (a, b), separated by commas
_PARAMETER = re.compile(r"\s*([^\s:,∈()]+)\s*(?::|∈|\bin\b)\s*(\([^()]*\))\s*(?:,|;|$)")
_TEXTS = ("ell", "support", "parameters")
_LONGEST = 500
# the condition number from which a matrix of numbers has lost its rank
_SINGULAR = 1e10


@dataclass(frozen=True)
class TextField:
    """A line of typed text; it is read by the grammar of `typed`, and here only kept."""

    start: str

    @property
    def outlives_family(self) -> bool:
        return True

    def default(self, values: Values) -> str:
        return self.start

    def read(self, text: str, values: Values) -> str:
        return self.accept(text, values)

    def write(self, value: str, values: Values) -> str:
        return value

    def accept(self, value: Any, values: Values) -> str:
        if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
            raise ValueError("no line of text")
        return value


@dataclass(frozen=True)
class AnyFamilyField:
    """A slug of those the page allows, or the family that the three texts before it declare: "yours"."""

    first: str
    allowed: tuple[str, ...]

    @property
    def outlives_family(self) -> bool:
        return False

    def options(self, values: Values) -> tuple[str, ...]:
        here = values.get("family", "")
        return (*self.allowed, *([here] if answer_named(here) else []))

    def default(self, values: Values) -> str:
        return self.first

    def read(self, text: str, values: Values) -> str:
        return self.accept(text.strip(), values)

    def write(self, value: str, values: Values) -> str:
        return YOURS if answer_named(value) else value

    def accept(self, value: Any, values: Values) -> str:
        if value == YOURS:
            answer = asked(values)
            if not drawn(answer):
                raise ValueError(answer.sentence)
            return remember(answer)
        if value not in self.allowed and answer_named(value) is None:
            raise ValueError("no such family here")
        return value


def asked(values: Mapping[str, Any]) -> typed.Answer:
    """What becomes of the declaration that three texts make; never raises for what was typed."""
    try:
        parameters = ranges(values["parameters"])
    except TextRefused as refused:
        return typed.Answer(typed.Outcome.REFUSED, str(refused), refused.column, refused.part)
    declaration = typed.Declaration(values["ell"], values["support"], parameters)
    return typed.answer(declaration, _visitor())


def ranges(text: str) -> dict[str, str]:
    """{"mu": "(-oo, oo)", "sigma": "(0, oo)"} of "mu in (-oo, oo), sigma in (0, oo)"; raises `TextRefused`."""
    found: dict[str, str] = {}
    at = 0
    while text[at:].strip():
        match = _PARAMETER.match(text, at)
        if match is None:
            raise TextRefused("parameters", words("derive")["no_range"], at + 1, "parameters")
        if match[1] in found:
            raise TextRefused("name", words("derive")["twice"].format(name=match[1]), at + 1, "parameters")
        found[match[1]] = match[2]
        at = match.end()
    return found


def _visitor() -> str:
    """One session is one visitor."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return context.session_id if context else ""


def form(page: Page) -> None:
    """Three lines and a button; below them what became of the last try, in one sentence with its numbers."""
    said = page.words["form"]
    with st.form(f"{page.slug}-typed", border=False):
        *columns, last = st.columns([44, 18, 26, 12], vertical_alignment="bottom")
        texts = {
            name: column.text_input(said[name], page[name], key=f"{page.slug}-{name}", max_chars=_LONGEST)
            for name, column in zip(_TEXTS, columns, strict=True)
        }
        pressed = last.form_submit_button(said["derive"], width="stretch")
    if pressed:
        _derive(page, texts)
    _result(page)


def _derive(page: Page, texts: Mapping[str, str]) -> None:
    with st.spinner(page.words["form"]["waiting"]):
        answer = asked(texts)
    st.session_state[f"{page.slug}-said"] = answer
    family = remember(answer) if drawn(answer) else page["family"]
    page.go(defaults(page.fields, {**texts, "family": family, "typing": page["typing"]}))


def _result(page: Page) -> None:
    said = page.words["form"]
    answer = st.session_state.get(f"{page.slug}-said") or answer_named(page["family"])
    if answer is None:
        return
    with st.container(key="fimviz-answer", horizontal=True, vertical_alignment="center"):
        # a sentence may quote what was typed: it is shown as it is, never read as markdown
        st.text(answer.sentence, width="content")
        if answer.verdict is None or answer.family is None:
            return
        st.markdown(_numbers(answer, answer.verdict, answer.family, said), width="content")
        if answer.everywhere and answer.slug == page["family"]:
            _joining(page, answer.slug, said)


def _joining(page: Page, slug: str, said: Mapping[str, str]) -> None:
    if slug in joined():
        st.markdown(said["joined"], width="content")
    elif st.button(said["join"], key=f"{page.slug}-join"):
        join(slug)
        st.rerun()


def _numbers(answer: typed.Answer, verdict: Verdict, family: Family, said: Mapping[str, str]) -> str:
    """Does it integrate to 1, does the score average to zero, rank, and how each line was found."""
    d, full = family.dimension, verdict.condition < _SINGULAR
    numeric = [line.name for line in answer.lines if not line.exact]
    parts = [
        said["mass"].format(error=power(verdict.mass_error)),
        said["mean"].format(error=power(verdict.score_mean)),
        said["rank" if full else "rank_less"].format(dimension=d),
        said["numeric"].format(lines=", ".join(numeric)) if numeric else said["exact"],
    ]
    return " · ".join(parts)
