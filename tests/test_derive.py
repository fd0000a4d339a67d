"""Derivations against the definition: ∫p = 1, E[s] = 0, E[s sᵀ] = g, E[s s s] = T, and every verdict reached."""

import itertools
from dataclasses import replace

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy import Abs, EulerGamma, Piecewise, exp, log, loggamma, oo, pi, polygamma, sqrt
from test_families import observations

from fimviz import (
    CATALOG,
    Derivation,
    DomainError,
    Family,
    Parameter,
    State,
    Support,
    checks,
    derive,
    examine,
    fisher_metric,
)
from fimviz.derive import examination
from fimviz.derive.examination import examination_points
from fimviz.derive.quadrature import Expectation
from fimviz.family import POSITIVE, REAL
from fimviz.irregular import IRREGULAR
from fimviz.special import BesselRatio
from fimviz.tape import lower

EVERY = pytest.mark.parametrize("slug", CATALOG)
LINE, HALF, INTERVAL = Support("real", (-5, 5)), Support("positive", (0, 5)), Support("unit", (0, 1))
COUNTS = Support("naturals", (0, 20))
UNIT_LINE = Support("interval", (-1, 1), bounds=(-1, 1))


def number(name, low=-3, high=3, default=0.2):
    return Parameter(name, REAL, (low, high), default)


def size(name, low=0.5, high=4, default=1.0):
    return Parameter(name, POSITIVE, (low, high), default)


def family(parameters, support, log_density, **more):
    return Family("typed", "Typed", tuple(parameters), support, log_density, **more)


def extreme_points(declared):
    """Every combination of 1e−3, 1 and 1e3, or of 1e−3 and 1 − 1e−3, that the domain allows."""
    axes = []
    for p in declared.parameters:
        low, high = p.domain
        if (low, high) == (-1, 1):
            axes.append((-0.999, 0.3, 0.999))
        elif low < 0:
            axes.append((-10, 0, 10))
        elif high == 1:
            axes.append((1e-3, 0.3, 1 - 1e-3))
        else:
            axes.append((1e-3, 0.03, 1, 30, 1e3) if declared.dimension < 3 else (1e-3, 1, 1e3))
    points = np.array(list(itertools.product(*axes)), float)
    tape = declared.singular_tape
    regular = True if tape is None else np.all(tape(*points.T) != 0, axis=-1)
    return points[declared.inside(points) & regular]


def agrees_with_its_definition(declared, theta, tolerance=1e-10):
    expectation = Expectation(declared)
    metric = fisher_metric(declared)
    mass, mean, second, _ = expectation.score_moments(theta)
    g, T = metric.matrix(theta), metric.cubic(theta)
    root = np.sqrt(np.einsum("...ii->...i", g))
    scale = root[..., :, None] * root[..., None, :]
    cubic_scale = np.maximum(scale[..., None] * root[..., None, None, :], np.abs(T))
    assert np.max(np.abs(mass - 1)) < tolerance
    assert np.max(np.abs(mean / root)) < tolerance
    assert np.max(np.abs(second - g) / scale) < tolerance
    assert np.max(np.abs(expectation.cubic(theta) - T) / cubic_scale) < tolerance
    assert np.all(np.linalg.eigvalsh(g / scale)[..., 0] > 0)
    assert np.array_equal(g, np.swapaxes(g, -1, -2))


@EVERY
def test_the_metric_is_the_second_moment_of_the_score_at_random_points(slug):
    agrees_with_its_definition(CATALOG[slug], examination_points(CATALOG[slug], 20, seed=7))


def test_where_a_closed_form_is_0_over_0_the_metric_is_its_limit():
    places = [p + s * h for p in (1, 2, 3) for h in (0, 1e-12, 1e-8, 1e-4, 0.3, 0.5) for s in (1, -1)]
    theta = np.array([(a, b) for b in (*places, 1e-3, 1e3) for a in (0.03, 1.7)])
    agrees_with_its_definition(CATALOG["kumaraswamy"], theta)


def _kumaraswamy(b, mp):
    """a²gₐₐ and −a gₐᵦ as published, but for the removable poles."""
    second = (mp.psi(0, b) - mp.psi(0, 2)) ** 2 + mp.psi(1, 2) - mp.psi(1, b)
    return 1 + b * second / (b - 2), (mp.psi(0, b + 1) - mp.psi(0, 2)) / (b - 1)


