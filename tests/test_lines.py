"""A derivation in five lines: each is held against its definition, its LaTeX is well formed, its Python runs."""

import re
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from fimviz import CATALOG, Family, Parameter, State, Support, checks, examine
from fimviz.derive import lines as room
from fimviz.derive.examination import examination_points
from fimviz.derive.lines import NAMES, lines, names, steps
from fimviz.derive.quadrature import expectation
from fimviz.family import POSITIVE
from fimviz.irregular import IRREGULAR, variances
from fimviz.notation import Changed, glyph_latex, latex, oriented, plain
from fimviz.stage import derivation
from fimviz.tape import Tape, lower
from fimviz.words import words

FAMILIES = {**CATALOG, **IRREGULAR}
EVERY = pytest.mark.parametrize("slug", FAMILIES)
BERNOULLI = CATALOG["bernoulli"]


@EVERY
def test_there_are_five_lines_and_each_agrees_with_its_definition(slug):
    found = lines(FAMILIES[slug])
    assert tuple(line.name for line in found) == NAMES
    for line in found:
        # the score is held against a difference quotient, which is that much rougher
        assert line.check < (1e-7 if line.name == "score" else 1e-9), line.name


CONSTANTS = [
    ("binomial", {"n": 100}), ("binomial", {"n": 1}), ("negative_binomial", {"r": 0.1234}), ("pareto", {"x_m": 9.876}),
    ("student_t", {"nu": 0.5}), ("student_t", {"nu": 99.99}), ("logistic_regression", {"design": (-1.543, 1.543)}),
    ("logistic_regression", {"design": (-9.87, 3.141, 2.718, 0.5772, -6.626, 1.38, 8.314, 0)}),
]  # fmt: skip


@pytest.mark.parametrize(("slug", "constants"), CONSTANTS)
def test_the_lines_hold_for_other_constants(slug, constants):
    found = lines(CATALOG[slug].with_constants(**constants))
    assert tuple(line.name for line in found) == NAMES
    for line in found:
        assert line.exact and line.check < (1e-7 if line.name == "score" else 1e-9), line.name


def test_the_information_of_a_design_is_a_sum_over_its_inputs_as_it_is_written():
    """Not one fraction over a common denominator, which nobody reads and whose factors take minutes to find."""
    found = lines(CATALOG["logistic_regression"].with_constants(design=(-3, 1, 2)))
    assert len(sp.Add.make_args(plain(found[3].factors[0][0, 0]))) == 3


@pytest.mark.parametrize("slug", ["bernoulli", "normal", "laplace", "weibull"])
def test_a_wrong_line_would_be_seen(slug):
    """The error is measured: it grows with the mistake."""
    found = list(lines(FAMILIES[slug]))
    factors = found[3].factors
    found[3] = replace(found[3], factors=(*factors[:-1], factors[-1] * sp.Rational(1001, 1000)))
    assert 1e-4 < room._errors(FAMILIES[slug], found, None)[3] < 1e-2


@EVERY
def test_each_line_is_the_one_above_with_one_change(slug):
    found = lines(FAMILIES[slug])
    score = sp.Matrix([sp.diff(found[0].value, s) for s in FAMILIES[slug].symbols])
    x, theta = FAMILIES[slug].samples, FAMILIES[slug].symbols
    point = examination_points(FAMILIES[slug], 1)[0]
    inner = np.full(len(x), 0.37 if not FAMILIES[slug].support.discrete else 1.0)
    values = [lower(list(m), (*x, *theta))(*inner, *point) for m in (score, sp.Matrix(found[1].value))]
    np.testing.assert_allclose(*values, rtol=1e-10, atol=1e-12)
    for line in found[2:4]:
        assert line.changed or not line.exact, line.name


