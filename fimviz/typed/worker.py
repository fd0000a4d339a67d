"""One typed family, derived and examined in a process of its own that is used once.

It reads one declaration as a line of JSON and writes what it finds, a line of JSON a stage, the
surest first: numbers by quadrature, then the formula, then both compared. So whatever stops it, what
was found before has already been said. Limits on memory, processor and time are the kernel's where
there are such limits: Linux has all of them, macOS no limit on memory, Windows none, and there only
the parent's clock stops a worker.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from fimviz.derive import derive, derived_elsewhere
from fimviz.derive.examination import Verdict, examination_points, examine
from fimviz.derive.lines import Line, lines
from fimviz.derive.quadrature import expectation
from fimviz.errors import TextRefused
from fimviz.family import Family
from fimviz.metric import fisher_metric
from fimviz.typed.build import encode
from fimviz.typed.declaration import Declaration, family_of, parse_family

MEMORY, SECONDS, OUT_OF_MEMORY = 768 * 2**20, 8.0, 77
_LONGEST_STAGE = 2**20
_CUTS = (5e-4, 1 - 5e-4)


def run() -> None:
    """Warm up, wait for a declaration, work under limits."""
    _warm_up()
    _say({"stage": "ready"})
    line = sys.stdin.readline()
    if not line:
        return
    limit(SECONDS, MEMORY)
    try:
        for found in work(Declaration(**json.loads(line))):
            _say(found)
    except TextRefused as refused:
        said = {name: getattr(refused, name) for name in ("code", "reason", "column", "part")}
        _say({"stage": "refused", **said})
    except MemoryError:
        _say({"stage": "memory"})
        sys.exit(OUT_OF_MEMORY)


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def _warm_up() -> None:
    """SymPy imports and remembers much at first use."""
    normal = parse_family("-(x-m)^2/(2s^2)-log(s)-log(2pi)/2", parameters={"m": "(-oo, oo)", "s": "(0, oo)"})
    examine(normal)
    lines(normal)


def limit(seconds: float, memory: int) -> None:
    """From here on: so much time, processor and memory, no file written and no core left behind."""
    with contextlib.suppress(ImportError, AttributeError):
        import signal

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    with contextlib.suppress(ImportError):
        import resource

        spent = math.ceil(time.process_time() + seconds) + 1
        wanted = {"RLIMIT_AS": memory, "RLIMIT_CPU": spent, "RLIMIT_CORE": 0, "RLIMIT_FSIZE": 0}
        for name, most in wanted.items():
            # a system that does not know a limit, or will not lower it, goes without
            with contextlib.suppress(AttributeError, OSError, ValueError):
                resource.setrlimit(getattr(resource, name), (most, most))


def work(declaration: Declaration) -> Iterator[dict[str, Any]]:
    """The stages: numbers, formula, verdict, lines, geometry; then "done"."""
    family = family_of(declaration)
    yield {"stage": "numbers", **_numbers(derived_elsewhere(family_of(declaration), None))}
    yield from _stage("formula", lambda: _formula(family))
    yield {"stage": "verdict", "verdict": _verdict(examine(family))}
    yield from _stage("lines", lambda: {"lines": _lines(family)})
    yield from _stage("geometry", lambda: _geometry(family))
    yield {"stage": "done"}


def _stage(name: str, find: Callable[[], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What `find` returns, if it does and is short: SymPy may fail in any way, and then there is none."""
    with contextlib.suppress(ArithmeticError, AttributeError, LookupError, NotImplementedError, RecursionError,
                             TypeError, ValueError):  # fmt: skip
        found = {"stage": name, **find()}
        if len(json.dumps(found)) <= _LONGEST_STAGE:
            yield found


def _numbers(family: Family) -> dict[str, Any]:
    verdict = examine(family)
    return {"verdict": _verdict(verdict), "accuracy": _accuracy(family), "view": _view(family)}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return asdict(verdict) | {"state": verdict.state.name}


def _accuracy(family: Family) -> float:
    """How far E[s sᵀ] depends on the nodes, in units of √(gᵢᵢgⱼⱼ); nan where it has no value."""
    with np.errstate(all="ignore"):
        theta = examination_points(family, 2)
        fine, coarse = (expectation(family).metric(theta, panels) for panels in (256, 180))
        size = np.sqrt(np.einsum("...ii->...i", fine))
        gap = np.abs(fine - coarse) / (size[..., :, None] * size[..., None, :])
    return float(max(np.max(gap), 1e-16)) if np.isfinite(gap).all() else math.nan


def _view(family: Family) -> list[float] | None:
    """Where nearly all of the default member lies, for pictures; None where the support says it."""
    if family.support.kind in ("unit", "circle", "finite"):
        return None
    rule = expectation(family).rule(family.default)
    order = np.argsort(rule.x)
    share = np.cumsum(rule.probability[order])
    if not (np.isfinite(share).all() and share[-1] > 0):
        return None
    low, high = (float(np.interp(cut, share / share[-1], rule.x[order])) for cut in _CUTS)
    pad = 0.25 * (high - low)
    edges = {"positive": (family.support.low, math.inf), "naturals": (-0.5, math.inf)}
    least, most = edges.get(family.support.kind, family.support.bounds)
    view = [max(low - pad, least), min(high + pad, most)]
    return view if all(map(math.isfinite, view)) and view[0] < view[1] else None


def _formula(family: Family) -> dict[str, Any]:
    found = derive(family)
    form = found.form
    return {
        "rule": found.rule,
        "g": encode(found.g),
        "cubic": encode(found.cubic),
        "steps": [[step.rule, encode(step.before), encode(step.after)] for step in found.steps],
        "form": form and [encode(p) for p in (form.statistics, form.coefficients, form.expectations, form.free_part)],
    }


def _lines(family: Family) -> list[dict[str, Any]]:
    kept = ("name", "left", "rule", "exact", "latex", "python", "check")
    return [{name: getattr(line, name) for name in kept} | _written(line) for line in lines(family)]


def _written(line: Line) -> dict[str, Any]:
    """The expressions of a line that is a formula; its numbers are found again where they are shown."""
    if not line.exact:
        return {}
    given = {"after": line.after, "factors": line.factors, "end": line.end, "condition": line.condition}
    return {name: encode(value) for name, value in given.items() if value is not None}


def _geometry(family: Family) -> dict[str, Any]:
    """Everything the other pages will ask of the family, once, so that they know that it can be had."""
    start = time.monotonic()
    metric = fisher_metric(family)
    theta = family.default
    values = [metric.matrix(theta), metric.christoffel(theta), metric.solver.g_dg(metric.solver.to(theta))[1]]
    metric.solver.jet(metric.solver.to(theta))
    finite = all(np.isfinite(v).all() for v in values)
    return {"seconds": time.monotonic() - start, "finite": bool(finite)}
