"""The metric as a geometry: charts, connections and curvature of every family, and known answers."""

import threading

import numpy as np
import pytest
import sympy as sp

from fimviz import (
    CATALOG,
    DomainError,
    Family,
    Metric,
    Parameter,
    cramer_rao,
    distance,
    entropy,
    exp,
    fisher_metric,
    geodesic_between,
    jeffreys,
    kl,
    log,
    natural_gradient,
)
from fimviz.atlas import chart_map
from fimviz.derive.examination import examination_points
from fimviz.derive.quadrature import Expectation
from fimviz.family import Chart
from fimviz.metric import first_kind
from fimviz.spray import acceleration

EVERY = pytest.mark.parametrize("slug", CATALOG)
CHARTS = pytest.mark.parametrize(("slug", "key"), [(s, k) for s, f in CATALOG.items() for k in f.charts])
EXPONENTIAL = pytest.mark.parametrize("slug", [s for s, f in CATALOG.items() if f.exponential_form])
PLANES = [s for s, f in CATALOG.items() if f.dimension == 2]


def points(slug, count=6, seed=11):
    return examination_points(CATALOG[slug], count, seed)


def in_chart(slug, key, count=6):
    """(metric, ξ, θ) of seeded points in a chart."""
    theta = points(slug, count)
    return fisher_metric(CATALOG[slug], key), chart_map(CATALOG[slug], key).to(theta), theta


def size(g):
    """√(gᵢᵢ gⱼⱼ): what entries of g are measured by."""
    root = np.sqrt(np.einsum("...ii->...i", g))
    return root[..., :, None] * root[..., None, :]


# ---------------------------------------------------------------- g in every chart


@CHARTS
def test_g_is_the_pull_back_by_the_change_of_coordinates(slug, key):
    metric, xi, theta = in_chart(slug, key)
    inverse = np.linalg.inv(chart_map(CATALOG[slug], key).jacobian(theta))
    expected = np.swapaxes(inverse, -1, -2) @ fisher_metric(CATALOG[slug]).matrix(theta) @ inverse
    assert np.max(np.abs(metric.matrix(xi) - expected) / size(expected)) < 1e-11


@CHARTS
def test_g_is_symmetric_and_positive_and_inverse_is_its_inverse(slug, key):
    metric, xi, _ = in_chart(slug, key)
    g = metric.matrix(xi)
    assert np.allclose(g, np.swapaxes(g, -1, -2), rtol=1e-13)
    assert np.all(np.linalg.eigvalsh(g / size(g))[..., 0] > 0)
    assert metric.inverse(xi) @ g == pytest.approx(np.broadcast_to(np.eye(metric.dimension), g.shape), abs=1e-9)


@CHARTS
def test_leading_axes_are_kept(slug, key):
    metric, xi, _ = in_chart(slug, key)
    d, block = metric.dimension, xi.reshape(2, 3, -1)
    assert metric.matrix(block).shape == (2, 3, d, d)
    assert metric.christoffel(block).shape == (2, 3, d, d, d)
    assert metric.inside(block).shape == (2, 3)
    assert metric.matrix(block)[1, 2] == pytest.approx(metric.matrix(xi[5]), rel=1e-13)
    assert metric.matrix(xi[:0]).shape == (0, d, d)


EMPTY = pytest.mark.parametrize("lead", [(0,), (3, 0), (0, 2)])


@CHARTS
@EMPTY
def test_no_points_have_no_values(slug, key, lead):
    metric = fisher_metric(CATALOG[slug], key)
    d, none = metric.dimension, np.zeros((*lead, metric.dimension))
    assert metric.matrix(none).shape == metric.inverse(none).shape == (*lead, d, d)
    for alpha in (0.0, 1.0, -0.5):
        assert metric.christoffel(none, alpha).shape == metric.cubic(none).shape == (*lead, d, d, d)
    assert metric.scalar_curvature(none).shape == lead
    if d == 2:
        assert metric.gaussian_curvature(none).shape == lead
    assert distance(metric, none, none).shape == lead
    assert log(metric, none, none).shape == exp(metric, none, none).shape == none.shape
    assert natural_gradient(metric, none, none).shape == none.shape
    assert cramer_rao(metric, none, 5).shape == (*lead, d, d)
    for alpha in (0.0, 1.0, -1.0):
        assert geodesic_between(metric, none, none, [0, 0.5, 1], alpha).shape == (*lead, 3, d)