@pytest.mark.parametrize("b", [1e-3, 0.3, 0.5, 1, 1 + 1e-9, 1.5, 2 - 1e-6, 2, 2.2, 2.5, 3, 7, 1e3])
def test_derivatives_are_right_through_the_removable_poles(b):
    tensors = fisher_metric(CATALOG["kumaraswamy"]).base
    g, dg, d2g = tensors.jet(np.array([1.0, b]))
    with mpmath.workdps(60):
        # beside the pole by less than any of the digits compared
        place = mpmath.mpf(b) + mpmath.mpf(10) ** -30
        for i, got in ((0, (g[0, 0], dg[1, 0, 0], d2g[1, 1, 0, 0])), (1, (-g[0, 1], -dg[1, 0, 1], -d2g[1, 1, 0, 1]))):
            exact = [mpmath.diff(lambda x, i=i: _kumaraswamy(x, mpmath)[i], place, n) for n in range(3)]
            assert got == pytest.approx([float(e) for e in exact], rel=1e-11)


@EVERY
def test_the_metric_is_the_second_moment_of_the_score_at_extreme_points(slug):
    agrees_with_its_definition(CATALOG[slug], extreme_points(CATALOG[slug]))


@pytest.mark.parametrize("slug", ["normal", "cauchy", "laplace"])
@pytest.mark.parametrize("place", [1e5, -3e6])
def test_far_from_the_origin_a_family_is_the_same(slug, place):
    theta = np.array([[place, s] for s in (10, 100, 1e3)])
    agrees_with_its_definition(CATALOG[slug], theta, 1e-8)
    assert examine(CATALOG[slug], theta).regular


CONSTANTS = [
    ("binomial", {"n": 1}, lambda p: [[1 / (p * (1 - p))]]),
    ("binomial", {"n": 1000}, lambda p: [[1000 / (p * (1 - p))]]),
    ("negative_binomial", {"r": 0.25}, lambda p: [[1 / (4 * p**2 * (1 - p))]]),
    ("negative_binomial", {"r": 40}, lambda p: [[40 / (p**2 * (1 - p))]]),
    ("pareto", {"x_m": 1e-3}, lambda a: [[1 / a**2]]), ("pareto", {"x_m": 700}, lambda a: [[1 / a**2]]),
    *[("student_t", {"nu": nu}, lambda m, s, nu=nu: [[(nu + 1) / (nu + 3) / s**2, 0], [0, 2 * nu / (nu + 3) / s**2]])
      for nu in (0.2, 1, 2.5, 3, 80)],
]  # fmt: skip


@pytest.mark.parametrize(("slug", "constants", "published"), CONSTANTS)
def test_the_metric_is_right_for_other_constants(slug, constants, published):
    declared = CATALOG[slug].with_constants(**constants)
    theta = np.concatenate([examination_points(declared, 6, seed=2), extreme_points(declared)])
    agrees_with_its_definition(declared, theta)
    exact = np.array([published(*point) for point in theta])
    assert fisher_metric(declared).matrix(theta) == pytest.approx(exact, rel=1e-12, abs=1e-300)
    assert examine(declared).regular


def test_large_counts_are_counts():
    theta = np.array([[40.0], [100], [120], [300], [1e5], [3e6]])
    agrees_with_its_definition(CATALOG["poisson"], theta[:5], 1e-8)
    for point in theta:
        assert examine(CATALOG["poisson"], point).regular


def test_a_narrow_density_on_a_circle_is_seen():
    for kappa in (1e4, 1e6, 1e8):
        assert examine(CATALOG["von_mises"], [1.0, kappa]).state is State.REGULAR


def _gumbel_block():
    return [[1, -(1 - EulerGamma)], [-(1 - EulerGamma), (1 - EulerGamma) ** 2 + pi**2 / 6]]


PUBLISHED = {
    "bernoulli": lambda p: [[1 / (p * (1 - p))]],
    "beta": lambda a, b: [[polygamma(1, a) - polygamma(1, a + b), -polygamma(1, a + b)],
                          [-polygamma(1, a + b), polygamma(1, b) - polygamma(1, a + b)]],
    "categorical": lambda p, q: [[1 / p + 1 / (1 - p - q), 1 / (1 - p - q)],
                                 [1 / (1 - p - q), 1 / q + 1 / (1 - p - q)]],
    "binomial": lambda p: [[10 / (p * (1 - p))]],
    "cauchy": lambda x0, c: [[1 / (2 * c**2), 0], [0, 1 / (2 * c**2)]],
    "exponential": lambda lam: [[1 / lam**2]],
    "gamma": lambda k, b: [[polygamma(1, k), -1 / b], [-1 / b, k / b**2]],
    "geometric": lambda p: [[1 / (p**2 * (1 - p))]],
    "gumbel": lambda m, s: (sp.Matrix(_gumbel_block()) / s**2).tolist(),
    "inverse_gamma": lambda a, b: [[polygamma(1, a), -1 / b], [-1 / b, a / b**2]],
    "inverse_gaussian": lambda m, lam: [[lam / m**3, 0], [0, 1 / (2 * lam**2)]],
    "laplace": lambda m, b: [[1 / b**2, 0], [0, 1 / b**2]],
    "logistic": lambda m, s: [[1 / (3 * s**2), 0], [0, (pi**2 + 3) / (9 * s**2)]],
    "lognormal": lambda m, s: [[1 / s**2, 0], [0, 2 / s**2]],
    "negative_binomial": lambda p: [[5 / (p**2 * (1 - p))]],
    "normal": lambda m, s: [[1 / s**2, 0], [0, 2 / s**2]],
    "pareto": lambda a: [[1 / a**2]],
    "poisson": lambda lam: [[1 / lam]],
    "rayleigh": lambda s: [[4 / s**2]],
    "student_t": lambda m, s: [[sp.Rational(6, 8) / s**2, 0], [0, sp.Rational(10, 8) / s**2]],
    "von_mises": lambda m, k: [[k * BesselRatio(0, k), 0], [0, BesselRatio(1, k)]],
    "weibull": lambda k, lam: [[((1 - EulerGamma) ** 2 + pi**2 / 6) / k**2, -(1 - EulerGamma) / lam],
                               [-(1 - EulerGamma) / lam, k**2 / lam**2]],
}  # fmt: skip


