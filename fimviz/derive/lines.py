"""A derivation written out in five lines, each with one change: log-density, score, its mean, its square, the metric.

The lines say what the rule that derived the metric did, not another story: expectations of
statistics in an exponential family, moments of the standard density in a location–scale family,
moments of a kernel. Where no rule applies the last three lines are numbers, found by quadrature.
Every line is held against its definition.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.derive import Derivation, derive
from fimviz.derive.examination import examination_points
from fimviz.derive.quadrature import Rule, expectation
from fimviz.exponential import ExponentialForm, Expr, Matrix, determinant, separate, tidy
from fimviz.families import CATALOG
from fimviz.family import Family, lately
from fimviz.notation import (
    Changed,
    latex,
    narrowest,
    oriented,
    plain,
    python,
    python_names,
    quadratic,
    sample_first,
    width,
)
from fimviz.tape import lower

Array = NDArray[Any]
NAMES = ("log-density", "score", "mean", "second moment", "metric")
# letters across that a line of matrices may take
_WIDEST = 64
_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
_WORDS = {
    "log-density": r"\ell",
    "score": r"s = {d}\ell",
    "mean": r"\mathbb{{E}}_{{{theta}}}[s]",
    "second moment": r"\mathbb{{E}}_{{{theta}}}[s{square}]",
    "metric": r"\mathrm{{d}}s^2",
    "matrix": r"I({theta})",
    "variance": r"\mathrm{{Var}}_{{{theta}}}[s]",
}


@dataclass(frozen=True)
class Line:
    """One line: `left` names what stands before the equals sign, `after` is what stands there.

    name     which of the five lines
    before   the line above, as an expression or matrix
    after    this line's, with what it put in marked `Changed`; factors of a product in `factors`
    end      what it comes to where that is worth saying: the mean of the score is 0
    rule     what allowed the step
    exact    whether it is a formula, not a number found by quadrature
    latex, python    the line as text; the Python runs as it stands and leaves its result in `python_name`
    check    the largest distance from the line's definition at some points, relative to √(gᵢᵢgⱼⱼ)
    """

    name: str
    left: str
    before: Any
    after: Any
    rule: str
    factors: tuple[Any, ...] = ()
    end: Any = None
    condition: Any = None
    exact: bool = True
    latex: str = ""
    python: str = ""
    check: float = float("nan")

    @property
    def changed(self) -> tuple[Expr, ...]:
        """What the line put in."""
        parts = self.factors or (self.after,)
        return tuple(a.args[0] for part in parts if hasattr(part, "atoms") for a in part.atoms(Changed))

    @property
    def value(self) -> Any:
        """The line's right-hand side with its marks taken off and its factors multiplied."""
        return reduce(operator.mul, map(plain, self.factors or (self.after,)))


def lines(family: Family, theta: ArrayLike | None = None) -> tuple[Line, ...]:
    """The five lines of `family`; θ (d) is where those are computed that no formula gives."""
    found = _symbolic(family)
    if found is None:
        point = family.default if theta is None else family.check(theta)
        return _numeric(family, tuple(np.asarray(point, float).tolist()))
    return found


def written_elsewhere(family: Family, found: tuple[Line, ...]) -> Family:
    """`family` with the lines that another process wrote, none where only numbers are known."""
    exact = bool(found) and all(line.exact for line in found)
    family.__dict__["_symbolic_lines"] = found if exact else None
    return family


def _symbolic(family: Family) -> tuple[Line, ...] | None:
    """The lines of a family whose metric a rule derives, or whose score is free of x; None for others."""
    kept = family.__dict__
    if "_symbolic_lines" not in kept:
        kept["_symbolic_lines"] = _written(family)
    return kept["_symbolic_lines"]


def _written(family: Family) -> tuple[Line, ...] | None:
    try:
        derivation = derive(family)
    except NotImplementedError:
        return _finished(family, _without_sample(family)) if _scores_are_free(family) else None
    if derivation.g is None:
        return None
    if derivation.form is not None:
        middle = _exponential(family, derivation.form)
    elif derivation.rule == "location–scale":
        middle = _standardised(family, derivation)
    else:
        middle = _tabled(family, derivation)
    return _finished(family, (*_first(family), *middle, _metric(family, derivation)))


# --- the first two lines -----------------------------------------------------------------------------------


def inside(e: Expr) -> tuple[Expr, Expr | None]:
    """A log-density where it is finite, and the condition for that; None where it always is."""
    pieces = [a for a in e.atoms(sp.Piecewise) if a.args[-1].expr == -sp.oo]
    return (e.xreplace({pieces[0]: pieces[0].args[0].expr}), pieces[0].args[0].cond) if pieces else (e, None)