@EVERY
@EMPTY
def test_no_pairs_have_no_divergence(slug, lead):
    family = CATALOG[slug]
    none = np.zeros((*lead, family.dimension))
    assert kl(family, none, none).shape == jeffreys(family, none, none).shape == entropy(family, none).shape == lead


@EVERY
def test_integers_are_points(slug):
    metric = fisher_metric(CATALOG[slug], "unconstrained")
    ones = np.ones(metric.dimension, int)
    assert np.array_equal(metric.matrix(ones), metric.matrix(ones.astype(float)))
    assert np.array_equal(metric.matrix(ones.tolist()), metric.matrix(ones.astype(float)))


@CHARTS
def test_points_outside_are_refused_with_a_sentence(slug, key):
    family = CATALOG[slug]
    metric = fisher_metric(family, key)
    xi = chart_map(family, key).to(family.default)
    for wrong in (np.full_like(xi, np.nan), np.full_like(xi, np.inf)):
        assert not metric.inside(wrong)
        with pytest.raises(DomainError, match=r"outside the domain of this chart; choose a point inside it"):
            metric.matrix(wrong)
    with pytest.raises(ValueError, match=rf"a point has shape \(\.\.\., {metric.dimension}\) in the order"):
        metric.matrix(np.ones(metric.dimension + 1))


def test_one_bad_point_among_good_ones_is_named():
    with pytest.raises(DomainError, match=r"\(2, −1\)"):
        fisher_metric(CATALOG["normal"]).matrix([[0, 1], [2, -1], [3, -4]])


def test_metrics_are_built_once_and_found_by_any_spelling():
    family = CATALOG["normal"]
    assert fisher_metric(family, "mu,variance") is fisher_metric(family, "mu, variance")
    assert fisher_metric(family) is fisher_metric(family, "mu, sigma")
    with pytest.raises(KeyError, match="No chart 'nope' here"):
        fisher_metric(family, "nope")


def test_formulas_and_numbers_of_a_chart_agree():
    metric = fisher_metric(CATALOG["gamma"], "shape, mean")
    k, mean = metric.symbols
    assert sp.simplify(metric.g - sp.Matrix([[sp.polygamma(1, k) - 1 / k, 0], [0, k / mean**2]])) == sp.zeros(2)


def test_a_chart_known_by_numbers_only_has_no_formula():
    metric = fisher_metric(CATALOG["gamma"], "expectation")
    assert metric.g is None
    assert metric.symbols is None
    natural = fisher_metric(CATALOG["gamma"], "natural")
    theta = [2.0, 0.7]
    # the two flat charts are dual: their metrics are inverse to one another
    eta, n = (chart_map(CATALOG["gamma"], k).to(theta) for k in ("expectation", "natural"))
    assert metric.matrix(eta) @ natural.matrix(n) == pytest.approx(np.eye(2), abs=1e-12)


@EXPONENTIAL
def test_the_metrics_of_dual_charts_are_inverse(slug):
    natural, n, theta = in_chart(slug, "natural")
    expectation, eta, _ = in_chart(slug, "expectation")
    product = expectation.matrix(eta) @ natural.matrix(n)
    assert product == pytest.approx(np.broadcast_to(np.eye(natural.dimension), product.shape), abs=1e-9)
    dual = natural.dual
    assert dual.natural(n) == pytest.approx(n)
    assert dual.expectation(n) == pytest.approx(eta)
    assert dual.from_expectation(eta) == pytest.approx(n, rel=1e-9)
    assert len(theta) == len(n)


# where a formula written out loses digits: shares near 0 and 1, shapes three decades apart
FAR = {
    "geometric": [[1 - 1e-6], [1 - 1e-9], [1e-6]], "negative_binomial": [[1 - 1e-6], [1e-6]],
    "beta": [[1e3, 1e-3], [1e-3, 1e3], [37, 1e-3], [1e3, 1e3]], "dirichlet": [[1e-3, 1, 1e3], [1e3, 2, 1e-3]],
}  # fmt: skip


