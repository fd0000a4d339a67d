"""Log-densities of the form ℓ = Σ cₘ(θ) fₘ(x) + c₀(θ) + h(x), and what follows without an integral.

Where the cₘ are as many as the parameters and the matrix ∂ᵢcₘ has full rank, the score identity
E[∂ᵢℓ] = 0 is a linear system in the expectations ηₘ = E[fₘ]. Solving it gives the expectation
parameters, the metric gᵢⱼ = −Σ ηₘ ∂ᵢ∂ⱼcₘ − ∂ᵢ∂ⱼc₀ and KL(p‖q), in any parametrisation.
Source: Amari, Information Geometry and Its Applications (2016), ch. 2. It presumes a support that
does not depend on θ; the examination by quadrature checks that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

# SymPy's methods declare less than they return: an Expr's arguments are "Basic"
Expr = Matrix = Any
# the longest denominator inside exponentials that factoring can take at once
_LONGEST = 20


@dataclass(frozen=True)
class ExponentialForm:
    """Statistics fₘ(x), their coefficients cₘ(θ) and expectations ηₘ(θ), and the x-free part c₀."""

    symbols: tuple[sp.Symbol, ...]
    statistics: tuple[Expr, ...]
    coefficients: tuple[Expr, ...]
    expectations: tuple[Expr, ...]
    free_part: Expr

    def metric(self) -> Matrix:
        """g = −E[∂²ℓ], with every E[fₘ] replaced by ηₘ."""
        alone, rest = log_sums(self.free_part)
        # one derivative at a time: SymPy factors before it takes two at once
        slopes = [[sp.diff(e, s) for e in (rest, *self.coefficients)] for s in self.symbols]
        means = (sp.S.One, *self.expectations)

        def entry(i: int, j: int) -> Expr:
            b = self.symbols[j]
            mean = -sum(sp.diff(slope, b) * m for slope, m in zip(slopes[i], means, strict=True))
            return tidy(mean) + sum(bend(-term, self.symbols[i], b) for term in alone)

        return symmetric_matrix(len(self.symbols), entry)

    def cubic(self, g: Matrix) -> list[list[list[Expr]]]:
        """Amari–Chentsov tensor Tᵢⱼₖ = 2([ij,k] − Σ ∂ᵢ∂ⱼcₘ ∂ₖηₘ), [ij,k] of the metric g.

        The sum is E[∂ᵢ∂ⱼℓ ∂ₖℓ], the exponential connection; both connections differ by T/2.
        """
        s = self.symbols
        d = range(len(s))
        return [[[self._cubic_entry(g, i, j, k) for k in d] for j in d] for i in d]

    def _cubic_entry(self, g: Matrix, i: int, j: int, k: int) -> Expr:
        a, b, c = self.symbols[i], self.symbols[j], self.symbols[k]
        first_kind = sp.diff(g[j, k], a) + sp.diff(g[i, k], b) - sp.diff(g[i, j], c)
        pairs = zip(self.coefficients, self.expectations, strict=True)
        return first_kind - 2 * sum(sp.diff(m, a, b) * sp.diff(e, c) for m, e in pairs)

    def kl(self, other: Sequence[sp.Symbol]) -> Expr:
        """KL(p‖q) = Σ (cₘ(p) − cₘ(q)) ηₘ(p) + c₀(p) − c₀(q); p in `symbols`, q in `other`. Nats."""
        swap = dict(zip(self.symbols, other, strict=True))
        pairs = zip(self.coefficients, self.expectations, strict=True)
        linear = sum((c - c.xreplace(swap)) * e for c, e in pairs)
        return linear + self.free_part - self.free_part.xreplace(swap)


def exponential_form(
    log_density: Expr,
    samples: Sequence[sp.Symbol],
    symbols: Sequence[sp.Symbol],
    order: Sequence[Expr] = (),
) -> ExponentialForm | None:
    """The form of ℓ with as many statistics as parameters, or None where there is none.

    `order` names the statistics in the order wanted; otherwise the simplest comes first.
    """
    grouped = separate(log_density, *samples)
    # e^(a+b) stays one number
    free = sp.Add(
        *(sp.powsimp(t, deep=True) if t.has(sp.exp) else t for t in sp.Add.make_args(grouped.pop(sp.S.One, sp.S.Zero)))
    )
    moving = {f: c for f, c in grouped.items() if c.free_symbols & set(symbols)}
    if any(f.free_symbols & set(symbols) for f in grouped):
        return None
    statistics = tuple(sorted(moving, key=lambda f: (_position(f, order), sp.count_ops(f), str(f))))
    coefficients = tuple(tidy(moving[f]) for f in statistics)
    if (merged := _merged(moving, symbols)) is not None:
        means = tuple(-sum(sp.diff(term, s) for term in sp.Add.make_args(free)) for s in symbols)
        return ExponentialForm(tuple(symbols), merged, tuple(symbols), means, free)
    if len(statistics) != len(symbols):
        return None
    jacobian = sp.Matrix([[sp.diff(c, s) for c in coefficients] for s in symbols])
    right = sp.Matrix([-sp.diff(free, s) for s in symbols])
    solution = _solve(jacobian, right)
    if solution is None:
        return None
    return ExponentialForm(tuple(symbols), statistics, coefficients, solution, free)


def _merged(moving: dict[Expr, Expr], symbols: Sequence[sp.Symbol]) -> tuple[Expr, ...] | None:
    """The factors Σ ∂ᵢcₘ fₘ of the parameters where ℓ is linear in them and one cₘ mixes several; else None.

    They are natural parameters then, as in a regression on more outcomes than parameters.
    """
    slopes = {f: [sp.diff(c, s) for s in symbols] for f, c in moving.items()}
    if any(v.free_symbols for row in slopes.values() for v in row):
        return None
    if all(sum(v != 0 for v in row) == 1 for row in slopes.values()) and len(moving) == len(symbols):
        return None
    return tuple(sum(row[i] * f for f, row in slopes.items()) for i in range(len(symbols)))


def log_sums(total: Expr) -> tuple[list[Expr], Expr]:
    """The terms that are logarithms of sums of exponentials, and the rest.

    A common denominator of many of them would have a term for each choice of one from every sum.
    """
    terms = sp.Add.make_args(total)
    alone = [t for t in terms if any(a.args[0].is_Add and a.args[0].has(sp.exp) for a in t.atoms(sp.log))]
    return alone, sp.Add(*(t for t in terms if t not in alone))


def bend(term: Expr, a: sp.Symbol, b: sp.Symbol) -> Expr:
    """∂ₐ∂_b of a logarithm of a sum of exponentials, these kept whole: σ′ = eᶻ/(1 + eᶻ)²."""
    second = sp.diff(sp.diff(term, a), b)
    names = {e: sp.Dummy(positive=True) for e in second.atoms(sp.exp)}
    return sp.factor(second.xreplace(names)).xreplace({name: e for e, name in names.items()})


def symmetric_matrix(size: int, entry: Callable[[int, int], Expr]) -> Matrix:
    """The symmetric matrix whose upper triangle is entry(i, j); each is worked out once."""
    upper = {(i, j): entry(i, j) for i in range(size) for j in range(i, size)}
    return sp.Matrix(size, size, lambda i, j: upper[min(i, j), max(i, j)])


def separate(log_density: Expr, *samples: sp.Symbol) -> dict[Expr, Expr]:
    """Write ℓ as Σ c(θ)·f(x): a mapping from each f to its c, the x-free part under 1."""
    expanded = sp.expand(sp.expand_trig(sp.expand_log(sp.expand(log_density))))
    grouped: dict[Expr, Expr] = {}
    for term in sp.Add.make_args(expanded):
        coefficient, statistic = term.as_independent(*samples, as_Add=False)
        grouped[statistic] = grouped.get(statistic, sp.S.Zero) + coefficient
    return grouped


def _position(statistic: Expr, order: Sequence[Expr]) -> int:
    return list(order).index(statistic) if statistic in order else len(order)


def _solve(matrix: Matrix, right: Matrix) -> tuple[Expr, ...] | None:
    """Cramer's rule for one to three unknowns: SymPy's own elimination is slow on symbols."""
    whole = tidy(determinant(matrix))
    if whole == 0:
        return None
    values = []
    for column in range(matrix.cols):
        replaced = matrix.copy()
        replaced[:, column] = right
        values.append(tidy(determinant(replaced) / whole))
    return tuple(values)


def determinant(m: Matrix) -> Expr:
    """Expanded by hand along the first row: `Matrix.det` hung on symbolic 3×3."""
    if m.rows == 1:
        return m[0, 0]
    if m.rows == 2:
        return m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]
    minors = (m.minor_submatrix(0, j) for j in range(m.cols))
    return sum((-1) ** j * m[0, j] * determinant(minor) for j, minor in enumerate(minors))


def tidy(e: Expr) -> Expr:
    """A common denominator, cancelled and factored: what `simplify` would give, many times faster."""
    if not e.free_symbols or (e.has(sp.exp) and _too_long(e)):
        return e
    if e.has(sp.exp) and (parts := _apart(e)):
        return sp.Add(*map(tidy, parts))
    # `factor` puts over a common denominator itself, and equal factors above and below it cancel
    return sp.factor(sp.trigsimp(e) if e.has(sp.sin, sp.cos) else e)


def _apart(e: Expr) -> list[Expr]:
    """Σ by its sigmoids: σ(b₀ + b₁) + σ(b₀ − b₁) is read at a glance, and over one denominator never."""
    groups: dict[frozenset[Expr], list[Expr]] = {}
    for term in sp.Add.make_args(e):
        below = {a for p in term.atoms(sp.Pow) if p.exp.is_negative for a in p.base.atoms(sp.exp)}
        groups.setdefault(frozenset(a for a in below if len(a.free_symbols) > 1), []).append(term)
    return [sp.Add(*terms) for terms in groups.values()] if sum(map(bool, groups)) > 1 else []


def _too_long(e: Expr) -> bool:
    """Whether exponentials have so long numbers in them that they are high powers of a common one."""
    numbers = (t.as_coeff_Mul()[0] for a in e.atoms(sp.exp) for t in sp.Add.make_args(a.args[0]))
    return math.lcm(*(c.q for c in numbers if c.is_Rational)) > _LONGEST


def tidy_terms(e: Expr) -> Expr:
    """Term by term, the arguments of logarithms first and then split: logarithms keep no denominator."""
    inner = {a: sp.log(tidy(a.args[0])) for a in e.atoms(sp.log)}
    split = sp.expand(sp.expand_log(e.xreplace(inner)))
    return sp.Add(*(t if t.has(sp.log) else tidy(t) for t in sp.Add.make_args(split)))


def without_deltas(e: Expr) -> Expr:
    """An expression almost everywhere: without the deltas that differentiating |·| leaves at its kinks."""
    return e.replace(lambda a: a.func is sp.DiracDelta, lambda a: sp.S.Zero)
