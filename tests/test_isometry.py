"""Spaces with published geodesics: known distances, paths at constant speed, and every digit in hard cases."""

from dataclasses import astuple

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from fimviz import CATALOG, fisher_metric
from fimviz.atlas import chart_map
from fimviz.derive.examination import examination_points
from fimviz.isometry import HyperbolicPlane, Simplex, recognise

SLANT = 1 - float(np.euler_gamma)
RECOGNISED = {
    "normal": (1, 2, 0), "lognormal": (1, 2, 0), "cauchy": (0.5, 0.5, 0), "laplace": (1, 1, 0), "categorical": None,
    "logistic": (1 / 3, (np.pi**2 + 3) / 9, 0), "student_t": (6 / 8, 10 / 8, 0),
    "gumbel": (1, SLANT**2 + np.pi**2 / 6, -SLANT),
}  # fmt: skip
EVERY = pytest.mark.parametrize("slug", RECOGNISED)
TIMES = np.linspace(0, 1, 11)
# x + cσ/a shifts the half-plane: the metric of a Gumbel law, which is not symmetric
TILTED = HyperbolicPlane(1.0, 2.0, -0.4)
GUMBEL = np.array([[1.0, -0.4], [-0.4, 2.0]])

centre = st.floats(-50, 50)
spread = st.floats(-12, 12).map(lambda e: 10.0**e)
place = st.tuples(centre, spread).map(np.array)


def pairs(slug, count=40):
    """Seeded pairs of points, shape (2, count, 2)."""
    return np.stack([examination_points(CATALOG[slug], count, seed) for seed in (4, 5)])


def exact_normal(p, q):
    """√2 arcosh(1 + (Δμ²/2 + Δσ²)/(2σ₁σ₂)) in 80 digits."""
    with mpmath.workdps(80):
        (m, s), (n, t) = ([mpmath.mpf(float(x)) for x in point] for point in (p, q))
        return float(mpmath.sqrt(2) * mpmath.acosh(1 + ((m - n) ** 2 / 2 + (s - t) ** 2) / (2 * s * t)))


@pytest.mark.parametrize(
    ("slug", "p", "q", "distance"),
    [("normal", (0, 1), (1, 1), 0.9802581434685472), ("normal", (0, 1), (3, 2), 2.13623711533138),
     ("categorical", (0.2, 0.3), (0.6, 0.3), 1.0311192173629504), ("laplace", (0, 1), (0, np.e), 1.0),
     ("cauchy", (0, 1), (0, np.e), np.sqrt(0.5)), ("normal", (0, 1), (0, np.e), np.sqrt(2))],
)  # fmt: skip
def test_known_distances(slug, p, q, distance):
    closed = fisher_metric(CATALOG[slug]).closed_form
    assert closed.distance(p, q) == pytest.approx(distance, rel=2e-15)
    assert closed.distance(q, p) == pytest.approx(distance, rel=2e-15)


@EVERY
def test_the_spaces_of_the_catalogue_are_recognised(slug):
    closed = fisher_metric(CATALOG[slug]).closed_form
    if RECOGNISED[slug] is None:
        assert closed.isometry == Simplex()
    else:
        assert isinstance(closed.isometry, HyperbolicPlane)
        assert astuple(closed.isometry) == pytest.approx(RECOGNISED[slug], rel=1e-15)


@pytest.mark.parametrize("slug", sorted(set(CATALOG) - set(RECOGNISED)))
def test_no_other_space_is_taken_for_one_of_them(slug):
    assert fisher_metric(CATALOG[slug]).closed_form is None


def test_near_misses_are_not_recognised():
    m, s = sp.Symbol("m", real=True), sp.Symbol("s", positive=True)
    p, q = sp.symbols("p q", positive=True)
    rest = 1 / (1 - p - q)
    assert recognise(sp.Matrix([[1, 1], [1, 1]]) / s**2, (m, s)) is None, "singular"
    assert recognise(sp.Matrix([[1, 0], [0, 2]]) / s**3, (m, s)) is None
    assert recognise(sp.Matrix([[1 / p + rest, rest], [rest, 2 / q + rest]]), (p, q)) is None
    assert recognise(sp.Matrix([[1 / p + rest, -rest], [-rest, 1 / q + rest]]), (p, q)) is None
    assert recognise(sp.Matrix([[1 / s**2]]), (s,)) is None
    assert recognise(sp.Matrix(GUMBEL.tolist()) / s**2, (m, s)) == TILTED
    assert recognise(sp.Matrix([[1 / p + rest, rest], [rest, 1 / q + rest]]), (p, q)) == Simplex()


