"""Geodesics between two points: known answers, hard pairs, invariants, and honest refusals."""

import copy

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from fimviz import (
    CATALOG,
    DomainError,
    Metric,
    NoGeodesic,
    distance,
    exp,
    fisher_metric,
    geodesic,
    geodesic_between,
    log,
    shortest_geodesic,
)
from fimviz.errors import GeodesicStops
from fimviz.spray import speed

PAIRS = 500


def metric_of(slug, chart=None):
    return fisher_metric(CATALOG[slug], chart)


def solved(metric):
    """The same metric without its published formulas, so that the solver has to find them."""
    metric = copy.copy(metric)
    metric.closed_form = None
    return metric


def hard(slug, rng, count=PAIRS):
    """Points over three decades of each positive parameter, probabilities down to 1e−4."""
    if slug == "categorical":
        weights = 10 ** rng.uniform(-4, 0, (count, 3))
        return (weights / weights.sum(1, keepdims=True))[:, :2]
    points = 10 ** rng.uniform(-1.5, 1.5, (count, 2))
    if slug == "normal":
        points[:, 0] = rng.uniform(-30, 30, count)
    return points


def plane():
    """The plane without its origin in the chart (log r, φ), φ not periodic: a spiral staircase."""
    x, y = sp.symbols("x y")
    return Metric.from_expressions((x, y), sp.eye(2) * sp.exp(2 * x), title="plane")


def sphere():
    x, y = sp.symbols("x y")
    inside = lambda q: (q[..., 0] > 0) & (q[..., 0] < np.pi)  # noqa: E731
    return Metric.from_expressions((x, y), sp.diag(1, sp.sin(x) ** 2), inside=inside, title="sphere")


@pytest.mark.parametrize("find", [lambda m: m, solved], ids=["formula", "solver"])
@pytest.mark.parametrize(
    ("slug", "p", "q", "expected"),
    [
        ("normal", [0, 1], [1, 1], 0.9802581434685472),
        ("normal", [0, 1], [3, 2], 2.13623711533138),
        ("categorical", [0.2, 0.3], [0.6, 0.3], 1.0311192173629504),
        ("laplace", [0, 1], [0, np.e], 1),
        ("cauchy", [0, 1], [0, np.e], np.sqrt(0.5)),
    ],
)
def test_known_distances(find, slug, p, q, expected):
    assert distance(find(metric_of(slug)), p, q) == pytest.approx(expected, rel=1e-12)


ONE_PARAMETER = {
    "bernoulli": (0.02, 0.9, lambda p, q: 2 * abs(np.arcsin(np.sqrt(p)) - np.arcsin(np.sqrt(q)))),
    "binomial": (0.02, 0.9, lambda p, q: 2 * np.sqrt(10) * abs(np.arcsin(np.sqrt(p)) - np.arcsin(np.sqrt(q)))),
    "poisson": (1e-3, 50, lambda p, q: 2 * abs(np.sqrt(p) - np.sqrt(q))),
    "geometric": (1e-3, 0.9, lambda p, q: 2 * abs(np.arctanh(np.sqrt(1 - p)) - np.arctanh(np.sqrt(1 - q)))),
    "exponential": (1e-3, 50, lambda p, q: abs(np.log(p / q))),
    "rayleigh": (1e-3, 50, lambda p, q: 2 * abs(np.log(p / q))),
    "pareto": (1e-3, 50, lambda p, q: abs(np.log(p / q))),
}


@pytest.mark.parametrize("slug", sorted(set(ONE_PARAMETER) & set(CATALOG)))
def test_one_parameter_is_arc_length(slug):
    p, q, formula = ONE_PARAMETER[slug]
    metric, t = metric_of(slug), np.array([0, 0.1, 0.5, 0.9, 1])
    assert distance(metric, [p], [q]) == pytest.approx(formula(p, q), rel=1e-12)
    along = shortest_geodesic(metric, [q], [p], t)
    assert distance(metric, [q], along) == pytest.approx(t * formula(p, q), abs=1e-11)
    assert exp(metric, [p], log(metric, [p], [q])) == pytest.approx([q], rel=1e-7)


