"""The numbers that the Descent page quotes of the plateau, of tuned steps and of Fisher scoring."""

from functools import partial

import numpy as np
import pytest
from test_words import NORMAL, START, TARGET, says

import fimviz
from fimviz.derive.quadrature import expectation
from fimviz.divergence import kl_by_quadrature
from fimviz.gradient import descend, flow
from fimviz.irregular import LIMITS, SINGULAR
from fimviz.loss import chart_hessian_tape, loss_tape
from fimviz.stage import descents
from fimviz.words import words

MIXTURE = SINGULAR["weighted_mixture"]
FAR = (0.4, 2.5)
on_plateau = partial(descend, MIXTURE, target=FAR, clamp=LIMITS[MIXTURE.slug])


def test_the_plateau():
    start = (0.8, 0.05)
    plain, damped = on_plateau(start), on_plateau(start, rule="natural", damping=0.001)
    assert plain.status == damped.status == "converged"
    says("descent", "notes", "plateau", values=[plain.steps, damped.steps], form="{}")
    slope = loss_tape(MIXTURE)(*start, *FAR)[1:]
    first = 0.1 * fimviz.natural_gradient(fimviz.fisher_metric(MIXTURE), slope, start)
    says("descent", "notes", "plateau", values=[np.linalg.norm(first)], form="{:.0f}")
    low, high = MIXTURE.parameters[1].view
    assert high - low == 5
    says("descent", "notes", "plateau", values=["0.001 and 0.999", "0.001 added"])
    assert LIMITS[MIXTURE.slug][0] == (0.001, 0.999)


def test_where_the_weight_says_nothing_the_metric_is_singular():
    g = fimviz.fisher_metric(MIXTURE).matrix([(0.8, 0.0), (0.8, 0.05)])
    assert np.linalg.det(g)[0] == pytest.approx(0, abs=1e-14) and np.linalg.det(g)[1] > 0


def test_natural_is_not_magic():
    start = (0.15, -0.5)
    drifts = [on_plateau(start, rule="natural", damping=0.001, most=n).points[-1, 1] for n in (400, 5000)]
    says("descent", "notes", "magic", values=[f"b = −{-drifts[0]:.1f}", f"−{-drifts[1]:.1f} after 5000"])
    crossing = on_plateau(start, step=0.5)
    assert crossing.status == "converged"
    says("descent", "notes", "magic", values=[f"in {crossing.steps}"])
    # what the preset shows: the same damped descent at the other's step
    assert on_plateau(start, rule="natural", damping=0.001, step=0.5, most=2000).points[-1, 1] < -5


def test_a_tuned_step():
    tuned = [descend(NORMAL, START, TARGET, chart="natural", step=s) for s in (1.12, 1.14, 1.16)]
    assert [d.status for d in tuned] == ["cap", "converged", "cap"]
    natural = descend(NORMAL, START, TARGET, chart="natural", rule="natural")
    says("descent", "notes", "magic", values=[f"takes {tuned[1].steps} steps", f"takes {natural.steps}", "1.14"])


def test_fisher_scoring_and_newton():
    cauchy = fimviz.CATALOG["cauchy"]
    goal = descents.objective(cauchy, "data", (0, 1))
    starts = [(x, s) for x in np.linspace(-3, 3, 7) for s in np.linspace(0.4, 3.6, 5)]
    ended = {
        rule: [descend(cauchy, at, goal.best, rule=rule, step=1, loss=goal.loss) for at in starts]
        for rule in ("natural", "newton")
    }
    arrived = {rule: [run.steps for run in runs if run.status == "converged"] for rule, runs in ended.items()}
    assert len(arrived["natural"]) == len(starts)
    assert all(run.status in ("converged", "left", "away") for run in ended["newton"])
    lost, away = (sum(run.status == how for run in ended["newton"]) for how in ("left", "away"))
    said = [f"each of {len(starts)} starts", f"in {max(arrived['natural'])} steps at most"]
    says(
        "descent",
        "notes",
        "scoring",
        values=[*said, f"from {len(arrived['newton'])} of the", f"from {lost} it leaves", f"from {away} it runs away"],
    )
    assert "Twenty" in words("descent")["notes"]["scoring"] and len(goal.loss) == 20
    assert "20 data" in words("descent")["no_fit"]


