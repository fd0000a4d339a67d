"""Unit balls and curvature over a window."""

import numpy as np
import pytest
import sympy as sp

from fimviz import CATALOG, Metric, curvature_map, fisher_metric, indicatrix
from fimviz.derive.examination import examination_points

PLANES = pytest.mark.parametrize("slug", [s for s, f in CATALOG.items() if f.dimension == 2])
LINES = pytest.mark.parametrize("slug", [s for s, f in CATALOG.items() if f.dimension == 1])


@PLANES
@pytest.mark.parametrize("radius", [1.0, 0.05])
def test_the_indicatrix_is_the_unit_ball(slug, radius):
    metric, theta = fisher_metric(CATALOG[slug]), examination_points(CATALOG[slug], 6)
    ring = indicatrix(metric, theta, radius, count=30)
    assert ring.shape == (6, 31, 2)
    v = ring - theta[:, None]
    assert np.einsum("nci,nij,ncj->nc", v, metric.matrix(theta), v) == pytest.approx(radius**2, rel=1e-9)
    assert ring[:, 0] == pytest.approx(ring[:, -1], rel=1e-12)
    # once round, and counter-clockwise
    area = np.sum(v[:, :-1, 0] * v[:, 1:, 1] - v[:, 1:, 0] * v[:, :-1, 1], axis=1) / 2
    exact = np.pi * radius**2 / np.sqrt(np.linalg.det(metric.matrix(theta)))
    assert area == pytest.approx(exact * np.sin(2 * np.pi / 30) / (2 * np.pi / 30), rel=1e-9)


@LINES
def test_the_indicatrix_of_one_parameter_is_an_interval(slug):
    metric, theta = fisher_metric(CATALOG[slug]), examination_points(CATALOG[slug], 4)
    ends = indicatrix(metric, theta, 0.1)
    assert ends.shape == (4, 2, 1)
    assert np.diff(ends[..., 0]) ** 2 * metric.matrix(theta)[:, 0] == pytest.approx(0.04, rel=1e-12)


def test_a_single_point_and_leading_axes():
    metric = fisher_metric(CATALOG["normal"])
    assert indicatrix(metric, [0, 1]).shape == (97, 2)
    assert indicatrix(metric, np.ones((2, 3, 2))).shape == (2, 3, 97, 2)


def test_an_ellipse_needs_two_parameters():
    x = sp.symbols("x y z", real=True)
    with pytest.raises(ValueError, match="An ellipse needs two parameters; flat has 3"):
        indicatrix(Metric.from_expressions(x, sp.eye(3), title="flat"), [0.0, 0, 0])


def test_a_map_of_curvature_has_its_rows_along_y():
    metric = fisher_metric(CATALOG["beta"])
    x, y = np.linspace(0.5, 9, 5), np.linspace(1, 4, 3)
    K = curvature_map(metric, x, y)
    assert K.shape == (3, 5)
    for row, b in enumerate(y):
        for column, a in enumerate(x):
            assert K[row, column] == pytest.approx(float(metric.gaussian_curvature([a, b])), rel=1e-12)
    assert not np.allclose(K[:, :3], K[:, :3].T)


def test_a_map_is_empty_outside_the_model():
    K = curvature_map(fisher_metric(CATALOG["normal"]), [-1, 0, 2], [-1, 0, 1, 2])
    assert np.isnan(K[:2]).all()
    assert K[2:] == pytest.approx(-0.5)
    assert np.isnan(curvature_map(fisher_metric(CATALOG["normal"]), [0], [-1])).all()
