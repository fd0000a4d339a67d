"""Descent in chosen coordinates: ξ ← ξ − η (M + λI)⁻¹ ∂L/∂ξ, by a rule that says what M is.

plain       the identity, without λ
natural     g, the Fisher metric in these coordinates      (Amari 1998)
diagonal    the diagonal of g
newton      ∂²L/∂ξ², which may not be positive
empirical   E_{p*}[s sᵀ], the scores of p*'s data: not g unless p_θ = p*  (Kunstner et al. 2019)
adam        no matrix: running means of ∂L and (∂L)², coordinate by coordinate  (Kingma & Ba 2015)

The loss is KL(p*‖p_θ), whose least value 0 is at p*: for the normal that is the mean negative
log-likelihood of data with mean and standard deviation p*, less its minimum. It may also be KL(p_θ‖p*), or
that of data themselves; see `loss`. With the rule natural, Newton's method for data is Fisher scoring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fimviz.atlas import chart_map
from fimviz.errors import DomainError
from fimviz.family import Family
from fimviz.loss import Loss, chart_empirical_tape, chart_hessian_tape, chart_loss_tape, chart_through_tape, loss_tape
from fimviz.metric import Metric, fisher_metric

Array = NDArray[Any]
# a descent ends where the loss is this close to its minimum
STOP = 1e-3
# how far beyond its start a coordinate may go: a run that is there comes back no more, and its numbers give out
# at a step that rounding decides
FAR = 1e9
RULES = ("plain", "natural", "diagonal", "newton", "empirical", "adam")
# Adam's rates of forgetting, and what keeps it from dividing by 0
_BETA, _EPSILON = (0.9, 0.999), 1e-8
# how near a place has to be found, and in how many of Newton's steps
_EXACT, _ROUNDS = 1e-13, 12


def natural_gradient(metric: Metric, gradient: ArrayLike, theta: ArrayLike) -> Array:
    """g⁻¹ ∂f at θ: the direction of steepest ascent per unit of Fisher length. Not negated.

    gradient and theta (..., d) in the metric's chart; returns (..., d). Raises `DomainError` where g is singular.
    """
    gradient = np.asarray(gradient, float)
    if gradient.shape[-1:] != (metric.dimension,):
        raise ValueError(f"A gradient here has shape (..., {metric.dimension}), not {gradient.shape}.")
    return (metric.inverse(theta) @ gradient[..., None])[..., 0]


@dataclass(frozen=True)
class Descent:
    """A path of descent: points (n+1, d) in the declared parameters, losses (n+1,), and how it ended.

    status is "converged", "left" (the next point is outside the chart), "away" (a coordinate of the next point is more
    than FAR times that of the start: it runs off without end, until numbers end) or "cap".
    """

    points: Array
    losses: Array
    status: str

    @property
    def steps(self) -> int:
        return len(self.losses) - 1


def descend(
    family: Family,
    start: ArrayLike,
    target: ArrayLike,
    *,
    chart: str | None = None,
    rule: str = "plain",
    step: float = 0.1,
    damping: float = 0.0,
    stop: float = STOP,
    most: int = 5000,
    clamp: Sequence[tuple[float, float] | None] = (),
    loss: Loss = "from",
) -> Descent:
    """Descend KL(target‖p_θ) from `start` in the coordinates of `chart` until it is below `stop`.

    `loss` "to" descends KL(p_θ‖target), and data their mean negative log-likelihood less that of `target`,
    which is to be their best fit. `clamp` keeps coordinates within (low, high). Raises `DomainError` for
    points, steps or rules that are none, ValueError where the rule or the loss has no formula in this chart.
    """
    theta, target = family.check(start), family.check(target)
    _check_settings(rule, step, damping)
    key = fisher_metric(family, chart).chart
    look, move = _view(family, key, target, loss), _mover(family, key, target, rule, damping, loss)
    limits = list(clamp) or [None] * family.dimension
    xi = chart_map(family, key).to(theta).tolist()
    found = look(xi)
    if found is None:
        # so far from the target that the loss is no number: there is no first step
        return Descent(theta[None], np.array([np.inf]), "left")
    points, losses, bound = [theta.tolist()], [found[1]], [FAR * (1 + abs(x)) for x in xi]
    while losses[-1] >= stop and len(points) <= most:
        direction = move(xi, found[2])
        if direction is None:
            return Descent(np.array(points), np.array(losses), "left")
        xi = [_clamped(x - step * m, c) for x, m, c in zip(xi, direction, limits, strict=True)]
        if any(abs(x) > limit for x, limit in zip(xi, bound, strict=True)):
            return Descent(np.array(points), np.array(losses), "away")
        found = look(xi)
        if found is None:
            return Descent(np.array(points), np.array(losses), "left")
        points.append(found[0])
        losses.append(found[1])
    return Descent(np.array(points), np.array(losses), "converged" if losses[-1] < stop else "cap")


def flow(family: Family, start: ArrayLike, target: ArrayLike, times: ArrayLike, loss: str = "from") -> Array:
    """The natural-gradient flow dθ/dt = −g⁻¹∂L of an exponential family at `times` (...), exactly. (..., d).

    On KL(p*‖p_θ) it is an m-geodesic, η(t) = η* + e^(−t) (η(0) − η*) in expectation coordinates, on
    KL(p_θ‖p*) ("to") the e-geodesic that is so in natural ones; no Fisher–Rao geodesic. Raises
    `ValueError` for a family that has no such coordinates.
    """
    key = {"from": "expectation", "to": "natural"}.get(loss, "")
    if key not in family.charts:
        raise ValueError(f"Family '{family.title}' with the loss {loss!r}: its flow has no formula; use `descend`.")
    own = chart_map(family, key)
    first, last = own.to(family.check(start)), own.to(family.check(target))
    return own.back(last + np.exp(-np.asarray(times, float))[..., None] * (first - last))


def _check_settings(rule: str, step: float, damping: float) -> None:
    if rule not in RULES:
        raise DomainError(rule, "the rule of the descent", "unknown", f"choose one of {', '.join(RULES)}")
    if not 0 < step < np.inf:
        raise DomainError(step, "the step size", "not a positive number", "choose one, for example 0.1")
    if not 0 <= damping < np.inf:
        raise DomainError(damping, "the damping", "negative or not a number", "choose 0 or more")


def _clamped(x: float, limits: tuple[float, float] | None) -> float:
    return x if limits is None else min(max(x, limits[0]), limits[1])


def _view(family: Family, key: str, target: Array, kind: Loss) -> Callable[[list[float]], Any]:
    """A function of ξ: (θ, L, ∂L/∂ξ), or None outside the chart."""
    own = chart_map(family, key)
    loss, back, star = chart_loss_tape(family, key, kind), own.back_tape, target.tolist()
    if loss is None or back is None:
        return _view_through(family, key, target, kind)

    def look(xi: list[float]) -> Any:
        theta = back.scalar(*xi)
        inside = all(lo < x < hi for x, (lo, hi) in zip(xi, own.chart.domains, strict=True))
        if not inside or not family.inside_point(theta):
            return None
        value, *slope = loss.scalar(*xi, *star)
        return (theta, value, slope) if np.isfinite(value) else None

    return look


def _view_through(family: Family, key: str, target: Array, kind: Loss) -> Callable[[list[float]], Any]:
    """The same where the chart has no formula for θ: by u, with ∂L/∂ξ = (∂ξ/∂u)⁻ᵀ ∂L/∂u.

    u is found from the last one: an iterate is near the one before.
    """
    loss = chart_loss_tape(family, family.solver, kind)
    if loss is None:
        loss_tape(family)  # says what is missing
        raise ValueError(f"Family '{family.title}': the solver's chart has no formula for the loss.")
    place, free, star = _Place(family, key), chart_map(family, family.solver), target.tolist()

    def look(xi: list[float]) -> Any:
        if not place.move(xi):
            return None
        theta = free.back_tape.scalar(*place.u) if free.back_tape else []
        value, *slope = loss.scalar(*place.u, *star)
        if not (np.isfinite(value) and family.inside_point(theta)):
            return None
        return theta, value, np.linalg.solve(place.jacobian.T, slope).tolist()

    return look


class _Place:
    """Where a descent stands in a chart without a formula for θ: u and J = ∂ξ/∂u, followed by Newton's method."""

    def __init__(self, family: Family, key: str):
        self._own, self._free = chart_map(family, key), chart_map(family, family.solver)
        self._tape, self._d = chart_through_tape(family, key), family.dimension
        self.u: list[float] = []
        self.jacobian = np.eye(self._d)

    def move(self, xi: list[float]) -> bool:
        """Go to ξ; False where the chart has no such point."""
        if self.u and self._follow(xi):
            return True
        theta = self._own.back(np.array(xi))
        if not np.isfinite(theta).all():
            return False
        self.u = self._free.to(theta).tolist()
        return self._follow(xi)

    def _follow(self, xi: list[float]) -> bool:
        u, d = np.array(self.u), self._d
        scale = _EXACT * (1 + np.abs(xi))
        for _ in range(_ROUNDS):
            values = np.array(self._tape.scalar(*u))
            jacobian, gap = values[d:].reshape(d, d), np.array(xi) - values[:d]
            try:
                step = np.linalg.solve(jacobian, gap)
            except np.linalg.LinAlgError:
                return False
            if not np.isfinite(step).all() or np.max(np.abs(step)) > 1:
                return False
            if np.all(np.abs(gap) <= scale):
                self.u, self.jacobian = u.tolist(), jacobian
                return True
            u = u + step
        return False


