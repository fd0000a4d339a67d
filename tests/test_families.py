"""Declarations: what is refused, where points may lie, and charts that lead there and back."""

import dataclasses
import gc
import weakref

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fimviz import CATALOG, Chart, DomainError, Family, Parameter, Support
from fimviz.atlas import chart_map
from fimviz.derive.examination import examination_points
from fimviz.families import discover
from fimviz.family import MOST_VARIANTS, POSITIVE, REAL, UNIT, lately

EVERY = pytest.mark.parametrize("slug", CATALOG)
CHARTS = pytest.mark.parametrize(("slug", "key"), [(s, k) for s, f in CATALOG.items() for k in f.charts])
REFERENCE = {
    "bernoulli": lambda p: stats.bernoulli(p), "beta": lambda a, b: stats.beta(a, b),
    "binomial": lambda p: stats.binom(10, p),
    "categorical": lambda p1, p2: stats.rv_discrete(values=((1, 2, 3), (p1, p2, 1 - p1 - p2))),
    "cauchy": lambda x0, gamma: stats.cauchy(x0, gamma), "exponential": lambda lam: stats.expon(scale=1 / lam),
    "gamma": lambda k, beta: stats.gamma(k, scale=1 / beta), "geometric": lambda p: stats.geom(p, loc=-1),
    "gumbel": lambda mu, beta: stats.gumbel_r(mu, beta),
    "inverse_gamma": lambda alpha, beta: stats.invgamma(alpha, scale=beta),
    "kumaraswamy": lambda a, b: Kumaraswamy(a, b),
    "inverse_gaussian": lambda mu, lam: stats.invgauss(mu / lam, scale=lam),
    "laplace": lambda mu, b: stats.laplace(mu, b), "logistic": lambda mu, s: stats.logistic(mu, s),
    "lognormal": lambda mu, sigma: stats.lognorm(sigma, scale=np.exp(mu)),
    "negative_binomial": lambda p: stats.nbinom(5, p), "pareto": lambda alpha: stats.pareto(alpha),
    "rayleigh": lambda sigma: stats.rayleigh(scale=sigma),
    "student_t": lambda mu, sigma: stats.t(5, mu, sigma), "normal": lambda mu, sigma: stats.norm(mu, sigma),
    "poisson": lambda lam: stats.poisson(lam), "von_mises": lambda mu, kappa: stats.vonmises(kappa, mu),
    "weibull": lambda k, lam: stats.weibull_min(k, scale=lam),
}  # fmt: skip


class Kumaraswamy:
    """The law whose distribution function is 1 − (1 − xᵃ)ᵇ, which SciPy has not."""

    def __init__(self, a, b):
        self.a, self.b = a, b

    def cdf(self, x):
        return 1 - (1 - x**self.a) ** self.b

    def ppf(self, q):
        return (1 - (1 - q) ** (1 / self.b)) ** (1 / self.a)

    def logpdf(self, x):
        return np.log(self.a * self.b * x ** (self.a - 1) * (1 - x**self.a) ** (self.b - 1))


def coin(**changes):
    declared = {
        "slug": "coin",
        "title": "Coin",
        "parameters": (Parameter("p", UNIT, (0.1, 0.9), 0.5),),
        "support": Support("finite", (-0.5, 1.5), (0, 1)),
        "log_density": lambda x, p: x * sp.log(p) + (1 - x) * sp.log(1 - p),
    }
    return Family(**{**declared, **changes})


def student(nu=5):
    return Family(
        slug="student_t",
        title="Student",
        parameters=(Parameter("mu"), Parameter("sigma", POSITIVE, (0.2, 4), 1.0)),
        support=Support("real", (-8, 8)),
        constants={"nu": nu},
        log_density=lambda x, mu, sigma, nu: (
            sp.loggamma((nu + 1) / 2) - sp.loggamma(nu / 2) - sp.log(nu * sp.pi) / 2 - sp.log(sigma)
            - (nu + 1) / 2 * sp.log(1 + ((x - mu) / sigma) ** 2 / nu)
        ),
    )  # fmt: skip


