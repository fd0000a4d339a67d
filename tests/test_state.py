"""The state of a page: links say what they mean, defaults stay out of them, nonsense costs nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fimviz import CATALOG, ui
from fimviz.stage import scene

FIELDS = {
    "family": ui.FamilyField("normal", tuple(CATALOG)),
    "chart": ui.ChartField(ui.charts_on_paper),
    "A": ui.PointField(lambda family: scene.pair(family)[0]),
    "t": ui.NumberField(0.5, 0, 1),
    "n": ui.NumberField(20, 4, 1000, whole=True),
    "show": ui.SetField(("fr", "m", "e"), ("fr", "m")),
}
TEXT = some.text(max_size=40) | some.sampled_from(
    ["nan", "inf", "-1,1", "1e999", "()", "__class__", "0,0", "1,", ",", "%00"]
)


@given(some.dictionaries(some.sampled_from([*FIELDS, "present", "x"]), TEXT, max_size=6))
def test_any_query_is_read_and_its_link_leads_back(query):
    values, bad = ui.decode(FIELDS, query)
    assert set(values) == set(FIELDS)
    assert set(bad) <= set(query)
    link = ui.encode(FIELDS, values)
    again, worse = ui.decode(FIELDS, link)
    assert worse == []
    assert ui.encode(FIELDS, again) == link


@pytest.mark.parametrize("slug", sorted(CATALOG))
def test_defaults_leave_the_link(slug):
    values, bad = ui.decode(FIELDS, {"family": slug})
    assert not bad
    assert ui.encode(FIELDS, values) == ({} if slug == "normal" else {"family": slug})


@given(some.lists(some.floats(allow_nan=False), min_size=2, max_size=2))
def test_a_point_is_taken_only_inside_the_model(point):
    values = ui.defaults(FIELDS, {"A": point})
    inside = bool(CATALOG["normal"].inside(point))
    assert values["A"] == ([float(x) for x in point] if inside else ui.defaults(FIELDS)["A"])


@pytest.mark.parametrize(
    ("key", "text"),
    [("family", "gauss"), ("chart", "mu"), ("A", "1"), ("A", "0,-1"), ("A", "a,b"), ("t", "2"), ("t", "nan"),
     ("n", "3"), ("n", "1e9"), ("show", "fr,x"), ("A", "1,2,3"), ("t", "")],
)  # fmt: skip
def test_what_cannot_be_read_is_named_and_replaced(key, text):
    values, bad = ui.decode(FIELDS, {key: text})
    assert bad == [key]
    assert values[key] == ui.defaults(FIELDS)[key]


def test_four_digits_are_kept():
    values, _ = ui.decode(FIELDS, {"A": "1.23456,0.98765"})
    assert ui.encode(FIELDS, values)["A"] == "1.235,0.9877"


def test_a_point_near_the_edge_keeps_the_digits_that_hold_it_inside():
    values = ui.defaults(FIELDS, {"family": "categorical", "A": [1 - 2e-6, 1e-6]})
    link = ui.encode(FIELDS, values)
    again, bad = ui.decode(FIELDS, link)
    assert not bad and again["A"] == pytest.approx(values["A"], abs=1e-12)


def test_a_set_can_be_empty():
    values, bad = ui.decode(FIELDS, {"show": "none"})
    assert values["show"] == [] and not bad
    assert ui.encode(FIELDS, values)["show"] == "none"


def test_the_chart_follows_the_family():
    values, bad = ui.decode(FIELDS, {"family": "gamma", "chart": "shape,scale"})
    assert values["chart"] == "shape, scale" and not bad
    _, bad = ui.decode(FIELDS, {"family": "gamma", "chart": "mu,sigma"})
    assert bad == ["chart"]


def test_numbers_out_of_the_browser_are_checked_again():
    values = ui.defaults(FIELDS, {"A": [math.nan, 1], "t": "x", "n": 12.7, "show": None})
    assert values["A"] == ui.defaults(FIELDS)["A"] and values["t"] == 0.5 and values["n"] == 13
