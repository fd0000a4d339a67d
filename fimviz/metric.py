"""A Riemannian metric as formulas and as numbers; the Fisher metric of a family in any chart.

Nothing here knows probability beyond g and the cubic tensor T: a sphere or a hyperbolic plane is
made by `Metric.from_expressions` and works everywhere a family does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.atlas import ChartMap, chart_map, run
from fimviz.derive import Derivation, derive
from fimviz.errors import DomainError
from fimviz.exponential import ExponentialForm, Expr, Matrix, bend, log_sums, symmetric_matrix, tidy, tidy_terms
from fimviz.family import Family
from fimviz.isometry import Isometry, recognise
from fimviz.special import BesselRatio, LogBesselI0, LogBesselI0Sqrt
from fimviz.spray import solve_each
from fimviz.tape import Tape, lower

Array = NDArray[Any]
# the share of the floating-point range beyond which a stop is the range's and not the model's
_NEARLY = 0.99
_SPECIAL = (sp.polygamma, LogBesselI0, BesselRatio, LogBesselI0Sqrt)


class Tensors:
    """g, ∂g, ∂²g, T and ∂T as compiled functions of one set of coordinates.

    Only g is differentiated, never an inverse: contractions are done on numbers. `closed` is false
    where g is an integral on nodes and not a formula to read.
    """

    def __init__(self, symbols: Sequence[sp.Symbol], g: Matrix, cubic: Callable[[], Any] | None, closed: bool = True):
        self.symbols, self.g_expression, self.closed = tuple(symbols), g, closed
        self._find_cubic = cubic
        self.dimension = len(self.symbols)
        self._upper = [(i, j) for i in range(self.dimension) for j in range(i, self.dimension)]

    def _entries(self, order: int) -> list[Expr]:
        entries = [self.g_expression[i, j] for i, j in self._upper]
        for _ in range(order):
            entries = [sp.diff(e, s) for s in self.symbols for e in entries]
        return entries

    @cached_property
    def g_tape(self) -> Tape:
        return lower(self._entries(0), self.symbols)

    @cached_property
    def g_dg_tape(self) -> Tape:
        """u -> upper triangle of g, then of ∂₀g, ∂₁g, …: what the browser integrates with."""
        return lower(self._entries(0) + self._entries(1), self.symbols)

    @cached_property
    def _d2g_tape(self) -> Tape:
        return lower(self._entries(2), self.symbols)

    def _unpack(self, values: Array, *outer: int) -> Array:
        d = self.dimension
        full = np.empty((*values.shape[:-1], *outer, d, d))
        values = values.reshape(*values.shape[:-1], *outer, len(self._upper))
        for position, (i, j) in enumerate(self._upper):
            full[..., i, j] = full[..., j, i] = values[..., position]
        return full

    def g(self, x: ArrayLike) -> Array:
        return self._unpack(run(self.g_tape, x))

    def g_dg(self, x: ArrayLike) -> tuple[Array, Array]:
        values = run(self.g_dg_tape, x)
        count = len(self._upper)
        return self._unpack(values[..., :count]), self._unpack(values[..., count:], self.dimension)

    def d2g(self, x: ArrayLike) -> Array:
        return self._unpack(run(self._d2g_tape, x), self.dimension, self.dimension)

    @cached_property
    def _jet_tape(self) -> Tape:
        return lower([e for order in range(3) for e in self._entries(order)], self.symbols)

    def jet(self, x: ArrayLike) -> tuple[Array, Array, Array]:
        """(g, ∂g, ∂²g) at once: what they share, a polygamma above all, is computed once."""
        values, d, count = run(self._jet_tape, x), self.dimension, len(self._upper)
        second = count * (1 + d)
        return (
            self._unpack(values[..., :count]),
            self._unpack(values[..., count:second], d),
            self._unpack(values[..., second:], d, d),
        )

    @cached_property
    def cubic_expressions(self) -> Any:
        return None if self._find_cubic is None else self._find_cubic()

    def _cubic_entries(self) -> list[Expr]:
        t, n = self.cubic_expressions, range(self.dimension)
        return [t[i][j][k] for i in n for j in n for k in n]

    @cached_property
    def _cubic_tape(self) -> Tape:
        return lower(self._cubic_entries(), self.symbols)

    @cached_property
    def _cubic_slope_tape(self) -> Tape:
        return lower([sp.diff(e, s) for s in self.symbols for e in self._cubic_entries()], self.symbols)

    def cubic(self, x: ArrayLike) -> Array | None:
        d = self.dimension
        return None if self.cubic_expressions is None else run(self._cubic_tape, x, d, d, d)

    def cubic_slope(self, x: ArrayLike) -> Array | None:
        """∂ₗTᵢⱼₖ, shape (..., l, i, j, k)."""
        d = self.dimension
        return None if self.cubic_expressions is None else run(self._cubic_slope_tape, x, d, d, d, d)


def first_kind(dg: Array) -> Array:
    """[ij,k] = ½(∂ᵢgⱼₖ + ∂ⱼgᵢₖ − ∂ₖgᵢⱼ) from dg[..., k, i, j]; indices (..., k, i, j)."""
    by_i = np.einsum("...ijk->...kij", dg)
    by_j = np.einsum("...jik->...kij", dg)
    return (by_i + by_j - dg) / 2


def christoffel_of(g: Array, dg: Array, cubic: Array | None = None, alpha: float = 0.0) -> Array:
    """Γ⁽α⁾ᵏᵢⱼ = gᵏˡ([ij,l] − (α/2) Tᵢⱼₗ), shape (..., k, i, j); nan where g is singular."""
    lowered = first_kind(dg)
    if alpha and cubic is not None:
        lowered = lowered - alpha / 2 * np.moveaxis(cubic, -1, -3)
    flat = lowered.reshape(*lowered.shape[:-2], g.shape[-1] ** 2)
    return solve_each(g, flat).reshape(lowered.shape)


def riemann_of(g: Array, dg: Array, d2g: Array, cubic=None, slope=None, alpha: float = 0.0) -> Array:
    """Rᵏₗᵢⱼ = ∂ᵢΓᵏⱼₗ − ∂ⱼΓᵏᵢₗ + ΓᵏᵢₘΓᵐⱼₗ − ΓᵏⱼₘΓᵐᵢₗ of the α-connection, shape (..., k, l, i, j)."""
    gamma = christoffel_of(g, dg, cubic, alpha)
    # ∂ₐ[ij,l], index order (..., a, l, i, j)
    lowered = first_kind(d2g)
    if alpha and slope is not None:
        lowered = lowered - alpha / 2 * np.moveaxis(slope, -1, -3)
    moving = np.einsum("...alm,...mij->...alij", dg, gamma)
    right = np.moveaxis(lowered - moving, -4, -1)
    flat = right.reshape(*right.shape[:-3], g.shape[-1] ** 3)
    dgamma = np.moveaxis(solve_each(g, flat).reshape(right.shape), -1, -4)
    curl = np.einsum("...ikjl->...klij", dgamma) - np.einsum("...jkil->...klij", dgamma)
    products = np.einsum("...kim,...mjl->...klij", gamma, gamma)
    return curl + products - np.einsum("...klij->...klji", products)


class SolverChart:
    """The coordinates u in which geodesics are computed: all of ℝᵈ wherever the family allows.

    `to`, `back` change coordinates from and to the metric's own ξ; `push`, `pull` do so with
    tangent vectors at a point given in ξ and in u respectively.
    """

    def __init__(self, tensors: Tensors, own: Any, free: Any, edge: ArrayLike, singular: Tape | None = None):
        self.tensors = tensors
        self._own, self._free = own, free
        self._edge, self._singular = edge, singular

    @property
    def dimension(self) -> int:
        return self.tensors.dimension

    def to(self, xi: ArrayLike) -> Array:
        return self._free.to(self._own.back(xi))

    def back(self, u: ArrayLike) -> Array:
        return self._own.to(self._free.back(u))

    def push(self, xi: ArrayLike, vector: ArrayLike) -> Array:
        """du of a tangent vector dξ at ξ."""
        theta = self._own.back(xi)
        dtheta = np.linalg.solve(self._own.jacobian(theta), np.asarray(vector, float)[..., None])
        return (self._free.jacobian(theta) @ dtheta)[..., 0]

    def pull(self, u: ArrayLike, vector: ArrayLike) -> Array:
        """dξ of a tangent vector du at u."""
        theta = self._free.back(u)
        dtheta = np.linalg.solve(self._free.jacobian(theta), np.asarray(vector, float)[..., None])
        return (self._own.jacobian(theta) @ dtheta)[..., 0]

    def g_dg(self, u: ArrayLike) -> tuple[Array, Array]:
        return self.tensors.g_dg(u)

    def d2g(self, u: ArrayLike) -> Array:
        return self.tensors.d2g(u)

    def jet(self, u: ArrayLike) -> tuple[Array, Array, Array]:
        return self.tensors.jet(u)

    def cubic(self, u: ArrayLike) -> Array | None:
        return self.tensors.cubic(u)

    def inside(self, u: ArrayLike) -> NDArray[np.bool_]:
        return ~self.edge(u)

    def edge(self, u: ArrayLike) -> NDArray[np.bool_]:
        """Where u has left the domain, or the metric its floating-point range."""
        u = np.asarray(u, float)
        with np.errstate(invalid="ignore"):
            far = ~np.all(np.abs(u) < self._edge, axis=-1)
        return far | ~np.all(np.isfinite(self._free.back(np.where(far[..., None], 0.5, u))), axis=-1)

    def side(self, u: ArrayLike) -> NDArray[np.int_] | None:
        """A number for each region between the places where the metric is singular, −1 there; None without any."""
        if self._singular is None:
            return None
        values = run(self._singular, self._free.back(u))
        with np.errstate(invalid="ignore"):
            number = (values > 0) @ (1 << np.arange(values.shape[-1]))
            return np.where(np.all(np.abs(values) > 0, axis=-1), number, -1)

    def far(self, u: ArrayLike) -> NDArray[np.bool_]:
        """Where u is inside, but so far out that the metric is at the end of its floating-point range."""
        with np.errstate(invalid="ignore"):
            return np.any(np.abs(np.asarray(u, float)) >= _NEARLY * np.asarray(self._edge), axis=-1)


class _Identity:
    """The map of a metric given directly in its own coordinates."""

    def __init__(self, dimension: int, inside: Callable[[Array], Any]):
        self.dimension, self._inside = dimension, inside

    def to(self, x: ArrayLike) -> Array:
        return np.asarray(x, float)

    def back(self, x: ArrayLike) -> Array:
        x = np.asarray(x, float)
        return np.where(self._inside(x)[..., None], x, np.nan)

    def jacobian(self, x: ArrayLike) -> Array:
        shape = np.shape(x)
        return np.broadcast_to(np.eye(self.dimension), (*shape, self.dimension))

    def hessian(self, x: ArrayLike) -> Array:
        return np.zeros((*np.shape(x), self.dimension, self.dimension))


class Dual:
    """The two flat charts of an exponential family, as maps from and to the metric's coordinates."""

    def __init__(self, own: ChartMap):
        self._own = own
        self._natural = chart_map(own.family, "natural")
        self._expectation = chart_map(own.family, "expectation")

    def natural(self, xi: ArrayLike) -> Array:
        return self._natural.to(self._own.back(xi))

    def from_natural(self, n: ArrayLike) -> Array:
        return self._own.to(self._natural.back(n))

    def velocity(self, p: ArrayLike, q: ArrayLike, alpha: float) -> Array:
        """dξ/dt at p of the path from p to q that is straight in natural (α = 1) or expectation coordinates."""
        flat = self._natural if alpha == 1 else self._expectation
        here, there = self._own.back(p), self._own.back(q)
        step = np.linalg.solve(flat.jacobian(here), (flat.to(there) - flat.to(here))[..., None])
        return (self._own.jacobian(here) @ step)[..., 0]

    def expectation(self, xi: ArrayLike) -> Array:
        return self._expectation.to(self._own.back(xi))

    def from_expectation(self, eta: ArrayLike) -> Array:
        return self._own.to(self._expectation.back(eta))


