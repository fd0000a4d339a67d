"""Every family with two parameters or more: 100 pairs over three decades, and curvature by another formula.

A distance that is found is right, at least 99 of 100 are found, and the rest raise NoGeodesic.
"""

import copy
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq, minimize_scalar
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from fimviz import CATALOG, NoGeodesic, distance, fisher_metric, geodesic, log, shortest_geodesic
from fimviz.derive.examination import examination_points
from fimviz.family import REAL
from fimviz.isometry import HyperbolicPlane
from fimviz.spray import speed

PAIRS = 100
# families with pairs of their own in test_connect, and those with tests of their own below
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


# ---------------------------------------------------------------- metrics on nodes: what Clairaut and a cone know

PANEL, SHARE = np.polynomial.legendre.leggauss(40)


def quadrature(f, low, high, panels=8):
    """∫f from low to high by Gauss and Legendre on equal panels; f takes an array (n,)."""
    edges = np.linspace(low, high, panels + 1)
    half = np.diff(edges)[:, None] / 2
    return (half * SHARE).ravel() @ f((edges[:-1, None] + half * (1 + PANEL)).ravel())


def on_one_side(slug, rng, count=PAIRS):
    """Three decades from the singular set on, over which the mixture lies within sixty units."""
    far = 10 ** rng.uniform(-1.5, 1.5, (count, 2))
    if slug == "tanh_perceptron":
        return far
    mean, half = rng.uniform(-30, 30, count), far[:, 0]
    return np.stack([mean + half, mean - half], -1)


class MixtureBand:
    """The mixture as E(h) dm² + G(h) dh², m and h its mean and half separation, by its scores on 801 nodes.

    Of a geodesic, c = E dm/ds stays (Clairaut), so that it is c·Δm + ∫√(G(1 − c²/E)) |dh| long, which is
    stationary in c. It runs from one h to the other, or turns where E(h) = c², on the side of the valley.
    """

    def __init__(self):
        h = np.geomspace(1e-4, 80, 6001)
        z, step = np.linspace(-12, 12, 801, retstep=True)
        weights = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * step
        x = z + h[:, None]
        t = np.tanh(h[:, None] * x)
        scores = (x - h[:, None] * t) ** 2 @ weights, (x * t - h[:, None]) ** 2 @ weights
        self._e, self._g = (CubicSpline(np.log(h), np.log(square)) for square in scores)
        self.valley = minimize_scalar(self.e, bounds=(1, 1.6), method="bounded", options={"xatol": 1e-12}).x

    def e(self, h):
        return np.exp(self._e(np.log(h)))

    def g(self, h):
        return np.exp(self._g(np.log(h)))

    def rise(self, c, one, other):
        """∫√(G(1 − c²/E)) |dh|, whose root may vanish at any end of a stretch."""
        low, high = sorted((one, other))
        cuts = [low, self.valley, high] if low < self.valley < high else [low, high]
        halves = [(end, (a + b) / 2) for a, b in pairwise(cuts) for end in (a, b)]
        return sum(self._half(c, end, inner) for end, inner in halves)

    def _half(self, c, end, inner):
        def f(r):
            h = end + (inner - end) * r**3
            return 3 * r**2 * np.sqrt(self.g(h) * np.maximum(0, 1 - c**2 / self.e(h)))

        return abs(inner - end) * quadrature(f, 0, 1)

    def distance(self, one, other, across):
        """The least length of all geodesics between the half separations whose means are `across` apart."""
        low, high = sorted((one, other))
        between = low < self.valley < high
        least, top = np.sqrt(self.e(self.valley)), np.sqrt(min(self.e(low), self.e(high)))

        def straight(c):
            return c * across + self.rise(c, one, other)

        most = least if between else top
        found = [minimize_scalar(lambda c: -straight(c), bounds=(0, most), method="bounded", options=EXACT).x, most]
        lengths = [max(map(straight, found))]
        if between:
            return lengths[0]
        # where the length still grows with c there is no such geodesic: it turns on the way
        if straight(most) > straight(most * (1 - 1e-6)):
            lengths = []
        near = low if low > self.valley else high
        return min(lengths + self._turning(one, other, near, across, least, top))

    def _turning(self, one, other, near, across, least, top):
        def bent(c):
            gap = self.e(np.array([self.valley, near])) - c**2
            if gap[0] < 0 < gap[1]:
                at = brentq(lambda h: self.e(h) - c**2, self.valley, near, xtol=1e-14)
            else:
                at = near if gap[1] <= 0 else self.valley
            return c * across + self.rise(c, at, one) + self.rise(c, at, other)

        share = np.linspace(0, 1, 81)
        c = least + (top - least) * share**2 * (3 - 2 * share)
        lengths = np.array([bent(x) for x in c])
        grows = np.diff(lengths) > 0
        found = []
        for i in np.flatnonzero(np.diff(np.concatenate([[False], grows]).astype(int))):
            sign, bounds = (1 if grows[i] else -1), (c[max(i - 1, 0)], c[i + 1])
            best = minimize_scalar(lambda x, s=sign: s * bent(x), bounds=bounds, method="bounded", options=EXACT)
            found.append(sign * min(best.fun, sign * lengths[i]))
        return found


EXACT = {"xatol": 1e-14}


