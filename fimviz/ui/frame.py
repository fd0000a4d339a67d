"""The frame of every page: top bar, title, two sentences, selectors, pills, picture, badge.

State lives in one object per page and session, mirrored in the address on release. A script run
finds the address it wrote itself, or another one (a link, Back, Forward), which it then adopts.

A page is two fragments below a bar: the head (title, selectors, pills) and the body (everything that
a release changes). After a release only the body runs, with the head where it would say something else.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from html import escape
from typing import Any, Literal, cast
from uuid import uuid4

import streamlit as st

from fimviz.family import Family
from fimviz.stage import stage
from fimviz.ui.choices import chart_label
from fimviz.ui.constants import ConstantField, ConstantsField, family_of, with_constants
from fimviz.ui.contents import CONTENTS
from fimviz.ui.inputs import constant_input, refusal
from fimviz.ui.members import family_named
from fimviz.ui.state import LONGEST_QUERY, ChoiceField, Field, SetField, Values, decode, defaults, encode
from fimviz.words import words

# stands for an address that is not read at all; no field has this name
_TOO_LONG = "too long"
# what the frame itself says in a link
_FRAME = ("present", "beat", "hide")
# what a session keeps of a page when another address is adopted
_LASTING = ("session", "obeyed", "turns")
_STYLE = """<style>
[data-testid="stMainBlockContainer"] {max-width: 1180px; padding: 0 36px 36px; margin: 0 auto}
[data-testid="stHeader"] {background: transparent; pointer-events: none}
[data-testid="stHeader"] * {pointer-events: auto}
.st-key-fimviz-bar {border-bottom: 1px solid var(--st-border-color, #8884); margin-bottom: 12px}
.st-key-fimviz-bar a {padding: 10px 2px; border-radius: 0; background: transparent !important}
[data-testid="stPageLink"] a:focus-visible {outline: 2px solid currentColor; outline-offset: 2px; border-radius: 3px}
.st-key-fimviz-here {box-shadow: 0 4px 0 -1px currentColor}
.st-key-fimviz-here a, .st-key-fimviz-here a * {color: var(--st-text-color, inherit) !important; cursor: default}
.st-key-fimviz-pills {margin-top: 8px; align-items: center}
.st-key-fimviz-bar p {font-size: 15px; white-space: nowrap}
/* no veil over the picture while a script runs: it would be laid on and lifted at every release */
[class*="st-key-stage-"] {opacity: 1 !important; transition: none !important; animation: none !important}
.st-key-fimviz-title h1 {margin: 0; padding: 0; line-height: 1.2; font-weight: 680; font-size: 34px}
.st-key-fimviz-lede p {font-size: 18px; max-width: 46em; line-height: 1.5; margin: 0}
.st-key-fimviz-lede, .st-key-fimviz-note {color: var(--st-gray-text-color, inherit)}
.st-key-fimviz-note p {max-width: 60em}
@media (max-width: 900px) {
  .st-key-fimviz-split [data-testid="stHorizontalBlock"] {flex-wrap: wrap}
  .st-key-fimviz-split [data-testid="stColumn"] {min-width: 100%}
}
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] {padding: 0 14px 24px}
  .st-key-fimviz-title {flex-wrap: wrap}
  .st-key-fimviz-title h1 {font-size: 27px}
  .st-key-fimviz-lede p {font-size: 17px}
  .st-key-fimviz-formulas .katex-display > .katex {white-space: normal}
}
</style>"""
_PRESENT = """<style>
[data-testid="stMainBlockContainer"] {max-width: 100%; padding: 24px 58px}
[data-testid="stHeader"], .st-key-fimviz-bar {display: none}
.st-key-fimviz-title h1 {font-size: 56px}
[data-testid="stMain"] [data-testid="stMarkdownContainer"] :is(p, li),
[data-testid="stMain"] [data-testid="stSelectbox"] * {font-size: 24px !important; line-height: 1.45}
</style>"""


@dataclass
class Kept:
    """What one session keeps of one page."""

    values: Values
    rev: int = 1
    query: dict[str, str] | None = None
    left: dict[str, str] | None = None
    base: Values = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    beat: int = 0
    present: bool = False
    hide: tuple[str, ...] = ()
    has_body: bool = False
    session: str = field(default_factory=lambda: uuid4().hex)
    given: tuple[int, Values] | None = None
    obeyed: tuple[float, int] = (0, 0)
    turns: dict[str, int] = field(default_factory=dict)


class Page:
    """One page at work: its state, and the parts of the frame it calls in order.

    `seeded(values)`: whether what is on screen was drawn from the seed, and can be drawn anew.
    """

    def __init__(
        self,
        slug: str,
        fields: Mapping[str, Field],
        presets: Mapping[str, Values],
        beats: Sequence[Values] = (),
        seeded: Callable[[Values], bool] = lambda values: "seed" in values,
    ):
        self.slug, self.fields, self.words = slug, with_constants(fields, _FRAME), words(slug)
        self.presets, self.beats, self.seeded = presets, beats, seeded
        _prepare_process()
        self.kept = self._keep()
        self.kept.has_body, self.kept.given = False, None
        self._matched: tuple[Values | None, str | None] = (None, None)
        self._preset_values: dict[str, Values] = {}
        self._frame()

    @property
    def values(self) -> Values:
        return self.kept.values

    def __getitem__(self, name: str) -> Any:
        return self.kept.values[name]

    @property
    def family(self) -> Family:
        """The family on screen, with the constants of the state."""
        return family_of(self.values)

    def shows(self, name: str) -> bool:
        return name in self.kept.values["show"]

    # --- state and address ---------------------------------------------------------------------

    def _keep(self) -> Kept:
        pages = st.session_state.setdefault("fimviz", {})
        kept = pages.get(self.slug)
        query = _query()
        # between a change and the end of its run the address still stands where it stood
        if kept is None or query not in (kept.query, kept.left):
            values, bad = decode(self.fields, query)
            rev = kept.rev + 1 if kept else 1
            bad += [words("frame")["address"]] if _TOO_LONG in query else []
            lasting = {name: getattr(kept, name) for name in _LASTING} if kept else {}
            kept = pages[self.slug] = Kept(values, rev, query, changed=bad, **lasting)
            kept.base = self.defaults
            kept.present = query.get("present") == "1"
            kept.hide = tuple(filter(None, query.get("hide", "").split(",")))
            if query.get("beat", "").isdecimal() and 1 <= int(query["beat"]) <= len(self.beats):
                kept.beat = int(query["beat"])
                if not set(query) & set(self.fields):
                    kept.values = self._beat_values(kept.beat)
        return kept

    @property
    def defaults(self) -> Values:
        return defaults(self.fields)

    def _beat_values(self, beat: int) -> Values:
        return defaults(self.fields, dict(self.beats[beat - 1]))

    def _write(self) -> None:
        """Encode the state for the address; what comes last of a run then puts it there."""
        kept = self.kept
        query = encode(self.fields, kept.values)
        query |= {"present": "1"} if kept.present else {}
        query |= {"beat": str(kept.beat)} if kept.beat else {}
        query |= {"hide": ",".join(kept.hide)} if kept.hide else {}
        kept.query, kept.changed, kept.left = query, [], _query()

    def _tell_address(self) -> None:
        """One entry of history, told just before the end of the run: the app then shows both in one go."""
        kept = self.kept
        if kept.left not in (None, kept.query):
            st.query_params.from_dict(cast(dict[str, str], kept.query))
        kept.left = None

    def _set(self, values: Values, *, base: Values | None = None, beat: int = 0) -> None:
        self.kept.values, self.kept.beat = values, beat
        self.kept.rev += 1
        if base is not None:
            self.kept.base = base
        self._write()

    # --- what is heard ---------------------------------------------------------------------------

    def _again(self, before: tuple[Any, ...], here: str = "head") -> None:
        """Run what looks different now: everything, head and body, or the body alone.

        What was heard `here` runs this part by itself: asking for it would be a second run.
        """
        everything, head = before
        now = self._looks()
        if self.kept.has_body and everything == now[0]:
            if head != now[1]:
                st.rerun([self._part("head"), self._part("body")])
            elif here != "body":
                st.rerun([self._part("body")])
        elif self.kept.has_body or here == "head":
            st.rerun()

    def _looks(self) -> tuple[Any, Any]:
        """What all of the page depends on, and what the head says besides."""
        kept = self.kept
        head = (self._title(), self.preset, kept.values.get("show"), tuple(kept.changed), self.seeded(kept.values))
        typing = tuple(kept.values.get("typing", ()))
        constants = tuple(kept.values.get("constants", {}).items())
        return (kept.values.get("family"), constants, kept.values.get("chart"), kept.present, typing), head

    def _part(self, name: str) -> str:
        return f"{self.slug}-{name}"

    def _heard_values(self) -> None:
        sent = _last(self._key, "values")
        if not sent or sent.get("rev") != self.kept.rev or not isinstance(sent.get("values"), dict):
            return
        before = self._looks()
        self.kept.values = defaults(self.fields, {**self.kept.values, **sent["values"]})
        self._write()
        self._again(before, "body")

    def _heard_command(self) -> None:
        before = self._looks()
        for name in self._unheard(_last(self._key, "command") or {}):
            self._obey(name)
        self._again(before, "body")

    def _unheard(self, sent: Mapping[str, Any]) -> Iterator[str]:
        """The commands of one stage that came since the last: where scripts are slow several come as one."""
        since, seq = self.kept.obeyed
        same = sent.get("since") == since
        for number, name in sent.get("all", ()):
            if number > seq or not same:
                self.kept.obeyed = (sent["since"], number)
                yield name

    def _obey(self, name: str) -> None:
        if name.startswith("beat") and self.beats:
            beat = min(len(self.beats), max(1, self.kept.beat + (1 if name.endswith("+1") else -1)))
            self._set(self._beat_values(beat), beat=beat)
        elif name in (keys := {f"preset{i}": preset for i, preset in enumerate(self._offered(), 1)}):
            self._choose(keys[name])
        elif name == "reset":
            self._reset()
        elif name == "present":
            self.kept.present = not self.kept.present
            self._write()

    def _reset(self) -> None:
        """Back to the preset one came from; a second time, to the default."""
        base = self.kept.base or self.defaults
        again = self.kept.values == base
        self._set(self.defaults if again else dict(base), base=self.defaults if again else None)

    def _offered(self) -> list[str]:
        """The presets of the family on screen, and those that name the family to which they change."""
        own = self.defaults.get("family") == self.values.get("family")
        return [name for name, preset in self.presets.items() if own or "family" in preset]

    def _choose(self, preset: str) -> None:
        values = defaults(self.fields, dict(self.presets[preset]))
        self._set(values, base=dict(values))

    def go(self, values: Values) -> None:
        """Show another state, all of it anew."""
        self._set(values, base=dict(values))
        st.rerun()

    # --- the frame ---------------------------------------------------------------------------------

    def _frame(self) -> None:
        st.set_page_config(page_title=f"{self.words['name']} · fimviz", layout="wide")
        st.html(_STYLE + (_PRESENT if self.kept.present else ""))
        if not self.kept.present:
            _top_bar(self)
        st.fragment(self._head, key=self._part("head"))()

    def _head(self) -> None:
        with st.container(key="fimviz-title", horizontal=True, vertical_alignment="center"):
            # drawn anew on every run of the page, where st.title takes a fifth of the browser's time
            st.html(f"<h1>{escape(self._title())}</h1>", width="stretch")
            # a page about one family in its own coordinates has nothing to select
            if not self.kept.present and "family" in self.fields:
                self._selectors()
        if not self.kept.present:
            st.container(key="fimviz-lede").markdown(self.words["lede"])
        self._notice()
        pills, constants = "pills" not in self.kept.hide, self._constants()
        if not self.kept.present and (pills or constants):
            with st.container(key="fimviz-pills", horizontal=True):
                for name, own, key in constants:
                    constant_input(own, self["constants"][name], key, partial(self._constant, name))
                if pills:
                    self._pills()

    def _title(self) -> str:
        return self.words["title"].format(**{k: v for k, v in self.values.items() if isinstance(v, int | float | str)})

    def _notice(self) -> None:
        bad, frame = self.kept.changed, words("frame")
        text = frame["notice_one" if len(bad) == 1 else "notice_many"]
        lines = [text.format(count=len(bad), keys=", ".join(bad))] * bool(bad)
        lines += filter(None, (refusal(field, self["constants"][name], key) for name, field, key in self._constants()))
        if lines:
            st.container(key="fimviz-notice").markdown("\n\n".join(f":orange[{line}]" for line in lines))

    def _constants(self) -> list[tuple[str, ConstantField, str]]:
        """(name, field, key of its widget) of each constant of the family on screen."""
        if "constants" not in self.fields:
            return []
        fields = cast(ConstantsField, self.fields["constants"]).fields(self.values)
        return [(name, field, f"{self.slug}-{self['family']}-{name}") for name, field in fields.items()]

    def _constant(self, name: str, value: Any) -> None:
        self.change(constants={**self["constants"], name: value})

    def _selectors(self) -> None:
        said = {"family": lambda slug: family_named(slug).title, "chart": chart_label(self.family)}
        for name, width in (("family", 150), ("chart", 190)):
            field: Any = self.fields[name]
            self._select(name, words("frame")[name], field.options(self.values), said[name], width)
        for name, field in self.fields.items():
            if isinstance(field, ChoiceField) and len(options := field.options(self.values)) > 1:
                self._select(name, self.words[name], options, partial(field.label, self.family), 110)

    def _showing(self, name: str, value: Any) -> str:
        """The key of a widget that shows `value`; a new one where it last showed another.

        A report may be on its way that still says what the widget showed before. Under the same key
        that would be a choice; under its own it is what was shown there, and chooses nothing.
        """
        turns = self.kept.turns
        key = f"{self.slug}-{name}-{turns.setdefault(name, 0)}"
        if st.session_state.get(key, value) != value:
            turns[name] += 1
            key = f"{self.slug}-{name}-{turns[name]}"
        if st.session_state.get(key) != value:
            st.session_state[key] = value
        return key

    def _select(self, name: str, label: str, options: Sequence[str], show: Callable[[str], str], width: int) -> None:
        shown = self[name]
        key = self._showing(name, shown)

        def changed() -> None:
            before = self._looks()
            chosen = st.session_state[key]
            if chosen == shown:
                return
            kept = {"family": chosen} if name == "family" else {**self.values, name: chosen}
            if name == "family":
                kept |= {k: v for k, v in self.values.items() if self.fields[k].outlives_family}
            values = defaults(self.fields, kept)
            self._set(values, base=dict(values) if name == "family" else None)
            self._again(before)

        st.selectbox(
            label,
            list(options),
            key=key,
            on_change=changed,
            format_func=show,
            label_visibility="collapsed",
            width=width,
        )

    def _pills(self) -> None:
        names = self.words["presets"]
        known = [name for name in self._offered() if name in names]
        current = self.preset
        key = self._showing("preset", current)

        def changed() -> None:
            if st.session_state[key] == current:
                return
            before = self._looks()
            # a second press on the lit pill would unlight it; it means "again" here
            chosen = st.session_state[key] = st.session_state[key] or current or known[0]
            self._choose(chosen)
            self._again(before)

        st.pills(
            words("frame")["try"],
            known,
            key=key,
            on_change=changed,
            format_func=names.__getitem__,
            label_visibility="collapsed",
            width="content",
        )
        self._show_pills()
        if self.seeded(self.values):
            label = self.words.get("sample", words("frame")["sample"])
            st.button(label, key=f"{self.slug}-sample", on_click=self._sample_anew, width="content")

    def _sample_anew(self) -> None:
        before = self._looks()
        self._set(defaults(self.fields, {**self.values, "seed": self["seed"] + 1}))
        self._again(before)

    def _show_pills(self) -> None:
        options = self.words.get("show", {})
        if "show" not in self.fields or not options:
            return
        offered = cast(SetField, self.fields["show"]).offered
        options = {name: said for name, said in options.items() if not offered or name in offered(self.values)}
        if not options:
            return
        shown = [name for name in self["show"] if name in options]
        key = self._showing("show", shown)

        def changed() -> None:
            if st.session_state[key] == shown:
                return
            before = self._looks()
            self._set(defaults(self.fields, {**self.values, "show": st.session_state[key]}))
            self._again(before)

        with st.popover(words("frame")["show"], width="content"):
            st.pills(
                words("frame")["show"],
                list(options),
                key=key,
                on_change=changed,
                selection_mode="multi",
                format_func=options.__getitem__,
                label_visibility="collapsed",
            )

    # --- the picture ----------------------------------------------------------------------------------

    @property
    def _key(self) -> str:
        return f"stage-{self.slug}"

    def body(self, draw: Callable[[], None]) -> None:
        """What a release changes: drawn now, and alone whenever only this is to be drawn anew."""
        self.kept.has_body = True

        def drawn() -> None:
            draw()
            self._tell_address()

        st.fragment(drawn, key=self._part("body"))()

    def stage(self, scene: Mapping[str, Any], checks: Sequence[str] = ()) -> None:
        """Mount the picture with this page's values; the scene says the rest.

        `checks` say what was held against what, each with its figure; the stage fills in those of
        what it has drawn itself.
        """
        data = {
            "v": 1,
            "rev": self.kept.rev,
            "session": self.kept.session,
            "values": self._given(),
            "present": self.kept.present,
            "hide": list(self.kept.hide),
            "beats": len(self.beats),
            "beat": self.kept.beat,
            "toolbar": "bar",
            "badge": words("frame")["checks"].format(checks=" · ".join(filter(None, checks))) if checks else None,
            **scene,
        }
        stage(data, self._key, self._heard_values, self._heard_command)

    def _given(self) -> Values:
        """The values the stage is to adopt: those of the present `rev`, whatever it has reported since.

        A release then says nothing new to it, and what it is handed is the same to the last letter: the
        app leaves the component alone. A whole run may meet a new one, and gives what holds now.
        """
        kept = self.kept
        if kept.given is None or kept.given[0] != kept.rev:
            values = {k: v for k, v in self.values.items() if k not in ("family", "constants", "chart")}
            kept.given = kept.rev, values
        return kept.given[1]

    def change(self, **given: Any) -> None:
        """Adopt other values of some fields, as a widget of the page's own asks for."""
        before = self._looks()
        self._set(defaults(self.fields, {**self.values, **given}))
        self._again(before)

    @property
    def preset(self) -> str | None:
        """The preset whose state is on screen, if one is."""
        values = self.values
        if self._matched[0] is not values:
            if not self._preset_values:
                self._preset_values = {name: defaults(self.fields, dict(p)) for name, p in self.presets.items()}
            names = (name for name, preset in self._preset_values.items() if preset == values)
            self._matched = (values, next(names, None))
        return self._matched[1]

    def at_preset(self, name: str) -> bool:
        return self.preset == name

    def prediction(self, then: Values) -> dict[str, Any]:
        """The predict card of this page, with the state that shows its answer."""
        return {**self.words["predict"], "then": then}

    def note(self, *also: str) -> None:
        """The sentence that belongs to the preset on screen, and what else there is to say."""
        said = [self.words.get("notes", {}).get(self.preset or "", ""), *also]
        text = " ".join(filter(None, said))
        if text and not self.kept.present:
            st.container(key="fimviz-note").markdown(text)