@EVERY
def test_latex_is_well_formed_and_in_the_notation_of_the_field(slug):
    for line in lines(FAMILIES[slug]):
        text = line.latex
        assert text.count("{") == text.count("}") and text.count(r"\left") == text.count(r"\right")
        assert r"\ln" not in text and "log{" not in text and r"\mathtt" not in text and "Changed" not in text
        assert text.isascii(), text
        assert not re.search(r"\\textcolor|\\color", text)
    assert lines(FAMILIES[slug])[2].latex.startswith(r"\mathbb{E}_{")


@EVERY
def test_python_of_a_line_runs_as_it_stands_and_gives_the_line(slug):
    family = FAMILIES[slug]
    point = examination_points(family, 1)[0]
    for line in lines(family):
        space = {}
        exec(line.python, space)
        result = space[line.python.splitlines()[-1].split(" = ")[0]]
        if not line.exact:
            if line.left != "metric":
                wanted = np.array(sp.Matrix(line.value).tolist(), float)
                np.testing.assert_allclose(np.ravel(result), np.ravel(wanted), atol=1e-8)
            continue
        symbols = (*family.samples, *family.symbols, *steps(family))
        inputs = (*np.full(len(family.samples), 0.3), *point, *np.arange(1, family.dimension + 1))
        same = [lower(list(sp.Matrix([value])), symbols)(*inputs) for value in (result, line.value)]
        np.testing.assert_allclose(*same, rtol=1e-12)


def curved(slug="curved"):
    """N(a, a²): two statistics and one parameter, so that no rule applies and lines are numbers."""
    density = lambda x, a: -((x - a) ** 2) / (2 * a**2) - sp.log(a) - sp.log(2 * sp.pi) / 2  # noqa: E731
    return Family(slug, "Curved", (Parameter("a", POSITIVE, (0.5, 4), 1.0),), Support("real", (-5, 5)), density)


def test_without_a_rule_the_last_lines_are_numbers_at_theta():
    family = curved()
    found = lines(family, [2.0])
    assert [line.exact for line in found] == [True, True, False, False, False]
    # N(a, a²) has E[s²] = 3/a²
    assert float(found[3].value[0]) == pytest.approx(3 / 4, rel=1e-12)
    assert float(lines(family, [1.0])[3].value[0]) == pytest.approx(3, rel=1e-12)
    assert max(line.check for line in found) < 1e-7
    for line in found:
        exec(line.python, space := {})
    assert float(space["g"].coeff(sp.Symbol("d_a", real=True) ** 2)) == pytest.approx(3 / 4, rel=1e-12)


def test_the_coin_line_by_line():
    assert [line.latex for line in lines(BERNOULLI)] == [
        r"\ell = x \log p + \left(1 - x\right) \log (1 - p)",
        r"s = \partial_{p}\ell = \frac{x - p}{p \left(1 - p\right)}",
        r"\mathbb{E}_{p}[s] = \frac{p - p}{p \left(1 - p\right)} = 0",
        r"\mathbb{E}_{p}[s^2] = \frac{p \left(1 - p\right)}{p^{2} \left(1 - p\right)^{2}}",
        r"\mathrm{d}s^2 = \frac{\mathrm{d}p^{2}}{p \left(1 - p\right)}",
    ]
    p = BERNOULLI.symbols[0]
    assert lines(BERNOULLI)[2].changed == (p,)
    assert sp.expand(lines(BERNOULLI)[3].changed[0] - p * (1 - p)) == 0


def test_a_moving_edge_has_a_score_but_no_metric():
    uniform = IRREGULAR["uniform"]
    assert examine(uniform).state is State.SUPPORT_MOVES
    assert lines(uniform)[2].value[0] == -1 / uniform.symbols[0]
    assert lines(uniform)[4].left == "variance"
    theta = np.array([[2.0]])
    mass, mean, second, hessian = expectation(uniform).score_moments(theta)
    assert mass == pytest.approx(1) and mean[0, 0] == pytest.approx(-1 / 2)
    assert second[0, 0, 0] == pytest.approx(1 / 4) and hessian[0, 0, 0] == pytest.approx(-1 / 4)


