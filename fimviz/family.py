"""Declarations: a family of probability distributions and the coordinates it can be written in.

A declaration is frozen data that checks itself. Everything else (metric, charts of exponential
families, solvers, pictures) is derived from it and tested against it.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache, partial, wraps
from numbers import Real
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.errors import DomainError
from fimviz.exponential import ExponentialForm, exponential_form
from fimviz.tape import Tape, lower

Interval = tuple[float, float]
REAL: Interval = (-math.inf, math.inf)
POSITIVE: Interval = (0.0, math.inf)
UNIT: Interval = (0.0, 1.0)
Formula = Callable[..., Any]
KINDS = ("real", "positive", "unit", "interval", "circle", "naturals", "finite", "plane", "simplex", "labels")
# how far from 0 an expression has to be for rounding not to make a singular metric of it
_TELLING = 1e-6
_SUBSCRIPTS = "₀₁₂₃₄₅₆"


def once(find: Formula, most: float = math.inf) -> Any:
    """Remember what `find(family, …)` gives for as long as the family lives: visitors' families come and go.

    `most` is how many answers are kept, where what is asked has no end; the oldest goes first.
    """

    @wraps(find)
    def found(family: Family, *key: Any, **named: Any) -> Any:
        kept = family.__dict__.setdefault("_kept", {}).setdefault((find.__module__, find.__qualname__), {})
        name = (key, tuple(sorted(named.items())))
        if name in kept:
            return kept[name]
        answer = kept[name] = find(family, *key, **named)
        # a list of the names, as other threads may be adding theirs
        for old in list(kept)[: max(0, len(kept) - most)] if most < math.inf else ():
            kept.pop(old, None)
        return answer

    return found


def lately(most: int) -> Callable[[Formula], Any]:
    """`once`, with the last `most` answers about each family."""
    return partial(once, most=most)


def symbol(name: str, domain: Interval = REAL) -> sp.Symbol:
    """A real symbol that knows its sign, so that SymPy may split log(a·b)."""
    if domain[0] >= 0:
        return sp.Symbol(name, positive=True)
    return sp.Symbol(name, real=True)


@dataclass(frozen=True)
class Parameter:
    """One coordinate: `domain` is where it lives, `view` what is drawn and what tests draw from.

    `period`, where it is not 0, is the length after which the same distribution comes again.
    """

    name: str
    domain: Interval = REAL
    view: Interval = (-3.0, 3.0)
    default: float = 0.0
    label: str = ""
    glyph: str = ""
    period: float = 0.0

    def __post_init__(self) -> None:
        low, high = self.domain
        if not low < self.view[0] < self.default < self.view[1] < high:
            raise ValueError(
                f"Parameter '{self.name}': view {self.view} and default {self.default} must lie "
                f"strictly inside the domain {self.domain}, the default inside the view."
            )

    @property
    def symbol(self) -> sp.Symbol:
        return symbol(self.name, self.domain)


@dataclass(frozen=True)
class Constant:
    """A number that a family holds fixed, or a tuple of them, at least two of them different.

    `domain` is where each may be, `view` what a page offers, and at most so many of them; `whole` where it
    counts something.
    """

    name: str
    default: float | tuple[float, ...]
    domain: Interval = REAL
    view: Interval = (-10.0, 10.0)
    label: str = ""
    glyph: str = ""
    whole: bool = False
    most: int = 8

    def check(self, value: Any, title: str) -> Any:
        """`value` as the family's formulas take it; raises `ValueError` where it may not be that."""
        subject = f"Family '{title}': constant '{self.name}' is {value!r}"
        if isinstance(self.default, tuple) and not isinstance(value, tuple):
            raise ValueError(f"{subject}; give a tuple of numbers, like {self.default}.")
        if not isinstance(value, tuple):
            return self._number(value, subject)
        if len(set(value)) < 2:
            raise ValueError(f"{subject}; give at least two different numbers.")
        return tuple(self._number(v, subject) for v in value)

    def _number(self, value: Any, subject: str) -> float:
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise ValueError(f"{subject}; give a finite number.")
        (low, high), value = self.domain, cast(float, value)
        if not low < value < high or (self.whole and value != math.floor(value)):
            limits = [f"greater than {low:g}"] * math.isfinite(low) + [f"less than {high:g}"] * math.isfinite(high)
            raise ValueError(f"{subject}; choose a {'whole ' * self.whole}number {' and '.join(limits)}.")
        return int(value) if self.whole else value


