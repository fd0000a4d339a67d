"""Text → tree: a tokeniser and precedence climbing, for formulas and nothing else.

A tree is a tuple (what, at, …), `at` the column of its first character, counted from 1:

    ("number", at, "0.5")   ("name", at, "mu")   ("call", at, "exp", tree, …)
    ("+", at, tree, …)  ("*", at, tree, …)  ("^", at, base, exponent)  ("neg", at, tree)  ("inv", at, tree)

Nothing is evaluated here, and no text leaves this file except numbers and names that were matched
by the two patterns below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fimviz.errors import TextRefused

Tree = tuple[Any, ...]
LONGEST_TEXT, DEEPEST, MOST_NODES, MOST_DIGITS, LONGEST_NAME = 500, 32, 200, 20, 16

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ϑ": "theta", "ι": "iota", "κ": "kappa", "λ": "lam", "μ": "mu", "ν": "nu",
    "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi",
    "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
# What people paste, and what to write instead.
_INSTEAD = {"−": "-", "–": "-", "—": "-", "·": "*", "×": "*", "÷": "/", "²": "^2", "³": "^3", "√": "sqrt()", "∞": "oo"}

_TOKEN = re.compile(
    rf"""(?P<space>[ \t\r\n]+)
       | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
       | (?P<name>[A-Za-z{"".join(GREEK)}][A-Za-z0-9_]*)
       | (?P<sign>\*\*|[-+*/^(),|])""",
    re.VERBOSE,
)
_POWER = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
_PRODUCT, _UNARY = 2, 3


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """The tokens of `text`, the last of kind "end"."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise TextRefused("character", _unknown(text[at]), at + 1)
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind, _checked(kind, match.group(), at + 1), at + 1))
        at = match.end()
    return [*found, Token("end", "", len(text) + 1)]


def _unknown(character: str) -> str:
    if character in _INSTEAD:
        return f"'{character}' is not understood here. Write {_INSTEAD[character]}."
    shown = f"'{character}'" if character.isascii() and character.isprintable() else f"U+{ord(character):04X}"
    return f"{shown} is not understood. You can use letters, digits and + - * / ^ ( ) , |."


def _checked(kind: str, text: str, at: int) -> str:
    if kind == "name":
        plain = GREEK.get(text[0], text[0]) + text[1:]
        if len(plain) > LONGEST_NAME:
            raise TextRefused("name", f"a name of {len(plain)} characters. Use at most {LONGEST_NAME}.", at)
        return plain
    if kind == "number":
        digits, _, exponent = text.lower().partition("e")
        if len(digits.replace(".", "")) > MOST_DIGITS:
            raise TextRefused("digits", f"a number of more than {MOST_DIGITS} digits. Use fewer.", at)
        if len(exponent.lstrip("+-").lstrip("0")) > 2:
            raise TextRefused("number", "a number beyond 10^99 or below 10^−99. Use a nearer one.", at)
    return "^" if text == "**" else text


