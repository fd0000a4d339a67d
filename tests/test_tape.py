"""A tape computes what its expressions say, for every operation, every shape and every way to ask wrongly."""

import json

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from test_families import observations

from fimviz import CATALOG, special
from fimviz.divergence import kl_expression
from fimviz.stage import model
from fimviz.tape import OPS, WIDTH, Tape, lower

X, Y = sp.symbols("x y", real=True)
P, Q = sp.symbols("p q", positive=True)
XY = [(0.3, 0.7), (-1.2, 0.4), (2.5, -1.1), (0.9, 3.3)]


def entire():
    """Random real expressions in x and y, defined everywhere on a box around XY."""
    leaf = st.sampled_from([X, Y, sp.Integer(2), sp.Rational(-3, 7), sp.pi, sp.EulerGamma])
    one = [sp.sin, sp.cos, sp.tanh, sp.atan, sp.asinh, sp.Abs, lambda e: sp.exp(sp.sin(e)), lambda e: sp.sqrt(1 + e**2)]
    one += [
        lambda e: sp.log(2 + e**2),
        lambda e: -e,
        lambda e: 1 / (1 + e**2),
        lambda e: (1 + e**2) ** sp.Rational(-3, 2),
    ]
    two = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (2 + sp.cos(b)), sp.Max, sp.Min]
    two += [lambda a, b: (2 + sp.sin(a)) ** sp.tanh(b), lambda a, b: sp.Piecewise((a, a < b), (b, True))]

    def grow(inner):
        unary = st.builds(lambda f, e: f(e), st.sampled_from(one), inner)
        binary = st.builds(lambda f, a, b: f(a, b), st.sampled_from(two), inner, inner)
        power = st.builds(lambda e, n: e**n, inner, st.integers(2, 7))
        return unary | binary | power

    return st.recursive(leaf, grow, max_leaves=8)


@settings(max_examples=120)
@given(st.lists(entire(), min_size=1, max_size=3))
def test_a_tape_equals_evalf(expressions):
    tape = lower(expressions, (X, Y))
    for x, y in XY:
        exact = [complex(sp.N(e.xreplace({X: sp.Float(x, 30), Y: sp.Float(y, 30)}), 30)) for e in expressions]
        if all(abs(v) < 1e12 for v in exact):
            size = [sum(abs(complex(a.evalf(subs={X: x, Y: y}))) for a in sp.Add.make_args(e)) for e in expressions]
            assert np.all(np.abs(tape(x, y) - np.real(exact)) <= 1e-9 * (1 + np.array(size)))


ONCE = {
    "add": X + Y, "sub": X - Y, "mul": X * Y, "div": X / P, "neg": -X, "inv": 1 / P, "square": X**2, "cube": X**3,
    "pow": P**X, "sqrt": sp.sqrt(P), "exp": sp.exp(X), "log": sp.log(P), "sin": sp.sin(X), "cos": sp.cos(X),
    "tan": sp.tan(X), "asin": sp.asin(Q), "acos": sp.acos(Q), "atan": sp.atan(X), "atan2": sp.atan2(Y, X),
    "sinh": sp.sinh(X), "cosh": sp.cosh(X), "tanh": sp.tanh(X), "asinh": sp.asinh(X), "acosh": sp.acosh(1 + P),
    "atanh": sp.atanh(Q), "abs": sp.Abs(X), "sign": sp.sign(X), "min": sp.Min(X, Y), "max": sp.Max(X, Y),
    "where": sp.Piecewise((X, X < Y), (Y, True)), "lgamma": sp.loggamma(P), "polygamma": sp.polygamma(2, P),
    "polygamma_difference": special.PolygammaDifference(1, P, Q), "erf": sp.erf(X),
    "log_i0": special.LogBesselI0(P), "bessel_ratio": special.BesselRatio(1, P),
    "log_i0_sqrt": special.LogBesselI0Sqrt(2, P), "polygamma_quotient": special.PolygammaQuotient(1, 2, 2, P),
    "expm1": sp.exp(X) - 1,
}  # fmt: skip


