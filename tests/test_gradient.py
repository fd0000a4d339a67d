"""Steepest descent: what depends on the coordinates, and what does not."""

import numpy as np
import pytest
import sympy as sp

from fimviz import CATALOG, DomainError, Family, Parameter, Support, descend, fisher_metric, kl, natural_gradient
from fimviz.atlas import chart_map
from fimviz.derive.examination import examination_points
from fimviz.gradient import loss_tape

EVERY = pytest.mark.parametrize("slug", CATALOG)
EXPONENTIAL = pytest.mark.parametrize("slug", [s for s, f in CATALOG.items() if f.exponential_form])
START, TARGET = (-1.5, 2.0), (1.5, 0.5)
CHARTS = ("mu, sigma", "mu, log sigma", "mu, variance", "mu, precision", "natural", "expectation")
# steps until the loss is within 1e−3 of its least value; None where the path leaves the chart
COUNTS = {
    (False, 0.1): (76, 76, 234, None, 1542, None),
    (True, 0.1): (65, 66, 64, 67, 67, 64),
    (True, 1.0): (5, 7, 2, None, None, 1),
}


def points(slug, count=5):
    return examination_points(CATALOG[slug], count, seed=12)


@pytest.mark.parametrize(("natural", "step"), COUNTS)
def test_the_counts_of_the_published_experiment(natural, step):
    runs = [descend(CATALOG["normal"], START, TARGET, chart=c, natural=natural, step=step) for c in CHARTS]
    assert tuple(run.steps if run.status == "converged" else None for run in runs) == COUNTS[natural, step]
    assert all(run.status in ("converged", "left") for run in runs)
    assert all(CATALOG["normal"].inside(run.points).all() for run in runs)


@EVERY
def test_a_descent_ends_at_its_target(slug):
    family = CATALOG[slug]
    start, target = points(slug, 2)
    run = descend(family, start, target, natural=True, chart=family.solver, step=0.2)
    assert run.status == "converged"
    assert run.points.shape == (run.steps + 1, family.dimension)
    assert run.losses == pytest.approx(kl(family, target, run.points), rel=1e-9, abs=1e-12)
    assert run.losses[-1] < 1e-3 <= run.losses[-2]
    assert np.array_equal(run.points[0], start)


def test_at_its_target_a_descent_takes_no_step():
    run = descend(CATALOG["gamma"], [2, 1], [2, 1])
    assert (run.steps, run.status) == (0, "converged")


def test_a_descent_that_is_too_slow_ends_at_the_cap():
    run = descend(CATALOG["normal"], START, TARGET, step=1e-4, most=7)
    assert (run.steps, run.status) == (7, "cap")


def test_damping_leads_from_the_natural_to_the_plain_direction():
    family = CATALOG["normal"]
    plain = descend(family, START, TARGET, step=1e-3, most=1).points[1]
    damped = descend(family, START, TARGET, natural=True, damping=1e6, step=1e3, most=1).points[1]
    assert damped == pytest.approx(plain, rel=1e-6)
    undamped = descend(family, START, TARGET, natural=True, step=1e-3, most=1).points[1]
    assert damped != pytest.approx(undamped, rel=1e-6)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"step": 0}, "the step size is 0"),
        ({"step": -1}, "the step size is -1"),
        ({"step": np.nan}, "the step size is nan"),
        ({"step": np.inf}, "the step size is inf"),
        ({"damping": -1}, "the damping is -1"),
        ({"damping": np.nan}, "the damping is nan"),
    ],
    ids=str,
)
def test_impossible_settings_are_named(options, says):
    with pytest.raises(DomainError, match=says):
        descend(CATALOG["normal"], START, TARGET, **options)


def test_impossible_points_and_charts_are_named():
    with pytest.raises(DomainError, match="outside the domain"):
        descend(CATALOG["normal"], (0, -1), TARGET)
    with pytest.raises(KeyError, match="No chart 'polar' here"):
        descend(CATALOG["normal"], START, TARGET, chart="polar")


@EVERY
def test_the_loss_has_the_gradient_it_says(slug):
    family = CATALOG[slug]
    tape, target = loss_tape(family), points(slug)[0]
    theta, h = points(slug)[1:], 1e-5
    for i in range(family.dimension):
        step = h * np.eye(family.dimension)[i]
        up, down = (tape(*(theta + s).T, *target)[..., 0] for s in (step, -step))
        assert tape(*theta.T, *target)[..., 1 + i] == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-6)


@EVERY
def test_the_natural_gradient_is_one_vector_in_every_chart(slug):
    family = CATALOG[slug]
    theta = points(slug)
    slope = np.random.default_rng(4).normal(size=theta.shape)
    vector = natural_gradient(fisher_metric(family), slope, theta)
    for key in family.charts:
        chart = chart_map(family, key)
        j = chart.jacobian(theta)
        own = np.linalg.solve(np.swapaxes(j, -1, -2), slope[..., None])[..., 0]
        there = natural_gradient(fisher_metric(family, key), own, chart.to(theta))
        assert there == pytest.approx((j @ vector[..., None])[..., 0], rel=1e-9, abs=1e-9)


@EVERY
def test_the_natural_gradient_is_steepest(slug):
    family = CATALOG[slug]
    metric, theta = fisher_metric(family), points(slug)
    slope = np.ones_like(theta)
    v = natural_gradient(metric, slope, theta)
    # df(v) = |v|²: no unit vector rises faster than |v|
    assert np.sum(slope * v, -1) == pytest.approx(np.einsum("ni,nij,nj->n", v, metric.matrix(theta), v), rel=1e-9)


def test_a_gradient_of_the_wrong_shape_is_said():
    with pytest.raises(ValueError, match=r"A gradient here has shape \(\.\.\., 2\), not \(3,\)"):
        natural_gradient(fisher_metric(CATALOG["normal"]), [1, 2, 3], [0, 1])


@EXPONENTIAL
def test_natural_descent_in_expectation_coordinates_is_an_m_geodesic(slug):
    # η ← η − s(η − η*): straight, and nearer by 1 − s with every step
    family = CATALOG[slug]
    start, target = points(slug, 2)
    run = descend(family, start, target, chart="expectation", natural=True, step=0.25, stop=1e-6)
    to = chart_map(family, "expectation").to
    ratio = 0.75 ** np.arange(run.steps + 1)[:, None]
    assert run.status == "converged"
    assert to(run.points) == pytest.approx(to(target) + ratio * (to(start) - to(target)), rel=1e-7, abs=1e-8)


@EXPONENTIAL
def test_the_reverse_divergence_flows_along_an_e_geodesic(slug):
    # in natural coordinates g⁻¹ ∂KL(p_θ‖p*) = n − n*
    family = CATALOG[slug]
    theta, target = points(slug, 2)
    to, metric = chart_map(family, "natural"), fisher_metric(family, "natural")
    n = to.to(theta)
    h = 1e-4 * (1 + np.abs(n))
    steps = np.diag(h)
    up, down = (kl(family, to.back(n + s * steps), target) for s in (1, -1))
    vector = natural_gradient(metric, (up - down) / (2 * h), n)
    assert vector == pytest.approx(n - to.to(target), rel=2e-4, abs=2e-4)


def test_a_family_without_a_formula_says_that_there_is_nothing_to_descend():
    declared = Family(
        "logistic", "Logistic", (Parameter("m"),), Support("real", (-6, 6)),
        lambda x, m: -(x - m) - 2 * sp.log(1 + sp.exp(-(x - m))),
    )  # fmt: skip
    with pytest.raises(ValueError, match="Family 'Logistic' has no formula for KL"):
        loss_tape(declared)