@pytest.mark.parametrize("slug", sorted(PUBLISHED.keys() & CATALOG.keys()))
def test_the_metric_is_the_published_one(slug):
    declared = CATALOG[slug]
    expected = sp.Matrix(PUBLISHED[slug](*declared.symbols))
    for theta in examination_points(declared, 3):
        values = dict(zip(declared.symbols, theta))
        exact = np.array(expected.xreplace(values).evalf(20).tolist(), float)
        assert fisher_metric(declared).matrix(theta) == pytest.approx(exact, rel=1e-12, abs=1e-13)


ELSEWHERE = {
    "half_normal": family([size("s")], HALF, lambda x, s: -(x**2) / (2 * s**2) - log(s) - log(pi / 2) / 2),
    "generalised_gamma": family(
        [size("k"), size("s")], HALF,
        lambda x, k, s: log(3) - 3 * k * log(s) - loggamma(k) + (3 * k - 1) * log(x) - (x / s) ** 3),
}  # fmt: skip
ELSEWHERE_METRIC = {"half_normal": lambda s: [[2 / s**2]]}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_families_of_other_catalogues_are_derived_and_examined(name):
    declared = ELSEWHERE[name]
    assert examine(declared).state is State.REGULAR
    agrees_with_its_definition(declared, examination_points(declared, 6, seed=3))
    if name in ELSEWHERE_METRIC:
        expected = sp.Matrix(ELSEWHERE_METRIC[name](*declared.symbols)).xreplace(
            dict(zip(declared.symbols, declared.default))
        )
        assert fisher_metric(declared).matrix(declared.default) == pytest.approx(
            np.array(expected.evalf().tolist(), float), rel=1e-12, abs=1e-13
        )


@pytest.mark.parametrize("slug", ["logistic", "gumbel", "kumaraswamy", "student_t"])
def test_no_exponential_form_is_invented(slug):
    assert CATALOG[slug].exponential_form is None
    assert "natural" not in CATALOG[slug].charts


def test_a_statistic_that_moves_with_a_parameter_is_no_statistic():
    # one statistic x with coefficient a, but |x − m| moves: not an exponential family
    declared = family([number("m"), number("a")], LINE, lambda x, m, a: -Abs(x - m) + a * x + a**2 * x**2)
    assert declared.exponential_form is None


# ---------------------------------------------------------------- the steps


@EVERY
def test_a_derivation_is_its_steps(slug):
    derivation = derive(CATALOG[slug])
    assert isinstance(derivation, Derivation)
    assert derivation is derive(CATALOG[slug])
    assert derivation.rule in ("score identity", "location–scale", "kernel table", "quadrature")
    assert derivation[0].rule == "log-density"
    assert derivation[0].before == CATALOG[slug].expression
    if derivation.rule == "quadrature":
        scores = derivation[1].after
        assert derivation.g is None
        assert list(derivation)[-1].after == sp.Function("E")(scores * scores.T)
    else:
        assert derivation[len(derivation) - 1].after == derivation.g == list(derivation)[-1].after
        assert derivation.g.is_symmetric()


def test_which_families_have_an_exponential_form():
    assert {"cauchy", "gumbel", "laplace", "logistic", "student_t", "weibull"} == {
        s for s in PUBLISHED if CATALOG[s].exponential_form is None
    }