def _first(family: Family) -> tuple[Line, Line]:
    log_density, condition = inside(family.expression)
    score = _scores(family)
    return (
        Line(NAMES[0], "log-density", log_density, log_density, "declaration", condition=condition),
        Line(NAMES[1], "score", log_density, score, "differentiate", condition=condition),
    )


def _scores(family: Family) -> Matrix:
    """∂ᵢℓ, each written the narrowest way."""
    log_density, _ = inside(family.expression)
    return sp.Matrix([_readable(family, sp.diff(log_density, s)) for s in family.symbols])


def _readable(family: Family, e: Expr) -> Expr:
    """As it is, term by term, or as one fraction: whichever is narrowest."""
    e = e.replace(sp.sign, lambda a: sp.sign(a) if a == sample_first(a) else -sp.sign(-a))
    ways = [e, *_about_location(family, e)]
    if not e.has(sp.polygamma, sp.sin, sp.cos, sp.sign, sp.Abs, sp.Piecewise, sp.Derivative):
        ways += [_one_fraction(family, e), sp.expand(e)]
    return narrowest(ways)


def _about_location(family: Family, e: Expr) -> list[Expr]:
    """As one fraction in x − μ, where that is all it depends on."""
    if family.support.vector:
        return []
    x, away = family.sample, sp.Symbol("away", real=True)
    found = []
    for m in family.symbols:
        moved = tidy(e.xreplace({x: away + m})) if e.has(x) and e.has(m) and _plain(e) and not e.has(sp.Abs) else e
        if not moved.has(m) and moved.is_rational_function(away):
            found.append(_one_fraction(family, moved).xreplace({away: x - m}))
    return found


def _one_fraction(family: Family, e: Expr) -> Expr:
    return oriented(e, dict(zip(family.symbols, map(sp.Float, family.default), strict=True)))


def _scores_are_free(family: Family) -> bool:
    log_density, condition = inside(family.expression)
    if family.dimension > 1 or condition is None:
        return False
    return not any(sp.diff(log_density, s).has(*family.samples) for s in family.symbols)


def _without_sample(family: Family) -> tuple[Line, ...]:
    """A score without x is its own mean; where that is not 0 the support moves, and the variance is no metric."""
    first, second = _first(family)
    s = second.after
    squares = s * s.T
    mean = Line(NAMES[2], "mean", s, s.applyfunc(Changed), "the score does not depend on x")
    square = Line(NAMES[3], "second moment", s, squares.applyfunc(Changed), "the score does not depend on x")
    gone = sp.Matrix(1, 1, [Changed(squares[0]) - squares[0]])
    said = "the mean is not zero, so this is no metric"
    last = Line(NAMES[4], "variance", squares, gone, said, factors=(gone,), end=sp.S.Zero)
    return first, second, mean, square, last


# --- mean and second moment, as each rule finds them ---------------------------------------------------------


def _exponential(family: Family, form: ExponentialForm) -> tuple[Line, Line]:
    """s = Σ ∂cₘ (fₘ − ηₘ): the mean by fₘ → ηₘ, the second moment J Cov(f) Jᵀ with Cov(f) = J⁻¹ ∂η, J = ∂c."""
    symbols, d = family.symbols, family.dimension
    marks = sp.symbols(f"F0:{d}", real=True)
    jacobian = sp.Matrix(d, d, lambda i, m: sp.diff(form.coefficients[m], symbols[i]))
    free = sp.Matrix([sp.diff(form.free_part, s) for s in symbols])
    put = {f: Changed(_readable(family, e)) for f, e in zip(marks, form.expectations, strict=True)}
    linear = jacobian * sp.Matrix(marks) + free
    mean = linear.applyfunc(lambda e: narrowest(w.xreplace(put) for w in _ways(family, e)))
    factors = _second_moment(family, form, jacobian)
    said = "each statistic by its expectation"
    return (
        Line(NAMES[2], "mean", linear, mean, said, end=sp.S.Zero),
        Line(NAMES[3], "second moment", jacobian, factors[0], "the covariance of the statistics", factors=factors),
    )


def _second_moment(family: Family, form: ExponentialForm, jacobian: Matrix) -> tuple[Matrix, ...]:
    """J Cov(f) Jᵀ; with turning coefficients, where the factors are long, what they come to."""
    if jacobian.has(sp.sin, sp.cos):
        return (form.metric().applyfunc(lambda e: Changed(e) if e != 0 else e),)
    d, symbols = jacobian.rows, family.symbols
    slopes = sp.Matrix(d, d, lambda i, m: sp.diff(form.expectations[m], symbols[i]))
    covariance = (_inverse(jacobian) * slopes).applyfunc(lambda e: _one_fraction(family, e) if _plain(e) else e)
    return _product(family, jacobian, covariance)