def _mover(family: Family, key: str, target: Array, rule: str, damping: float, loss: Loss) -> Callable[..., Any]:
    """A function of ξ and the slope: the direction of the step, or None where M + λI is singular."""
    if rule == "plain":
        return lambda xi, slope: slope
    if rule == "adam":
        return _adam(family.dimension)
    matrix = _matrix(family, key, target, rule, loss)
    return lambda xi, slope: _solve(matrix(xi), slope, damping)


def _adam(d: int) -> Callable[..., list[float]]:
    first, second, count = [0.0] * d, [0.0] * d, 0
    fast, slow = _BETA

    def move(xi: list[float], slope: list[float]) -> list[float]:
        nonlocal count
        count += 1
        for i, s in enumerate(slope):
            first[i] += (1 - fast) * (s - first[i])
            second[i] += (1 - slow) * (s * s - second[i])
        # both start at 0, which is made good
        a, b = 1 - fast**count, 1 - slow**count
        return [f / a / (np.sqrt(s / b) + _EPSILON) for f, s in zip(first, second, strict=True)]

    return move


def _matrix(family: Family, key: str, target: Array, rule: str, loss: Loss) -> Callable[[list[float]], Any]:
    """M(ξ) of a rule, as rows."""
    d = family.dimension
    if rule in ("natural", "diagonal"):
        look = _metric_rows(family, key)
        return look if rule == "natural" else lambda xi: _diagonal(look(xi))
    tape = (chart_hessian_tape if rule == "newton" else chart_empirical_tape)(family, key, loss)
    if tape is None:
        raise ValueError(
            f"Family '{family.title}': the rule '{rule}' has no formula in the chart '{key}'; use natural."
        )
    star = target.tolist()
    return lambda xi: _square(tape.scalar(*xi, *star), d)