@pytest.mark.parametrize("op", ONCE)
def test_every_operation_is_issued_and_right(op):
    point = {X: 0.37, Y: 1.4, P: 1.7, Q: 0.6}
    tape = lower([ONCE[op]], tuple(point))
    assert op in [OPS[i] for i in tape.code[::WIDTH]]
    exact = float(sp.N(ONCE[op].xreplace({s: sp.Rational(str(v)) for s, v in point.items()}), 30))
    assert tape(*point.values())[0] == pytest.approx(exact, rel=1e-13)
    assert tape.scalar(*point.values()) == pytest.approx([exact], rel=1e-13)


def test_every_operation_has_a_test():
    # log1p and lt are issued by others: by a logarithm of 1 + …, and by a condition
    assert set(OPS) - set(ONCE) == {"log1p", "lt"}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (sp.gamma(P), 24.0), (sp.log(sp.gamma(P)), np.log(24)), (sp.factorial(P), 120.0), (sp.beta(P, P), 1 / 630),
        (P**-2, 0.04), (P ** sp.Rational(3, 2), 5**1.5), (P ** sp.Rational(-1, 2), 5**-0.5), (P**64, 5.0**64),
        (P**65, 5.0**65), (P**-7, 5.0**-7), (sp.exp(-P), np.exp(-5)), (-P / 3, -5 / 3), (sp.KroneckerDelta(P, 5), 1.0),
        (sp.KroneckerDelta(P, 4), 0.0), (-P - 1, -6.0), (sp.Integer(7), 7.0), (sp.sqrt(2) * sp.pi, np.sqrt(2) * np.pi),
        (1 / (P * (1 + P)), 1 / 30), (1 - sp.exp(P / 10**12), -5.0000000000125e-12), (sp.Max(P, 1, 9), 9.0),
    ],
    ids=str,
)  # fmt: skip
def test_rewritten_forms(expression, value):
    assert lower([expression], (P,))(5)[0] == pytest.approx(value, rel=1e-13)


def test_a_condition_holds_or_not_at_its_own_edge():
    closed, strict = sp.Piecewise((1, X <= 2), (0, True)), sp.Piecewise((1, X < 2), (0, True))
    least, more = sp.Piecewise((1, X >= 2), (0, True)), sp.Piecewise((1, X > 2), (0, True))
    tape = lower([closed, strict, least, more], (X,))
    assert tape([1, 2, 3]).tolist() == [[1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 1, 1]]


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        (X + P, "'p' is not an input of the formula (inputs: x)"),
        (sp.zeta(X), "'zeta' has no numerical instruction"),
        (sp.Function("f")(X), "'f' has no numerical instruction"),
        (sp.sqrt(-1) * X, "is not a real number"),
        (X * sp.zoo, "no numerical instruction"),
        (sp.Piecewise((X, X < 1)), "has no value where no condition holds"),
        (sp.Piecewise((X, sp.And(X < 1, X > 0, evaluate=False)), (0, True)), "is not one comparison"),
        (sp.Derivative(sp.Function("f")(X), X), "no numerical instruction"),
    ],
    ids=str,
)
def test_what_cannot_be_lowered_is_named(expression, says):
    with pytest.raises(ValueError, match=r".") as caught:
        lower([expression], (X,))
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["x + 1", "__import__('os').getcwd()"])
def test_text_is_never_read_as_a_formula(text):
    with pytest.raises((sp.SympifyError, TypeError)):
        lower([text], (X,))


def test_equal_subexpressions_are_computed_once():
    shared = sp.exp(X * Y)
    tape = lower([shared + 1, shared * 2, sp.sin(shared)], (X, Y))
    names = [OPS[i] for i in tape.code[::WIDTH]]
    assert names.count("exp") == names.count("mul") - 1 == 1


def test_registers_are_reused():
    long = sum(sp.sin(k * X) for k in range(1, 60))
    tape = lower([long], (X,))
    assert tape.n_reg - tape.n_in - len(tape.consts) <= 4
    assert tape(0.4)[0] == pytest.approx(sum(np.sin(k * 0.4) for k in range(1, 60)), rel=1e-13)


def test_outputs_may_be_inputs_constants_and_repeated():
    tape = lower([Y, sp.Integer(3), X + Y, Y, X + Y], (X, Y))
    assert tape(1, 2).tolist() == [2, 3, 3, 2, 3]


