"""Deleting weights: the exact costs against a sum over rows, and what the rules say of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from fimviz import DomainError, pruning
from fimviz.pruning import Weights

SIX = pruning.six_inputs()
ROWS = np.random.default_rng(4).multivariate_normal(np.zeros(6), SIX.covariance, 200_000)


def kl_of_rows(w, v):
    p, q = expit(ROWS @ w), expit(ROWS @ v)
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


def test_fisher_and_costs_against_rows():
    p = expit(ROWS @ SIX.w)
    each = (p * (1 - p))[:, None, None] * ROWS[:, :, None] * ROWS[:, None, :]
    error = each.std(axis=0) / np.sqrt(len(ROWS))
    assert np.all(np.abs(each.mean(axis=0) - pruning.fisher(SIX)) < 5 * error)
    for gone in ([0], [1], [2], [3], [3, 4], [0, 2, 5]):
        kl = kl_of_rows(SIX.w, pruning.deleted(SIX, gone))
        assert abs(kl.mean() - pruning.cost(SIX, pruning.deleted(SIX, gone))) < 5 * kl.std() / np.sqrt(len(kl))


@given(st.integers(0, 10_000))
def test_to_second_order_the_cost_is_the_fisher_length(seed):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((4, 4))
    model = Weights(rng.standard_normal(4), root @ root.T + np.eye(4))
    v = 1e-4 * rng.standard_normal(4)
    assert pruning.cost(model, model.w + v) == pytest.approx(v @ pruning.fisher(model) @ v / 2, rel=1e-2)


@pytest.mark.parametrize("gone", [[0], [2], [3], [3, 4], [1, 3, 5]])
def test_a_refit_is_the_least_cost(gone):
    free = np.setdiff1d(range(6), gone)

    def loss(values):
        w = np.zeros(6)
        w[free] = values
        return pruning.cost(SIX, w)

    best = minimize(loss, pruning.deleted(SIX, gone)[free], method="BFGS", options={"gtol": 1e-8})
    found = pruning.refitted(SIX, gone)
    assert np.all(found[gone] == 0)
    assert pruning.cost(SIX, found) <= best.fun + 1e-10


def test_units_change_fisher_and_weights_but_no_cost():
    before, after = pruning.ranking(SIX), pruning.ranking(SIX.rescaled(0, 3.0))
    assert after.fisher[0] == pytest.approx(9 * before.fisher[0])
    assert after.size[0] == pytest.approx(before.size[0] / 3)
    for same in ("alone", "others", "cost", "cost_refitted"):
        assert np.allclose(getattr(after, same), getattr(before, same), rtol=1e-9)


def test_bad_models_are_refused():
    for w, s in (([1.0], np.eye(2)), ([1.0, np.nan], np.eye(2)), ([1.0, 1.0], np.ones((2, 2)))):
        with pytest.raises(DomainError):
            Weights(np.array(w), np.array(s))


@pytest.mark.parametrize("unit", [0.1, 1, 10, 73])
def test_the_tapes_of_the_rules_are_the_ranking_in_that_unit(unit):
    there, w, f = pruning.ranking(SIX.rescaled(0, 1 / unit)), SIX.w, pruning.six_ranking().fisher
    for rule in pruning.RULES:
        got = pruning.rescaled_tape(6, rule)(unit, *w, *f)
        assert np.allclose(got, getattr(there, rule), rtol=1e-10)


SIX_COSTS = st.lists(st.sampled_from([0.1, 0.2, 0.2 * (1 + 1e-14), 0.5, 3.0]), min_size=6, max_size=6)


@given(SIX_COSTS, st.permutations(range(6)))
def test_places_and_pairs(costs, order):
    places = pruning.places(costs)
    assert sorted(places) == [1, 2, 3, 4, 5, 6]
    assert np.array_equal(pruning.places_tape(6)(*costs), places)
    assert pruning.pairs_right(places, costs) == 15
    right = pruning.pairs_right(order, costs)
    assert pruning.pairs_right_tape(6)(*order, *costs)[0] == right
    # a pair of equal costs is right either way; every other pair is right in just one of the two directions
    equal = sum(abs(a - b) < 1e-9 for i, a in enumerate(costs) for b in costs[:i])
    assert right + pruning.pairs_right([-p for p in order], costs) == 15 + equal
