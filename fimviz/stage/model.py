"""A family, a chart and a descent as the data that the stage computes with: tapes and labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import sympy as sp

from fimviz.atlas import ChartMap, chart_map
from fimviz.divergence import kl_expression
from fimviz.family import Family, once
from fimviz.isometry import Simplex
from fimviz.loss import Loss, chart_empirical_tape, chart_hessian_tape, chart_loss_tape
from fimviz.metric import fisher_metric
from fimviz.tape import lower

Expressions = Sequence[Any]


@once
def describe(family: Family) -> dict[str, Any]:
    """Everything the stage needs to compute with a family; see geometry.js for its use."""
    free = chart_map(family, family.solver)
    solver = fisher_metric(family).solver
    return {
        "d": family.dimension,
        "slug": family.slug,
        "title": family.title,
        "theta": [_parameter(p) for p in family.parameters],
        "solver": {
            "from_theta": free.to_tape.as_dict(),
            "to_theta": _tape(_back(free), _u(free)),
            "metric": solver.tensors.g_dg_tape.as_dict(),
            "edge": [_finite(bound) for bound in free.edges],
            "singular": _singular(family, free),
        },
        "log_density": family.density_tape.as_dict(),
        "support": {
            "kind": family.support.kind,
            "samples": family.support.size,
            "points": list(family.support.points),
            "view": list(family.support.view),
        },
        "response": _response(family),
        "natural": _natural(family, free),
        "expectation": _expectation(family, free),
        "kl": _kl(family, free),
        "sphere": _sphere(family, free),
    }


def _response(family: Family) -> dict[str, Any] | None:
    """The curve of a member over an input, as a tape of (t, θ…)."""
    response = family.response
    if response is None:
        return None
    t = sp.Symbol("t", real=True)
    return {
        "tape": _tape([response.curve(t, *family.symbols)], (t, *family.symbols)),
        "x": list(response.inputs),
        "y": None if response.view is None else list(response.view),
        "label": response.label,
        "input_label": response.input_label,
    }


@once
def describe_chart(family: Family, key: str) -> dict[str, Any]:
    """A display chart: ξ(u), its Jacobian, and u(ξ) where there is a formula."""
    own, free = chart_map(family, key), chart_map(family, family.solver)
    chart = own.chart
    # a path that crosses the end of a turn comes back in at the other side
    periods = {p.name: p.period for p in family.parameters if p.period}
    return {
        "name": chart.name,
        "coords": [
            {"name": n, "symbol": g, "label": text, "lo": _finite(d[0]), "hi": _finite(d[1]), "period": periods.get(n)}
            for n, g, text, d in zip(chart.names, chart.glyphs, chart.labels, chart.domains, strict=True)
        ],
        **_between(own, free),
    }


def describe_descent(
    family: Family, key: str, rules: tuple[str, ...] = (), loss: Loss = "from"
) -> dict[str, Any] | None:
    """A loss with its gradient, and the metric, in one chart; None where the loss has no formula.

    Where the chart has no formula for θ the loss is one of u, and the stage goes through ∂ξ/∂u.
    "newton" and "empirical" among the `rules` add what they divide by, where there is a formula.
    """
    return (_divergence if isinstance(loss, str) else _descent)(family, key, rules, loss)


@once
def _divergence(family: Family, key: str, rules: tuple[str, ...], loss: str) -> dict[str, Any] | None:
    return _descent(family, key, rules, loss)


def _descent(family: Family, key: str, rules: tuple[str, ...], loss: Loss) -> dict[str, Any] | None:
    own, g, free_value = _descent_chart(family, key), fisher_metric(family, key).g_tape, None
    value = chart_loss_tape(family, key, loss)
    if value is None or g is None:
        value, g, free_value = None, None, chart_loss_tape(family, family.solver, loss)
        if free_value is None:
            return None
    hessian = chart_hessian_tape(family, key, loss) if "newton" in rules else None
    empirical = chart_empirical_tape(family, key, loss) if "empirical" in rules else None
    tapes = {"loss": value, "loss_u": free_value, "metric": g, "hessian": hessian, "empirical": empirical}
    said = {name: None if tape is None else tape.as_dict() for name, tape in tapes.items()}
    return {**own, **said}


@once
def _descent_chart(family: Family, key: str) -> dict[str, Any]:
    own, free = chart_map(family, key), chart_map(family, family.solver)
    return {"name": own.chart.name, **_between(own, free)}


def _tape(expressions: Expressions, symbols: Sequence[sp.Symbol]) -> dict[str, Any]:
    return lower(expressions, symbols).as_dict()


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def _parameter(p) -> dict[str, Any]:
    low, high = map(_finite, p.domain)
    return {"name": p.name, "symbol": p.glyph or p.name, "label": p.label, "lo": low, "hi": high}


def _u(free: ChartMap) -> tuple[sp.Symbol, ...]:
    return free.chart.symbols


def _back(free: ChartMap) -> tuple[sp.Expr, ...]:
    if free.backward is None:
        raise ValueError(f"Family '{free.family.title}': the solver chart '{free.chart.name}' needs a formula for θ.")
    return free.backward


def _in_u(expressions: Expressions, free: ChartMap) -> list[Any]:
    """Expressions in θ as expressions in u."""
    swap = dict(zip(free.family.symbols, _back(free), strict=True))
    return [e.xreplace(swap) for e in expressions]


def _between(own: ChartMap, free: ChartMap) -> dict[str, Any]:
    """ξ(u), ∂ξ/∂u and u(ξ) of one chart."""
    u = _u(free)
    forward = list(u) if own.chart.name == free.chart.name else _in_u(own.forward, free)
    to_u = None
    if own.backward is not None:
        swap = dict(zip(own.family.symbols, own.backward, strict=True))
        back = own.chart.symbols if own.chart.name == free.chart.name else [
            e.xreplace(swap) for e in free.forward
        ]  # fmt: skip
        to_u = _tape(back, own.chart.symbols)
    return {
        "from_u": _tape(forward, u),
        "jac_u": _tape([sp.diff(f, s) for f in forward for s in u], u),
        "to_u": to_u,
    }


def _singular(family: Family, free: ChartMap) -> dict[str, Any] | None:
    """u -> what changes sign where the metric is singular; None where it never is."""
    return _tape(_in_u(family.singular(*family.symbols), free), _u(free)) if family.singular else None


def _natural(family: Family, free: ChartMap) -> dict[str, Any] | None:
    if family.exponential_form is None or family.natural is None:
        return None
    between = _between(chart_map(family, "natural"), free)
    return {"from_u": between["from_u"], "to_u": between["to_u"]}


def _expectation(family: Family, free: ChartMap) -> dict[str, Any] | None:
    if family.exponential_form is None:
        return None
    between = _between(chart_map(family, "expectation"), free)
    return {"from_u": between["from_u"], "jac_u": between["jac_u"]}


def _sphere(family: Family, free: ChartMap) -> dict[str, Any] | None:
    """u -> z on a unit sphere and back, where the family is a part of one: great circles need no solver."""
    closed = fisher_metric(family).closed_form
    if closed is None or not isinstance(closed.isometry, Simplex):
        return None
    z = sp.symbols(f"z0:{family.dimension + 1}", positive=True)
    embedded = _in_u(closed.isometry.embedding(family.symbols), free)
    swap = dict(zip(family.symbols, closed.isometry.of_embedding(z), strict=True))
    back = [e.subs(swap, simultaneous=True) for e in free.forward]
    return {"embed": _tape(embedded, _u(free)), "back": _tape(back, z)}


def _kl(family: Family, free: ChartMap) -> dict[str, Any] | None:
    found = kl_expression(family)
    if found is None:
        return None
    expression, first, second = found
    u = _u(free)
    other = tuple(sp.Symbol(f"{s.name}_q", **s.assumptions0) for s in u)
    back = _back(free)
    swap = dict(zip(first, back, strict=True))
    move = dict(zip(u, other, strict=True))
    swap |= {s: b.xreplace(move) for s, b in zip(second, back, strict=True)}
    return _tape([expression.xreplace(swap)], (*u, *other))
