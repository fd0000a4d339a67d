"""Families whose metric is known on nodes and singular on a line: what is known of them in closed form."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from test_stage_geometry import run  # noqa: F401  (a fixture)

import fimviz
from fimviz import CATALOG, fisher_metric
from fimviz.errors import DomainError, GeodesicStops
from fimviz.stage import scene
from fimviz.stage.model import describe, describe_chart
from fimviz.tape import lower
from fimviz.trapezoid import normal_mean, points, trapezoid

PERCEPTRON, MIXTURE = CATALOG["tanh_perceptron"], CATALOG["gaussian_mixture"]
A, B = sp.symbols("a b", real=True)


def normal_average(f):
    return quad(lambda x: f(x) * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), -12, 12, epsabs=1e-14, limit=400)[0]


def turn(w):
    """Speed at which the direction of x ↦ tanh(wx) among all responses turns with w."""
    size = normal_average(lambda x: np.tanh(w * x) ** 2)
    along = normal_average(lambda x: x * np.tanh(w * x) / np.cosh(w * x) ** 2)
    change = normal_average(lambda x: x**2 / np.cosh(w * x) ** 4)
    return np.sqrt(change / size - (along / size) ** 2)


@pytest.mark.parametrize(("p", "q"), [((0.7, 1.5), (3, 3)), ((2.0, -3.0), (0.5, -1.0)), ((-1.0, 2.0), (-2.0, 0.4))])
def test_the_perceptron_is_a_piece_of_a_flat_cone(p, q):
    """d² = ρ₁² + ρ₂² − 2ρ₁ρ₂ cos φ: sizes of the responses, and the angle that the directions between them turn by."""
    rho = [abs(w2) * np.sqrt(normal_average(lambda x, w=w1: np.tanh(w * x) ** 2)) for w1, w2 in (p, q)]
    angle = abs(quad(turn, p[0], q[0], epsabs=1e-12)[0])
    expected = np.sqrt(rho[0] ** 2 + rho[1] ** 2 - 2 * rho[0] * rho[1] * np.cos(angle))
    assert fimviz.distance(fisher_metric(PERCEPTRON), p, q) == pytest.approx(expected, rel=1e-9)


def test_the_mixture_reaches_its_singular_line_at_the_length_of_the_perpendicular():
    """∫₀ʰ √(E[(x tanh(tx) − t)²]) dt, x from ½N(t, 1) + ½N(−t, 1): the halves meet there, and no geodesic goes on."""

    def speed(t):
        return np.sqrt(normal_average(lambda z: ((z + t) * np.tanh(t * (z + t)) - t) ** 2))

    length = quad(speed, 0, 0.9, epsabs=1e-13)[0]
    metric, start = fisher_metric(MIXTURE), np.array([1.2, -0.6])
    unit = np.array([-1.0, 1.0]) / np.sqrt(np.array([-1, 1]) @ metric.matrix(start) @ np.array([-1, 1]))
    near = fimviz.exp(metric, start, 0.999 * length * unit)
    assert 0 < near[0] - near[1] < 0.15
    assert near.sum() == pytest.approx(0.6, abs=1e-9)
    rest = quad(speed, 0, (near[0] - near[1]) / 2, epsabs=1e-13)[0]
    assert rest == pytest.approx(0.001 * length, rel=1e-5)
    with pytest.raises(GeodesicStops):
        fimviz.exp(metric, start, 1.001 * length * unit)


def test_an_integral_on_nodes_is_its_sum_and_so_are_its_derivatives():
    one = trapezoid(lambda z: sp.exp(-(z**2)) * sp.tanh(A * z + B) ** 2, -4, 4, 33)
    z, weights = points(-4, 4, 33)
    a, b = 0.7, -0.3
    t = np.tanh(a * z + b)
    bell, slope = weights * np.exp(-(z**2)), 2 * t * (1 - t**2)
    wanted = [bell @ t**2, bell @ (slope * z), bell @ slope, bell @ (z * (1 - t**2) * (2 - 6 * t**2))]
    found = lower([one, sp.diff(one, A), sp.diff(one, B), sp.diff(one, A, B)], (A, B))(a, b)
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_an_average_over_a_standard_normal_has_its_moments():
    found = lower([normal_mean(lambda z, n=n: (A + z) ** n) for n in range(5)], (A,))(0.5)
    np.testing.assert_allclose(found, [1, 0.5, 1.25, 1.625, 4.5625], rtol=1e-13)


@pytest.mark.parametrize("slug", ["gaussian_mixture", "tanh_perceptron", "normal"])
def test_only_a_family_that_says_where_it_is_singular_is_hatched(slug):
    family = CATALOG[slug]
    kinds = [mark["kind"] for mark in scene.plane(family, next(iter(family.charts)), [])["marks"]]
    assert ("hatch" in kinds) == (family.singular is not None)


def test_a_hatch_lies_on_the_field_and_not_below_it():
    marks = scene.plane(PERCEPTRON, "w1, w2", [{"kind": "descent"}, {"kind": "bands"}])["marks"]
    assert [mark["kind"] for mark in marks] == ["grid", "bands", "hatch", "descent"]


@pytest.mark.parametrize("shift", [0.0, 0.013])
def test_a_singular_line_is_one_line_wherever_the_grid_lies(run, shift):  # noqa: F811
    """The axes of the perceptron, at x = 400 and y = 300 of the picture; a grid that meets them loses no sample."""
    found = run(
        """
        const { singularPlace } = await import("/hatch.js");
        const model = G.makeModel(data.model), chart = G.makeChart(data.chart, model), s = data.shift;
        const frame = { box: { x: 0, y: 0, w: 800, h: 600 }, window: [-4 + s, 4 + s, -3 + s, 3 + s] };
        return pack(singularPlace({ model, chart, frame }).line);
        """,
        model=describe(PERCEPTRON), chart=describe_chart(PERCEPTRON, "w1, w2"), shift=shift,
    )  # fmt: skip
    x, y = np.reshape(np.array(found, float), (-1, 2)).T
    x, y = x[np.isfinite(x)] + 100 * shift, y[np.isfinite(y)] - 100 * shift
    assert x.size > 100
    assert np.all((np.abs(x - 400) < 0.5) | (np.abs(y - 300) < 0.5))


def test_the_volume_of_a_piece_of_the_cone():
    """√det g = |w₂| E[tanh²(w₁x)] times the speed of turning: the volume of a rectangle is one integral."""
    across = quad(lambda w: turn(w) * normal_average(lambda x: np.tanh(w * x) ** 2), 1, 2, epsabs=1e-12)[0]
    found = fimviz.jeffreys_volume(fisher_metric(PERCEPTRON), [(1, 2), (2, 3)])
    assert found == pytest.approx(across * (3**2 - 2**2) / 2, rel=1e-9)


@pytest.mark.parametrize(
    ("family", "start", "target"), [(MIXTURE, (3, 0.5), (1.5, -1.5)), (PERCEPTRON, (1.2, 2.0), (2.0, 3.0))]
)
def test_a_damped_natural_descent_falls_to_its_target(family, start, target):
    found = fimviz.descend(family, start, target, rule="natural", step=0.3, damping=0.05, most=200)
    assert np.all(np.diff(found.losses) < 0)
    assert found.losses[0] == pytest.approx(fimviz.kl(family, target, start), rel=1e-9)
    assert found.losses[-1] < 1e-3


def test_where_the_metric_is_singular_there_is_no_inverse():
    metric = fimviz.fisher_metric(CATALOG["gaussian_mixture"])
    with pytest.raises(DomainError, match="where the metric is singular and has no inverse"):
        metric.inverse([1.0, 1.0])
    with pytest.raises(DomainError, match="singular"):
        fimviz.natural_gradient(metric, [1.0, 0.0], [1.0, 1.0])
    assert np.isnan(metric.christoffel([1.0, 1.0])).all()
