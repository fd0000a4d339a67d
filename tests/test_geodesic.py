"""Geodesics from a point: against published formulas, against themselves, and at the edge."""

import sys

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from fimviz import CATALOG, DomainError, LeavesDomain, Metric, exp, fisher_metric, geodesic, parallel_transport
from fimviz.errors import AccuracyLost
from fimviz.spray import speed

NORMAL = fisher_metric(CATALOG["normal"])
BERNOULLI = fisher_metric(CATALOG["bernoulli"])


def fan(metric, p, length, count=64):
    """Starting points and velocities of the given Fisher length in evenly spread directions."""
    angles = 2 * np.pi * np.arange(count) / count
    frame = np.linalg.inv(np.linalg.cholesky(metric.matrix(p)))
    v = length * np.stack([np.cos(angles), np.sin(angles)], -1) @ frame
    return np.broadcast_to(p, v.shape), v


def default(family):
    return np.array([parameter.default for parameter in family.parameters])


def sphere():
    x, y = sp.symbols("x y")
    inside = lambda q: (q[..., 0] > 0) & (q[..., 0] < np.pi)  # noqa: E731
    return Metric.from_expressions((x, y), sp.diag(1, sp.sin(x) ** 2), inside=inside, title="sphere")


@pytest.mark.parametrize("chart", [None, "mu, variance", "mu, log sigma"])
def test_the_fan_of_the_normal_is_a_circle(chart):
    metric = fisher_metric(CATALOG["normal"], chart)
    centre = {None: [0, 1], "mu, variance": [0, 1], "mu, log sigma": [0, 0]}[chart]
    p, v = fan(metric, np.array(centre, float), 2)
    assert np.abs(metric.closed_form.distance(p, exp(metric, p, v)) - 2).max() < 1e-8
    t = np.linspace(0, 1, 9)
    along = metric.closed_form.distance(p[:, None], geodesic(metric, p, v, t))
    assert np.abs(along - 2 * t).max() < 1e-8


def test_vertical_geodesics_of_the_normal_are_exponential():
    t = [0, 0.5, 1, -1, 2]
    points = geodesic(NORMAL, [3, 1], [0, 1], t)
    assert np.allclose(points, np.stack([np.full(5, 3), np.exp(t)], -1), rtol=1e-9)


def test_great_circles_of_a_sphere():
    t, tilt = np.linspace(-1, 1, 7), 0.7
    points = geodesic(sphere(), [np.pi / 2, 0.0], [-np.sin(tilt), np.cos(tilt)], t)
    height = np.sin(tilt) * np.sin(t)
    assert np.allclose(np.cos(points[:, 0]), height, atol=1e-9)


@pytest.mark.parametrize("slug", sorted(CATALOG))
def test_speed_is_constant(slug):
    family = CATALOG[slug]
    metric, p = fisher_metric(family), default(family)
    directions = np.concatenate([np.eye(len(p)), -np.eye(len(p))])
    lengths = speed(metric.matrix(p), directions)
    v = 0.5 * directions / lengths[:, None]
    t, p = np.linspace(0, 1, 5), np.broadcast_to(p, v.shape)
    points, velocities = geodesic(metric, p, v, t), parallel_transport(metric, p, v, v, t)
    assert np.abs(speed(metric.matrix(points), velocities) - 0.5).max() < 1e-8


@pytest.mark.parametrize("slug", sorted(CATALOG))
@pytest.mark.parametrize("alpha", [-1, 0, 0.5, 1])
def test_the_acceleration_is_minus_christoffel(slug, alpha):
    family = CATALOG[slug]
    metric, p, h = fisher_metric(family), default(family), 2e-3
    v = 0.3 * p + 0.1
    points = geodesic(metric, p, v, [-2 * h, -h, 0, h, 2 * h], alpha)
    second = np.array([-1, 16, -30, 16, -1]) @ points / (12 * h**2)
    expected = -np.einsum("kij,i,j->k", metric.christoffel(p, alpha), v, v)
    assert np.allclose(second, expected, rtol=1e-4, atol=1e-4 * np.abs(p).max())


@pytest.mark.parametrize(("alpha", "chart"), [(1, "natural"), (-1, "expectation")])
@pytest.mark.parametrize("slug", ["normal", "gamma", "beta", "poisson", "categorical", "von_mises"])
def test_dual_geodesics_are_straight_in_their_own_coordinates(slug, alpha, chart):
    family = CATALOG[slug]
    metric, p = fisher_metric(family), default(family)
    points = geodesic(metric, p, 0.1 * p + 0.01, np.linspace(0, 1, 5), alpha)
    straight = getattr(metric.dual, chart)(points)
    assert np.abs(np.diff(straight, 2, axis=0)).max() < 1e-8 * np.abs(straight).max()


