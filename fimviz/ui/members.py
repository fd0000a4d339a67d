"""Families by slug, as a page knows them: the catalogue, and what is kept beside it."""

from __future__ import annotations

from fimviz.families import CATALOG
from fimviz.family import Family
from fimviz.irregular import IRREGULAR


def family_named(slug: str) -> Family:
    """The family of a slug; raises `KeyError` where there is none."""
    return CATALOG[slug] if slug in CATALOG else IRREGULAR[slug]
