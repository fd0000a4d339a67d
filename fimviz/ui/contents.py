"""The table of contents: the order of the pages, drawn as the top bar. A page is one file and one line here."""

from __future__ import annotations

from dataclasses import dataclass

from fimviz.words import words


@dataclass(frozen=True)
class Entry:
    """A page by its slug: its address /slug, its file pages/slug.py and its section of the words."""

    slug: str

    @property
    def file(self) -> str:
        return f"pages/{self.slug}.py"

    @property
    def name(self) -> str:
        return words(self.slug)["name"]


CONTENTS = tuple(map(Entry, ("coin", "ellipses", "paths", "descent", "experiments", "networks", "derive", "claims")))