@pytest.mark.parametrize("slug", ["normal", "gamma", "beta", "categorical"])
def test_hard_pairs(slug):
    """Each is found, at constant speed; it arrives when shot from the start; it agrees with a formula."""
    rng = np.random.default_rng(2024)
    formula, metric = metric_of(slug), solved(metric_of(slug))
    p, q = hard(slug, rng), hard(slug, rng)
    lengths, v = distance(metric, p, q), log(metric, p, q)
    assert np.abs(speed(metric.matrix(p), v) / lengths - 1).max() < 1e-5
    assert np.abs(distance(metric, q, p) - lengths).max() < 1e-7
    if formula.closed_form is not None:
        assert np.abs(formula.closed_form.distance(p, q) - lengths).max() < 1e-6
        assert (
            np.abs(formula.closed_form.distance(p, shortest_geodesic(metric, p, q, 0.3)) - 0.3 * lengths).max() < 1e-6
        )
    # Nearby geodesics part as exp(√−K s), and K ≥ −1/2 in all four: so may a shot's error.
    arrived, verdict = geodesic(metric, p, v, 1.0, stop=True)
    assert verdict is None
    missed = np.sqrt(np.maximum(0, np.einsum("ni,nij,nj->n", arrived - q, metric.matrix(q), arrived - q)))
    assert (missed / np.exp(lengths / np.sqrt(2))).max() < 1e-7


@pytest.mark.parametrize("slug", ["normal", "gamma", "beta", "categorical", "von_mises", "weibull"])
def test_constant_speed_between_the_nodes(slug):
    """The speed of the path itself, by differences of its points, not the solver's own word."""
    rng = np.random.default_rng(5)
    metric = solved(metric_of(slug))
    p, q = hard(slug, rng, 20), hard(slug, rng, 20)
    centre, h = np.linspace(0.05, 0.95, 19), 1e-4
    around = shortest_geodesic(metric, p, q, (centre[:, None] + h * np.array([-2, -1, 0, 1, 2])).ravel())
    around = around.reshape(20, 19, 5, 2)
    v = np.einsum("k,nckd->ncd", np.array([1, -8, 0, 8, -1]) / (12 * h), around)
    pace = speed(metric.matrix(around[:, :, 2]), v)
    assert np.abs(pace / distance(metric, p, q)[:, None] - 1).max() < 1e-5


def test_near_points_keep_their_digits():
    metric, p = solved(metric_of("normal")), np.array([20.017971015, 3.1858026])
    for step in (1e-3, 1e-6, 1e-9):
        q = p + np.array([step, step / 2])
        assert distance(metric, p, q) == pytest.approx(metric_of("normal").closed_form.distance(p, q), rel=2e-5)
    assert distance(metric, p, p) == 0
    assert np.array_equal(log(metric, p, p), [0, 0])
    assert np.array_equal(shortest_geodesic(metric, p, p, [0, 0.5, 1]).round(12), np.tile(p, (3, 1)).round(12))


def test_the_weakest_and_the_largest_shape():
    """Known to nobody in closed form, so against itself: additivity along the path."""
    metric, p, q = metric_of("gamma"), [1e-3, 1e3], [1e3, 1e-3]
    middle = shortest_geodesic(metric, p, q, 0.5)
    total = distance(metric, p, q)
    assert distance(metric, p, middle) == pytest.approx(total / 2, rel=1e-7)
    assert distance(metric, middle, q) == pytest.approx(total / 2, rel=1e-7)


def test_von_mises_crosses_the_centre():
    metric = metric_of("von_mises")
    assert distance(metric, [-1.9, 1], [1.9, 1]) == pytest.approx(1.263, abs=5e-4)
    assert distance(metric, [3.0, 1], [-3.0, 1]) == pytest.approx(distance(metric, [0, 1], [2 * np.pi - 6, 1]))


finite = st.floats(-1.5, 1.5)
point = st.tuples(finite, finite)


