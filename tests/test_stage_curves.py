"""Panels of curves in a browser: functions as tapes over live values, without a family."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import sympy as sp
from test_stage_scene import Stage

from fimviz.stage.stage import plain
from fimviz.tape import lower
from fimviz.theme import tokens

x, mu, sigma, rate = sp.symbols("x mu sigma lambda", real=True)
LOG = -sp.log(sigma) - (x - mu) ** 2 / (2 * sigma**2) - sp.log(2 * sp.pi) / 2
DENSITY = sp.exp(LOG)
SCORE = sp.diff(LOG, mu)
TAPES = {
    "log": lower([LOG], (x, mu, sigma)),
    "score": lower([SCORE], (x, mu, sigma)),
    "balance": lower([SCORE * DENSITY], (x, mu, sigma)),
    "moment": lower([SCORE**2 * DENSITY], (x, mu, sigma)),
    "density": lower([DENSITY], (x, mu, sigma)),
}
INFORMATION = lower([1 / sigma**2, 2 / sigma**2], (mu, sigma))
POISSON = lower([sp.exp(x * sp.log(rate) - rate - sp.loggamma(x + 1))], (x, rate))


def curve(name, **more):
    return {"id": name, "tape": TAPES[name].as_dict(), "inputs": ["x", "theta"], "role": "fisher", **more}


def rows():
    slider = {"kind": "handle", "value": "datum", "on": "log", "name": "Datum", "label": "x"}
    dot = {"kind": "dot", "x": "datum", "on": "score", "role": "data", "name": "at the datum", "label": "{here:.2f}"}
    return [
        {"id": "first", "label": "log-density", "curves": [curve("log")], "marks": [slider]},
        {"id": "second", "label": "score", "curves": [curve("score", role="ink")],
         "marks": [dot, {"kind": "dropline", "x": "datum", "from": "score"}]},
        {"label": "score × density", "curves": [curve("balance", fill="signed")]},
        {"label": "score² × density: {information.0:.2f}", "curves": [curve("moment", fill="area", role="m")]},
        {"label": "density", "curves": [curve("density", role="data", label="p(x)", label_at="theta.mu")]},
    ]  # fmt: skip


def panel(**change):
    guide = {"kind": "guide", "x": "theta.mu", "label": "μ"}
    axes = {"x": {"label": "datum x"}}
    return {"id": "rows", "area": "picture", "kind": "curves", "x": [-6, 6], "axes": axes, "rows": rows(),
            "marks": [guide], **change}  # fmt: skip


def scene(**change):
    spread = {"name": "sigma", "symbol": "σ", "label": "spread", "lo": 0}
    data = {
        "v": 1,
        "rev": 1,
        "tokens": tokens(),
        "values": {"theta": [0.5, 1.2], "datum": 1.5},
        "coordinates": {"theta": [{"name": "mu", "symbol": "μ", "label": "mean"}, spread]},
        "limits": {"theta": [[-4, 4], [0.2, 3]], "datum": [-5, 5]},
        "computed": [
            {"id": "information", "verb": "tape", "tape": INFORMATION.as_dict(), "inputs": ["theta"]},
            {"id": "here", "verb": "tape", "tape": TAPES["score"].as_dict(), "inputs": ["datum", "theta"]},
            {"id": "mean", "verb": "integral", "tape": TAPES["balance"].as_dict(), "inputs": ["x", "theta"],
             "x": [-14, 14], "label": "mean of the score"},
            {"id": "square", "verb": "integral", "tape": TAPES["moment"].as_dict(), "inputs": ["x", "theta"],
             "x": [-14, 14]},
        ],
        "panels": [panel(), plane()],
        "sentence": "Score {here:.3f}, information {information.0:.3f} and {information.1:.3f}, "
        "mean {mean:.6f}, square {square:.6f}.",
        "nudge": False,
        **change,
    }  # fmt: skip
    return plain(data)


def plane(**change):
    handle = {"kind": "handle", "value": "theta", "label": "θ", "name": "Parameters"}
    axes = {"x": {"label": "mean μ"}, "y": {"label": "spread σ"}}
    return {"id": "plane", "area": "side", "kind": "plane", "chart": None, "window": [-4, 4, 0, 3], "axes": axes,
            "marks": [{"kind": "grid"}, handle], **change}  # fmt: skip


@pytest.fixture
def stage(browser_page):
    stage = Stage(browser_page, scene())
    yield stage
    assert browser_page.console_errors == []


def graph(stage, row, k=0):
    """(xs, ys, pixels as x and y) of a curve, and its scale."""
    got = stage[
        f"""(() => {{
          const {{frame, cache}} = stage().views[0].pen, place = frame.rows[{row}], curve = place.curves[{k}];
          const line = [...cache].find(([name]) => name === `trace {row} ${{curve.id}}`)[1].made;
          return [[...curve.xs], [...curve.ys], [...line], place.scale.y0, place.scale.y1, frame.x0, frame.x1,
                  frame.box.x, frame.box.w, place.top, place.floor];
        }})()"""
    ]
    xs, ys, line, y0, y1, x0, x1, left, width, top, floor = got
    px, py = np.array(line, float).reshape(-1, 2).T
    return (
        np.array(xs),
        np.array(ys),
        x0 + (px - left) / width * (x1 - x0),
        y0 + (floor - py) / (floor - top) * (y1 - y0),
    )


def test_every_point_of_every_curve_is_the_tape_evaluated(stage):
    for theta in ([0.5, 1.2], [-1.5, 0.3]):
        stage.page.evaluate("(theta) => again({rev: data.rev + 1, values: {...data.values, theta}})", theta)
        stage.settle()
        for row, name in enumerate(TAPES):
            xs, ys, drawn_x, drawn_y = graph(stage, row)
            assert xs[[0, -1]].tolist() == [-6, 6]
            expected = TAPES[name](xs, *theta)[..., 0]
            np.testing.assert_allclose(ys, expected, rtol=1e-12, atol=1e-14)
            on_line = TAPES[name](drawn_x, *theta)[..., 0]
            np.testing.assert_allclose(drawn_y, on_line, rtol=1e-9, atol=1e-9 * np.ptp(ys))
            assert len(drawn_x) < 1400


def test_the_curve_is_painted_where_its_numbers_are(stage):
    row, at = 4, 1.1
    pixel = stage[
        f"""(() => {{
          const view = stage().views[0], {{frame}} = view.pen, place = frame.rows[{row}], r = view.ratio;
          const y = place.scale.toY(place.curves[0].f.at({at})), x = frame.toX({at});
          return [...view.front.getContext("2d").getImageData(Math.round(x * r), Math.round(y * r), 1, 1).data];
        }})()"""
    ]
    ink = [int(tokens()["roles"]["data"]["light"][i : i + 2], 16) for i in (1, 3, 5)]
    assert np.abs(np.array(pixel[:3]) - ink).max() < 30 and pixel[3] > 240


def test_numbers_of_tapes_stand_in_sentences_and_in_the_table(stage):
    told = stage["root.querySelector('canvas[role=img]').getAttribute('aria-label')"]
    here, first = (1.5 - 0.5) / 1.2**2, 1 / 1.2**2
    assert f"Score {here:.3f}, information {first:.3f} and {2 * first:.3f}, mean 0.000000, square {first:.6f}." in told
    stage.page.get_by_role("button", name="Numbers").click()
    table = stage["root.querySelector('.fv-table').innerText"]
    assert f"score, at the datum\n{here:.4g}" in table and "mean of the score" in table
    field = stage.page.get_by_label("Datum", exact=True).and_(stage.page.locator("input"))
    field.fill("-2.25")
    field.press("Enter")
    stage.settle()
    assert stage.values["datum"] == -2.25
    field.fill("7")
    field.press("Enter")
    assert stage.values["datum"] == -2.25 and field.input_value() == "-2.25"
    spread = stage.page.get_by_label("Parameters spread")
    spread.fill("9")
    spread.press("Enter")
    assert stage.values["theta"] == [0.5, 1.2]


def test_a_handle_slides_along_its_curve_and_reports_on_release(stage):
    unit = stage["(() => { const {box, x0, x1} = stage().views[0].pen.frame; return box.w / (x1 - x0); })()"]
    stage.drag("datum", -2 * unit, 45)
    assert stage.sent == []
    assert stage.values["datum"] == pytest.approx(-0.5, abs=0.02)
    expected = TAPES["log"](stage.values["datum"], 0.5, 1.2)[0]
    text = stage.handle("datum").get_attribute("aria-valuetext")
    assert text == f"{stage.values['datum']:.2f}, log-density {expected:.3g}".replace("-", "−").replace("log−", "log-")
    box, view = stage.handle("datum").bounding_box(), stage.page.locator(".fv-curves").bounding_box()
    place = stage["(() => { const {x, y} = stage().views[0].pen.handles[0]; return [x, y]; })()"]
    centre = [box["x"] + box["width"] / 2 - view["x"], box["y"] + box["height"] / 2 - view["y"]]
    assert centre == pytest.approx(place, abs=0.6)
    stage.page.mouse.up()
    stage.settle()
    [[_, state]] = stage.sent
    assert state["event"] == "drag" and state["values"]["datum"] == stage.values["datum"]
    stage.page.keyboard.press("z")
    stage.settle()
    assert stage.values["datum"] == 1.5 and stage.sent[-1][1]["event"] == "undo"


def test_arrows_a_click_and_the_limits(stage):
    stage.handle("datum").focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft", "Alt+ArrowRight"):
        stage.page.keyboard.press(key)
    assert stage.reports(1)[-1][1]["event"] == "key"
    assert stage.values["datum"] == pytest.approx(1.5 + 0.2 * (1 + 1 - 10 + 0.1), abs=1e-9)
    for _ in range(4):
        stage.page.keyboard.press("Shift+ArrowRight")
    assert stage.values["datum"] == 5
    node = stage.handle("datum")
    assert [node.get_attribute(f"aria-value{end}") for end in ("min", "max", "now")] == ["-5", "5", "5"]
    assert node.get_attribute("aria-label") == "Datum"
    box = stage.page.locator(".fv-curves .fv-layer").bounding_box()
    stage.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.7)
    stage.settle()
    assert stage.sent[-1][1]["event"] == "click" and abs(stage.values["datum"]) < 0.05


def test_a_value_on_the_other_side_and_a_coordinate_of_a_point(browser_page):
    mirror = {"kind": "handle", "value": "datum", "sign": -1, "on": "log", "name": "Other side", "label": "−x"}
    mean = {"kind": "handle", "value": "theta", "coordinate": 0, "name": "Mean", "label": "μ"}
    given = [{**rows()[0], "marks": [*rows()[0]["marks"], mirror]}, {**rows()[4], "marks": [mean]}]
    stage = Stage(browser_page, scene(panels=[panel(rows=given)]))
    stage.slider("Other side").focus()
    stage.page.keyboard.press("ArrowRight")
    assert stage.values["datum"] == pytest.approx(1.3)
    stage.slider("Mean").focus()
    stage.page.keyboard.press("Shift+ArrowRight")
    assert stage.values["theta"] == pytest.approx([2.5, 1.2])
    assert stage.slider("Mean").get_attribute("aria-valuetext").startswith("2.50")
    assert browser_page.console_errors == []


def polygon(pts, frame):
    """Signed area of closed loops given in pixels, in units of x times y."""
    loops, loop = [], []
    for px, py in np.reshape(pts, (-1, 2)):
        if np.isfinite(px):
            loop.append((px, py))
        elif loop:
            loops.append(np.array(loop))
            loop = []
    unit_x, unit_y = frame
    total = 0.0
    for ring in [*loops, *([np.array(loop)] if loop else [])]:
        a, b = ring.T
        total += abs(np.dot(a, np.roll(b, 1)) - np.dot(b, np.roll(a, 1))) / 2
    return total / (unit_x * unit_y)


def test_signed_areas_are_what_they_enclose_and_differ_by_more_than_colour(stage):
    fills, units, clips = stage[
        """(() => {
          const {pen} = stage().views[0], place = pen.frame.rows[2], {box, x0, x1} = pen.frame;
          const within = (item) => item.pts?.[1] >= place.top - 1 && item.pts[1] <= place.floor + 1;
          const fills = pen.front.filter((item) => item.t === "path" && item.fill && within(item));
          return [fills.map(({fill, pts}) => [fill, [...pts]]),
                  [box.w / (x1 - x0), (place.floor - place.top) / (place.scale.y1 - place.scale.y0)],
                  pen.front.filter((item) => item.t === "clip" && item.pts).length];
        })()"""
    ]
    (above, positive), (below, negative) = fills
    assert above != below and clips == 1
    at = np.linspace(-6, 6, 200_001)
    values = TAPES["balance"](at, 0.5, 1.2)[:, 0]
    step = at[1] - at[0]
    assert polygon(positive, units) == pytest.approx(values[values > 0].sum() * step, rel=2e-3)
    assert polygon(negative, units) == pytest.approx(-values[values < 0].sum() * step, rel=2e-3)


def test_the_saved_figure_carries_the_same_points(stage):
    svg = stage["stage().svg()"]
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own drawing)
    assert "NaN" not in svg and "undefined" not in svg
    paths = [node.get("d") for node in root.iter("{http://www.w3.org/2000/svg}path")]
    lines = stage["stage().views[0].pen.front.filter((i) => i.t === 'path' && !i.closed).map((i) => [...i.pts])"]
    drawn = [[float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", d)] for d in paths if d]
    for line in lines:
        flat = [p for p in line if np.isfinite(p)]
        assert any(len(d) == len(flat) and np.allclose(d, flat, atol=0.006) for d in drawn)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}clipPath"))) >= 6
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"score", "p(x)", "μ", "datum x"} <= set(texts)


SCALES = "stage().views[0].pen.frame.rows.map(({scale}) => [scale.y0, scale.y1])"


def test_a_scale_only_grows_while_a_hand_moves(stage):
    x0, y0 = stage.centre("theta")
    stage.page.mouse.move(x0, y0)
    stage.page.mouse.down()
    seen = []
    for k in range(12):
        stage.page.mouse.move(x0 + 4 * k, y0 + 90 * np.sin(k / 2))
        seen.append(stage[SCALES])
    for before, after in itertools.pairwise(np.array(seen)):
        assert (after[:, 0] <= before[:, 0]).all() and (after[:, 1] >= before[:, 1]).all()
    stage.page.mouse.move(x0, y0)
    stage.page.mouse.up()
    stage.settle()
    rest = np.array(stage[SCALES])
    assert (rest[3, 1] - rest[3, 0]) < (seen[-1][3][1] - seen[-1][3][0])
    for row, name in enumerate(TAPES):
        values = TAPES[name](np.linspace(-6, 6, 999), *stage.values["theta"])
        assert rest[row, 0] <= values.min() and values.max() <= rest[row, 1]


def test_a_curve_its_row_and_its_label_light_up(stage):
    line = "stage().views[0].pen.front.find((i) => i.t === 'path' && i.stroke === '#14181D').width"
    rest = stage[line]
    box = stage.page.locator(".fv-curves .fv-layer").bounding_box()
    place = stage["(({top, floor}) => [top, floor])(stage().views[0].pen.frame.rows[1])"]
    stage.page.mouse.move(box["x"] + 20, box["y"] + place[0] + 8)
    stage.settle()
    assert stage[line] == pytest.approx(1.5 * rest)
    stage.page.mouse.move(5, 5)
    stage.settle()
    assert stage[line] == rest


def counts(**change):
    tape, weighted = POISSON.as_dict(), lower([POISSON_SCORE], (x, rate)).as_dict()
    given = [
        {"label": "probability", "curves": [{"id": "p", "tape": tape, "inputs": ["x", "rate"]}],
         "marks": [{"kind": "handle", "value": "count", "on": "p", "name": "Count", "label": "k"}]},
        {"label": "score", "curves": [{"id": "s", "tape": weighted, "inputs": ["x", "rate"], "fill": "signed"}]},
    ]  # fmt: skip
    picture = {"id": "d", "kind": "curves", "x": [0, 12], "discrete": True, "rows": given}
    return scene(panels=[picture], values={"rate": [3.2], "count": 4}, limits={}, coordinates={}, computed=[
        {"id": "all", "verb": "integral", "tape": tape, "inputs": ["x", "rate"], "xs": list(range(60))}],
        sentence="Sum {all:.6f}", **change)  # fmt: skip


POISSON_SCORE = (x / rate - 1) * sp.exp(x * sp.log(rate) - rate - sp.loggamma(x + 1))


def test_counts_are_stems_and_their_handle_stays_on_them(browser_page):
    stage = Stage(browser_page, counts())
    assert "Sum 1.000000" in stage["root.querySelector('canvas[role=img]').getAttribute('aria-label')"]
    xs, ys = stage["(({xs, ys}) => [[...xs], [...ys]])(stage().views[0].pen.frame.rows[0].curves[0])"]
    assert xs == list(range(13))
    np.testing.assert_allclose(ys, POISSON(np.arange(13), 3.2)[:, 0], rtol=1e-12)
    stage.handle("count").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        stage.page.keyboard.press(key)
    assert stage.values["count"] == 5
    stage.drag("count", 95, 0)
    stage.page.mouse.up()
    assert stage.values["count"] in (6, 7)
    filled, open_ = stage[
        """(() => {
          const {front, frame} = stage().views[0].pen, {y, h} = frame.rows[1];
          const heads = front.filter((i) => i.t === "dots" && i.pts[1] > y && i.pts[1] < y + h);
          return heads.map((i) => [i.pts.length / 2, Boolean(i.stroke)]);
        })()"""
    ]
    assert filled == [9, False] and open_ == [4, True]
    assert browser_page.console_errors == []


def test_ends_jumps_and_poles_of_functions(browser_page):
    one = {"log": sp.log(x - 1), "pole": 1 / x, "jump": sp.sign(x - 1.003)}
    curves = [{"id": name, "tape": lower([f], (x,)).as_dict(), "inputs": ["x"]} for name, f in one.items()]
    level = lower([1 / rate], (x, rate)).as_dict()
    curves.append({"id": "part", "tape": level, "inputs": ["x", "end"], "x": [0, "end"]})
    given = [{"curves": [curve]} for curve in curves]
    data = scene(panels=[panel(rows=given, marks=[], x=[-3, 3])], values={"end": 2}, computed=[], sentence="")
    stage = Stage(browser_page, data)
    xs, ys, *_ = graph(stage, 0)
    assert xs[np.isfinite(ys)].min() == pytest.approx(1, abs=1e-6)
    scales = np.array(stage[SCALES])
    assert scales[1, 1] < 20 and scales[1, 0] > -20
    lines = stage[
        "stage().views[0].pen.hits.filter((h) => h.pts).map((h) => [h.id, [...h.pts].filter(Number.isNaN).length])"
    ]
    assert dict(lines)["jump"] == 2
    part = stage["[...stage().views[0].pen.frame.rows[3].curves[0].xs]"]
    assert [part[0], part[-1]] == [0, 2]
    assert browser_page.console_errors == []


def test_an_ellipse_of_a_matrix_that_a_tape_computes(browser_page):
    a, b, c, z = sp.symbols("a b c z")
    computed = [
        {"id": "post", "verb": "ellipse", "tape": lower([a + z**2, b, c * z], (a, b, c, z)).as_dict(),
         "inputs": [[2.0, 0.6, 1.5], "datum"], "centre": "theta", "radius": {"op": "sqrt", "args": [5.991]}},
        {"id": "flat", "verb": "ellipse", "tape": lower([a, b, c], (a, b, c)).as_dict(), "inputs": [[1.0, 2.0, 4.0]],
         "centre": [0, "datum"]},
    ]  # fmt: skip
    marks = [
        {"kind": "ellipse", "of": "post", "fill": True, "label": "sd {post.sd1:.4f}"},
        {"kind": "ellipse", "of": "flat"},
    ]
    data = scene(
        computed=computed, panels=[plane(area="picture", marks=marks)], sentence="{post.correlation:.6f} {flat.sd0:.2f}"
    )
    stage = Stage(browser_page, data)
    offsets = np.array(stage["[...stage().scene.results.get('post').offsets]"]).reshape(-1, 2)
    m = np.array([[2 + 1.5**2, 0.6], [0.6, 1.5 * 1.5]])
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", offsets, m, offsets), 5.991, rtol=1e-10)
    inverse = np.linalg.inv(m)
    told = stage["root.querySelector('canvas[role=img]').getAttribute('aria-label')"]
    correlation = inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    assert f"{correlation:.6f} ∞".replace("-", "−") in told
    texts = stage["stage().views[0].pen.front.filter((i) => i.t === 'text').map((i) => i.text)"]
    assert f"sd {np.sqrt(inverse[1, 1]):.4f}" in texts
    flat = np.array(stage["[...stage().scene.results.get('flat').offsets]"]).reshape(-1, 2)
    assert np.abs(flat @ [1, 2]).max() <= 1.001 and np.abs(flat).max() > 1000
    assert browser_page.console_errors == []


def test_plain_handles_keep_the_shape_and_the_limits_of_their_values(browser_page):
    handle = {"kind": "handle", "value": "datum", "name": "Datum", "label": "x"}
    ruler = {"id": "r", "area": "side", "kind": "ruler", "chart": None, "window": [-6, 6], "marks": [handle],
             "rows": [{"label": "datum", "window": [-6, 6]}]}  # fmt: skip
    stage = Stage(browser_page, scene(panels=[plane(area="picture"), ruler]))
    stage.drag("datum", 2000, 0)
    stage.page.mouse.up()
    assert stage.values["datum"] == 5
    stage.drag("theta", 30, 2000)
    stage.page.mouse.up()
    stage.settle()
    mean, spread = stage.values["theta"]
    assert spread == 0.2 and mean > 0.6
    assert stage.handle("theta").get_attribute("aria-valuetext") == f"mean {mean:.2f}, spread 0.20"
    assert stage.sent[-1][1]["values"] == stage.values
    assert browser_page.console_errors == []


SPOILT = [
    {"rows": None},
    {"rows": [None, {"curves": None}, {"curves": [None, {"id": "x"}]}]},
    {"rows": [{"curves": [{"id": "x", "tape": {"n_in": 1}, "inputs": ["x"]}]}]},
    {"rows": [{"curves": [{"id": "x", "tape": TAPES["log"].as_dict(), "inputs": ["x", "nobody"]}]}]},
    {"rows": [{"curves": [{"id": "x", "tape": lower([sp.log(-(x**2) - 1)], (x,)).as_dict(), "inputs": ["x"]}]}]},
    {"rows": [{"marks": [None, {"kind": "handle", "value": "nobody"}, {"kind": "dot", "x": "none", "on": "no"}]}]},
    {"x": [1, 1]},
    {"x": ["nobody", None]},
]


@pytest.mark.parametrize("spoil", SPOILT, ids=range(len(SPOILT)))
def test_malformed_rows_do_no_harm(browser_page, spoil):
    stage = Stage(browser_page, scene(panels=[panel(**spoil), plane()]))
    assert stage["root.querySelector('.fv-failure').hidden"]
    assert stage.handle("theta").is_visible()
    assert browser_page.console_errors == []


@pytest.mark.parametrize("stack", ["rows", "columns"])
def test_pictures_stand_above_each_other_or_side_by_side(browser_page, stack):
    stage = Stage(browser_page, scene(panels=[panel(share=2), plane(area="picture", share=1)], stack=stack))
    (a, b) = (stage.page.locator(f".fv-{kind}").bounding_box() for kind in ("curves", "plane"))
    if stack == "rows":
        assert a["y"] + a["height"] <= b["y"] + 1 and a["width"] == b["width"]
        assert a["height"] == pytest.approx(2 * b["height"], abs=2)
    else:
        assert a["x"] + a["width"] <= b["x"] + 1 and a["width"] == pytest.approx(2 * b["width"], abs=2)
    stage.resize(390, 844)
    (a, b) = (stage.page.locator(f".fv-{kind}").bounding_box() for kind in ("curves", "plane"))
    assert a["y"] + a["height"] <= b["y"] + 1 and b["height"] >= 240
    assert stage["document.documentElement.scrollWidth"] <= 390


def test_on_the_projector_the_rows_fit_and_nothing_is_small(browser_page):
    browser_page.set_viewport_size({"width": 1920, "height": 1080})
    stage = Stage(browser_page, scene(present=True), css="padding:112px 58px 0;font-size:16px")
    assert stage["document.documentElement.scrollHeight"] <= 1080
    assert stage["stage().views[0].height"] >= 700
    drawn = "stage().views.flatMap((v) => [...v.pen.back, ...v.pen.front]).filter((i) => i.t === 'text')"
    assert stage[f"Math.min(...{drawn}.map((i) => i.size))"] >= 1080 / 48


def test_labels_of_a_row_stay_in_it_and_apart(stage):
    for k, theta in enumerate(itertools.product((-3.8, 0, 3.8), (0.25, 2.9))):
        stage.page.evaluate("([theta, rev]) => again({rev, values: {...data.values, theta}})", [list(theta), 10 + k])
        stage.settle()
        boxes, places = stage[
            """(() => {
              const {pen} = stage().views[0], ctx = document.createElement("canvas").getContext("2d");
              const family = getComputedStyle(root.querySelector(".fv")).fontFamily;
              return [pen.front.filter((i) => i.t === "text").map((i) => {
                ctx.font = `${i.weight} ${i.size}px ${family}`;
                const w = ctx.measureText(i.text).width;
                return [i.text, i.x - w / 2, i.y - 0.75 * i.size, i.x + w / 2, i.y + 0.15 * i.size];
              }), pen.frame.rows.map(({y, h}) => [y, y + h])];
            })()"""
        ]
        assert len(boxes) == 4
        for _, left, top, right, bottom in boxes:
            assert left >= 0 and right <= stage["stage().views[0].width"]
            assert any(lo - 1 <= top and bottom <= hi + 3 for lo, hi in places)
        for (p, *a), (q, *b) in itertools.combinations(boxes, 2):
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], f"{p!r} touches {q!r} at {theta}"
