"""KL from its formula, from its definition, near its zero, and against the metric it begins with."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from fimviz import CATALOG, DomainError, Family, Parameter, Support, entropy, fisher_metric, jeffreys, kl
from fimviz.derive.examination import examination_points
from fimviz.divergence import entropy_tape, kl_by_quadrature, kl_expression, kl_hessian, kl_slopes, kl_tape
from fimviz.family import POSITIVE
from fimviz.irregular import IRREGULAR
from fimviz.special import BesselRatio, LogCosh
from fimviz.trapezoid import Fixed, Trapezoid, Z, _slot

EVERY = pytest.mark.parametrize("slug", CATALOG)
WITH_KL = pytest.mark.parametrize("slug", [s for s, f in CATALOG.items() if kl_expression(f)])


def pairs(slug, count=15):
    return [examination_points(CATALOG[slug], count, seed) for seed in (8, 9)]


def directions(slug, theta):
    """Tangent vectors of Fisher length 1, seeded."""
    v = np.random.default_rng(1).normal(size=theta.shape)
    return v / np.sqrt(np.einsum("ni,nij,nj->n", v, fisher_metric(CATALOG[slug]).matrix(theta), v))[:, None]


@EVERY
def test_the_formula_is_the_definition(slug):
    p, q = pairs(slug)
    formula, definition = kl(CATALOG[slug], p, q), kl_by_quadrature(CATALOG[slug], p, q)
    assert formula == pytest.approx(definition, rel=1e-9, abs=1e-11)


@EVERY
def test_kl_is_positive_and_vanishes_only_at_home(slug):
    p, q = pairs(slug)
    assert np.all(kl(CATALOG[slug], p, q) > 0)
    assert kl(CATALOG[slug], p, p) == pytest.approx(0, abs=1e-15)
    assert np.all(kl(CATALOG[slug], p, p) >= 0)


def away(family, theta):
    """Those of θ that are no nearer than 1 to where the metric is singular: there the coefficient of h⁴ is large."""
    tape = family.singular_tape
    return theta if tape is None else theta[np.all(np.abs(tape(*theta.T)) > 1, axis=-1)]


@EVERY
def test_kl_begins_with_half_the_square_of_the_length(slug):
    # KL(θ‖θ + hv) = h²/2 g(v, v) + h³(¼ ∂ᵥ g(v, v) − T(v, v, v)/12) + O(h⁴)
    theta = away(CATALOG[slug], examination_points(CATALOG[slug], 10, seed=6))
    metric, v, h = fisher_metric(CATALOG[slug]), directions(slug, theta), 1e-3
    _, dg = metric.base.g_dg(theta)
    third = np.einsum("nkij,nk,ni,nj->n", dg, v, v, v) / 4
    third -= np.einsum("nijk,ni,nj,nk->n", metric.cubic(theta), v, v, v) / 12
    if slug == "laplace":
        # the kink adds |hvμ/b|³: only the first term is a Taylor term
        third, tolerance = 0, 3 * h**3
    else:
        tolerance = 20 * h**4
    assert kl(CATALOG[slug], theta, theta + h * v) == pytest.approx(h**2 / 2 + h**3 * third, abs=tolerance)


def _plain(expression):
    return expression.replace(Fixed, lambda x: x).replace(LogCosh, lambda x: sp.log(sp.cosh(x)))


def _summed(one, symbols):
    """The sum that an integral on nodes is, in mpmath: its integrand once, and the nodes one after the other."""
    slots = [_slot(i) for i in range(len(one.at))]
    parameters = sp.lambdify(symbols, [_plain(a) for a in one.at], "mpmath")
    integrand = sp.lambdify((Z, *slots), _plain(one.integrand), "mpmath")
    low, high, count = one.rule

    def value(row):
        step, at = mpmath.mpf(high - low) / (count - 1), parameters(*row)
        terms = [integrand(low + k * step, *at) for k in range(count)]
        return step * (mpmath.fsum(terms) - (terms[0] + terms[-1]) / 2)

    return value


def _exactly(expression, symbols, rows):
    """An expression at each row, in 60 digits; special functions of the library by SymPy's own evaluation."""
    if expression.has(BesselRatio):
        values = [dict(zip(symbols, map(sp.Rational, row))) for row in rows]
        return [float(sp.N(expression.xreplace(v), 30, maxn=400)) for v in values]
    sums = sorted(expression.atoms(Trapezoid), key=str)
    names = [sp.Dummy() for _ in sums]
    formula = sp.lambdify((*symbols, *names), _plain(expression.xreplace(dict(zip(sums, names)))), "mpmath")
    values = [_summed(one, symbols) for one in sums]
    with mpmath.workdps(60):
        exact = [[mpmath.mpf(float(x)) for x in row] for row in rows]
        return [float(formula(*row, *(value(row) for value in values))) for row in exact]


