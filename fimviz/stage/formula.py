"""Formulas that stand in the picture: MathML from the expressions themselves, with places for live numbers."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import sympy as sp
from sympy.printing.mathml import MathMLPresentationPrinter

from fimviz.atlas import chart_map
from fimviz.derive import derive
from fimviz.exponential import determinant, tidy
from fimviz.family import Family
from fimviz.special import BesselRatio, LogBesselI0, LogBesselI0Sqrt

# the widest line element that can be taken in at a glance, in letters
_WIDEST = 80
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


def scene(
    family: Family, key: str, numbers: dict[str, tuple[str, str, str]], left: str = "", factor: str = ""
) -> dict[str, Any]:
    """The formula row of a scene: ds² of a chart, then live numbers {name: (slot, template, role)}.

    `left` and `factor` write it as another quantity that ds² approximates.
    """
    element = line_element(family, key, left or _DS2, factor)
    parts = [element] if element else []
    parts += [live(symbol(left), slot, role) for left, (slot, _, role) in numbers.items()]
    return {"mathml": math(*parts), "slots": {slot: template for slot, template, _ in numbers.values()}, "links": {}}


_D = '<mi mathvariant="normal">d</mi>'
_DS2 = f"{_D}<msup><mi>s</mi><mn>2</mn></msup><mo>=</mo>"
#: n KL(θ‖θ+dθ) ≈ (n/2) ds², as `left` and `factor` of `scene`
QUADRATIC_KL = {
    "left": f'<mi>n</mi><mspace width="0.15em"/><mi mathvariant="normal">KL</mi><mo>(</mo><mi>θ</mi><mo>‖</mo>'
    f"<mi>θ</mi><mo>+</mo>{_D}<mi>θ</mi><mo>)</mo><mo>≈</mo>",
    "factor": '<mfrac><mi>n</mi><mn>2</mn></mfrac><mspace width="0.15em"/>',
}


def natural_step() -> dict[str, Any]:
    """Δθ = −η (I + λ1)⁻¹ ∇L, with the numbers of steps."""
    damped = "<mrow><mo>(</mo><mi>I</mi><mo>+</mo><mi>λ</mi><mn>1</mn><mo>)</mo></mrow>"
    inverse = f"<msup>{damped}<mrow><mo>−</mo><mn>1</mn></mrow></msup>"
    step = f"<mrow><mi>Δ</mi><mi>θ</mi><mo>=</mo><mo>−</mo><mi>η</mi>{inverse}<mo>∇</mo><mi>L</mi></mrow>"
    slots = {"steps": "{natural.steps:.0f}", "loss": "{natural.loss:.2g}"}
    return {"mathml": math(step, live(symbol("steps"), "steps", "fisher")), "slots": slots, "links": {}}


def symbol(text: str) -> str:
    return f"<mi>{_escape(text)}</mi>"


@cache
def line_element(family: Family, key: str, before: str = "", factor: str = "") -> str | None:
    """ds² = Σ gᵢⱼ dξⁱ dξʲ of one observation; None where it is too long to be read.

    The coefficients are written in the declared parameters, whatever the chart: dμ²/σ² + 2 d(log σ)².
    """
    own = chart_map(family, key)
    steps = [sp.Symbol(f"d_{name}", real=True) for name in own.chart.names]
    total = _readable(_coefficients(family, key), steps)
    if total is None:
        return None
    names: dict[str, Any] = {p.name: p.glyph or p.name for p in family.parameters}
    names |= {step.name: ("d", glyph) for step, glyph in zip(steps, own.chart.glyphs, strict=True)}
    body = to_mathml(total, names)
    if factor and total.is_Add:
        body = f"<mrow><mo>(</mo>{body}<mo>)</mo></mrow>"
    return f'<mrow id="line-element">{before}{factor}{body}</mrow>'


def _coefficients(family: Family, key: str) -> sp.Matrix:
    """J⁻ᵀ g J⁻¹ in θ, J = ∂ξ/∂θ by Cramer's rule."""
    own, g = chart_map(family, key), derive(family).g
    s = family.symbols
    jacobian = sp.Matrix([[sp.diff(f, a) for a in s] for f in own.forward])
    if jacobian.rows > 2:
        return g
    whole = determinant(jacobian)
    inverse = jacobian.adjugate() / whole
    return (inverse.T * g * inverse).applyfunc(lambda e: e if e.has(sp.polygamma) else tidy(e))


def _readable(g: sp.Matrix, steps: list[sp.Symbol]) -> Any:
    """The narrowest of several ways to write the sum: one fraction, collected, or in partial fractions."""
    pairs = [(i, j) for i in range(g.rows) for j in range(i, g.cols)]
    terms = [(1 if i == j else 2) * g[i, j] * steps[i] * steps[j] for i, j in pairs]
    total = sp.Add(*terms)
    ways = [sp.Add(*(_positive(t) for t in terms)), sp.collect(sp.expand(total), [a * b for a in steps for b in steps])]
    if g.rows == 2:
        # what the off-diagonal entry says, said once: dp₁²/p₁ + dp₂²/p₂ + (dp₁ + dp₂)²/p₃
        a, b, c = tidy(g[0, 0] - g[0, 1]), tidy(g[1, 1] - g[0, 1]), g[0, 1]
        grouped = [
            _positive(a) * steps[0] ** 2,
            _positive(b) * steps[1] ** 2,
            _positive(c) * (steps[0] + steps[1]) ** 2,
        ]
        ways.append(sp.Add(*grouped))
    if not total.has(sp.Function):
        ways.append(_positive(sp.together(sp.expand(total))))
        split = [_partial(g[i, j]) for i, j in pairs]
        ways.append(
            sp.Add(*((1 if i == j else 2) * s * steps[i] * steps[j] for s, (i, j) in zip(split, pairs, strict=True)))
        )
    # a leading minus is true and reads like a mistake: a length is positive
    best = min(ways, key=lambda e: _width(e) + 8 * e.could_extract_minus_sign())
    return best if _width(best) <= _WIDEST else None