def inner(family, count=6, seed=1):
    return examination_points(family, count, seed)


def observations(family):
    """Two or three things that can be observed: (n,), or (n, size) where an observation has several coordinates."""
    support = family.support
    if support.discrete:
        return support.values()[:3]
    return np.array([[0.2, 0.5], [0.5, 0.3], [0.7, 0.1]]) if support.vector else np.array([0.2, 0.5, 0.8])


@pytest.mark.parametrize("slug", sorted(REFERENCE.keys() & CATALOG.keys()))
def test_the_density_is_the_published_one(slug):
    family = CATALOG[slug]
    for theta in inner(family, 4):
        law = REFERENCE[slug](*theta)
        x = law.rvs(12, random_state=3) if family.support.discrete else law.ppf(np.linspace(0.01, 0.99, 12))
        reference = law.logpmf(x) if family.support.discrete else law.logpdf(x)
        assert family.log_probability(x, theta) == pytest.approx(reference, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("slug", "x"), [("exponential", [-1, 0]), ("beta", [-0.5, 1.5]), ("poisson", [-1, 0.5]), ("bernoulli", [2, 0.5]),
                    ("categorical", [0, 4]), ("gamma", [-3, np.inf]), ("normal", [np.nan, np.inf])]
)  # fmt: skip
def test_what_cannot_be_observed_has_no_probability(slug, x):
    family = CATALOG[slug]
    assert np.all(family.log_probability(x, family.default) == -np.inf)


@EVERY
def test_points_of_the_view_and_the_default_are_inside(slug):
    family = CATALOG[slug]
    assert family.inside(family.default)
    assert family.inside_point(family.default.tolist())
    assert family.check(family.default).tolist() == family.default.tolist()
    assert len(examination_points(family)) == 8
    assert family.inside(examination_points(family)).all()


@EVERY
def test_points_on_and_beyond_the_edge_are_outside(slug):
    family = CATALOG[slug]
    for i, parameter in enumerate(family.parameters):
        for bound in (*parameter.domain, np.nan, -np.inf, np.inf):
            theta = family.default
            theta[i] = bound
            assert not family.inside(theta)
            assert not family.inside_point(theta.tolist())
            with pytest.raises(DomainError) as caught:
                family.check(theta)
            assert caught.value.subject.startswith(f"Family '{family.title}'")
            assert "outside the domain" in caught.value.reason
            assert caught.value.remedy.startswith("choose ")


@EVERY
def test_the_wrong_number_of_coordinates_is_said(slug):
    family = CATALOG[slug]
    for wrong in (0.5, np.ones(family.dimension + 1), np.ones((family.dimension, 5))):
        with pytest.raises(ValueError, match=r"takes points of shape \(..., "):
            family.check(wrong)


def test_the_simplex_has_a_third_side():
    family = CATALOG["categorical"]
    assert family.inside([[0.3, 0.3], [0.6, 0.5], [0.5, 0.5]]).tolist() == [True, False, False]
    with pytest.raises(DomainError, match=r"and -?.*p1.* > 0"):
        family.check([0.6, 0.5])


def test_integers_are_points():
    family = CATALOG["gamma"]
    assert family.log_probability(2, [3, 1]) == pytest.approx(stats.gamma(3).logpdf(2))
    assert family.check([3, 1]).dtype == float


@EVERY
def test_leading_axes_are_kept(slug):
    family = CATALOG[slug]
    points = inner(family, 6).reshape(2, 3, -1)
    assert family.inside(points).shape == (2, 3)
    x = observations(family)[:2]
    together = family.log_probability(x[:, None, None], points)
    assert together.shape == (2, 2, 3)
    assert together[1, 1, 2] == family.log_probability(x[1], points[1, 2])


# ---------------------------------------------------------------- charts


@CHARTS
def test_charts_lead_there_and_back(slug, key):
    family = CATALOG[slug]
    chart, theta = chart_map(family, key), inner(family, 12)
    back = chart.back(chart.to(theta))
    assert back == pytest.approx(theta, rel=1e-11, abs=1e-12)