@pytest.mark.parametrize("slug", [slug for slug, declared in CATALOG.items() if declared.exponential_form])
def test_an_exponential_form_rebuilds_its_log_density(slug):
    declared = CATALOG[slug]
    form = declared.exponential_form
    rebuilt = sum(c * f for c, f in zip(form.coefficients, form.statistics)) + form.free_part
    rest = lower([rebuilt - declared.expression], (*declared.samples, *declared.symbols))
    x = declared.coordinates(observations(declared))
    values = rest(*(v[:, None] for v in x), *examination_points(declared, 3).T)[..., 0]
    # what is left is h(x): the same at every θ
    assert values == pytest.approx(np.broadcast_to(values[:, :1], values.shape), abs=1e-11)


@pytest.mark.parametrize("slug", [slug for slug, declared in CATALOG.items() if declared.exponential_form])
def test_expectations_are_the_means_of_the_statistics(slug):
    declared = CATALOG[slug]
    form = declared.exponential_form
    theta = examination_points(declared, 4)
    mean = Expectation(declared).mean(form.statistics, theta)
    exact = lower(form.expectations, declared.symbols)(*theta.T)
    assert mean == pytest.approx(exact, rel=1e-11, abs=1e-12)


# ---------------------------------------------------------------- verdicts


@EVERY
def test_every_family_of_the_catalogue_is_regular(slug):
    verdict = examine(CATALOG[slug])
    known = State.NO_FORMULA if CATALOG[slug].mean else State.REGULAR
    assert verdict.state is (State.SCORE_ONLY if slug == "laplace" else known)
    assert verdict.regular
    # where the metric itself is a quadrature, two of them are compared
    assert max(verdict.mass_error, verdict.score_mean, verdict.disagreement) < (1e-11 if CATALOG[slug].mean else 1e-12)
    assert verdict.condition < 1e4
    assert verdict.sentence.split(",")[0] == verdict.state.value.split(",")[0]
    assert verdict.rank == CATALOG[slug].dimension and verdict.null == ()


DENSITIES = {
    "N(m, 1)": lambda x, m: -((x - m) ** 2) / 2 - log(2 * pi) / 2,
}


LEAST = Parameter("x_m", POSITIVE, (0.5, 2), 1, "least size", "xₘ")


def mixture(x, a, b):
    return log(exp(-((x - a) ** 2) / 2) / 2 + exp(-((x - b) ** 2) / 2) / 2) - log(2 * pi) / 2


