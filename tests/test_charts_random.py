"""Charts are names: under random smooth changes of coordinates distances, curvature and geodesics stay.

Each family is declared again with a chart drawn at random, of which only ξ = φ(θ) is given.
"""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from fimviz import CATALOG, distance, fisher_metric, geodesic, log, shortest_geodesic
from fimviz.atlas import chart_map
from fimviz.derive.examination import examination_points
from fimviz.family import Chart
from fimviz.spray import speed

EVERY = pytest.mark.parametrize("slug", list(CATALOG))
tenths = st.integers(-6, 6).map(lambda n: sp.Rational(n, 10))
waves = st.tuples(tenths, st.sampled_from([sp.Rational(1, 2), sp.Integer(1), sp.Rational(3, 2)]), tenths)
draws = st.lists(waves, min_size=4, max_size=4)
# central differences of order six
SLOPE, BEND = np.array([-1, 9, -45, 0, 45, -9, 1]) / 60, np.array([2, -27, 270, -490, 270, -27, 2]) / 180


def two(slug, seed):
    """Two points at random; of a metric that is singular somewhere the declared ones, on one side of that."""
    family = CATALOG[slug]
    return np.array(family.pair, float) if family.singular else examination_points(family, 2, seed=seed)


def moved(slug, draw):
    """The metric and the map of a chart φ(u) of the free coordinates u: a bend of one, shears of several."""
    family = CATALOG[slug]
    free, d = family.charts["unconstrained"], family.dimension

    def to(*theta):
        u = list(free.to(*theta))
        for i in range(d):
            a, w, c = draw[i]
            # a w < 1, so that a line bent by itself still runs one way
            u[i] += a * sp.sin(w * u[(i + 1) % d] + c)
        return tuple(u)

    chart = Chart(to, names=tuple(f"w{i}" for i in range(d)), name="wavy")
    fisher_metric(family)
    other = replace(family, charts_declared=(*family.charts_declared, chart))
    # what is derived and compiled of a family in its other charts does not depend on this one
    other.__dict__.update({name: family.__dict__[name] for name in ("_derivation", "_isometry")})
    other.__dict__["_tensors"] = dict(family.__dict__["_tensors"])
    return fisher_metric(other, "wavy"), chart_map(other, "wavy")


@settings(max_examples=2)
@given(draws)
@EVERY
def test_distances_and_paths_are_those_of_any_chart(slug, draw):
    metric, (wavy, chart) = fisher_metric(CATALOG[slug]), moved(slug, draw)
    p, q = two(slug, 17)
    length, t = distance(metric, p, q), np.linspace(0, 1, 41)
    assert distance(wavy, chart.to(p), chart.to(q)) == pytest.approx(length, rel=1e-9)
    trace = shortest_geodesic(metric, p, q, t)
    path = shortest_geodesic(wavy, chart.to(p), chart.to(q), t)
    assert chart.to(trace) == pytest.approx(path, rel=1e-7, abs=1e-7)
    # the length again, by the metric of that chart along differences of the path
    v = np.einsum("k,kni->ni", SLOPE, np.stack([path[i : len(t) - 6 + i] for i in range(7)])) / t[1]
    assert speed(wavy.matrix(path[3:-3]), v) == pytest.approx(length, rel=1e-5)


@settings(max_examples=2)
@given(draws)
@EVERY
def test_a_geodesic_is_straight_by_the_connection_of_any_chart(slug, draw):
    """ξ″ = −Γ(ξ) ξ′ ξ′ for the trace carried into the chart, by differences of its points."""
    metric, (wavy, chart) = fisher_metric(CATALOG[slug]), moved(slug, draw)
    p, q = two(slug, 23)
    v, h = log(metric, p, q) / 4, 5e-3
    points = chart.to(geodesic(metric, p, v, 0.5 + h * np.arange(-3, 4)))
    slope, bend = SLOPE @ points / h, BEND @ points / h**2
    expected = -np.einsum("kij,i,j->k", wavy.christoffel(points[3]), slope, slope)
    assert bend == pytest.approx(expected, rel=1e-5, abs=1e-5 * np.max(1 + np.abs(slope)) ** 2)


@settings(max_examples=2)
@given(draws)
@pytest.mark.parametrize("slug", [s for s, f in CATALOG.items() if f.dimension == 2])
def test_curvature_is_that_of_any_chart(slug, draw):
    """K = R₁₂₁₂/det g from the chart's own connection and its differences, held against the declared chart's."""
    metric, (wavy, chart) = fisher_metric(CATALOG[slug]), moved(slug, draw)
    theta = two(slug, 29)[0]
    xi, h = chart.to(theta), 1e-3
    steps = h * np.arange(-3, 4)[:, None, None] * np.eye(2)
    gamma, around = wavy.christoffel(xi), wavy.christoffel(xi + steps)
    dgamma = np.einsum("n,nakij->akij", SLOPE, around) / h
    half = np.einsum("ikjl->klij", dgamma) + np.einsum("kim,mjl->klij", gamma, gamma)
    g = wavy.matrix(xi)
    lowered = np.einsum("km,mlij->klij", g, half - np.swapaxes(half, -1, -2))
    K = lowered[0, 1, 0, 1] / np.linalg.det(g)
    assert metric.gaussian_curvature(theta) == pytest.approx(K, rel=1e-6, abs=1e-6)
