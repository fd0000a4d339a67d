"""Every family with two parameters or more: 100 pairs over three decades, and curvature by another formula.

A distance that is found is right, at least 99 of 100 are found, and the rest raise NoGeodesic.
"""

import copy

import mpmath as mp
import numpy as np
import pytest

from fimviz import CATALOG, NoGeodesic, distance, fisher_metric, geodesic, log, shortest_geodesic
from fimviz.derive.examination import examination_points
from fimviz.family import REAL
from fimviz.isometry import HyperbolicPlane
from fimviz.spray import speed

PAIRS = 100
# families with pairs of their own in test_connect, and those whose metric is known on nodes only
ELSEWHERE = {"normal", "gamma", "beta", "categorical", "bivariate_normal", "normal_mean", "dirichlet",
             "logistic_regression", "gaussian_mixture", "tanh_perceptron"}  # fmt: skip
SLUGS = sorted({slug for slug, family in CATALOG.items() if family.dimension > 1} - ELSEWHERE)


def hard(slug, rng, count=PAIRS):
    """Positive parameters over three decades, locations over sixty units, angles over a turn."""
    columns = []
    for p in CATALOG[slug].parameters:
        reach = p.period / 2 or 30
        real = p.domain == REAL
        columns.append(rng.uniform(-reach, reach, count) if real else 10 ** rng.uniform(-1.5, 1.5, count))
    return np.stack(columns, axis=-1)


def solved(slug):
    """The metric without its published formulas, so that the solver has to find them."""
    metric = copy.copy(fisher_metric(CATALOG[slug]))
    metric.closed_form = None
    return metric


def found(metric, p, q):
    """The pairs that have a geodesic, and those that raise NoGeodesic."""
    try:
        distance(metric, p, q)
        return np.ones(len(p), bool)
    except NoGeodesic:
        return np.array([_has_geodesic(metric, a, b) for a, b in zip(p, q, strict=True)])


def _has_geodesic(metric, a, b):
    try:
        distance(metric, a, b)
    except NoGeodesic:
        return False
    return True


def gumbel_plane():
    g = fisher_metric(CATALOG["gumbel"]).matrix([0, 1])
    return HyperbolicPlane(g[0, 0], g[1, 1], g[0, 1])


# published: a plane of constant curvature, in coordinates of its own
PLANES = {
    # −log X is Gumbel(−log λ, 1/k)
    "weibull": (lambda k, lam: (-np.log(lam), 1 / k), gumbel_plane),
    # λ du² + dλ²/(2λ²) with u = 2/√μ is 2(dx² + dy²)/y² with x = √2/√μ, y = 1/√λ
    "inverse_gaussian": (lambda mu, lam: (2 / np.sqrt(mu), 1 / np.sqrt(lam)), lambda: HyperbolicPlane(1.0, 2.0, 0.0)),
}


def published(slug, p, q):
    """The distance by a formula; None where none is known."""
    if slug in PLANES:
        to, plane = PLANES[slug]
        return plane().distance(*(np.stack(to(*x.T), -1) for x in (p, q)))
    formula = fisher_metric(CATALOG[slug]).closed_form
    return formula.distance(p, q) if formula else None


@pytest.mark.parametrize("slug", SLUGS)
def test_hard_pairs_have_the_right_distance_or_none(slug):
    rng, metric = np.random.default_rng(31), solved(slug)
    p, q = hard(slug, rng), hard(slug, rng)
    good = found(metric, p, q)
    assert good.sum() >= 0.99 * PAIRS
    p, q = p[good], q[good]
    lengths, v = distance(metric, p, q), log(metric, p, q)
    assert np.abs(distance(metric, q, p) - lengths).max() < 1e-7
    assert np.abs(speed(metric.matrix(p), v) / lengths - 1).max() < 1e-5
    known = published(slug, p, q)
    if known is not None:
        assert np.abs(known - lengths).max() < 1e-6
    arrives(metric, p, q, v, lengths)


