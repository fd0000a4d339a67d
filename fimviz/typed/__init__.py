"""Typed text → Family, safe on hostile text: grammar, bounds, a fixed table, and a worker that is used once."""

from fimviz.typed.declaration import Declaration, parse_family

__all__ = ["Declaration", "parse_family"]