@CHARTS
def test_the_jacobian_and_hessian_of_a_chart_are_its_derivatives(slug, key):
    family = CATALOG[slug]
    chart, h = chart_map(family, key), 1e-5
    theta = inner(family, 5)
    for i in range(family.dimension):
        step = h * np.eye(family.dimension)[i]
        slope = (chart.to(theta + step) - chart.to(theta - step)) / (2 * h)
        bend = (chart.jacobian(theta + step) - chart.jacobian(theta - step)) / (2 * h)
        assert slope == pytest.approx(chart.jacobian(theta)[..., i], rel=1e-6, abs=1e-6)
        assert bend == pytest.approx(chart.hessian(theta)[..., i], rel=1e-6, abs=1e-5)


@CHARTS
def test_points_outside_a_chart_have_no_image(slug, key):
    family = CATALOG[slug]
    chart = chart_map(family, key)
    middle = chart.to(family.default)
    for i, (low, high) in enumerate(chart.chart.domains):
        for bound in (np.nan, low, high):
            if np.isnan(bound) or np.isfinite(bound):
                xi = middle.copy()
                xi[i] = bound
                if chart.backward is not None or np.isnan(bound):
                    assert np.isnan(chart.back(xi)).all()


@pytest.mark.parametrize("slug", ["gamma", "beta", "von_mises"])
def test_a_chart_without_a_formula_is_inverted_to_the_last_digits(slug):
    family = CATALOG[slug]
    chart = chart_map(family, "expectation")
    assert chart.backward is None
    factors = 10.0 ** np.array([[a, b] for a in (-2, 0, 2) for b in (-2, 0, 2)])
    theta = family.default * factors if slug != "von_mises" else np.array([[2.9, 1e-3], [-3, 0.1], [0.5, 30], [1, 300]])
    assert chart.back(chart.to(theta)) == pytest.approx(theta, rel=1e-9)


WITHOUT_INVERSE = [s for s, f in CATALOG.items() if f.exponential_form and not f.expectation]


@pytest.mark.parametrize("slug", WITHOUT_INVERSE)
def test_every_member_is_found_by_its_expectations(slug):
    family = CATALOG[slug]
    rng = np.random.default_rng(0)
    theta = np.transpose([rng.uniform(*p.view, 400) if p.domain == REAL else 10 ** rng.uniform(-3, 3, 400)
                          for p in family.parameters])  # fmt: skip
    chart = chart_map(family, "expectation")
    assert chart.back(chart.to(theta)) == pytest.approx(theta, rel=1e-9)


def test_places_beyond_the_rim_of_a_picture_are_outside():
    chart = chart_map(CATALOG["categorical"], "octant")
    turn = np.linspace(0, 2 * np.pi, 721)
    circle = np.stack([np.cos(turn), np.sin(turn)], -1)
    grid = (np.linspace(0.01, 0.99, 99)[:, None, None] * circle).reshape(-1, 2)
    x, y = grid.T
    height = np.sqrt((1 - x**2 - y**2) / 3)
    z = np.stack([height - x / np.sqrt(2) - y / np.sqrt(6), height + 2 * y / np.sqrt(6),
                  height + x / np.sqrt(2) - y / np.sqrt(6)])  # fmt: skip
    clear = np.abs(z).min(0) > 1e-5
    assert np.array_equal(np.isfinite(chart.back(grid)).all(-1)[clear], (z > 0).all(0)[clear])


def test_what_no_member_has_as_expectation_is_nan():
    family = CATALOG["gamma"]
    # E[log x] < log E[x]
    assert np.isnan(chart_map(family, "expectation").back([2.0, 1.0])).all()
    assert np.isnan(chart_map(CATALOG["von_mises"], "expectation").back([0.8, 0.9])).all()


def test_vectors_that_fail_leave_the_others_alone():
    chart = chart_map(CATALOG["gamma"], "expectation")
    good = chart.to([2.0, 3.0])
    both = chart.back([[2.0, 1.0], good, [np.nan, 1.0]])
    assert both[1] == pytest.approx([2, 3], rel=1e-12)
    assert np.isnan(both[[0, 2]]).all()