@WITH_KL
@pytest.mark.parametrize("h", [3e-2, 1e-4, 1e-7])
def test_near_points_keep_their_digits(slug, h):
    family = CATALOG[slug]
    p = examination_points(family, 4, seed=2)
    q = p + h * np.abs(directions(slug, p)) * np.min(np.abs(p), axis=-1, keepdims=True) / 4
    expression, mine, other = kl_expression(family)
    exact = _exactly(expression, (*mine, *other), np.concatenate([p, q], -1))
    assert kl(family, p, q) == pytest.approx(exact, rel=1e-12 + 1e-14 / h)


@pytest.mark.parametrize(
    ("slug", "p", "q", "nats"),
    [("normal", (0, 1), (1, 1), 0.5), ("normal", (0, 1), (0, 2), np.log(2) + 1 / 8 - 1 / 2),
     ("bernoulli", (0.5,), (0.25,), np.log(2) - np.log(3) / 2), ("exponential", (2,), (1,), np.log(2) - 0.5),
     ("poisson", (3,), (3,), 0), ("cauchy", (0, 1), (2, 1), np.log(2)), ("laplace", (0, 1), (0, 2), np.log(2) - 0.5),
     ("gamma", (1, 2), (1, 1), np.log(2) - 0.5), ("weibull", (1, 1), (1, 2), np.log(2) - 0.5)],
)  # fmt: skip
def test_known_divergences(slug, p, q, nats):
    assert kl(CATALOG[slug], p, q) == pytest.approx(nats, rel=1e-13)


def test_a_member_too_narrow_is_infinitely_far():
    assert kl(CATALOG["normal"], [0, 1], [0, 1e-200]) == np.inf
    assert kl(CATALOG["normal"], [[0, 1], [0, 1]], [[0, 1e-200], [1, 1]]).tolist() == [np.inf, 0.5]


def test_jeffreys_of_two_normals():
    assert jeffreys(CATALOG["normal"], [0, 1], [3, 2]) == pytest.approx(6.75, rel=1e-14)


@EVERY
def test_jeffreys_is_symmetric(slug):
    p, q = pairs(slug)
    forward = jeffreys(CATALOG[slug], p, q)
    assert forward == pytest.approx(jeffreys(CATALOG[slug], q, p), rel=1e-14)
    assert forward == pytest.approx(kl(CATALOG[slug], p, q) + kl(CATALOG[slug], q, p), rel=1e-14)


@pytest.mark.parametrize("slug", ["normal", "categorical"])
def test_the_squared_distance_is_at_most_jeffreys(slug):
    p, q = pairs(slug, 60)
    assert np.all(fisher_metric(CATALOG[slug]).closed_form.distance(p, q) ** 2 <= jeffreys(CATALOG[slug], p, q))


@pytest.mark.parametrize("slug", ["cauchy", "laplace"])
def test_not_so_outside_exponential_families(slug):
    distance = fisher_metric(CATALOG[slug]).closed_form.distance([0, 1], [10, 1])
    assert distance**2 > jeffreys(CATALOG[slug], [0, 1], [10, 1])


def test_without_a_formula_kl_is_an_integral_all_the_same():
    # KL of two logistic laws by adaptive quadrature in 30 digits
    with mpmath.workdps(30):
        log_p, log_q = (lambda x, m=m, s=s: -(x - m) / s - mpmath.log(s) - 2 * mpmath.log1p(mpmath.exp(-(x - m) / s))
                        for m, s in ((0, 1), (2, mpmath.mpf(3) / 2)))  # fmt: skip
        exact = mpmath.quad(lambda x: mpmath.exp(log_p(x)) * (log_p(x) - log_q(x)), [-90, -10, 0, 10, 90])
    assert kl(CATALOG["logistic"], [0, 1], [2, 1.5]) == pytest.approx(float(exact), rel=1e-12)


@given(st.floats(-5, 5), st.floats(0.1, 10), st.floats(-5, 5), st.floats(0.1, 10))
def test_the_normal_against_its_textbook_formula(m, s, n, t):
    expected = np.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5
    assert kl(CATALOG["normal"], [m, s], [n, t]) == pytest.approx(expected, rel=1e-9, abs=1e-14)


@EVERY
def test_points_broadcast(slug):
    p, q = pairs(slug, 6)
    table = kl(CATALOG[slug], p[:, None], q[None])
    assert table.shape == (6, 6)
    assert table[1, 2] == pytest.approx(float(kl(CATALOG[slug], p[1], q[2])), rel=1e-14)
    assert np.shape(kl(CATALOG[slug], p[0], q[0])) == ()


@EVERY
def test_points_outside_are_refused(slug):
    family = CATALOG[slug]
    outside = np.full(family.dimension, np.nan)
    for pair in ((family.default, outside), (outside, family.default)):
        with pytest.raises(DomainError):
            kl(family, *pair)