VERDICTS = [
    ("regular", State.REGULAR, [number("m")], LINE, DENSITIES["N(m, 1)"], "agrees with quadrature"),
    ("a kink", State.SCORE_ONLY, [number("m"), size("s")], LINE,
     lambda x, m, s: -Abs(x - m) / s - log(2 * s), "The score jumps, which its slope does not see"),
    ("uniform(0, b)", State.SUPPORT_MOVES, [size("b")], HALF,
     lambda x, b: Piecewise((-log(b), x < b), (-oo, True)),
     "Not regular: the support moves with b; the score gives 1/b², the curvature −1/b². No metric is drawn."),
    ("a shifted start", State.SUPPORT_MOVES, [number("a")], LINE,
     lambda x, a: Piecewise((a - x, x > a), (-oo, True)), "moves with a; the score gives 1, the curvature 0. No"),
    ("Pareto, least size unknown", State.SUPPORT_MOVES, [size("alpha"), LEAST], HALF,
     lambda x, alpha, x_m: Piecewise((log(alpha / x) + alpha * log(x_m / x), x > x_m), (-oo, True)),
     "moves with xₘ; the score gives alpha²/xₘ², the curvature alpha/xₘ². No metric is drawn."),
    ("2x/b²", State.SUPPORT_MOVES, [size("b")], HALF,
     lambda x, b: Piecewise((log(2 * x / b**2), x < b), (-oo, True)), "gives 4/b², the curvature −2/b²"),
    ("uniform(a, a + 1)", State.SUPPORT_MOVES, [number("a")], LINE,
     lambda x, a: Piecewise((Piecewise((0, x > a), (-oo, True)), x < a + 1), (-oo, True)),
     "the support moves with a; the score gives 0"),
    ("a moving jump", State.SUPPORT_MOVES, [number("a", -0.5, 0.5, 0)], UNIT_LINE,
     lambda x, a: log(1 + sp.sign(x - a) / 2) - log(2 - a), "Not regular: a jump of the density moves with a"),
    ("a jump that stands still", State.NO_FORMULA, [number("a", -0.5, 0.5, 0)], UNIT_LINE,
     lambda x, a: log(1 + a * sp.sign(x)) - log(2), "known by quadrature"),
    ("asymmetric Laplace", State.NO_FORMULA, [number("m"), number("a", -0.9, 0.9, 0)], LINE,
     lambda x, m, a: -Abs(x - m) - a * (x - m) - log(2) + log(1 - a**2), "known by quadrature"),
    ("a moving end with a scale", State.SUPPORT_MOVES, [size("b")], HALF,
     lambda x, b: Piecewise((-x / b - log(b) - log(1 - exp(-1)), x < b), (-oo, True)),
     "gives 0.418, the curvature −0.164 at b = 1."),
    ("unnormalised", State.NOT_NORMALISED, [number("m")], LINE,
     lambda x, m: -((x - m) ** 2), "Integrates to 1.772, not 1"),
    ("unnormalised by the spread", State.NOT_NORMALISED, [size("s")], LINE,
     lambda x, s: -((x / s) ** 2), " at s = "),
    ("almost normalised", State.NOT_NORMALISED, [number("m")], LINE,
     lambda x, m: DENSITIES["N(m, 1)"](x, m) + sp.Rational(1, 100000), "Integrates to 1.00001, not 1"),
    ("flat", State.NOT_A_DENSITY, [number("m")], LINE, lambda x, m: m, "No probability density"),
    ("1/(1+|x−m|)", State.NOT_A_DENSITY, [number("m")], LINE, lambda x, m: -log(1 + Abs(x - m)), "No probability"),
    ("1/x", State.NOT_A_DENSITY, [size("s")], HALF, lambda x, s: -log(x) - s, "No probability"),
    ("harmonic", State.NOT_A_DENSITY, [size("s")], COUNTS, lambda x, s: -log(x + 1) - s, "No probability"),
    ("explodes", State.NOT_A_DENSITY, [size("s")], LINE, lambda x, s: x**2 / s, "No probability"),
    ("no b", State.NO_INFORMATION, [number("m"), size("b")], LINE, lambda x, m, b: DENSITIES["N(m, 1)"](x, m),
     "does not depend on b."),
    ("N(a + b, 1)", State.SINGULAR, [number("a"), number("b")], LINE,
     lambda x, a, b: DENSITIES["N(m, 1)"](x, a + b),
     "Only a + b (1 of 2 parameters) can be identified: along (a, b) = (1, −1) nothing changes."),
    ("N(3a − b, 1)", State.SINGULAR, [number("a"), number("b")], LINE,
     lambda x, a, b: DENSITIES["N(m, 1)"](x, 3 * a - b),
     "Only 3·a − b (1 of 2 parameters) can be identified: along (a, b) = (1, 3) nothing"),
    ("N(ab, 1)", State.SINGULAR, [number("a"), number("b")], LINE,
     lambda x, a, b: DENSITIES["N(m, 1)"](x, a * b),
     "Only 1 of 2 parameters can be identified at (a, b) = ("),
    ("curved", State.NO_FORMULA, [size("a")], LINE,
     lambda x, a: -((x - a) ** 2) / (2 * a**2) - log(a) - log(2 * pi) / 2, "No rule gives the metric"),
    ("a mixture", State.NO_FORMULA, [number("a", -3, -1, -2), number("b", 1, 3, 2)], LINE,
     mixture, "known by quadrature"),
    ("triangle", State.NO_METRIC, [number("m")], LINE,
     lambda x, m: Piecewise((log(1 - Abs(x - m)), Abs(x - m) < 1), (-oo, True)), "does not settle: it may be infinite"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "state", "parameters", "support", "density", "says"), VERDICTS, ids=[v[0] for v in VERDICTS]
)
def test_every_verdict_is_reached(name, state, parameters, support, density, says):
    verdict = examine(family(parameters, support, density))
    assert verdict.state is state
    assert says in verdict.sentence
    assert "{" not in verdict.words
    assert verdict.regular == (state in (State.REGULAR, State.SCORE_ONLY))


def test_a_formula_that_disagrees_with_the_numbers_is_refused(monkeypatch):
    right = derive(CATALOG["normal"])
    wrong = Derivation(right.rule, right.steps, right.g * (1 + sp.Rational(1, 10**6)), right.find_cubic, right.form)
    monkeypatch.setattr(examination, "derive", lambda _: wrong)
    verdict = examine(CATALOG["normal"], [[0.3, 1.2]])
    assert verdict.state is State.REFUSED
    assert verdict.disagreement == pytest.approx(1e-6, rel=1e-3)


def test_every_state_has_a_test():
    assert {state for _, state, *_ in VERDICTS} | {State.REFUSED, State.NOT_COMPUTED} == set(State)