class Metric:
    """A metric in one chart. Points are arrays (..., d) in that chart's order.

    g             SymPy matrix, or None where the chart is known by numbers only
    derivation    the steps that led to the metric (None for a metric given directly)
    solver        unconstrained chart for the solvers
    closed_form   published formulas for distance, log and path, or None
    dual          natural and expectation maps of an exponential family, or None
    tensors       g, ∂g, T in this chart without the checks on points, or None like g
    """

    def __init__(self, names, base, own, tensors, solver, *, title="", derivation=None, family=None,
                 chart="", isometry=None, dual=None):  # fmt: skip
        self.names, self.title, self.chart = tuple(names), title, chart
        self.family, self.derivation, self.dual = family, derivation, dual
        self.base, self._own, self.tensors = base, own, tensors
        free_tensors, free_map, edge, *singular = solver
        self.solver = SolverChart(free_tensors, own, free_map, edge, *singular)
        self.closed_form = _ClosedForm(isometry, own) if isometry is not None else None

    @staticmethod
    def from_expressions(
        symbols: Sequence[sp.Symbol],
        g: Matrix | Sequence[Sequence[Any]],
        *,
        inside: Callable[[Array], Any] | None = None,
        cubic: Any = None,
        title: str = "metric",
    ) -> Metric:
        """A metric g(x) given directly; `inside` says where it is defined (default: everywhere)."""
        tensors = Tensors(symbols, sp.Matrix(g), None if cubic is None else lambda: cubic)
        own = _Identity(len(symbols), inside or (lambda x: np.isfinite(x).all(-1)))
        return Metric([s.name for s in symbols], tensors, own, tensors, (tensors, own, np.inf), title=title)

    @property
    def dimension(self) -> int:
        return len(self.names)

    @property
    def g(self) -> Matrix | None:
        return self.tensors.g_expression if self.tensors and self.tensors.closed else None

    @property
    def g_tape(self) -> Tape | None:
        """ξ -> the upper triangle of g, row by row, as one tape; None where `g` is None."""
        return self.tensors.g_tape if self.tensors else None

    @property
    def symbols(self) -> tuple[sp.Symbol, ...] | None:
        return self.tensors.symbols if self.tensors else None

    def inside(self, xi: ArrayLike) -> NDArray[np.bool_]:
        """Whether ξ lies strictly inside the chart's domain."""
        return np.isfinite(self._own.back(np.asarray(xi, float))).all(-1)

    def check(self, xi: ArrayLike) -> Array:
        """ξ as an array (..., d) inside the domain; raises `ValueError` or `DomainError`."""
        xi = np.asarray(xi, float)
        if xi.shape[-1:] != (self.dimension,):
            order = ", ".join(self.names)
            raise ValueError(
                f"{self.title}: a point has shape (..., {self.dimension}) in the order ({order}), not {xi.shape}."
            )
        if not np.all(good := self.inside(xi)):
            raise DomainError(
                xi[~good].reshape(-1, self.dimension)[0],
                f"{self.title}: the point ({', '.join(self.names)})",
                "outside the domain of this chart",
                "choose a point inside it",
            )
        return xi

    def matrix(self, theta: ArrayLike) -> Array:
        """gᵢⱼ(θ) of one observation, shape (..., d, d)."""
        xi = self.check(theta)
        if self.tensors:
            return self.tensors.g(xi)
        point = self._own.back(xi)
        inverse = np.linalg.inv(self._own.jacobian(point))
        return np.swapaxes(inverse, -1, -2) @ self.base.g(point) @ inverse

    def inverse(self, theta: ArrayLike) -> Array:
        """gⁱʲ(θ): the Cramér–Rao bound for one observation, shape (..., d, d).

        Raises `DomainError` where the metric is singular: something there cannot be estimated at all.
        """
        try:
            return np.linalg.inv(self.matrix(theta))
        except np.linalg.LinAlgError:
            subject = f"{self.title}: the point ({', '.join(self.names)})"
            reason = "where the metric is singular and has no inverse"
            remedy = "choose one where every parameter can be told from data"
            raise DomainError(np.asarray(theta), subject, reason, remedy) from None

    def cubic(self, theta: ArrayLike) -> Array | None:
        """Amari–Chentsov tensor Tᵢⱼₖ = E[∂ᵢℓ ∂ⱼℓ ∂ₖℓ], shape (..., d, d, d), or None."""
        xi = self.check(theta)
        if self.tensors:
            return self.tensors.cubic(xi)
        point = self._own.back(xi)
        inverse = np.linalg.inv(self._own.jacobian(point))
        value = self.base.cubic(point)
        return None if value is None else np.einsum("...abc,...ai,...bj,...ck->...ijk", value, *[inverse] * 3)

    def christoffel(self, theta: ArrayLike, alpha: float = 0.0) -> Array:
        """Γ⁽α⁾ᵏᵢⱼ, shape (..., k, i, j); α = 0 Levi-Civita, 1 exponential, −1 mixture."""
        xi = self.check(theta)
        self.need_cubic(alpha)
        if self.tensors:
            g, dg = self.tensors.g_dg(xi)
            return christoffel_of(g, dg, self.tensors.cubic(xi) if alpha else None, alpha)
        point = self._own.back(xi)
        j = self._own.jacobian(point)
        inverse = np.linalg.inv(j)
        g, dg = self.base.g_dg(point)
        declared = christoffel_of(g, dg, self.base.cubic(point) if alpha else None, alpha)
        inner = np.einsum("...ka,...abc->...kbc", j, declared) - self._own.hessian(point)
        return np.einsum("...kbc,...bi,...cj->...kij", inner, inverse, inverse)

    def riemann(self, theta: ArrayLike, alpha: float = 0.0) -> tuple[Array, Array]:
        """(g, Rₖₗᵢⱼ) at the point, both in one chart: the declared one, or a flat one that the solvers use.

        Declared coordinates may be polar, and lose the curvature's digits near their pole.
        """
        self.need_cubic(alpha)
        point, base = self._own.back(self.check(theta)), self.base
        if self.family is not None and self.family.solver == "natural":
            point, base = chart_map(self.family, "natural").to(point), self.solver.tensors
        g, dg = base.g_dg(point)
        cubic, slope = (base.cubic(point), base.cubic_slope(point)) if alpha else (None, None)
        raised = riemann_of(g, dg, base.d2g(point), cubic, slope, alpha)
        return g, np.einsum("...km,...mlij->...klij", g, raised)

    def gaussian_curvature(self, theta: ArrayLike, alpha: float = 0.0) -> Array:
        """K = R₁₂₁₂ / det g for two parameters (sphere positive), shape (...). Chart-free."""
        if self.dimension != 2:
            raise ValueError(
                f"{self.title} has {self.dimension} parameter(s); Gaussian curvature needs two. Use scalar_curvature."
            )
        g, lowered = self.riemann(theta, alpha)
        both = (lowered[..., 0, 1, 0, 1] + lowered[..., 1, 0, 1, 0]) / 2
        with np.errstate(all="ignore"):
            return both / np.linalg.det(g)

    def scalar_curvature(self, theta: ArrayLike) -> Array:
        """R = gˡʲ Rⁱₗᵢⱼ (2K for two parameters, 0 for one), shape (...)."""
        if self.dimension == 1:
            return np.zeros(np.shape(self.check(theta))[:-1])
        g, lowered = self.riemann(theta)
        inverse = solve_each(g, np.broadcast_to(np.eye(self.dimension), g.shape))
        return np.einsum("...ki,...lj,...klij->...", inverse, inverse, lowered)

    def need_cubic(self, alpha: float) -> None:
        """Raises `ValueError` for α ≠ 0 where the metric has no cubic tensor."""
        if alpha and self.base.cubic_expressions is None:
            raise ValueError(f"{self.title} has no cubic tensor, so only α = 0 is defined, not α = {alpha:g}.")