class PerceptronCone:
    """d² = (ρ₁ − ρ₂)² + 4ρ₁ρ₂ sin²(φ/2): sizes of two responses, and the angle that those between them turn by."""

    def __init__(self):
        edges = np.concatenate([[0], np.geomspace(1e-4, 13, 40)])
        half = np.diff(edges)[:, None] / 2
        self.x = (edges[:-1, None] + half * (1 + PANEL)).ravel()
        self.weights = (half * SHARE).ravel() * 2 * np.exp(-(self.x**2) / 2) / np.sqrt(2 * np.pi)
        reach = np.log(10) * np.array([-1.5, 1.5])
        self.angle = np.polynomial.Chebyshev.interpolate(self.turn, 100, reach).integ()

    def turn(self, log_w):
        """Speed at which the direction of x ↦ tanh(wx) turns with log w."""
        w = np.exp(log_w)[:, None]
        y = np.minimum(w * self.x, 350)
        f, slope = np.tanh(y), y / np.cosh(y) ** 2
        size, along, change = f**2 @ self.weights, (f * slope) @ self.weights, slope**2 @ self.weights
        return np.sqrt(change / size - (along / size) ** 2)

    def distance(self, p, q):
        one, other = (abs(w2) * np.sqrt(np.tanh(w1 * self.x) ** 2 @ self.weights) for w1, w2 in (p, q))
        turned = self.angle(np.log(p[0])) - self.angle(np.log(q[0]))
        return np.hypot(one - other, 2 * np.sqrt(one * other) * np.sin(turned / 2))


def test_hard_pairs_of_the_perceptron_are_as_far_as_on_a_cone():
    p, q = (on_one_side("tanh_perceptron", rng) for rng in np.random.default_rng(31).spawn(2))
    cone = PerceptronCone()
    as_far_as("tanh_perceptron", p, q, cone.distance)


def test_hard_pairs_of_the_mixture_are_as_far_as_clairaut_says():
    p, q = (on_one_side("gaussian_mixture", rng) for rng in np.random.default_rng(31).spawn(2))
    band = MixtureBand()
    as_far_as(
        "gaussian_mixture", p, q,
        lambda a, b: band.distance((a[0] - a[1]) / 2, (b[0] - b[1]) / 2, abs((a - b).sum()) / 2),
    )  # fmt: skip


def as_far_as(slug, p, q, known):
    """What is found is the known distance, the least of all, and the velocities of ten are as long."""
    metric = fisher_metric(CATALOG[slug])
    lengths = np.array([_length(metric, a, b) for a, b in zip(p, q, strict=True)])
    good = np.isfinite(lengths)
    assert good.sum() >= 0.99 * PAIRS
    expected = [known(a, b) for a, b in zip(p[good], q[good], strict=True)]
    assert lengths[good] == pytest.approx(np.array(expected), rel=1e-8)
    few = np.flatnonzero(good)[:10]
    v = log(metric, p[few], q[few])
    assert speed(metric.matrix(p[few]), v) == pytest.approx(lengths[few], rel=1e-5)


def _length(metric, a, b):
    try:
        return distance(metric, a, b)
    except NoGeodesic:
        return np.nan


def roads(metric, low, high, count):
    """The points of a grid, and between any two of them the length of the shortest polygon of its edges."""
    line = np.linspace(low, high, count)
    points = np.stack(np.meshgrid(line, line, indexing="ij"), -1)
    index = np.arange(count**2).reshape(count, count)
    ends, lengths = [], []
    for i, j in ((1, 0), (0, 1), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1), (1, 3), (3, 1), (1, -3), (3, -1)):
        near = np.s_[: count - i, max(0, -j) : count - max(0, j)]
        far = np.s_[i:, max(0, j) : count + min(0, j)]
        a, step = points[near], points[far] - points[near]
        along = [speed(metric.tensors.g(a + t * step), step) for t in (1 + PANEL[::5]) / 2]
        weights = np.linalg.solve(np.vander((1 + PANEL[::5]) / 2, increasing=True).T, 1 / np.arange(1, len(along) + 1))
        ends.append((index[near].ravel(), index[far].ravel()))
        lengths.append(np.tensordot(weights, np.array(along), 1).ravel())
    (one, other), size = np.concatenate(ends, 1), np.concatenate(lengths)
    return points.reshape(-1, 2), coo_array((size, (one, other)), shape=(count**2, count**2)).tocsr()


def test_hard_pairs_of_a_logistic_regression_are_no_farther_than_any_road():
    """By the roads of a grid, whose turns make them longer, most of them by less than a twentieth."""
    metric, rng = fisher_metric(CATALOG["logistic_regression"]), np.random.default_rng(31)
    points, graph = roads(metric, -10, 10, 81)
    one, other = rng.integers(0, len(points), (2, PAIRS))
    p, q = points[one], points[other]
    good = found(metric, p, q)
    assert good.sum() >= 0.99 * PAIRS
    by_road = dijkstra(graph, directed=False, indices=one)[np.arange(PAIRS), other][good]
    p, q = p[good], q[good]
    lengths = distance(metric, p, q)
    assert np.all(lengths <= by_road * (1 + 1e-6))
    assert np.median(by_road / lengths) < 1.05
    arrives(metric, p, q, log(metric, p, q), lengths)


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