def test_a_chart_is_found_however_it_is_written():
    charts = CATALOG["normal"].charts
    assert charts["mu, variance"] is charts["mu,variance"] is charts[" MU , Variance "]
    assert "mu,variance" in charts
    assert "tau" not in charts
    assert 3 not in charts
    gamma = CATALOG["gamma"].charts
    assert gamma["k, beta"] is gamma["shape, rate"]


def test_an_unknown_chart_is_named_with_those_there_are():
    with pytest.raises(KeyError, match=r"No chart 'tau' here; there are 'mu, sigma', 'mu, variance'"):
        CATALOG["normal"].charts["tau"]


PROMISED = {
    "normal": {"mu, sigma", "mu, variance", "mu, log sigma", "mu, precision", "natural", "expectation"},
    "gamma": {"shape, rate", "shape, scale", "shape, mean", "natural", "expectation"},
    "bernoulli": {"p", "log-odds", "arc length", "odds"}, "categorical": {"p1, p2", "natural", "sphere"},
    "beta": {"a, b", "mean, concentration", "mean, log concentration"},
}  # fmt: skip


@EVERY
def test_the_charts_promised_exist_under_plain_keys(slug):
    keys = set(CATALOG[slug].charts)
    assert PROMISED.get(slug, set()) | {"unconstrained"} <= keys
    assert all(key.isascii() for key in keys)
    assert CATALOG[slug].solver in keys


@EVERY
def test_the_unconstrained_chart_takes_every_real_point(slug):
    family = CATALOG[slug]
    u = np.random.default_rng(0).normal(size=(50, family.dimension)) * 4
    theta = chart_map(family, "unconstrained").back(u)
    assert family.inside(theta).all()
    assert chart_map(family, "unconstrained").to(theta) == pytest.approx(u, rel=1e-5, abs=1e-6)


# ---------------------------------------------------------------- declarations


def test_a_slug_is_a_file():
    assert list(discover()) == sorted(CATALOG)


@EVERY
def test_a_declaration_is_frozen_and_hashable(slug):
    family = CATALOG[slug]
    with pytest.raises(dataclasses.FrozenInstanceError):
        family.slug = "other"
    assert {family: 1}[family] == 1


@pytest.mark.parametrize(
    ("declare", "says"),
    [
        (lambda: coin(log_density=lambda x, p: x * sp.Symbol("thta")),
         "Family 'Coin': log_density uses 'thta', which is neither the sample 'x' nor one of (p)."),
        (lambda: coin(log_density=lambda x, q: x * q),
         "Family 'Coin': log_density takes (q) after x, but the declaration names (p)"),
        (lambda: coin(constants={"n": 3}), "log_density takes (p) after x, but the declaration names (p, n)"),
        (lambda: CATALOG["binomial"].with_constants(n=0),
         "Family 'Binomial': constant 'n' is 0; choose a whole number greater than 0 and less than 1e+06."),
        (lambda: CATALOG["binomial"].with_constants(n=2.5), "constant 'n' is 2.5; choose a whole number greater than"),
        (lambda: CATALOG["binomial"].with_constants(n="7"), "constant 'n' is '7'; give a finite number"),
        (lambda: CATALOG["negative_binomial"].with_constants(r=0), "constant 'r' is 0; choose a number greater than 0"),
        (lambda: CATALOG["pareto"].with_constants(x_m=-1), "constant 'x_m' is -1; choose a number greater than 0."),
        (lambda: CATALOG["student_t"].with_constants(nu=-0.0), "constant 'nu' is -0.0; choose a number greater than 0"),
        (lambda: CATALOG["student_t"].with_constants(nu=np.nan), "constant 'nu' is nan; give a finite number"),
        (lambda: student(nu=(1, 1)), "constant 'nu' is (1, 1); give at least two different numbers"),
        (lambda: Support("real", (0, 1), low=1), "only a half-line has a start"),
        (lambda: student(nu="__import__('os')"), "constant 'nu' is \"__import__('os')\"; give a finite number"),
        (lambda: student(nu=np.inf), "constant 'nu' is inf"),
        (lambda: student(nu=True), "constant 'nu' is True"),
        (lambda: Parameter("p", UNIT, (0, 0.9), 0.5), "Parameter 'p': view (0, 0.9) and default 0.5 must lie"),
        (lambda: Parameter("p", UNIT, (0.1, 0.9), 0.95), "the default inside the view"),
        (lambda: Parameter("p", REAL, (np.nan, 1), 0.5), "must lie"),
        (lambda: Support("cube", (0, 1)), "kind 'cube' is unknown; choose one of real, positive"),
        (lambda: Support("interval", (0, 1)), "kind 'interval' with bounds (-inf, inf); an interval has two"),
        (lambda: Support("finite", (0, 1)), "a finite support lists them"),
        (lambda: Chart(lambda p: (p,)), "without `back` its coordinates have no names"),
        (lambda: Chart(lambda p: (p,), lambda q: (q,), (REAL, REAL)), "Chart 'q': 2 domains for 1 coordinate(s)"),
        (lambda: student().with_constants(mu=3), "Family 'Student' has no constant 'mu' (nu)."),
        (lambda: coin().with_constants(n=3), "Family 'Coin' has no constant 'n' (none)."),
    ],
)  # fmt: skip
def test_a_declaration_that_cannot_be_is_refused(declare, says):
    with pytest.raises(ValueError, match=r".") as caught:
        declare()
    assert says in str(caught.value)