@settings(max_examples=25)
@given(point, point, point)
@pytest.mark.parametrize("slug", ["normal", "gamma", "beta"])
def test_triangle_inequality_and_inverse(slug, a, b, c):
    metric = solved(metric_of(slug))
    a, b, c = (np.array([x if slug == "normal" else np.exp(x), np.exp(y)]) for x, y in (a, b, c))
    ab, bc, ac = (distance(metric, x, y) for x, y in ((a, b), (b, c), (a, c)))
    assert ac <= ab + bc + 1e-9
    assert ab == distance(metric, b, a)
    assert np.allclose(exp(metric, a, log(metric, a, b)), b, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("slug", "chart"),
    [("normal", "mu, variance"), ("normal", "natural"), ("normal", "expectation"), ("gamma", "natural"),
     ("gamma", "expectation"), ("beta", "mean, concentration"), ("categorical", "sphere"), ("bernoulli", "natural")],
)  # fmt: skip
def test_distances_do_not_depend_on_the_chart(slug, chart):
    family = CATALOG[slug]
    metric, moved = metric_of(slug), metric_of(slug, chart)
    to = lambda x: moved._own.to(np.asarray(x))  # noqa: E731
    p = np.array([parameter.default for parameter in family.parameters])
    q = np.array([0.7 * parameter.default + 0.3 * parameter.view[0] for parameter in family.parameters])
    for m in (lambda x: x, solved):
        assert distance(m(moved), to(p), to(q)) == pytest.approx(distance(metric, p, q), rel=1e-9)
        along = to(shortest_geodesic(metric, p, q, [0.25, 0.75]))
        assert np.allclose(shortest_geodesic(m(moved), to(p), to(q), [0.25, 0.75]), along, rtol=1e-7)
        assert np.allclose(exp(moved, to(p), log(m(moved), to(p), to(q))), to(q), rtol=1e-6)


@pytest.mark.parametrize("find", [lambda m: m, solved], ids=["formula", "solver"])
def test_gauss_bonnet(find):
    """π minus the angles of the triangle is −∫K = area/2."""
    metric, corners = find(metric_of("normal")), np.array([[-2.0, 1.0], [2.0, 1.0], [0.0, 3.0]])
    angles = []
    for i in range(3):
        here, left, right = corners[i], corners[i - 1], corners[(i + 1) % 3]
        u, v, g = log(metric, here, left), log(metric, here, right), metric.matrix(here)
        angles.append(np.arccos(u @ g @ v / (speed(g, u) * speed(g, v))))
    assert np.pi - sum(angles) == pytest.approx(0.55129, abs=1e-5)


def test_a_sphere():
    metric = sphere()
    unit = lambda a, b: np.array([np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)])  # noqa: E731
    for p, q in (([1, 0], [1, 3]), ([0.1, 0], [0.2, 3]), ([1, 0], [2, 3.1]), ([2, -1], [2.5, 1])):
        assert distance(metric, p, q) == pytest.approx(np.arccos(unit(*p) @ unit(*q)), rel=1e-9)
    middle = shortest_geodesic(metric, [1, 0], [1, 2], 0.5)
    assert middle[1] == pytest.approx(1)
    with pytest.raises(NoGeodesic):
        distance(metric, [1, 0], [2.1, 3.2])  # longer than π, so past the point opposite


def test_hyperbolic_space_of_three_dimensions():
    x, y, z = sp.symbols("x y z")
    metric = Metric.from_expressions((x, y, z), sp.diag(1, 1, sp.exp(2 * z)) * sp.exp(-2 * z), title="space")
    p, q = np.random.default_rng(0).normal(size=(2, 30, 3)) * 1.5
    a, b = np.exp(p[:, 2]), np.exp(q[:, 2])
    apart = ((p - q)[:, :2] ** 2).sum(1) + (a - b) ** 2
    assert np.allclose(distance(metric, p, q), np.arccosh(1 + apart / (2 * a * b)), rtol=1e-9)
    assert np.allclose(exp(metric, p, log(metric, p, q)), q, atol=1e-5)


def test_no_path_is_ever_guessed():
    """Straight lines exist around the origin up to an angle of π, and none beyond."""
    metric = plane()
    assert distance(metric, [0, 0], [0.3, 3]) == pytest.approx(abs(1 - np.exp(0.3 + 3j)), rel=1e-9)
    for angle in (3.2, 5.0):
        with pytest.raises(NoGeodesic, match="does not mean that there is none"):
            distance(metric, [0, 0], [0.3, angle])