@EVERY
def test_a_path_ends_where_it_should_at_constant_speed(slug):
    closed, (p, q) = fisher_metric(CATALOG[slug]).closed_form, pairs(slug)
    path = closed.path(p, q, TIMES)
    assert path.shape == (40, 11, 2)
    assert path[:, 0] == pytest.approx(p, rel=1e-14, abs=1e-14)
    assert path[:, -1] == pytest.approx(q, rel=1e-12, abs=1e-12)
    d = closed.distance(p, q)[:, None]
    assert closed.distance(path[:, :-1], path[:, 1:]) / d == pytest.approx(0.1, rel=1e-9)
    assert closed.distance(p[:, None], path) == pytest.approx(d * TIMES, rel=1e-10, abs=1e-13)


@EVERY
def test_a_path_is_a_geodesic(slug):
    # its covariant acceleration, by finite differences, vanishes against the squared speed
    metric, (p, q) = fisher_metric(CATALOG[slug]), pairs(slug, 12)
    h = 1e-3
    a, b, c, d, e = np.moveaxis(metric.closed_form.path(p, q, 0.4 + h * np.arange(-2, 3)), 1, 0)
    velocity, second = (8 * (d - b) - (e - a)) / (12 * h), (16 * (b + d) - (a + e) - 30 * c) / (12 * h * h)
    bend = second + np.einsum("...kij,...i,...j->...k", metric.christoffel(c), velocity, velocity)
    g = metric.matrix(c)
    length = np.sqrt(np.einsum("...ij,...i,...j->...", g, bend, bend))
    assert np.max(length / np.einsum("...ij,...i,...j->...", g, velocity, velocity)) < 1e-5


@EVERY
def test_log_is_the_velocity_and_its_length_the_distance(slug):
    metric, (p, q) = fisher_metric(CATALOG[slug]), pairs(slug)
    v = metric.closed_form.log(p, q)
    h = 1e-4
    a, b, c, d = np.moveaxis(metric.closed_form.path(p, q, [-2 * h, -h, h, 2 * h]), 1, 0)
    assert v == pytest.approx((8 * (c - b) - (d - a)) / (12 * h), rel=1e-6, abs=1e-6)
    length = np.sqrt(np.einsum("...ij,...i,...j->...", metric.matrix(p), v, v))
    assert length == pytest.approx(metric.closed_form.distance(p, q), rel=1e-12)


@pytest.mark.parametrize(
    ("slug", "key"), [(s, k) for s in RECOGNISED for k in CATALOG[s].charts if k not in CATALOG[s].picture]
)
def test_closed_forms_speak_the_coordinates_of_their_chart(slug, key):
    declared, metric, chart = (
        fisher_metric(CATALOG[slug]),
        fisher_metric(CATALOG[slug], key),
        chart_map(CATALOG[slug], key),
    )
    p, q = pairs(slug, 8)
    a, b = chart.to(p), chart.to(q)
    assert metric.closed_form.distance(a, b) == pytest.approx(declared.closed_form.distance(p, q), rel=1e-9)
    path = chart.to(declared.closed_form.path(p, q, TIMES))
    assert metric.closed_form.path(a, b, TIMES) == pytest.approx(path, rel=1e-8, abs=1e-9)
    v = metric.closed_form.log(a, b)
    length = np.sqrt(np.einsum("...ij,...i,...j->...", metric.matrix(a), v, v))
    assert length == pytest.approx(metric.closed_form.distance(a, b), rel=1e-9)


@given(place, place)
def test_hyperbolic_distances_keep_their_digits(p, q):
    closed = fisher_metric(CATALOG["normal"]).closed_form
    assert closed.distance(p, q) == pytest.approx(exact_normal(p, q), rel=1e-13, abs=1e-25)