@dataclass(frozen=True)
class Support:
    """Where a single observation lives, and the range of it that is drawn, the same for each coordinate.

    kind: "real", "positive" (above `low`), "unit", "interval" (any other, between its `bounds`), "circle"
    (one turn), "naturals" or "finite"; with several coordinates "plane" (ℝ²), "simplex" (the first two
    of three proportions) or "labels" ({0, 1}ᵐ, m = `labels`), for which a sample x has shape (..., `size`).
    """

    kind: str
    view: Interval
    points: tuple[float, ...] = ()
    labels: int = 0
    low: float = 0.0
    bounds: Interval = REAL

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"Support: kind '{self.kind}' is unknown; choose one of {', '.join(KINDS)}.")
        if (self.kind == "finite") != bool(self.points):
            raise ValueError(f"Support: kind '{self.kind}' with points {self.points}; a finite support lists them.")
        if (self.kind == "labels") != (self.labels > 0):
            raise ValueError(f"Support: kind '{self.kind}' with labels {self.labels}; say how many labels there are.")
        if self.low < 0 or (self.low and self.kind != "positive"):
            raise ValueError(f"Support: kind '{self.kind}' from {self.low}; only a half-line has a start, 0 or above.")
        if (self.kind == "interval") != (self.bounds != REAL) or not self.bounds[0] < self.bounds[1]:
            raise ValueError(f"Support: kind '{self.kind}' with bounds {self.bounds}; an interval has two that differ.")

    @staticmethod
    def of(formula: Callable[..., Support]) -> Support:
        """A support that depends on constants, which are the arguments of `formula`; a `Family` fills them in."""
        return cast(Support, formula)

    @property
    def size(self) -> int:
        """How many coordinates an observation has."""
        return {"plane": 2, "simplex": 2, "labels": self.labels}.get(self.kind, 1)

    @property
    def vector(self) -> bool:
        """Whether an observation is a tuple of coordinates, its last axis, and not one number."""
        return self.kind in ("plane", "simplex", "labels")

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """x, or x1, x2, … where an observation has several coordinates."""
        beside_zero = self.kind == "interval" and self.bounds[0] >= 0
        if beside_zero or self.kind in ("positive", "unit", "simplex"):
            sign = {"positive": True}
        else:
            sign = {"nonnegative": True} if self.discrete else {"real": True}
        names = [f"x{i + 1}" for i in range(self.size)] if self.vector else ["x"]
        return tuple(sp.Symbol(name, **sign) for name in names)

    @property
    def discrete(self) -> bool:
        return self.kind in ("naturals", "finite", "labels")

    def contains(self, x: ArrayLike) -> NDArray[np.bool_]:
        """Whether x can be observed, shape (...)."""
        x = np.asarray(x, float)
        if self.kind == "finite":
            return np.isin(x, self.points)
        if self.vector:
            return np.asarray(self._within(x).all(-1))
        with np.errstate(invalid="ignore"):
            below = {
                "positive": x > self.low,
                "unit": (x > 0) & (x < 1),
                "interval": (x > self.bounds[0]) & (x < self.bounds[1]),
                "naturals": (x >= 0) & (x == np.floor(x)),
            }
        return np.isfinite(x) & below.get(self.kind, True)

    def _within(self, x: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which coordinates of vectors x (..., size) do not rule them out."""
        if self.kind == "labels":
            return np.isin(x, (0, 1))
        if self.kind == "plane":
            return np.isfinite(x)
        with np.errstate(invalid="ignore"):
            return (x > 0) & (x.sum(-1, keepdims=True) < 1)

    def values(self, upto: float | None = None) -> NDArray[np.float64]:
        """The points of a discrete support (n,), the natural numbers up to `upto` (default: the view).

        Of labels all outcomes, (2ᵐ, m).
        """
        if self.kind == "finite":
            return np.array(self.points)
        if self.kind == "labels":
            return (np.arange(2.0**self.labels)[:, None] // 2.0 ** np.arange(self.labels)) % 2
        return np.arange(0.0, math.floor(self.view[1] if upto is None else upto) + 1)


@dataclass(frozen=True)
class Response:
    """A curve that every member draws over an input: y(t; θ₁, …), as p(t) = σ(b₀ + b₁t) of a regression.

    `inputs` is the range of t that is drawn, `view` that of y, or None where the curve itself says it.
    """

    curve: Formula
    inputs: Interval
    label: str
    input_label: str = "x"
    view: Interval | None = None

    @staticmethod
    def of(formula: Callable[..., Response]) -> Response:
        """A curve that depends on constants, as `Support.of`."""
        return cast(Response, formula)


@dataclass(frozen=True)
class Chart:
    """Coordinates ξ = to(θ) on a family, with θ = back(ξ) where a formula for it is known.

    The coordinates are named by the arguments of `back`, and the chart by its coordinates, unless
    `names` and `name` say otherwise. Without `back` the library inverts by Newton's method. `quoted` is
    the place of the coordinate that a moving label quotes.
    """

    to: Formula
    back: Formula | None = None
    domains: tuple[Interval, ...] = ()
    glyphs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    name: str = ""
    quoted: int = -1

    def __post_init__(self) -> None:
        if not self.names and self.back is None:
            raise ValueError("Chart: without `back` its coordinates have no names; give `names`.")
        if not self.names:
            object.__setattr__(self, "names", _positional(self.back))
        if not self.name:
            object.__setattr__(self, "name", ", ".join(self.names).replace("_", " "))
        for attribute, fallback in (("domains", REAL), ("glyphs", None), ("labels", "")):
            if not getattr(self, attribute):
                values = self.names if fallback is None else (fallback,) * len(self.names)
                object.__setattr__(self, attribute, tuple(values))
            if len(getattr(self, attribute)) != len(self.names):
                given = len(getattr(self, attribute))
                raise ValueError(f"Chart '{self.name}': {given} {attribute} for {len(self.names)} coordinate(s).")

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        return tuple(symbol(n, d) for n, d in zip(self.names, self.domains, strict=True))


def _positional(formula: Formula | None) -> tuple[str, ...]:
    """The names of a formula's arguments, those after a * left out: they are constants."""
    named = inspect.signature(formula).parameters.values() if formula else ()
    return tuple(p.name for p in named if p.kind is not p.KEYWORD_ONLY)


class Charts(Mapping[str, Chart]):
    """Charts by key; spaces and case do not matter, so "mu,variance" finds "mu, variance"."""

    def __init__(self, charts: Sequence[Chart], aliases: Mapping[str, str]):
        self._charts = {c.name: c for c in charts}
        self._keys = {_plain(k): k for k in self._charts}
        self._keys |= {_plain(a): k for a, k in aliases.items() if _plain(a) not in self._keys}

    def __getitem__(self, key: str) -> Chart:
        try:
            return self._charts[self._keys[_plain(key)]]
        except KeyError:
            known = ", ".join(f"'{k}'" for k in self._charts)
            raise KeyError(f"No chart '{key}' here; there are {known}.") from None

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and _plain(key) in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._charts)

    def __len__(self) -> int:
        return len(self._charts)


