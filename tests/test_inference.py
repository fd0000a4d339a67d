"""Estimation held against the metric: samples, estimates, bounds, volumes."""

import numpy as np
import pytest
from scipy import stats
from test_families import REFERENCE

from fimviz import CATALOG, DomainError, cramer_rao, estimates, fisher_metric, jeffreys_volume, sample
from fimviz.atlas import chart_map
from fimviz.derive.examination import examination_points
from fimviz.inference import count_inside, maximum_likelihood, moved, shrunk, standard_estimates
from fimviz.tape import lower

EVERY = pytest.mark.parametrize("slug", CATALOG)


@pytest.mark.parametrize("slug", sorted(REFERENCE.keys() & CATALOG.keys()))
def test_samples_follow_their_distribution(slug):
    family = CATALOG[slug]
    for theta in (family.default, *examination_points(family, 2, seed=3)):
        x = sample(family, theta, 20_000, seed=5)
        law = REFERENCE[slug](*theta)
        if family.support.discrete:
            seen = [np.mean(x <= k) for k in family.support.values()]
            assert np.max(np.abs(seen - law.cdf(family.support.values()))) < 0.015
        else:
            turned = (x - theta[0] + np.pi) % (2 * np.pi) + theta[0] - np.pi if slug == "von_mises" else x
            assert stats.kstest(turned, law.cdf).pvalue > 1e-3
        assert np.all(family.support.contains(x))


@pytest.mark.parametrize(
    ("slug", "theta", "spread"),
    [("normal", (1e5, 100), 100), ("laplace", (-1e6, 10), 10 * np.sqrt(2)), ("poisson", (300,), np.sqrt(300)),
     ("poisson", (3e6,), np.sqrt(3e6))],
)  # fmt: skip
def test_samples_far_out_have_their_mean_and_spread(slug, theta, spread):
    x = sample(CATALOG[slug], theta, 20_000, seed=5)
    assert x.mean() == pytest.approx(theta[0], abs=4 * spread / np.sqrt(x.size))
    assert x.std() == pytest.approx(spread, rel=0.03)


def test_what_cannot_be_summed_is_not_sampled():
    with pytest.raises(DomainError, match="too wide"):
        sample(CATALOG["poisson"], [1e14], 10)


def test_samples_are_of_one_point():
    with pytest.raises(DomainError, match=r"of shape \(3, 2\); give one point of shape \(2,\)"):
        sample(CATALOG["normal"], np.ones((3, 2)), 10)
    with pytest.raises(DomainError, match="give one point"):
        estimates(CATALOG["normal"], np.ones((3, 2)), 10)


@EVERY
def test_samples_are_seeded_and_shaped(slug):
    family = CATALOG[slug]
    first = sample(family, family.default, (3, 4), seed=1)
    assert first.shape == ((3, 4, family.support.size) if family.support.vector else (3, 4))
    assert np.all(family.support.contains(first))
    assert np.array_equal(first, sample(family, family.default, (3, 4), seed=1))
    assert not np.array_equal(first, sample(family, family.default, (3, 4), seed=2))


def test_estimates_of_the_normal_are_its_mean_and_spread():
    family = CATALOG["normal"]
    x = sample(family, [0.4, 1.3], (50, 12), seed=9)
    found = estimates(family, [0.4, 1.3], 12, count=50, seed=9)
    assert found == pytest.approx(np.stack([x.mean(1), x.std(1)], -1), rel=1e-11)


def spread_out(family, theta):
    """A member far from the standard one; the families with a standard member are told apart by it."""
    return np.array([theta[0] + 3.7, 2.9 * theta[1]])


LOCATION_SCALE = ["cauchy", "gumbel", "laplace", "logistic", "normal", "student_t"]


def test_which_families_are_location_scale():
    assert sorted(s for s, family in CATALOG.items() if standard_estimates(family, 8, 4) is not None) == LOCATION_SCALE


