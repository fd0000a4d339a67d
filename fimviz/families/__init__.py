"""The catalogue: every module in this folder that defines `FAMILY` belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from fimviz.family import Family


def discover() -> Mapping[str, Family]:
    """Families by slug, in alphabetical order; raises where a file and its slug disagree."""
    found = {}
    for info in sorted(iter_modules(__path__), key=lambda info: info.name):
        family = import_module(f"{__name__}.{info.name}").FAMILY
        if family.slug != info.name:
            raise ValueError(f"families/{info.name}.py declares the slug '{family.slug}'.")
        found[family.slug] = family
    return MappingProxyType(found)


CATALOG = discover()