@contextmanager
def split() -> Iterator[list[Any]]:
    """Two columns, 61 : 39, stacked below 900 px."""
    with st.container(key="fimviz-split"):
        yield st.columns([61, 39], gap="medium")


def formulas(*lines: str) -> None:
    """Formulas that stand still, one below the other."""
    with st.container(key="fimviz-formulas"):
        for line in lines:
            st.latex(line)


def says(*sentences: str) -> None:
    """Sentences of the page, one paragraph each."""
    for sentence in filter(None, sentences):
        st.markdown(sentence)


def theme() -> Literal["light", "dark"]:
    """The visitor's theme, "light" or "dark"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def figure(chart: Any, page: Page) -> None:
    """A Plotly figure that is looked at, in our own template and at the size of the room."""
    from fimviz import figures

    chart = figures.projected(chart) if page.kept.present else chart
    st.plotly_chart(chart, theme=None, config=figures.CONFIG, width="stretch", alt=chart.layout.meta["alt"])


def _query() -> dict[str, str]:
    query = dict(st.query_params.to_dict())
    return query if sum(len(k) + len(v) for k, v in query.items()) <= LONGEST_QUERY else {_TOO_LONG: "1"}


def _last(key: str, name: str) -> dict[str, Any] | None:
    state = st.session_state.get(key)
    value = state.get(name) if isinstance(state, Mapping) else getattr(state, name, None)
    return dict(value) if isinstance(value, Mapping) else None


def _top_bar(page: Page) -> None:
    pages = st.session_state["fimviz"]
    with st.container(key="fimviz-bar", horizontal=True, vertical_alignment="center"):
        st.markdown("**fimviz**", width="content")
        for entry in CONTENTS:
            kept = pages.get(entry.slug)
            here = entry.slug == page.slug
            place = st.container(key="fimviz-here", width="content") if here else st
            query = dict(kept.query or {}) if kept else {}
            # a link to where one is would carry the state of the last whole run
            place.page_link(entry.file, label=entry.name, query_params=query, width="content", disabled=here)


@cache
def _prepare_process() -> None:
    # Everything imported so far lives as long as the process: keep it out of every collection.
    gc.collect()
    gc.freeze()