@pytest.mark.parametrize(("slug", "key"), [(s, k) for s in FAR for k in CATALOG[s].charts if k != "expectation"])
def test_g_keeps_its_digits_far_out(slug, key):
    # g of the declared chart and θ(ξ), both to fifty digits, at the ξ that the library was given
    family, chart, metric = CATALOG[slug], chart_map(CATALOG[slug], key), fisher_metric(CATALOG[slug], key)
    declared = fisher_metric(family).g
    for theta in FAR[slug]:
        xi = chart.to(np.array(theta, float))
        exact = {s: sp.Rational(*float(x).as_integer_ratio()) for s, x in zip(chart.chart.symbols, xi, strict=True)}
        back = {s: b.xreplace(exact).evalf(60) for s, b in zip(family.symbols, chart.backward, strict=True)}
        slope = sp.Matrix([[sp.diff(b, s).xreplace(exact).evalf(60) for s in chart.chart.symbols]
                           for b in chart.backward])  # fmt: skip
        wanted = np.array((slope.T * declared.xreplace(back).evalf(60) * slope).tolist(), float)
        assert np.max(np.abs(metric.matrix(xi) - wanted) / size(wanted)) < 1e-10


# ---------------------------------------------------------------- connections


@CHARTS
def test_christoffel_symbols_by_finite_differences_of_g(slug, key):
    metric, xi, _ = in_chart(slug, key, 4)
    d = metric.dimension
    h = 1e-5 * (1e-2 + np.abs(xi))
    dg = np.stack([_difference(metric.matrix, xi, h, k) for k in range(d)], axis=-3)
    expected = np.linalg.solve(metric.matrix(xi), first_kind(dg).reshape(len(xi), d, -1)).reshape(-1, d, d, d)
    assert metric.christoffel(xi) == pytest.approx(expected, rel=1e-6, abs=1e-6 * np.max(1 + np.abs(expected)))


def _difference(f, xi, h, k):
    step = np.zeros_like(xi)
    step[..., k] = h[..., k]
    up, down, up2, down2 = f(xi + step), f(xi - step), f(xi + 2 * step), f(xi - 2 * step)
    span = h[..., k].reshape(-1, *[1] * (up.ndim - 1))
    return (8 * (up - down) - (up2 - down2)) / (12 * span)


@EVERY
def test_the_metric_is_parallel(slug):
    # ∇ₖ gᵢⱼ = ∂ₖ gᵢⱼ − Γˡₖᵢ gₗⱼ − Γˡₖⱼ gᵢₗ = 0
    metric, xi, _ = in_chart(slug, "unconstrained")
    solver = metric.solver if CATALOG[slug].solver == "unconstrained" else None
    g, dg = solver.g_dg(xi) if solver else metric.base.g_dg(points(slug))
    gamma = metric.christoffel(xi) if solver else fisher_metric(CATALOG[slug]).christoffel(points(slug))
    lowered = np.einsum("...lki,...lj->...kij", gamma, g)
    rest = dg - lowered - np.swapaxes(lowered, -1, -2)
    assert np.max(np.abs(rest)) < 1e-12 * np.max(np.abs(dg) + 1)


@CHARTS
@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, 0.4])
def test_connections_transform_as_connections_do(slug, key, alpha):
    # Γ̃ᵏᵢⱼ = (∂ξᵏ/∂θᶜ)(Γᶜₐᵦ θᵃᵢ θᵇⱼ + ∂²θᶜ/∂ξⁱ∂ξʲ), the last term from the Hessian of ξ(θ)
    metric, xi, theta = in_chart(slug, key)
    chart = chart_map(CATALOG[slug], key)
    j, h = chart.jacobian(theta), chart.hessian(theta)
    inverse = np.linalg.inv(j)
    inner = np.einsum("...kc,...cab->...kab", j, fisher_metric(CATALOG[slug]).christoffel(theta, alpha)) - h
    expected = np.einsum("...kab,...ai,...bj->...kij", inner, inverse, inverse)
    scale = np.max(1 + np.abs(expected), axis=(-1, -2, -3), keepdims=True)
    assert np.max(np.abs(metric.christoffel(xi, alpha) - expected) / scale) < 1e-9


