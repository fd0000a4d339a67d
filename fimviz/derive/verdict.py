"""What an examination can find, and the sentences that say it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from fimviz.exponential import Expr
from fimviz.family import Family
from fimviz.notation import three

Array = NDArray[Any]
Vectors = tuple[tuple[float, ...], ...]
_POWERS = {"**2": "²", "**3": "³", "**4": "⁴", "*": "·", "-": "−"}


class State(Enum):
    """What an examination can find; the value is the sentence that says it."""

    REGULAR = "The metric exists and agrees with quadrature."
    SCORE_ONLY = "The score jumps, which its slope does not see; the metric comes from the score."
    NOT_NORMALISED = "Integrates to {mass}{at}, not 1. Normalise?"
    NOT_A_DENSITY = "No probability density for these values."
    SUPPORT_MOVES = (
        "Not regular: {edge} moves with {moving}; the score gives {score}, the curvature {curvature}{at}. "
        "No metric is drawn."
    )
    NO_INFORMATION = "The density does not depend on {name}."
    SINGULAR = "Only {what} can be identified{at}: along {null} nothing changes."
    NO_METRIC = "The second moment of the score does not settle: it may be infinite, and no metric is drawn."
    NO_FORMULA = "No rule gives the metric in closed form; it is known by quadrature, to {accuracy}."
    NOT_COMPUTED = "These numbers cannot be computed: {reason}"
    REFUSED = "The closed form and the quadrature disagree by {disagreement}; the formula is refused."


class Remark(Enum):
    """What is worth knowing of a family that has a metric."""

    SINGULAR_SOMEWHERE = "Singular where {places}: {rank} of {dimension} parameters can be identified there."
    NO_MEAN = "The metric exists; the mean does not."
    NO_MEAN_SOMEWHERE = "Every member has a metric; some have no mean."


@dataclass(frozen=True)
class Verdict:
    """The finding and the numbers behind it, each the worst over the points examined.

    mass_error |∫p − 1|; score_mean |E[s]| and disagreement |E[s sᵀ] − g|, in units of √gᵢᵢ and
    √(gᵢᵢgⱼⱼ), the latter nan where there is no g but these numbers; hessian_gap |−E[∂²ℓ] − E[s sᵀ]|
    likewise; condition λmax/λmin of the scaled metric; rank of the metric, the least over the points,
    and `null`, directions in θ there along which the density does not change to first order.
    """

    state: State
    mass_error: float
    score_mean: float
    disagreement: float
    hessian_gap: float
    condition: float
    sentence: str
    rank: int = 0
    null: Vectors = ()
    remarks: tuple[str, ...] = ()

    @property
    def regular(self) -> bool:
        """Whether there is a metric to draw: it exists, and its formula agrees with the definition."""
        known = self.state is State.NO_FORMULA and math.isfinite(self.disagreement)
        return self.state in (State.REGULAR, State.SCORE_ONLY) or known

    @property
    def words(self) -> str:
        """The sentence and the remarks."""
        return " ".join((self.sentence, *self.remarks))


# ------------------------------------------------------------------------------------------ in words


def glyphs(family: Family) -> list[str]:
    return [p.glyph or p.name for p in family.parameters]


def identified(family: Family, null: Vectors) -> str:
    """The combination a + b that the null direction (1, −1) leaves of two parameters."""
    (u, v), (a, b) = null[0], glyphs(family)
    first, second = _unit((v, -u))
    if not (first and second):
        return a if first else b
    return f"{_times(first)}{a} {'+' if second > 0 else '−'} {_times(abs(second))}{b}"


def _times(factor: float) -> str:
    return {1.0: "", -1.0: "−"}.get(factor, f"{number(factor)}·")


def singular(family: Family, theta: Array, rank: int, null: Vectors, everywhere: bool) -> dict[str, str]:
    """What is left of the parameters: by name where two have the same null direction at every θ."""
    what = f"{rank} of {family.dimension} parameters"
    if everywhere and family.dimension == 2 and rank == 1:
        what = f"{identified(family, null)} ({what})"
    along = " and ".join(map(vector, null))
    names = f"({', '.join(glyphs(family))}) = " if family.dimension > 1 else ""
    return {"what": what, "at": "" if everywhere else at(family, theta), "null": names + along}


def vector(v: Iterable[float]) -> str:
    return f"({', '.join(map(number, v))})"


def at(family: Family, theta: Array) -> str:
    """A place in a sentence: at b = 1, at (a, b) = (1, 2)."""
    names = glyphs(family)
    if family.dimension == 1:
        return f" at {names[0]} = {number(theta[0])}"
    return f" at ({', '.join(names)}) = {vector(theta)}"


def number(x: float) -> str:
    """A whole number as it is, any other to three digits, with a true minus sign."""
    return f"{x + 0.0:.0f}".replace("-", "−") if abs(x) < 1e6 and x == int(x) else three(x)


def null_space(scaled: Array, size: Array, rank: int) -> Vectors:
    """Directions v with g v = 0, from gᵢⱼ = sizeᵢ scaledᵢⱼ sizeⱼ."""
    if not np.isfinite(scaled).all():
        return ()
    _, vectors = np.linalg.eigh(scaled)
    inner = vectors[:, : len(scaled) - rank].T / np.where(size > 0, size, 1.0)
    return tuple(_unit(v) for v in inner)


def _unit(v: Sequence[float]) -> tuple[float, ...]:
    """v over its largest entry, the first of equals positive; in small whole numbers where it can be."""
    w = np.asarray(v, float)
    w = w / w[np.argmax(np.abs(w) > (1 - 1e-6) * np.max(np.abs(w)))]
    simple = [Fraction(float(x)).limit_denominator(12) for x in w]
    if np.max(np.abs(w - np.array(simple, float))) > 1e-7:
        return tuple(map(float, w))
    return tuple(float(x * math.lcm(*(s.denominator for s in simple))) for x in simple)


def constant_score(family: Family, i: int) -> tuple[str, str] | None:
    """(s², −∂s) as formulas where the score of parameter i is free of x, as it is where only the edge moves."""
    ell = family.expression.replace(lambda e: isinstance(e, sp.Piecewise), _inside)
    score = sp.diff(ell, family.symbols[i])
    if score.free_symbols & set(family.samples) or ell.has(sp.Piecewise):
        return None
    return written(family, score**2), written(family, -sp.diff(score, family.symbols[i]))


def _inside(e: Any) -> Any:
    """The one finite branch of a log-density that is −∞ elsewhere."""
    finite = [value for value, _ in e.args if value != -sp.oo]
    return finite[0] if len(finite) == 1 else e


def written(family: Family, e: Expr) -> str:
    """A small formula in one line: −1/b², α²/xₘ²."""
    names = dict(zip(family.symbols, map(sp.Symbol, glyphs(family)), strict=True))
    above, below = sp.fraction(sp.factor(e).xreplace(names))
    sign, above = ("−", -above) if above.could_extract_minus_sign() else ("", above)
    text = _line(above) if below == 1 else f"{_side(above)}/{_side(below)}"
    return sign + text


def _side(e: Any) -> str:
    return f"({_line(e)})" if e.is_Add or (e.is_Mul and len(e.args) > 1) else _line(e)


def _line(e: Any) -> str:
    text = str(e)
    for typed, set_ in _POWERS.items():
        text = text.replace(typed, set_)
    return text