def test_inputs_broadcast_and_outputs_come_last():
    tape = lower([X * Y, sp.Integer(1)], (X, Y))
    assert tape(np.ones((3, 1)), np.arange(4)).shape == (3, 4, 2)
    assert tape(2, 3).shape == (2,)
    assert tape(np.empty((0,)), 1.0).shape == (0, 2)
    assert lower([sp.Integer(5)], ())().tolist() == [5]


def test_integers_are_numbers_and_invalid_points_are_nan_in_silence():
    tape = lower([1 / P, sp.log(P), sp.sqrt(P)], (P,))
    assert tape(np.array([2, 4])).dtype == float
    with np.errstate(all="raise"):
        values = tape([np.nan, np.inf, -1.0, 0.0])
    assert np.isnan(values[0]).all()
    assert np.isnan(values[2, 1:]).all()
    assert values[3].tolist() == [np.inf, -np.inf, 0]


@pytest.mark.parametrize("value", [0.0, -1.0, 1e3, -1e3])
def test_one_point_outside_a_formula_is_nan(value):
    tape = lower([1 / P, sp.log(P), sp.exp(P) * sp.exp(2 * P) - P**65], (P,))
    assert np.isnan(tape.scalar(value)).all()


@pytest.mark.parametrize("slug", CATALOG)
def test_one_point_and_many_are_the_same_program(slug):
    family = CATALOG[slug]
    x = family.coordinates(observations(family)[1])
    one = family.density_tape.scalar(*map(float, x), *family.default.tolist())
    assert one == pytest.approx(family.density_tape(*x, *family.default), rel=1e-14)


def test_a_wrong_number_of_inputs_is_said():
    with pytest.raises(ValueError, match="1 inputs given to a tape of 2"):
        lower([X + Y], (X, Y))(1.0)


def test_a_tape_survives_json():
    tape = lower([sp.exp(X) / (1 + Y**2), special.BesselRatio(2, P)], (X, Y, P))
    text = json.dumps(tape.as_dict(), allow_nan=False)
    raw = json.loads(text)
    again = Tape.from_dict(raw)
    assert again == tape
    assert hash(again) == hash(tape)
    assert again(0.3, 0.4, 2.0).tolist() == tape(0.3, 0.4, 2.0).tolist()


def test_differences_of_polygammas_keep_their_digits():
    difference = sp.polygamma(1, P) - sp.polygamma(1, P + Q)
    got = lower([3 * P * difference + X], (P, Q, X))(1e3, 1e-3, 0)[0]
    exact = 3e3 * float(sp.N(difference.xreplace({P: 1000, Q: sp.Rational(1, 1000)}), 30))
    assert got == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("slug", CATALOG)
def test_every_family_is_described_in_finite_json(slug):
    family = CATALOG[slug]
    parts = [model.describe(family)]
    for key in family.charts:
        parts += [model.describe_chart(family, key), model.describe_descent(family, key)]
    # a family known on nodes carries them in every tape
    assert len(json.dumps(parts, allow_nan=False)) < (300_000 if family.mean else 200_000)


@pytest.mark.parametrize("slug", CATALOG)
def test_the_tapes_for_the_stage_fit_together(slug):
    family = CATALOG[slug]
    spec = model.describe(family)
    tapes = {k: Tape.from_dict(v) for k, v in {**spec["solver"], "kl": spec["kl"]}.items() if isinstance(v, dict)}
    u = tapes["from_theta"](*family.default)
    assert tapes["to_theta"](*u) == pytest.approx(family.default, rel=1e-13, abs=1e-13)
    assert ("kl" in tapes) == (kl_expression(family) is not None)
    if "kl" in tapes:
        assert tapes["kl"](*u, *u)[0] == pytest.approx(0, abs=1e-13)
    d = family.dimension
    assert tapes["metric"](*u).shape == ((d + 1) * d * (d + 1) // 2,)


def test_what_is_too_deep_or_too_large_is_refused():
    deep = sp.Symbol("x")
    for _ in range(70):
        deep = sp.sin(deep)
    with pytest.raises(ValueError, match="64 deep"):
        lower([deep], [sp.Symbol("x")])
    with pytest.raises(ValueError, match="300 digits"):
        lower([sp.Symbol("x") + sp.Integer(10) ** 400], [sp.Symbol("x")])
    with pytest.raises(ValueError, match="300 digits"):
        lower([sp.sin(sp.Rational(1, 10**301))], [])