REMARKS = [
    (examination.Remark.NO_MEAN, CATALOG["cauchy"], None, "The metric exists; the mean does not."),
    (examination.Remark.NO_MEAN, CATALOG["student_t"].with_constants(nu=1), None, "the mean does not"),
    (examination.Remark.NO_MEAN, CATALOG["pareto"], [[1.0], [0.4]], "the mean does not"),
    (examination.Remark.NO_MEAN_SOMEWHERE, CATALOG["inverse_gamma"], None, "some have no mean"),
    (examination.Remark.NO_MEAN_SOMEWHERE, CATALOG["pareto"], None, "some have no mean"),
    (examination.Remark.SINGULAR_SOMEWHERE, CATALOG["gaussian_mixture"], None, "where a = b: 1 of 2"),
    (examination.Remark.SINGULAR_SOMEWHERE, CATALOG["tanh_perceptron"], None, "where w₁ = 0 or w₂ = 0: 1 of 2"),
    (examination.Remark.SINGULAR_SOMEWHERE, family([number("a"), number("b")], LINE, mixture), None,
     "Singular where a = b: 1 of 2 parameters can be identified there."),
    (examination.Remark.SINGULAR_SOMEWHERE, family(
        [number("a"), size("b")], LINE, lambda x, a, b: -((x - a**3) ** 2) / (2 * b) - log(2 * pi * b) / 2), None,
     "Singular where a = 0: 1 of 2"),
]  # fmt: skip


@pytest.mark.parametrize(("remark", "declared", "theta", "says"), REMARKS)
def test_what_else_is_worth_knowing_is_a_remark_on_a_metric(remark, declared, theta, says):
    verdict = examine(declared, theta)
    assert verdict.regular or verdict.state is State.NO_FORMULA
    (said,) = verdict.remarks
    assert says in said and verdict.words.endswith(said)
    assert said.split("{")[0].startswith(remark.value.split("{")[0])
    # the remark stands in the badge, beside how far the formula can be trusted
    if theta is None:
        assert said.rstrip(".") in checks.metric(declared)


@pytest.mark.parametrize(
    "density",
    [lambda x, m: -((x - Abs(m)) ** 2) / 2 - log(2 * pi) / 2,
     lambda x, m: -(x**2) / (2 * m**2) - log(Abs(m)) - log(2 * pi) / 2],
)  # fmt: skip
def test_a_place_where_the_metric_does_not_vanish_is_not_called_singular(density):
    # at m = 0 the metric of N(|m|, 1) jumps, and that of N(0, m²) is infinite
    assert examine(family([number("m")], LINE, density)).remarks == ()


def test_every_remark_is_reached():
    assert {remark for remark, *_ in REMARKS} == set(examination.Remark)


@pytest.mark.parametrize("nu", [1.0001, 1.5, 5])
def test_a_mean_that_exists_is_not_denied(nu):
    assert examine(CATALOG["student_t"].with_constants(nu=nu)).remarks == ()
    assert examine(CATALOG["pareto"], [[nu]]).remarks == ()


@pytest.mark.parametrize("slug", sorted(set(CATALOG) - {"cauchy", "pareto", "inverse_gamma"}))
def test_a_light_tail_has_its_mean(slug):
    assert not any("mean" in said for said in examine(CATALOG[slug]).remarks)


@pytest.mark.parametrize("theta", [(0.4, 0.7), (-2, 1), (0, 0)])
def test_the_null_direction_changes_nothing(theta):
    declared = family([number("a"), number("b")], LINE, lambda x, a, b: DENSITIES["N(m, 1)"](x, a**2 * b))
    verdict = examine(declared, theta)
    second = Expectation(declared).metric(np.array(theta, float))
    assert verdict.state is State.SINGULAR
    assert verdict.rank + len(verdict.null) == 2
    assert np.max(np.abs(second @ np.transpose(verdict.null))) <= 1e-7 * np.max(np.abs(second))


@pytest.mark.parametrize("declared", [*IRREGULAR.values()])
def test_a_family_kept_to_show_what_breaks_says_it_in_the_badge(declared):
    (said,) = checks.metric(declared)
    assert said == ("Not regular: the support moves with θ; the score gives 1/θ², the curvature −1/θ². "
                    "No metric is drawn")  # fmt: skip


@pytest.mark.parametrize("error", [NotImplementedError, ValueError, ZeroDivisionError, KeyError, TypeError])
def test_a_derivation_that_fails_does_not_prevent_the_verdict(monkeypatch, error):
    def fail(_):
        raise error("no")

    monkeypatch.setattr(examination, "derive", fail)
    verdict = examine(CATALOG["gamma"], [2.0, 1.0])
    assert verdict.state is State.NO_FORMULA
    assert np.isnan(verdict.disagreement)


def test_where_no_rule_applies_derive_says_so():
    with pytest.raises(NotImplementedError, match="no rule derives its metric in closed form"):
        derive(family([size("a")], LINE, lambda x, a: -((x - a) ** 2) / (2 * a**2) - log(a) - log(2 * pi) / 2))


