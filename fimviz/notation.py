"""Expressions as they are read on paper, in LaTeX, and as they are typed in Python.

What a reader is shown is the narrowest of several ways to write the same thing: nothing here
changes a value, only how it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from fimviz.exponential import tidy
from fimviz.special import (
    BesselRatio,
    LogBesselI0,
    LogBesselI0Sqrt,
    LogCosh,
    PolygammaDifference,
    PolygammaQuotient,
    Side,
)

PRIMES = ("", "′", "″", "‴", "⁗")
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρστφχψω",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
        "varphi chi psi omega".split(),
        strict=True,
    )
)
_SCRIPT = {sub: f"_{{{i}}}" for i, sub in enumerate("₀₁₂₃₄₅₆₇₈₉")} | {"²": "^{2}", "³": "^{3}"}
_COMMAND = {
    "½": r"\tfrac{1}{2}",
    "Σ": r"\Sigma ",
    "det": r"\det ",
    "log": r"\log ",
    "arcsin": r"\arcsin ",
    "logit": r"\operatorname{logit} ",
    "artanh": r"\operatorname{artanh} ",
}


class Changed(sp.Function):
    """What one line of a derivation put in; it stands for its argument, and nothing cancels against it."""

    nargs = 1


def plain(e: Any) -> Any:
    """The same without its marks."""
    return e.replace(Changed, lambda inner: inner) if hasattr(e, "replace") else e


# --- one way to write it of several ------------------------------------------------------------------------


def width(e: Any) -> float:
    """About how many letters wide an expression is set; a fraction is as wide as its wider half."""
    if isinstance(e, sp.MatrixBase):
        return sum(max(width(e[i, j]) for i in range(e.rows)) + 2 for j in range(e.cols)) + 2
    if isinstance(e, Changed):
        return width(e.args[0]) + 2 * bool(e.args[0].is_Add)
    if e.is_Add:
        return sum(width(t) + 3 for t in e.args) - 3
    above, below = sp.fraction(e)
    if below != 1:
        return max(width(above), width(below)) + 1
    if e.is_Mul:
        return sum(width(f) + (2 if f.is_Add else 0) for f in e.args) + 0.3 * len(e.args)
    if e.is_Pow:
        return width(e.base) + 0.7 * width(e.exp) + (2 if e.base.is_Add else 0)
    if e.is_Function:
        return 2 + sum(width(a) for a in e.args) + len(e.func.__name__) / 3
    return 2.2 if str(e).startswith("d_") else max(1, len(str(e)) / 2)


def positive(e: Any) -> Any:
    """−1/(p(p − 1)) as 1/(p(1 − p)): a sign goes into a bracket that can take it."""
    if not e.could_extract_minus_sign():
        return e
    above, below = sp.fraction(sp.factor_terms(e))
    for factor in sp.Mul.make_args(below):
        if factor.is_Add:
            return -above / (below / factor) / sp.Add(*(-t for t in factor.args))
    return e


def oriented(e: Any, at: Mapping[Any, Any]) -> Any:
    """One fraction whose brackets below are positive at the point `at`, a minus sign taken up above.

    (p − x)/(p(p − 1)) is (x − p)/(p(1 − p)): what is subtracted is what stands for the model.
    """
    above, below = sp.fraction(tidy(e))
    sign = 1
    turned = []
    for factor in sp.Mul.make_args(below):
        base, power = factor.as_base_exp()
        if base.is_Add and (base.xreplace(dict(at)).evalf() < 0) == sp.true:
            sign, base = (-sign if power.is_odd else sign), _turned(base)
        turned.append(base**power)
    factors = list(sp.Mul.make_args(above))
    if factors and factors[0].is_number and factors[0].is_negative:
        sign, factors[0] = -sign, -factors[0]
    bracket = next((i for i, f in enumerate(factors) if f.is_Add), None)
    if sign < 0 and bracket is not None:
        sign, factors[bracket] = 1, _turned(factors[bracket])
    return sign * sp.Mul(*factors) / sp.Mul(*turned)


def _turned(total: Any) -> Any:
    return sp.Add(*(-t for t in total.args))


def narrowest(ways: Iterable[Any]) -> Any:
    """The narrowest way to write it; the first of equals."""
    return min(ways, key=width)


def partial(e: Any) -> Any:
    """In partial fractions of its first symbol, where it is rational."""
    symbols = sorted(e.free_symbols, key=str)
    if not e.is_rational_function(*symbols):
        return e
    return sp.Add(*(positive(t) for t in sp.Add.make_args(sp.apart(e, symbols[0])))) if symbols else e


def quadratic(g: Any, steps: Sequence[Any]) -> Any:
    """Σ gᵢⱼ dξⁱ dξʲ the narrowest way: one fraction, collected, grouped, or in partial fractions."""
    pairs = [(i, j) for i in range(g.rows) for j in range(i, g.cols)]
    terms = [(1 if i == j else 2) * g[i, j] * steps[i] * steps[j] for i, j in pairs]
    total = sp.Add(*terms)
    ways = [sp.Add(*(positive(t) for t in terms)), sp.collect(sp.expand(total), [a * b for a in steps for b in steps])]
    if g.rows == 2:
        # what the off-diagonal entry says, said once: dp₁²/p₁ + dp₂²/p₂ + (dp₁ + dp₂)²/p₃
        a, b, c = tidy(g[0, 0] - g[0, 1]), tidy(g[1, 1] - g[0, 1]), g[0, 1]
        together = positive(c) * (steps[0] + steps[1]) ** 2
        ways.append(sp.Add(positive(a) * steps[0] ** 2, positive(b) * steps[1] ** 2, together))
    if not total.has(sp.Function):
        ways.append(positive(sp.together(sp.expand(total))))
        split = [partial(g[i, j]) for i, j in pairs]
        ways.append(
            sp.Add(*((1 if i == j else 2) * s * steps[i] * steps[j] for s, (i, j) in zip(split, pairs, strict=True)))
        )
    # a leading minus is true and reads like a mistake: a length is positive
    return min(ways, key=lambda e: width(e) + 8 * e.could_extract_minus_sign())


# --- LaTeX ---------------------------------------------------------------------------------------------------


def latex(e: Any, names: Mapping[str, Any], changed: str = "{}") -> str:
    """LaTeX of an expression or matrix; `names` gives each symbol's glyph, ("d", glyph) a differential.

    `changed` is a template for what a line put in, for example r"\\textcolor{{blue}}{{{}}}".
    """
    return _Latex(names, changed).doprint(e)


def glyph_latex(glyph: str) -> str:
    """A glyph such as "p₁", "log σ" or "p/(1−p)" in LaTeX."""
    out = ""
    for word in re.findall(r"arcsin|artanh|logit|log|det|\S", glyph):
        greek = rf"\{_GREEK[word]} " if word in _GREEK else {"−": "-", "√": r"\surd "}.get(word, word)
        out = (out.rstrip() + _SCRIPT[word]) if word in _SCRIPT else out + _COMMAND.get(word, greek)
    return out.strip()


class _Latex(LatexPrinter):
    """SymPy's printer with our glyphs, upright differentials, and what is taken away written last."""

    def __init__(self, names: Mapping[str, Any], changed: str):
        super().__init__({"mat_delim": "(", "mat_str": "pmatrix", "ln_notation": False})
        self._settings["mat_delim"] = ""
        self._names, self._changed = names, changed

    def _as_ordered_terms(self, expr, order=None):
        return sorted(super()._as_ordered_terms(expr, order), key=lambda term: term.could_extract_minus_sign())

    def _print_Symbol(self, expr, style="plain"):
        glyph = self._names.get(expr.name, expr.name)
        if isinstance(glyph, tuple):
            inner = glyph_latex(glyph[1])
            return r"\mathrm{d}" + (inner if re.fullmatch(".[₀-₉]?", glyph[1]) else f"({inner})")
        return glyph_latex(glyph)

    def _print_Changed(self, expr, exp=None):
        inner = expr.args[0]
        text = self._print(inner)
        text = _bracketed(text) if _needs_bracket(inner) or (exp and not inner.is_Atom) else text
        return _raised(self._changed.format(text), exp)

    def _print_Mul(self, expr):
        """Differentials come last: σ² dμ² and not dμ² σ²."""
        if (parts := differentials_last(expr)) is None:
            return super()._print_Mul(expr)
        rest, ends = parts
        front = "-" if rest == -1 else _bracketed(self._print(rest)) if rest.is_Add else self._print(rest)
        return " ".join([front, *(rf"\, {_bracketed(self._print(f)) if f.is_Add else self._print(f)}" for f in ends)])

    def _print_Abs(self, expr, exp=None):
        return _raised(rf"\left|{self._print(sample_first(expr.args[0]))}\right|", None) + (
            f"^{{{exp}}}" if exp else ""
        )

    def _print_log(self, expr, exp=None):
        inner = expr.args[0]
        text = self._print(inner)
        return rf"\log{f'^{{{exp}}}' if exp else ''} " + (
            text if inner.is_Symbol or inner.is_Integer else _bracketed(text)
        )

    def _primed(self, letter: str, order: Any, arguments: Sequence[Any], exp: Any) -> str:
        inner = ", ".join(self._print(a) for a in arguments)
        return _raised(rf"{letter}{chr(39) * int(order)}{_bracketed(inner)}", exp)

    def _print_polygamma(self, expr, exp=None):
        return self._primed(r"\psi", expr.args[0], expr.args[1:], exp)

    def _print_BesselRatio(self, expr, exp=None):
        return self._primed("A", expr.args[0], expr.args[1:], exp)

    def _print_LogBesselI0Sqrt(self, expr, exp=None):
        return self._primed("F", expr.args[0], expr.args[1:], exp)

    def _print_LogBesselI0(self, expr, exp=None):
        return _raised(rf"\log I_0{_bracketed(self._print(expr.args[0]))}", exp)

    def _print_loggamma(self, expr, exp=None):
        return _raised(rf"\log\Gamma{_bracketed(self._print(expr.args[0]))}", exp)

    def _print_sign(self, expr, exp=None):
        return _raised(rf"\operatorname{{sgn}}{_bracketed(self._print(expr.args[0]))}", exp)