@given(st.floats(-2, 2), st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_transport_keeps_lengths_and_angles(mu, log_sigma, x, y):
    metric, p = fisher_metric(CATALOG["gamma"]), np.exp([mu, log_sigma])
    v, w = p * np.array([x, 0.3]), p * np.array([0.2, y])
    point, moved_v, moved_w = (
        geodesic(metric, p, v, 1.0),
        parallel_transport(metric, p, v, v, 1.0),
        parallel_transport(metric, p, v, w, 1.0),
    )
    assert moved_v @ metric.matrix(point) @ moved_w == pytest.approx(v @ metric.matrix(p) @ w, abs=1e-8)


def test_transport_along_a_parallel_turns_on_a_sphere():
    """On the equator a vector keeps its angle with the direction of travel."""
    moved = parallel_transport(sphere(), [np.pi / 2, 0], [0, 1], [1, 1], [1, 2])
    assert np.allclose(moved, [[1, 1], [1, 1]], atol=1e-9)


def test_shapes_and_times():
    p, v = np.array([[[0.0, 1.0]], [[1.0, 2.0]]]), np.ones((3, 2))
    t = np.array([0.5, -0.25, 0, 1])
    points = geodesic(NORMAL, p, v, t)
    assert points.shape == (2, 3, 4, 2)
    assert np.allclose(points[1, 2, 1], geodesic(NORMAL, [1, 2], [1, 1], -0.25))
    assert np.array_equal(points[:, :, 2], np.broadcast_to(p, (2, 3, 2)))
    assert exp(NORMAL, p, v).shape == (2, 3, 2)
    assert np.array_equal(exp(NORMAL, [0, 1], [0, 0]), [0, 1])
    assert geodesic(BERNOULLI, [0.3], [0.1], [0, 1]).shape == (2, 1)


def test_leaving_the_domain_says_where():
    edge = np.pi - 2 * np.arcsin(np.sqrt(0.3))
    with pytest.raises(LeavesDomain, match=r"leaves the model at length 1\.98231") as caught:
        geodesic(BERNOULLI, [0.3], [0.5], [0, 1, 5])
    assert caught.value.length == pytest.approx(edge, abs=1e-8)
    assert caught.value.time == pytest.approx(edge * np.sqrt(0.21) / 0.5, abs=1e-8)
    assert caught.value.point == pytest.approx([1], abs=1e-6)


@pytest.mark.parametrize(
    ("slug", "p", "v", "length"),
    [("bernoulli", [0.5], [0.5], np.pi / 2), ("bernoulli", [0.5], [-0.1], np.pi / 2),
     ("poisson", [4], [-1], 4), ("exponential", [1], [1], np.inf)],
)  # fmt: skip
def test_an_m_geodesic_stops_at_its_fisher_length(slug, p, v, length):
    metric = fisher_metric(CATALOG[slug])
    _, verdict = geodesic(metric, p, v, [0, 1000], -1, stop=True)
    assert isinstance(verdict, LeavesDomain)
    assert verdict.length == pytest.approx(length, rel=1e-6)
    if slug == "bernoulli":
        assert verdict.time == pytest.approx(0.5 / abs(v[0]), rel=1e-8)


@pytest.mark.parametrize(("p", "v"), [(1, 1), (1, -1), (1e80, 1e80)])
def test_where_the_numbers_end_the_model_is_not_left(p, v):
    # the line of log λ has no end, but its numbers do
    with pytest.raises(AccuracyLost, match="loses accuracy"):
        geodesic(fisher_metric(CATALOG["exponential"]), [p], [v], [0, 200])


def test_an_endless_length_is_said():
    with pytest.raises(LeavesDomain, match=r"at length ∞ \(time 1\)"):
        geodesic(fisher_metric(CATALOG["exponential"]), [1], [1], [0, 2], -1)


def test_a_fan_of_m_geodesics_stops_at_the_lengths_of_the_sphere():
    metric = fisher_metric(CATALOG["categorical"])
    p = np.array([0.2, 0.3])
    _, verdict = geodesic(metric, np.tile(p, (2, 1)), [[0.3, -0.3], [0.1, 0.2]], [0, 50], -1, stop=True)
    # lengths of straight lines of p, by quadrature with the singular end taken out: t = T(1 − s²)
    for v, found in zip(([0.3, -0.3], [0.1, 0.2]), verdict.length):
        v = np.array(v)
        far = 1 / np.max(-np.append(v, -v.sum()) / np.append(p, 1 - p.sum()))
        s, w = np.polynomial.legendre.leggauss(60)
        s, w = (1 + s) / 2, w / 2
        points = p + far * (1 - s**2)[:, None] * v
        pace = speed(metric.matrix(points), np.tile(v, (60, 1)))
        assert found == pytest.approx(np.sum(w * pace * 2 * far * s), rel=1e-6)


def test_stopping_returns_the_part_inside():
    points, verdict = geodesic(BERNOULLI, [0.3], [0.5], [0, 1, 5, 1.5], stop=True)
    assert points.shape == (3, 1)
    assert BERNOULLI.inside(points).all()
    assert isinstance(verdict, LeavesDomain)
    whole, fine = geodesic(BERNOULLI, [0.3], [0.5], [0, 1], stop=True)
    assert whole.shape == (2, 1)
    assert fine is None


def test_backwards_in_time_the_other_edge_is_reached():
    _, verdict = geodesic(BERNOULLI, [0.3], [0.5], [-9], stop=True)
    assert verdict.length == pytest.approx(2 * np.arcsin(np.sqrt(0.3)), abs=1e-8)
    assert verdict.time < 0


def test_each_geodesic_of_a_fan_stops_on_its_own():
    metric = fisher_metric(CATALOG["categorical"])
    p, v = fan(metric, np.array([0.2, 0.3]), 3)
    t = np.linspace(0, 1, 7)
    points, verdict = geodesic(metric, p, v, t, stop=True)
    assert verdict.stopped.all()
    assert not verdict.lost.any()
    last = np.sqrt(np.column_stack([verdict.point, 1 - verdict.point.sum(1)]).clip(0))
    start = np.sqrt([0.2, 0.3, 0.5])
    assert np.abs(2 * np.arccos(last @ start) - verdict.length).max() < 1e-4
    inside = 3 * t < verdict.length[:, None]
    assert np.array_equal(np.isfinite(points).all(-1), inside)


def test_the_incomplete_inverse_gaussian_ends_at_a_finite_length():
    """(2/√μ, 1/√λ) is an isometry onto the half x > 0 of the normal family's plane: μ = ∞ at x = 0."""
    metric = fisher_metric(CATALOG["inverse_gaussian"])
    with pytest.raises(LeavesDomain) as caught:
        geodesic(metric, [1, 1], [np.sqrt(0.5), -1], [0, 10])
    at_edge = geodesic(NORMAL, [2, 1], [-np.sqrt(0.5), 0.5], caught.value.length)
    assert at_edge[0] == pytest.approx(0, abs=1e-8)
    assert caught.value.point[0] > 1e6


def test_a_wrong_acceleration_is_caught_by_its_drift(monkeypatch):
    metric = NORMAL
    room = sys.modules["fimviz.geodesic"]
    right = room.acceleration
    monkeypatch.setattr(room, "acceleration", lambda solver, u, v, alpha: right(solver, u, v, alpha) + 1e-4 * v)
    with pytest.raises(AccuracyLost, match="loses accuracy"):
        geodesic(metric, [0, 1], [1, 0], [0, 1])
    _, verdict = geodesic(metric, [0, 1], [1, 0], [0, 1], stop=True)
    assert 0 <= verdict.length < 0.1


@pytest.mark.parametrize(
    ("p", "v", "t", "sentence"),
    [
        ([0, -1], [1, 0], [1], r"starting point is \(0, −1\), not inside the domain of \(mu, sigma\)"),
        ([0, np.nan], [1, 0], [1], "not inside the domain"),
        ([0, 1, 2], [1, 0], [1], r"of shape \(3,\); give \(..., 2\)"),
        ([0, 1], [1], [1], r"tangent vector is \(1\), of shape \(1,\)"),
        ([0, 1], [np.inf, 0], [1], "not finite"),
        ([0, 1], [1, 0], [[1]], r"shape \(n,\)"),
        ([0, 1], [1, 0], [np.nan], "not a number"),
    ],
)
def test_what_cannot_be_done_is_said(p, v, t, sentence):
    with pytest.raises(DomainError, match=sentence):
        geodesic(NORMAL, p, v, t)


def test_alpha_needs_a_cubic_tensor():
    with pytest.raises(ValueError, match="no cubic tensor"):
        geodesic(sphere(), [1, 0], [0, 1], [1], alpha=1)