def _plain(e: Expr) -> bool:
    """Whether factors of it can be found at once."""
    return not e.has(sp.polygamma, sp.sin, sp.cos)


def _ways(family: Family, e: Expr) -> list[Expr]:
    return [e, sp.expand(e), _one_fraction(family, e)] if _plain(e) else [sp.expand(e)]


def _inverse(m: Matrix) -> Matrix:
    """By cofactors: elimination is slow on symbols."""
    whole = determinant(m)
    if m.rows == 1:
        return sp.Matrix([[1 / whole]])
    minors = sp.Matrix(m.rows, m.cols, lambda i, j: (-1) ** (i + j) * determinant(m.minor_submatrix(j, i)))
    return minors.applyfunc(lambda e: tidy(e / whole))


def _product(family: Family, jacobian: Matrix, covariance: Matrix) -> tuple[Matrix, ...]:
    """J Cov Jᵀ as factors; one entry as one term, and a product too wide to be read multiplied out."""
    one = jacobian.rows == 1
    if one:
        square = _one_fraction(family, jacobian[0, 0] ** 2)
        return (sp.Matrix([[sp.Mul(Changed(covariance[0, 0]), square)]]),)
    outer = jacobian.applyfunc(lambda e: _one_fraction(family, e))
    marked = covariance.applyfunc(lambda e: Changed(e) if e != 0 else e)
    if outer == sp.eye(outer.rows):
        return (marked,)
    if 2 * width(outer) + width(marked) <= _WIDEST:
        return (outer, marked, outer.T)
    whole = (jacobian * covariance * jacobian.T).applyfunc(lambda e: Changed(_one_fraction(family, e)) if e != 0 else e)
    return (whole,)


def _standardised(family: Family, derivation: Derivation) -> tuple[Line, Line]:
    """Scores of the standard density: s_μ = −ψ/σ, s_σ = −(1 + zψ)/σ, and the moments of ψ and zψ."""
    sigma, expect = family.symbols[1], derivation.expect
    standard = next(step.after for step in derivation if step.rule == "standard scores")
    psi, z_psi = -standard[0], -standard[1] - 1
    means = [expect(sp.expand(e)) if expect and e != 0 else sp.S.Zero for e in (psi, z_psi)]
    if None in means:
        return _by_quadrature(family)
    mean = sp.Matrix([sp.Mul(-1, Changed(means[0]), 1 / sigma), -(1 + Changed(means[1])) / sigma])
    moments = (derivation.g * sigma**2).applyfunc(lambda e: Changed(sp.expand(e)) if e != 0 else e)
    said = "moments of the standard density"
    return (
        Line(NAMES[2], "mean", standard, mean, said, end=sp.S.Zero),
        Line(NAMES[3], "second moment", standard, moments, said, factors=(1 / sigma**2, moments)),
    )


def _tabled(family: Family, derivation: Derivation) -> tuple[Line, Line]:
    """Each term of the score by the moments of its kernel."""
    expect = derivation.expect
    scores = next(step.after for step in derivation if step.rule == "score")
    mean = [_term_by_term(family, s, expect) for s in scores]
    said = "moments of the kernel"
    g = derivation.g.applyfunc(lambda e: _one_fraction(family, e) if _plain(e) else e)
    moments = g.applyfunc(lambda e: Changed(e) if e != 0 else e)
    return (
        Line(NAMES[2], "mean", scores, sp.Matrix(mean), said, end=sp.S.Zero),
        Line(NAMES[3], "second moment", scores, moments, said, factors=(moments,)),
    )


def _term_by_term(family: Family, score: Expr, expect: Callable[[Expr], Expr | None] | None) -> Expr:
    grouped = separate(score, *family.samples)
    total = grouped.pop(sp.S.One, sp.S.Zero)
    for statistic, coefficient in grouped.items():
        value = expect(statistic) if expect else None
        if value is None:
            return Changed(sp.S.Zero)
        total += coefficient * Changed(_readable(family, value))
    return total


def _metric(family: Family, derivation: Derivation) -> Line:
    """ds² = Σ gᵢⱼ dθⁱ dθʲ, or the matrix where that is too long to be read."""
    g = derivation.g
    element = quadratic(g, steps(family))
    if width(element) > _WIDEST:
        return Line(NAMES[4], "matrix", g, g, f"{derivation.rule}, multiplied out", factors=(g,))
    return Line(NAMES[4], "metric", g, element, f"{derivation.rule}, multiplied out")


