"""Steepest descent: what depends on the coordinates, and what does not."""

import numpy as np
import pytest
import sympy as sp

from fimviz import CATALOG, DomainError, Family, Parameter, Support, descend, fisher_metric, kl, natural_gradient
from fimviz.atlas import chart_map
from fimviz.derive.examination import examination_points
from fimviz.derive.quadrature import expectation
from fimviz.divergence import kl_expression
from fimviz.gradient import RULES, flow
from fimviz.inference import maximum_likelihood, sample
from fimviz.loss import chart_empirical_tape, chart_hessian_tape, chart_loss_tape, loss_tape

EVERY = pytest.mark.parametrize("slug", CATALOG)
WITH_KL = pytest.mark.parametrize("slug", [s for s, f in CATALOG.items() if kl_expression(f)])
EXPONENTIAL = pytest.mark.parametrize("slug", [s for s, f in CATALOG.items() if f.exponential_form])
START, TARGET = (-1.5, 2.0), (1.5, 0.5)
CHARTS = ("mu, sigma", "mu, log sigma", "mu, variance", "mu, precision", "natural", "expectation")
# steps until the loss is within 1e−3 of its least value; None where the path leaves the chart
COUNTS = {
    ("plain", 0.1): (76, 76, 234, None, 1542, None),
    ("natural", 0.1): (65, 66, 64, 67, 67, 64),
    ("natural", 1.0): (5, 7, 2, None, None, 1),
}


def points(slug, count=5):
    return examination_points(CATALOG[slug], count, seed=12)


@pytest.mark.parametrize(("rule", "step"), COUNTS)
def test_the_counts_of_the_published_experiment(rule, step):
    runs = [descend(CATALOG["normal"], START, TARGET, chart=c, rule=rule, step=step) for c in CHARTS]
    assert tuple(run.steps if run.status == "converged" else None for run in runs) == COUNTS[rule, step]
    assert all(run.status in ("converged", "left") for run in runs)
    assert all(CATALOG["normal"].inside(run.points).all() for run in runs)


@WITH_KL
def test_a_descent_ends_at_its_target(slug):
    family = CATALOG[slug]
    start, *others = points(slug, 40)
    solver = fisher_metric(family).solver
    target = next(q for q in others if solver.side(solver.to(q)) == solver.side(solver.to(start)))
    run = descend(family, start, target, rule="natural", chart=family.solver, step=0.2)
    assert run.status == "converged"
    assert run.points.shape == (run.steps + 1, family.dimension)
    assert run.losses == pytest.approx(kl(family, target, run.points), rel=1e-9, abs=1e-12)
    assert run.losses[-1] < 1e-3 <= run.losses[-2]
    assert np.array_equal(run.points[0], start)


@pytest.mark.parametrize("step", [0.1, 0.5])
def test_newton_far_from_the_fit_runs_away_and_does_not_leave(step):
    # σ grows for ever and stays in the model: where the numbers give out is no property of the descent
    run = descend(CATALOG["normal"], START, TARGET, rule="newton", step=step)
    assert run.status == "away"
    assert 1e8 < run.points[-1, 1] < 3e9 and np.all(np.diff(run.points[-50:, 1]) > 0)


def test_at_its_target_a_descent_takes_no_step():
    run = descend(CATALOG["gamma"], [2, 1], [2, 1])
    assert (run.steps, run.status) == (0, "converged")


def test_a_descent_that_is_too_slow_ends_at_the_cap():
    run = descend(CATALOG["normal"], START, TARGET, step=1e-4, most=7)
    assert (run.steps, run.status) == (7, "cap")


def test_damping_leads_from_the_natural_to_the_plain_direction():
    family = CATALOG["normal"]
    plain = descend(family, START, TARGET, step=1e-3, most=1).points[1]
    damped = descend(family, START, TARGET, rule="natural", damping=1e6, step=1e3, most=1).points[1]
    assert damped == pytest.approx(plain, rel=1e-6)
    undamped = descend(family, START, TARGET, rule="natural", step=1e-3, most=1).points[1]
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


@WITH_KL
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
    run = descend(family, start, target, chart="expectation", rule="natural", step=0.25, stop=1e-6)
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


@EXPONENTIAL
def test_the_natural_flow_points_straight_at_the_target(slug):
    """g⁻¹∂KL(p*‖p_θ) = η − η* in expectation coordinates, to 1e−10."""
    family = CATALOG[slug]
    theta, target = points(slug, 2)
    own, metric = chart_map(family, "expectation"), fisher_metric(family)
    slope = loss_tape(family)(*theta, *target)[1:]
    vector = own.jacobian(theta) @ natural_gradient(metric, slope, theta)
    gap = own.to(theta) - own.to(target)
    assert vector == pytest.approx(gap, rel=1e-10, abs=1e-10 * (1 + np.abs(own.to(theta)).max()))


