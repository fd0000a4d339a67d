"""The best judge's chance of error: held against its definition, and the distance against it."""

import numpy as np
import pytest
from scipy.stats import binom, norm
from test_words import says

from fimviz import CATALOG, DomainError, distance, fisher_metric, sample
from fimviz.derive.quadrature import expectation
from fimviz.discrimination import bayes_error, by_distance_tape, error_by_distance, toss
from fimviz.stage import game, scene
from fimviz.words import words

NORMAL, COIN = CATALOG["normal"], CATALOG["bernoulli"]


@pytest.mark.parametrize("slug", ["normal", "gamma", "cauchy", "poisson", "categorical", "dirichlet", "von_mises"])
def test_one_observation_by_quadrature(slug):
    """½ ∫ min(p, q), on the nodes of p."""
    family = CATALOG[slug]
    p, q = (np.array(end, float) for end in scene.pair(family))
    law = expectation(family)
    rule = law.rule(p)
    with np.errstate(all="ignore"):
        ratio = np.exp(np.minimum(law.log_density(rule.sample, q) - rule.log_p, 0))
    wanted = np.sum(rule.probability * ratio) / 2
    found, spread = bayes_error(family, p, q, 1, 20_000)
    assert abs(found - wanted) < 4 * spread + 1e-4 and spread < 2e-3


@pytest.mark.parametrize("n", [1, 9, 40])
def test_two_means_with_one_spread(n):
    """Exactly Φ(−√n Δ/(2σ)); the Fisher–Rao distance is a little shorter than Δ/σ."""
    found, spread = bayes_error(NORMAL, (0, 2), (1, 2), n, 20_000)
    assert found == pytest.approx(norm.cdf(-np.sqrt(n) / 4), abs=4 * spread)


def test_coins_by_binomial_sums_and_the_distance_in_the_limit():
    """√n d = 2 throughout: the exact error tends to Φ(−1) as the coins approach each other."""
    gaps = []
    for n in (20, 320, 5120):
        p = np.sin(np.arcsin(np.sqrt(0.3)) + np.array([0, 1 / np.sqrt(n)])) ** 2
        k = np.arange(n + 1)
        exact = np.minimum(binom.pmf(k, n, p[0]), binom.pmf(k, n, p[1])).sum() / 2
        d = distance(fisher_metric(COIN), p[:1], p[1:])
        assert error_by_distance(d, n) == pytest.approx(norm.cdf(-1), rel=1e-12)
        found, spread = bayes_error(COIN, p[:1], p[1:], n, 2000)
        assert found == pytest.approx(exact, abs=4 * spread)
        gaps.append(np.sqrt(n) * abs(exact - norm.cdf(-1)))
    assert max(gaps) < 0.1


@pytest.mark.parametrize("slug", ["normal", "gamma", "weibull", "beta", "laplace", "exponential"])
def test_the_distance_predicts_the_error_of_close_members(slug):
    family = CATALOG[slug]
    g = fisher_metric(family).matrix(family.default)
    step = np.linalg.solve(np.linalg.cholesky(g).T, np.ones(family.dimension) / np.sqrt(family.dimension))
    n = 200
    p, q = family.default - step / np.sqrt(n), family.default + step / np.sqrt(n)
    found, spread = bayes_error(family, p, q, n, 4000, seed=1)
    assert found == pytest.approx(error_by_distance(distance(fisher_metric(family), p, q), n), abs=4 * spread + 0.004)


def test_the_same_member_cannot_be_told_from_itself():
    assert bayes_error(NORMAL, (0, 1), (0, 1), 5, 10) == (0.5, 0.0)
    assert error_by_distance(0.0, 5) == 0.5
    with pytest.raises(DomainError):
        bayes_error(NORMAL, (0, 1), (0, 1), 0)


def test_a_toss_is_fair_and_seeded():
    tosses = [toss(seed) for seed in range(400)]
    assert set(tosses) == {0, 1} and abs(np.mean(tosses) - 0.5) < 0.1
    assert tosses == [toss(seed) for seed in range(400)]


def test_which_made_the_data():
    ends, n = ((-0.5, 1), (0.5, 1.5)), 8
    d = distance(fisher_metric(NORMAL), *ends)
    found, spread = bayes_error(NORMAL, *ends, n, 400_000)
    assert spread < 1.5e-4
    says("paths", "notes", "game", values=[100 * found, 100 * error_by_distance(d, n)], form="{:.1f} %")
    says("paths", "notes", "game", values=[d])


def test_the_card_tells_what_the_data_were_made_by():
    state = {"A": [-0.5, 1], "B": [0.5, 1.5], "n": 8, "seed": 3}
    card = game.card(NORMAL, state, words("paths")["game"])
    chosen, x = game.data(NORMAL, state)
    assert card["answer"] == chosen == toss(3) and f"It was {'AB'[chosen]}." in card["reveal"]
    np.testing.assert_array_equal(x, sample(NORMAL, state["AB"[chosen]], 8, 3))
    assert card["then"] == {"seed": 4} and game.card(NORMAL, state | {"seed": 9999}, words("paths")["game"])[
        "then"
    ] == {"seed": 0}
    panel = game.panel(NORMAL, state, ["a", "b"])
    assert [row["marks"][0]["xs"] for row in panel["rows"]] == [x.tolist()] * 2


def test_the_distance_predicts_on_a_tape():
    tape = game.computed()[0]
    assert tape["inputs"] == ["fr.length", "n"] and tape["tape"] == by_distance_tape().as_dict()
    outcomes = game.panel(COIN, {"A": [0.3], "B": [0.6], "n": 50, "seed": 1}, ["a", "b"])["rows"][0]["marks"][0]
    assert outcomes["xs"] == [0, 1] and sum(outcomes["ys"]) == pytest.approx(1)