class _ClosedForm:
    """Distance, log and path through an isometry, in the coordinates of one chart."""

    def __init__(self, isometry: Isometry, own: Any):
        self.isometry, self._own = isometry, own

    def distance(self, p: ArrayLike, q: ArrayLike) -> Array:
        return self.isometry.distance(self._own.back(p), self._own.back(q))

    def path(self, p: ArrayLike, q: ArrayLike, t: ArrayLike) -> Array:
        return self._own.to(self.isometry.path(self._own.back(p), self._own.back(q), np.asarray(t, float)))

    def log(self, p: ArrayLike, q: ArrayLike) -> Array:
        theta = self._own.back(p)
        velocity = self.isometry.log(theta, self._own.back(q))
        return (self._own.jacobian(theta) @ velocity[..., None])[..., 0]


def fisher_metric(family: Family, chart: str | None = None) -> Metric:
    """The Fisher metric g = E[s sᵀ] of one observation, in the chart named (default: as declared).

    Derived once a family and compiled once a chart; JᵀgJ along a change of coordinates.
    """
    key = family.charts[chart].name if chart else next(iter(family.charts))
    kept = family.__dict__.setdefault("_metrics", {})
    if key not in kept:
        kept[key] = _build(family, key)
    return kept[key]


def _build(family: Family, key: str) -> Metric:
    derivation = derive(family)
    own, free = chart_map(family, key), chart_map(family, family.solver)
    base = _tensors(family, next(iter(family.charts)))
    return Metric(
        own.chart.names, base, own, _tensors(family, key),
        (_tensors(family, family.solver), free, np.array(free.edges), family.singular_tape),
        title=f"Family '{family.title}'", derivation=derivation, family=family, chart=key,
        isometry=_isometry(family), dual=Dual(own) if derivation.form else None,
    )  # fmt: skip


