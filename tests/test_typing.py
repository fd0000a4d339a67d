"""The form for a density of one's own: what is read, what is refused and where, what joins the other pages."""

import pytest
from test_pages import opened

from fimviz.errors import TextRefused
from fimviz.ui import typing
from fimviz.ui.members import answer_named, family_named

pytestmark = pytest.mark.usefixtures("patient")

MAXWELL = {"ell": "2 log(x) - 3 log(a) - x^2/(2 a^2) + log(2/pi)/2", "support": "(0, oo)", "parameters": "a in (0, oo)"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a in (0, oo)", {"a": "(0, oo)"}),
        ("mu: (-oo, oo), s ∈ (0, 1)", {"mu": "(-oo, oo)", "s": "(0, 1)"}),
        ("m in(-1,1) ; b in (0,oo)", {"m": "(-1,1)", "b": "(0,oo)"}),
        ("", {}),
    ],
)
def test_parameters_and_their_ranges_are_read(text, wanted):
    assert typing.ranges(text) == wanted


@pytest.mark.parametrize(("text", "column"), [("zz", 1), ("a in (0, oo), b", 14), ("a in (0,1), a in (0,2)", 12)])
def test_what_is_no_range_is_refused_with_its_place(text, column):
    with pytest.raises(TextRefused) as refused:
        typing.ranges(text)
    assert refused.value.column == column


def form(app, **texts):
    for field in app.text_input:
        name = field.key.removeprefix("derive-")
        if name in texts:
            field.set_value(texts[name])
    next(b for b in app.button if b.label == "Derive it").click()
    return app.run()


def test_a_typed_density_is_derived_and_used_on_other_pages():
    app = form(opened("derive", typing="form"), **MAXWELL)
    assert not app.exception
    slug = app.session_state["fimviz"]["derive"].values["family"]
    assert slug.startswith("yours-") and "yours" in app.query_params["family"]
    assert [line.latex for line in answer_named(slug).lines][-1].endswith(r"\frac{6 \mathrm{d}a^{2}}{a^{2}}")
    assert any("rank 1 of 1" in node.value and "every line is a formula" in node.value for node in app.markdown)
    next(b for b in app.button if b.label == "Use on other pages").click()
    assert not app.run().exception
    for page in ("paths", "ellipses"):
        app.switch_page(f"pages/{page}.py")
        assert not app.run().exception
        box = next(b for b in app.selectbox if b.label == "Family")
        assert family_named(slug).title in box.options
        assert not box.set_value(slug).run().exception


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"ell": "log(foo(x))"}, "unknown function `foo`"),
        ({"ell": "-x^2", "support": "(-oo, oo)", "parameters": "m in (-oo, oo)"}, "Integrates to 1.772, not 1"),
        ({"parameters": "a"}, "this is no parameter with its range"),
        ({"ell": "__import__('os')"}, "Character 1"),
        ({"support": "(0"}, "no interval"),
    ],
)
def test_what_cannot_be_derived_is_said_in_a_sentence_and_the_page_stays(texts, says):
    app = form(opened("derive", typing="form"), **{**MAXWELL, **texts})
    assert not app.exception
    assert any(says in node.value for node in app.text), [node.value for node in app.text]
    assert app.session_state["fimviz"]["derive"].values["family"] == "bernoulli"


def test_a_link_to_a_typed_density_derives_it_again():
    app = opened("derive", family="yours", typing="form", ell="log(b) - b*x", parameters="b in (0, oo)")
    assert not app.exception
    assert app.session_state["fimviz"]["derive"].values["family"].startswith("yours-")
    bad = opened("derive", family="yours", ell="log(b")
    assert not bad.exception
    assert any("family could not be read" in node.value for node in bad.markdown)


def test_the_edge_of_a_typed_support_moves():
    app = form(opened("derive", typing="form"), ell="-log(b)", support="(0, b)", parameters="b in (0, oo)")
    assert not app.exception
    assert any("the support moves" in node.value for node in app.text)
    assert not any(b.label == "Use on other pages" for b in app.button)
