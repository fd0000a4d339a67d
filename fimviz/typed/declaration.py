"""What a visitor declares: a log-density, a support and parameters with their ranges, all of it text."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp

from fimviz.errors import TextRefused
from fimviz.exponential import Expr
from fimviz.family import POSITIVE, REAL, UNIT, Family, Interval, Parameter, Support
from fimviz.tape import lower
from fimviz.typed import bounds
from fimviz.typed.build import ARGUMENTS, CONSTANTS, build
from fimviz.typed.grammar import GREEK, LONGEST_NAME, LONGEST_TEXT, Tree, parse

MOST_SYMBOLS, MOST_POINTS, LONGEST_TITLE = 6, 1000, 40
_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}")
_INFINITE = {"oo": math.inf, "inf": math.inf, "infinity": math.inf, "∞": math.inf}
_GLYPHS = {name: letter for letter, name in reversed(GREEK.items())}
_WORDS = {
    "real": "(-oo, oo)", "reals": "(-oo, oo)", "positive": "(0, oo)", "unit": "(0, 1)",
    "naturals": "0, 1, 2, ...", "circle": "circle",
}  # fmt: skip
_SUPPORTS = "an interval (a, b), {0, 1, 2}, 0, 1, 2, … or circle"


@dataclass(frozen=True)
class Declaration:
    """The texts as they were typed, and nothing checked yet."""

    log_density: str
    support: str = "(-oo, oo)"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, float] = field(default_factory=dict)
    title: str = "Yours"


@dataclass(frozen=True)
class Place:
    """A support, the bounds that move with a parameter as (tree, 1 lower or −1 upper), and the fixed ones."""

    support: Support
    moving: tuple[tuple[Tree, int], ...] = ()
    fixed: Interval = REAL


def parse_family(
    log_density: str,
    support: str = "(-oo, oo)",
    parameters: Mapping[str, Any] | None = None,
    defaults: Mapping[str, float] | None = None,
    title: str = "Yours",
) -> Family:
    """The family with log-density ℓ(x; θ) written as text, e.g. "log(l) - l*x" on "(0, oo)" with {"l": "(0, oo)"}.

    The text is read by a grammar of its own and never evaluated. Parameters map names to intervals;
    the support is an interval, whose bounds may contain parameters, a list {0, 1, 2}, the numbers
    0, 1, 2, … or "circle". Raises `TextRefused`, a `ValueError`, with the column of what is wrong.
    """
    return family_of(Declaration(log_density, support, {} if parameters is None else parameters, defaults or {}, title))


@dataclass(frozen=True)
class Reading:
    """A declaration that has been read and bounded: trees and numbers, still without SymPy."""

    tree: Tree
    place: Place
    parameters: tuple[Parameter, ...]
    title: str


def read(declaration: Declaration) -> Reading:
    """Parse and bound every text of a declaration; raises `TextRefused`."""
    domains = _domains(declaration.parameters)
    names = frozenset(domains)
    tree = _checked("", declaration.log_density, names | {"x"})
    place = _place(declaration.support, names)
    return Reading(tree, place, _parameters(domains, declaration.defaults), _title(declaration.title))


def family_of(declaration: Declaration) -> Family:
    """The family of a declaration; raises `TextRefused`."""
    reading = read(declaration)
    symbols = {p.name: p.symbol for p in reading.parameters}
    widths = [w for w in _widths(reading, symbols) if not w.is_positive]
    parameters = _inside(reading.parameters, widths)

    def log_density(x: Expr, *_theta: Expr) -> Expr:
        return _log_density(reading, x, dict(zip(symbols, _theta, strict=True)))

    def constraint(*theta: Expr) -> Expr:
        return sp.Min(*_widths(reading, dict(zip(symbols, theta, strict=True))))

    # at once, so that what is refused is refused with its own sentence
    log_density(reading.place.support.symbols[0], *symbols.values())
    return Family(
        "yours", reading.title, parameters, reading.place.support, log_density,
        constraint=constraint if widths else None,
    )  # fmt: skip


def _log_density(reading: Reading, x: Expr, symbols: Mapping[str, Expr]) -> Expr:
    """ℓ, and −∞ beyond the bounds that move."""
    value = build(reading.tree, {**symbols, "x": x})
    for tree, side in reading.place.moving:
        bound = build(tree, symbols)
        value = sp.Piecewise((value, x > bound if side > 0 else x < bound), (-sp.oo, True))
    return value


def _widths(reading: Reading, symbols: Mapping[str, Expr]) -> list[Expr]:
    """Upper less lower bound of a support that moves."""
    place = reading.place
    if not place.moving:
        return []
    ends = {side: build(tree, symbols) for tree, side in place.moving}
    low, high = ends.get(1, place.fixed[0]), ends.get(-1, place.fixed[1])
    return [] if sp.oo in (high, -low) else [high - low]


def _inside(parameters: tuple[Parameter, ...], widths: list[Expr]) -> tuple[Parameter, ...]:
    """Defaults at which the support is not empty: those there are, else the first of seeded random places."""
    if not widths:
        return parameters
    width = lower(widths, [p.symbol for p in parameters])
    low, high = np.transpose([p.view for p in parameters])
    places = np.vstack([[p.default for p in parameters], np.random.default_rng(0).uniform(low, high, (500, len(low)))])
    found = places[np.all(width(*places.T) > 0, axis=-1)]
    if not len(found):
        raise TextRefused("support", "no values of the parameters make this interval other than empty.", 1, "support")
    return tuple(replace(p, default=float(v)) for p, v in zip(parameters, found[0], strict=True))


def _checked(part: str, text: Any, names: frozenset[str]) -> Tree:
    """The bounded tree of one text; `part` says which text it is."""
    try:
        tree = parse(text, names | set(CONSTANTS), ARGUMENTS)
        bounds.check(tree)
    except TextRefused as refused:
        raise _of(part, refused) from None
    return tree


def _of(part: str, refused: TextRefused, shift: int = 0) -> TextRefused:
    column = refused.column + shift if refused.column else None
    return TextRefused(refused.code, refused.reason, column, part)


def _domains(parameters: Any) -> dict[str, tuple[Interval, str]]:
    """Name → (interval, glyph), in order."""
    if not isinstance(parameters, Mapping) or not parameters:
        raise TextRefused("parameters", 'no parameter is declared. Give each its range, e.g. {"mu": "(-oo, oo)"}.')
    if len(parameters) >= MOST_SYMBOLS:
        raise TextRefused("parameters", f"{len(parameters)} parameters are too many. Use at most {MOST_SYMBOLS - 1}.")
    domains: dict[str, tuple[Interval, str]] = {}
    for key, given in parameters.items():
        name = _name(key)
        if name in domains:
            raise TextRefused("name", f"`{name}` is declared twice. Use two names.", None, "parameters")
        domains[name] = (_range(name, given), _GLYPHS.get(name, name))
    return domains


def _name(key: Any) -> str:
    if not isinstance(key, str):
        raise TextRefused("name", "a parameter's name is no text. Write it in quotes.", None, "parameters")
    name = GREEK.get(key[:1], key[:1]) + key[1:]
    if not _NAME.fullmatch(name):
        said = f"a name has a letter first, then letters, digits or _, at most {LONGEST_NAME} in all. Choose another."
        raise TextRefused("name", said, None, "parameters")
    if name == "x" or name in ARGUMENTS or name in CONSTANTS or name in _INFINITE or keyword.iskeyword(name):
        what = (
            "the sample" if name == "x" else "a word of Python" if keyword.iskeyword(name) else "a function or constant"
        )
        raise TextRefused("name", f"`{name}` is {what}. Choose another name.", None, "parameters")
    return name


def _range(name: str, given: Any) -> Interval:
    """An interval as text or as a pair of numbers."""
    part = f"range of {name}"
    if isinstance(given, (tuple, list)) and len(given) == 2:
        given = f"({', '.join(_plain_number(part, value) for value in given)})"
    low, high = (_end(part, *end, frozenset()) for end in _ends(part, given))
    return _interval(part, low, high)


def _plain_number(part: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise TextRefused("range", "the ends are no numbers. Write (0, oo), for example.", None, part)
    return f"{value!r}" if math.isfinite(value) else "oo" if value > 0 else "-oo"


def _interval(part: str, low: Any, high: Any) -> Interval:
    if not isinstance(low, float) or not isinstance(high, float) or not low < high:
        raise TextRefused("range", "the lower end must lie below the upper. Write (0, oo), for example.", 1, part)
    return low, high


def _ends(part: str, text: Any) -> tuple[tuple[str, int], tuple[str, int]]:
    """The two ends of "(a, b)" as texts, each with how far it is shifted."""
    if not isinstance(text, str):
        raise TextRefused("not text", f"this is no text but a {type(text).__name__}. Write (0, oo).", None, part)
    if len(text) > LONGEST_TEXT:
        raise TextRefused("length", f"more than {LONGEST_TEXT} characters. Use fewer.", LONGEST_TEXT + 1, part)
    commas = _outer_commas(text)
    body = text.strip()
    if body[:1] not in tuple("([") or body[-1:] not in tuple(")]") or len(body) < 2 or len(commas) != 1:
        raise TextRefused("interval", "no interval. Write (0, oo), for example.", 1, part)
    first = text.index(body[0]) + 1
    last = len(text.rstrip()) - 1
    return (text[first : commas[0]], first), (text[commas[0] + 1 : last], commas[0] + 1)


def _outer_commas(text: str) -> list[int]:
    level, found = 0, []
    for place, character in enumerate(text):
        level += (character in "([{") - (character in ")]}")
        if character == "," and level == 1:
            found.append(place)
    return found


def _end(part: str, text: str, shift: int, names: frozenset[str]) -> float | Tree:
    """±∞, a number, or the tree of an end that moves with a parameter."""
    plain = text.strip().lower()
    sign = -1.0 if plain[:1] in ("-", "−") else 1.0
    word = plain.lstrip("+-−").strip() if plain.count("-") + plain.count("+") + plain.count("−") < 2 else ""
    if word in _INFINITE:
        return sign * _INFINITE[word]
    try:
        tree = _checked(part, text, names)
        value = bounds.constant(tree)
    except TextRefused as refused:
        raise _of(part, refused, shift) from None
    return tree if value is None else float(value)


def _place(text: Any, names: frozenset[str]) -> Place:
    """The support that a text names."""
    if not isinstance(text, str):
        raise TextRefused(
            "not text", f"this is no text but a {type(text).__name__}. Write {_SUPPORTS}.", None, "support"
        )
    if len(text) > LONGEST_TEXT:
        raise TextRefused("length", f"more than {LONGEST_TEXT} characters. Use fewer.", LONGEST_TEXT + 1, "support")
    plain = _WORDS.get(text.strip().lower(), text)
    body = plain.strip().replace("…", "...")
    if body == "circle":
        return Place(Support("circle", (-math.pi, math.pi)))
    if body[:1] in ("(", "["):
        return _interval_place(plain, names)
    if body[:1] == "{" and body[-1:] == "}":
        return _listed(body[1:-1])
    if re.fullmatch(r"[-0-9., ]+", body):
        return _listed(body)
    raise TextRefused("support", f"no support. Write {_SUPPORTS}.", 1, "support")


def _listed(body: str) -> Place:
    """{0, 1, 2}, {0, …, 10} or 0, 1, 2, …"""
    items = [item.strip() for item in body.split(",")]
    if items[-1] == "..." and len(items) > 1:
        if items[:-1] != [str(i) for i in range(len(items) - 1)]:
            said = "only the numbers 0, 1, 2, … may go on for ever. Start at 0, and write the log-density for that."
            raise TextRefused("support", said, 1, "support")
        return Place(Support("naturals", (-0.5, 20.5)))
    points = _stretch(items) if "..." in items else [_point(item) for item in items]
    if len(points) > MOST_POINTS or len(set(points)) < max(len(points), 2):
        said = f"a list needs two to {MOST_POINTS} different numbers. Write {{0, 1}}, for example."
        raise TextRefused("support", said, 1, "support")
    pad = 0.5 * min(b - a for a, b in pairwise(sorted(points)))
    return Place(Support("finite", (min(points) - pad, max(points) + pad), tuple(sorted(points))))


def _stretch(items: list[str]) -> list[float]:
    first, last = _point(items[0]), _point(items[-1])
    step = _point(items[1]) - first if items[1] != "..." else 1.0
    count = (last - first) / step if step > 0 else -1.0
    given = [_point(item) for item in items[: items.index("...")]]
    if items.count("...") != 1 or not 0 < count < MOST_POINTS or count != int(count):
        raise TextRefused("support", "this list has no end that it reaches. Write {0, 1, ..., 10}.", 1, "support")
    points = [first + step * i for i in range(int(count) + 1)]
    if given != points[: len(given)]:
        raise TextRefused("support", "the steps of this list differ. Write {0, 1, ..., 10}.", 1, "support")
    return points


def _point(item: str) -> float:
    value = _end("support", item, 0, frozenset())
    if not isinstance(value, float) or not math.isfinite(value):
        raise TextRefused("support", "a list holds numbers only. Write {0, 1}, for example.", 1, "support")
    return value


def _interval_place(text: str, names: frozenset[str]) -> Place:
    low, high = (_end("support", *end, names) for end in _ends("support", text))
    moving = tuple((end, side) for end, side in ((low, 1), (high, -1)) if isinstance(end, tuple))
    fixed = (low if isinstance(low, float) else -math.inf, high if isinstance(high, float) else math.inf)
    fixed = _interval("support", *fixed)
    return Place(_continuous(fixed), moving, fixed)


def _continuous(interval: Interval) -> Support:
    low, high = interval
    if interval == REAL:
        return Support("real", (-8.0, 8.0))
    if interval == POSITIVE:
        return Support("positive", (0.0, 10.0))
    if interval == UNIT:
        return Support("unit", (0.0, 1.0))
    if low > 0 and math.isinf(high):
        return Support("positive", (low, low + 10.0), low=low)
    view = (low if math.isfinite(low) else high - 10.0, high if math.isfinite(high) else low + 10.0)
    return Support("interval", view, bounds=interval)


def _parameters(domains: Mapping[str, tuple[Interval, str]], defaults: Any) -> tuple[Parameter, ...]:
    if not isinstance(defaults, Mapping):
        raise TextRefused("default", 'defaults are no mapping. Write {"mu": 0}.', None, "defaults")
    given = {_name(key): value for key, value in defaults.items()}
    if unknown := set(given) - set(domains):
        raise TextRefused("default", f"`{min(unknown)}` is no parameter. Leave it out.", None, "defaults")
    return tuple(_parameter(name, *domains[name], given.get(name)) for name in domains)


def _parameter(name: str, domain: Interval, glyph: str, given: Any) -> Parameter:
    low, high = domain
    if given is not None:
        given = float(_plain_number(f"default of {name}", given).replace("oo", "inf"))
        if not low < given < high or math.isinf(given):
            raise TextRefused(
                "default", "the default lies outside the range. Choose one inside.", None, f"default of {name}"
            )
    try:
        return Parameter(name, domain, *_view(low, high, given), "", glyph)
    except ValueError:
        raise TextRefused(
            "range", "too narrow for numbers to lie in it. Choose a wider one.", 1, f"range of {name}"
        ) from None


def _view(low: float, high: float, given: float | None) -> tuple[Interval, float]:
    """(what is drawn, where it starts): a sensible stretch inside the domain, around the default."""
    if math.isfinite(low) and math.isfinite(high):
        width = high - low
        value = low + 0.4 * width if given is None else given
        return (min(low + 0.02 * width, (low + value) / 2), max(high - 0.02 * width, (high + value) / 2)), value
    if math.isinf(low) and math.isinf(high):
        value = 0.0 if given is None else given
        reach = 4.0 * max(1.0, abs(value) / 4)
        return (value - reach, value + reach), value
    end, sign = (low, 1.0) if math.isfinite(low) else (high, -1.0)
    away = 1.5 * max(1.0, abs(end)) if given is None else abs(given - end)
    view = sorted((end + sign * 0.2 * away, end + sign * 3 * away))
    return (view[0], view[1]), end + sign * away if given is None else given


def _title(title: Any) -> str:
    if not isinstance(title, str) or not title.isprintable() or not 0 < len(title) <= LONGEST_TITLE:
        raise TextRefused(
            "title", f"a title has 1 to {LONGEST_TITLE} printable characters. Choose another.", None, "title"
        )
    return title
