"""Special functions, in NumPy and in the browser, against mpmath; the derivative rules of their atoms."""

from __future__ import annotations

import functools
import warnings

import mpmath
import numpy as np
import pytest
import sympy as sp

from fimviz import special

TOLERANCE = 1e-12
ABSOLUTE = 1e-15  # next to a zero of the function
DIGITS = 110  # the textbook expressions lose up to 85 at k = 1e-6 and k = 1e6


def _ratio(n, k):
    a = mpmath.besseli(1, k) / mpmath.besseli(0, k)
    a1 = 1 - a * a - a / k
    a2 = -2 * a * a1 - a1 / k + a / k**2
    a3 = -2 * a1 * a1 - 2 * a * a2 - a2 / k + 2 * a1 / k**2 - 2 * a / k**3
    return (a, a1, a2, a3)[n]


def _root(n, rho):
    k = mpmath.sqrt(rho)
    if n == 0:
        return mpmath.log(mpmath.besseli(0, k))
    a, a1, a2, a3 = (_ratio(i, k) for i in range(4))
    return (
        a / (2 * k),
        (k * a1 - a) / (4 * k**3),
        (k**2 * a2 - 3 * k * a1 + 3 * a) / (8 * k**5),
        (k**3 * a3 - 6 * k**2 * a2 + 15 * k * a1 - 15 * a) / (16 * k**7),
    )[n - 1]


def _difference(n, x, d):
    return mpmath.psi(n, x) - mpmath.psi(n, x + d)


def _quotient(order, x, d):
    k, n = divmod(order, 8)
    value = (mpmath.psi(n, x + d) - mpmath.psi(n, x)) / d
    for i in range(1, k + 1):
        value = (mpmath.psi(n + i, x + d) - i * value) / d
    return value


def _near(*points):
    step = np.logspace(-15, -0.5, 12)
    return np.concatenate([p + s * step for p in points for s in (1, -1)])


X = np.concatenate([np.logspace(-6, 8, 43), np.linspace(0.3, 13, 24)])
PAIRS = tuple(map(np.ravel, np.meshgrid(np.logspace(-6, 8, 8), np.logspace(-6, 6, 7))))
EDGES = [f * b for b in (2, 4.6, 10.7, 25) for f in (1 - 1e-15, 1)]  # where one polynomial takes over
K = np.concatenate([np.logspace(-6, 6, 37), np.linspace(0.3, 28, 21), EDGES])

# the quotient's d in parts of x, from close to −x through 0 to far above it
STEPS = np.concatenate([np.logspace(-14, 5, 39), -np.logspace(-14, -0.01, 21), [0.3, -0.3]])
PLACES = tuple(map(np.ravel, np.meshgrid([1.0, 2.0, 3.0], STEPS)))
PLACES = (PLACES[0], PLACES[0] * PLACES[1])

# name: (grids of the arguments after the order, the exact function, orders)
CASES = {
    "lgamma": ((np.concatenate([X, _near(1, 2)]),), mpmath.loggamma, (None,)),
    "erf": ((np.concatenate([np.logspace(-6, 1, 30), -np.linspace(0.1, 7, 30)]),), mpmath.erf, (None,)),
    "polygamma": ((np.concatenate([X, _near(1.4616321449683623)]),), mpmath.psi, range(5)),
    "polygamma_difference": (PAIRS, _difference, range(5)),
    "polygamma_quotient": (PLACES, _quotient, [n + 8 * k for n in range(4) for k in range(4) if n + k < 5]),
    "log_i0": ((K,), lambda k: mpmath.log(mpmath.besseli(0, k)), (None,)),
    "bessel_ratio": ((K,), _ratio, range(4)),
    "log_i0_sqrt": ((K * K,), _root, range(5)),
}
FUNCTIONS = [(name, n) for name, case in CASES.items() for n in case[2]]
every_function = pytest.mark.parametrize(("name", "n"), FUNCTIONS)


@functools.cache
def _exact(name, n):
    grids, function, _ = CASES[name]
    with mpmath.workdps(DIGITS):
        rows = zip(*(map(mpmath.mpf, map(float, g)) for g in grids), strict=True)
        return [function(*(() if n is None else (n,)), *row) for row in rows]