def _plain(key: str) -> str:
    return "".join(str(key).split()).lower()


@dataclass(frozen=True, eq=False)
class Family:
    """A parametric family p(x; θ), declared by its log-density.

    support       where x lives, or `Support.of` a function of the constants
    log_density   ℓ(x, θ₁, …, constants) per observation, in SymPy terms; x is a tuple of symbols
                  where an observation has several coordinates
    constraint    > 0 exactly inside the domain, where the parameters' intervals do not say it all
    singular      expressions in θ that change sign exactly where the metric is singular, if it is inside
    statistics    T(x) of an exponential family; only their order is taken from here
    natural       θ as a function of the natural parameters: the inverse that SymPy cannot be
                  relied on to find; `expectation` likewise for the expectation parameters
    kl            KL(p‖q) in the parameters of p, then of q, where no exponential family gives it, or gives
                  it as a sum that cancels far out
    mean          E[f(x)] as an integral on nodes (see `trapezoid`), given f, the parameters and constants:
                  how the metric is known where no rule gives it in closed form
    constants     numbers held fixed, or tuples of them; `log_density` takes them last, other formulas
                  by name after a *; constants_declared say where they may be
    solver        key of the chart the solvers use (default: "unconstrained", made from the domains)
    picture       charts whose coordinates are a place on paper, drawn instead of the declared one
    pair          two members worth connecting; corners: the domain's, where it is a polygon
    response      the curve that a member draws, where it is a regression; or `Response.of` a function of the constants
    """

    slug: str
    title: str
    parameters: tuple[Parameter, ...]
    support: Support
    log_density: Formula
    charts_declared: tuple[Chart, ...] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)
    constraint: Formula | None = None
    statistics: Formula | None = None
    natural: Formula | None = None
    expectation: Formula | None = None
    singular: Formula | None = None
    kl: Formula | None = None
    mean: Formula | None = None
    solver: str = "unconstrained"
    chart_name: str = ""
    picture: tuple[str, ...] = ()
    pair: tuple[Sequence[float], ...] = ()
    corners: tuple[Sequence[float], ...] = ()
    response: Response | None = None
    constants_declared: tuple[Constant, ...] = ()

    def __post_init__(self) -> None:
        _settle_constants(self)
        _check_signature(self)
        unknown = self.expression.free_symbols - {*self.samples, *self.symbols}
        if unknown:
            names = ", ".join(p.name for p in self.parameters)
            raise ValueError(
                f"Family '{self.title}': log_density uses '{min(map(str, unknown))}', which is "
                f"neither the sample 'x' nor one of ({names})."
            )

    @property
    def dimension(self) -> int:
        return len(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.parameters)

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        return tuple(p.symbol for p in self.parameters)

    @property
    def samples(self) -> tuple[sp.Symbol, ...]:
        """The symbols of the coordinates of one observation."""
        return self.support.symbols

    @property
    def sample(self) -> Any:
        """What `log_density` is written in: the symbol x, or the tuple of `samples`."""
        return self.samples if self.support.vector else self.samples[0]

    @property
    def default(self) -> NDArray[np.float64]:
        return np.array([p.default for p in self.parameters])

    @cached_property
    def expression(self) -> sp.Expr:
        """ℓ(x; θ) with the constants filled in."""
        return sp.Add(self.log_density(self.sample, *self.symbols, **self._exact_constants()))

    def _exact_constants(self) -> dict[str, Any]:
        return {name: _exact_constant(value) for name, value in self.constants.items()}

    def expectation_of(self, f: Formula, theta: Sequence[Any]) -> sp.Expr | None:
        """E[f(x)] at θ as an expression with integrals in it, or None where no `mean` is declared."""
        return None if self.mean is None else self.mean(f, *theta, **self._exact_constants())

    @cached_property
    def density_tape(self) -> Tape:
        """log p(x; θ) as a tape: inputs x, or x₁, x₂, …, then θ₁, …"""
        return lower([self.expression], (*self.samples, *self.symbols))

    @cached_property
    def _constraint_tape(self) -> Tape | None:
        if self.constraint is None:
            return None
        return lower([self.constraint(*self.symbols)], self.symbols)

    @cached_property
    def singular_tape(self) -> Tape | None:
        """θ -> what is 0 where the metric is singular, or None where it never is."""
        return None if self.singular is None else lower(self.singular(*self.symbols), self.symbols)

    def regular(self, theta: ArrayLike) -> NDArray[np.bool_]:
        """Whether θ (..., d) is inside the domain and clear of where the metric is singular."""
        theta, good = np.asarray(theta, float), self.inside(theta)
        if self.singular_tape is None:
            return good
        return good & np.all(np.abs(self.singular_tape(*np.moveaxis(theta, -1, 0))) > _TELLING, axis=-1)

    def with_constants(self, **constants: Any) -> Family:
        """The same family with other constants, for example `student_t` with nu=3.

        The same constants give the same object, as long as it is one of the last few asked for.
        Raises `ValueError` for a name or a value that may not be.
        """
        unknown = set(constants) - set(self.constants)
        if unknown:
            known = ", ".join(self.constants) or "none"
            raise ValueError(f"Family '{self.title}' has no constant '{min(unknown)}' ({known}).")
        first = self._first
        wanted = _checked_constants(first, {**self.constants, **constants})
        return first if wanted == first.constants else _variant(first, tuple(wanted.items()))

    @property
    def _first(self) -> Family:
        """The family as it was declared, of which this one is a variant with other constants."""
        return self.__dict__.get("_variant_of", self)

    def log_probability(self, x: ArrayLike, theta: ArrayLike) -> NDArray[np.float64]:
        """log p(x; θ); x (...), of several coordinates (..., size), and θ (..., d) broadcast.

        Nats; −∞ where x cannot be observed.
        """
        theta, x = self.check(theta), np.asarray(x, float)
        value = self.density_tape(*self.coordinates(x), *np.moveaxis(theta, -1, 0))[..., 0]
        return np.where(self.support.contains(x), value, -np.inf)

    def coordinates(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """The coordinates of observations x, one array (...) for each of `samples`."""
        if not self.support.vector:
            return (x,)
        if x.shape[-1:] != (self.support.size,):
            size = self.support.size
            raise ValueError(f"Family '{self.title}' takes observations of shape (..., {size}), not {x.shape}.")
        return tuple(np.moveaxis(x, -1, 0))

    def inside(self, theta: ArrayLike) -> NDArray[np.bool_]:
        """Whether θ (..., d) lies strictly inside the domain."""
        theta = np.asarray(theta, float)
        with np.errstate(invalid="ignore"):
            low = np.array([p.domain[0] for p in self.parameters])
            high = np.array([p.domain[1] for p in self.parameters])
            good = np.all((theta > low) & (theta < high) & np.isfinite(theta), axis=-1)
            if self._constraint_tape is not None:
                good = good & (self._constraint_tape(*np.moveaxis(theta, -1, 0))[..., 0] > 0)
        return np.asarray(good)

    def inside_point(self, theta: Sequence[float]) -> bool:
        """`inside` for one point of floats, for loops that go step by step."""
        between = all(p.domain[0] < x < p.domain[1] for p, x in zip(self.parameters, theta, strict=True))
        return between and (self._constraint_tape is None or self._constraint_tape.scalar(*theta)[0] > 0)

    def check(self, theta: ArrayLike) -> NDArray[np.float64]:
        """θ as an array (..., d) strictly inside the domain; raises `DomainError` otherwise."""
        theta = np.asarray(theta, float)
        if theta.shape[-1:] != (self.dimension,):
            raise ValueError(
                f"Family '{self.title}' takes points of shape (..., {self.dimension}) in the order "
                f"({', '.join(self.names)}), not {theta.shape}."
            )
        if not np.all(good := self.inside(theta)):
            value = theta[~good].reshape(-1, self.dimension)[0]
            raise DomainError(*_outside(self, value))
        return theta

    @cached_property
    def exponential_form(self) -> ExponentialForm | None:
        """ℓ as Σ cₘ(θ) fₘ(x) + c₀(θ) + h(x) with as many statistics as parameters, if it is so."""
        order = self.statistics(self.sample) if self.statistics else ()
        return exponential_form(self.expression, self.samples, self.symbols, order)

    @cached_property
    def charts(self) -> Charts:
        """Every chart: declared, further ones, natural and expectation, and the unconstrained."""
        own = identity_chart(self)
        charts = [own, *self.charts_declared, *dual_charts(self)]
        free = next((c for c in charts if c.name == self.solver and self.constraint), None)
        if "unconstrained" not in [c.name for c in charts]:
            charts.append(replace(free, name="unconstrained") if free else unconstrained_chart(self))
        return Charts(charts, {", ".join(self.names): own.name})


def exact(value: float) -> sp.Expr:
    """A number as written: 0.1 is 1/10, and no text is ever parsed."""
    if math.isinf(value):
        return sp.oo if value > 0 else -sp.oo
    written = Fraction(repr(float(value)))
    return sp.Rational(written.numerator, written.denominator)


# families by their constants that are kept; a slider over a constant makes many
MOST_VARIANTS = 64


@lru_cache(MOST_VARIANTS)
def _variant(first: Family, constants: tuple[tuple[str, Any], ...]) -> Family:
    family = replace(first, constants=dict(constants), **first.__dict__["_declared"])
    object.__setattr__(family, "_variant_of", first)
    return family


def _exact_constant(value: Any) -> Any:
    return tuple(map(exact, value)) if isinstance(value, tuple) else exact(value)


def _checked_constants(family: Family, given: Mapping[str, Any]) -> dict[str, Any]:
    """The constants as declared, those given instead, each checked; raises `ValueError`."""
    declared = {c.name: c for c in family.constants_declared}
    values = {c.name: c.default for c in family.constants_declared} | dict(given)
    return {name: declared.get(name, Constant(name, 0.0)).check(value, family.title) for name, value in values.items()}


def _settle_constants(family: Family) -> None:
    """Check the constants, make them read-only, and fill them in wherever a formula names them."""
    constants = _checked_constants(family, family.constants)
    fixed = {name: _exact_constant(value) for name, value in constants.items()}
    declared: dict[str, Any] = {"support": family.support, "response": family.response}
    put = partial(object.__setattr__, family)
    put("_declared", declared)
    put("constants", MappingProxyType(constants))
    for name, given in declared.items():
        put(name, given(**constants) if callable(given) else given)
    for name in ("natural", "expectation", "kl"):
        put(name, _filled(getattr(family, name), fixed))
    charts = (replace(c, to=_filled(c.to, fixed), back=_filled(c.back, fixed)) for c in family.charts_declared)
    put("charts_declared", tuple(charts))


def _filled(formula: Formula | None, constants: Mapping[str, Any]) -> Any:
    """The formula with the constants it names after a *."""
    if formula is None:
        return None
    named = inspect.signature(formula).parameters.values()
    wanted = {p.name: constants[p.name] for p in named if p.kind is p.KEYWORD_ONLY}
    return partial(formula, **wanted) if wanted else formula


def _check_signature(family: Family) -> None:
    given = list(inspect.signature(family.log_density).parameters)[1:]
    wanted = [*family.names, *family.constants]
    if given != wanted and not any(g.startswith("_") for g in given):
        raise ValueError(
            f"Family '{family.title}': log_density takes ({', '.join(given)}) after x, but the "
            f"declaration names ({', '.join(wanted)}); write them alike and in the same order."
        )


def _outside(family: Family, value: NDArray[np.float64]) -> tuple[Any, str, str, str]:
    limits = ", ".join(f"{p.domain[0]:g} < {p.name} < {p.domain[1]:g}" for p in family.parameters)
    extra = f" and {family.constraint(*family.symbols)} > 0" if family.constraint else ""
    subject = f"Family '{family.title}': the point ({', '.join(family.names)})"
    return value, subject, "outside the domain", f"choose {limits}{extra}"


def identity_chart(family: Family) -> Chart:
    """The chart in which the family was declared."""
    return Chart(
        lambda *theta: theta,
        lambda *theta: theta,
        tuple(p.domain for p in family.parameters),
        tuple(p.glyph or p.name for p in family.parameters),
        tuple(p.label for p in family.parameters),
        family.names,
        family.chart_name,
    )


def dual_charts(family: Family) -> list[Chart]:
    """The natural and the expectation chart of an exponential family, read off its form."""
    form = family.exponential_form
    if form is None:
        return []
    count = range(1, family.dimension + 1)

    def put(values: tuple[sp.Expr, ...]) -> Formula:
        return lambda *theta: tuple(v.xreplace(dict(zip(family.symbols, theta, strict=True))) for v in values)

    return [
        Chart(
            put(form.coefficients), family.natural, name="natural",
            names=tuple(f"n{i}" for i in count),
            glyphs=tuple(f"n{_SUBSCRIPTS[i]}" for i in count),
            labels=tuple(f"natural {i}" for i in count),
        ),
        Chart(
            put(form.expectations), family.expectation, name="expectation",
            names=tuple(f"e{i}" for i in count),
            glyphs=tuple(f"η{_SUBSCRIPTS[i]}" for i in count),
            labels=tuple(f"mean of {s}" for s in form.statistics),
        ),
    ]  # fmt: skip


def unconstrained_chart(family: Family) -> Chart:
    """ξ ∈ ℝᵈ: log for half-lines, logit for (0, 1), artanh for other intervals."""
    forms = [_unconstrain(p) for p in family.parameters]
    return Chart(
        lambda *theta: tuple(f[1](t) for f, t in zip(forms, theta, strict=True)),
        lambda *xi: tuple(f[2](u) for f, u in zip(forms, xi, strict=True)),
        glyphs=tuple(form[3] for form in forms),
        labels=tuple(p.label for p in family.parameters),
        names=tuple(form[0] for form in forms),
        name="unconstrained",
    )


def _unconstrain(p: Parameter) -> tuple[str, Formula, Formula, str]:
    low, high = map(exact, p.domain)
    glyph = p.glyph or p.name
    if p.domain == REAL:
        return p.name, lambda t: t, lambda u: u, glyph
    if math.isinf(p.domain[1]):
        return f"log_{p.name}", lambda t: sp.log(t - low), lambda u: low + sp.exp(u), f"log {glyph}"
    if p.domain == UNIT:
        logit = f"logit {glyph}"
        return f"logit_{p.name}", lambda t: sp.log(t / (1 - t)), lambda u: 1 / (1 + sp.exp(-u)), logit
    middle, half = (low + high) / 2, (high - low) / 2
    return (
        f"artanh_{p.name}",
        lambda t: sp.atanh((t - middle) / half),
        lambda u: middle + half * sp.tanh(u),
        f"artanh {glyph}",
    )