@CHARTS
def test_the_cubic_tensor_is_the_third_moment_of_the_score(slug, key):
    metric, xi, theta = in_chart(slug, key)
    inverse = np.linalg.inv(chart_map(CATALOG[slug], key).jacobian(theta))
    T = Expectation(CATALOG[slug]).cubic(theta)
    expected = np.einsum("...abc,...ai,...bj,...ck->...ijk", T, inverse, inverse, inverse)
    root = np.sqrt(np.einsum("...ii->...i", metric.matrix(xi)))
    scale = root[..., :, None, None] * root[..., None, :, None] * root[..., None, None, :]
    assert np.max(np.abs(metric.cubic(xi) - expected) / np.maximum(scale, np.abs(expected))) < 1e-9


@EVERY
@pytest.mark.parametrize("alpha", [0.3, 1.0, 2.0])
def test_alpha_and_minus_alpha_are_dual(slug, alpha):
    # ∂ₖ gᵢⱼ = Γ⁽α⁾ₖᵢ,ⱼ + Γ⁽⁻α⁾ₖⱼ,ᵢ
    theta = points(slug)
    metric = fisher_metric(CATALOG[slug])
    g, dg = metric.base.g_dg(theta)
    plus, minus = (np.einsum("...lki,...lj->...kij", metric.christoffel(theta, a), g) for a in (alpha, -alpha))
    rest = dg - plus - np.swapaxes(minus, -1, -2)
    assert np.max(np.abs(rest)) < 1e-11 * np.max(1 + np.abs(plus))


@EXPONENTIAL
def test_each_flat_chart_has_no_symbols_of_its_connection(slug):
    for key, alpha in (("natural", 1), ("expectation", -1)):
        metric, xi, _ = in_chart(slug, key)
        scale = 1 + np.max(np.abs(metric.christoffel(xi)), axis=(-1, -2, -3), keepdims=True)
        assert np.max(np.abs(metric.christoffel(xi, alpha)) / scale) < 1e-9


def test_the_curvature_of_directions_is_smooth_where_all_directions_are_one():
    # K = −κ²/16 + O(κ⁴): the plane of (κ cos μ, κ sin μ) is flat at its origin, where polar coordinates have a pole
    kappa = np.array([1e-8, 1e-6, 1e-4, 1e-3, 1e-2])
    theta = np.stack([np.full(5, 0.5), kappa], axis=-1)
    for key in CATALOG["von_mises"].charts:
        xi = chart_map(CATALOG["von_mises"], key).to(theta)
        assert fisher_metric(CATALOG["von_mises"], key).gaussian_curvature(xi[1:]) == pytest.approx(
            -(kappa[1:] ** 2) / 16, rel=1e-4, abs=1e-12
        )
    K = fisher_metric(CATALOG["von_mises"]).gaussian_curvature(theta)
    assert np.max(np.abs(K + kappa**2 / 16)) < 1e-9


# ---------------------------------------------------------------- the solvers' chart


@CHARTS
def test_the_solver_chart_carries_points_and_vectors_there_and_back(slug, key):
    metric, xi, _ = in_chart(slug, key)
    solver = metric.solver
    u = solver.to(xi)
    v = np.random.default_rng(2).normal(size=xi.shape)
    du = solver.push(xi, v)
    assert solver.back(u) == pytest.approx(xi, rel=1e-9, abs=1e-9)
    assert solver.pull(u, du) == pytest.approx(v, rel=1e-9, abs=1e-9)
    lengths = [np.einsum("...ij,...i,...j->...", g, w, w) for g, w in ((metric.matrix(xi), v), (solver.g_dg(u)[0], du))]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-9)
    assert solver.inside(u).all()


@EVERY
def test_derivatives_in_the_solver_chart_by_finite_differences(slug):
    solver = fisher_metric(CATALOG[slug]).solver
    u = solver.to(points(slug, 4))
    h = np.full_like(u, 1e-4)
    dg, d2g = solver.g_dg(u)[1], solver.d2g(u)
    T, slope = solver.cubic(u), solver.tensors.cubic_slope(u)
    for k in range(solver.dimension):
        for f, exact in ((lambda x: solver.g_dg(x)[0], dg), (lambda x: solver.g_dg(x)[1], d2g), (solver.cubic, slope)):
            assert _difference(f, u, h, k) == pytest.approx(exact[:, k], rel=1e-6, abs=1e-7 * np.max(np.abs(exact) + 1))
    assert T.shape == (4, *[solver.dimension] * 3)


