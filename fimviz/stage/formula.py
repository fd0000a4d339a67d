"""Formulas that stand in the picture: MathML from the expressions themselves, with places for live numbers."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from sympy.printing.mathml import MathMLPresentationPrinter

from fimviz.atlas import chart_map
from fimviz.derive import derive, lines
from fimviz.derive.lines import Line
from fimviz.exponential import determinant, tidy
from fimviz.family import Family, once
from fimviz.notation import PRIMES, differentials_last, quadratic, sample_first, width
from fimviz.sample_size import quantile
from fimviz.special import BesselRatio, LogBesselI0, LogBesselI0Sqrt

# the widest line element that can be taken in at a glance, in letters
_WIDEST = 80
# and how many operations a metric may have before its line element is looked for
_LONGEST = 100
_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
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


def rulers(family: Family, glyphs: dict[str, str], n: str, distance: str = "", flips: str = "") -> dict[str, Any]:
    """ds² of a family with one parameter in several charts {chart: glyph}, all the same; then, each equal to 1/n,
    the same with one standard error for the step (`scene.standard_errors`); then, where they are named, the
    `distance` of two coins and how many `flips` it predicts.
    """
    general, special, slots = [], [], {"n": f"{{{n}:.0f}}"}
    names = {p.name: p.glyph or p.name for p in family.parameters}
    for i, (key, glyph) in enumerate(glyphs.items()):
        above, below = factored(coefficients(family, key)[0, 0])
        factors = [f"above{i}" if above != 1 else "", f"below{i}" if below != 1 else ""]
        step = f"<msup><mrow>{_D}{symbol(glyph)}</mrow><mn>2</mn></msup>"
        said = [to_mathml(e, names) if e != 1 else "" for e in (above, below)]
        general.append(_scaled(step, *said))
        error = f"<msup>{_slot(f'se{i}', 'fisher')}<mn>2</mn></msup>"
        special.append(_scaled(error, *map(_slot, factors), times="<mo>·</mo>"))
        slots |= {f"se{i}": f"{{se{i}:.3g}}"} | {name: f"{{{name}:.3g}}" for name in filter(None, factors)}
    special.append(f"<mfrac><mn>1</mn>{_slot('n')}</mfrac>")
    parts = [_row("<mo>=</mo>".join(general)), _row("<mo>=</mo>".join(special))]
    if distance:
        ratio = f"<mfrac>{_row(f'<mn>2</mn><mo>·</mo><mn>{quantile(0.05):.3f}</mn>')}<mi>d</mi></mfrac>"
        parts.append(live("<mi>d</mi><mo>(</mo><mi>p</mi><mo>,</mo><mi>q</mi><mo>)</mo>", "d", "fisher"))
        parts.append(live(f"<msup><mrow><mo>(</mo>{ratio}<mo>)</mo></mrow><mn>2</mn></msup>", "flips", "fisher"))
        slots |= {"d": f"{{{distance}:.3f}}", "flips": f"{{{flips}:.0f}}"}
    return {"mathml": math(*parts), "slots": slots, "links": {}}


def _row(content: str) -> str:
    return f"<mrow>{content}</mrow>"


def _slot(name: str, role: str = "") -> str:
    colour = f' class="role-{role}"' if role else ""
    return f'<mn id="slot-{name}" data-slot="{name}"{colour}>…</mn>' if name else ""


def _scaled(step: str, above: str, below: str, times: str = '<mspace width="0.2em"/>') -> str:
    """above × step / below, where they are given."""
    top = f"{above}{times}{step}" if above else step
    return f"<mfrac>{_row(top)}{_row(below)}</mfrac>" if below else top


def factored(e: Any) -> tuple[Any, Any]:
    """Numerator and denominator, factored, a sign taken into a bracket."""
    above, below = sp.fraction(sp.factor(e))
    if below != 1 and above.could_extract_minus_sign():
        above, below = -above, -below
    return _bracketed(above), _bracketed(below)


def _bracketed(e: Any) -> Any:
    """−p(p − 1) as p(1 − p)."""
    brackets = [f for f in sp.Mul.make_args(e) if f.is_Add]
    return (e / brackets[0] / -1) * -brackets[0] if brackets and e.could_extract_minus_sign() else e


def schedule(even: bool) -> dict[str, Any]:
    """∫ g(θ̇, θ̇) dt of the cheapest schedule, and where there are `even` ones, in flat coordinates, theirs."""
    theta = "<mover><mi>θ</mi><mo>˙</mo></mover>"
    cost = f"<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup><mi>g</mi><mo>(</mo>{theta}<mo>,</mo>{theta}<mo>)</mo>"
    cost += f'<mspace width="0.17em"/>{_D}<mi>t</mi><mo>≥</mo>'
    square = "<mi>d</mi><msup><mrow><mo>(</mo><mi>A</mi><mo>,</mo><mi>B</mi><mo>)</mo></mrow><mn>2</mn></msup>"
    kl = '<mi mathvariant="normal">KL</mi><mo>(</mo><mi>{}</mi><mo>‖</mo><mi>{}</mi><mo>)</mo>'
    parts = [live(cost + square, "cheapest", "fisher")]
    slots = {"cheapest": "{cheapest:.2f}"}
    if even:
        parts.append(live(f"{kl.format('A', 'B')}<mo>+</mo>{kl.format('B', 'A')}", "jeffreys", "e"))
        slots["jeffreys"] = "{jeffreys:.2f}"
    links = {"slot-cheapest": "fr", "slot-jeffreys": "e"} if even else {"slot-cheapest": "fr"}
    return {"mathml": math(*parts), "slots": slots, "links": links}


def natural_step() -> dict[str, Any]:
    """Δθ = −η (I + λ1)⁻¹ ∇L, with the numbers of steps."""
    damped = "<mrow><mo>(</mo><mi>I</mi><mo>+</mo><mi>λ</mi><mn>1</mn><mo>)</mo></mrow>"
    inverse = f"<msup>{damped}<mrow><mo>−</mo><mn>1</mn></mrow></msup>"
    step = f"<mrow><mi>Δ</mi><mi>θ</mi><mo>=</mo><mo>−</mo><mi>η</mi>{inverse}<mo>∇</mo><mi>L</mi></mrow>"
    slots = {"steps": "{natural.steps:.0f}", "loss": "{natural.loss:.2g}"}
    return {"mathml": math(step, live(symbol("steps"), "steps", "fisher")), "slots": slots, "links": {}}


_OPEN, _CLOSE = "<mo>[</mo><mi>s</mi>", "<mo>]</mo>"
_ZERO = 1e-12
_DOUBLE = '<mi mathvariant="normal">𝔼</mi>'


def derivation_line(family: Family, line: Line) -> str:
    """One line of a derivation; what it put in is marked."""
    known = lines.names(family)
    shown = line.factors or (line.after,)
    parts = [to_mathml(_scalar(part if line.exact else _rounded(part)), known) for part in shown]
    end = f"<mo>=</mo>{to_mathml(line.end, known)}" if line.end is not None else ""
    where = f'<mo>,</mo><mspace width="0.6em"/>{_condition(family, line, known)}' if line.condition is not None else ""
    left = _left(family, line.left)
    right = '<mspace width="0.17em"/>'.join(parts)
    body = f"{left}<mo>=</mo>{right}{end}{where}"
    return f'<math xmlns="{_NAMESPACE}" display="block"><mrow>{body}</mrow></math>'


def _rounded(part: Any) -> Any:
    """Numbers to four digits; what is left of a zero by quadrature is 0."""
    return part.xreplace({x: sp.Float(x, 4) if abs(x) > _ZERO else sp.S.Zero for x in part.atoms(sp.Float)})


def _scalar(part: Any) -> Any:
    return part[0] if isinstance(part, sp.MatrixBase) and part.shape == (1, 1) else part


def _condition(family: Family, line: Line, known: dict[str, Any]) -> str:
    read = line.condition if line.condition.lhs == family.sample else line.condition.reversed
    return f"{to_mathml(read.lhs, known)}<mo>&lt;</mo>{to_mathml(read.rhs, known)}"


def _left(family: Family, left: str) -> str:
    """What stands before the equals sign, as `lines.left_latex` has it."""
    one = family.dimension == 1
    theta = to_mathml(family.symbols[0], lines.names(family)) if one else "<mi>θ</mi>"
    d = f"<msub><mo>∂</mo>{theta}</msub>" if one else "<mo>∇</mo>"
    square = "<msup><mi>s</mi><mn>2</mn></msup>" if one else "<mi>s</mi><msup><mi>s</mi><mo>⊤</mo></msup>"
    mean = f"<msub>{_DOUBLE}{theta}</msub>"
    return {
        "log-density": "<mi>ℓ</mi>",
        "score": f"<mi>s</mi><mo>=</mo>{d}<mi>ℓ</mi>",
        "mean": f"{mean}{_OPEN}{_CLOSE}",
        "second moment": f"{mean}<mo>[</mo>{square}{_CLOSE}",
        "metric": _DS2.removesuffix("<mo>=</mo>"),
        "matrix": f"<mi>I</mi><mo>(</mo>{theta}<mo>)</mo>",
        "variance": f'<msub><mi mathvariant="normal">Var</mi>{theta}</msub>{_OPEN}{_CLOSE}',
    }[left]


def symbol(text: str) -> str:
    return f"<mi>{_escape(text)}</mi>"


def design() -> dict[str, Any]:
    """√det(I(x) + I(−x)) as a share of the best, and the posterior precision Σ I + λ1 with the spreads it leaves."""
    both = "<mrow><mo>det</mo><mo>(</mo><mi>I</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>+</mo><mi>I</mi><mo>(</mo>"
    both += "<mo>−</mo><mi>x</mi><mo>)</mo><mo>)</mo></mrow>"
    posterior = "<mrow><msub><mi>I</mi><mtext>post</mtext></msub><mo>=</mo><mo>∑</mo><mi>I</mi><mo>(</mo>"
    posterior += "<msub><mi>x</mi><mi>i</mi></msub><mo>)</mo><mo>+</mo><mi>λ</mi><mn>1</mn></mrow>"
    spread = "<mrow><mi>sd</mi><mo>(</mo><msub><mi>b</mi><mn>1</mn></msub><mo>)</mo></mrow>"
    parts = [live(f"<msqrt><mrow>{both}<mo>/</mo><mi>max</mi></mrow></msqrt>", "det", "fisher"), posterior]
    parts += [live(spread, "sd_pair", "fisher"), live(spread, "sd_uncertain", "euclid")]
    slots = {"det": "{share.0:.3f}", "sd_pair": "{pair.sd1:.2f}", "sd_uncertain": "{uncertain.sd1:.2f}"}
    return {"mathml": math(*parts), "slots": slots, "links": {"slot-sd_pair": "pair", "slot-sd_uncertain": "uncertain"}}


def bell() -> dict[str, Any]:
    """What the bell is, and its error in the three charts of a coin."""
    left = "<mrow><mi>p</mi><mo>(</mo><mi>ξ</mi><mo>|</mo><mtext>data</mtext><mo>)</mo><mo>≈</mo><mi>N</mi><mo>(</mo>"
    left += (
        "<mover><mi>ξ</mi><mo>^</mo></mover><mo>,</mo><msup><mrow><mo>(</mo><mo>−</mo><msup><mo>∂</mo><mn>2</mn></msup>"
    )
    left += "<mi>log</mi><mi>p</mi><mo>)</mo></mrow><mrow><mo>−</mo><mn>1</mn></mrow></msup><mo>)</mo></mrow>"
    names = ("p", "φ", "η")
    errors = [live(f"<msub><mi>TV</mi><mi>{name}</mi></msub>", f"error{i}", "euclid") for i, name in enumerate(names)]
    slots = {f"error{i}": f"{{error{i}:.3f}}" for i in range(3)}
    return {"mathml": math(left, *errors), "slots": slots, "links": {f"slot-error{i}": f"row{i}" for i in range(3)}}


_INVERSE = "<msup><mi>F</mi><mrow><mo>−</mo><mn>1</mn></mrow></msup>"


def pruning() -> dict[str, Any]:
    """½F₁w₁² with the numbers of weight 1, and what refitting the others leaves of it."""
    one = [f"<msub><mi>{letter}</mi><mn>1</mn></msub>" for letter in ("F", "w")]
    cost = f"<mrow><mfrac><mn>1</mn><mn>2</mn></mfrac>{one[0]}<msubsup><mi>w</mi><mn>1</mn><mn>2</mn></msubsup></mrow>"
    inverse = f"<msub><mrow><mo>(</mo>{_INVERSE}<mo>)</mo></mrow><mrow><mi>j</mi><mi>j</mi></mrow></msub>"
    refit = "<mrow><mtext>others refitted</mtext><mo>:</mo><mfrac><msubsup><mi>w</mi><mi>j</mi><mn>2</mn></msubsup>"
    refit += f"<mrow><mn>2</mn>{inverse}</mrow></mfrac></mrow>"
    parts = [
        live(one[0], "f", "fisher"),
        live(f"<mo>|</mo>{one[1]}<mo>|</mo>", "w"),
        live(cost, "cost", "fisher"),
        refit,
    ]
    slots = {"f": "{fisher.0:.3g}", "w": "{size.0:.3g}", "cost": "{alone.0:.3g}"}
    return {"mathml": math(*parts), "slots": slots, "links": {f"slot-{name}": "w1" for name in slots}}


def stand_ins(storage: dict[str, int]) -> dict[str, Any]:
    """F of a network, the product of K-FAC, and how many numbers each matrix takes."""
    both = [f"{_DOUBLE}<mo>[</mo><mi>{v}</mi><msup><mi>{v}</mi><mo>⊤</mo></msup><mo>]</mo>" for v in ("a", "g")]
    product = f"<mrow><msub><mi>F</mi><mtext>layer</mtext></msub><mo>≈</mo>{both[0]}<mo>⊗</mo>{both[1]}</mrow>"
    jacobian = "<msup><mi>J</mi><mo>⊤</mo></msup><mi>H</mi><mi>J</mi>"
    f = f"<mrow><mi>F</mi><mo>=</mo>{_DOUBLE}<mo>[</mo>{jacobian}<mo>]</mo></mrow>"
    names = {"full": ("numbers in F", "fisher"), "kfac": ("K-FAC", "m"), "diagonal": ("diagonal", "euclid")}
    parts = [f, product, *(live(f"<mtext>{text}</mtext>", name, role) for name, (text, role) in names.items())]
    return {"mathml": math(*parts), "slots": {name: str(count) for name, count in storage.items()}, "links": {}}


def empirical() -> dict[str, Any]:
    """The natural step with the Fisher matrix and with the mean square of scores at the labels seen."""
    step = "<mrow><mi>Δ</mi><mi>b</mi><mo>=</mo><mo>−</mo>"
    step += f"{_INVERSE}<mo>∇</mo><mi>L</mi></mrow>"
    score = "<mo>∇</mo><mi>log</mi><mi>p</mi>"
    seen = (
        f"<mrow><msub><mi>F</mi><mtext>emp</mtext></msub><mo>=</mo>{_DOUBLE}<mo>[</mo>{score}<mspace width='0.17em'/>"
    )
    seen += f"<msup><mrow>{score}</mrow><mo>⊤</mo></msup><mo>]</mo></mrow>"
    parts = [
        step,
        seen,
        live("<mtext>length</mtext>", "ratio", "euclid"),
        live("<mtext>angle</mtext>", "angle", "euclid"),
    ]
    slots = {"ratio": "{ratio:.0%}", "angle": "{angle:.0f}°"}
    return {"mathml": math(*parts), "slots": slots, "links": {f"slot-{name}": "empirical" for name in slots}}


@once
def line_element(family: Family, key: str, before: str = "", factor: str = "") -> str | None:
    """ds² = Σ gᵢⱼ dξⁱ dξʲ of one observation; None where it is too long to be read.

    The coefficients are written in the declared parameters, whatever the chart: dμ²/σ² + 2 d(log σ)².
    """
    g = derive(family).g
    # what is long as it stands is not worth the search for its shortest form, which may take minutes
    if g is None or sum(sp.count_ops(e) for e in g) > _LONGEST:
        return None
    own = chart_map(family, key)
    steps = [sp.Symbol(f"d_{name}", real=True) for name in own.chart.names]
    total = quadratic(coefficients(family, key), steps)
    if width(total) > _WIDEST:
        return None
    names: dict[str, Any] = {p.name: p.glyph or p.name for p in family.parameters}
    names |= {step.name: ("d", glyph) for step, glyph in zip(steps, own.chart.glyphs, strict=True)}
    body = to_mathml(total, names)
    if factor and total.is_Add:
        body = f"<mrow><mo>(</mo>{body}<mo>)</mo></mrow>"
    return f'<mrow id="line-element">{before}{factor}{body}</mrow>'


def coefficients(family: Family, key: str) -> sp.Matrix:
    """J⁻ᵀ g J⁻¹ in θ, J = ∂ξ/∂θ by Cramer's rule."""
    own, g = chart_map(family, key), derive(family).g
    s = family.symbols
    jacobian = sp.Matrix([[sp.diff(f, a) for a in s] for f in own.forward])
    if jacobian.rows > 2:
        return g
    whole = determinant(jacobian)
    inverse = jacobian.adjugate() / whole
    return (inverse.T * g * inverse).applyfunc(lambda e: e if e.has(sp.polygamma) else tidy(e))


