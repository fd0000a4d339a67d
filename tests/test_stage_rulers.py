"""Several rulers for one parameter, and what is drawn from a member: the stage's numbers against the library's."""

import numpy as np
import pytest
from test_stage_scene import Stage
from test_stage_scene import scene as plain_scene

import fimviz
from fimviz.atlas import chart_map
from fimviz.metric import fisher_metric
from fimviz.stage import scene
from fimviz.stage.model import describe, describe_chart

COIN, POISSON, NORMAL = (fimviz.CATALOG[slug] for slug in ("bernoulli", "poisson", "normal"))
RULERS = ("p", "arc length", "log-odds")
COINS = scene.evenly(COIN, "arc length", 15)


def coins(p, n):
    """A coin on three rulers, with the estimate from n flips."""
    radius, marks = scene.standard_error("n"), []
    for row, key in enumerate(RULERS):
        place = {"row": row}
        own = {"kind": "interval", "at": "p", "radius": radius, "caps": True, "lift": 16}
        handle = {"kind": "handle", "value": "p", "label": "{xi:.2f}", "name": key, "said": "at {xi:.3f}"}
        bars = {"kind": "intervals", "id": f"bars{row}", "points": COINS, "radius": radius, "apart": True}
        dot = {"kind": "dot", "at": "hat", "role": "data", "label": "estimate" if row == 0 else ""}
        marks += [{**mark, **place} for mark in (bars, own, dot, handle)]
    rows = {key: {"label": key} for key in RULERS}
    shares = scene.shares(COIN, [{"point": "p", "draws": "flips", "label": "flips"}], ["tails", "heads"])
    return plain_scene(
        family="coin",
        model=describe(COIN),
        charts={key: describe_chart(COIN, key) for key in RULERS},
        values={"p": [p], "n": n, "show": []},
        computed=[
            {"id": "flips", **scene.flips(COIN, "p", "n", (7, 0))},
            {"id": "hat", "verb": "point", "at": ["flips.mean"]},
            *scene.standard_errors(RULERS, "p", "n"),
        ],
        panels=[scene.rulers(COIN, rows, marks, COINS, [[p]]), shares],
        scrubber=None, predict=None, formula=None, sentence="p = {p.p:.2p}",
    )  # fmt: skip


def bars_of(stage, row):
    """Pixels (begin, end) of the bars of a row, from the left."""
    hits = stage.page.evaluate(
        f"Array.from(window.stage().views[0].pen.hits.find((h) => h.id === 'bars{row}').pts, (x) => x ?? NaN)"
    )
    ends = np.sort(np.array(hits, float).reshape(-1, 3, 2)[:, :2, 0], axis=1)
    return ends[np.argsort(ends[:, 0])]


@pytest.mark.parametrize(("family", "theta"), [(COIN, 0.9), (COIN, 0.01), (POISSON, 2.5)])
def test_draws_invert_the_distribution_function(browser_page, family, theta):
    spec = scene.flips(family, "theta", "n", (3, 1))
    data = plain_scene(
        **scene.base(family, {"main": next(iter(family.charts))}),
        values={"theta": [theta], "n": 700, "show": []},
        computed=[{"id": "x", **spec}],
        panels=[scene.densities(family, [{"point": "theta"}])],
        **dict.fromkeys(("scrubber", "predict", "formula")),
        sentence="",
    )
    stage = Stage(browser_page, data)
    counts = stage.page.evaluate("Array.from(window.stage().scene.results.get('x').counts)")
    xs = np.array(spec["xs"])
    below = np.cumsum(np.exp(family.density_tape(xs, theta)[..., 0]))
    index = np.minimum(np.searchsorted(below, spec["uniforms"][:700], side="right"), xs.size - 1)
    assert counts == np.bincount(index, minlength=xs.size).tolist()
    assert stage.page.evaluate("window.stage().scene.lookup('x.mean')") == pytest.approx(xs[index].mean())


@pytest.mark.parametrize("chart", ["mu, sigma", "mu, variance", "mu, log sigma"])
def test_deviations_are_the_roots_of_the_cramer_rao_bound(browser_page, chart):
    theta, n = [0.4, 1.7], 50
    each = {"verb": "deviation", "at": "A", "chart": "other", "radius": scene.standard_error("n")}
    computed = [{"id": f"d{i}", "coordinate": i, **each} for i in range(2)]
    data = plain_scene(
        charts={"main": describe_chart(NORMAL, "mu, sigma"), "other": describe_chart(NORMAL, chart)},
        values={"A": theta, "B": [3, 0.6], "t": 0.5, "n": n, "show": []},
        computed=computed,
    )
    found = [Stage(browser_page, data).page.evaluate(f"window.stage().scene.lookup('d{i}')") for i in range(2)]
    bound = fimviz.cramer_rao(fisher_metric(NORMAL, chart), chart_map(NORMAL, chart).to(theta), n)
    assert found == pytest.approx(np.sqrt(np.diag(bound)), rel=1e-12)