def _metric_rows(family: Family, key: str) -> Callable[[list[float]], Any]:
    """g(ξ) as rows; J⁻ᵀ g J⁻¹ where the chart has no formula for it."""
    metric, d = fisher_metric(family, key), family.dimension
    if metric.g_tape is not None:
        g = metric.g_tape
        return lambda xi: _square(g.scalar(*xi), d)
    place, tensors = _Place(family, key), metric.solver.tensors

    def look(xi: list[float]) -> Any:
        if not place.move(xi):
            return np.full((d, d), np.nan).tolist()
        inverse = np.linalg.inv(place.jacobian)
        return (inverse.T @ tensors.g(np.array(place.u)) @ inverse).tolist()

    return look


def _diagonal(g: list[list[float]]) -> list[list[float]]:
    return [[x if i == j else 0.0 for j, x in enumerate(row)] for i, row in enumerate(g)]


def _square(upper: list[float], d: int) -> list[list[float]]:
    full, entries = [[0.0] * d for _ in range(d)], iter(upper)
    for i in range(d):
        for j in range(i, d):
            full[i][j] = full[j][i] = next(entries)
    return full


def _solve(g: list[list[float]], slope: list[float], damping: float) -> list[float] | None:
    """(g + λ1)⁻¹ slope; one and two unknowns by hand, since this runs once a step. None where it is singular."""
    d = len(slope)
    if d > 2:
        try:
            return np.linalg.solve(np.array(g) + damping * np.eye(d), slope).tolist()
        except np.linalg.LinAlgError:
            return None
    a, c = g[0][0] + damping, g[-1][-1] + damping
    b = g[0][1] if d == 2 else 0.0
    whole = a * c - b * b if d == 2 else a
    if whole == 0:
        return None
    return [slope[0] / a] if d == 1 else [(c * slope[0] - b * slope[1]) / whole, (a * slope[1] - b * slope[0]) / whole]