def to_mathml(expression: Any, names: dict[str, Any]) -> str:
    """Presentation MathML of an expression; `names` gives each symbol's glyph, ("d", glyph) a differential."""
    printer = _Printer(names)
    dom: Any = printer._print(_plain_functions(expression))
    # a product is written by nearness, with a hair of space
    return (
        dom.toxml()
        .replace("<mo>none</mo>", '<mspace width="0.15em"/>')
        .replace("<mo>-</mo>", "<mo>−</mo>")
        .replace("<mn>-", "<mn>−")
    )


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

    def _row(self, *parts: Any, role: str = "") -> Any:
        """A row of expressions, and of operators given as text."""
        row = self.dom.createElement("mrow")
        if role:
            row.setAttribute("class", role)
        for part in parts:
            node: Any = self._text("mo", part) if isinstance(part, str) else self._print(part)
            row.appendChild(node)
        return row

    def _text(self, kind: str, text: str) -> Any:
        node = self.dom.createElement(kind)
        node.appendChild(self.dom.createTextNode(text))
        return node

    def _print_Changed(self, e):
        inner = e.args[0]
        bracket = inner.is_Add or (inner.is_number and inner.is_negative)
        return self._row(*(("(", inner, ")") if bracket else (inner,)), role="changed")

    def _print_Mul(self, expr):
        """Differentials come last: σ² dμ² and not dμ² σ²."""
        if (parts := differentials_last(expr)) is None:
            return super()._print_Mul(expr)
        rest, ends = parts
        row = self._row(*("−",) if rest == -1 else (rest,) if not rest.is_Add else ("(", rest, ")"))
        for e in ends:
            gap = self.dom.createElement("mspace")
            gap.setAttribute("width", "0.17em")
            row.appendChild(gap)
            row.appendChild(self._row("(", e, ")") if e.is_Add else self._print(e))
        return row

    def _print_Abs(self, expr):
        return self._row("|", sample_first(expr.args[0]), "|")

    def _print_MatrixBase(self, m):
        table = self.dom.createElement("mtable")
        for i in range(m.rows):
            line = self.dom.createElement("mtr")
            for j in range(m.cols):
                cell = self.dom.createElement("mtd")
                node: Any = self._print(m[i, j])
                cell.appendChild(node)
                line.appendChild(cell)
            table.appendChild(line)
        row = self.dom.createElement("mrow")
        row.setAttribute("class", "fence")
        row.appendChild(table)
        return row

    def _bracketed(self, inner: Any) -> Any:
        """Brackets as high as what they hold: the letter where that is one line, a drawn one round a fraction."""
        tall = any(sp.fraction(t)[1] != 1 for t in sp.preorder_traversal(inner) if isinstance(t, sp.Mul | sp.Pow))
        return self._row(inner, role="fence") if tall else self._row("(", inner, ")")

    _print_ImmutableDenseMatrix = _print_MutableDenseMatrix = _print_MatrixBase

    def _print_log(self, e):
        inner = e.args[0]
        plain = inner.is_Symbol or inner.is_Integer
        row = self._row(inner) if plain else self._bracketed(inner)
        if row.getAttribute("class"):
            outer = self.dom.createElement("mrow")
            outer.appendChild(row)
            row = outer
        row.insertBefore(self._text("mi", "log\u2009" if plain else "log"), row.firstChild)
        return row

    def _print_Function(self, e):
        row = self._row("(", *[part for argument in e.args for part in (argument, ",")][:-1], ")")
        row.insertBefore(self._text("mi", e.func.__name__), row.firstChild)
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
        return sp.Function(_SPECIAL[node.func] + PRIMES[int(order)])(*args)

    e = e.replace(lambda n: n.func in _SPECIAL and n.args[0].is_Integer, rename)
    return e.replace(LogBesselI0, sp.Function("log I₀")).replace(sp.loggamma, sp.Function("log Γ"))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