@pytest.mark.parametrize("slug", LOCATION_SCALE)
def test_estimates_move_with_their_sample(slug):
    family = CATALOG[slug]
    standard = standard_estimates(family, 30, 60, 4)
    theta = spread_out(family, family.default)
    x = sample(family, theta, (60, 30), seed=4)
    found = np.array([maximum_likelihood(family, row, theta) for row in x])
    assert moved(standard, theta) == pytest.approx(found, rel=2e-5)
    assert np.array_equal(estimates(family, theta, 30, count=60, seed=4), moved(standard, theta))


@pytest.mark.parametrize("slug", LOCATION_SCALE)
def test_a_standard_member_is_one(slug):
    family = CATALOG[slug]
    x, (mu, sigma) = np.linspace(-2, 2, 9), spread_out(family, family.default)
    density = lower([family.expression], (*family.samples, *family.symbols))
    there, here = density(mu + sigma * x, mu, sigma)[..., 0], density(x, 0.0, 1.0)[..., 0]
    assert there + np.log(sigma) == pytest.approx(here, abs=1e-12)


@pytest.mark.parametrize(
    ("slug", "closed"),
    [("poisson", lambda x: x.mean(1)), ("exponential", lambda x: 1 / x.mean(1)), ("bernoulli", lambda x: x.mean(1)),
     ("laplace", lambda x: np.median(x, 1))],
)  # fmt: skip
def test_estimates_with_a_textbook_formula(slug, closed):
    family = CATALOG[slug]
    x = sample(family, family.default, (40, 31), seed=2)
    found = estimates(family, family.default, 31, count=40, seed=2)
    assert found[:, 0] == pytest.approx(
        closed(x), rel=1e-9 if slug != "laplace" else 1e-2, abs=0.05 * (slug == "laplace")
    )


@pytest.mark.parametrize("slug", ["weibull", "cauchy", "gamma", "beta", "von_mises", "inverse_gaussian"])
def test_estimates_have_the_highest_likelihood_around(slug):
    family = CATALOG[slug]
    x = sample(family, family.default, (20, 60), seed=4)
    found = estimates(family, family.default, 60, count=20, seed=4)
    assert found.shape == (20, 2)

    def likelihood(theta):
        return family.log_probability(x, theta[:, None, :]).mean(1)

    for step in 1e-3 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [1, -1]]):
        assert np.all(likelihood(found) >= likelihood(found * (1 + step)) - 1e-12)


@EVERY
def test_many_observations_reach_the_bound_of_cramer_and_rao(slug):
    family = CATALOG[slug]
    n, count = (2000, 3000) if family.exponential_form else (600, 700)
    cloud = estimates(family, family.default, n, count=count, seed=6)
    assert len(cloud) == count
    bound = cramer_rao(fisher_metric(family), family.default, n)
    root = np.linalg.cholesky(np.linalg.inv(bound))
    white = root.T @ np.cov(cloud.T).reshape(bound.shape) @ root
    assert white == pytest.approx(np.eye(family.dimension), abs=0.12 if family.exponential_form else 0.25)


def test_samples_without_an_estimate_are_left_out():
    cloud = estimates(CATALOG["bernoulli"], [0.02], 5, count=200)
    assert 0 < len(cloud) < 200
    assert CATALOG["bernoulli"].inside(cloud).all()


def test_the_bound_falls_with_the_number_of_observations():
    metric = fisher_metric(CATALOG["gamma"])
    assert cramer_rao(metric, [2, 1], 10) == pytest.approx(cramer_rao(metric, [2, 1]) / 10)
    assert cramer_rao(metric, [[2, 1], [3, 1]], 4).shape == (2, 2, 2)
    for n in (0, -3, np.nan):
        with pytest.raises(DomainError, match="the number of observations"):
            cramer_rao(metric, [2, 1], n)


