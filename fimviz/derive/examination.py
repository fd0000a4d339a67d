"""Every metric is examined against the definition: ∫p = 1, E[s] = 0, E[s sᵀ] = g, rank g = d.

The numbers are the authority. A closed form that disagrees with them is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.derive import derive
from fimviz.derive import verdict as say
from fimviz.derive.quadrature import Expectation
from fimviz.derive.quadrature import expectation as expectation_of
from fimviz.derive.tails import without_mean
from fimviz.derive.verdict import Remark, State, Verdict
from fimviz.family import Family
from fimviz.notation import power, three
from fimviz.tape import lower

__all__ = ["Remark", "State", "Verdict", "examination_points", "examine"]

Array = NDArray[Any]
_NORMALISED = 1e-6
_AGREES = 1e-8
_SINGULAR = 1e-10
_ESCAPES = 1e-3
# beside a place where the metric may be singular, in units of the view, and how small its metric is then
_BESIDE, _SMALL = 1e-3, 1e-2


def examination_points(family: Family, count: int = 8, seed: int = 0) -> Array:
    """Seeded random points of the family's view, shape (count, d)."""
    rng = np.random.default_rng(seed)
    low, high = np.transpose([p.view for p in family.parameters])
    points = rng.uniform(low, high, (64 * count, family.dimension))
    return points[family.inside(points)][:count]


def examine(family: Family, theta: ArrayLike | None = None) -> Verdict:
    """Hold the derived metric of `family` against quadrature, at θ (..., d) or at random points.

    Always a verdict, whatever the declaration; raises `DomainError` only for θ outside the domain.
    """
    if theta is not None:
        return _examine(family, family.check(theta).reshape(-1, family.dimension), False)
    kept = family.__dict__
    if "_verdict" not in kept:
        kept["_verdict"] = _examine(family, examination_points(family), True)
    return kept["_verdict"]


def _examine(family: Family, theta: Array, everywhere: bool) -> Verdict:
    if not len(theta):
        return _no_numbers("the view holds no point of the domain.")
    try:
        found = _held_against_quadrature(family, theta, everywhere)
        known = found.regular or found.state is State.NO_FORMULA
        return replace(found, remarks=_remarks(family, theta, everywhere)) if known else found
    except ValueError as reason:  # a function without an instruction, a condition that cannot be lowered
        return _no_numbers(str(reason))


def _no_numbers(reason: str) -> Verdict:
    sentence, unknown = State.NOT_COMPUTED.value.format(reason=reason), float("nan")
    return Verdict(State.NOT_COMPUTED, unknown, unknown, unknown, unknown, unknown, sentence)


def _held_against_quadrature(family: Family, theta: Array, everywhere: bool) -> Verdict:
    # a declaration may be anything: what overflows or has no value shows in the numbers
    with np.errstate(all="ignore"):
        expectation = expectation_of(family)
        rule = None if expectation.factorises else expectation.rule(theta)
        mass, mean, second, hessian = expectation.score_moments(theta, rule)
        size = np.sqrt(np.einsum("...ii->...i", second))
        unit, scaled = _scaled(second)
        scale = unit[..., :, None] * unit[..., None, :]
        g, accuracy = _closed_form(family, theta), 0.0
        if g is None:
            # nothing else vouches for these numbers: they must not depend on the nodes
            gap = np.abs(second - expectation.metric(theta, panels=180)) / scale
            accuracy, unstable = _worst(gap), ~(gap <= _NORMALISED)
            size = np.where(unstable.any((-1, -2))[..., None], np.inf, size)
        jumps = expectation.moving_jumps(theta)
        # in units of √gᵢᵢ, or of their own where the score sees nothing of them
        moving = np.maximum(np.abs(mean / unit), np.nan_to_num(jumps / np.maximum(unit * (size > 0), jumps)))
        wrong = int(np.argmax(np.abs(mass - 1)))
        alike = np.max(mass) - np.min(mass) <= _NORMALISED * mass[wrong]
        escapes = (rule is not None and np.max(expectation.escape(rule)) > _ESCAPES) or not np.all(mass > 0)
        low, *_, high = np.moveaxis(_eigenvalues(scaled)[..., [0, -1]], -1, 0)
        numbers = {
            "mass_error": float("inf") if escapes else _worst(mass - 1),
            "score_mean": _worst(mean / unit),
            "disagreement": float("nan") if g is None else _worst((second - g) / scale),
            "hessian_gap": _worst((hessian - second) / scale),
            "condition": float(np.max(np.where(low > 0, high / low, np.inf))),
        }
    state = _as_declared(family, _state(numbers, _worst(moving), size, everywhere))
    ranks = _ranks(scaled)
    least = int(np.argmin(ranks))
    null = say.null_space(scaled[least], unit[least], ranks[least])
    off = numbers["disagreement"]
    said = {"mass": _just_not_one(float(mass[wrong])), "rank": ranks[least],
            "at": "" if alike else say.at(family, theta[wrong]),
            "name": say.glyphs(family)[int(np.argmin(size.max(axis=0)))], "dimension": family.dimension,
            "accuracy": power(accuracy if g is None else off), "disagreement": power(off)}  # fmt: skip
    if state is State.SINGULAR:
        said |= say.singular(family, theta[least], ranks[least], null, _same_null(second, null))
    elif state is State.SUPPORT_MOVES:
        most = int(np.argmax(np.max(moving, axis=0)))
        said |= _moving_words(family, family.default if everywhere else theta[0], most)
    return Verdict(state, **numbers, sentence=state.value.format(**said), rank=int(ranks[least]), null=null)