@pytest.mark.parametrize("n", [4, 7, 20, 60, 100, 104, 110, 400, 1000])
def test_no_two_bars_touch_on_any_ruler_and_all_rulers_show_the_same_coins(browser_page, n):
    stage = Stage(browser_page, coins(0.9, n))
    rows = [bars_of(stage, row) for row in range(3)]
    assert len({len(row) for row in rows}) == 1
    for ends in rows:
        assert np.all(ends[1:, 0] - ends[:-1, 1] > 3)
    widths = rows[1][:, 1] - rows[1][:, 0]
    assert widths == pytest.approx(widths[0], rel=1e-9)
    assert len(rows[0]) == 15 or n < 200


def test_an_estimate_at_the_edge_is_shown_at_the_end_and_at_infinity(browser_page):
    stage = Stage(browser_page, coins(0.9, 5))
    assert stage.page.evaluate("window.stage().scene.lookup('flips.mean')") == 1
    picture = stage.page.evaluate("window.stage().svg()")
    assert "∞" in picture and "estimate" in picture
    assert stage.page.evaluate("window.stage().views[0].pen.notices") == []


def test_every_draw_is_a_dot(browser_page):
    for n in (4, 137, 1000):
        stage = Stage(browser_page, coins(0.7, n))
        dots = stage.page.evaluate("window.stage().views[1].pen.front.find((item) => item.t === 'dots').pts.length / 2")
        assert dots == n


def test_a_full_bar_of_draws_is_as_high_as_their_share(browser_page):
    stage = Stage(browser_page, coins(0.5, 1000))
    pts, share = stage.page.evaluate(
        """() => { const { pen } = window.stage().views[1], s = window.stage().scene;
        return [pen.front.find((item) => item.t === "dots").pts, s.lookup("flips.mean")]; }"""
    )
    xy = np.array(pts).reshape(-1, 2)
    left = xy[:, 0] < xy[:, 0].mean()
    heights = [np.ptp(xy[side, 1]) for side in (left, ~left)]
    assert heights[1] / heights[0] == pytest.approx(share / (1 - share), rel=0.06)


def test_a_handle_beyond_its_ruler_waits_at_the_end(browser_page):
    stage = Stage(browser_page, coins(0.5, 100))
    stage.page.evaluate("window.again({rev: 2, values: {p: [0.9999999], n: 100, show: []}})")
    stage.settle()
    width = stage.page.evaluate("window.stage().views[0].width")
    places = stage.page.evaluate("window.stage().views[0].pen.handles.map((h) => h.x)")
    assert all(0 < x < width for x in places)


def test_each_handle_says_its_own_ruler(browser_page):
    stage = Stage(browser_page, coins(0.9, 100))
    handles = "[...window.root.querySelectorAll('[role=slider][data-value=p]')]"
    said = stage.page.evaluate(f"{handles}.map((node) => node.getAttribute('aria-valuetext'))")
    assert said == ["at 0.900", "at 2.498", "at 2.197"]
    assert ">2.50<" in stage.page.evaluate("window.stage().svg()")


def test_the_curves_are_the_entropy_and_the_information(browser_page):
    p = np.linspace(0.05, 0.95, 19)
    rows = [
        scene.entropy_row(COIN, role="euclid"),
        *(scene.information_row(COIN, key, role="fisher") for key in RULERS),
    ]
    drawn = browser_page.evaluate(
        """async ([tapes, ps]) => { const { compileTape } = await import("/tape.js");
        return tapes.map(compileTape).map((tape) => ps.map((p) => tape.at([p])[0])); }""",
        [[row["curves"][0]["tape"] for row in rows], p.tolist()],
    )
    wanted = [fimviz.entropy(COIN, p[:, None]) / np.log(2)]
    for key in RULERS:
        wanted.append(fisher_metric(COIN, key).matrix(chart_map(COIN, key).to(p[:, None]))[:, 0, 0])
    np.testing.assert_allclose(drawn, wanted, rtol=1e-12)
