"""Expectations under p(x; θ) by quadrature: the numbers that every formula is held against.

Continuous supports are mapped to u ∈ ℝ (identity, log, logit), shifted and scaled to the mode and
the two widths of the density in u, and then by u = u₀ + w sinh t, |t| ≤ 170 on the line and 10
elsewhere, so that tails of any power are reached. In r = ∛t the integrand is integrated by
Gauss–Legendre panels with an edge at the mode and at every kink or jump of the log-density.
Everything is kept in logs until the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial, wraps
from itertools import combinations
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.derive import nested, nodes
from fimviz.exponential import Expr, without_deltas
from fimviz.family import Family, Support
from fimviz.tape import Tape, lower

Array = NDArray[Any]
# nodes on a circle, from and up to; those of the numbers 0, 1, 2, … likewise, and a heavy tail's
_CIRCLE, _MOST_CIRCLE = 4096, 2**20
_TAIL = 1e-18
_FEW, _MANY, _MOST = 32, 1e5, 2e6
_AGREES = 1e-12
_NOTHING = 1e-100
_MOST_LABELS = 14
# panels of one coordinate; how many points share nodes in two dimensions, of which each has some 10⁵
_PANELS, _LANES = 256, 8
# how far beside a place a jump is looked for, in units of 1 and of the place
_ASIDE = 1e-9
# how far t runs where tails may be of any power
_FAR = 170.0
# where panels are cut about another member's mode, in asinh of its widths
_FINER = np.linspace(-12, 12, 49)


@dataclass(frozen=True)
class Rule:
    """Nodes of shape (..., n), so that E[f] ≈ Σ f(x) exp(log_p + log_weight).

    `sample` is x, log x and log(1 − x): x itself leaves the range of numbers long before the
    density has lost its mass (Gamma with shape 1e−3 has half of it below e^(−700)). With several
    coordinates, `size` of them, these come first and the logarithms of proportions after them;
    `grid` is then how many outer and inner nodes there are.
    """

    sample: tuple[Array, ...]
    log_weight: Array
    log_p: Array
    size: int = 0
    grid: tuple[int, ...] = ()

    @property
    def x(self) -> Array:
        """The nodes, (..., n), or (..., n, size) where an observation has several coordinates."""
        return np.stack(self.sample[: self.size], axis=-1) if self.size else self.sample[0]

    @property
    def probability(self) -> Array:
        with np.errstate(over="ignore"):
            return np.exp(self.log_p + self.log_weight)


def _logarithms(family: Family) -> dict[Expr, sp.Symbol]:
    """The logarithms that have inputs of their own: of a number x and 1 − x, or of three proportions."""
    if family.support.kind in ("plane", "labels"):
        return {}
    if family.support.kind == "simplex":
        inner = (*family.samples, 1 - sum(family.samples))
    else:
        inner = (family.sample, 1 - family.sample)
    found = {sp.log(a): sp.Dummy(f"log_{i}", real=True) for i, a in enumerate(inner)}
    if family.support.kind == "unit":
        found[_log_log(family.sample)] = sp.Dummy("log_log", real=True)
    return found


def _log_log(x: Expr) -> Expr:
    return sp.log(-sp.log(x))


def _complements(e: Expr, x: sp.Symbol) -> Expr:
    """log(1 − x^k) through w = log k + log(−log x), where x^k is 1 in floating point or 0 beside 1."""

    def complement(k: Expr) -> Expr:
        w = sp.Dummy("w", real=True)
        size = sp.exp(w)
        near = sp.log(sp.exp(size) - 1) - size
        whole = sp.Piecewise((w, w < -37), (near, w < 0), (sp.log(1 - sp.exp(-size)), True))
        return whole.xreplace({w: sp.log(k) + _log_log(x)})

    powers = [a for a in e.atoms(sp.Pow) if a.base == x and not a.exp.is_number and a.exp.is_positive]
    return e.xreplace({sp.log(1 - a): complement(a.exp) for a in powers})


def _without_overflow(e: Expr) -> Expr:
    """log(1 + eᵃ) as max(a, 0) + log(1 + e^−|a|): a number wherever a is one."""

    def exponent(a: Any) -> Any:
        rest = a.args[0] - 1 if a.args[0].is_Add else None
        return rest.args[0] if isinstance(rest, sp.exp) else None

    return e.replace(
        lambda a: isinstance(a, sp.log) and exponent(a) is not None,
        lambda a: sp.Max(exponent(a), 0) + sp.log(1 + sp.exp(-sp.Abs(exponent(a)))),
    )


def _by_lanes(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of points θ (..., d) that takes them a few at a time where each has very many nodes."""

    @wraps(method)
    def whole(self: Expectation, theta: ArrayLike, *rest: Any, **named: Any) -> Any:
        theta = np.asarray(theta, float)
        points = theta.reshape(-1, theta.shape[-1])
        if rest or self.family.support.kind not in nested.COORDINATES or len(points) <= _LANES:
            return method(self, theta, *rest, **named)
        parts = [method(self, points[i : i + _LANES], **named) for i in range(0, len(points), _LANES)]
        several = isinstance(parts[0], tuple)
        joined = [np.concatenate(column) for column in (zip(*parts, strict=True) if several else [parts])]
        shaped = [column.reshape(*theta.shape[:-1], *column.shape[1:]) for column in joined]
        return tuple(shaped) if several else shaped[0]

    return whole


