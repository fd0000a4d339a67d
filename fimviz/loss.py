"""What is descended, as a function of one chart's coordinates: its value, slope, curvature, and the scores of p*.

"from"   KL(p*‖p_θ)
"to"     KL(p_θ‖p*)
data     the mean of log p*(xᵢ) − log p_θ(xᵢ), which is 0 and least at p* where p* fits best

Tapes of (ξ…, p*…), p* in the declared parameters; none where the loss or θ(ξ) has no formula.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp

from fimviz.atlas import chart_map
from fimviz.divergence import kl_expression
from fimviz.exponential import without_deltas
from fimviz.family import Family, once
from fimviz.tape import Sums, Tape, lower

#: "from", "to", or the observations, as a tuple of numbers or of tuples
Loss = str | tuple[Any, ...]


def chart_loss_tape(family: Family, key: str, loss: Loss = "from") -> Tape | None:
    """(ξ…, p*…) -> [L, ∂L/∂ξ…]; None where the loss or θ(ξ) has no formula."""
    return _tape(family, key, loss, _slopes)


def chart_hessian_tape(family: Family, key: str, loss: Loss = "from") -> Tape | None:
    """(ξ…, p*…) -> the upper triangle of ∂²L/∂ξᵢ∂ξⱼ, row by row: what Newton's method divides by."""
    return _tape(family, key, loss, _bends)


def chart_empirical_tape(family: Family, key: str, loss: Loss = "from") -> Tape | None:
    """(ξ…, p*…) -> the upper triangle of the empirical Fisher matrix, the mean of s sᵀ over data or p*."""
    return _of_target(family, key) if isinstance(loss, str) else _tape(family, key, loss, _score_products)


def _tape(family: Family, key: str, loss: Loss, outputs: Callable[..., list[Any]]) -> Tape | None:
    if isinstance(loss, str):
        return _divergence_tape(family, key, loss, outputs)
    body = _data_body(family, key, outputs)
    return None if body is None else _over(body, family, loss)


@once
def _divergence_tape(family: Family, key: str, loss: str, outputs: Callable[..., list[Any]]) -> Tape | None:
    found = _in_chart(family, key, loss)
    if found is None:
        return None
    expression, symbols, star = found
    return lower(outputs(expression, symbols), (*symbols, *star))


@once
def _data_body(family: Family, key: str, outputs: Callable[..., list[Any]]) -> Tape | None:
    """(x…, ξ…, p*…) -> what one observation adds."""
    own = chart_map(family, key)
    if own.backward is None:
        return None
    star = _star(family)
    there, here = (dict(zip(family.symbols, s, strict=True)) for s in (star, own.backward))
    log_p: Any = family.expression
    gap = log_p.xreplace(there) - log_p.xreplace(here)
    return lower(outputs(gap, own.chart.symbols), (*family.samples, *own.chart.symbols, *star))


def _over(body: Tape, family: Family, data: Sequence[Any]) -> Tape:
    """The mean of a tape of (x…, ξ…, p*…) over data, as a tape of (ξ…, p*…) with a sum in it."""
    size, count = family.support.size, len(body.out)
    columns = np.asarray(data, float).reshape(-1, size).T
    lanes = tuple(range(body.n_in - size))
    weights = np.full((count, columns.shape[1]), 1 / columns.shape[1])
    mean = Sums(
        Tape(len(lanes), len(lanes), (), (), lanes),
        tuple(map(tuple, columns.tolist())), body, tuple(map(tuple, weights.tolist())),
    )  # fmt: skip
    out = tuple(len(lanes) + i for i in range(count))
    return Tape(len(lanes), len(lanes) + count, (), (), out, (mean,))


def _slopes(loss: Any, symbols: Sequence[sp.Symbol]) -> list[Any]:
    return [loss, *(sp.diff(loss, s) for s in symbols)]


def _bends(loss: Any, symbols: Sequence[sp.Symbol]) -> list[Any]:
    slopes = [sp.diff(loss, s) for s in symbols]
    return [without_deltas(sp.diff(slopes[i], symbols[j])) for i, j in _upper(len(symbols))]


def _score_products(gap: Any, symbols: Sequence[sp.Symbol]) -> list[Any]:
    slopes = [sp.diff(gap, s) for s in symbols]
    return [slopes[i] * slopes[j] for i, j in _upper(len(symbols))]


