"""Every number the Coin page quotes, computed by the library."""

import numpy as np
import pytest
from test_words import says

import fimviz
from fimviz import checks, sample_size
from fimviz.atlas import chart_map
from fimviz.metric import fisher_metric
from fimviz.stage import formula, scene
from fimviz.words import words

COIN = fimviz.CATALOG["bernoulli"]
RULERS = ("p", "arc length", "log-odds")


def standard_error(p, chart, n):
    """√(n g)⁻¹ in a chart."""
    own = chart_map(COIN, chart)
    return float(np.sqrt(fimviz.cramer_rao(fisher_metric(COIN, chart), own.to([p]), n)[0, 0]))


def distance(p, q):
    return float(fimviz.distance(fisher_metric(COIN), [p], [q]))


def test_the_articles_coin():
    said = [standard_error(p, chart, 100) for chart in ("p", "log-odds") for p in (0.9, 0.5)]
    says("coin", "notes", "article", values=said[:2], form="{:.3f}")
    says("coin", "notes", "article", values=said[2:], form="{:.2f}")
    assert said[0] < said[1] and said[2] > said[3]
    middle = {f"{standard_error(p, 'arc length', 100):.2f}" for p in (0.01, 0.1, 0.5, 0.9)}
    assert middle == {"0.10"}
    says("coin", "notes", "article", values=middle)


def test_the_notes_at_the_rulers_ends():
    """Longest in the middle, all the same, longest at the ends: over the fifteen coins of the picture."""
    coins = [p for (p,) in scene.evenly(COIN, "arc length", 15)]
    assert [2 * np.arcsin(np.sqrt(p)) for p in coins] == pytest.approx([np.pi * k / 16 for k in range(1, 16)])
    bars = {chart: np.array([standard_error(p, chart, 400) for p in coins]) for chart in RULERS}
    assert np.all(np.diff(bars["p"][:8]) > 0) and np.all(np.diff(bars["p"][7:]) < 0)
    assert np.all(np.diff(bars["log-odds"][:8]) < 0) and np.all(np.diff(bars["log-odds"][7:]) > 0)
    assert bars["arc length"] == pytest.approx(0.05, rel=1e-12)
    for row, key in (("note_p", "middle"), ("note_phi", "same"), ("note_eta", "ends")):
        assert key in words("coin")[row]


def test_tell_two_coins_apart():
    near, far = distance(0.5, 0.6), distance(0.9, 0.99)
    says("coin", "notes", "tell", values=[near, far], form="{:.3f}")
    predicted = [float(sample_size.flips_by_distance(d)) for d in (near, far)]
    exact = [sample_size.flips_to_tell_apart(0.5, 0.6), sample_size.flips_to_tell_apart(0.9, 0.99)]
    says("coin", "notes", "tell", values=[*predicted, *exact], form="{:.0f}")
    n = np.arange(1, 5000)
    last_that_fails = int(n[~sample_size.decides(0.5, 0.6, n)].max())
    says("coin", "notes", "tell", values=[last_that_fails + 1], form="{:d}")
    says("coin", "notes", "tell", values=[0.6 - 0.5, 0.99 - 0.9])


def test_the_predict_card_of_coin():
    card = words("coin")["predict"]
    near, far = sample_size.flips_to_tell_apart(0.5, 0.6), sample_size.flips_to_tell_apart(0.9, 0.99)
    assert f"about {round(near, -1)} flips" in card["question"]
    assert card["options"][card["answer"]] == "Fewer" and far < near
    says("coin", "predict", "reveal", values=[far], form="{:d}")
    says("coin", "predict", "reveal", values=[distance(0.9, 0.99), distance(0.5, 0.6)], form="{:.3f}")
    assert distance(0.9, 0.99) > 2 * distance(0.5, 0.6)


def test_five_flips():
    """All heads by the density itself; the untouched page shows one such sample."""
    all_heads = float(np.exp(5 * COIN.density_tape(1.0, 0.9)[..., 0]))
    says("coin", "notes", "five", values=[f"{all_heads:.0%}".replace("%", " %")])
    uniforms = scene.flips(COIN, "p", "n", (7, 0))["uniforms"][:5]
    assert all(u >= 0.1 for u in uniforms), "the outcome 1 lies above the share of tails"
    # at p̂ = 1 the formula's standard error is 0, and the log-odds have no number
    assert standard_error(1 - 1e-15, "p", 5) < 1e-7
    assert chart_map(COIN, "log-odds").to([1 - 1e-15])[0] > 34


def test_never_and_almost_never():
    says("coin", "notes", "never", values=[sample_size.flips_to_tell_apart(0.01, 0.1)], form="{:d}")
    says("coin", "notes", "never", values=[distance(0.01, 0.1)], form="{:.3f}")
    assert distance(0.01, 0.1) == pytest.approx(distance(0.9, 0.99), rel=1e-12)
    says("coin", "notes", "never", values=[0.5 + (0.1 - 0.01)])


def test_surprise_is_not_information():
    bits = fimviz.entropy(COIN, [[0.5], [0.9]]) / np.log(2)
    says("coin", "notes", "surprise", values=[f"{bits[0]:.0f} bit", f"{bits[1]:.2f} bit"])
    p = np.linspace(0.02, 0.98, 97)
    about = {chart: [1 / standard_error(x, chart, 1) ** 2 for x in p] for chart in RULERS}
    assert p[np.argmin(about["p"])] == pytest.approx(0.5) == p[np.argmax(about["log-odds"])]
    np.testing.assert_allclose(about["arc length"], 1, rtol=1e-12)


@pytest.mark.parametrize("p", [0.9, 0.5, 0.03])
def test_every_term_of_the_live_formula_is_one_over_n(p):
    """se² / (p(1 − p)) = seφ² = p(1 − p) seη² = 1/n, the factors being the metric of each chart."""
    for chart in RULERS:
        above, below = formula.factored(formula.coefficients(COIN, chart)[0, 0])
        factor = float((above / below).subs(COIN.symbols[0], p))
        assert factor * standard_error(p, chart, 400) ** 2 == pytest.approx(1 / 400, rel=1e-12)


def test_the_live_formula_has_a_place_for_each_of_its_numbers():
    said = formula.rulers(COIN, {"p": "p", "arc length": "φ", "log-odds": "η"}, "n", "fr.length", "about")
    assert set(said["slots"]) == {"n", "se0", "below0", "se1", "se2", "above2", "d", "flips"}
    for slot in said["slots"]:
        assert f'data-slot="{slot}"' in said["mathml"]
    assert "<mn>1.645</mn>" in said["mathml"]


def test_the_badge_holds_both_distances_against_each_other():
    said = checks.coins(COIN, "arc length", [0.9], [0.99])
    assert "e−1" in said[0] and said[1].startswith("61 flips")
    assert checks.flips(0.5, 0.5001).startswith("more than 20,000")
    assert checks.flips(0.5, 0.5).startswith("no number")
