"""Sentences people say, each with a verdict, the condition under which it is true, and a state that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl

import streamlit as st

from fimviz.ui.contents import CONTENTS
from fimviz.ui.frame import Page
from fimviz.words import words

_STYLE = """<style>
.st-key-fimviz-claims p {max-width: 60em; font-size: 17px}
[class*="st-key-fimviz-claim-"] {border-bottom: 1px solid var(--st-border-color, #8884); padding-bottom: 12px}
[class*="st-key-fimviz-claim-"] a {padding-left: 0}
[class*="st-key-fimviz-claim-"] a p {text-decoration: underline; text-underline-offset: 3px}
@media print {
  [data-testid="stHeader"], .st-key-fimviz-bar, .st-key-fimviz-pills, [data-testid="stSelectbox"] {display: none}
  [class*="st-key-fimviz-claim-"] {break-inside: avoid}
  [data-testid="stMain"], [data-testid="stAppViewContainer"], .stApp {position: static; overflow: visible; height: auto}
}
</style>"""
_GAP = "\u2003"


@dataclass(frozen=True)
class Claim:
    """A sentence, its verdict (a key of the verdicts), why, the sets it belongs to, and a page with a query."""

    key: str
    text: str
    verdict: str
    because: str
    sets: tuple[str, ...]
    page: str
    query: str = ""

    @property
    def link(self) -> dict[str, str]:
        """The query of the state that shows it."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def file(self) -> str:
        return next(entry.file for entry in CONTENTS if entry.slug == self.page)


@cache
def every_claim() -> tuple[Claim, ...]:
    """All claims, in the order of the words; raises `KeyError` or `TypeError` for one that is not whole."""
    return tuple(Claim(**{**said, "sets": tuple(said["sets"])}) for said in words("claims")["said"])


def keys() -> list[str]:
    return [claim.key for claim in every_claim()]


def claims_of(name: str) -> list[Claim]:
    """The claims of one set; "all" is every one."""
    return [claim for claim in every_claim() if name == "all" or name in claim.sets]


def show_claims(page: Page, claims: Sequence[Claim], opened: Sequence[str], exam: bool) -> None:
    """The sentences, one below the other; those in `opened` with verdict, reason and link. An exam has neither."""
    st.html(_STYLE)
    with st.container(key="fimviz-claims"):
        for number, claim in enumerate(claims, 1):
            _row(page, claim, number, claim.key in opened and not exam, exam)


def _row(page: Page, claim: Claim, number: int, open_: bool, exam: bool) -> None:
    said, verdicts = page.words, page.words["verdicts"]
    with st.container(key=f"fimviz-claim-{claim.key}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{number}. {claim.text}", width="stretch")
            if not exam:
                _choice(page, claim, open_)
        if exam:
            st.markdown(_GAP.join(f"☐ {text}" for text in verdicts.values()))
        elif open_:
            chosen = st.session_state.get(_key(page, claim))
            mine = said["you_said"].format(verdict=verdicts[chosen]) if chosen in verdicts else ""
            st.markdown(" ".join(filter(None, [mine, f"**{verdicts[claim.verdict]}.**", claim.because])))
            name = words(claim.page)["name"]
            st.page_link(claim.file, label=said["see"].format(page=name), query_params=claim.link, width="content")


def _key(page: Page, claim: Claim) -> str:
    return f"{page.slug}-verdict-{claim.key}"


def _choice(page: Page, claim: Claim, open_: bool) -> None:
    verdicts, key = page.words["verdicts"], _key(page, claim)
    if not open_:
        st.session_state[key] = None

    def changed() -> None:
        opened = set(page["open"])
        opened = opened | {claim.key} if st.session_state[key] else opened - {claim.key}
        page.change(open=[k for k in keys() if k in opened])

    st.selectbox(
        claim.text,
        list(verdicts),
        key=key,
        index=None,
        on_change=changed,
        format_func=verdicts.__getitem__,
        placeholder=page.words["your_verdict"],
        label_visibility="collapsed",
        width=230,
    )