class _Parser:
    def __init__(self, text: str, names: frozenset[str], functions: dict[str, int | None]):
        self.tokens, self.place = tokens(text), 0
        self.names, self.functions = names, functions

    @property
    def now(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def expression(self, least: int, depth: int) -> Tree:
        """Precedence climbing: what binds at least as tightly as `least`."""
        if depth > DEEPEST:
            raise TextRefused("depth", f"nested more than {DEEPEST} deep. Use fewer brackets and signs.", self.now.at)
        left = self.operand(depth)
        while True:
            implied = self._implied()
            power = _PRODUCT if implied else _POWER.get(self.now.text, 0)
            if power < max(least, 1):
                return left
            sign = "*" if implied else self.take().text
            # a^b^c is a^(b^c); all others associate to the left
            right = self.expression(power if sign == "^" else power + 1, depth + 1)
            left = _joined(sign, left, right)

    def _implied(self) -> bool:
        """Whether a product sign is left out here: 2x, 2(x+1), (a)(b), k log(x); never where it reads two ways."""
        token, last = self.now, self.tokens[self.place - 1]
        if token.kind not in ("number", "name") and token.text != "(":
            return False
        if token.kind == "number" or (last.kind == "name" and token.text == "("):
            what = f"`{last.text}` is no function" if token.text == "(" else "two values side by side"
            raise TextRefused("operator", f"{what}. Write * between them, or another sign.", token.at)
        if last.text == "|" or self._raised_or_divided():
            raise TextRefused("ambiguous", "this can be read in two ways. Write * and brackets.", token.at)
        return True

    def _raised_or_divided(self) -> bool:
        """Whether the operand that ends here stands under / or in an exponent: 1/2x, x^2y."""
        texts, level = ["", *(token.text for token in self.tokens[: self.place])], 0
        for before, text in zip(texts[-2::-1], texts[:0:-1], strict=True):
            level += (text == ")") - (text == "(")
            signed = text in ("+", "-") and before not in ("/", "^")
            if level < 0 or (level == 0 and (signed or text in ("*", ",", "|"))):
                return False
            if level == 0 and text in ("/", "^"):
                return True
        return False

    def operand(self, depth: int) -> Tree:
        token = self.take()
        if token.kind == "number":
            return ("number", token.at, token.text)
        if token.kind == "name":
            return self._name(token, depth)
        if token.text in ("+", "-"):
            inner = self.expression(_UNARY, depth + 1)
            return ("neg", token.at, inner) if token.text == "-" else inner
        if token.text == "(":
            inner = self.expression(0, depth + 1)
            self._close(")", token)
            return inner
        if token.text == "|":
            inner = self.expression(0, depth + 1)
            self._close("|", token)
            return ("call", token.at, "abs", inner)
        found = "the text ends" if token.kind == "end" else f"`{token.text}` stands"
        raise TextRefused(
            "operand", f"{found} where a value is expected. Write a number, a name or a bracket.", token.at
        )

    def _close(self, sign: str, opened: Token) -> None:
        token = self.take()
        if token.text != sign:
            found = "the text ends" if token.kind == "end" else f"`{token.text}` stands"
            said = f"{found} where the `{opened.text}` of character {opened.at} should close. Write {sign} or a sign."
            raise TextRefused("bracket", said, token.at)

    def _name(self, token: Token, depth: int) -> Tree:
        if token.text in self.functions:
            return self._call(token, depth)
        if token.text in self.names:
            return ("name", token.at, token.text)
        if self.now.text == "(":
            known = ", ".join(self.functions)
            raise TextRefused("function", f"unknown function `{token.text}`. You can use {known}.", token.at)
        known = ", ".join(sorted(self.names))
        raise TextRefused("name", f"unknown name `{token.text}`. You can use {known}.", token.at)

    def _call(self, token: Token, depth: int) -> Tree:
        opened = self.take()
        if opened.text != "(":
            raise TextRefused("function", f"`{token.text}` is a function. Write {token.text}(…).", token.at)
        arguments = [self.expression(0, depth + 1)]
        while self.now.text == ",":
            self.take()
            arguments.append(self.expression(0, depth + 1))
        self._close(")", opened)
        wanted = self.functions[token.text]
        if wanted not in (None, len(arguments)):
            said = f"`{token.text}` takes {wanted} value{'s' * (wanted != 1)}, not {len(arguments)}. Write as many."
            raise TextRefused("arguments", said, token.at)
        return ("call", token.at, token.text, *arguments)


def _joined(sign: str, left: Tree, right: Tree) -> Tree:
    """One flat node a sum or product: a long sum is not a deep one."""
    at = left[1]
    if sign == "^":
        return ("^", at, left, right)
    right = ("neg", right[1], right) if sign == "-" else ("inv", right[1], right) if sign == "/" else right
    what = "+" if sign in "+-" else "*"
    first = left[2:] if left[0] == what else (left,)
    return (what, at, *first, right)


def parse(text: Any, names: frozenset[str], functions: dict[str, int | None]) -> Tree:
    """The tree of a formula in `names` and `functions` (each with its number of arguments, None for any).

    Raises `TextRefused` with the column and what would be legal there.
    """
    if not isinstance(text, str):
        raise TextRefused("not text", f"this is no text but a {type(text).__name__}. Write the formula in quotes.")
    if len(text) > LONGEST_TEXT:
        said = f"{len(text)} characters are too many. Use at most {LONGEST_TEXT}."
        raise TextRefused("length", said, LONGEST_TEXT + 1)
    parser = _Parser(text, names, functions)
    tree = parser.expression(0, 1)
    if parser.now.kind != "end":
        said = f"`{parser.now.text}` has nothing to close or part here. Write a sign, or end."
        raise TextRefused("bracket", said, parser.now.at)
    return tree


def nodes(tree: Tree, depth: int = 1) -> Iterator[tuple[Tree, int]]:
    """Every node with its depth, the tree itself first."""
    yield tree, depth
    for part in tree[2:]:
        if isinstance(part, tuple):
            yield from nodes(part, depth + 1)