@EXPONENTIAL
def test_newton_is_natural_in_natural_coordinates(slug):
    """There L is the potential less a linear function, so ∂²L = g."""
    family = CATALOG[slug]
    tape = chart_hessian_tape(family, "natural")
    if tape is None:
        assert family.natural is None
        return
    theta, target = points(slug, 2)
    n = chart_map(family, "natural").to(theta)
    g = fisher_metric(family, "natural").matrix(n)
    upper = g[np.triu_indices(family.dimension)]
    assert tape(*n, *target) == pytest.approx(upper, rel=1e-9, abs=1e-9 * np.abs(g).max())


@WITH_KL
def test_the_hessian_is_the_slope_of_the_slope(slug):
    family = CATALOG[slug]
    loss = chart_loss_tape(family, family.solver)
    hessian = chart_hessian_tape(family, family.solver)
    d = family.dimension
    u, target = chart_map(family, family.solver).to(points(slug)[1]), points(slug)[0]
    full, h = np.zeros((d, d)), 1e-5
    full[np.triu_indices(d)] = hessian(*u, *target)
    for j in range(d):
        step = h * np.eye(d)[j]
        column = (loss(*(u + step), *target)[1:] - loss(*(u - step), *target)[1:]) / (2 * h)
        assert column[: j + 1] == pytest.approx(full[: j + 1, j], rel=1e-5, abs=1e-6 * (1 + np.abs(full).max()))


@EXPONENTIAL
def test_the_empirical_fisher_averages_over_the_target(slug):
    """E_{p*}[s sᵀ] by quadrature; it is g where p_θ = p*."""
    family = CATALOG[slug]
    key = next(iter(family.charts))
    tape, law = chart_empirical_tape(family, key), expectation(family)
    theta, target = points(slug, 2)
    pairs = [(i, j) for i in range(family.dimension) for j in range(i, family.dimension)]
    scores = [sp.diff(family.expression, s) for s in family.symbols]
    here = dict(zip(family.symbols, map(float, theta), strict=True))
    products = [(scores[i] * scores[j]).xreplace(here) for i, j in pairs]
    expected = law.mean(products, target)
    scale = np.sqrt(np.abs(expected[[k for k, (i, j) in enumerate(pairs) if i == j]])).max() ** 2
    assert tape(*theta, *target) == pytest.approx(expected, rel=1e-7, abs=1e-7 * scale)
    g = fisher_metric(family).matrix(target)[np.triu_indices(family.dimension)]
    assert tape(*target, *target) == pytest.approx(g, rel=1e-9, abs=1e-9 * np.abs(g).max())


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_arrives_from_nearby(rule):
    run = descend(CATALOG["normal"], (1.2, 0.6), TARGET, rule=rule, step=0.05)
    assert run.status == "converged"


def test_adam_starts_with_a_step_of_its_size_along_every_axis():
    run = descend(CATALOG["normal"], START, TARGET, rule="adam", step=0.1, most=1)
    # so far out the spread grows first
    assert run.points[1] - START == pytest.approx((0.1, 0.1), rel=1e-6)


def test_the_diagonal_is_natural_where_the_metric_is_diagonal():
    options = {"step": 0.1, "most": 20}
    runs = [descend(CATALOG["normal"], START, TARGET, rule=r, **options).points for r in ("natural", "diagonal")]
    assert runs[0] == pytest.approx(runs[1], rel=1e-12)
    runs = [descend(CATALOG["gamma"], (2, 1), (5, 3), rule=r, **options).points for r in ("natural", "diagonal")]
    assert np.abs(runs[0] - runs[1]).max() > 0.01


def test_a_clamp_holds_a_coordinate():
    run = descend(CATALOG["normal"], START, TARGET, step=0.1, most=300, clamp=[(-2, 1), None])
    assert run.status == "cap"
    assert run.points[:, 0].max() == 1


def test_a_rule_without_a_formula_is_said():
    with pytest.raises(ValueError, match="the rule 'newton' has no formula in the chart 'expectation'"):
        descend(CATALOG["gamma"], (2, 1), (5, 3), chart="expectation", rule="newton")
    with pytest.raises(DomainError, match="the rule of the descent is fastest, unknown"):
        descend(CATALOG["gamma"], (2, 1), (5, 3), rule="fastest")


def test_a_family_without_a_formula_says_that_there_is_nothing_to_descend():
    declared = Family(
        "logistic", "Logistic", (Parameter("m"),), Support("real", (-6, 6)),
        lambda x, m: -(x - m) - 2 * sp.log(1 + sp.exp(-(x - m))),
    )  # fmt: skip
    with pytest.raises(ValueError, match="Family 'Logistic' has no formula for KL"):
        loss_tape(declared)