def _bracketed(text: str) -> str:
    return rf"\left({text}\right)" if r"\frac" in text or r"\sqrt" in text else f"({text})"


def _raised(text: str, exp: Any) -> str:
    return rf"\left({text}\right)^{{{exp}}}" if exp else text


def _needs_bracket(e: Any) -> bool:
    return bool(e.is_Add or (e.is_number and e.is_negative))


def differentials_last(product: Any) -> tuple[Any, list[Any]] | None:
    """(coefficient, differentials) of a product, or None where it is written as one fraction: dp²/(p(1 − p))."""
    above, below = sp.fraction(product)
    ends = [f for f in sp.Mul.make_args(above) if _is_differential(f)]
    rest = sp.Mul(*(f for f in sp.Mul.make_args(above) if f not in ends))
    if not ends or rest == 1 or (rest.is_Rational and below != 1):
        return None
    return rest / below, ends


def sample_first(e: Any) -> Any:
    """μ − x as x − μ, where the sign does not matter."""
    x = next((s for s in e.free_symbols if s.name == "x"), None)
    return -e if x is not None and e.is_Add and e.coeff(x).is_negative else e


def _is_differential(e: Any) -> bool:
    return bool(e.free_symbols) and all(s.name.startswith("d_") for s in e.free_symbols)