def test_constants_are_exact_and_may_be_replaced():
    family = student()
    three = family.with_constants(nu=3)
    assert three.constants == {"nu": 3}
    assert family.constants == {"nu": 5}
    assert three.slug == family.slug
    tenth = family.with_constants(nu=0.1).expression
    assert sp.Rational(11, 20) in tenth.atoms(sp.Rational)
    x = np.linspace(-3, 3, 7)
    for nu in (1, 2.5, 30):
        expected = stats.t(nu, 0.4, 1.7).logpdf(x)
        assert family.with_constants(nu=nu).log_probability(x, [0.4, 1.7]) == pytest.approx(expected, rel=1e-12)


def test_the_same_constants_give_the_same_family():
    family = CATALOG["student_t"]
    three = family.with_constants(nu=3)
    assert three is family.with_constants(nu=3.0) is three.with_constants(nu=3)
    assert three.with_constants(nu=5) is family is family.with_constants()
    assert CATALOG["pareto"].with_constants(x_m=3) is not three


def test_what_is_remembered_about_a_family_goes_with_it_and_has_an_end():
    asked = []
    find = lately(3)(lambda family, x: asked.append(x) or -x)
    family = coin()
    assert [find(family, x) for x in (1, 2, 3, 1, 4, 4, 1, 3)] == [-1, -2, -3, -1, -4, -4, -1, -3]
    assert asked == [1, 2, 3, 4, 1]
    many = [weakref.ref(CATALOG["student_t"].with_constants(nu=nu)) for nu in range(6, 6 + 2 * MOST_VARIANTS)]
    gc.collect()
    assert sum(kept() is not None for kept in many) <= MOST_VARIANTS


def test_constants_are_read_only():
    with pytest.raises(TypeError):
        CATALOG["student_t"].constants["nu"] = 3
    assert CATALOG["student_t"].constants == {"nu": 5}


def test_a_constant_moves_the_support_and_the_charts():
    n, size = CATALOG["binomial"].with_constants(n=3), CATALOG["pareto"].with_constants(x_m=2)
    assert n.support.values().tolist() == [0, 1, 2, 3]
    assert isinstance(CATALOG["binomial"].with_constants(n=np.float64(3)).constants["n"], int)
    assert size.support.contains([1.9, 2, 2.1]).tolist() == [False, False, True]
    x = np.array([1.5, 2.5, 40])
    assert size.log_probability(x, [3.0]) == pytest.approx(stats.pareto(3, scale=2).logpdf(x))
    assert chart_map(n, "mean").to([0.5]) == pytest.approx([1.5])
    assert chart_map(n, "expectation").back([1.5]) == pytest.approx([0.5])
    assert n.charts["mean"].names == ("mean",)
    assert chart_map(size, "expectation").back([np.log(2) + 0.25]) == pytest.approx([4])


