"""Densities of observations with two coordinates, and the response curves of regressions, in a browser."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from test_stage_scene import Stage

from fimviz.families import normal_mean
from fimviz.family import POSITIVE, Family, Parameter, Response, Support
from fimviz.stage import scene as scenes
from fimviz.stage.stage import plain
from fimviz.theme import tokens

PLACE = normal_mean.FAMILY
PROPORTIONS = Family(
    slug="proportions",
    title="Proportions",
    parameters=(Parameter("a", POSITIVE, (0.4, 12), 2.0), Parameter("b", POSITIVE, (0.4, 12), 3.0)),
    support=Support("simplex", (0, 1)),
    log_density=lambda x, a, b: (
        (a - 1) * sp.log(x[0]) + (b - 1) * sp.log(x[1]) + 3 * sp.log(1 - x[0] - x[1])
        + sp.loggamma(a + b + 4) - sp.loggamma(a) - sp.loggamma(b) - sp.loggamma(4)
    ),
    statistics=lambda x: (sp.log(x[0]), sp.log(x[1])),
    natural=lambda n1, n2: (n1 + 1, n2 + 1),
    pair=((2, 6), (8, 3)),
)  # fmt: skip
LABELS = Family(
    slug="labels",
    title="Labels",
    parameters=(Parameter("b0", view=(-3, 3), default=0.0), Parameter("b1", view=(-3, 3), default=1.0)),
    support=Support("labels", (-0.5, 1.5), labels=3),
    log_density=lambda x, b0, b1: sum(
        label * (b0 + b1 * at) - sp.log(1 + sp.exp(b0 + b1 * at)) for label, at in zip(x, (-1, 0, 2), strict=True)
    ),
    natural=lambda n1, n2: (n1, n2),
    pair=((-1.5, 0.5), (1.0, 2.0)),
    response=Response(lambda t, b0, b1: 1 / (1 + sp.exp(-b0 - b1 * t)), (-4, 4), "probability", view=(0, 1)),
)
ROWS = [
    {"label": "Fisher–Rao", "role": "fisher", "path": "fr", "ghosts": 7, "at": "t", "note": "halfway",
     "extra": [{"mixture": ["A", "B"], "role": "data", "label": "mixture"}]},
    {"label": "exponential", "role": "e", "path": "e", "ghosts": 7, "at": "t"},
]  # fmt: skip


def scene(family, rows=None, values=None, **change):
    a, b = family.pair
    marks = [{"kind": "path", "of": "fr", "role": "fisher"}]
    marks += [{"kind": "handle", "value": v, "label": v, "name": v} for v in "AB"]
    key = next(iter(family.charts))
    data = {
        "v": 1, "rev": 1, "tokens": tokens(), **scenes.base(family, {"main": key}),
        "values": {"A": list(a), "B": list(b), "t": 0.5, "n": 20, **(values or {})},
        "computed": [
            {"id": "fr", "verb": "connect", "from": "A", "to": "B"},
            {"id": "e", "verb": "affine", "in": "natural", "from": "A", "to": "B"},
            {"id": "ellipse", "verb": "ellipse", "at": "A", "radius": 0.5},
        ],
        "panels": [scenes.plane(family, key, marks, points=(a, b)), scenes.densities(family, rows or ROWS)],
        "sentence": "", "nudge": False, **change,
    }  # fmt: skip
    return plain(data)


@pytest.fixture
def open_stage(browser_page):
    yield lambda *args, **given: Stage(browser_page, scene(*args, **given))
    assert browser_page.console_errors == []


def outlines(stage, cell):
    """The two filled outlines of a small picture, in units of its plane."""
    half, most = stage[
        f"""(() => {{
          const {{cache}} = stage().views[1], cell = cache.get("cells").made[{cell}], {{box, scale}} = cell;
          const [X0, , Y0] = cache.get("surface").made.picture;
          return cache.get("main{cell}").made.map((pts) => [...pts].map((p, i) =>
            i % 2 ? Y0 + (box.y + box.h - p) / scale : X0 + (p - box.x) / scale));
        }})()"""
    ]
    return [np.reshape(pts, (-1, 2))[np.isfinite(np.reshape(pts, (-1, 2))).all(1)] for pts in (half, most)]


def test_outlines_on_the_plane_hold_their_shares(open_stage):
    stage = open_stage(PLACE, values={"A": [-2, -1], "B": [2, 1.5]})
    for outline, share in zip(outlines(stage, 0), (0.5, 0.9), strict=True):
        assert len(outline) > 30
        radius = np.hypot(*(outline - [0, 0.25]).T)
        np.testing.assert_allclose(radius, np.sqrt(-2 * np.log(1 - share)), rtol=0.015)
    told = stage["stage().views[1].pen.back.filter((i) => i.t === 'text').map((i) => i.text)"]
    assert "outlines hold 50 % and 90 %, thin ones 50 %" in told and "x₁" in told
    assert stage["[...stage().views[1].cache.get('ghosts0').made].filter(Number.isNaN).length / 2"] == 7


def test_outlines_of_proportions_hold_their_shares_in_the_triangle(open_stage):
    theta = [2.0, 3.0]
    row = {"point": "A", "label": "A", "rim": "ellipse", "count": 5}
    stage = open_stage(PROPORTIONS, rows=[row], values={"A": theta})
    draws = np.random.default_rng(5).dirichlet([*theta, 4], 40_000)[:, :2]
    logs = np.sort(PROPORTIONS.log_probability(draws, theta))
    for outline, share in zip(outlines(stage, 0), (0.5, 0.9), strict=True):
        second = outline[:, 1] / np.sqrt(3)
        x = np.stack([(1 - second - outline[:, 0]) / 2, second], axis=1)
        heights = PROPORTIONS.log_probability(x, theta)
        step = 1e-6 * np.eye(2)
        steep = [PROPORTIONS.log_probability(x + h, theta) - PROPORTIONS.log_probability(x - h, theta) for h in step]
        away = np.abs(heights - np.median(heights)) / np.hypot(*steep) * 2e-6
        # a side of the triangle is 1 long, and about two hundred pixels
        assert away.max() < 0.005
        assert 1 - np.searchsorted(logs, np.median(heights)) / len(logs) == pytest.approx(share, abs=0.012)


@pytest.mark.parametrize("spread", [1.0, 0.02])
def test_a_narrow_density_is_found_however_small(browser_page, spread):
    stage = Stage(browser_page, scene(PLACE))
    radius = stage.page.evaluate(
        """async (spread) => {
          const {massOutlines} = await import("/levels.js"), {reader, surfaceOf} = await import("/surface.js");
          const surface = surfaceOf({x: [-6, 6]}), norm = Math.log(2 * Math.PI * spread * spread);
          const square = (x, y) => (x - 1.234) ** 2 + (y + 2.345) ** 2;
          const log = ([a, b]) => a.map((x, i) => -square(x, b[i]) / (2 * spread * spread) - norm);
          const [pts] = massOutlines(reader(surface, log), surface.window, [0.5], 48), radii = [];
          for (let i = 0; i < pts.length; i += 2) radii.push(Math.hypot(pts[i] - 1.234, pts[i + 1] + 2.345) / spread);
          return radii.filter(Number.isFinite);
        }""",
        spread,
    )
    np.testing.assert_allclose(radius, np.sqrt(2 * np.log(2)), rtol=0.02)
    assert browser_page.console_errors == []


def test_responses_are_those_of_the_members_along_the_path(open_stage):
    stage = open_stage(LABELS, rows=[*ROWS, {"point": "B", "label": "B", "rim": "ellipse", "count": 6}])
    along, ghosts, point, rim = stage[
        """(() => {
          const {frame: {rows}} = stage().views[1].pen, flat = ({xs, ys}) => [[...xs], [...ys]];
          return [flat(rows[1].curves[0]), rows[1].ghosts.map(flat), flat(rows[2].curves[0]), rows[2].ghosts.length];
        })()"""
    ]
    a, b = map(np.array, LABELS.pair)
    sigmoid = lambda theta, t: 1 / (1 + np.exp(-theta[0] - theta[1] * np.array(t)))  # noqa: E731
    np.testing.assert_allclose(along[1], sigmoid((a + b) / 2, along[0]), rtol=1e-9)
    assert len(ghosts) == 7 and rim == 6
    for k, (xs, ys) in enumerate(ghosts):
        np.testing.assert_allclose(ys, sigmoid(a + k / 6 * (b - a), xs), rtol=1e-9)
    np.testing.assert_allclose(point[1], sigmoid(b, point[0]), rtol=1e-12)
    line = "Math.max(...stage().views[0].pen.front.map((i) => (i.stroke === '#0A3A8A' && !i.closed ? i.width : 0)))"
    rest = stage[line]
    box = stage.page.locator(".fv-curves .fv-layer").bounding_box()
    stage.page.mouse.move(box["x"] + 30, box["y"] + 40)
    stage.settle()
    assert stage[line] > 1.3 * rest


@pytest.mark.parametrize("family", [PLACE, PROPORTIONS, LABELS], ids=lambda f: f.slug)
def test_they_follow_a_hand_and_are_saved(open_stage, family):
    stage = open_stage(family)
    before = stage["stage().svg()"]
    stage.drag("A", 40, -25)
    during = stage["stage().svg()"]
    stage.page.mouse.up()
    stage.settle()
    after = stage["stage().svg()"]
    assert before not in (during, after)
    for svg in (before, during, after):
        assert "NaN" not in svg and "undefined" not in svg
    stage.resize(390, 844)
    assert stage["document.documentElement.scrollWidth"] <= 390