@EXPONENTIAL
@pytest.mark.parametrize(("loss", "key"), [("from", "expectation"), ("to", "natural")])
def test_the_flow_is_what_small_steps_follow(slug, loss, key):
    family = CATALOG[slug]
    start, target = points(slug, 2)
    if key not in family.charts:
        with pytest.raises(ValueError, match="its flow has no formula"):
            flow(family, start, target, [1.0], loss)
        return
    errors = []
    for count in (100, 200, 400):
        run = descend(family, start, target, rule="natural", step=0.4 / count, most=count, stop=0, loss=loss)
        exact = flow(family, start, target, 0.4 / count * np.arange(len(run.points)), loss)
        assert len(run.points) > count
        errors.append(np.max(np.abs(run.points - exact) / np.abs(start - target)))
    # Euler's method errs by the size of its step
    assert errors[2] < 0.01
    assert errors[2] < 1e-12 or errors[0] / errors[1] == pytest.approx(2, rel=0.05)
    assert errors[2] < 1e-12 or errors[1] / errors[2] == pytest.approx(2, rel=0.05)
    assert exact[0] == pytest.approx(start, rel=1e-9)
    straight = chart_map(family, key).to(flow(family, start, target, [0.0, np.log(2), np.inf], loss))
    assert straight[1] == pytest.approx((straight[0] + straight[2]) / 2, rel=1e-8, abs=1e-9)


def slopes_by_differences(tape, xi, star, h=1e-5):
    """The derivative of the first outputs of a tape of (ξ…, p*…) along every ξ."""
    steps = h * np.eye(len(xi))
    return np.stack([(tape(*(xi + s), *star) - tape(*(xi - s), *star)) / (2 * h) for s in steps])


@WITH_KL
def test_the_reverse_divergence_has_the_gradient_it_says(slug):
    family = CATALOG[slug]
    target, theta = points(slug, 2)
    tape = chart_loss_tape(family, next(iter(family.charts)), "to")
    assert tape(*theta, *target)[0] == pytest.approx(kl(family, theta, target), rel=1e-9, abs=1e-12)
    found = slopes_by_differences(tape, theta, target)[:, 0]
    assert tape(*theta, *target)[1:] == pytest.approx(found, rel=1e-6, abs=1e-6 * (1 + np.abs(found).max()))


@pytest.mark.parametrize("slug", ["bernoulli", "poisson", "normal", "gamma", "cauchy", "gumbel", "bivariate_normal"])
def test_data_are_a_loss_of_any_family(slug):
    """Value and slope, curvature and scores against the definition; least where the data fit best."""
    family = CATALOG[slug]
    key, truth = family.solver, points(slug, 1)[0]
    data = sample(family, truth, 20, seed=3)
    best = maximum_likelihood(family, data, truth)
    loss = tuple(map(tuple, data)) if data.ndim > 1 else tuple(data)
    own = chart_map(family, key)
    u, d = own.to(truth) + 0.1, family.dimension
    tape = chart_loss_tape(family, key, loss)
    mean = [family.density_tape(*family.coordinates(data), *p).mean() for p in (best, own.back(u))]
    assert tape(*u, *best)[0] == pytest.approx(mean[0] - mean[1], rel=1e-9, abs=1e-12)
    found = slopes_by_differences(tape, u, best)
    assert tape(*u, *best)[1:] == pytest.approx(found[:, 0], rel=1e-6, abs=1e-7)
    triangle = np.triu_indices(d)
    assert chart_hessian_tape(family, key, loss)(*u, *best) == pytest.approx(found[:, 1:][triangle], rel=1e-5, abs=1e-6)
    # one observation at a time: the slope of its loss is minus its score
    scores = np.array([chart_loss_tape(family, key, (one,))(*u, *best)[1:] for one in loss])
    mean_of_squares = (scores.T @ scores / len(loss))[triangle]
    assert chart_empirical_tape(family, key, loss)(*u, *best) == pytest.approx(mean_of_squares, rel=1e-9, abs=1e-12)
    assert tape(*own.to(best), *best) == pytest.approx(0, abs=1e-6)


def test_data_that_fit_no_member_have_no_best_fit():
    assert maximum_likelihood(CATALOG["bernoulli"], [1.0] * 5, [0.5]) is None
    assert maximum_likelihood(CATALOG["bernoulli"], [1.0, 0, 1, 1], [0.5]) == pytest.approx([0.75])


def test_descending_data_by_natural_gradient_is_fisher_scoring():
    family, data = CATALOG["cauchy"], tuple(sample(CATALOG["cauchy"], (0, 1), 20, seed=3))
    best = maximum_likelihood(family, data, (0, 1))
    run = descend(family, (1, 2), best, rule="natural", step=1, loss=data, most=1)
    score = -chart_loss_tape(family, "x0, gamma", data)(1, 2, *best)[1:]
    assert run.points[1] == pytest.approx(
        np.array([1, 2]) + np.linalg.solve(fisher_metric(family).matrix([1, 2]), score), rel=1e-12
    )