# --- Python --------------------------------------------------------------------------------------------------


def python(e: Any) -> str:
    """An expression or matrix as Python that builds it again from SymPy's names."""
    if isinstance(e, sp.MatrixBase):
        rows = ", ".join("[" + ", ".join(python(e[i, j]) for j in range(e.cols)) + "]" for i in range(e.rows))
        return f"Matrix([{rows}])"
    return _Python().doprint(plain(e))


_OURS = (PolygammaDifference, PolygammaQuotient, BesselRatio, LogBesselI0, LogBesselI0Sqrt, LogCosh, Side)


def python_names(e: Any) -> tuple[list[str], list[str]]:
    """What that Python needs from SymPy, and what from `fimviz.special`."""
    words = set(re.findall(r"[A-Za-z_]\w*", python(e)))
    ours = {f.__name__ for f in _OURS}
    own = {s.name for entry in (e if isinstance(e, sp.MatrixBase) else [e]) for s in entry.free_symbols}
    return sorted(w for w in words - ours - own if hasattr(sp, w)), sorted(words & ours)


class _Python(StrPrinter):
    def _print_Rational(self, expr):
        return f"Rational({expr.p}, {expr.q})"

    def _print_BooleanTrue(self, expr):
        return "True"


# --- numbers ------------------------------------------------------------------------------------------


def three(x: float) -> str:
    """Three digits with a true minus sign."""
    return "∞" if x == np.inf else f"{x + 0.0:#.3g}".rstrip(".").replace("-", "−")


def power(error: float) -> str:
    """A small number as it is read aloud: 3e−15; below one rounding error, 1e−16."""
    if not np.isfinite(error):
        return "∞"
    return f"{max(error, 1e-16):.0e}".replace("e-0", "e-").replace("-", "−")
