"""The state of a page: links say what they mean, defaults stay out of them, nonsense costs nothing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from fimviz import CATALOG, ui
from fimviz.stage import scene

FIELDS = ui.with_constants(
    {
        "family": ui.FamilyField("normal", tuple(CATALOG)),
        "chart": ui.ChartField(ui.charts_on_paper),
        "A": ui.PointField(lambda family: scene.pair(family)[0]),
        "t": ui.NumberField(0.5, 0, 1),
        "n": ui.NumberField(20, 4, 1000, whole=True),
        "show": ui.SetField(("fr", "m", "e"), ("fr", "m")),
    }
)
CONSTANTS = {slug: {c.name: c for c in family.constants_declared} for slug, family in CATALOG.items()}
WITH = [(slug, name) for slug, declared in CONSTANTS.items() for name in declared]
TEXT = some.text(max_size=40) | some.sampled_from(
    [
        "nan",
        "inf",
        "-1,1",
        "binomial",
        "logistic_regression",
        "negative_binomial",
        "0.3",
        "7",
        "1e999",
        "()",
        "__class__",
        "0,0",
        "1,",
        ",",
        "%00",
    ]
)


@given(some.dictionaries(some.sampled_from([*FIELDS, "present", "x", "r", "design", "binomial_n"]), TEXT, max_size=6))
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


# ---------------------------------------------------------------- constants of the family

# a derivation for every number that is tried would take minutes: the charts are left to the pages' tests
FEW = ui.with_constants({"family": FIELDS["family"], "n": FIELDS["n"]})


def offered(constant):
    """Values that a page offers for a constant."""
    low, high = constant.view
    one = some.integers(math.ceil(low), math.floor(high)) if constant.whole else some.floats(low, high)
    if not isinstance(constant.default, tuple):
        return one
    several = some.lists(one, min_size=2, max_size=constant.most)
    return several.filter(lambda numbers: len({round(float(f"{x:.4g}"), 7) for x in numbers}) > 1)


def other_constants(slug, name):
    return offered(CONSTANTS[slug][name]).map(lambda value: {"family": slug, "constants": {name: value}})


@pytest.mark.parametrize(("slug", "name"), WITH)
@given(data=some.data())
def test_a_link_carries_the_constants_of_its_family(slug, name, data):
    values = ui.defaults(FEW, data.draw(other_constants(slug, name)))
    again, bad = ui.decode(FEW, ui.encode(FEW, values))
    assert not bad
    assert again["constants"] == values["constants"]
    assert ui.family_of(again) is ui.family_of(values)
    assert ui.family_of(values).constants == values["constants"]


@pytest.mark.parametrize(("slug", "name"), WITH)
@given(data=some.data())
def test_a_constant_is_what_was_given_to_four_digits(slug, name, data):
    given_ = data.draw(other_constants(slug, name))
    wanted = np.array(given_["constants"][name], float)
    found = np.array(ui.defaults(FEW, given_)["constants"][name], float)
    assert found == pytest.approx(wanted, rel=5.1e-4, abs=5.1e-8)


def test_a_link_names_a_constant_and_leaves_the_declared_one_out():
    values, bad = ui.decode(FEW, {"family": "student_t", "nu": "3.14159"})
    assert not bad and values["constants"] == {"nu": 3.142}
    assert ui.encode(FEW, values) == {"family": "student_t", "nu": "3.142"}
    values, bad = ui.decode(FEW, {"family": "student_t", "nu": "5"})
    assert not bad and ui.encode(FEW, values) == {"family": "student_t"}
    values, bad = ui.decode(FEW, {"family": "logistic_regression", "design": "−1.5, 0 2;2"})
    assert not bad and values["constants"] == {"design": (-1.5, 0, 2, 2)}
    assert ui.encode(FEW, values)["design"] == "-1.5,0,2,2"


def test_a_constant_whose_name_the_page_has_for_something_else_says_its_family_first():
    values, bad = ui.decode(FEW, {"family": "binomial", "n": "30", "binomial_n": "3"})
    assert not bad and values["n"] == 30 and values["constants"] == {"n": 3}
    assert ui.encode(FEW, values) == {"family": "binomial", "n": "30", "binomial_n": "3"}


@pytest.mark.parametrize(
    ("slug", "key", "text"),
    [("student_t", "nu", "x"), ("student_t", "nu", "0"), ("student_t", "nu", "1e9"), ("student_t", "nu", "nan"),
     ("student_t", "nu", "2,3"), ("student_t", "nu", ""), ("binomial", "binomial_n", "2.5"),
     ("binomial", "binomial_n", "1e5"), ("pareto", "x_m", "-1"), ("pareto", "x_m", "inf"),
     ("negative_binomial", "r", "0.01"), ("logistic_regression", "design", "1"),
     ("logistic_regression", "design", "1,1"), ("logistic_regression", "design", "0,a"),
     ("logistic_regression", "design", "0,11"), ("logistic_regression", "design", "1,2,3,4,5,6,7,8,9"),
     ("logistic_regression", "design", "")],
)  # fmt: skip
def test_a_constant_that_cannot_be_is_named_and_replaced(slug, key, text):
    values, bad = ui.decode(FEW, {"family": slug, key: text})
    assert bad == [key]
    assert values["constants"] == CATALOG[slug].constants
    assert ui.family_of(values) is CATALOG[slug]


def test_constants_of_another_family_are_left_out():
    values, bad = ui.decode(FEW, {"family": "normal", "nu": "3", "design": "x"})
    assert not bad and values["constants"] == {}
    values = ui.defaults(FEW, {"family": "student_t", "constants": {"nu": 3}})
    assert ui.defaults(FEW, {**values, "family": "pareto"})["constants"] == {"x_m": 1}


def test_every_field_hears_the_constants():
    heard = []
    fields = ui.with_constants({
        "family": ui.FamilyField("normal", tuple(CATALOG)),
        "chart": ui.ChartField(lambda family: heard.append(family) or list(family.charts)),
        "A": ui.PointField(lambda family: heard.append(family) or family.default),
        "n": ui.NumberField(1, 0, 9, by_family=lambda family: heard.append(family) or 1),
        "entry": ui.ChoiceField(lambda family: heard.append(family) or ["a"], lambda family, choice: choice),
    })  # fmt: skip
    values, _ = ui.decode(fields, {"family": "pareto", "x_m": "3"})
    assert len(heard) >= 4 and set(heard) == {ui.family_of(values)}
    assert ui.family_of(values).constants == {"x_m": 3}