def test_a_point_may_be_examined_and_must_be_inside():
    assert examine(CATALOG["gamma"], [3, 1]).regular
    assert examine(CATALOG["gamma"], [[3, 1], [1e-3, 1e3]]).regular
    with pytest.raises(DomainError):
        examine(CATALOG["gamma"], [-3, 1])
    with pytest.raises(ValueError, match="takes points of shape"):
        examine(CATALOG["gamma"], [1, 2, 3])


# ---------------------------------------------------------------- quadrature


@pytest.mark.parametrize(
    ("slug", "theta", "moment", "exact"),
    [("normal", (0.3, 2), lambda x: x**4, 0.3**4 + 6 * 0.09 * 4 + 48),
     ("gamma", (2.5, 3), lambda x: x**2, 2.5 * 3.5 / 9),
     ("poisson", (7.5,), lambda x: x * (x - 1), 56.25), ("laplace", (1, 2), lambda x: np.abs(x - 1), 2),
     ("beta", (0.01, 0.02), lambda x: x, 1 / 3), ("von_mises", (1, 2), lambda x: np.sin(x - 1), 0)],
)  # fmt: skip
def test_expectations_of_known_moments(slug, theta, moment, exact):
    assert Expectation(CATALOG[slug]).of(moment, np.array(theta)) == pytest.approx(exact, rel=1e-11, abs=1e-12)


def test_quadrature_keeps_leading_axes():
    expectation = Expectation(CATALOG["gamma"])
    theta = examination_points(CATALOG["gamma"], 6).reshape(3, 2, 2)
    assert expectation.mass(theta).shape == (3, 2)
    assert expectation.metric(theta).shape == (3, 2, 2, 2)
    assert expectation.metric(theta)[1, 0] == pytest.approx(expectation.metric(theta[1, 0]), rel=1e-12)


def test_several_kinks_are_all_edges():
    declared = family([size("s")], LINE, lambda x, s: -Abs(x - 1) / s - Abs(x + 1) / s - log(2 + s) + 2 / s)
    # ∫ exp(−(|x−1| + |x+1|)/s) dx = e^(−2/s)(2 + s)
    assert Expectation(declared).mass([[0.5], [3.0]]) == pytest.approx([1, 1], abs=1e-13)


def test_the_score_of_a_heavy_tail_has_its_second_moment():
    declared = CATALOG["cauchy"]
    assert Expectation(declared).metric([0.0, 1.0]) == pytest.approx(np.eye(2) / 2, abs=1e-12)


def test_a_constant_square_root_is_left_alone():
    declared = family([size("s")], LINE, lambda x, s: -(x**2) / s / 2 - log(2 * pi * s) / 2 + log(sqrt(2)) - log(2) / 2)
    assert examine(declared).regular


def test_what_has_no_instruction_is_a_verdict_too():
    declared = Family(
        slug="bessel", title="Bessel", parameters=(Parameter("a", (0, np.inf), (0.5, 3), 1.0),),
        support=Support("positive", (0, 5)), log_density=lambda x, a: sp.log(sp.besselj(0, a * x) ** 2),
    )  # fmt: skip
    verdict = examine(declared)
    assert verdict.state is State.NOT_COMPUTED and not verdict.regular
    assert "besselj" in verdict.sentence


def test_the_rank_is_the_least_over_the_points():
    declared = Family(
        slug="fold", title="Fold",
        parameters=tuple(Parameter(name, view=(-2, 2), default=1.0) for name in "ab"),
        support=Support("real", (-5, 5)),
        log_density=lambda x, a, b: -((x - a * b) ** 2) / 2 - sp.log(2 * sp.pi) / 2,
    )  # fmt: skip
    verdict = examine(declared, [[1, 1], [0, 0]])
    assert verdict.state is State.SINGULAR
    assert verdict.sentence.startswith("Only 0 of 2")


# ---------------------------------------------------------------- observations of several coordinates


@pytest.mark.parametrize("design", [(-2, -1, 0, 1, 2), (0, 1), (0.5, 3), (-4, -1, 0.25, 2, 2, 7)])
def test_the_information_of_a_design_is_the_sum_over_its_inputs(design):
    declared = CATALOG["logistic_regression"].with_constants(design=design)
    theta = examination_points(declared, 5)
    x = np.stack([np.ones(len(design)), design])
    p = 1 / (1 + np.exp(-theta @ x))
    expected = np.einsum("nk,ik,jk->nij", p * (1 - p), x, x)
    assert fisher_metric(declared).matrix(theta) == pytest.approx(expected, rel=1e-12)
    assert fisher_metric(declared, "natural").matrix(theta) == pytest.approx(expected, rel=1e-12)
    agrees_with_its_definition(declared, theta)
    assert examine(declared).state is State.REGULAR