def _assert_accurate(values, name, n):
    with mpmath.workdps(30):
        for value, exact, *arguments in zip(values, _exact(name, n), *CASES[name][0], strict=True):
            error = abs(mpmath.mpf(float(value)) - exact)
            near_zero = abs(exact) < 0.3 and name in ("lgamma", "polygamma", "bessel_ratio") and arguments[0] < 3
            allowed = max(TOLERANCE * abs(exact), ABSOLUTE if near_zero else 0)
            assert error <= allowed, (name, n, arguments, float(error / abs(exact)))


def _numpy(name, n, *arguments):
    function = getattr(special, name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return function(*arguments) if n is None else function(n, *arguments)


@every_function
def test_numpy_agrees_with_mpmath(name, n):
    _assert_accurate(_numpy(name, n, *CASES[name][0]), name, n)


@every_function
def test_numpy_value_does_not_depend_on_the_number_of_lanes(name, n):
    grids = [np.resize(g, 300) for g in CASES[name][0]]
    together = _numpy(name, n, *grids).reshape(3, 100)
    apart = _numpy(name, n, *(g.reshape(3, 100)[:, :1] for g in grids))
    np.testing.assert_allclose(together[:, :1], apart, rtol=1e-14)
    assert np.shape(_numpy(name, n, *(g[0] for g in grids))) == ()


@pytest.fixture
def in_browser(browser_page):
    def call(requests):
        return browser_page.evaluate(
            """async (requests) => {
                const special = await import("/special.js");
                return requests.map(([name, rows]) => rows.map((row) => special[name](...row)));
            }""",
            requests,
        )

    return call


def _javascript_name(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_javascript_agrees_with_mpmath(in_browser):
    def rows(name, n):
        order = [] if n is None else [n]
        return [order + list(map(float, row)) for row in zip(*CASES[name][0], strict=True)]

    answers = in_browser([[_javascript_name(name), rows(name, n)] for name, n in FUNCTIONS])
    for (name, n), values in zip(FUNCTIONS, answers, strict=True):
        _assert_accurate(values, name, n)


# (name, order, arguments, value): the ends of the domains, where a grid in logarithms does not reach
ENDS = [
    ("lgamma", None, (1.0,), 0.0),
    ("lgamma", None, (2.0,), 0.0),
    ("lgamma", None, (0.0,), np.nan),
    ("lgamma", None, (-1.0,), np.nan),
    ("polygamma", 1, (-0.5,), np.nan),
    ("polygamma", 1, (0.0,), np.nan),
    ("polygamma_difference", 1, (2.0, 0.0), 0.0),
    ("polygamma_difference", 1, (2.0, -3.0), np.nan),
    ("polygamma_quotient", 0, (1.0, 0.0), np.pi**2 / 6),
    ("polygamma_quotient", 8, (1.0, 0.0), -1.2020569031595942),
    ("polygamma_quotient", 0, (2.0, -2.0), np.nan),
    ("polygamma_quotient", 1, (-1.0, 3.0), np.nan),
    ("erf", None, (0.0,), 0.0),
    ("log_i0", None, (0.0,), 0.0),
    ("log_i0", None, (-2.5,), float(special.log_i0(2.5))),
    ("bessel_ratio", 0, (0.0,), 0.0),
    ("bessel_ratio", 0, (-30.0,), -float(special.bessel_ratio(0, 30.0))),
    ("bessel_ratio", 1, (0.0,), 0.5),
    ("bessel_ratio", 1, (-3.0,), float(special.bessel_ratio(1, 3.0))),
    ("bessel_ratio", 2, (0.0,), 0.0),
    ("bessel_ratio", 2, (-1.0,), -float(special.bessel_ratio(2, 1.0))),
    ("bessel_ratio", 3, (0.0,), -3 / 8),
    ("bessel_ratio", 0, (np.inf,), 1.0),
    ("log_i0_sqrt", 0, (0.0,), 0.0),
    ("log_i0_sqrt", 1, (0.0,), 1 / 4),
    ("log_i0_sqrt", 2, (0.0,), -1 / 32),
    ("log_i0_sqrt", 3, (0.0,), 1 / 96),
    ("log_i0_sqrt", 4, (0.0,), -11 / 2048),
    ("log_i0_sqrt", 1, (-1.0,), np.nan),
]


def test_ends_of_the_domains_in_numpy():
    for name, n, arguments, value in ENDS:
        np.testing.assert_allclose(_numpy(name, n, *arguments), value, rtol=1e-14, err_msg=f"{name} {n} {arguments}")


def test_ends_of_the_domains_in_javascript(in_browser):
    requests = [[_javascript_name(name), [[*([] if n is None else [n]), *a]]] for name, n, a, _ in ENDS]
    for (name, n, arguments, value), (answer,) in zip(ENDS, in_browser(requests), strict=True):
        np.testing.assert_allclose(answer, value, rtol=1e-14, err_msg=f"{name} {n} {arguments}")


# ---------------------------------------------------------------- atoms

x, d = sp.symbols("x d", positive=True)
ATOMS = [
    *(special.PolygammaDifference(n, x, d) for n in range(4)),
    *(special.PolygammaQuotient(n, k, 2, x) for n in range(3) for k in range(3)),
    special.LogBesselI0(x),
    *(special.BesselRatio(n, x) for n in range(3)),
    *(special.LogBesselI0Sqrt(n, x) for n in range(4)),
]


@pytest.mark.parametrize("atom", ATOMS, ids=str)
@pytest.mark.parametrize("point", [{x: "0.37", d: "2.9"}, {x: "11.3", d: "0.001"}], ids=["small", "large"])
def test_derivative_rule(atom, point):
    point = {s: sp.Rational(v) for s, v in point.items()}
    for variable in atom.free_symbols:

        def value(t, variable=variable):
            at = point | {variable: sp.Float(t, 60)}
            return atom.subs(at).evalf(60)._to_mpmath(200)

        with mpmath.workdps(50):
            numeric = mpmath.diff(value, sp.Float(point[variable], 60)._to_mpmath(200), h=mpmath.mpf("1e-16"))
        rule = sp.diff(atom, variable).subs(point).evalf(40)
        assert abs(rule - sp.Float(numeric, 40)) < abs(rule) * sp.Float("1e-14")


@pytest.mark.parametrize("atom", [*ATOMS, special.BesselRatio(3, x), special.LogBesselI0Sqrt(4, x)], ids=str)
@pytest.mark.parametrize("power", [-6, 0, 5])
def test_evalf_keeps_its_digits(atom, power):
    few = atom.subs({x: sp.Integer(10) ** power, d: sp.Rational(1, 1000)}).evalf(15)
    many = atom.subs({x: sp.Integer(10) ** power, d: sp.Rational(1, 1000)}).evalf(60)
    assert few.is_Float
    assert abs(few - many) < abs(many) * 1e-14


def test_atoms_know_their_zeros_signs_and_orders():
    assert special.PolygammaDifference(1, x, 0) == 0
    assert special.PolygammaDifference(1, x, d).is_positive
    assert all(atom.is_real for atom in ATOMS)
    assert special.PolygammaQuotient(1, 2, 3, 0) == sp.polygamma(4, 3) / 3
    assert special.LogBesselI0(0) == 0
    assert [special.BesselRatio(n, 0) for n in range(4)] == [0, sp.S.Half, 0, sp.Rational(-3, 8)]
    assert special.BesselRatio(1, x).is_positive
    series = sp.log(sum(x**j / (4**j * sp.factorial(j) ** 2) for j in range(6)))
    for n in range(5):
        assert special.LogBesselI0Sqrt(n, 0) == series.diff(x, n).subs(x, 0)
    for make in (special.BesselRatio, special.LogBesselI0Sqrt):
        with pytest.raises(ValueError, match="order"):
            make(-1, x)
    pair = special.PolygammaDifference(2, x, d)
    assert pair.rewrite(sp.polygamma) == sp.polygamma(2, x) - sp.polygamma(2, x + d)


def test_atoms_print_as_formulas():
    pair = special.PolygammaDifference(1, x, d)
    text = r"\left(\psi'\left(x\right) - \psi'\left(d + x\right)\right)"
    assert sp.latex(1 - pair) == f"1 - {text}"
    assert sp.latex(pair**2) == text + "^{2}"
    assert sp.latex(special.BesselRatio(1, x)) == r"A'\left(x\right)"
    assert sp.latex(special.LogBesselI0(x)) == r"\log I_{0}\left(x\right)"
    assert sp.latex(special.LogBesselI0Sqrt(2, x)) == r"\partial_{x}^{2} \log I_{0}\left(\sqrt{x}\right)"
    for atom in ATOMS:
        assert "<mi>x</mi>" in sp.mathml(1 - atom, printer="presentation")
