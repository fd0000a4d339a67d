"""The constants of a page's family as a part of its state: n of a binomial, the inputs of a regression."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fimviz.family import Constant, Family
from fimviz.ui.members import family_named

# what stands between numbers where several are typed
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class ConstantField:
    """One constant, to four digits and within what a page offers; a tuple where the family holds several numbers."""

    constant: Constant
    title: str = ""

    @property
    def default(self) -> Any:
        return self.accept(self.constant.default)

    @property
    def several(self) -> bool:
        return isinstance(self.constant.default, tuple)

    def read(self, text: str) -> Any:
        """The value of a text; raises `ValueError` where it says none that is offered."""
        texts = _BETWEEN.split(text.replace("−", "-").strip(" ,;"))
        if not self.several and len(texts) > 1:
            raise ValueError("one number")
        return self.accept(texts if self.several else texts[0])

    def write(self, value: Any) -> str:
        return ",".join(f"{x:.10g}" for x in (value if self.several else (value,)))

    def accept(self, value: Any) -> Any:
        numbers = tuple(map(self._number, value if self.several else (value,)))
        if len(numbers) > self.constant.most:
            raise ValueError("too many numbers")
        return self.constant.check(numbers if self.several else numbers[0], self.title)

    def _number(self, value: Any) -> float:
        low, high = self.constant.view
        # seven decimals: beyond them an exact number is longer than any formula should be
        number = float(value) if self.constant.whole else round(float(f"{float(value):.4g}"), 7) + 0.0
        if not low <= number <= high:
            raise ValueError("out of range")
        return number


@dataclass(frozen=True)
class ConstantsField:
    """All constants of the family in `values`, {name: value}; a link names each by itself.

    Where `taken` has the name of one, as n of the observations on a page, a link says the family before it:
    `binomial_n`.
    """

    taken: frozenset[str] = frozenset()

    @property
    def outlives_family(self) -> bool:
        """What the next family has no such constant for is left out there."""
        return True

    def fields(self, values: Mapping[str, Any]) -> dict[str, ConstantField]:
        """The field of each constant, by its name."""
        family = family_named(values["family"])
        return {c.name: ConstantField(c, family.title) for c in family.constants_declared}

    def key(self, name: str, values: Mapping[str, Any]) -> str:
        """The constant's name in a link."""
        return f"{values['family']}_{name}" if name in self.taken else name

    def default(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: field.default for name, field in self.fields(values).items()}

    def accept(self, value: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        """The constants given where they may be, each by itself; the others as declared."""
        found = self.default(values)
        for name, field in self.fields(values).items():
            try:
                found[name] = field.accept(value[name])
            except (ValueError, KeyError, TypeError, OverflowError):
                continue
        return found

    def read(self, query: Mapping[str, str], values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """({name: value}, keys that could not be read) of a link's query."""
        found, bad = self.default(values), []
        for name, field in self.fields(values).items():
            key = self.key(name, values)
            try:
                found[name] = field.read(query[key]) if key in query else found[name]
            except (ValueError, OverflowError):
                bad.append(key)
        return found, bad

    def write(self, value: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, str]:
        """What a link says of them: those that are not as declared."""
        fields = self.fields(values).items()
        return {
            self.key(name, values): field.write(value[name]) for name, field in fields if value[name] != field.default
        }


def family_of(values: Mapping[str, Any]) -> Family:
    """The family of a state, with its constants: what every field and every page computes with."""
    return family_named(values["family"]).with_constants(**values.get("constants", {}))


def with_constants(fields: Mapping[str, Any], also: Iterable[str] = ()) -> dict[str, Any]:
    """The fields of a page, the constants of its family after the family; names in `also` are taken in its links."""
    found = {}
    for name, field in fields.items():
        found[name] = field
        if name == "family":
            found["constants"] = ConstantsField(frozenset((*fields, *also)))
    return found