def test_what_stands_for_something_does_not_cancel_against_it():
    p = BERNOULLI.symbols[0]
    assert Changed(p) - p != 0 and plain(Changed(p) - p) == 0


def test_brackets_below_are_positive():
    x, p = BERNOULLI.sample, BERNOULLI.symbols[0]
    written = oriented((p - x) / (p * (p - 1)), {p: sp.Float(0.3)})
    assert latex(written, names(BERNOULLI)) == r"\frac{x - p}{p \left(1 - p\right)}"


@pytest.mark.parametrize(
    ("glyph", "wanted"), [("μ", r"\mu"), ("p₁", "p_{1}"), ("log σ", r"\log \sigma"), ("σ²", r"\sigma^{2}")]
)
def test_glyphs_in_latex(glyph, wanted):
    assert glyph_latex(glyph).replace("  ", " ") == wanted


@EVERY
def test_the_second_ways_are_ticked_where_they_hold(slug):
    density, divergence = checks.second_ways(FAMILIES[slug], FAMILIES[slug].default)
    assert density.holds == (slug not in ("laplace", "uniform"))
    assert divergence.holds == (slug != "uniform")
    for way in (density, divergence):
        assert ("✓" in way.sentence) == way.holds != ("✗" in way.sentence)
        assert "{" not in way.sentence and "nan" not in way.sentence


def test_the_estimate_of_an_edge_is_better_than_its_supposed_bound():
    """θ²/(n(n+2)) against seeded samples, and below θ²/n for every n."""
    theta, n = 2.0, 10
    top = np.random.default_rng(3).uniform(0, theta, (200_000, n)).max(axis=1)
    estimate = (n + 1) / n * top
    exact, supposed = (v[n] for v in variances(theta))
    assert estimate.mean() == pytest.approx(theta, rel=2e-3)
    assert estimate.var() == pytest.approx(exact, rel=0.02)
    assert np.all(np.less(*(v[1:] for v in variances(theta)))) and exact == pytest.approx(supposed / (n + 2))


PULLED = [(slug, key) for slug, declared in FAMILIES.items() for key in declared.charts]


@pytest.mark.parametrize(("slug", "key"), PULLED)
def test_the_metric_of_another_chart_is_written_with_its_own_coordinates(slug, key):
    family = FAMILIES[slug]
    written = derivation.pulled_back(family, key)
    for text in (*written, *derivation.connection(family, key, family.default)):
        assert text.count("{") == text.count("}") and "nan" not in text and text.isascii(), text
    assert bool(written) != bool(derivation.about_chart(family, key, words("derive")))


@EVERY
def test_the_curves_beside_the_lines_are_the_scores_and_their_products(slug):
    family = FAMILIES[slug]
    if family.support.vector:
        assert all(panel["id"] != "curves" for panel in scene_of(family))
        return
    panels = {panel["id"]: panel for panel in scene_of(family)}
    curves = {curve["id"]: curve for row in panels["curves"]["rows"] for curve in row["curves"]}
    x = family.support.values()[1] if family.support.discrete else np.interp(0.3, (0, 1), family.support.view)
    inputs = (x, *family.default)
    ell, s, sp_, ssp = (Tape(**curves[name]["tape"])(*inputs)[0] for name in ("ell", "s", "sp", "ssp"))
    p = np.exp(family.log_probability(x, family.default))
    assert np.exp(ell) == pytest.approx(p) and sp_ == pytest.approx(s * p) and ssp == pytest.approx(s * s * p)
    assert [row["id"] for row in panels["lines"]["groups"][0]["rows"]] == [
        row["id"] for row in panels["curves"]["rows"]
    ]


def scene_of(family):
    return derivation.panels(family, lines(family), "11", [family.default.tolist()], words("derive"))
