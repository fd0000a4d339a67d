"""What the pages say, one file a language; a page asks for its own section."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def words(section: str, language: str = "en") -> dict[str, Any]:
    """The strings of one section, as declared in `<language>.toml`."""
    text = Path(__file__).with_name(f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)[section]