def _scaled(second: Array) -> tuple[Array, Array]:
    """(√gᵢᵢ, g in units of √(gᵢᵢgⱼⱼ)), with 1 for an entry that is 0."""
    size = np.sqrt(np.einsum("...ii->...i", second))
    unit = np.where(size > 0, size, 1.0)
    return unit, second / (unit[..., :, None] * unit[..., None, :])


def _ranks(scaled: Array) -> Array:
    eigenvalues = _eigenvalues(scaled)
    return np.sum(eigenvalues > _SINGULAR * eigenvalues[..., -1:], axis=-1)


def _same_null(second: Array, null: say.Vectors) -> bool:
    """Whether the directions that change nothing at one point change nothing at any."""
    v = np.array(null)
    unit, _ = _scaled(second)
    along = np.einsum("ki,nij,kj->nk", v, second, v)
    return bool(len(second) > 1 and np.all(along <= 1e-8 * np.max(unit**2, axis=-1)[:, None]))


def _moving_words(family: Family, theta: Array, i: int) -> dict[str, str]:
    """What both definitions of the metric would give for the parameter that moves the support most."""
    name, formulas = say.glyphs(family)[i], say.constant_score(family, i)
    edge = "the support" if family.expression.has(-sp.oo) else "a jump of the density"
    if formulas:
        return {"edge": edge, "moving": name, "score": formulas[0], "curvature": formulas[1], "at": ""}
    _, _, second, hessian = expectation_of(family).score_moments(theta[None])
    return {"edge": edge, "moving": name, "score": three(second[0, i, i]), "curvature": three(hessian[0, i, i]),
            "at": say.at(family, theta)}  # fmt: skip


def _remarks(family: Family, theta: Array, everywhere: bool) -> tuple[str, ...]:
    expectation = expectation_of(family)
    tails = without_mean(expectation, theta)
    said = [_singular_somewhere(family, expectation, theta)] if everywhere else []
    if tails.any():
        said.append((Remark.NO_MEAN if tails.all() else Remark.NO_MEAN_SOMEWHERE).value)
    return tuple(filter(None, said))


def _singular_somewhere(family: Family, expectation: Expectation, theta: Array) -> str:
    """Where random points never are: at 0, and where two parameters are equal."""
    places = [(place, points) for place, points in _special_places(family, theta[:2]) if len(points)]
    if not places:
        return ""
    together = np.concatenate([points for _, points in places])
    g = _metric(family, expectation, together)
    ranks = np.where(np.isfinite(g).all((-1, -2)), _ranks(_scaled(g)[1]), family.dimension)
    # a metric that vanishes on its way there, and not one that jumps, as that of N(|m|, 1) does at 0
    low, high = np.transpose([p.view for p in family.parameters])
    beside = together + _BESIDE * (high - low) * np.arange(1, family.dimension + 1)
    ranks = np.where(
        _shrinks(family, expectation, theta, np.where(family.inside(beside)[:, None], beside, together)),
        ranks,
        family.dimension,
    )
    parts = np.split(ranks, np.cumsum([len(points) for _, points in places])[:-1])
    found = [
        (place, int(np.min(r))) for (place, _), r in zip(places, parts, strict=True) if np.all(r < family.dimension)
    ]
    names = " or ".join(place for place, _ in found)
    rank = min((r for _, r in found), default=0)
    said = Remark.SINGULAR_SOMEWHERE.value.format(places=names, rank=rank, dimension=family.dimension)
    return said if found else ""