def test_shapes():
    metric = solved(metric_of("gamma"))
    p, q = np.full((4, 1, 2), 2.0), np.full((3, 2), 1.5)
    assert distance(metric, p, q).shape == (4, 3)
    assert log(metric, p, q).shape == (4, 3, 2)
    assert shortest_geodesic(metric, p, q, [0, 0.5]).shape == (4, 3, 2, 2)
    assert shortest_geodesic(metric, p, q, 0.5).shape == (4, 3, 2)
    assert np.ndim(distance(metric, [2, 1], [1, 2])) == 0
    ends = shortest_geodesic(metric, [2, 1], [1, 2], [0, 1])
    assert np.array_equal(ends, [[2, 1], [1, 2]])


@pytest.mark.parametrize("find", [lambda m: m, solved], ids=["formula", "solver"])
def test_times_outside_continue_the_geodesic(find):
    metric, p, q = find(metric_of("normal")), np.array([0, 1.0]), np.array([1, 2.0])
    early, late = shortest_geodesic(metric, p, q, [-0.5, 1.5])
    total = distance(metric, p, q)
    assert distance(metric, early, q) == pytest.approx(1.5 * total, rel=1e-7)
    assert distance(metric, p, late) == pytest.approx(1.5 * total, rel=1e-7)


@pytest.mark.parametrize("alpha", [1, -1])
def test_jeffreys_is_the_energy_of_both_dual_paths(alpha):
    metric, t = metric_of("normal"), np.linspace(0, 1, 2001)
    path = geodesic_between(metric, [0, 1], [3, 2], t, alpha)
    v = np.gradient(path, t, axis=0, edge_order=2)
    energy = np.einsum("ni,nij,nj->n", v, metric.matrix(path), v)
    assert np.trapezoid(energy, t) == pytest.approx(6.75, rel=1e-5)