@given(place, place, st.sampled_from([HyperbolicPlane(1, 2, 0), HyperbolicPlane(0.5, 0.5, 0), TILTED]))
def test_hyperbolic_paths_over_any_ratio_of_spreads(p, q, plane):
    path = plane.path(p, q, TIMES)
    d = plane.distance(p, q)
    assert np.all(path[..., 1] > 0)
    assert path[-1, 1] == pytest.approx(q[1], rel=1e-9)
    assert path[-1, 0] == pytest.approx(q[0], rel=1e-9, abs=1e-9 * np.max(np.abs([p, q])))
    assert plane.distance(p, path)[1:] == pytest.approx(d * TIMES[1:], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("ratio", [1e-150, 1e-20, 1e20, 1e150])
def test_enormous_ratios(ratio):
    plane = HyperbolicPlane(1, 2, 0)
    p, q = np.array([0.0, 1.0]), np.array([0.0, ratio])
    assert plane.distance(p, q) == pytest.approx(np.sqrt(2) * abs(np.log(ratio)), rel=1e-13)
    assert plane.path(p, q, TIMES)[:, 1] == pytest.approx(ratio**TIMES, rel=1e-11)
    assert plane.log(p, q) == pytest.approx([0, np.log(ratio)], rel=1e-13)


@pytest.mark.parametrize("step", [1e-5, 1e-9, 1e-13])
@pytest.mark.parametrize("start", [(0.3, 0.7), (2.0, 1e-3), (-40.0, 30.0)])
def test_tiny_distances_keep_their_digits(step, start):
    metric = fisher_metric(CATALOG["normal"])
    p = np.array(start)
    q = p + step * p[1] * np.array([0.6, 0.8])
    assert metric.closed_form.distance(p, q) == pytest.approx(exact_normal(p, q), rel=1e-13)
    v = q - p
    assert metric.closed_form.log(p, q) == pytest.approx(v, rel=2 * step + 1e-13, abs=step * np.max(np.abs(v)))
    simplex = fisher_metric(CATALOG["categorical"])
    p = np.array([0.2, 0.5])
    q = p + step * np.array([0.1, -0.07])
    half = np.sqrt((q - p) @ simplex.matrix(p) @ (q - p))
    assert simplex.closed_form.distance(p, q) == pytest.approx(half, rel=2 * step + 1e-13)


@EVERY
def test_from_a_point_to_itself(slug):
    closed, p = fisher_metric(CATALOG[slug]).closed_form, pairs(slug)[0]
    assert np.array_equal(closed.distance(p, p), np.zeros(40))
    assert np.array_equal(closed.log(p, p), np.zeros((40, 2)))
    assert closed.path(p, p, [0, 0.5, 1, 3]) == pytest.approx(np.repeat(p[:, None], 4, 1), rel=1e-14)


@EVERY
def test_a_path_continues_beyond_its_ends(slug):
    closed, (p, q) = fisher_metric(CATALOG[slug]).closed_form, pairs(slug, 10)
    beyond = closed.path(p, q, [-0.05, 1.05])
    d = closed.distance(p, q)
    good = np.isfinite(beyond).all(-1)
    assert closed.distance(p, beyond[:, 0])[good[:, 0]] == pytest.approx(0.05 * d[good[:, 0]], rel=1e-9)
    assert closed.distance(p, beyond[:, 1])[good[:, 1]] == pytest.approx(1.05 * d[good[:, 1]], rel=1e-9)
    assert good.all() or slug == "categorical"


def test_a_great_circle_leaves_the_simplex_and_does_not_come_back():
    closed = fisher_metric(CATALOG["categorical"]).closed_form
    points = closed.path([0.2, 0.3], [0.6, 0.3], np.linspace(0, 40, 401))
    inside = np.isfinite(points).all(-1)
    assert inside[:11].all()
    assert not inside[np.argmin(inside) :].any()


@EVERY
def test_points_broadcast(slug):
    closed, (p, q) = fisher_metric(CATALOG[slug]).closed_form, pairs(slug, 6)
    one, many = p[0], q.reshape(2, 3, 2)
    assert closed.distance(one, many).shape == (2, 3)
    assert closed.path(one, many, TIMES).shape == (2, 3, 11, 2)
    assert closed.log(one, many).shape == (2, 3, 2)
    assert closed.path(one, many, TIMES)[1, 2] == pytest.approx(closed.path(one, q[5], TIMES), rel=1e-13)
    assert closed.distance(one, q[0]).shape == ()


@EVERY
def test_a_point_outside_has_no_distance(slug):
    closed = fisher_metric(CATALOG[slug]).closed_form
    with np.errstate(all="ignore"):
        assert np.isnan(closed.distance([0.3, -1.0], [0.3, 0.3]))


@EVERY
def test_the_triangle_inequality_holds(slug):
    closed = fisher_metric(CATALOG[slug]).closed_form
    a, b, c = (examination_points(CATALOG[slug], 50, seed) for seed in (1, 2, 3))
    assert np.all(closed.distance(a, c) <= (closed.distance(a, b) + closed.distance(b, c)) * (1 + 1e-14))