@EVERY
@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.5])
def test_acceleration_is_the_connection(slug, alpha):
    family = CATALOG[slug]
    metric = fisher_metric(family, family.solver)
    u = metric.solver.to(chart_map(family, family.solver).to(points(slug)))
    v = np.random.default_rng(3).normal(size=u.shape)
    expected = -np.einsum("...kij,...i,...j->...k", metric.christoffel(u, alpha), v, v)
    assert acceleration(metric.solver, u, v, alpha) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("slug", [s for s, f in CATALOG.items() if f.mean is None])
def test_numbers_stay_good_far_out_in_the_solver_chart(slug):
    # against the same formulas in high precision, relative to √(gᵢᵢ gⱼⱼ) times the chart's unit
    tensors = fisher_metric(CATALOG[slug]).solver.tensors
    entries = tensors._entries(0) + tensors._entries(1)
    reach = 8.0 if slug in ("beta", "gamma", "kumaraswamy", "weibull", "inverse_gaussian", "poisson") else 60.0
    d = tensors.dimension
    for signs in np.ndindex(*[2] * d):
        u = reach * (2 * np.array(signs) - 1) * np.linspace(1, 0.9, d)
        exact = [
            float(sp.N(e.xreplace(dict(zip(tensors.symbols, map(sp.Rational, u)))), 30, maxn=2000)) for e in entries
        ]
        g, dg = tensors.g_dg(u)
        upper = np.triu_indices(d)
        got = np.concatenate([g[upper], *(dg[k][upper] for k in range(d))])
        scale = np.tile(size(g)[upper], 1 + d)
        assert np.max(np.abs(got - exact) / np.maximum(scale, np.abs(exact))) < 1e-11


def test_coordinates_that_are_not_exponentiated_have_no_edge():
    normal, von_mises = (fisher_metric(CATALOG[s]).solver for s in ("normal", "von_mises"))
    assert not normal.edge([1e6, 0.0])
    assert not von_mises.edge([3e3, 4e3])
    assert normal.edge([[0, 180], [0, np.nan], [np.inf, 0]]).all()
    assert normal.inside([5.0, 5.0])


def test_alpha_needs_a_cubic_tensor():
    x, y = sp.symbols("x y", real=True)
    sphere = Metric.from_expressions((x, y), [[1, 0], [0, sp.sin(x) ** 2]], title="sphere")
    with pytest.raises(ValueError, match="sphere has no cubic tensor, so only α = 0 is defined, not α = 1"):
        sphere.christoffel([1.0, 0.0], 1)


# ---------------------------------------------------------------- curvature


def gamma_curvature(k):
    p, q = (float(sp.polygamma(n, sp.Float(k, 30))) for n in (1, 2))
    return (p + k * q) / (4 * (k * p - 1) ** 2)


CONSTANT = {"lognormal": -1 / 2, "logistic": -9 / (np.pi**2 + 3), "gumbel": -6 / np.pi**2, "student_t": -8 / 10,
            "normal": -1 / 2, "cauchy": -2.0, "laplace": -1.0, "weibull": -6 / np.pi**2, "categorical": 1 / 4,
            "inverse_gaussian": -1 / 2}  # fmt: skip


@pytest.mark.parametrize("slug", CONSTANT)
def test_spaces_of_constant_curvature(slug):
    assert fisher_metric(CATALOG[slug]).gaussian_curvature(points(slug, 20)) == pytest.approx(CONSTANT[slug], rel=1e-9)


@pytest.mark.parametrize(
    ("slug", "theta", "K"),
    [("gamma", (0.05, 1), -0.2738073984), ("gamma", (0.5, 2), -0.4039905125), ("gamma", (1, 3), -0.4563036914),
     ("gamma", (3, 0.1), -0.4934384634), ("gamma", (50, 1), -0.4999775486), ("beta", (1, 1), -0.38940305),
     ("beta", (1, 3), -0.44403415), ("beta", (5, 5), -0.49451468), ("von_mises", (0.4, 1), -0.0620933),
     ("von_mises", (-3, 3), -0.404269), ("von_mises", (9, 6), -0.507839), ("von_mises", (0, 10), -0.500859)],
)  # fmt: skip
def test_published_curvatures(slug, theta, K):
    digits = len(str(K).split(".")[1])
    assert fisher_metric(CATALOG[slug]).gaussian_curvature(theta) == pytest.approx(K, abs=0.6 * 10.0**-digits)


