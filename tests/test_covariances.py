"""Halfway between two covariances: straight in Σ they swell, along the Fisher–Rao path they keep their size."""

import numpy as np
import pytest
from test_words import says

from fimviz import CATALOG, fisher_metric, geodesic_between
from fimviz.derive.examination import examination_points
from fimviz.stage import scene

FAMILY = CATALOG["bivariate_normal"]
METRIC = fisher_metric(FAMILY)


def determinant(theta):
    s1, s2, rho = np.moveaxis(theta, -1, 0)
    return (s1 * s2) ** 2 * (1 - rho**2)


def halves(p, q):
    """det Σ halfway along the Fisher–Rao, the mixture and the exponential path."""
    return [determinant(geodesic_between(METRIC, p, q, [0.5], alpha)[..., 0, :]) for alpha in (0, -1, 1)]


def test_the_shortest_path_has_the_geometric_mean_and_the_mixture_path_more():
    p, q = (examination_points(FAMILY, 8, seed) for seed in (3, 4))
    shortest, mixture, exponential = halves(p, q)
    mean = np.sqrt(determinant(p) * determinant(q))
    np.testing.assert_allclose(shortest, mean, rtol=1e-6)
    assert np.all(mixture > mean) and np.all(exponential < mean)


def test_two_covariances_of_one_size():
    p, q = (2, 0.5, 0), (0.5, 2, 0)
    assert determinant(np.array([p, q], float)) == pytest.approx([1, 1])
    says("paths", "notes", "swelling", values=[float(x) for x in halves(p, q)])


def test_the_label_quotes_the_size():
    key = "log area, log ratio, artanh rho"
    assert scene.reading(FAMILY, key) == ("log_area", "½ log det Σ", "log area")
    assert scene.reading(FAMILY, "s1, s2, rho")[0] == "rho"