def test_newtons_matrix_is_not_positive_where_newton_is_lost():
    cauchy = fimviz.CATALOG["cauchy"]
    goal = descents.objective(cauchy, "data", (0, 1))
    a, b, c = chart_hessian_tape(cauchy, "x0, gamma", goal.loss)(-2.5, 2.4, *goal.best)
    assert a * c - b * b < 0


def test_the_flows_are_no_shortest_paths():
    metric = fimviz.fisher_metric(NORMAL)
    paths = [flow(NORMAL, START, TARGET, np.linspace(0, 20, 3001), loss) for loss in ("from", "to")]
    lengths = [float(np.sum(fimviz.distance(metric, path[:-1], path[1:]))) for path in paths]
    says("descent", "flow", values=[*lengths, fimviz.distance(metric, START, TARGET)])
    assert all(length > 1.01 * fimviz.distance(metric, START, TARGET) for length in lengths)
    np.testing.assert_allclose([path[-1] for path in paths], [TARGET, TARGET], atol=1e-5)


def test_in_a_flat_family_the_flow_is_the_shortest_path():
    # so that what is said of the flow has a condition
    plane = fimviz.CATALOG["normal_mean"]
    path = flow(plane, (-2, -1), (2, 1.5), np.linspace(0, 3, 7))
    assert np.allclose(np.diff(path, axis=0)[:, 1] / np.diff(path, axis=0)[:, 0], 2.5 / 4)
    assert "In a curved family neither need be" in words("descent")["flow"]


def test_a_path_may_stay_in_its_slice():
    pair = np.array([[0.0, -1.0, 0.4], [0.0, 1.2, 0.4]])
    area = fimviz.fisher_metric(fimviz.CATALOG["bivariate_normal"], "log area, log ratio, artanh rho")
    assert fimviz.shortest_geodesic(area, *pair, 0.5)[0] == pytest.approx(0, abs=1e-9)
    assert all("may leave" in words(name)["slice"] for name in ("paths", "descent"))


def test_the_mixture_is_what_its_definition_says():
    at, others = np.array([0.3, 1.7]), np.array([[0.4, 2.5], [0.8, 0.05], [0.15, -0.5]])
    x = np.linspace(-12, 14, 4001)
    p = np.exp(MIXTURE.density_tape(x, *at)[..., 0])
    bells = [np.exp(-((x - c) ** 2) / 2) / np.sqrt(2 * np.pi) for c in (0, at[1])]
    np.testing.assert_allclose(p, (1 - at[0]) * bells[0] + at[0] * bells[1], rtol=1e-12)
    np.testing.assert_allclose(fimviz.kl(MIXTURE, at, others), kl_by_quadrature(MIXTURE, at, others), rtol=1e-9)
    np.testing.assert_allclose(
        fimviz.fisher_metric(MIXTURE).matrix(others), expectation(MIXTURE).metric(others), rtol=1e-8, atol=1e-12
    )


@pytest.mark.parametrize(
    ("slug", "kind", "without"),
    [
        ("normal", "from", set()),
        ("normal", "data", {"flow"}),
        ("cauchy", "from", {"flow", "empirical"}),
        ("cauchy", "data", {"flow"}),
        ("poisson", "from", {"flow", "diagonal", "arrow", "ball", "corrected"}),
        ("dirichlet", "to", {"arrow", "ball", "corrected"}),
    ],
)
def test_a_page_offers_what_a_family_has(slug, kind, without):
    every = {"plain", "all", "natural", *descents.MORE, "flow", "arrow", "ball", "corrected"}
    assert set(descents.offered(fimviz.CATALOG[slug], kind)) == every - without


def test_data_that_fit_no_member_leave_the_divergence():
    goal = descents.objective(fimviz.CATALOG["bernoulli"], "data", [1e-9])
    assert (goal.kind, goal.best, goal.fits) == ("from", [1e-9], False)
