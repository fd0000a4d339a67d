"""Tree → SymPy from a fixed table, and back: how formulas cross between processes, as JSON and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

from fimviz import special
from fimviz.errors import TextRefused
from fimviz.exponential import Expr
from fimviz.notation import Changed
from fimviz.typed import bounds
from fimviz.typed.grammar import LONGEST_NAME, Tree

_LONGEST_INTEGER = 300
_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_NAME}}}")


def _log(a: Expr) -> Expr:
    """log, with products and powers split where that is allowed, so that no factor overflows on its own."""
    value = sp.log(a)
    return sp.expand_log(value, deep=False) if a.is_Mul or a.is_Pow or a.func is sp.exp else value


def _binomial(n: Expr, k: Expr) -> Expr:
    return sp.gamma(n + 1) / (sp.gamma(k + 1) * sp.gamma(_small(n - k + 1)))


def _log_beta(a: Expr, b: Expr) -> Expr:
    return sp.loggamma(a) + sp.loggamma(b) - sp.loggamma(_small(a + b))


def _small(a: Expr) -> Expr:
    """a, which may have become a constant only now: x + 1e9 less x."""
    if _beyond(a, 2 * bounds.LARGEST["gamma"] + 1):
        raise ValueError("the factorial of a large constant")
    return a


def _greatest(*values: Expr) -> Expr:
    """By |·|, whose kinks quadrature knows and whose derivative is a number: max(a, b) = (a + b + |a − b|)/2."""
    return reduce(lambda a, b: (a + b + sp.Abs(a - b)) / 2, values)


def _least(*values: Expr) -> Expr:
    return -_greatest(*(-v for v in values))


# What a visitor may write. The name beta is left to the parameter, as textbooks do.
FUNCTIONS: dict[str, Callable[..., Expr]] = {
    "exp": sp.exp, "log": _log, "ln": _log, "sqrt": sp.sqrt, "abs": sp.Abs, "sign": sp.sign,
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "asin": sp.asin, "acos": sp.acos, "atan": sp.atan,
    "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh, "asinh": sp.asinh, "acosh": sp.acosh, "atanh": sp.atanh,
    "gamma": sp.gamma, "loggamma": sp.loggamma, "lgamma": sp.loggamma, "gammaln": sp.loggamma,
    "betaln": _log_beta, "factorial": lambda n: sp.gamma(n + 1), "binomial": _binomial,
    "erf": sp.erf, "erfc": lambda a: 1 - sp.erf(a), "besseli": lambda n, a: sp.exp(special.LogBesselI0(a)),
    "min": _least, "max": _greatest,
}  # fmt: skip
ARGUMENTS: dict[str, int | None] = dict.fromkeys(FUNCTIONS, 1) | {
    "betaln": 2, "binomial": 2, "besseli": 2, "min": None, "max": None,
}  # fmt: skip
CONSTANTS = {"pi": sp.pi, "e": sp.E, "E": sp.E, "euler_gamma": sp.EulerGamma}

# What a derivation may contain besides: by the name of its class, both ways.
_CLASSES: dict[str, Any] = {
    c.__name__: c
    for c in (
        sp.Add, sp.Mul, sp.Pow, sp.exp, sp.log, sp.Abs, sp.sign, sp.sin, sp.cos, sp.tan, sp.asin, sp.acos,
        sp.atan, sp.atan2, sp.cot, sp.sec, sp.csc, sp.sinh, sp.cosh, sp.tanh, sp.asinh, sp.acosh, sp.atanh,
        sp.gamma, sp.loggamma, sp.polygamma, sp.zeta, sp.beta, sp.factorial, sp.erf, sp.Min, sp.Max, sp.Piecewise,
        sp.StrictLessThan, sp.StrictGreaterThan, sp.LessThan, sp.GreaterThan, sp.Heaviside, sp.DiracDelta,
        sp.Eq, ExprCondPair, Changed, special.PolygammaDifference, special.LogBesselI0,
        special.BesselRatio, special.LogBesselI0Sqrt,
    )
}  # fmt: skip
_ATOMS: dict[str, Any] = {
    "pi": sp.pi, "E": sp.E, "EulerGamma": sp.EulerGamma, "oo": sp.oo, "-oo": -sp.oo, "True": sp.true,
    "False": sp.false, "Catalan": sp.Catalan,
}  # fmt: skip
_NAMES_OF_ATOMS = {value: name for name, value in _ATOMS.items()}
_ASSUMED = ("positive", "nonnegative", "real")
_MEAN = sp.Function("E")  # E[f] in the steps of a derivation


def build(tree: Tree, symbols: Mapping[str, Expr]) -> Expr:
    """The expression of a checked tree; `symbols` gives each name its value. Raises `TextRefused`."""
    value = _build(tree, symbols)
    _check_built(value, tree[1])
    return value


def _build(tree: Tree, symbols: Mapping[str, Expr]) -> Expr:
    what, at, *parts = tree
    if what == "number":
        return _number(parts[0])
    if what == "name":
        return symbols[parts[0]] if parts[0] in symbols else CONSTANTS[parts[0]]
    arguments = [_build(part, symbols) for part in parts if isinstance(part, tuple)]
    form = FUNCTIONS[parts[0]] if what == "call" else _SIGNS[what]
    try:
        _check_arguments(what, parts[0], arguments, at)
        value = form(*arguments)
    except TextRefused:
        raise
    except (ArithmeticError, AttributeError, NotImplementedError, RecursionError, TypeError, ValueError):
        # SymPy compares and simplifies as it builds, and not everything can be
        raise TextRefused("formula", "this cannot be formed. Write it in another way.", at) from None
    if value.has(sp.nan, sp.zoo, sp.I) or (value.is_number and not value.is_finite):
        raise TextRefused("constant", "this has no finite real value. Change it.", at)
    return value


def _check_arguments(what: str, name: Any, arguments: list[Expr], at: int) -> None:
    """The bounds again, on what SymPy made of it: 1e9 + mu − mu is a constant only now."""
    if what == "^":
        base, exponent = arguments
        # 2^(x + 1e9) has the factor 2^1e9, and sooner or later SymPy works it out; e^1e9 it leaves alone
        constant = exponent if exponent.is_number or base == sp.E else exponent.as_coeff_Add()[0]
        if _beyond(constant, bounds.LARGEST_POWER):
            raise bounds.too_high(at)
    if what == "call" and name in bounds.LARGEST and any(_beyond(a, bounds.LARGEST[name]) for a in arguments):
        raise bounds.too_large(name, at)


def _beyond(a: Expr, most: int) -> bool:
    return bool(a.is_number) and not abs(float(a.evalf(5))) <= most


_SIGNS: dict[str, Callable[..., Expr]] = {
    "+": sp.Add, "*": sp.Mul, "^": sp.Pow, "neg": lambda a: -a, "inv": lambda a: 1 / a,
}  # fmt: skip


def _number(text: str) -> Expr:
    """The number as written, exactly: 0.1 is 1/10."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, broken = mantissa.partition(".")
    shift = int(exponent or 0) - len(broken)
    return sp.Integer(int(whole + broken)) * sp.Integer(10) ** shift