def test_the_published_optimal_design_of_two_inputs():
    declared = CATALOG["logistic_regression"].with_constants(design=(-1.5434, 1.5434))
    assert np.linalg.det(fisher_metric(declared).matrix([0, 1])) == pytest.approx(0.200474, abs=1e-6)


def test_a_covariance_has_the_metric_of_symmetric_matrices():
    # g(v, v) = ½ tr((Σ⁻¹ dΣ)²)
    declared = CATALOG["bivariate_normal"]
    s1, s2, rho = declared.symbols
    sigma = sp.Matrix([[s1**2, rho * s1 * s2], [rho * s1 * s2, s2**2]])
    tape = lower([*sigma, *(sp.diff(e, s) for s in declared.symbols for e in sigma)], declared.symbols)
    for theta in examination_points(declared, 4):
        whole, *slopes = tape(*theta).reshape(4, 2, 2)
        turned = [np.linalg.solve(whole, slope) for slope in slopes]
        expected = [[np.trace(a @ b) / 2 for b in turned] for a in turned]
        assert fisher_metric(declared).matrix(theta) == pytest.approx(np.array(expected), rel=1e-10)


def test_covariances_are_a_line_times_the_hyperbolic_plane():
    g = fisher_metric(CATALOG["bivariate_normal"]).solver.tensors.g_expression
    z = sp.Symbol("z", real=True)
    assert g.applyfunc(sp.expand) == sp.diag(1, sp.expand((sp.cosh(z) ** 2).rewrite(exp)), 1)


def perceptron():
    return family(
        [number("w1", 0.2, 3, 1.0), number("w2", 0.2, 3, 1.0)], Support("plane", (-5, 5)),
        lambda x, w1, w2: -(x[0] ** 2) / 2 - (x[1] - w2 * sp.tanh(w1 * x[0])) ** 2 / 2 - log(2 * pi),
    )  # fmt: skip


@pytest.mark.parametrize("theta", [(1, 1), (0.1, 3), (-2, 0.5), (30, 2), (1e3, 1), (1e-3, 1e2)])
def test_the_rule_in_the_plane_follows_a_bent_ridge(theta):
    w1, w2 = theta
    mass, mean, second, _ = Expectation(perceptron()).score_moments(np.array([theta], float))
    x, weight = np.polynomial.legendre.leggauss(64)
    # E over x of tanh² and of (w2 x / cosh²)², panel by panel, shorter where tanh bends
    edges = np.unique(np.concatenate([np.linspace(0, 10, 41), np.linspace(0, 10 / (1 + abs(w1)), 41)]))
    half = np.diff(edges)[:, None] / 2
    at, dx = edges[:-1, None] + half * (1 + x), half * weight * 2
    dx = dx * np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    slope = at / np.cosh(np.minimum(abs(w1) * at, 300)) ** 2 * w2
    tanh = np.tanh(abs(w1) * at)
    exact = np.array([[np.sum(dx * slope**2), np.sum(dx * slope * tanh) * np.sign(w1)], [0, np.sum(dx * tanh**2)]])
    exact[1, 0] = exact[0, 1]
    root = np.sqrt(np.diag(exact))
    assert mass == pytest.approx(1, abs=1e-12)
    assert np.max(np.abs(mean / root)) < 1e-10
    assert np.max(np.abs(second[0] - exact) / np.outer(root, root)) < 1e-9


# ---------------------------------------------------------------- more labels than outcomes can be summed


def test_moments_of_independent_labels_are_those_of_all_their_outcomes():
    expectation = Expectation(CATALOG["logistic_regression"])
    theta = np.array([[0.3, -0.7], [2.0, 1.0], [-9.0, 4.0]])
    assert not expectation.factorises
    *found, third = expectation.independent_moments(theta)
    for moment, summed in zip(found, expectation.score_moments(theta), strict=True):
        assert moment == pytest.approx(summed, rel=1e-12, abs=1e-13)
    assert third == pytest.approx(expectation.cubic(theta), rel=1e-12, abs=1e-13)


def test_a_design_of_many_inputs_is_examined():
    family = CATALOG["logistic_regression"].with_constants(design=tuple(float(x) / 4 for x in range(-8, 9)))
    verdict = examine(family)
    assert verdict.regular
    assert verdict.disagreement < 1e-12
    assert verdict.mass_error < 1e-12
    assert verdict.hessian_gap < 1e-12


def test_what_is_no_density_is_seen_for_any_number_of_labels():
    proper = CATALOG["logistic_regression"].with_constants(design=tuple(map(float, range(-8, 9))))
    log_density = lambda x, b0, b1, design: proper.log_density(x, b0, b1, design) + x[0]  # noqa: E731
    assert examine(replace(proper, log_density=log_density)).state is State.NOT_NORMALISED
