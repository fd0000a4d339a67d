"""What becomes of a typed density: always an answer in one sentence, whatever was typed and whatever went wrong."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import blake2b
from typing import Any

import sympy as sp

from fimviz.derive import Derivation, Step, derived_elsewhere
from fimviz.derive.examination import State, Verdict
from fimviz.derive.lines import Line, written_elsewhere
from fimviz.derive.steps import Cubic
from fimviz.errors import TextRefused
from fimviz.exponential import ExponentialForm
from fimviz.family import Family
from fimviz.typed.admission import Admission, Busy, Once
from fimviz.typed.build import decode
from fimviz.typed.declaration import Declaration, family_of, read
from fimviz.typed.process import Bench, Report, ask
from fimviz.typed.worker import MEMORY, SECONDS


class Outcome(Enum):
    """How a declaration fared; the value is the sentence that says it."""

    ANSWERED = "{verdict}"
    REFUSED = "{refusal}"
    TIMEOUT = "Formula not found in {seconds:g} s; the numbers are exact to {accuracy}."
    NOTHING = "Neither a formula nor numbers were found in {seconds:g} s. Try fewer terms."
    MEMORY = "Needed more than {megabytes} MB. Try fewer terms."
    LOST = "The worker was lost before it could answer. Try again."
    BUSY = "Busy: {ahead} ahead, about {seconds} s."


@dataclass(frozen=True)
class Answer:
    """What is known of a declaration.

    sentence   always one, to be shown as it is
    column     of refused text: the character, counted from 1, and which text in `part`
    family     the family, wherever there are numbers; its metric where `everywhere`
    verdict    the examination and its numbers
    lines      the derivation, line by line, each exact or numeric
    accuracy   of the numbers by quadrature: how far they depend on the nodes
    everywhere whether the family can be used on other pages
    """

    outcome: Outcome
    sentence: str
    column: int | None = None
    part: str = ""
    family: Family | None = None
    verdict: Verdict | None = None
    lines: tuple[Line, ...] = ()
    accuracy: float = math.nan
    everywhere: bool = False
    slug: str = ""


_bench, _admission, _once = Bench(), Admission(), Once()


def warm() -> None:
    """Start a worker ahead of the first declaration."""
    _bench.warm()


def answer(declaration: Declaration, visitor: str = "") -> Answer:
    """Derive and examine a declaration in a worker of its own. Never raises for what was typed.

    One declaration at a time for each `visitor`; the same one from many visitors is derived once.
    """
    try:
        read(declaration)
        key = slug_of(declaration)
        return _once(key, lambda: _derived(declaration, visitor), lambda a: a.outcome is Outcome.ANSWERED)
    except TextRefused as refused:
        return Answer(Outcome.REFUSED, str(refused), refused.column, refused.part)
    except Busy as busy:
        said = Outcome.BUSY.value.format(ahead=busy.ahead, seconds=math.ceil(busy.seconds))
        return Answer(Outcome.BUSY, said)


def slug_of(declaration: Declaration) -> str:
    """A name for a declaration: the same text, the same name."""
    return "yours-" + blake2b(_as_json(declaration).encode(), digest_size=6).hexdigest()


def find(slug: str) -> Family | None:
    """The family of an earlier answer by its slug, where it can be used everywhere; None if it is not known here."""
    found = _once.kept(slug)
    return found.family if found is not None and found.everywhere else None


def _as_json(declaration: Declaration) -> str:
    return json.dumps(_plain(declaration))


def _plain(d: Declaration) -> dict[str, Any]:
    parameters = {str(k): v if isinstance(v, str) else list(v) for k, v in d.parameters.items()}
    return {
        "log_density": d.log_density, "support": d.support, "parameters": parameters,
        "defaults": dict(d.defaults), "title": d.title,
    }  # fmt: skip


def _derived(declaration: Declaration, visitor: str) -> Answer:
    with _admission.place(visitor or object()):
        start = time.monotonic()
        try:
            report = ask(_bench.take(), _plain(declaration))
        finally:
            _bench.warm()
        _admission.took(time.monotonic() - start)
    return _answer(declaration, report)


def _answer(declaration: Declaration, report: Report) -> Answer:
    stages = report.stages
    if refused := stages.get("refused"):
        raise TextRefused(*(refused[name] for name in ("code", "reason", "column", "part")))
    if "numbers" not in stages:
        return _without_numbers(report.end)
    accuracy = stages["numbers"]["accuracy"]
    family = _family(declaration, stages)
    verdict = _verdict(stages.get("verdict", stages["numbers"]))
    everywhere = _drawable(verdict) and stages.get("geometry", {}).get("finite", False)
    found = Answer(
        Outcome.ANSWERED, _sentence(verdict, everywhere), family=family, verdict=verdict, accuracy=accuracy,
        lines=_lines(stages), everywhere=everywhere, slug=family.slug,
    )  # fmt: skip
    if "verdict" in stages:
        return found
    outcome = {"memory": Outcome.MEMORY, "lost": Outcome.LOST}.get(report.end, Outcome.TIMEOUT)
    return replace(found, outcome=outcome, sentence=_said(outcome, accuracy))


def _drawable(verdict: Verdict) -> bool:
    return verdict.regular or verdict.state is State.NO_FORMULA


def _sentence(verdict: Verdict, everywhere: bool) -> str:
    here = "" if everywhere or not _drawable(verdict) else " It can be used on this page only."
    return verdict.words + here


def _without_numbers(end: str) -> Answer:
    outcome = {"memory": Outcome.MEMORY, "timeout": Outcome.NOTHING}.get(end, Outcome.LOST)
    return Answer(outcome, _said(outcome))


def _said(outcome: Outcome, accuracy: float = math.nan) -> str:
    shown = f"{accuracy:.0e}".replace("e-0", "e-").replace("-", "−")
    return outcome.value.format(seconds=SECONDS, megabytes=MEMORY // 2**20, accuracy=shown)


def _verdict(stage: dict[str, Any]) -> Verdict:
    found = stage["verdict"]
    exact = {
        "state": State[found["state"]],
        "null": tuple(map(tuple, found["null"])),
        "remarks": tuple(found["remarks"]),
    }
    return Verdict(**(found | exact))


def _family(declaration: Declaration, stages: dict[str, Any]) -> Family:
    """The family as the worker found it: nothing is derived again in this process."""
    family = family_of(declaration)
    view = stages["numbers"]["view"]
    support = replace(family.support, view=tuple(view)) if view else family.support
    family = replace(family, support=support, slug=slug_of(declaration))
    derived_elsewhere(family, _derivation(family, stages.get("formula")))
    family.__dict__["_verdict"] = _verdict(stages.get("verdict", stages["numbers"]))
    return written_elsewhere(family, _lines(stages))


def _lines(stages: dict[str, Any]) -> tuple[Line, ...]:
    found = stages.get("lines", {}).get("lines", [])
    return tuple(Line(**{"before": None, "after": None, **line, **_decoded(line)}) for line in found)


def _decoded(line: dict[str, Any]) -> dict[str, Any]:
    return {name: decode(line[name]) for name in ("after", "factors", "end", "condition") if name in line}


def _derivation(family: Family, stage: dict[str, Any] | None) -> Derivation | None:
    if stage is None:
        return None
    steps = tuple(Step(rule, decode(before), decode(after)) for rule, before, after in stage["steps"])
    form = None
    if stage["form"]:
        statistics, coefficients, expectations, free = map(decode, stage["form"])
        form = ExponentialForm(family.symbols, statistics, coefficients, expectations, free)
    return Derivation(stage["rule"], steps, sp.Matrix(decode(stage["g"])), lambda: _cubic(stage["cubic"]), form)


def _cubic(data: Any) -> Cubic:
    return [[list(row) for row in plane] for plane in decode(data)]