def _isometry(family: Family) -> Isometry | None:
    kept = family.__dict__
    if "_isometry" not in kept:
        g = derive(family).g
        kept["_isometry"] = None if g is None else recognise(g, family.symbols)
    return kept["_isometry"]


def _tensors(family: Family, key: str) -> Tensors | None:
    kept = family.__dict__.setdefault("_tensors", {})
    if key not in kept:
        kept[key] = _make_tensors(family, key)
    return kept[key]


def _make_tensors(family: Family, key: str) -> Tensors | None:
    derivation, own = derive(family), chart_map(family, key)
    if derivation.moments and own.backward:
        of_order, symbols, back = derivation.moments, own.chart.symbols, own.backward
        return Tensors(symbols, of_order(2, symbols, back), lambda: of_order(3, symbols, back), closed=False)
    if own.chart.symbols == own.forward == family.symbols:
        return Tensors(family.symbols, derivation.continuous, lambda: derivation.cubic)
    # a picture is drawn in, not read: its formulas would be long and serve nobody
    if own.backward is None or key in family.picture:
        return None
    if derivation.form and own.chart.to == family.charts["natural"].to:
        return _potential_tensors(derivation.form, own.chart.symbols, own.backward)
    return _pulled_back(derivation, family.symbols, own.chart.symbols, own.backward)