class Expectation:
    """E[f(x)] under a family at θ (..., d), vectorised over θ."""

    def __init__(self, family: Family):
        self.family = family

    def _lower(self, expressions: Iterable[Expr]) -> Tape:
        """A tape of (x, log x, log(1−x), θ); logarithms and powers x^k of x by their own inputs."""
        samples, swap = self.family.samples, _logarithms(self.family)

        def logarithm(base: Any) -> Any:
            return sp.expand_log(sp.log(base)).xreplace(swap)

        def powers(e: Any) -> Any:
            return e.replace(
                lambda a: a.is_Pow and a.base.has(*samples) and not a.exp.is_number,
                lambda a: sp.exp(a.exp * logarithm(a.base)),
            )

        ready = [powers(sp.expand_log(e).xreplace(swap)) for e in expressions]
        return lower(ready, (*samples, *swap.values(), *self.family.symbols))

    @cached_property
    def _expression(self) -> Expr:
        """The log-density, written so that it keeps its digits at the nodes."""
        f = self.family
        return _complements(f.expression, f.sample) if f.support.kind == "unit" else f.expression

    @cached_property
    def _density_tape(self) -> Tape:
        return self._lower([_without_overflow(self._expression)])

    @cached_property
    def score_tape(self) -> Tape:
        # almost everywhere: a jump that moves is seen by `moving_jumps`
        return self._lower([without_deltas(sp.diff(self._expression, s)) for s in self.family.symbols])

    @cached_property
    def hessian_tape(self) -> Tape:
        f = self.family
        entries = [sp.diff(self._expression, a, b) for a in f.symbols for b in f.symbols]
        # almost everywhere: what a naive user of −E[∂²ℓ] would average
        return self._lower([without_deltas(e).doit() for e in entries])

    @cached_property
    def _kink_roots(self) -> list[Expr]:
        """Where the log-density has a kink or a jump: the zeros in x of |·|, of signs, of what max and min compare
        and of conditions."""
        f = self.family
        if f.support.vector:
            return []
        inner = [a.args[0] for a in f.expression.atoms(sp.Abs, sp.sign, sp.Heaviside)]
        inner += [a - b for m in f.expression.atoms(sp.Max, sp.Min) for a, b in combinations(m.args, 2)]
        conditions: set[Any] = f.expression.atoms(sp.core.relational.Relational)
        inner += [c.lhs - c.rhs for c in conditions]
        return sorted({root for e in inner for root in _roots(e, f.sample)}, key=str)

    @cached_property
    def _kink_tape(self) -> Tape | None:
        return lower(self._kink_roots, self.family.symbols) if self._kink_roots else None

    def moving_jumps(self, theta: ArrayLike) -> Array:
        """maxₖ |p(rₖ+) − p(rₖ−)| |∂rₖ/∂θᵢ| over the places rₖ(θ) of kinks and jumps, θ (..., d) -> (..., d).

        0 where the density is regular. E[∂ᵢℓ] is, up to sign, the sum of these terms, and they may cancel in it.
        """
        theta = np.asarray(theta, float)
        if not self._kink_roots:
            return np.zeros(theta.shape)
        slopes = [sp.diff(r, s) for r in self._kink_roots for s in self.family.symbols]
        at = (*np.moveaxis(theta, -1, 0),)
        places = lower(self._kink_roots, self.family.symbols)(*at)
        speed = lower(slopes, self.family.symbols)(*at).reshape(*places.shape, -1)
        aside = _ASIDE * (1 + np.abs(places))
        with np.errstate(all="ignore"):
            above, below = (
                np.nan_to_num(np.exp(self.family.log_probability(places + side * aside, theta[..., None, :])))
                for side in (1, -1)
            )
            return np.nan_to_num(np.max(np.abs(above - below)[..., None] * np.abs(speed), axis=-2))

    @property
    def has_kinks(self) -> bool:
        """Whether the log-density has kinks or jumps, which move with θ."""
        return self._kink_tape is not None

    def rule(
        self, theta: ArrayLike, panels: int = _PANELS, also: ArrayLike | None = None, edges: ArrayLike = ()
    ) -> Rule:
        """The nodes for θ (..., d): shape (..., n).

        No panel holds a kink at `also`, a second point, or one of the numbers `edges` inside it, and about
        the mode at `also` panels are as fine as the density is there; these are for observations of one coordinate.
        """
        theta = np.asarray(theta, float)
        kind = self.family.support.kind
        if not theta.size:
            return self._none(theta.shape[:-1], panels)
        if kind == "labels":
            return self._labels(theta)
        if self.family.support.discrete:
            return self._discrete(theta)
        if kind in nested.COORDINATES:
            return self._nested(theta, panels / _PANELS)
        if kind == "circle":
            return self._arcs(theta, np.asarray(edges, float)) if np.size(edges) else self._circle(theta)
        points = [theta] if also is None else [theta, np.asarray(also, float)]
        places = [*(self._kinks(p) for p in points), self._places(np.asarray(edges, float), theta)]
        places += [self._around(p) for p in points[1:]]
        return self._continuous(theta, panels, np.concatenate(places, axis=-1))

    def _none(self, lead: tuple[int, ...], panels: int) -> Rule:
        """The rule of no point at all: nodes as of any other, and no lane of them."""
        one = self.rule(self.family.default, panels)
        none = np.empty((*lead, *one.log_p.shape))
        return Rule((none,) * len(one.sample), none, none, one.size, one.grid)

    def _on(self, x: Array, log_weight: Array, theta: Array) -> Rule:
        shape = (*theta.shape[:-1], x.shape[-1])
        with np.errstate(all="ignore"):
            sample = (*(np.broadcast_to(v, shape) for v in (x, np.log(x), np.log1p(-x))),)
        return Rule(sample, np.broadcast_to(log_weight, shape), self.log_density(sample, theta))

    def log_density(self, sample: tuple[Array, ...], theta: Array) -> Array:
        """log p at the nodes `sample` of a rule, which have one axis more than θ's points, or several."""
        shape = (*theta.shape[:-1], *(1,) * (sample[0].ndim - theta.ndim + 1))
        return self._density_tape(*sample, *(theta[..., i].reshape(shape) for i in range(theta.shape[-1])))[..., 0]

    def _labels(self, theta: Array) -> Rule:
        """Every outcome of some labels."""
        support = self.family.support
        if support.labels > _MOST_LABELS:
            raise ValueError(
                f"{support.labels} labels have 2^{support.labels} outcomes; at most 2^{_MOST_LABELS} are summed."
            )
        x = support.values()
        sample = tuple(np.broadcast_to(c, (*theta.shape[:-1], len(x))) for c in x.T)
        return Rule(sample, np.zeros(sample[0].shape), self.log_density(sample, theta), support.size)

    def _nested(self, theta: Array, share: float) -> Rule:
        """The nodes of two coordinates, the inner ones laid out anew for each of the outer ones."""
        points = theta.reshape(-1, theta.shape[-1])
        place = nested.COORDINATES[self.family.support.kind]
        outer, inner = (max(2, round(share * count)) for count in place.panels)
        place = place._replace(panels=(outer, inner))
        found = nested.nodes_of(lambda sample: self.log_density(sample, points), place, len(points))
        flat = [a.reshape(*theta.shape[:-1], -1) for a in (*found.sample, found.log_weight, found.log_p)]
        *sample, log_weight, log_p = flat
        return Rule(tuple(sample), log_weight, log_p, 2, found.log_p.shape[1:])

    def _circle(self, theta: Array) -> Rule:
        """The trapezoidal rule, doubled until every other node gives the same mass."""
        count = _CIRCLE
        while True:
            x = -np.pi + 2 * np.pi * np.arange(count) / count
            rule = self._on(x, np.full_like(x, np.log(2 * np.pi / count)), theta)
            p = rule.probability
            with np.errstate(invalid="ignore"):
                settled = np.abs(2 * p[..., ::2].sum(-1) - p.sum(-1)) <= _AGREES * p.sum(-1)
            if count >= _MOST_CIRCLE or np.all(settled):
                return rule
            count *= 2

    def _arcs(self, theta: Array, edges: Array) -> Rule:
        """Gauss–Legendre panels between some edges on the circle, doubled until the mass has settled."""
        count, mass = _FEW, None
        while True:
            whole = np.union1d(np.linspace(-np.pi, np.pi, count + 1), np.clip(edges, -np.pi, np.pi))
            rule = self._on(*nodes.panels(whole), theta)
            before, mass = mass, rule.probability.sum(-1)
            if before is not None and (np.all(np.abs(mass - before) <= _AGREES * mass) or count >= _MOST_CIRCLE // 16):
                return rule
            count *= 2

    def _discrete(self, theta: Array) -> Rule:
        """Every point of a finite support; of the natural numbers those around the mode, ever more."""
        support = self.family.support
        if support.kind == "finite":
            return self._on(support.values(), np.zeros(len(support.points)), theta)
        likeliest, reach = self._likeliest(theta)[..., None], _FEW
        while True:
            x = np.maximum(likeliest - reach, 0.0) + np.arange(2.0 * reach + 1)
            rule = self._on(x, np.zeros_like(x), theta)
            p = rule.log_p
            # falling, and below the bound: what is left out is less than a geometric tail
            falling = np.all(p[..., -1] <= p[..., -2])
            low = (p[..., -1] < np.log(_TAIL)) & ((p[..., 0] < np.log(_TAIL)) | (x[..., 0] == 0))
            if 2 * reach > _MOST or (falling and (2 * reach > _MANY or np.all(low))):
                return rule
            reach *= 2

    def _likeliest(self, theta: Array) -> Array:
        """The most probable of the natural numbers, or a neighbour of it, (...)."""

        def log_density(x: Array) -> Array:
            x = np.rint(x)
            value = self.log_density((x, np.log(x), np.log1p(-x)), theta)
            return np.where((x >= 0) & ~np.isnan(value), value, -np.inf)

        with np.errstate(all="ignore"):
            return np.maximum(np.rint(nodes.mode(log_density, theta.shape[:-1])), 0.0)

    def _continuous(self, theta: Array, panels: int, kinks: Array) -> Rule:
        to_sample, log_slope, reach, _ = _coordinates(self.family.support)
        # beside a step the density may fall at once, and the width say nothing of what lies beyond
        reach = _FAR if self.family.expression.has(sp.sign) else reach

        def log_density(u: Array) -> Array:
            value = self.log_density(to_sample(u), theta) + log_slope(u)
            return np.where(np.isfinite(value), value, -np.inf)

        with np.errstate(all="ignore"):
            centre = nodes.mode(log_density, theta.shape[:-1])[..., None]
            left, right = (w[..., None] for w in nodes.widths(log_density, centre[..., 0]))
            # t = r³ crowds the nodes at the mode, where the cliff may be far narrower than the ramp
            end = np.cbrt(reach)
            edges = np.broadcast_to(np.linspace(-end, end, panels + 1), (*centre.shape[:-1], panels + 1))
            away = kinks - centre
            places = np.cbrt(np.arcsinh(away / np.where(away < 0, left, right)))
            places = np.where(np.isfinite(places), np.clip(places, -end, end), end)
            edges = np.sort(np.concatenate([edges, places], axis=-1), axis=-1)
            r, log_r = nodes.panels(edges)
            t = r**3
            # each side has its own width: Gamma of small shape is a ramp and a cliff
            width = np.where(t < 0, left, right)
            u = centre + width * np.sinh(t)
            log_weight = log_r + np.log(3 * r**2) + np.log(np.cosh(t)) + np.log(width) + log_slope(u)
            sample = to_sample(u)
            log_p = self.log_density(sample, theta)
        dead = ~np.isfinite(log_p) | ~np.isfinite(log_weight)
        middle = to_sample(np.broadcast_to(centre, u.shape))
        sample = (*(np.where(dead, m, v) for m, v in zip(middle, sample, strict=True)),)
        return Rule(sample, np.where(dead, -np.inf, log_weight), np.where(dead, 0.0, log_p))

    def _kinks(self, theta: Array) -> Array:
        """Kinks in u, (..., kinks); not finite where one is outside the support."""
        x = self._kink_tape(*np.moveaxis(theta, -1, 0)) if self._kink_tape else np.empty((*theta.shape[:-1], 0))
        with np.errstate(all="ignore"):
            return _coordinates(self.family.support)[3](x)

    def _around(self, theta: Array) -> Array:
        """Places in u about the mode of p_θ, finer and finer towards it, for nodes that belong to another member."""
        to_sample, log_slope, _, _ = _coordinates(self.family.support)

        def log_density(u: Array) -> Array:
            value = self.log_density(to_sample(u), theta) + log_slope(u)
            return np.where(np.isfinite(value), value, -np.inf)

        with np.errstate(all="ignore"):
            centre = nodes.mode(log_density, theta.shape[:-1])
            left, right = (w[..., None] for w in nodes.widths(log_density, centre))
            return centre[..., None] + np.where(_FINER < 0, left, right) * np.sinh(_FINER)

    def _places(self, edges: Array, theta: Array) -> Array:
        """Numbers x as u, the same for each θ; not finite where one is outside the support."""
        with np.errstate(all="ignore"):
            return np.broadcast_to(_coordinates(self.family.support)[3](edges), (*theta.shape[:-1], edges.size))

    def of(self, f: Callable[[Array], Array], theta: ArrayLike) -> Array:
        """E[f(x)] for f acting on the nodes `Rule.x` and returning (..., n) or (..., n, m, …)."""
        rule = self.rule(theta)
        with np.errstate(all="ignore"):
            values = f(rule.x)
        return average(values, rule.probability)

    def mean(self, expressions: Iterable[Expr], theta: ArrayLike) -> Array:
        """E of expressions in the sample and the parameters, shape (..., expressions).

        Unlike `of` it keeps log x and log(1 − x) where x itself is 0 or 1 in floating point.
        """
        theta = np.asarray(theta, float)
        rule = self.rule(theta)
        values = self._lower(expressions)(*rule.sample, *np.moveaxis(theta[..., None, :], -1, 0))
        return average(values, rule.probability)

    def escape(self, rule: Rule) -> Array:
        """The share of ∫p at the ends of the nodes: near 0, unless ∫p grows with the cut-off."""
        p = rule.probability
        if self.family.support.kind in ("finite", "circle", "labels"):
            return np.zeros(p.shape[:-1])
        if rule.grid:
            cells = p.reshape(*p.shape[:-1], *rule.grid)
            inner = np.delete(cells, np.s_[rule.grid[1] // 16 : -rule.grid[1] // 16], axis=-1).sum((-1, -2))
            outer = np.delete(cells, np.s_[rule.grid[0] // 16 : -rule.grid[0] // 16], axis=-2).sum((-1, -2))
            return (inner + outer) / p.sum(-1)
        n = p.shape[-1]
        if self.family.support.discrete:
            # as if the rest were as long as the nodes and no smaller than their ends
            first = np.where(rule.x[..., 0] > 0, p[..., 0], 0.0)
            return n * (first + p[..., -1]) / p.sum(-1)
        ends = np.delete(p, np.s_[n // 16 : -n // 16], axis=-1)
        # nan where the nodes hold nothing, which is not below any bound
        with np.errstate(invalid="ignore"):
            return ends.sum(-1) / p.sum(-1)

    def mass(self, theta: ArrayLike) -> Array:
        """∫p dx, which is 1 for a density."""
        return self.rule(theta).probability.sum(-1)

    def scores(self, rule: Rule, theta: ArrayLike) -> Array:
        theta = np.asarray(theta, float)
        return self.score_tape(*rule.sample, *np.moveaxis(theta[..., None, :], -1, 0))

    @cached_property
    def factorises(self) -> bool:
        """Whether there are more labels than outcomes can be summed, and log p is a sum over them.

        A number for each label then says all: they are independent.
        """
        f = self.family
        if f.support.kind != "labels" or f.support.labels <= _MOST_LABELS:
            return False
        return not any(sp.diff(f.expression, x).has(*f.samples) for x in f.samples)

    def independent_moments(self, theta: ArrayLike) -> tuple[Array, Array, Array, Array, Array]:
        """(Σp, E[s], E[s sᵀ], −E[∂²ℓ], E[s s s]) of labels x with log p = ℓ(0) + Σ xᵢ aᵢ, exactly.

        xᵢ is 1 with probability pᵢ = σ(aᵢ), independently, s = s(0) + Σ xᵢ σᵢ, and
        Σp = exp ℓ(0) · Π(1 + exp aᵢ), so that ℓ and s at 0 and at the unit vectors are enough.
        """
        theta = np.asarray(theta, float)
        count, d = self.family.support.labels, self.family.dimension
        places = np.concatenate([np.zeros((1, count)), np.eye(count)])
        sample = tuple(np.broadcast_to(c, (*theta.shape[:-1], count + 1)) for c in places.T)
        inputs = (*sample, *np.moveaxis(theta[..., None, :], -1, 0))
        log_p, s, bend = (tape(*inputs) for tape in (self._density_tape, self.score_tape, self.hessian_tape))
        odds = log_p[..., 1:, 0] - log_p[..., :1, 0]
        p, spread = np.exp(-np.logaddexp(0, -odds)), np.exp(-np.logaddexp(0, -odds) - np.logaddexp(0, odds))
        mass = np.exp(log_p[..., 0, 0] + np.logaddexp(0, odds).sum(-1))
        mean, hessian = (v[..., 0, :] + (p[..., None] * (v[..., 1:, :] - v[..., :1, :])).sum(-2) for v in (s, bend))
        slope = s[..., 1:, :] - s[..., :1, :]
        second = np.einsum("...n,...ni,...nj->...ij", spread, slope, slope)
        third = np.einsum("...n,...ni,...nj,...nk->...ijk", spread * (1 - 2 * p), slope, slope, slope)
        # about 0 and not about the mean: (s − E s) has the moments above
        off = np.einsum("...ij,...k->...ijk", second, mean)
        third = third + off + np.moveaxis(off, -1, -2) + np.moveaxis(off, -1, -3)
        third = third + np.einsum("...i,...j,...k->...ijk", mean, mean, mean)
        second = second + mean[..., :, None] * mean[..., None, :]
        return mass, mean, second, -hessian.reshape(*hessian.shape[:-1], d, d), third

    @_by_lanes
    def score_moments(self, theta: ArrayLike, rule: Rule | None = None) -> tuple[Array, Array, Array, Array]:
        """(∫p, E[s], E[s sᵀ], −E[∂²ℓ]) at θ (..., d), by the nodes of `rule` if they are known."""
        theta = np.asarray(theta, float)
        if self.factorises:
            return self.independent_moments(theta)[:4]
        rule = rule or self.rule(theta)
        s = self.scores(rule, theta)
        p = rule.probability
        d = self.family.dimension
        hessian = self.hessian_tape(*rule.sample, *np.moveaxis(theta[..., None, :], -1, 0))
        return (
            p.sum(-1),
            average(s, p),
            _moments(s, p, 2),
            -average(hessian.reshape(*hessian.shape[:-1], d, d), p),
        )

    @_by_lanes
    def metric(self, theta: ArrayLike, panels: int = _PANELS) -> Array:
        """E[s sᵀ], the definition of the Fisher metric, shape (..., d, d)."""
        if self.factorises:
            return self.independent_moments(theta)[2]
        rule = self.rule(theta, panels)
        return _moments(self.scores(rule, theta), rule.probability, 2)

    @_by_lanes
    def cubic(self, theta: ArrayLike) -> Array:
        """E[sᵢ sⱼ sₖ], shape (..., d, d, d)."""
        if self.factorises:
            return self.independent_moments(theta)[4]
        rule = self.rule(theta)
        return _moments(self.scores(rule, theta), rule.probability, 3)


def _moments(s: Array, p: Array, order: int) -> Array:
    """E[sᵢ sⱼ] or E[sᵢ sⱼ sₖ] of scores (..., n, d), without an array of all the products."""
    d, weights = s.shape[-1], p[..., None, :]
    with np.errstate(all="ignore"):
        clear = np.where(weights > _NOTHING, np.swapaxes(s, -1, -2), 0.0)
        left = weights * clear
        for _ in range(order - 2):
            left = (left[..., :, None, :] * clear[..., None, :, :]).reshape(*s.shape[:-2], -1, s.shape[-2])
        return (left @ np.swapaxes(clear, -1, -2)).reshape(*s.shape[:-2], *(d,) * order)


def expectation(family: Family) -> Expectation:
    """The `Expectation` of a family, whose formulas are lowered once a process."""
    return family.__dict__.setdefault("_expectation", Expectation(family))


def average(values: Array, p: Array) -> Array:
    extra = values.ndim - p.ndim
    weights = p.reshape(*p.shape, *(1,) * extra)
    # a node of next to no weight contributes nothing, though rounding may make its value infinite
    with np.errstate(all="ignore"):
        return np.sum(np.where(weights > _NOTHING, weights * values, 0.0), axis=p.ndim - 1)


def _roots(argument: Expr, x: sp.Symbol) -> set[Expr]:
    """Zeros in x of what is linear in x between the zeros of its own |·|."""
    for inner in argument.atoms(sp.Abs):
        sides = (argument.xreplace({inner: sign * inner.args[0]}) for sign in (1, -1))
        return {root for side in sides for root in _roots(side, x)}
    slope = sp.diff(argument, x)
    return set() if slope == 0 or slope.has(x) else {-argument.subs(x, 0) / slope}


def _line(u: Array) -> tuple[Array, Array, Array]:
    with np.errstate(all="ignore"):
        return u, np.log(u), np.log1p(-u)


def _half_line(u: Array, low: float = 0.0) -> tuple[Array, Array, Array]:
    with np.errstate(all="ignore"):
        x = low + np.exp(u)
        # log x where x itself is too large to be a number, and with its digits where it is near `low`
        log_x = np.log(low) + np.logaddexp(0, u - np.log(low)) if low else u
        return x, log_x, np.log1p(-x)


def _interval(u: Array) -> tuple[Array, Array, Array]:
    log_x, log_1_x = -np.logaddexp(0, -u), -np.logaddexp(0, u)
    return np.exp(log_x), log_x, log_1_x


def _unit(u: Array) -> tuple[Array, Array, Array, Array]:
    """With log(−log x), which is log(1 − x) long before x is 1."""
    x, log_x, log_1_x = _interval(u)
    with np.errstate(all="ignore"):
        return x, log_x, log_1_x, np.where(log_1_x < -37, log_1_x, np.log(-log_x))


def _logit(x: Array) -> Array:
    return np.log(x) - np.log1p(-x)


def _logistic_slope(u: Array) -> Array:
    return -np.logaddexp(0, -u) - np.logaddexp(0, u)


# (x, log x, log(1−x)) of u, log |dx/du|, how far t runs, and u of x, by kind of support
Coordinates = tuple[Callable, Callable, float, Callable]
_COORDINATES: dict[str, Coordinates] = {
    "real": (_line, np.zeros_like, _FAR, lambda x: x),
    "positive": (_half_line, lambda u: u, 10.0, np.log),
    "unit": (_unit, _logistic_slope, 10.0, _logit),
}


def _coordinates(support: Support) -> Coordinates:
    """Those of the kind; other intervals are the unit interval or the half-line, moved and stretched."""
    if support.kind == "interval":
        return _between(*support.bounds)
    to_sample, log_slope, reach, back = _COORDINATES[support.kind]
    if support.low:
        return partial(to_sample, low=support.low), log_slope, reach, lambda x: np.log(x - support.low)
    return to_sample, log_slope, reach, back


def _between(low: float, high: float) -> Coordinates:
    if np.isfinite(low) and np.isfinite(high):
        width = high - low
        return (
            lambda u: _line(low + width * np.exp(-np.logaddexp(0, -u))),
            lambda u: _logistic_slope(u) + np.log(width),
            10.0,
            lambda x: _logit((x - low) / width),
        )
    end, sign = (low, 1.0) if np.isfinite(low) else (high, -1.0)
    return lambda u: _line(end + sign * np.exp(u)), lambda u: u, 10.0, lambda x: np.log(sign * (x - end))
