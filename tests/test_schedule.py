"""Schedules: the cheapest costs the squared distance, even ones in flat coordinates Jeffreys' divergence."""

import numpy as np
import pytest
from test_words import says

from fimviz import CATALOG, DomainError, distance, fisher_metric, geodesic_between, jeffreys
from fimviz.derive.examination import examination_points
from fimviz.schedule import cheapest, even_cost
from fimviz.stage import scene

FLAT = sorted(slug for slug, family in CATALOG.items() if family.exponential_form and family.natural)
EXPONENTIAL = CATALOG["exponential"]


@pytest.mark.parametrize("slug", FLAT)
def test_even_in_flat_coordinates_costs_jeffreys_divergence(slug):
    family = CATALOG[slug]
    p, q = examination_points(family, 2, seed=5)
    wanted = float(jeffreys(family, p, q))
    assert even_cost(family, p, q, "natural") == pytest.approx(wanted, rel=1e-8)
    assert even_cost(family, p, q, "expectation") == pytest.approx(wanted, rel=1e-8)
    assert cheapest(family, p, q) <= wanted * (1 + 1e-9)


def test_no_even_schedule_is_cheaper_than_the_shortest_path():
    for slug in ("normal", "cauchy", "gamma", "weibull"):
        family = CATALOG[slug]
        p, q = scene.pair(family)
        least = cheapest(family, p, q)
        for chart in ("unconstrained", next(iter(family.charts))):
            assert even_cost(family, p, q, chart) > least * (1 - 1e-9)


def test_what_is_even_in_arc_length_is_cheapest():
    assert even_cost(EXPONENTIAL, (0.2,), (5,), "unconstrained") == pytest.approx(np.log(25) ** 2, rel=1e-12)
    assert cheapest(EXPONENTIAL, (0.2,), (5,)) == pytest.approx(np.log(25) ** 2, rel=1e-12)


def test_the_cost_along_the_shortest_path_is_the_squared_distance():
    """By many small steps at constant speed, n Σ d(θᵢ, θᵢ₊₁)², and not from its length."""
    for family, p, q in ((EXPONENTIAL, (0.2,), (5.0,)), (CATALOG["normal"], (-3, 0.6), (3, 0.6))):
        metric = fisher_metric(family)
        points = geodesic_between(metric, p, q, np.linspace(0, 1, 401))
        steps = distance(metric, points[:-1], points[1:])
        assert 400 * np.sum(steps**2) == pytest.approx(cheapest(family, p, q), rel=1e-9)


def test_there_is_no_schedule_from_outside():
    with pytest.raises(DomainError):
        even_cost(CATALOG["categorical"], (1, 0), (0.2, 0.3), "p1, p2")
    # from certainty to certainty, all but: even in probability the cost grows like the logarithm
    costs = [even_cost(CATALOG["categorical"], (1 - 2 * e, e), (e, e), "p1, p2") for e in (1e-3, 1e-6)]
    assert costs[1] - costs[0] == pytest.approx(2 * np.log(1e3), rel=0.01)


def test_the_cheapest_schedule():
    ends = (0.2,), (5.0,)
    costs = [cheapest(EXPONENTIAL, *ends), even_cost(EXPONENTIAL, *ends, "natural")]
    assert costs[1] == pytest.approx(even_cost(EXPONENTIAL, *ends, "expectation"))
    says("paths", "notes", "schedule", values=costs)