@once
def chart_through_tape(family: Family, key: str) -> Tape:
    """u -> (ξ…, ∂ξ/∂u row by row) for a chart without a formula for θ, u the solver's coordinates."""
    own, free = chart_map(family, key), chart_map(family, family.solver)
    swap = dict(zip(family.symbols, free.backward or (), strict=True))
    forward = [e.xreplace(swap) for e in own.forward]
    u = free.chart.symbols
    return lower([*forward, *(sp.diff(f, s) for f in forward for s in u)], u)


@once
def loss_tape(family: Family) -> Tape:
    """(θ…, p*…) -> [L, ∂L/∂θ…] with L = KL(p*‖p_θ), in the declared parameters.

    The gradient in a chart is (∂θ/∂ξ)ᵀ ∂L/∂θ. Raises `ValueError` where KL has no formula.
    """
    found = kl_expression(family)
    if found is None:
        raise ValueError(f"Family '{family.title}' has no formula for KL, so nothing to descend.")
    expression, first, second = found
    return lower([expression, *(sp.diff(expression, s) for s in second)], (*second, *first))


@once
def _of_target(family: Family, key: str) -> Tape | None:
    """(ξ…, p*…) -> the upper triangle of E_{p*}[s sᵀ].

    Labels come from p* and not from the model. In an exponential family with statistics f of means η
    and coefficients c, s = Jᵀ(f − η) with J = ∂c/∂ξ, so it is Jᵀ(C* + (η* − η)(η* − η)ᵀ)J with C* the covariance
    of f under p*. None for other families.
    """
    own, form = chart_map(family, key), family.exponential_form
    if form is None or own.backward is None:
        return None
    symbols, star = own.chart.symbols, _star(family)
    here = dict(zip(family.symbols, own.backward, strict=True))
    there = dict(zip(family.symbols, star, strict=True))
    jacobian = sp.Matrix([[sp.diff(c.xreplace(here), s) for s in symbols] for c in form.coefficients])
    gap = sp.Matrix([e.xreplace(there) - e.xreplace(here) for e in form.expectations])
    means = sp.Matrix([[sp.diff(e, s) for s in family.symbols] for e in form.expectations])
    natural = sp.Matrix([[sp.diff(c, s) for s in family.symbols] for c in form.coefficients])
    covariance = (means * _inverse(natural)).applyfunc(lambda e: e.xreplace(there))
    square = jacobian.T * (covariance + gap * gap.T) * jacobian
    return lower([square[i, j] for i, j in _upper(len(symbols))], (*symbols, *star))


def _star(family: Family) -> tuple[sp.Symbol, ...]:
    """Symbols of p*: its own, for a chart may use the family's."""
    return tuple(sp.Symbol(f"{s.name}_star", **s.assumptions0) for s in family.symbols)


def _in_chart(family: Family, key: str, way: str) -> tuple[Any, Sequence[sp.Symbol], Sequence[sp.Symbol]] | None:
    """(KL as an expression, ξ, p*)."""
    own, found = chart_map(family, key), kl_expression(family)
    if found is None or own.backward is None:
        return None
    expression, first, second = found
    star = _star(family)
    ends = (*star, *own.backward) if way == "from" else (*own.backward, *star)
    loss = expression.xreplace(dict(zip((*first, *second), ends, strict=True)))
    return loss, own.chart.symbols, star


def _upper(d: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(d) for j in range(i, d)]


def _inverse(matrix: Any) -> Any:
    """The inverse of a symbolic matrix of up to three rows by cofactors: SymPy's own may not come back."""
    d = matrix.rows
    if d == 1:
        return sp.Matrix([[1 / matrix[0, 0]]])

    def minor(i: int, j: int) -> Any:
        rest = [[matrix[r, c] for c in range(d) if c != j] for r in range(d) if r != i]
        return rest[0][0] if d == 2 else rest[0][0] * rest[1][1] - rest[0][1] * rest[1][0]

    whole = sum((-1) ** j * matrix[0, j] * minor(0, j) for j in range(d))
    return sp.Matrix(d, d, lambda i, j: (-1) ** (i + j) * minor(j, i) / whole)
