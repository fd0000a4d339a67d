"""Every number that the Experiments page quotes, computed from its set-up."""

import numpy as np
import pytest
from scipy.special import expit
from test_words import says

from fimviz import designs, laplace
from fimviz.words import words

FIRST, TRUTH, GRID = [-3, -1, 1, 3], (0, 1.5), np.linspace(-3, 3, 121)


def spread(more, theta=TRUTH):
    return designs.spreads(designs.total([*FIRST, *more], theta))[1]


def test_the_best_pair():
    low, high = designs.best_pair((0, 1))
    says("experiments", "notes", "best", values=[high], form="{:.3f}")
    says("experiments", "notes", "best", values=[expit(low), expit(high), expit(0)])
    # the pair that the page opens with is the best one, to the digits of its address
    assert designs.best_pair(TRUTH)[1] == pytest.approx(1.03, abs=5e-3)
    assert "any single input has determinant zero" in words("experiments")["notes"]["best"]
    assert np.linalg.det(designs.total([0.0] * 7, TRUTH)) == pytest.approx(0, abs=1e-12)
    assert "p = 0.50" in words("experiments")["least_sure"]


def test_most_uncertain():
    asked = designs.compared(FIRST, TRUTH, GRID, 20)
    assert np.all(asked["uncertainty"] == 0)
    values = [spread(asked[rule]) for rule in ("uncertainty", "determinant", "even")]
    says("experiments", "notes", "uncertain", values=values)
    assert f"{spread([]):.2f}" == f"{values[0]:.2f}" == "1.42"
    card = words("experiments")["predict"]
    assert f"its spread stays {values[0]:.2f}" in card["reveal"]
    assert card["options"][card["answer"]] == "No better than before"


def test_wrong_guess():
    steep = designs.efficiency(designs.best_pair((0, 1.5)), (0, 0.5))
    shallow = designs.efficiency(designs.best_pair((0, 0.5)), (0, 1.5))
    says("experiments", "notes", "wrong", values=[100 * steep, 100 * shallow], form="{:.0f} %")


@pytest.mark.parametrize(("preset", "heads", "flips"), [("one", 1, 10), ("ten", 10, 100)])
def test_bells(preset, heads, flips):
    errors = [laplace.laplace(heads, flips, chart).total_variation for chart in ("p", "log-odds", "arc length")]
    says("experiments", "notes", preset, values=errors, form="{:.3f}")
    if preset == "one":
        outside = laplace.laplace(heads, flips, "p").outside
        says("experiments", "notes", "one", values=[100 * outside], form="{:.1f} %")
