"""A derivation as data: what was done, to what, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fimviz.derive.removable import filled
from fimviz.exponential import ExponentialForm, Expr, Matrix

Cubic = list[list[list[Expr]]]


@dataclass(frozen=True)
class Step:
    """One line of a derivation: the rule's name, the expression before and the one after."""

    rule: str
    before: Any
    after: Any


@dataclass(frozen=True, eq=False)
class Derivation:
    """How the metric of a family was found.

    g is the metric of one observation in the declared parameters, or None where it is no formula;
    `cubic` the Amari–Chentsov tensor Tᵢⱼₖ = E[∂ᵢℓ ∂ⱼℓ ∂ₖℓ] there, found when first asked for; `form`
    the exponential form, if the family has one; `expect` is the expectation as the rule knows it, of
    functions of x (of z = (x − μ)/σ for location–scale), or None. `moments(order, symbols, back)` are
    the products of so many scores in the coordinates `symbols`, θ = back, as integrals on nodes.
    """

    rule: str
    steps: tuple[Step, ...]
    g: Matrix | None
    find_cubic: Callable[[], Cubic]
    form: ExponentialForm | None = None
    expect: Callable[[Expr], Expr | None] | None = None
    moments: Callable[..., Any] | None = None

    @cached_property
    def cubic(self) -> Cubic:
        return self.find_cubic()

    @cached_property
    def continuous(self) -> Matrix:
        """g with its removable singularities filled in: what numbers are computed from."""
        return self.g.applyfunc(filled)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> Step:
        return self.steps[index]


def symmetric(values: dict[tuple[int, ...], Expr], d: int) -> Cubic:
    """The full array of a symmetric tensor of rank three given by its sorted indices."""
    n = range(d)
    return [[[values[tuple(sorted((i, j, k)))] for k in n] for j in n] for i in n]