def _potential_tensors(form: ExponentialForm, symbols: Sequence[sp.Symbol], back: Sequence[Expr]) -> Tensors:
    """In natural coordinates g = ∂∂ψ and T = ∂∂∂ψ, with the potential ψ = −c₀."""
    alone, rest = log_sums(form.free_part.xreplace(dict(zip(form.symbols, back, strict=True))))
    if len(alone) > 1:
        return _summed_tensors(-rest, [-term for term in alone], symbols)
    potential = -tidy_terms(sp.Add(rest, *alone))
    potential = potential.replace(
        lambda e: isinstance(e, LogBesselI0) and e.args[0].is_Pow and e.args[0].exp == sp.Rational(1, 2),
        lambda e: LogBesselI0Sqrt(0, e.args[0].base),
    )
    slopes = [sp.diff(potential, s) for s in symbols]
    # one fraction an entry: p(1 − p) written as a difference loses its digits near the edge
    g = symmetric_matrix(len(symbols), lambda i, j: _tidy_if_plain(sp.diff(slopes[i], symbols[j])))
    return Tensors(symbols, g, lambda: _slopes(g, symbols))


def _summed_tensors(rest: Expr, terms: Sequence[Expr], symbols: Sequence[sp.Symbol]) -> Tensors:
    """The same for a potential that is a sum over many places, each of which is bent by itself."""

    def entry(i: int, j: int) -> Expr:
        bends = (bend(term, symbols[i], symbols[j]) for term in terms)
        return sp.Add(_tidy_if_plain(sp.diff(rest, symbols[i], symbols[j])), *bends)

    g = symmetric_matrix(len(symbols), entry)
    return Tensors(symbols, g, lambda: _slopes(g, symbols))