def arrives(metric, p, q, v, lengths):
    """Shot from p with log_p(q) it is at q, and a place on the way is as far from both as it should be."""
    arrived, verdict = geodesic(metric, p, v, 1.0, stop=True)
    assert verdict is None
    off = arrived - q
    missed = np.sqrt(np.maximum(0, np.einsum("ni,nij,nj->n", off, metric.matrix(q), off)))
    # nearby geodesics part as exp(√−K s), and so may a shot's error
    steepest = max(0.5, -float(np.min(metric.gaussian_curvature(np.concatenate([p, q])))))
    assert (missed / np.exp(lengths * np.sqrt(steepest))).max() < 1e-7
    few = slice(0, 10)
    between = shortest_geodesic(metric, p[few], q[few], 0.3)
    assert distance(metric, p[few], between) == pytest.approx(0.3 * lengths[few], rel=1e-6)
    assert distance(metric, between, q[few]) == pytest.approx(0.7 * lengths[few], rel=1e-6)


# ---------------------------------------------------------------- curvature, by Brioschi in 40 digits


def _psi(n, x):
    return mp.psi(n, x)


def _gumbel(_, s):
    c = 1 - mp.euler
    return 1 / s**2, -c / s**2, (c**2 + mp.pi**2 / 6) / s**2


def _weibull(k, lam):
    c = 1 - mp.euler
    return (c**2 + mp.pi**2 / 6) / k**2, -c / lam, k**2 / lam**2


def _kumaraswamy(a, b):
    second = (_psi(0, b) - _psi(0, 2)) ** 2 + _psi(1, 2) - _psi(1, b)
    return (1 + b * second / (b - 2)) / a**2, -(_psi(0, b + 1) - _psi(0, 2)) / (b - 1) / a, 1 / b**2


def _von_mises(_, k):
    ratio = mp.besseli(1, k) / mp.besseli(0, k)
    return k * ratio, mp.mpf(0), 1 - ratio**2 - ratio / k


# E, F, G of E dx² + 2F dx dy + G dy², as published
FORMS = {
    "beta": lambda a, b: (_psi(1, a) - _psi(1, a + b), -_psi(1, a + b), _psi(1, b) - _psi(1, a + b)),
    "gamma": lambda k, b: (_psi(1, k), -1 / b, k / b**2),
    "gumbel": _gumbel,
    "inverse_gamma": lambda a, b: (_psi(1, a), -1 / b, a / b**2),
    "inverse_gaussian": lambda m, lam: (lam / m**3, mp.mpf(0), 1 / (2 * lam**2)),
    "kumaraswamy": _kumaraswamy,
    "student_t": lambda m, s: (mp.mpf(6) / 8 / s**2, mp.mpf(0), mp.mpf(10) / 8 / s**2),
    "von_mises": _von_mises,
    "weibull": _weibull,
}


def brioschi(form, x, y):
    """K of E dx² + 2F dx dy + G dy² from E, F, G and their derivatives alone."""

    def d(i, n):
        return mp.diff(lambda u, v: form(u, v)[i], (x, y), n)

    e, f, g = form(x, y)
    first = mp.matrix([
        [-d(0, (0, 2)) / 2 + d(1, (1, 1)) - d(2, (2, 0)) / 2, d(0, (1, 0)) / 2, d(1, (1, 0)) - d(0, (0, 1)) / 2],
        [d(1, (0, 1)) - d(2, (1, 0)) / 2, e, f],
        [d(2, (0, 1)) / 2, f, g],
    ])  # fmt: skip
    second = mp.matrix([[0, d(0, (0, 1)) / 2, d(2, (1, 0)) / 2], [d(0, (0, 1)) / 2, e, f], [d(2, (1, 0)) / 2, f, g]])
    return (mp.det(first) - mp.det(second)) / (e * g - f * f) ** 2


@pytest.mark.parametrize("slug", FORMS)
def test_curvature_by_brioschis_formula(slug):
    family = CATALOG[slug]
    theta = np.concatenate([examination_points(family, 3, seed=4), hard(slug, np.random.default_rng(5), 3)])
    found = fisher_metric(family).gaussian_curvature(theta)
    with mp.workdps(40):
        expected = [float(brioschi(FORMS[slug], *(mp.mpf(float(x)) for x in point))) for point in theta]
    assert found == pytest.approx(np.array(expected), abs=1e-7)


@pytest.mark.parametrize("b", [1, 2, 2 + 1e-9, 0.5, 2.5])
def test_curvature_at_a_removable_pole(b):
    with mp.workdps(60):
        expected = float(brioschi(FORMS["kumaraswamy"], mp.mpf(1.5), mp.mpf(b) + mp.mpf(10) ** -12))
    assert fisher_metric(CATALOG["kumaraswamy"]).gaussian_curvature([1.5, b]) == pytest.approx(expected, abs=1e-7)