def test_a_family_without_a_formula_is_integrated():
    declared = Family(
        "logistic", "Logistic", (Parameter("m"), Parameter("s", POSITIVE, (0.3, 3), 1.0)), Support("real", (-6, 6)),
        lambda x, m, s: -(x - m) / s - sp.log(s) - 2 * sp.log(1 + sp.exp(-(x - m) / s)),
    )  # fmt: skip
    assert kl_tape(declared) is None
    # the logistic at its own place: KL(0, 1 ‖ 0, 1) = 0 and half the square of a short length
    assert kl(declared, [0, 1], [0, 1]) == pytest.approx(0, abs=1e-14)
    assert kl(declared, [0, 1], [1e-3, 1]) == pytest.approx(1e-6 / 6, rel=1e-4)
    assert kl(declared, [[0, 1], [1, 2]], [0.5, 1.5]).shape == (2,)


@EVERY
def test_the_hessian_of_kl_where_the_two_are_equal_is_the_metric(slug):
    family = CATALOG[slug]
    points = examination_points(family, 2, seed=5)
    g = fisher_metric(family).matrix(points)
    root = np.sqrt(np.einsum("...ii->...i", g))
    scale = root[..., :, None] * root[..., None, :]
    assert np.max(np.abs(kl_hessian(family, points) - g) / scale) < 1e-6
    for slope in kl_slopes(family, points):
        assert np.max(np.abs(slope) / root) < 1e-3


def test_where_the_support_moves_kl_has_a_slope_and_no_hessian():
    uniform = IRREGULAR["uniform"]
    left, right = kl_slopes(uniform, [2.0])
    # KL(θ‖q) = log q/θ for q > θ: slope 1/θ
    assert left[0] == np.inf and right[0] == pytest.approx(1 / 2, rel=1e-3)
    assert kl_hessian(uniform, [2.0]) == np.inf


def test_entropy_is_minus_the_mean_log_density():
    """Against closed forms: log √(2πe) + log σ, 1 − log rate, and the sum over outcomes."""
    np.testing.assert_allclose(
        entropy(CATALOG["normal"], [[0, 1], [3, 0.2]]), 0.5 * np.log(2 * np.pi * np.e) + np.log([1, 0.2])
    )
    np.testing.assert_allclose(entropy(CATALOG["exponential"], [[0.5], [4.0]]), 1 - np.log([0.5, 4]))
    p = np.array([0.2, 0.3, 0.5])
    found = entropy(CATALOG["categorical"], p[:2])
    np.testing.assert_allclose(found, -np.sum(p * np.log(p)), rtol=1e-13)


def test_entropy_of_what_is_no_member_is_refused():
    with pytest.raises(DomainError):
        entropy(CATALOG["bernoulli"], [1.0])
    with pytest.raises(ValueError, match="no finite sum"):
        entropy_tape(CATALOG["normal"])


@pytest.mark.parametrize("slug", ["logistic", "student_t"])
@pytest.mark.parametrize("ratio", [1e-3, 0.05, 0.3, 1 / 3.3, 3.3, 20, 1e3])
def test_kl_of_spreads_far_apart_is_a_number(slug, ratio):
    # Gauss–Legendre in z = sinh t about p, on panels that are cut at the middle of q, to its own scale
    family, p, q = CATALOG[slug], np.array([-0.8, 1.0]), np.array([0.45, ratio])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    t = np.concatenate([np.linspace(-8, 8, 400), np.arcsinh(1.25 + ratio * np.sinh(np.linspace(-12, 12, 400)))])
    edges = np.unique(t[np.abs(t) <= 8])
    half = np.diff(edges)[:, None] / 2
    t, w = edges[:-1, None] + half * (1 + nodes), half * weights
    z = (np.sinh(t) * p[1] + p[0]).ravel()
    log_p = STANDARD[slug]((z - p[0]) / p[1]) - np.log(p[1])
    log_q = STANDARD[slug]((z - q[0]) / q[1]) - np.log(q[1])
    wanted = np.sum(np.exp(log_p) * (log_p - log_q) * (w * np.cosh(t)).ravel() * p[1])
    assert kl(family, p, q) == pytest.approx(wanted, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("slug", ["normal", "lognormal"])
@pytest.mark.parametrize("mu", [0, 3, -1e3])
def test_kl_of_normals_does_not_depend_on_where_they_are(slug, mu):
    # ½(r² − 1 + δ²) − log r with r = σ₁/σ₂, δ = Δμ/σ₂, however far out both lie; ½ν² + ¾ε² near, r = 1 + ε
    for shift, spread in ((2, 1), (0.5, 1.5), (0.03, 1.01), (2**-17, 1)):
        q = mu, 2**-10
        p = mu + shift * q[1], spread * q[1]
        wanted = (spread**2 - 1 + shift**2) / 2 - np.log(spread)
        assert kl(CATALOG[slug], p, q) == pytest.approx(wanted, rel=1e-9)


STANDARD = {
    "logistic": lambda z: -np.abs(z) - 2 * np.log1p(np.exp(-np.abs(z))),
    "student_t": lambda z: np.log(8 / (3 * np.pi * np.sqrt(5))) - 3 * np.log1p(z**2 / 5),
}