def _partial(e: Any) -> Any:
    symbols = sorted(e.free_symbols, key=str)
    if not e.is_rational_function(*symbols):
        return e
    return sp.Add(*(_positive(t) for t in sp.Add.make_args(sp.apart(e, symbols[0])))) if symbols else e


def _positive(e: Any) -> Any:
    """−1/(p(p − 1)) as 1/(p(1 − p)): a sign goes into a bracket that can take it."""
    if not e.could_extract_minus_sign():
        return e
    above, below = sp.fraction(sp.factor_terms(e))
    for factor in sp.Mul.make_args(below):
        if factor.is_Add:
            return -above / (below / factor) / sp.Add(*(-t for t in factor.args))
    return e


def _width(e: Any) -> float:
    """About how many letters wide an expression is set; a fraction is as wide as its wider half."""
    if e.is_Add:
        return sum(_width(t) + 3 for t in e.args) - 3
    above, below = sp.fraction(e)
    if below != 1:
        return max(_width(above), _width(below)) + 1
    if e.is_Mul:
        return sum(_width(f) + (2 if f.is_Add else 0) for f in e.args) + 0.3 * len(e.args)
    if e.is_Pow:
        return _width(e.base) + 0.7 * _width(e.exp) + (2 if e.base.is_Add else 0)
    if e.is_Function:
        return 2 + sum(_width(a) for a in e.args) + len(e.func.__name__) / 3
    return 2.2 if str(e).startswith("d_") else max(1, len(str(e)) / 2)


def to_mathml(expression: Any, names: dict[str, Any]) -> str:
    """Presentation MathML of an expression; `names` gives each symbol's glyph, ("d", glyph) a differential."""
    printer = _Printer(names)
    dom: Any = printer._print(_plain_functions(expression))
    # a product is written by nearness, with a hair of space
    return dom.toxml().replace("<mo>none</mo>", '<mspace width="0.15em"/>').replace("<mo>-</mo>", "<mo>−</mo>")


class _Printer(MathMLPresentationPrinter):
    """SymPy's printer with our glyphs, upright differentials and function names as they are written."""

    def __init__(self, names: dict[str, Any]):
        super().__init__({"mul_symbol": "none"})
        self._names = names

    def _as_ordered_terms(self, expr, order=None):
        """1 − p₁ − p₂ and not −p₁ − p₂ + 1: what is taken away comes last."""
        return sorted(super()._as_ordered_terms(expr, order), key=lambda term: term.could_extract_minus_sign())

    def _print_Symbol(self, sym, style="plain"):
        glyph = self._names.get(sym.name, sym.name)
        row = self.dom.createElement("mrow")
        if isinstance(glyph, tuple):
            d = self.dom.createElement("mi")
            d.setAttribute("mathvariant", "normal")
            d.appendChild(self.dom.createTextNode("d"))
            row.appendChild(d)
            glyph = glyph[1] if len(_pieces(glyph[1])) == 1 else f"({glyph[1]})"
        for kind, text in _pieces(glyph):
            piece = self.dom.createElement(kind)
            piece.appendChild(self.dom.createTextNode(text))
            row.appendChild(piece)
        return row.firstChild if len(row.childNodes) == 1 else row

    def _print_Function(self, e):
        row = self.dom.createElement("mrow")
        for kind, text in (("mi", e.func.__name__), ("mo", "(")):
            piece = self.dom.createElement(kind)
            piece.appendChild(self.dom.createTextNode(text))
            row.appendChild(piece)
        for argument in e.args:
            node: Any = self._print(argument)
            row.appendChild(node)
        close = self.dom.createElement("mo")
        close.appendChild(self.dom.createTextNode(")"))
        row.appendChild(close)
        return row


def _pieces(glyph: str) -> list[tuple[str, str]]:
    """A glyph such as "log σ" or "a/(a+b)" as identifiers and operators."""
    words = re.findall(r"log|logit|arcsin|artanh|[()/+−√]|\d+|[^\s()/+−√\d]+|\s", glyph)
    named = {"log", "logit", "arcsin", "artanh"}
    out = []
    for word in words:
        if word.isspace():
            continue
        kind = "mo" if word in "()/+−√" else "mn" if word.isdigit() else "mi"
        out.append((kind, word + ("\u2009" if word in named else "")))
    return out


def _plain_functions(e: Any) -> Any:
    """Special functions under the names they have on paper: ψ′(k), A(κ)."""

    def rename(node: Any) -> Any:
        order, *args = node.args
        return sp.Function(_SPECIAL[node.func] + _PRIMES[int(order)])(*args)

    e = e.replace(lambda n: n.func in _SPECIAL and n.args[0].is_Integer, rename)
    return e.replace(LogBesselI0, sp.Function("log I₀"))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
