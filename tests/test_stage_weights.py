"""Panels of ranks and of matrices in a browser: orders made by hand, cells chosen, slices of the matrices given."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from test_stage_scene import Stage

from fimviz import pruning
from fimviz.networks import matrices
from fimviz.stage import weights
from fimviz.stage.stage import plain
from fimviz.theme import tokens

BET, COSTS = [1, 2, 3, 4, 5, 6], pruning.six_ranking().cost
COLUMNS = [
    {"id": "bet", "label": "your bet", "places": "bet", "handle": True, "note": "{right_bet.0:.0f} of 15"},
    {"id": "fisher", "label": "F", "places": "place_fisher", "values": "fisher"},
    {"id": "size", "label": "|w|", "places": "place_size", "values": "size"},
    {"id": "cost", "label": "true cost", "when": "cost",
     "places": pruning.places(COSTS).tolist(), "values": COSTS.tolist()},
]  # fmt: skip
TABLES = weights.matrix_tables(0)
MATRICES = matrices(weights.NET, weights.ROWS, 0)
NAMES = weights.NET.names()


def scene(panels, **change):
    return plain({"v": 1, "rev": 1, "tokens": tokens(), "nudge": False, "panels": panels, **change})


def orders():
    items = [{"id": f"w{i}", "label": str(i), "name": f"Place of weight {i}", "role": "fisher"} for i in BET]
    panel = {"id": "picture", "area": "picture", "kind": "ranks", "height": 400, "items": items, "columns": COLUMNS}
    values = {"bet": BET, "unit": 1, "show": []}
    return scene([panel], values=values, computed=weights.orders("unit", "bet"), sentence="{right_bet.0:.0f}")


def net(**change):
    titles = {name: name for name in weights.ROLES}
    panel = weights.matrix_panel("cell", 0, dict.fromkeys(weights.ROLES, ""), titles)
    panels = [
        {"id": "picture", "area": "picture", **panel, "height": 480, "name": "Two weights"},
        weights.slice_panel(titles, "unit"),
    ]
    given = {"values": {"cell": [13, 16]}, "tables": TABLES, "computed": weights.slices("cell"), **change}
    return scene(panels, sentence="{slice_true.name0}, {slice_true.name1}: {slice_true.entry:.5f}", **given)


@pytest.fixture
def ranks(browser_page):
    yield Stage(browser_page, orders())
    assert browser_page.console_errors == []


@pytest.fixture
def squares(browser_page):
    yield Stage(browser_page, net())
    assert browser_page.console_errors == []


def drawn_texts(stage):
    return stage["stage().views[0].pen.front.filter((i) => i.t === 'text').map((i) => i.text)"]


def test_every_order_is_drawn_as_given_and_hidden_ones_lie_face_down(ranks):
    found = pruning.six_ranking()
    live = ranks["['place_fisher', 'place_size'].map((id) => stage().scene.results.get(id).outputs)"]
    assert live == [pruning.places(found.fisher).tolist(), pruning.places(found.size).tolist()]
    texts = drawn_texts(ranks)
    assert texts.count("?") == 6 and "1.70" in texts and "0.00212" not in texts
    # the disc of the item that comes first stands highest
    discs = ranks[
        "stage().views[0].pen.front"
        ".filter((i) => i.t === 'text' && i.anchor === 'middle').map((i) => [i.text, i.x, i.y])"
    ]
    columns = sorted({x for text, x, _ in discs if text != "?"})
    for x, values in zip(columns, (found.fisher, found.size), strict=True):
        order = [int(text) for text, at, y in sorted(discs, key=lambda d: d[2]) if at == x]
        assert order == (np.argsort(values, kind="stable") + 1).tolist()
    ranks.page.evaluate("again({rev: 2, values: {...data.values, show: ['cost']}})")
    ranks.settle()
    assert "?" not in drawn_texts(ranks)


def test_bars_are_as_long_as_their_values(ranks):
    bars = ranks[
        "stage().views[0].pen.front"
        ".filter((i) => i.t === 'path' && i.pts.length === 4 && i.width > 6).map((i) => i.pts)"
    ]
    lengths = np.array([right - left for left, _, right, _ in bars]).reshape(6, 2)
    found = pruning.six_ranking()
    for got, values in zip(lengths.T, (found.fisher, found.size), strict=True):
        wide = got > 2
        np.testing.assert_allclose(got[wide], (got.max() * values / values.max())[wide], rtol=1e-12)


def test_the_bet_is_ordered_by_drag_by_keys_and_by_clicks(ranks):
    place = ranks["(root.querySelectorAll('[data-value=bet]').length)"]
    assert place == 6
    height = ranks["stage().views[0].pen.handles[1].y - stage().views[0].pen.handles[0].y"]
    ranks.drag("bet", 0, 3.2 * height)
    assert ranks.sent == [] and ranks.values["bet"] == [4, 1, 2, 3, 5, 6]
    ranks.page.mouse.up()
    ranks.settle()
    assert ranks.sent[-1][1]["values"]["bet"] == [4, 1, 2, 3, 5, 6]
    last = ranks.slider("Place of weight 6")
    last.press("ArrowUp")
    last.press("ArrowUp")
    ranks.settle()
    assert ranks.values["bet"] == [5, 1, 2, 3, 6, 4]
    assert last.get_attribute("aria-valuetext") == "place 4 of 6"
    # a press beside the column's handles brings the one taken last there
    x, _ = ranks.centre("bet")
    box = last.bounding_box()
    ranks.page.mouse.click(x + 40, box["y"] + box["height"] / 2 - 3 * height)
    ranks.settle()
    assert ranks.values["bet"] == [5, 2, 3, 4, 6, 1]
    right = ranks["stage().scene.results.get('right_bet').value"]
    assert right == pruning.pairs_right(ranks.values["bet"], COSTS)


def test_the_handle_taken_last_stays_so_when_the_pointer_passes_over_others(ranks):
    height = ranks["stage().views[0].pen.handles[1].y - stage().views[0].pen.handles[0].y"]
    x, top = ranks.centre("bet")
    ranks.slider("Place of weight 6").focus()
    for row in range(5):
        ranks.page.mouse.move(x, top + row * height)
        ranks.settle()
    ranks.page.mouse.click(x + 40, top)
    ranks.settle()
    assert ranks.values["bet"] == [2, 3, 4, 5, 6, 1]


def test_a_unit_moves_fisher_and_the_weight_but_not_their_product(ranks):
    before = ranks["stage().scene.results.get('alone').outputs"]
    ranks.page.evaluate("again({rev: 2, values: {...data.values, unit: 10}})")
    ranks.settle()
    after = ranks["['fisher', 'size', 'alone'].map((id) => stage().scene.results.get(id).outputs)"]
    there = pruning.ranking(pruning.six_inputs().rescaled(0, 0.1))
    np.testing.assert_allclose(after, [there.fisher, there.size, there.alone], rtol=1e-9)
    np.testing.assert_allclose(after[2], before, rtol=1e-12)


def painted(stage, name, row, column):
    """The colour of one cell on the canvas."""
    k = list(weights.ROLES).index(name)
    return stage[
        f"""(() => {{
          const view = stage().views[0], r = view.ratio;
          const box = [...view.cache].find(([n]) => n === "boxes")[1].made[{k}];
          const x = box.x + {column} * box.cell + 1.5, y = box.y + {row} * box.cell + 1.5;
          const {{data}} = view.back.getContext("2d").getImageData(Math.round(x * r), Math.round(y * r), 1, 1);
          return [...data].slice(0, 3);
        }})()"""
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_a_cell_has_the_colour_of_its_number_on_one_scale(browser_page, dark):
    stage = Stage(browser_page, net(), dark=dark)
    ramp = np.array(
        [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in tokens()["ramps"]["berlin" if dark else "vik"]]
    )
    scale = np.abs(MATRICES["true"]).max()
    for name, row, column in (
        ("true", 20, 20),
        ("kfac", 20, 18),
        ("block", 2, 15),
        ("empirical", 18, 5),
        ("diagonal", 7, 7),
    ):
        share = np.round(32 * np.clip(MATRICES[name][row, column] / scale, -1, 1)) / 32
        at = (1 - share) / 2 * (len(ramp) - 1)
        expected = [np.interp(at, np.arange(len(ramp)), channel) for channel in ramp.T]
        np.testing.assert_allclose(painted(stage, name, row, column), expected, atol=2)
    assert browser_page.console_errors == []


def test_the_slices_are_those_of_the_matrices(squares):
    unit = np.array(TABLES["unit"])
    for name, matrix in MATRICES.items():
        offsets = squares[f"[...stage().scene.results.get('slice_{name}').offsets]"]
        v = np.array(offsets).reshape(-1, 2) * unit[[13, 16]]
        slice_ = matrix[np.ix_([13, 16], [13, 16])]
        np.testing.assert_allclose(np.einsum("ni,ij,nj->n", v, slice_, v), 1, rtol=1e-9)
    told = squares["root.querySelector('canvas[role=img]').getAttribute('aria-label')"]
    assert f"{NAMES[13]}, {NAMES[16]}: {MATRICES['true'][13, 16]:.5f}".replace("-", "−") in told


def test_a_cell_is_chosen_on_any_matrix_by_hand_and_by_keys(squares):
    boxes = squares["[...stage().views[0].cache].find(([n]) => n === 'boxes')[1].made"]
    rect = squares["(({x, y}) => [x, y])(stage().views[0].layer.getBoundingClientRect())"]
    box = boxes[4]
    at = lambda i, j: (rect[0] + box["x"] + (i + 0.5) * box["cell"], rect[1] + box["y"] + (j + 0.5) * box["cell"])  # noqa: E731
    squares.page.mouse.click(*at(3, 7))
    squares.settle()
    assert squares.values["cell"] == [3, 7]
    x, y = squares.centre("cell")
    assert np.hypot(x - at(3, 7)[0], y - at(3, 7)[1]) < 1
    handle = squares.handle("cell")
    assert handle.get_attribute("aria-valuetext") == f"{NAMES[3]} and {NAMES[7]}"
    for key, cell in (
        ("ArrowRight", [4, 7]),
        ("ArrowUp", [4, 6]),
        ("Shift+ArrowDown", [4, 11]),
        ("Shift+ArrowLeft", [0, 11]),
    ):
        handle.press(key)
        squares.settle()
        assert squares.values["cell"] == cell
    squares.page.wait_for_function("sent.at(-1)?.[1].values.cell.join() === '0,11'")
    # a slice has two coordinates: hands and keys stay off the diagonal
    last = len(NAMES) - 1
    for place, cell in (((7.2, 6.8), [8, 7]), ((2.8, 3.2), [3, 4]), ((last - 0.2, last + 0.2), [last - 1, last])):
        squares.page.mouse.click(*at(*place))
        squares.settle()
        assert squares.values["cell"] == cell
    for key, cell in (
        ("ArrowRight", [last - 1, last]),
        ("ArrowUp", [last - 1, last - 2]),
        ("ArrowLeft", [last - 3, last - 2]),
    ):
        handle.press(key)
        squares.settle()
        assert squares.values["cell"] == cell
    squares.page.mouse.click(*at(0, 11))
    squares.settle()
    squares.drag("cell", 9 * box["cell"], 0)
    assert squares.values["cell"] == [9, 11]
    live = squares["stage().scene.results.get('slice_true').entry"]
    assert live == pytest.approx(MATRICES["true"][9, 11])
    squares.page.mouse.up()


def test_a_singular_slice_is_a_strip_and_one_weight_twice_is_none(browser_page):
    flat = np.array([[1.0, -1.0], [-1.0, 1.0]])
    panels = [{"id": "p", "area": "picture", "kind": "plane", "chart": None, "window": [-2, 2, -2, 2],
               "marks": [{"kind": "ellipse", "of": "slice"}]}]  # fmt: skip
    ellipse = {"id": "slice", "verb": "ellipse", "matrix": "flat", "size": 2, "cell": "cell", "radius": 1}
    given = {"tables": {"flat": flat.ravel().tolist()}, "computed": [ellipse], "sentence": ""}
    stage = Stage(browser_page, scene(panels, values={"cell": [0, 1]}, **given))
    points = np.array(stage["[...stage().scene.results.get('slice').offsets]"]).reshape(-1, 2)
    assert np.abs(points).max() > 1000
    across = np.abs(points @ [1, -1])
    assert across.max() == pytest.approx(1, rel=1e-3)
    browser_page.evaluate("again({rev: 2, values: {cell: [1, 1]}})")
    stage.settle()
    assert "Choose two different ones" in stage["root.querySelector('.fv-notice').textContent"]
    # another table of the same name is another matrix
    browser_page.evaluate("again({rev: 3, values: {cell: [0, 1]}, tables: {flat: [4, 0, 0, 1]}})")
    stage.settle()
    points = np.array(stage["[...stage().scene.results.get('slice').offsets]"]).reshape(-1, 2)
    np.testing.assert_allclose(np.abs(points).max(axis=0), [0.5, 1], rtol=1e-3)
    assert browser_page.console_errors == []


@pytest.mark.parametrize("data", [orders, net])
def test_the_figure_can_be_saved(browser_page, data):
    stage = Stage(browser_page, data())
    svg = ElementTree.fromstring(stage["stage().svg()"])  # noqa: S314
    texts, discs, paths = ([*svg.iter(f"{{http://www.w3.org/2000/svg}}{tag}")] for tag in ("text", "circle", "path"))
    assert {"your bet", "true cost"} <= {node.text for node in texts} or {"true", "kfac"} <= {n.text for n in texts}
    filled = [node for node in paths if node.get("fill", "none") != "none"]
    assert len(discs) >= 6 * 3 if data is orders else len(filled) >= 40
    assert browser_page.console_errors == []


def test_malformed_panels_draw_nothing_and_say_nothing_wrong(browser_page):
    panels = [
        {"id": "a", "area": "picture", "kind": "ranks", "columns": [None, {"places": "nothing"}], "items": []},
        {"id": "b", "area": "side", "kind": "matrices", "items": [{"table": "none"}], "size": 3, "value": "x"},
    ]  # fmt: skip
    stage = Stage(browser_page, scene(panels, values={}, computed=[], sentence=""))
    assert stage["stage().error"] is None
    assert browser_page.console_errors == []
