"""Every number the Coin page quotes, computed by the library."""

import numpy as np
import pytest
from test_words import says

import fimviz
from fimviz import sample_size
from fimviz.atlas import chart_map
from fimviz.metric import fisher_metric
from fimviz.stage import scene
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