@pytest.mark.parametrize("alpha", [1, -1])
@pytest.mark.parametrize("slug", ["bernoulli", "normal", "gamma", "beta", "categorical", "von_mises"])
def test_collocation_agrees_with_the_straight_line(slug, alpha):
    family = CATALOG[slug]
    metric, curved = metric_of(slug), copy.copy(metric_of(slug))
    curved.dual = None
    p = np.array([parameter.default for parameter in family.parameters])
    q = np.array([0.6 * parameter.default + 0.4 * parameter.view[0] for parameter in family.parameters])
    t = np.linspace(0, 1, 5)
    straight, found = (geodesic_between(m, p, q, t, alpha) for m in (metric, curved))
    assert np.allclose(found, straight, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("alpha", [-1, -0.5, 0.3, 1, 1.5])
@pytest.mark.parametrize("slug", ["normal", "weibull"])
def test_alpha_geodesics_arrive(slug, alpha):
    metric, p, q, h = metric_of(slug), np.array([0.5, 1]), np.array([1.2, 2]), 1e-3
    path = geodesic_between(metric, p, q, h * np.arange(5), alpha)
    v = np.array([-25, 48, -36, 16, -3]) @ path / (12 * h)
    assert np.allclose(geodesic(metric, p, v, 1.0, alpha), q, atol=1e-6)


def test_refusals():
    metric = metric_of("gamma")
    with pytest.raises(DomainError, match="second point is"):
        distance(metric, [1, 1], [1, -1])
    with pytest.raises(DomainError, match="first point is"):
        log(metric, [0, 1], [1, 1])
    with pytest.raises(DomainError, match="shape"):
        distance(metric, [1, 1, 1], [1, 1])
    with pytest.raises(DomainError, match="time"):
        shortest_geodesic(metric, [1, 1], [1, 2], [[0.5]])
    with pytest.raises(ValueError, match="no cubic tensor"):
        geodesic_between(plane(), [0, 0], [0, 1], 0.5, alpha=1)


@pytest.mark.parametrize(
    ("slug", "alpha", "p", "q", "t"),
    [("bernoulli", -1, [0.2], [0.6], 3), ("exponential", 1, [1], [2], -2), ("normal", 1, [0, 1], [0, 2], 3),
     ("gamma", -1, [2, 1], [3, 0.5], -9), ("categorical", -1, [0.2, 0.3], [0.4, 0.1], 5)],
)  # fmt: skip
def test_a_straight_path_that_leaves_the_model_says_so(slug, alpha, p, q, t):
    metric = fisher_metric(CATALOG[slug])
    with pytest.raises(GeodesicStops):
        geodesic_between(metric, p, q, [0, t], alpha)


def test_where_a_straight_path_is_lost_no_geodesic_is_said(monkeypatch):
    metric = fisher_metric(CATALOG["gamma"])
    monkeypatch.setattr(metric.dual, "from_expectation", lambda eta: np.full(eta.shape, np.nan))
    with pytest.raises(NoGeodesic, match=r"between \(2.0, 1.0\) and \(3.0, 0.5\)"):
        geodesic_between(metric, [2, 1], [3, 0.5], [0, 0.5], -1)


@pytest.mark.parametrize("slug", ["normal", "gamma", "categorical", "von_mises"])
def test_a_straight_path_starts_with_its_velocity(slug):
    metric = fisher_metric(CATALOG[slug])
    p, q = (metric.check(x) for x in np.array([[0.3, 0.4], [0.5, 0.2]]))
    for alpha in (1, -1):
        a, b = geodesic_between(metric, p, q, [-1e-4, 1e-4], alpha)
        assert metric.dual.velocity(p, q, alpha) == pytest.approx((b - a) / 2e-4, rel=1e-6, abs=1e-6)


# ---------------------------------------------------------------- observations of several coordinates


def _covariance_distance(p, q):
    """√(½ Σ log² λᵢ(Σ₁⁻¹ Σ₂)) in 40 digits: the matrices may be nearly singular."""
    with mpmath.workdps(40):

        def matrix(theta):
            s1, s2, rho = (mpmath.mpf(float(x)) for x in theta)
            return mpmath.matrix([[s1 * s1, rho * s1 * s2], [rho * s1 * s2, s2 * s2]])

        both = matrix(p) ** -1 * matrix(q)
        half, det = (both[0, 0] + both[1, 1]) / 2, mpmath.det(both)
        root = mpmath.sqrt(half * half - det)
        return float(mpmath.sqrt((mpmath.log(half + root) ** 2 + mpmath.log(half - root) ** 2) / 2))


def test_hard_pairs_of_covariances_have_their_published_distance():
    rng = np.random.default_rng(0)
    p, q = (np.stack([*10 ** rng.uniform(-1.5, 1.5, (2, 100)), np.tanh(rng.uniform(-3.5, 3.5, 100))], -1) for _ in "pq")
    metric = fisher_metric(CATALOG["bivariate_normal"])
    for a, b in zip(p, q, strict=True):
        assert distance(metric, a, b) == pytest.approx(_covariance_distance(a, b), rel=1e-9)


def test_hard_pairs_of_means_are_as_far_as_in_the_plane():
    rng = np.random.default_rng(1)
    p, q = (rng.normal(size=(100, 2)) * 10 ** rng.uniform(-1.5, 1.5, (100, 1)) for _ in "pq")
    metric = fisher_metric(CATALOG["normal_mean"])
    for a, b in zip(p, q, strict=True):
        assert distance(metric, a, b) == pytest.approx(np.linalg.norm(a - b), rel=1e-10)


@pytest.mark.parametrize(("slug", "low", "high"), [("dirichlet", -1.5, 1.5), ("logistic_regression", None, None)])
def test_hard_pairs_arrive_where_they_should(slug, low, high):
    family, rng = CATALOG[slug], np.random.default_rng(2)
    p, q = (
        rng.uniform(-3, 3, (40, family.dimension)) if low is None else 10 ** rng.uniform(low, high, (40, 3))
        for _ in "pq"
    )
    metric = fisher_metric(family)
    for a, b in zip(p, q, strict=True):
        v = log(metric, a, b)
        assert np.sqrt(v @ metric.matrix(a) @ v) == pytest.approx(distance(metric, a, b), rel=1e-6)
        assert exp(metric, a, v) == pytest.approx(b, rel=2e-5, abs=2e-5)
