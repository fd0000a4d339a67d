"""Formulas that stand in the picture: MathML from the expressions themselves, with places for live numbers."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import sympy as sp
from sympy.printing.mathml import MathMLPresentationPrinter

from fimviz.family import Family
from fimviz.metric import fisher_metric
from fimviz.special import BesselRatio, LogBesselI0, LogBesselI0Sqrt

_LONGEST = 60
_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_PRIMES = ("", "′", "″", "‴", "⁗")
_SPECIAL = {sp.polygamma: "ψ", BesselRatio: "A", LogBesselI0Sqrt: "F"}


def math(*parts: str) -> str:
    """One row of MathML, its parts set apart."""
    gap = '<mspace width="2em"/>'
    return f'<math xmlns="{_NAMESPACE}" display="block"><mrow>{gap.join(parts)}</mrow></math>'


def live(left: str, slot: str, role: str = "") -> str:
    """`left` = a number that the stage fills in."""
    colour = f' class="role-{role}"' if role else ""
    return f'<mrow>{left}<mo>=</mo><mn id="slot-{slot}" data-slot="{slot}"{colour}>…</mn></mrow>'


def scene(family: Family, key: str, numbers: dict[str, tuple[str, str, str]], before: str = "") -> dict[str, Any]:
    """The formula row of a scene: ds² of a chart, then live numbers {left: (slot, template, role)}."""
    element = line_element(family, key)
    parts = [part for part in (before, element) if part]
    parts += [live(symbol(left), slot, role) for left, (slot, _, role) in numbers.items()]
    return {"mathml": math(*parts), "slots": {slot: template for slot, template, _ in numbers.values()}, "links": {}}


def quadratic_kl() -> str:
    """n KL(θ‖θ+dθ) ≈ (n/2) ds²."""
    d_theta = '<mi>θ</mi><mo>+</mo><mi mathvariant="normal">d</mi><mi>θ</mi>'
    inner = f'<mi>n</mi><mi mathvariant="normal">KL</mi><mo>(</mo><mi>θ</mi><mo>‖</mo>{d_theta}<mo>)</mo>'
    half = "<mfrac><mi>n</mi><mn>2</mn></mfrac>"
    return f'<mrow>{inner}<mo>≈</mo>{half}<mi mathvariant="normal">d</mi><msup><mi>s</mi><mn>2</mn></msup></mrow>'


def natural_step() -> dict[str, Any]:
    """Δθ = −η (I + λ1)⁻¹ ∇L, with the numbers of steps."""
    inverse = "<msup><mrow><mo>(</mo><mi>I</mi><mo>+</mo><mi>λ</mi><mn>1</mn><mo>)</mo></mrow><mrow><mo>−</mo><mn>1</mn></mrow></msup>"
    step = f"<mrow><mi>Δ</mi><mi>θ</mi><mo>=</mo><mo>−</mo><mi>η</mi>{inverse}<mo>∇</mo><mi>L</mi></mrow>"
    slots = {"steps": "{natural.steps:.0f}", "loss": "{natural.loss:.2g}"}
    return {"mathml": math(step, live(symbol("steps"), "steps", "fisher")), "slots": slots, "links": {}}


def symbol(text: str) -> str:
    return f"<mi>{_escape(text)}</mi>"


@cache
def line_element(family: Family, key: str) -> str | None:
    """ds² = Σ gᵢⱼ dξⁱ dξʲ of one observation in a chart; None where it is too long to be read."""
    metric = fisher_metric(family, key)
    if metric.g is None or metric.symbols is None:
        return None
    steps = [sp.Symbol(f"d_{s.name}", real=True) for s in metric.symbols]
    total = sum(
        metric.g[i, j] * a * b for i, a in enumerate(steps) for j, b in enumerate(steps)
    )  # fmt: skip
    total = _readable(sp.Add(total), steps)
    if sp.count_ops(total) > _LONGEST:
        return None
    glyphs = dict(zip(metric.symbols, family.charts[key].glyphs, strict=True))
    names = {s.name: g for s, g in glyphs.items()} | {d.name: ("d", g) for d, g in zip(steps, glyphs.values(), strict=True)}
    return f'<mrow id="line-element"><mi mathvariant="normal">d</mi><msup><mi>s</mi><mn>2</mn></msup><mo>=</mo>{to_mathml(total, names)}</mrow>'


def _readable(total: sp.Expr, steps: list[sp.Symbol]) -> sp.Expr:
    """One fraction where that is short, otherwise one term a product of differentials."""
    together = sp.together(sp.expand(total)) if not total.has(sp.Function) else total
    apart = sp.collect(sp.expand(total), [a * b for i, a in enumerate(steps) for b in steps[i:]])
    return min((sp.factor_terms(together), apart), key=sp.count_ops)


def to_mathml(expression: sp.Expr, names: dict[str, Any]) -> str:
    """Presentation MathML of an expression; `names` gives each symbol's glyph, ("d", glyph) a differential."""
    printer = _Printer(names)
    dom = printer._print(_plain_functions(expression))
    # a product is written by nearness, with a hair of space
    return dom.toxml().replace("<mo>none</mo>", '<mspace width="0.15em"/>').replace("<mo>-</mo>", "<mo>−</mo>")


class _Printer(MathMLPresentationPrinter):
    def __init__(self, names: dict[str, Any]):
        super().__init__({"mul_symbol": "none"})
        self._names = names

    def _print_Symbol(self, sym, style="plain"):
        glyph = self._names.get(sym.name, sym.name)
        row = self.dom.createElement("mrow")
        if isinstance(glyph, tuple):
            d = self.dom.createElement("mi")
            d.setAttribute("mathvariant", "normal")
            d.appendChild(self.dom.createTextNode("d"))
            row.appendChild(d)
            glyph = glyph[1]
        for kind, text in _pieces(glyph):
            piece = self.dom.createElement(kind)
            piece.appendChild(self.dom.createTextNode(text))
            row.appendChild(piece)
        return row.firstChild if len(row.childNodes) == 1 else row


_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def _pieces(glyph: str) -> list[tuple[str, str]]:
    """A glyph such as "log σ" or "a/(a+b)" as identifiers and operators."""
    tokens = re.findall(r"log|logit|arcsin|artanh|[()/+−√]|\d+|[^\s()/+−√\d]+|\s", glyph)
    named = {"log", "logit", "arcsin", "artanh"}
    out = []
    for token in tokens:
        if token.isspace():
            continue
        kind = "mo" if token in "()/+−√" else "mn" if token.isdigit() else "mi"
        out.append((kind, token + ("\u2009" if token in named else "")))
    return out


def _plain_functions(e: sp.Expr) -> sp.Expr:
    """Special functions under the names they have on paper: ψ′(k), A(κ)."""
    def rename(node: sp.Expr) -> sp.Expr:
        order, *args = node.args
        return sp.Function(_SPECIAL[node.func] + _PRIMES[int(order)])(*args)

    e = e.replace(lambda n: n.func in _SPECIAL and n.args[0].is_Integer, rename)
    return e.replace(LogBesselI0, sp.Function("log I₀"))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
