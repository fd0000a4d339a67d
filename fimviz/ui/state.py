"""The state of a page as one typed object: what a link carries, what a preset sets, what Back returns to.

A field knows its default, reads itself from text and writes itself to it. Values equal to their
default leave the link; unknown keys are ignored; what cannot be read is replaced and named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fimviz.family import Family
from fimviz.ui.constants import ConstantsField, family_of
from fimviz.ui.members import family_named, joined

Values = dict[str, Any]
LONGEST_QUERY = 2000


class Field(Protocol):
    """One entry of the state; some keep their value when another family is chosen."""

    @property
    def outlives_family(self) -> bool: ...

    def default(self, values: Values) -> Any: ...
    def read(self, text: str, values: Values) -> Any: ...
    def write(self, value: Any, values: Values) -> str: ...
    def accept(self, value: Any, values: Values) -> Any: ...


@dataclass(frozen=True)
class FamilyField:
    """A slug of the catalogue, of those the page allows; or of what was typed, with at most `typed` parameters."""

    first: str
    allowed: Sequence[str]
    typed: int = 0

    @property
    def outlives_family(self) -> bool:
        return False

    def options(self, values: Values) -> Sequence[str]:
        return (*self.allowed, *joined(self.typed)) if self.typed else self.allowed

    def default(self, values: Values) -> str:
        return self.first

    def read(self, text: str, values: Values) -> str:
        return self.accept(text.strip(), values)

    def write(self, value: str, values: Values) -> str:
        return value

    def accept(self, value: Any, values: Values) -> str:
        if value not in self.options(values):
            raise ValueError("no such family here")
        return value


@dataclass(frozen=True)
class ChartField:
    """A chart of the family in `values`, of those `allowed(family)` names; the first is the default."""

    allowed: Callable[[Family], Sequence[str]]

    @property
    def outlives_family(self) -> bool:
        return False

    def options(self, values: Values) -> Sequence[str]:
        return self.allowed(family_of(values))

    def default(self, values: Values) -> str:
        return self.options(values)[0]

    def read(self, text: str, values: Values) -> str:
        return self.accept(text, values)

    def write(self, value: str, values: Values) -> str:
        return value.replace(", ", ",")

    def accept(self, value: Any, values: Values) -> str:
        family = family_of(values)
        name = family.charts[str(value)].name
        if name not in self.options(values):
            raise ValueError("no such coordinates here")
        return name


@dataclass(frozen=True)
class PointField:
    """θ in the declared parameters, strictly inside the domain; of the family in `values`, or of `only` one."""

    start: Callable[[Family], Sequence[float]]
    only: str = ""

    @property
    def outlives_family(self) -> bool:
        return False

    def _family(self, values: Values) -> Family:
        return family_named(self.only) if self.only else family_of(values)

    def default(self, values: Values) -> list[float]:
        return [float(x) for x in self.start(self._family(values))]

    def read(self, text: str, values: Values) -> list[float]:
        return self.accept([float(part) for part in text.split(",")], values)

    def write(self, value: Sequence[float], values: Values) -> str:
        """Four digits, or as many as keep the point inside the model: 0.999998 is no certainty."""
        family = self._family(values)
        texts = ([f"{x:.{digits}g}" for x in value] for digits in range(4, 18))
        return ",".join(next(text for text in texts if family.inside([float(x) for x in text])))

    def accept(self, value: Any, values: Values) -> list[float]:
        family = self._family(values)
        point = [float(x) for x in value]
        if len(point) != family.dimension or not bool(family.inside(point)):
            raise ValueError("outside the model")
        return point


@dataclass(frozen=True)
class NumberField:
    """A number between two bounds; its default may depend on the family."""

    start: float
    low: float
    high: float
    whole: bool = False
    by_family: Callable[[Family], float] | None = None

    @property
    def outlives_family(self) -> bool:
        return self.by_family is None

    def default(self, values: Values) -> float:
        return self.by_family(family_of(values)) if self.by_family else self.start

    def read(self, text: str, values: Values) -> float:
        return self.accept(float(text), values)

    def write(self, value: float, values: Values) -> str:
        return f"{value:.4g}" if not self.whole else str(round(value))

    def accept(self, value: Any, values: Values) -> float:
        number = float(value)
        if not math.isfinite(number) or not self.low <= number <= self.high:
            raise ValueError("out of range")
        return round(number) if self.whole else number


@dataclass(frozen=True)
class ChoiceField:
    """One of the things `allowed(family)` names; the first is the default. `label(family, choice)` says it."""

    allowed: Callable[[Family], Sequence[str]]
    label: Callable[[Family, str], str]

    @property
    def outlives_family(self) -> bool:
        return False

    def options(self, values: Values) -> Sequence[str]:
        return self.allowed(family_of(values))

    def default(self, values: Values) -> str:
        return self.options(values)[0]

    def read(self, text: str, values: Values) -> str:
        return self.accept(text, values)

    def write(self, value: str, values: Values) -> str:
        return value

    def accept(self, value: Any, values: Values) -> str:
        if value not in self.options(values):
            raise ValueError("no such choice here")
        return value


@dataclass(frozen=True)
class NumbersField:
    """A list of numbers of fixed length, each between two bounds."""

    start: Sequence[float]
    low: float
    high: float

    @property
    def outlives_family(self) -> bool:
        return True

    def default(self, values: Values) -> list[float]:
        return [float(x) for x in self.start]

    def read(self, text: str, values: Values) -> list[float]:
        return self.accept(text.split(","), values)

    def write(self, value: Sequence[float], values: Values) -> str:
        return ",".join(f"{x:.4g}" for x in value)

    def accept(self, value: Any, values: Values) -> list[float]:
        numbers = [float(x) for x in value]
        if len(numbers) != len(self.start) or not all(self.low <= x <= self.high for x in numbers):
            raise ValueError("not these many numbers in range")
        return numbers


@dataclass(frozen=True)
class OrderField:
    """The places 1 … count of some things, each place once; the given order by default."""

    count: int

    @property
    def outlives_family(self) -> bool:
        return True

    def default(self, values: Values) -> list[int]:
        return list(range(1, self.count + 1))

    def read(self, text: str, values: Values) -> list[int]:
        return self.accept(text.split(","), values)

    def write(self, value: Sequence[int], values: Values) -> str:
        return ",".join(map(str, value))

    def accept(self, value: Any, values: Values) -> list[int]:
        places = [int(x) for x in value]
        if sorted(places) != self.default(values):
            raise ValueError("not every place once")
        return places


@dataclass(frozen=True)
class OneOfField:
    """One of some named things, the first by default."""

    options: Sequence[str]

    @property
    def outlives_family(self) -> bool:
        return True

    def default(self, values: Values) -> str:
        return self.options[0]

    def read(self, text: str, values: Values) -> str:
        return self.accept(text.strip(), values)

    def write(self, value: str, values: Values) -> str:
        return value

    def accept(self, value: Any, values: Values) -> str:
        if value not in self.options:
            raise ValueError("no such thing to choose")
        return value


@dataclass(frozen=True)
class SetField:
    """Which of some named things are shown; a page may offer only those that `offered(values)` names."""

    options: Sequence[str]
    start: Sequence[str]
    offered: Callable[[Values], Sequence[str]] | None = None

    @property
    def outlives_family(self) -> bool:
        return True

    def default(self, values: Values) -> list[str]:
        return list(self.start)

    def read(self, text: str, values: Values) -> list[str]:
        return self.accept([part for part in text.split(",") if part not in ("", "none")], values)

    def write(self, value: Sequence[str], values: Values) -> str:
        return ",".join(value) or "none"

    def accept(self, value: Any, values: Values) -> list[str]:
        chosen = [str(v) for v in value]
        if not set(chosen) <= set(self.options):
            raise ValueError("no such thing to show")
        return [o for o in self.options if o in chosen]


Fields = Mapping[str, Field | ConstantsField]


def defaults(fields: Fields, given: Values | None = None) -> Values:
    """Every field's value: from `given` where it is there and acceptable, else its default."""
    values: Values = {}
    for name, field in fields.items():
        try:
            values[name] = field.accept(given[name], values) if given and name in given else field.default(values)
        except (ValueError, KeyError, TypeError, OverflowError):
            values[name] = field.default(values)
    return values


def decode(fields: Fields, query: Mapping[str, str]) -> tuple[Values, list[str]]:
    """(values, keys that could not be read) of a link's query."""
    values: Values = {}
    bad: list[str] = []
    for name, field in fields.items():
        if isinstance(field, ConstantsField):
            values[name], worse = field.read(query, values)
            bad += worse
            continue
        values[name] = field.default(values)
        if name in query:
            try:
                values[name] = field.read(query[name], values)
            except (ValueError, KeyError, TypeError, OverflowError):
                bad.append(name)
    return values, bad


def encode(fields: Fields, values: Values) -> dict[str, str]:
    """The query of a link to `values`, defaults left out, four digits a number."""
    query: dict[str, str] = {}
    seen: Values = {}
    for name, field in fields.items():
        seen[name] = values[name]
        if isinstance(field, ConstantsField):
            query |= field.write(values[name], seen)
            continue
        text = field.write(values[name], seen)
        if text != field.write(field.default(seen), seen):
            query[name] = text
    return query
