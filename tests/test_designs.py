"""Designs for logistic regression against the theory of optimal design, and Laplace's bells against sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from fimviz import CATALOG, DomainError, designs, laplace
from fimviz.atlas import chart_map

THETA = (0.0, 1.5)
GRID = np.linspace(-3, 3, 121)
CHARTS = ("p", "log-odds", "arc length")


def test_the_best_pair_and_its_determinant():
    low, high = designs.best_pair((0, 1))
    assert (low, high) == (pytest.approx(-1.5434, abs=5e-5), pytest.approx(1.5434, abs=5e-5))
    both = np.linalg.det(designs.total((low, high), (0, 1)))
    assert both == pytest.approx(0.200474, abs=5e-7)
    assert both / 4 == pytest.approx(0.050118, abs=5e-7)


@given(st.floats(-2, 2), st.floats(0.2, 4), st.booleans())
def test_no_pair_beats_the_best_pair(intercept, slope, down):
    theta = (intercept, -slope if down else slope)
    best = np.linalg.det(designs.total(designs.best_pair(theta), theta))
    x = (np.random.default_rng(0).uniform(-4, 4, (500, 2)) - intercept) / slope
    others = [np.linalg.det(designs.total(pair, theta)) for pair in x]
    assert max(others) <= best * (1 + 1e-9)


def test_information_is_the_fisher_metric_of_the_regression():
    """Against E[s sᵀ] over the two labels."""
    for x in (-2.0, 0.3, 4.0):
        p = expit(THETA[0] + THETA[1] * x)
        row = np.array([1, x])
        expected = sum(q * np.outer((y - p) * row, (y - p) * row) for y, q in ((1, p), (0, 1 - p)))
        assert np.allclose(designs.information(x, THETA), expected, atol=1e-15)


def test_one_input_never_tells_both_parameters():
    assert np.linalg.det(designs.total([0.7] * 9, THETA)) == pytest.approx(0, abs=1e-12)
    assert np.all(designs.spreads(designs.total([0.0, 0.0], THETA)) == np.inf)
    assert designs.efficiency([0.0, 0.0], THETA) == 0


def test_no_design_on_the_grid_exceeds_the_ceiling():
    found = designs.continuous(THETA, GRID)
    assert found.ceiling - found.log_det < 1e-8
    assert found.weights.sum() == pytest.approx(1)
    # more than the best pair of a finer grid is not to be had
    assert np.exp(found.log_det) <= np.linalg.det(designs.total(designs.best_pair(THETA), THETA) / 2)
    rng = np.random.default_rng(1)
    each = designs.information(GRID, THETA)
    for w in rng.dirichlet(np.full(GRID.size, 0.05), 200):
        assert np.linalg.slogdet(np.einsum("n,nij->ij", w, each))[1] <= found.ceiling + 1e-12


def test_an_exchanged_design_reaches_the_ceiling_and_greedy_comes_near():
    ceiling = designs.continuous(THETA, GRID).ceiling
    exchanged = designs.exchanged(THETA, GRID, 20)
    log_det = np.linalg.slogdet(designs.total(exchanged, THETA) / 20)[1]
    assert ceiling - 1e-5 < log_det <= ceiling + 1e-12
    assert ceiling - 1e-8 <= designs.ceiling(exchanged, THETA, GRID) < ceiling + 1e-4
    greedy = designs.queried([-1.0, 1.0], THETA, GRID, 18)
    log_greedy = np.linalg.slogdet(designs.total([-1.0, 1.0, *greedy], THETA) / 20)[1]
    assert log_greedy <= ceiling
    assert ceiling - log_greedy < 0.01


def test_a_pool_gives_each_candidate_once():
    pool = np.random.default_rng(3).uniform(-3, 3, 30)
    asked = designs.queried([-1.0, 1.0], THETA, pool, 30, once=True)
    assert sorted(asked) == sorted(pool)
    with pytest.raises(DomainError, match="pool"):
        designs.queried([], THETA, pool, 31, once=True)


def test_bad_designs_are_refused():
    for wrong in (
        lambda: designs.best_pair((0, 0)),
        lambda: designs.next_label([0], THETA, GRID, "guess"),
        lambda: designs.exchanged(THETA, GRID, 1),
        lambda: designs.total([0], THETA, prior=-1),
    ):
        with pytest.raises(DomainError):
            wrong()


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize(("heads", "flips"), [(1, 10), (10, 100), (6, 10), (9, 10), (50, 1000)])
def test_bells_against_a_fine_sum(chart, heads, flips):
    found = laplace.laplace(heads, flips, chart)
    low, high = {"p": (0, 1), "log-odds": (-60, 60), "arc length": (0, np.pi)}[chart]
    x = np.linspace(low, high, 2_000_001)
    step, f = x[1] - x[0], laplace.posterior(heads, flips, chart, x)
    assert np.sum(f) * step == pytest.approx(1, abs=1e-6)
    inside = np.sum(np.abs(f - laplace.bell(found, x))) * step
    assert found.total_variation == pytest.approx((inside + found.outside) / 2, abs=2e-6)
    assert found.outside == pytest.approx(1 - np.sum(laplace.bell(found, x)) * step, abs=2e-6)
    # the mode and the curvature there
    around = found.mode + found.spread * np.array([-1e-3, 0, 1e-3])
    down = np.log(laplace.posterior(heads, flips, chart, around))
    assert abs(down[2] - down[0]) < 1e-8
    assert -np.diff(down, 2)[0] == pytest.approx(1e-6, rel=1e-3)


@pytest.mark.parametrize("chart", CHARTS)
def test_the_tapes_say_what_the_library_says(chart):
    found, tapes = laplace.laplace(3, 12, chart), laplace.tapes(chart)
    assert tapes.summary(3, 12) == pytest.approx((found.mode, found.spread, found.outside), rel=1e-12, abs=1e-15)
    x = found.mode + found.spread * np.linspace(-3, 3, 7)
    low, high = chart_map(CATALOG["bernoulli"], chart).chart.domains[0]
    x = x[(x > low) & (x < high)]
    f, b = laplace.posterior(3, 12, chart, x), laplace.bell(found, x)
    assert tapes.bell(x, 3, 12)[:, 0] == pytest.approx(b, rel=1e-12)
    assert tapes.posterior(x, 3, 12)[:, 0] == pytest.approx(f, rel=1e-12)
    assert tapes.gap(x, 3, 12)[:, 0] == pytest.approx(np.abs(f - b) / 2, rel=1e-9, abs=1e-14)


def test_the_power_of_a_chart_is_that_of_its_slope():
    """dp/dξ ∝ (p(1 − p))ᵃ."""
    p = np.linspace(0.05, 0.95, 7)
    for chart, a in laplace.POWERS.items():
        slope = 1 / chart_map(CATALOG["bernoulli"], chart).jacobian(p[:, None])[:, 0, 0]
        ratio = slope / (p * (1 - p)) ** float(a)
        assert ratio == pytest.approx(np.full(7, ratio[0]), rel=1e-12)


def test_the_tapes_of_designs_say_what_the_library_says():
    x, theta = np.array([-1.2, 0.4, 2.0]), (0.3, 1.1)
    assert designs.probability_tape()(x, *theta)[:, 0] == pytest.approx(expit(0.3 + 1.1 * x), rel=1e-12)
    assert designs.uncertainty_tape()(x, *theta)[:, 0] == pytest.approx(4 * designs.uncertainty(x, theta), rel=1e-12)
    pairs = [designs.efficiency([a, -a], (0, 1.1)) for a in x]
    assert designs.pair_tape()(x, 0, 1.1)[:, 0] == pytest.approx(pairs, rel=1e-9)
    first, more = [-3.0, 1.0], [0.5, 2.0, -1.0]
    upper = np.triu_indices(2)
    for k in range(4):
        m = designs.total([*first, *more[:k]], theta, prior=0.2)[upper]
        assert designs.labels_tape(2, 3)(*theta, 0.2, k, *first, *more) == pytest.approx(m, rel=1e-12)
    m = designs.total([*first, *[0.7] * 5, *[-0.7] * 5], theta)[upper]
    assert designs.pair_labels_tape(2)(*theta, 0, 10, 0.7, *first) == pytest.approx(m, rel=1e-12)


def test_a_posterior_that_is_highest_at_an_end_has_no_bell():
    with pytest.raises(DomainError, match="highest at an end"):
        laplace.laplace(0, 5, "p")
    assert laplace.laplace(0, 5, "log-odds").total_variation < 0.2
    for wrong in ((3, 2), (-1, 2), (0, 0), (1.5, 3)):
        with pytest.raises(DomainError):
            laplace.laplace(*wrong, "p")