@pytest.mark.parametrize("k", [0.05, 0.5, 3])
def test_the_curvature_of_gamma_has_a_formula(k):
    assert fisher_metric(CATALOG["gamma"]).gaussian_curvature([k, 2.0]) == pytest.approx(gamma_curvature(k), rel=1e-9)


@pytest.mark.parametrize(("slug", "key"), [(s, k) for s in PLANES for k in CATALOG[s].charts])
def test_curvature_does_not_depend_on_the_chart(slug, key):
    metric, xi, theta = in_chart(slug, key)
    K = fisher_metric(CATALOG[slug]).gaussian_curvature(theta)
    # the perceptron is flat: of its curvature there is only the rounding
    assert metric.gaussian_curvature(xi) == pytest.approx(K, rel=1e-8, abs=1e-10)
    assert metric.scalar_curvature(xi) == pytest.approx(2 * K, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("alpha", [-1, -0.5, 0, 0.3, 1, 2])
def test_alpha_curvature_of_the_normal(alpha):
    K = fisher_metric(CATALOG["normal"], "mu, precision").gaussian_curvature([[0.3, 0.5], [-2, 3]], alpha)
    assert pytest.approx(-(1 - alpha**2) / 2, abs=1e-12) == K


@pytest.mark.parametrize("slug", [s for s in PLANES if CATALOG[s].exponential_form])
def test_exponential_families_are_dually_flat(slug):
    metric = fisher_metric(CATALOG[slug])
    for alpha in (1, -1):
        assert metric.gaussian_curvature(points(slug), alpha) == pytest.approx(0, abs=1e-9)


def test_curvature_by_finite_differences_of_christoffel_symbols():
    metric = fisher_metric(CATALOG["beta"])
    xi = points("beta", 3)
    h = np.full_like(xi, 1e-4)
    gamma = metric.christoffel(xi)
    dgamma = np.stack([_difference(metric.christoffel, xi, h, k) for k in range(2)], axis=1)
    products = np.einsum("nkim,nmjl->nklij", gamma, gamma)
    curl = np.einsum("nikjl->nklij", dgamma)
    riemann = curl - np.swapaxes(curl, -1, -2) + products - np.swapaxes(products, -1, -2)
    g, lowered = metric.riemann(xi)
    assert np.einsum("nkm,nmlij->nklij", g, riemann) == pytest.approx(lowered, rel=1e-6, abs=1e-8)


def test_riemann_has_its_symmetries_in_three_dimensions():
    x, y, z = sp.symbols("x y z", real=True)
    g = sp.Matrix([[2 + sp.sin(y), x * z / 9, 0], [x * z / 9, 3 + x**2, y / 5], [0, y / 5, 2 + sp.exp(x)]])
    metric = Metric.from_expressions((x, y, z), g)
    _, R = metric.riemann(np.array([0.3, 0.4, -0.2]))
    assert pytest.approx(-np.swapaxes(R, 0, 1), abs=1e-13) == R
    assert pytest.approx(-np.swapaxes(R, 2, 3), abs=1e-13) == R
    assert pytest.approx(np.einsum("klij->ijkl", R), abs=1e-13) == R
    assert R + np.einsum("klij->kijl", R) + np.einsum("klij->kjli", R) == pytest.approx(0, abs=1e-13)
    with pytest.raises(ValueError, match=r"has 3 parameter\(s\); Gaussian curvature needs two"):
        metric.gaussian_curvature([0.3, 0.4, -0.2])


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_sphere_has_positive_curvature(dimension):
    a, b, c = sp.symbols("a b c", real=True)
    symbols = (a, b, c)[:dimension]
    g = 9 * sp.diag(1, sp.sin(a) ** 2, sp.sin(a) ** 2 * sp.sin(b) ** 2)[:dimension, :dimension]
    metric = Metric.from_expressions(symbols, g)
    point = [1.1, 0.7, 0.2][:dimension]
    assert metric.scalar_curvature(point) == pytest.approx(dimension * (dimension - 1) / 9, rel=1e-12)


def test_one_parameter_has_no_curvature():
    metric = fisher_metric(CATALOG["poisson"])
    assert metric.scalar_curvature([[1.0], [2.0]]).tolist() == [0, 0]
    with pytest.raises(ValueError, match="Gaussian curvature needs two"):
        metric.gaussian_curvature([1.0])


def test_von_mises_is_smooth_at_the_uniform_distribution():
    family = CATALOG["von_mises"]
    metric = fisher_metric(family, "natural")
    tensors = metric.solver.tensors
    g, dg = tensors.g_dg([0.0, 0.0])
    assert g == pytest.approx(np.eye(2) / 2, abs=1e-15)
    assert dg == pytest.approx(0, abs=1e-15)
    # K = −κ²/16 + …
    near = metric.gaussian_curvature([[1e-2, 0], [0, 1e-3], [1e-8, -1e-8]])
    assert near == pytest.approx([-1e-4 / 16, -1e-6 / 16, 0], abs=1e-9)


# ---------------------------------------------------------------- metrics given directly, and threads


def test_a_metric_given_directly_is_a_metric():
    x, y = sp.symbols("x y", real=True)
    half = Metric.from_expressions((x, y), sp.eye(2) / y**2, inside=lambda p: p[..., 1] > 0, title="half-plane")
    assert half.gaussian_curvature([[0.0, 1.0], [3, 0.2]]) == pytest.approx(-1)
    assert half.inside([[0, 1], [0, -1]]).tolist() == [True, False]
    assert half.solver.to([0.5, 2]).tolist() == [0.5, 2]
    assert half.cubic([0.0, 1.0]) is None
    assert half.family is half.derivation is half.dual is half.closed_form is None
    with pytest.raises(DomainError, match="half-plane: the point"):
        half.matrix([0.0, -1.0])


def fresh(slug):
    """A copy of a family with empty caches."""
    family = CATALOG[slug]
    return Family(**{name: getattr(family, name) for name in family.__dataclass_fields__})


@pytest.mark.parametrize("slug", ["gamma", "categorical", "weibull"])
def test_threads_that_ask_at_once_get_the_same_numbers(slug):
    family, results, errors = fresh(slug), [], []
    barrier = threading.Barrier(6)

    def ask(key):
        try:
            barrier.wait()
            metric = fisher_metric(family, key)
            xi = chart_map(family, key).to(family.default)
            results.append(
                (key, metric.matrix(xi), metric.christoffel(xi, 0.5), metric.solver.g_dg(metric.solver.to(xi)))
            )
        except Exception as error:
            errors.append(error)

    keys = [*family.charts][:3] * 2
    threads = [threading.Thread(target=ask, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for key, g, gamma, (solver_g, _) in results:
        metric = fisher_metric(CATALOG[slug], key)
        xi = chart_map(CATALOG[slug], key).to(family.default)
        assert g == pytest.approx(metric.matrix(xi), rel=1e-13)
        assert gamma == pytest.approx(metric.christoffel(xi, 0.5), rel=1e-12, abs=1e-12)
        assert solver_g == pytest.approx(metric.solver.g_dg(metric.solver.to(xi))[0], rel=1e-13)


def test_a_smooth_chart_of_ones_own_changes_nothing_invariant():
    family = fresh("gamma")
    wavy = Chart(lambda k, beta: (k + sp.sin(beta) / 3, sp.log(beta) + k / 7), name="wavy", names=("a", "b"))
    own = Family(
        **{name: getattr(family, name) for name in family.__dataclass_fields__ if name != "charts_declared"},
        charts_declared=(wavy,),
    )
    metric, theta = fisher_metric(own, "wavy"), points("gamma", 5)
    xi = chart_map(own, "wavy").to(theta)
    assert chart_map(own, "wavy").back(xi) == pytest.approx(theta, rel=1e-10)
    K = fisher_metric(CATALOG["gamma"]).gaussian_curvature(theta)
    assert metric.gaussian_curvature(xi) == pytest.approx(K, rel=1e-8)
    v = np.random.default_rng(5).normal(size=xi.shape)
    assert metric.solver.pull(metric.solver.to(xi), metric.solver.push(xi, v)) == pytest.approx(v, rel=1e-9)


def test_parameters_keep_their_order():
    metric = fisher_metric(CATALOG["weibull"])
    assert metric.names == ("k", "lam")
    assert isinstance(CATALOG["weibull"].parameters[0], Parameter)
    assert metric.matrix([2.0, 3.0])[1, 1] == pytest.approx(4 / 9)
