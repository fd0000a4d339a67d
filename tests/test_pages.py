"""Every page with every family and every chart opens without an exception; state survives links and nonsense."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fimviz import CATALOG, checks, ui
from fimviz.words import words

ROOT = Path(__file__).parents[1]
SLUGS = [entry.slug for entry in ui.CONTENTS]

# a page about one family has no family to choose
CHOOSING = [slug for slug in SLUGS if "FamilyField(" in (ROOT / "pages" / f"{slug}.py").read_text("utf-8")]


def opened(slug, **query):
    """A page opened cold at an address."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(query)
    app.switch_page(f"pages/{slug}.py")
    app.run()
    return app


@pytest.mark.parametrize("slug", CHOOSING)
@pytest.mark.parametrize("family", sorted(CATALOG))
def test_every_page_opens_with_every_family_in_every_chart(slug, family):
    charts = list(CATALOG[family].charts)
    app = opened(slug, family=family)
    assert not app.exception
    for chart in charts[1:]:
        app.query_params["chart"] = chart
        app.run()
        assert not app.exception, (slug, family, chart)


# both ends of what a page offers for a constant, and a number with many digits
OTHERS = {
    "binomial": ("n", ["1", "100"]),
    "negative_binomial": ("r", ["0.1", "3.142", "50"]),
    "pareto": ("x_m", ["0.1", "2.718", "10"]),
    "student_t": ("nu", ["0.5", "1", "100"]),
    "logistic_regression": ("design", ["-1.543,1.543", "-10,-3.3,-1,0.25,2,2,7,10"]),
}


def test_every_family_with_constants_is_tried():
    assert {slug for slug, family in CATALOG.items() if family.constants} == set(OTHERS)


# a descent needs a formula for KL
SHOWN = [(s, f) for s in CHOOSING for f in OTHERS if s != "descent" or f in ui.families(descent=True)]


@pytest.mark.parametrize(("slug", "family"), SHOWN)
def test_every_page_shows_a_family_with_other_constants(slug, family):
    name, texts = OTHERS[family]
    taken = f"{family}_{name}" if name == "n" and slug in ("ellipses", "paths") else name
    for text in texts:
        app = opened(slug, family=family, **{taken: text})
        assert not app.exception, (slug, family, text)
        assert not any("Opened with" in node.value for node in app.markdown)
        values = app.session_state["fimviz"][slug].values
        wanted = tuple(map(float, text.split(","))) if name == "design" else float(text)
        assert ui.family_of(values).constants == {name: wanted}
        error = checks.metric(ui.family_of(values))
        assert error and float(re.search(r"\d+e−\d+|0", error[0])[0].replace("−", "-")) < 1e-9


def test_a_constant_is_changed_beside_the_presets_and_the_link_says_it():
    app = opened("derive", family="student_t")
    app.number_input[0].set_value(3.0).run()
    assert not app.exception
    assert app.query_params["nu"] in ("3", ["3"])
    app.selectbox[0].set_value("pareto").run()
    assert "nu" not in app.query_params and [n.value for n in app.number_input] == [1.0]


def test_a_design_that_cannot_be_is_said_in_one_sentence_and_nothing_is_lost():
    app = opened("paths", family="logistic_regression")
    app.text_input[0].set_value("0, *one*").run()
    assert not app.exception
    assert app.text_input[0].value == "0, *one*" and "design" not in app.query_params
    said = [node.value for node in app.markdown if "give 2 to 8 numbers from −10 to 10" in node.value]
    assert len(said) == 1 and "the picture still has −2, −1, 0, 1, 2" in said[0]
    app.text_input[0].set_value("0 1.5, 3").run()
    assert app.query_params["design"] in ("0,1.5,3", ["0,1.5,3"]) and app.text_input[0].value == "0, 1.5, 3"
    assert not any("the picture still has" in node.value for node in app.markdown)