def steps(family: Family) -> list[sp.Symbol]:
    """The differentials dθⁱ as symbols."""
    return [sp.Symbol(f"d_{name}", real=True) for name in family.names]


# --- numbers where there is no formula -----------------------------------------------------------------------


@lately(64)
def _numeric(family: Family, theta: tuple[float, ...]) -> tuple[Line, ...]:
    return _finished(family, (*_first(family), *_by_quadrature(family, theta, 3)), theta)


def _by_quadrature(family: Family, theta: tuple[float, ...] | None = None, count: int = 2) -> tuple[Line, ...]:
    """The mean, the second moment and the metric as numbers at θ."""
    point = np.asarray(family.default if theta is None else theta, float)
    _, mean, second, _ = expectation(family).score_moments(point)
    said = "by quadrature"
    made = (
        Line(NAMES[2], "mean", None, sp.Matrix(mean), said, exact=False, end=sp.S.Zero),
        Line(NAMES[3], "second moment", None, sp.Matrix(second), said, exact=False),
        Line(NAMES[4], "metric", None, _numbers_element(family, second), said, exact=False),
    )
    return made[:count]


def _numbers_element(family: Family, g: Array) -> Expr:
    d = steps(family)
    return sp.Add(*((1 if i == j else 2) * sp.Float(g[i, j]) * d[i] * d[j]
                    for i in range(len(d)) for j in range(i, len(d))))  # fmt: skip


# --- what a line says and how true it is ---------------------------------------------------------------------


def names(family: Family) -> dict[str, Any]:
    """Every symbol's glyph, differentials included."""
    found: dict[str, Any] = {p.name: p.glyph or p.name for p in family.parameters}
    found |= {s.name: "x" + _SUBSCRIPTS[i] for i, s in enumerate(family.samples, 1) if family.support.vector}
    return found | {f"d_{p.name}": ("d", p.glyph or p.name) for p in family.parameters}


def _finished(family: Family, given: Sequence[Line], theta: tuple[float, ...] | None = None) -> tuple[Line, ...]:
    errors = _errors(family, given, theta)
    return tuple(
        replace(line, latex=_latex(family, line), python=_python(family, line, theta), check=error)
        for line, error in zip(given, errors, strict=True)
    )


def left_latex(family: Family, left: str) -> str:
    """What stands before the equals sign."""
    one = family.dimension == 1
    glyph = latex(family.symbols[0], names(family)) if one else r"\theta"
    d = rf"\partial_{{{glyph}}}" if one else r"\nabla"
    return _WORDS[left].format(theta=glyph, d=d, square="^2" if one else r" s^{\top}")


def _latex(family: Family, line: Line, changed: str = "{}") -> str:
    def written(e: Any) -> str:
        scalar = isinstance(e, sp.MatrixBase) and e.shape == (1, 1)
        return latex(e[0, 0] if scalar else e, names(family), changed)

    right = r" \, ".join(written(part) for part in line.factors) if line.factors else written(line.after)
    end = f" = {latex(line.end, {})}" if line.end is not None else ""
    where = rf", \quad {_where(family, line.condition)}" if line.condition is not None else ""
    return f"{left_latex(family, line.left)} = {right}{end}{where}"


def _where(family: Family, condition: Any) -> str:
    read = condition if condition.lhs == family.sample else condition.reversed
    return latex(read, names(family))


_RESULT = {"log-density": "ell", "score": "score", "mean": "mean", "second moment": "second_moment", "metric": "g",
           "matrix": "g", "variance": "variance"}  # fmt: skip


def _python(family: Family, line: Line, theta: tuple[float, ...] | None) -> str:
    """Python that runs as it stands: SymPy for a formula, fimviz for a number."""
    result = _RESULT[line.left]
    point = [float(v) for v in (family.default if theta is None else theta)]
    if not line.exact and line.left != "metric" and CATALOG.get(family.slug) is family:
        call = "score_moments" if line.left == "mean" else "metric"
        return (
            "import fimviz\nfrom fimviz.derive.quadrature import expectation\n\n"
            f'family = fimviz.CATALOG["{family.slug}"]\n'
            f"{result} = expectation(family).{call}({point}){'[1]' if line.left == 'mean' else ''}\n"
        )
    value = sp.Matrix(line.value) if isinstance(line.value, sp.MatrixBase) else line.value
    used = [s for s in (*family.samples, *family.symbols, *steps(family)) if s in value.free_symbols]
    theirs, ours = python_names(value)
    text = "" if line.exact else f"# numbers found by quadrature at theta = {point}\n"
    text += f"from sympy import {', '.join(sorted({'Symbol', *theirs}))}\n"
    text += f"from fimviz.special import {', '.join(ours)}\n" if ours else ""
    return text + "\n" + "".join(_declared(s) for s in used) + f"{result} = {python(value)}\n"