def _metric(family: Family, expectation: Expectation, theta: Array) -> Array:
    g = _closed_form(family, theta)
    return expectation.metric(theta) if g is None else g


def _shrinks(family: Family, expectation: Expectation, theta: Array, points: Array) -> NDArray[np.bool_]:
    """Whether the least eigenvalue of g at points (m, d) is small beside those at θ (n, d), in the same units."""
    g = _metric(family, expectation, np.concatenate([theta, points]))
    unit = np.sqrt(np.max(np.einsum("nii->ni", g[: len(theta)]), axis=0))
    least = np.linalg.eigvalsh(np.nan_to_num(g / np.outer(unit, unit)))[:, 0]
    return least[len(theta) :] < _SMALL * np.max(least[: len(theta)])


def _special_places(family: Family, theta: Array) -> Iterator[tuple[str, Array]]:
    """Names of the places, with the points θ (n, d) moved there that stay in the view."""
    names, d = say.glyphs(family), range(family.dimension)
    low, high = np.transpose([p.view for p in family.parameters])
    moved = [(f"{names[i]} = 0", i, np.zeros(len(theta))) for i in d]
    moved += [(f"{names[j]} = {names[i]}", i, theta[:, j]) for i in d for j in range(i)]
    for place, i, values in moved:
        points = theta.copy()
        points[:, i] = values
        yield place, points[family.inside(points) & (low[i] < values) & (values < high[i])]


def _closed_form(family: Family, theta: Array) -> Array | None:
    """The derived metric at θ, by its formula or on its nodes, or None: a rule that does not apply is no verdict."""
    try:
        found = derive(family)
        g = found.moments(2, family.symbols, family.symbols) if found.moments else found.continuous
        values = lower(list(g), family.symbols)(*np.moveaxis(theta, -1, 0))
    except (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError):
        return None
    return values.reshape(*theta.shape[:-1], g.rows, g.cols)


def _eigenvalues(scaled: Array) -> Array:
    return np.linalg.eigvalsh(scaled if np.isfinite(scaled).all() else np.zeros_like(scaled))


def _just_not_one(mass: float) -> str:
    """Four digits, or as many as it takes to differ from 1."""
    digits = next((n for n in range(4, 17) if f"{mass:.{n}g}" != "1"), 17)
    return f"{mass:.{digits}g}"


def _worst(values: Array) -> float:
    return float(np.max(np.abs(values))) if np.isfinite(values).all() else float("inf")


def _as_declared(family: Family, state: State) -> State:
    """A metric known on nodes has no formula."""
    return State.NO_FORMULA if state is State.REGULAR and family.mean is not None else state


def _state(n: dict[str, float], moving: float, size: Array, everywhere: bool) -> State:
    if not np.isfinite(n["mass_error"]):
        return State.NOT_A_DENSITY
    if n["mass_error"] > _NORMALISED:
        return State.NOT_NORMALISED
    if moving > _NORMALISED:
        return State.SUPPORT_MOVES
    if everywhere and np.any(np.max(size, axis=0) == 0):
        return State.NO_INFORMATION
    if not np.isfinite(size).all():
        return State.NO_METRIC
    if n["disagreement"] > _AGREES and n["condition"] < 1 / _SINGULAR:
        return State.REFUSED
    if not n["condition"] < 1 / _SINGULAR:
        return State.SINGULAR
    if np.isnan(n["disagreement"]):
        return State.NO_FORMULA
    return State.REGULAR if n["hessian_gap"] < _NORMALISED else State.SCORE_ONLY