EDGES = [
    ("ellipses", {"family": "bernoulli", "theta": "0.999999"}),
    ("ellipses", {"family": "poisson", "theta": "1e-5", "n": "4"}),
    ("ellipses", {"family": "categorical", "theta": "0.999,0.0005"}),
    ("ellipses", {"family": "gamma", "theta": "1e5,1e-5"}),
    ("ellipses", {"family": "beta", "theta": "1e-4,1e4"}),
    ("ellipses", {"family": "cauchy", "show": "coarse", "cells": "60", "theta": "1e200,1e-9"}),
    ("ellipses", {"family": "bivariate_normal", "show": "coarse", "cells": "-3"}),
    ("ellipses", {"family": "weibull", "show": "coarse,cloud", "cells": "9", "theta": "50,0.01"}),
    ("ellipses", {"family": "binomial", "binomial_n": "1e9"}),
    ("paths", {"family": "logistic_regression", "design": "1," * 300}),
    ("derive", {"family": "student_t", "nu": "-1e999"}),
    ("descent", {"start": "1e200,1"}),
    ("descent", {"target": "0,1e-300"}),
    ("descent", {"family": "weibull", "start": "50,1", "target": "0.05,1"}),
    ("descent", {"family": "von_mises", "step": "1.5"}),
    ("coin", {"p": "0.999999", "n": "4"}),
    ("coin", {"p": "1e-300", "q": "0.9999999999999999", "show": "bars,odds,arc,second,pair,flips"}),
    ("coin", {"p": "0.5", "q": "0.5", "show": "second"}),
    ("coin", {"p": "1", "n": "1e9", "seed": "-1", "show": "everything"}),
    ("coin", {"family": "normal", "chart": "mu"}),
    ("networks", {"bet": "1,1,2,3,4,5", "unit": "0", "view": "all", "cell": "nan,2", "seed": "-1"}),
    ("networks", {"bet": "6,5,4,3,2,1", "unit": "100", "show": "none"}),
    ("networks", {"view": "matrices", "cell": "4,4", "seed": "9999", "show": "batches"}),
    ("networks", {"view": "far", "offset": "0,0"}),
    ("networks", {"view": "plateau", "start": "0,0", "damping": "1e-5"}),
    ("paths", {"beat": "²"}),
    ("paths", {"beat": "99"}),
    ("paths", {"family": "cauchy", "show": "game,cost", "n": "200", "seed": "9999"}),
    ("paths", {"family": "categorical", "show": "game", "A": "0.9999,0.00001", "n": "0"}),
    ("paths", {"family": "dirichlet", "show": "game,cost"}),
    ("paths", {"A": "1e300,1e-300"}),
    ("paths", {"x": "y" * 3000}),
]


@pytest.mark.parametrize(("slug", "query"), EDGES)
def test_no_address_breaks_a_page(slug, query):
    assert not opened(slug, **query).exception


def test_an_address_that_is_too_long_is_said_in_one_line():
    lines = [node.value for node in opened("paths", A="0," * 1500).markdown]
    assert any("Opened with 1 change: the address" in line for line in lines)


def test_every_string_of_a_page_is_used():
    """A key of the words stands in the page or in a room that speaks for it."""
    sources = "".join(p.read_text("utf-8") for p in [*(ROOT / "pages").glob("*.py"), *(ROOT / "fimviz").rglob("*.py")])
    for slug in [*SLUGS, "frame"]:
        for key, value in words(slug).items():
            if isinstance(value, str):
                assert f'"{key}"' in sources, (slug, key)


@pytest.mark.parametrize("slug", SLUGS)
def test_titles_are_short_questions_and_leads_are_short(slug):
    said = words(slug)
    assert said["title"].endswith("?")
    assert len(said["title"].split()) <= 11
    assert len(said["lede"].split()) <= 45


@pytest.mark.parametrize(
    ("slug", "query"),
    [
        ("ellipses", {"family": "gaussian_mixture", "theta": "1,1"}),
        ("ellipses", {"family": "tanh_perceptron", "theta": "0,1"}),
        ("paths", {"family": "gaussian_mixture", "A": "1,1"}),
        ("paths", {"family": "gaussian_mixture", "A": "1,2", "B": "3,1"}),
        ("descent", {"family": "tanh_perceptron", "start": "0,1"}),
        ("derive", {"family": "gaussian_mixture", "theta": "1,1"}),
    ],
)
def test_a_page_stands_where_the_metric_is_singular(slug, query):
    assert not opened(slug, **query).exception


@pytest.mark.parametrize(
    ("slug", "home", "kept"),
    [
        ("ellipses", "normal", ["tilted", "untilt"]),
        ("paths", "normal", ["outcomes", "certainty", "schedule", "swelling"]),
        ("descent", "normal", ["plateau", "magic", "scoring"]),
        ("derive", "bernoulli", ["coin", "normal", "gamma", "kink", "edge", "yours"]),
    ],
)
def test_a_preset_is_of_the_family_on_screen_or_names_the_one_it_changes_to(slug, home, kept):
    names = words(slug)["presets"]
    offered = {
        f: [o.content for o in opened(slug, family=f).get("button_group")[0].proto.options] for f in (home, "rayleigh")
    }
    assert offered[home] == list(names.values())
    assert offered["rayleigh"] == [names[name] for name in kept]