def _declared(s: sp.Symbol) -> str:
    kind = next(k for k in ("positive", "nonnegative", "real") if getattr(s, f"is_{k}"))
    return f'{s.name} = Symbol("{s.name}", {kind}=True)\n'


def _errors(family: Family, given: Sequence[Line], theta: tuple[float, ...] | None) -> tuple[float, ...]:
    """How far each line is from its definition, the worst over some points of the view."""
    points = examination_points(family, 4, seed=2) if theta is None else np.array([theta])
    law = expectation(family)
    with np.errstate(all="ignore"):
        rule = law.rule(points)
        mass, mean, second, _ = law.score_moments(points, rule)
        size = np.sqrt(np.einsum("...ii->...i", second))
        scale = size[..., :, None] * size[..., None, :]
        exact = [np.abs(_at(family, line, points) - wanted) / unit if line.exact else _twice(family, line, points)
                 for line, wanted, unit in ((given[2], mean, size), (given[3], second, scale))]  # fmt: skip
        last = _metric_error(family, given[4], points, mean, second, scale)
        found = (mass - 1, _score_error(family, given[1], points, rule) / size, *exact, last)
    return tuple(float(np.max(np.abs(f))) for f in found)


def _at(family: Family, line: Line, points: Array) -> Array:
    value = sp.Matrix(line.value)
    numbers = lower(list(value), family.symbols)(*np.moveaxis(points, -1, 0))
    return numbers.reshape(*points.shape, *(() if value.cols == 1 and line.left == "mean" else (value.cols,)))


def _twice(family: Family, line: Line, points: Array) -> Array:
    """A number is held against other nodes; the mean, which is 0, is its own error."""
    law = expectation(family)
    first = law.metric(points)
    if line.left == "mean":
        return law.score_moments(points)[1] / np.sqrt(np.einsum("...ii->...i", first))
    root = np.sqrt(np.einsum("...ii->...i", first))
    return (first - law.metric(points, panels=180)) / (root[..., :, None] * root[..., None, :])


def _metric_error(family: Family, line: Line, points: Array, mean: Array, second: Array, scale: Array) -> Array:
    if not line.exact:
        return _twice(family, replace(line, left="second moment"), points)
    if line.left == "variance":
        second = second - mean[..., :, None] * mean[..., None, :]
    if line.left == "metric":
        d = steps(family)
        matrix = sp.hessian(line.value, d) / 2
        numbers = lower(list(matrix), family.symbols)(*np.moveaxis(points, -1, 0)).reshape(second.shape)
    else:
        numbers = _at(family, line, points)
    return np.abs(numbers - second) / scale


# shares of the probability at which the score is held against difference quotients: none is a likely kink
_QUANTILES = (np.arange(8) + 0.5) / 8


def _score_error(family: Family, line: Line, points: Array, rule: Rule) -> Array:
    """|∂ℓ − difference quotient of ℓ| at eight quantiles, shape (points, 8, d) brought to (points, d)."""
    law = expectation(family)
    share = np.cumsum(rule.probability, axis=-1)
    picked = np.stack([np.argmax(share >= q * share[..., -1:], axis=-1) for q in _QUANTILES], axis=-1)
    sample = tuple(np.take_along_axis(np.broadcast_to(x, share.shape), picked, -1) for x in rule.sample)
    inputs = (*sample[: len(family.samples)], *np.moveaxis(points[:, None, :], -1, 0))
    formula = lower(list(sp.Matrix(line.value)), (*family.samples, *family.symbols))(*inputs)
    errors = []
    for i in range(family.dimension):
        h = 1e-3 * np.maximum(np.abs(points[:, i]), 0.1)[:, None]
        step = h * np.eye(family.dimension)[i]
        ell = {k: law.log_density(sample, points + k * step) for k in (-2, -1, 1, 2)}
        quotient = (8 * (ell[1] - ell[-1]) - (ell[2] - ell[-2])) / (12 * h)
        errors.append(np.max(np.abs(quotient - formula[..., i]), axis=-1))
    return np.stack(errors, axis=-1)
