"""Typed text → Family, safe on hostile text: grammar, bounds, a fixed table, and a worker that is used once."""

from fimviz.typed.answers import Answer, Outcome, answer, find, slug_of, warm
from fimviz.typed.declaration import Declaration, parse_family

__all__ = ["Answer", "Declaration", "Outcome", "answer", "find", "parse_family", "slug_of", "warm"]