@pytest.mark.parametrize(
    ("slug", "chart", "region", "exact"),
    [("bernoulli", "arc length", [(0, np.pi)], np.pi),
     ("bernoulli", "p", [(0.05, 0.9)], 2 * (np.arcsin(np.sqrt(0.9)) - np.arcsin(np.sqrt(0.05)))),
     ("exponential", "lam", [(0.2, 5)], np.log(25)), ("poisson", "lam", [(1, 9)], 4),
     ("normal", "mu, sigma", [(-2, 3), (0.5, 2)], 5 * np.sqrt(2) * 1.5),
     ("normal", "mu, log sigma", [(0, 1), (-1, 1)], np.sqrt(2) * (np.e - 1 / np.e)),
     ("bernoulli", "p", [(0, 1)], np.pi), ("poisson", "lam", [(0, 4)], 4),
     ("exponential", "lam", [(1e-4, 1e4)], np.log(1e8)),
     ("normal", "mu, sigma", [(-1, 1), (1e-3, 10)], np.sqrt(2) * 2 * (1e3 - 0.1)),
     ("cauchy", "x0, gamma", [(-1, 1), (1, 4)], 0.75), ("laplace", "mu, b", [(0, 2), (1, 2)], 1)],
)  # fmt: skip
def test_jeffreys_volume_of_known_regions(slug, chart, region, exact):
    assert jeffreys_volume(fisher_metric(CATALOG[slug], chart), region) == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("slug", [s for s, f in CATALOG.items() if f.dimension == 1])
def test_the_volume_does_not_depend_on_the_chart(slug):
    family = CATALOG[slug]
    low, high = family.default * 0.7, family.default * 1.4
    volumes = []
    for key in family.charts:
        ends = np.sort([float(chart_map(family, key).to(e)[0]) for e in (low, high)])
        volumes.append(jeffreys_volume(fisher_metric(family, key), [tuple(ends)]))
    assert volumes == pytest.approx([volumes[0]] * len(volumes), rel=1e-10)


def test_a_volume_that_is_infinite_is_said():
    with pytest.raises(ArithmeticError, match="does not settle; it may be infinite"):
        jeffreys_volume(fisher_metric(CATALOG["exponential"]), [(0, 1)])


@pytest.mark.parametrize("interval", [(1, 1), (2, 1), (0, np.inf), (np.nan, 1)])
def test_an_interval_has_two_ends_in_their_order(interval):
    with pytest.raises(DomainError, match="The interval of lam is"):
        jeffreys_volume(fisher_metric(CATALOG["exponential"]), [interval])


def test_a_region_has_an_interval_for_each_parameter():
    with pytest.raises(ValueError, match=r"1 interval\(s\) for 2 parameter\(s\)"):
        jeffreys_volume(fisher_metric(CATALOG["normal"]), [(0, 1)])
    with pytest.raises(DomainError):
        jeffreys_volume(fisher_metric(CATALOG["normal"]), [(0, 1), (-1, 1)])


@pytest.mark.parametrize("chart", ["mu, sigma", "mu, log sigma"])
def test_the_ellipse_covers_what_it_should(chart):
    cloud = estimates(CATALOG["normal"], [0, 1], 1000, count=4000, seed=1)
    share = count_inside(CATALOG["normal"], chart, [0, 1], cloud, stats.chi2(2).ppf(0.95) / 1000) / len(cloud)
    assert share == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize("mu", [0.0, 3.0, -3.1, 20.0])
def test_estimates_of_a_direction_are_near_it(mu):
    family, theta = CATALOG["von_mises"], [mu, 2]
    cloud = estimates(family, theta, 400, count=2000, seed=1)
    assert np.max(np.abs(cloud[:, 0] - mu)) < np.pi
    for turns in (0, 2 * np.pi):
        inside = count_inside(family, "mu, kappa", theta, cloud + np.array([turns, 0]), stats.chi2(2).ppf(0.95) / 400)
        assert inside / len(cloud) == pytest.approx(0.95, abs=0.02)


def test_of_no_points_none_is_inside():
    assert count_inside(CATALOG["normal"], "mu, sigma", [0, 1], np.empty((0, 2)), 1.0) == 0
    assert isinstance(count_inside(CATALOG["normal"], "mu, sigma", [0, 1], [[0, 1]], 1.0), int)


def test_shrinking_moves_the_first_coordinate_only():
    cloud = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert shrunk(cloud, 0.5).tolist() == [[0.5, 2], [1.5, 4]]
    assert cloud[0, 0] == 1
