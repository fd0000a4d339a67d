"""The claims: each whole, each number in its reason computed, each link a state that opens as written."""

import re

import numpy as np
import pytest
from test_app import settled, values
from test_pages import opened
from test_words import METRIC, NORMAL, half, length
from waiting import becomes

import fimviz
from fimviz import CATALOG, designs, laplace, networks, pruning, ui
from fimviz.words import words

CLAIMS = {claim.key: claim for claim in ui.every_claim()}
VERDICTS = words("claims")["verdicts"]
GRID = designs.grid(3)


def numbers(key):
    """The numbers with a decimal point or a percent sign that a reason quotes."""
    return re.findall(r"(?<![\d.])\d+\.\d+|\d+(?= %)", CLAIMS[key].because)


def test_there_are_enough_and_every_set_has_some():
    assert len(CLAIMS) == len(ui.every_claim()) >= 12
    for name in ("six", "article", "textbooks", "deep"):
        assert len(ui.claims_of(name)) >= 4
    assert len(ui.claims_of("six")) == 6
    # the article, sentence by sentence
    assert len(ui.claims_of("article")) == 12
    assert {claim.verdict for claim in CLAIMS.values()} == set(VERDICTS)


@pytest.mark.parametrize("key", CLAIMS)
def test_a_claim_opens_the_state_that_shows_it(key):
    claim = CLAIMS[key]
    assert claim.verdict in VERDICTS
    app = opened(claim.page, **claim.link)
    assert not app.exception
    assert not any("Opened with" in node.value for node in app.markdown)


def test_the_claims_page_opens_in_every_set():
    for query in ({}, {"which": "article"}, {"which": "all", "exam": "1"}, {"which": "nonsense", "open": "x"}):
        assert not opened("claims", **query).exception


def test_an_exam_shows_no_verdict():
    app = opened("claims", which="all", exam="1", open=",".join(CLAIMS))
    said = " ".join(node.value for node in app.markdown)
    assert all(claim.text in said for claim in CLAIMS.values())
    assert not any(claim.because in said for claim in CLAIMS.values())


def test_an_address_opens_reasons_and_links():
    claim = CLAIMS["faster"]
    assert not any(claim.because in node.value for node in opened("claims").markdown)
    app = opened("claims", open="biased,faster")
    said = next(node.value for node in app.markdown if claim.because in node.value)
    assert f"**{VERDICTS[claim.verdict]}.**" in said


def test_a_chosen_verdict_opens_the_reason_and_leads_to_the_state(app_page):
    claim = CLAIMS["hessian"]
    app_page.failed = []
    app_page.goto("/claims")
    app_page.get_by_role("combobox", name=claim.text).click()
    app_page.get_by_role("option", name="False as stated").click()
    app_page.get_by_text(f"You said: False as stated. {VERDICTS[claim.verdict]}.").wait_for()
    becomes(app_page, lambda: "open=biased" in app_page.url)
    app_page.get_by_role("link", name="See it: Ellipses").first.click()
    settled(app_page)
    assert values(app_page)["n"] == 200
    assert values(app_page)["show"] == ["cloud", "from", "to"]
    app_page.go_back()
    app_page.get_by_text(f"{VERDICTS[claim.verdict]}.").first.wait_for()
    assert not [text for text in app_page.console_errors if "404" not in text]


def test_coins():
    error = [np.sqrt(p * (1 - p) / 100) for p in (0.9, 0.5)]
    odds = [1 / np.sqrt(100 * p * (1 - p)) for p in (0.9, 0.5)]
    wanted = [f"{error[0]:.3f}", f"{error[1]:.3f}", f"{odds[0]:.2f}", f"{odds[1]:.2f}", f"{100 * 0.9**5:.0f}"]
    assert [n for n in numbers("biased") if n != "0.9"] == wanted
    metric = fimviz.fisher_metric(CATALOG["bernoulli"])
    apart = [f"{fimviz.distance(metric, [p], [q]):.3f}" for p, q in ((0.01, 0.1), (0.5, 0.6))]
    assert [numbers("sensitive")[i] for i in (2, 5)] == apart


def test_descents():
    start, target = (-1.5, 2.0), (1.5, 0.5)
    steps = [
        fimviz.descend(NORMAL, start, target, chart="natural", rule=rule, step=step).steps
        for rule, step in (("natural", 0.1), ("plain", 0.1), ("plain", 1.14))
    ]
    assert re.findall(r"(?<![\d.])\d+(?!\.?\d)", CLAIMS["faster"].because) == [str(n) for n in steps]
    # computed in test_words.py for the note of the page
    assert all(f"{n} " in words("descent")["notes"]["small"] for n in numbers("invariant")[::2])


def test_experiments():
    truth = (0, 0.5), (0, 1.5)
    shares = [100 * designs.efficiency(designs.best_pair(a), b) for a, b in (truth[::-1], truth)]
    assert numbers("determinant") == [f"{share:.0f}" for share in shares]
    errors = [laplace.laplace(1, 10, chart).total_variation for chart in ("p", "arc length")]
    assert numbers("precision") == [f"{e:.3f}" for e in errors]
    first = [-3, -1, 1, 3]
    asked = designs.compared(first, truth[1], GRID, 20)
    spreads = [
        designs.spreads(designs.total([*first, *asked[r]], truth[1]))[1] for r in ("uncertainty", "determinant", "even")
    ]
    assert numbers("unsure") == [f"{s:.2f}" for s in spreads]


def test_networks():
    step, empirical = networks.regression_steps((3, 2))
    share = 100 * np.linalg.norm(empirical) / np.linalg.norm(step)
    assert f"{share:.0f} %" in CLAIMS["empirical"].because
    assert f"{np.degrees(networks.angle(step, empirical)):.0f}°" in CLAIMS["empirical"].because
    net = networks.Network((2, 3, 3))
    rank = networks.rank(networks.fisher(net, *networks.drawn(net, 400)))
    assert f"Rank {rank} of {net.size}" in CLAIMS["inverse"].because
    found = pruning.ranking(pruning.six_inputs())
    assert np.argmin(found.fisher) == np.argmax(found.cost_refitted)


def test_normals():
    p, q = (-3, 0.6), (3, 0.6)
    assert numbers("average") == ["0.6", "0.6", f"{half(p, q, 0)[1]:.2f}", f"{half(p, q, -1)[1]:.2f}"]
    lengths = [length(p, q, 1), length(p, q, -1), float(fimviz.distance(METRIC, p, q))]
    assert numbers("straight") == [f"{x:.2f}" for x in lengths]
    # the numbers of these three are computed in test_words.py for the notes they are taken from
    notes = words("ellipses")["notes"]
    assert all(n in notes["four"] for n in numbers("kl"))
    assert all(n in notes["below"] for n in numbers("bound"))
    assert all(n in words("ellipses")["caption_normal"] for n in numbers("inside") if n != "95")


def test_a_projector_shows_sentences_and_verdicts_that_can_be_read(app_page):
    """Nothing smaller than 1/48 of the screen's height."""
    app_page.set_viewport_size({"width": 1920, "height": 1080})
    app_page.goto("/claims?present=1")
    app_page.get_by_text("See it").first.wait_for()
    sizes = app_page.evaluate(
        """[...document.querySelectorAll("[data-testid=stMain] :is(p, li, a, input)")]
        .filter((e) => e.matches("input") || [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
        .filter((e) => e.getClientRects().length)
        .map((e) => [parseFloat(getComputedStyle(e).fontSize), e.textContent || e.placeholder])"""
    )
    assert len(sizes) > 12
    assert [text for size, text in sizes if size < 1080 / 48] == []
