"""What a typed formula may be: its size, and that every constant in it is a number one can write down.

A tree that passes is small for SymPy too: no power, factorial or quotient of constants grows beyond
200 digits or leaves the real numbers before SymPy ever sees it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from fimviz.errors import TextRefused
from fimviz.typed.grammar import MOST_NODES, Tree, nodes

Number = Fraction | float
LARGEST_POWER, MOST_DIGITS = 64, 200
CONSTANTS = {"pi": math.pi, "e": math.e, "E": math.e, "euler_gamma": 0.5772156649015329}
_HUGE = 10**MOST_DIGITS
# Constants that grow like a factorial, or differ from 1 by less than anyone can compare.
LARGEST = dict.fromkeys(["gamma", "loggamma", "lgamma", "gammaln", "factorial", "binomial", "betaln"], 20)
LARGEST |= {"erf": 6, "erfc": 6, "tanh": 20}


def _positive(f: Callable[..., float]) -> Callable[..., float]:
    """f for positive arguments; elsewhere it may have poles, and its logarithm may be complex."""

    def value(*arguments: float) -> float:
        if min(arguments) <= 0:
            raise ValueError("not positive")
        return f(*arguments)

    return value


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _binomial(n: float, k: float) -> float:
    return math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1))


def _bessel(order: float, x: float) -> float:
    """A bound is enough: 0 ≤ I₀(x) ≤ e^|x|."""
    return math.exp(abs(x))


_VALUES: dict[str, Callable[..., Any]] = {
    "exp": math.exp, "log": math.log, "ln": math.log, "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos,
    "tan": math.tan, "asin": math.asin, "acos": math.acos, "atan": math.atan, "sinh": math.sinh,
    "cosh": math.cosh, "tanh": math.tanh, "asinh": math.asinh, "acosh": math.acosh, "atanh": math.atanh,
    "abs": abs, "sign": lambda a: (a > 0) - (a < 0), "gamma": _positive(math.gamma),
    "loggamma": _positive(math.lgamma), "lgamma": _positive(math.lgamma), "gammaln": _positive(math.lgamma),
    "factorial": lambda n: _positive(math.gamma)(n + 1), "erf": math.erf, "erfc": math.erfc,
    "betaln": _positive(_log_beta), "binomial": _binomial, "besseli": _bessel, "min": min, "max": max,
}  # fmt: skip


def check(tree: Tree) -> None:
    """Raises `TextRefused` for a tree that is too large, or has a constant that is none."""
    if sum(1 for _ in nodes(tree)) > MOST_NODES:
        raise TextRefused("size", f"more than {MOST_NODES} numbers, names and signs. Use fewer.", 1)
    constant(tree)
    _powers(tree, Fraction(1), False)


def constant(tree: Tree) -> Number | None:
    """The value of a constant subtree, exact where it is rational; None where a symbol is in it."""
    try:
        return _writable(_value(tree), tree[1])
    except TextRefused:
        raise
    except (ArithmeticError, ValueError, TypeError):  # a complex power is no number to compare
        raise TextRefused("constant", "this constant has no real value. Change it.", tree[1]) from None


def _writable(value: Number | None, at: int) -> Number | None:
    if isinstance(value, float) and not abs(value) < _HUGE:
        raise TextRefused("constant", "this constant is not finite, or has more than 200 digits. Change it.", at)
    if isinstance(value, Fraction) and max(abs(value.numerator), value.denominator) >= _HUGE:
        raise TextRefused("constant", "this constant has more than 200 digits. Use a smaller one.", at)
    return value


def _value(tree: Tree) -> Number | None:
    what, at = tree[:2]
    if what == "number":
        return Fraction(tree[2])
    if what == "name":
        return CONSTANTS.get(tree[2])
    parts = [constant(part) for part in tree[2:] if isinstance(part, tuple)]
    known = [part for part in parts if part is not None]
    if what == "call":
        _check_call(tree, parts)
    if what == "inv" and known == [0]:
        raise TextRefused("constant", "a division by zero. Change the denominator.", at)
    if len(known) < len(parts):
        if what in "+*" and known:
            # SymPy collects the constants of a sum or product, so what they come to counts as well
            _writable(_ARITHMETIC[what](known), at)
        return None
    if what == "^":
        return _power(known[0], known[1], at)
    if what == "call":
        return float(_VALUES[tree[2]](*map(float, known)))
    return _ARITHMETIC[what](known)


_ARITHMETIC: dict[str, Callable[[list[Any]], Any]] = {
    "+": lambda parts: sum(parts),
    "*": lambda parts: math.prod(parts),
    "neg": lambda parts: -parts[0],
    "inv": lambda parts: 1 / parts[0],
}


def _power(base: Number, exponent: Number, at: int) -> Number:
    if abs(exponent) > LARGEST_POWER:
        raise too_high(at)
    if base == 0 and exponent <= 0:
        raise TextRefused("constant", "zero to a power that is not positive. Change it.", at)
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return base ** int(exponent)
    if base < 0:
        raise TextRefused("constant", "a broken power of a negative number is not real. Use sqrt or abs.", at)
    return float(base) ** float(exponent)


def _check_call(tree: Tree, parts: list[Number | None]) -> None:
    name, at = tree[2], tree[1]
    if name in LARGEST and any(part is not None and abs(part) > LARGEST[name] for part in parts):
        raise too_large(name, at)
    if name == "besseli" and parts[0] != 0:
        raise TextRefused("order", "besseli is known for the order 0 alone. Write besseli(0, …).", at)


def too_large(name: str, at: int) -> TextRefused:
    said = f"`{name}` of a constant above {LARGEST[name]}. Write its value, or its logarithm's, as a number."
    return TextRefused("factorial", said, at)


def too_high(at: int) -> TextRefused:
    return TextRefused("power", f"a power above {LARGEST_POWER}. Use a smaller exponent.", at)


def _powers(tree: Tree, outer: Fraction, towered: bool) -> None:
    """Nested numeric exponents multiply, and a power of a power in an exponent is a tower."""
    if tree[0] == "^":
        base, exponent = tree[2:]
        number, root = constant(exponent), constant(base)
        if towered and number is None and root is None:
            raise TextRefused("tower", "a power inside an exponent. Write it with exp.", tree[1])
        if number is not None:
            outer = outer * max(abs(Fraction(number)), Fraction(1))
            if outer > LARGEST_POWER:
                said = f"powers of powers above {LARGEST_POWER} in all. Use smaller exponents."
                raise TextRefused("power", said, tree[1])
        _powers(base, outer, towered)
        _powers(exponent, Fraction(1), towered or (number is None and root is None))
        return
    for part in tree[2:]:
        if isinstance(part, tuple):
            _powers(part, outer, towered)