def _slopes(g: Matrix, symbols: Sequence[sp.Symbol]) -> Any:
    n = range(len(symbols))
    return [[[sp.diff(g[i, j], c) for c in symbols] for j in n] for i in n]


def _pulled_back(
    derivation: Derivation, theta: Sequence[sp.Symbol], symbols: Sequence[sp.Symbol], back: Sequence[Expr]
) -> Tensors:
    """g_ξ = Jᵀ g(θ(ξ)) J and T likewise, θ = back(ξ), J = ∂θ/∂ξ."""
    swap = dict(zip(theta, back, strict=True))
    jacobian = sp.Matrix([[sp.diff(b, s) for s in symbols] for b in back])

    def moved(e: Expr) -> Expr:
        return e.xreplace(swap)

    inner_g = derivation.continuous.applyfunc(moved)
    d = range(len(symbols))
    g = symmetric_matrix(
        len(symbols),
        lambda i, j: _tidy_if_plain(sum(jacobian[a, i] * inner_g[a, b] * jacobian[b, j] for a in d for b in d)),
    )

    def cubic() -> Any:
        inner = [[[moved(e) for e in row] for row in plane] for plane in derivation.cubic]
        return [[[sum(inner[a][b][c] * jacobian[a, i] * jacobian[b, j] * jacobian[c, k]
                      for a in d for b in d for c in d) for k in d] for j in d] for i in d]  # fmt: skip

    return Tensors(symbols, g, cubic)


def _tidy_if_plain(e: Expr) -> Expr:
    """Cancel what is rational in its symbols and exponentials; of special functions the factors, each alone."""
    if not e.has(*_SPECIAL):
        return _in_exponentials(e) if e.has(sp.cosh, sp.sinh) else tidy(e)
    whole = sp.expand(e)
    if whole.has(sp.Piecewise):
        return whole
    # (1 − m)²ψ′, written out, would lose the digits of 1 − m
    return sp.collect(whole, sorted(whole.atoms(*_SPECIAL), key=str), sp.factor)


def _in_exponentials(e: Expr) -> Expr:
    """The shorter of a formula and the same in exponentials: sinh²/(cosh² − 1), which is 1, has no digits near 0."""
    return min(tidy(e), tidy(sp.expand(e.rewrite(sp.exp))), key=sp.count_ops)
