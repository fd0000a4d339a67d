"""What a page may offer: families by what they can do here, charts by what is worth drawing."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from fimviz.families import CATALOG
from fimviz.family import Family
from fimviz.stage import descents
from fimviz.words import words

_NAMED = ("natural", "expectation", "unconstrained", "sphere", "triangle", "octant")


@cache
def families(most: int = 3, descent: bool = False) -> tuple[str, ...]:
    """Slugs of the catalogue with at most `most` parameters; with `descent`, those with a formula for KL."""
    fitting = (s for s, f in CATALOG.items() if f.dimension <= most)
    return tuple(s for s in fitting if not descent or has_kl(CATALOG[s]))


def has_kl(family: Family) -> bool:
    """Whether KL(p‖q) has a formula: an exponential form, a declared one, or its nodes."""
    return family.exponential_form is not None or family.kl is not None or family.mean is not None


def charts_on_paper(family: Family) -> tuple[str, ...]:
    """The charts a page offers, the declared one first; those drawn by default are not listed again."""
    shown = family.picture
    return tuple(key for key in family.charts if key not in shown)


def chart_label(family: Family) -> Callable[[str], str]:
    """A chart by its coordinates as they are written: "μ, log σ"; the flat ones by their names."""

    def label(key: str) -> str:
        return key if key in _NAMED else ", ".join(family.charts[key].glyphs)

    return label


def loss_label(family: Family, loss: str) -> str:
    """What a descent descends, as it is written."""
    return words("descent")["losses"][loss]


def descent_charts(family: Family) -> tuple[str, ...]:
    """The charts in which a descent can be run, the declared one first."""
    return tuple(descents.charts(family))
