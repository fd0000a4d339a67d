"""Every metric is examined against the definition: ∫p = 1, E[s] = 0, E[s sᵀ] = g, rank g = d.

The numbers are the authority. A closed form that disagrees with them is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fimviz.derive import derive
from fimviz.derive.quadrature import expectation as expectation_of
from fimviz.family import Family
from fimviz.tape import lower

Array = NDArray[Any]
_NORMALISED = 1e-6
_AGREES = 1e-8
_SINGULAR = 1e-10
_ESCAPES = 1e-3


class State(Enum):
    """What an examination can find; the value is the sentence that says it."""

    REGULAR = "The metric exists and agrees with quadrature."
    SCORE_ONLY = "The second derivative jumps; the metric comes from the score."
    NOT_NORMALISED = "Integrates to {mass}, not 1. Normalise?"
    NOT_A_DENSITY = "No probability density for these values."
    SUPPORT_MOVES = "Not regular: the score does not average to zero, so the support moves. No metric is drawn."
    NO_INFORMATION = "The density does not depend on {name}."
    SINGULAR = "Only {rank} of {dimension} parameters can be identified here."
    NO_METRIC = "The score has no second moment, so there is no metric."
    NO_FORMULA = "No rule gives the metric in closed form; it is known by quadrature."
    NOT_COMPUTED = "These numbers cannot be computed: {reason}"
    REFUSED = "The closed form and the quadrature disagree; the formula is refused."


@dataclass(frozen=True)
class Verdict:
    """The finding and the numbers behind it, each the worst over the points examined.

    mass_error |∫p − 1|; score_mean |E[s]| and disagreement |E[s sᵀ] − g|, in units of √gᵢᵢ and
    √(gᵢᵢgⱼⱼ), the latter nan where there is no g but these numbers; hessian_gap |−E[∂²ℓ] − E[s sᵀ]|
    likewise; condition λmax/λmin of the scaled metric.
    """

    state: State
    mass_error: float
    score_mean: float
    disagreement: float
    hessian_gap: float
    condition: float
    sentence: str

    @property
    def regular(self) -> bool:
        """Whether there is a metric to draw: it exists, and its formula agrees with the definition."""
        known = self.state is State.NO_FORMULA and np.isfinite(self.disagreement)
        return self.state in (State.REGULAR, State.SCORE_ONLY) or known


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
        return _examine(family, family.check(theta).reshape(-1, family.dimension))
    kept = family.__dict__
    if "_verdict" not in kept:
        kept["_verdict"] = _examine(family, examination_points(family))
    return kept["_verdict"]


def _examine(family: Family, theta: Array) -> Verdict:
    if not len(theta):
        return _no_numbers("the view holds no point of the domain.")
    try:
        return _held_against_quadrature(family, theta)
    except ValueError as reason:  # a function without an instruction, a condition that cannot be lowered
        return _no_numbers(str(reason))


def _no_numbers(reason: str) -> Verdict:
    unknown = float("nan")
    return Verdict(State.NOT_COMPUTED, *[unknown] * 5, sentence=State.NOT_COMPUTED.value.format(reason=reason))


def _held_against_quadrature(family: Family, theta: Array) -> Verdict:
    # a declaration may be anything: what overflows or has no value shows in the numbers
    with np.errstate(all="ignore"):
        expectation = expectation_of(family)
        rule = expectation.rule(theta)
        mass, mean, second, hessian = expectation.score_moments(theta, rule)
        size = np.sqrt(np.einsum("...ii->...i", second))
        unit = np.where(size > 0, size, 1.0)
        scale = unit[..., :, None] * unit[..., None, :]
        g = _closed_form(family, theta)
        if g is None:
            # nothing else vouches for these numbers: they must not depend on the nodes
            unstable: Any = ~(np.abs(second - expectation.metric(theta, panels=180)) <= _NORMALISED * scale)
            size = np.where(unstable.any((-1, -2))[..., None], np.inf, size)
        escapes = np.max(expectation.escape(rule)) > _ESCAPES or not np.all(mass > 0)
        eigenvalues = _eigenvalues(second / scale)
        numbers = {
            "mass_error": float("inf") if escapes else _worst(mass - 1),
            "score_mean": _worst(mean / unit),
            "disagreement": float("nan") if g is None else _worst((second - g) / scale),
            "hessian_gap": _worst((hessian - second) / scale),
            "condition": float(np.max(eigenvalues[..., -1] / np.maximum(eigenvalues[..., 0], 1e-300))),
        }
    state = _as_declared(family, _state(numbers, size))
    said = {
        "mass": _just_not_one(float(mass[np.argmax(np.abs(mass - 1))])),
        "name": family.names[int(np.argmin(size.max(axis=0)))],
        "rank": int(np.min(np.sum(eigenvalues > _SINGULAR * eigenvalues[:, -1:], axis=-1))),
        "dimension": family.dimension,
    }
    return Verdict(state, **numbers, sentence=state.value.format(**said))


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
    """A metric known on nodes has no formula; one that is singular somewhere has information elsewhere."""
    if state is State.REGULAR and family.mean is not None:
        return State.NO_FORMULA
    return State.SINGULAR if state is State.NO_INFORMATION and family.singular is not None else state


def _state(n: dict[str, float], size: Array) -> State:
    if not np.isfinite(n["mass_error"]):
        return State.NOT_A_DENSITY
    if n["mass_error"] > _NORMALISED:
        return State.NOT_NORMALISED
    if np.any(np.max(size, axis=0) == 0):
        return State.NO_INFORMATION
    if n["score_mean"] > _NORMALISED:
        return State.SUPPORT_MOVES
    if not np.isfinite(size).all():
        return State.NO_METRIC
    if n["disagreement"] > _AGREES and n["condition"] < 1 / _SINGULAR:
        return State.REFUSED
    if not n["condition"] < 1 / _SINGULAR:
        return State.SINGULAR
    if np.isnan(n["disagreement"]):
        return State.NO_FORMULA
    return State.REGULAR if n["hessian_gap"] < _NORMALISED else State.SCORE_ONLY