def _check_built(e: Expr, at: int) -> None:
    for number in e.atoms(sp.Rational):
        if max(abs(number.p), number.q) >= 10**_LONGEST_INTEGER:
            raise TextRefused(
                "constant", f"the numbers multiply to more than {_LONGEST_INTEGER} digits. Use fewer.", at
            )


def encode(e: Any) -> Any:
    """A result as JSON: expressions as [class, …], matrices and tuples as objects."""
    if isinstance(e, sp.MatrixBase):
        return {"matrix": [[encode(e[i, j]) for j in range(e.cols)] for i in range(e.rows)]}
    if isinstance(e, (tuple, list, sp.Tuple)):
        return {"list": [encode(part) for part in e]}
    if e in _NAMES_OF_ATOMS:
        return _NAMES_OF_ATOMS[e]
    if e.is_Rational:
        return [int(e.p), int(e.q)] if max(abs(e.p), e.q) < 2**53 else [str(e.p), str(e.q)]
    if e.is_Symbol:
        assumed = next((a for a in _ASSUMED if getattr(e, f"is_{a}")), "")
        return ["symbol", e.name, assumed]
    if e.func == _MEAN:
        return ["mean", encode(e.args[0])]
    if e.func.__name__ not in _CLASSES:
        raise ValueError(f"'{e.func.__name__}' has no place in a result; leave the formula out.")
    return [e.func.__name__, *map(encode, e.args)]


def decode(data: Any) -> Any:
    """The inverse of `encode`, from the same table; raises `ValueError` for anything else."""
    if isinstance(data, str):
        return _looked_up(_ATOMS, data)
    if isinstance(data, dict):
        if "matrix" in data:
            return sp.Matrix([[decode(entry) for entry in row] for row in data["matrix"]])
        return tuple(decode(part) for part in data["list"])
    head, *rest = data
    if head == "symbol":
        return _symbol(*rest)
    if head == "mean":
        return _MEAN(decode(rest[0]))
    if isinstance(head, int) or (isinstance(head, str) and re.fullmatch(r"-?[0-9]{1,300}", head)):
        return sp.Rational(int(head), int(rest[0]))
    return _looked_up(_CLASSES, head)(*(decode(part) for part in rest))


def _looked_up(table: Mapping[str, Any], name: Any) -> Any:
    if not isinstance(name, str) or name not in table:
        raise ValueError("A result holds something that is in no table; it is refused.")
    return table[name]


def _symbol(name: Any, assumed: Any) -> sp.Symbol:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or assumed not in (*_ASSUMED, ""):
        raise ValueError("A result names something that is no symbol; it is refused.")
    return sp.Symbol(name, **({assumed: True} if assumed else {}))