@settings(max_examples=60)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_taken_as_it_is_written(value):
    from fimviz.family import exact

    assert float(exact(value)) == value
    assert exact(0.1) == sp.Rational(1, 10)


def test_interval_parameters_have_an_unconstrained_chart():
    family = coin(
        parameters=(Parameter("p", (-2.0, 3.0), (-1, 2), 0.5),), log_density=lambda x, p: -((x - p) ** 2),
    )  # fmt: skip
    chart = chart_map(family, "unconstrained")
    theta = np.array([[-1.9], [0.5], [2.99]])
    assert chart.back(chart.to(theta)) == pytest.approx(theta, rel=1e-12)
    assert chart.chart.names == ("artanh_p",)


# ---------------------------------------------------------------- observations of several coordinates


def _bivariate(s1, s2, rho):
    return stats.multivariate_normal([0, 0], [[s1**2, rho * s1 * s2], [rho * s1 * s2, s2**2]])


VECTORS = {
    "bivariate_normal": (_bivariate, lambda x: x),
    "dirichlet": (lambda *a: stats.dirichlet(a), lambda x: np.append(x, 1 - x.sum(-1, keepdims=True), -1).T),
    "normal_mean": (lambda m1, m2: stats.multivariate_normal([m1, m2]), lambda x: x),
}


@pytest.mark.parametrize("slug", VECTORS)
def test_the_density_of_several_coordinates_is_the_published_one(slug):
    law, sample = VECTORS[slug]
    family = CATALOG[slug]
    for theta in inner(family, 4):
        x = observations(family)
        assert family.log_probability(x, theta) == pytest.approx(law(*theta).logpdf(sample(x)), rel=1e-11)


@pytest.mark.parametrize("design", [(-2, -1, 0, 1, 2), (0.5, 3), (0, 1), (-1, -1, 0.25, 4, 7, 9)])
def test_labels_are_bernoulli_with_the_response_as_their_probability(design):
    family = CATALOG["logistic_regression"].with_constants(design=design)
    x = family.support.values()
    assert x.shape == (2 ** len(design), len(design))
    assert len({tuple(row) for row in x}) == len(x)
    for b0, b1 in inner(family, 3):
        logit = b0 + b1 * np.array(design)
        expected = -np.logaddexp(0, np.where(x == 1, -logit, logit)).sum(-1)
        assert family.log_probability(x, [b0, b1]) == pytest.approx(expected, rel=1e-12)
        response = [float(family.response.curve(sp.Float(t), b0, b1)) for t in design]
        assert response == pytest.approx(1 / (1 + np.exp(-logit)), rel=1e-12)


@pytest.mark.parametrize(
    ("slug", "x"),
    [("dirichlet", [[0, 0.5], [0.7, 0.3], [0.8, 0.9], [-0.1, 0.5], [np.nan, 0.2]]),
     ("logistic_regression", [[0, 1, 2, 0, 1], [0.5, 0, 0, 0, 0], [np.nan, 1, 1, 1, 1]]),
     ("normal_mean", [[np.nan, 0], [np.inf, 1]])],
)  # fmt: skip
def test_vectors_that_cannot_be_observed_have_no_probability(slug, x):
    assert np.all(CATALOG[slug].log_probability(x, CATALOG[slug].default) == -np.inf)


def test_an_observation_has_as_many_coordinates_as_its_support():
    with pytest.raises(ValueError, match=r"takes observations of shape \(\.\.\., 2\), not \(3,\)"):
        CATALOG["normal_mean"].log_probability([1, 2, 3], [0, 0])


def test_a_design_has_two_different_inputs():
    family = CATALOG["logistic_regression"]
    for wrong, says in (((1,), "at least two different"), ((2, 2), "at least two different"), (3, "a tuple of numbers"),
                        ((0, np.nan), "finite"), ((0, "1"), "finite")):  # fmt: skip
        with pytest.raises(ValueError, match=says):
            family.with_constants(design=wrong)
