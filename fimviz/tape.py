"""Expressions as a flat program ("tape") that NumPy and the browser both run.

A tape is plain data, so a formula crosses into the page as numbers and never as source:

    {"n_in": 2, "n_reg": 5, "consts": [2.0], "code": [op, dst, a, b, c, …], "out": [4]}

Registers 0…n_in−1 are the inputs, the constants follow, the rest are temporaries. Each
instruction is five integers. Both interpreters share the order of `OPS`, and a test compares it.

A tape with integrals in it (see `trapezoid`) has one more entry, and their values follow the inputs:

    "sums": [{"at": tape, "columns": [[…], …], "body": tape, "weights": [[…], …]}]

`at` makes a loop's parameters of the inputs, `body` its integrands of one number a column and of the
parameters; output j of the loop is Σₖ weights[j][k] · body(columns[…][k], parameters)[j].
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import permutations
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz import special
from fimviz.exponential import Expr
from fimviz.trapezoid import Fixed, Loop, Trapezoid, Z, points

OPS = (
    "add sub mul div neg inv square pow sqrt exp log log1p expm1 sin cos tan asin acos atan atan2 "
    "sinh cosh tanh asinh acosh atanh abs sign min max lt where lgamma polygamma "
    "polygamma_difference erf log_i0 bessel_ratio log_i0_sqrt cube polygamma_quotient"
).split()
_CODE = {name: index for index, name in enumerate(OPS)}
WIDTH = 5
_LARGEST_POWER = 64
# what a formula may be, however it came to be
_DEEPEST, _LARGEST_INTEGER = 64, 10**300
# lanes whose loops are run together: more would only leave the cache
_LANES = 64

_UNARY = {
    sp.exp: "exp", sp.log: "log", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan",
    sp.asin: "asin", sp.acos: "acos", sp.atan: "atan", sp.sinh: "sinh", sp.cosh: "cosh",
    sp.tanh: "tanh", sp.asinh: "asinh", sp.acosh: "acosh", sp.atanh: "atanh", sp.Abs: "abs",
    sp.sign: "sign", special.Side: "sign", sp.loggamma: "lgamma", sp.erf: "erf", special.LogBesselI0: "log_i0",
}  # fmt: skip
_ORDERED = {
    sp.polygamma: "polygamma",
    special.PolygammaDifference: "polygamma_difference",
    special.BesselRatio: "bessel_ratio",
    special.LogBesselI0Sqrt: "log_i0_sqrt",
}
# How an operation is called: on one, two or three registers, or with an order before one or two.
_UNARY_CALL, _BINARY_CALL, _ORDER_CALL, _ORDER_PAIR_CALL, _TERNARY_CALL = 1, 2, 3, 4, 5
_RUN: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
    "neg": np.negative, "inv": np.reciprocal, "square": np.square, "pow": np.power,
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "atan2": np.arctan2, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "abs": np.abs,
    "sign": np.sign, "min": np.minimum, "max": np.maximum, "lt": np.less, "where": np.where,
    "lgamma": special.lgamma, "polygamma": special.polygamma,
    "polygamma_difference": special.polygamma_difference, "erf": special.erf,
    "log_i0": special.log_i0, "bessel_ratio": special.bessel_ratio,
    "log_i0_sqrt": special.log_i0_sqrt, "cube": lambda a: a * a * a,
    "polygamma_quotient": special.polygamma_quotient,
}  # fmt: skip
_SCALAR: dict[str, Callable[..., Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "neg": operator.neg, "inv": lambda a: 1 / a, "square": lambda a: a * a, "pow": math.pow,
    "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "log1p": math.log1p, "expm1": math.expm1,
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos,
    "atan": math.atan, "atan2": math.atan2, "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh,
    "asinh": math.asinh, "acosh": math.acosh, "atanh": math.atanh, "abs": abs,
    "sign": lambda a: math.copysign(1.0, a) if a else 0.0, "min": min, "max": max, "lt": operator.lt,
    "where": lambda test, a, b: a if test else b,
}  # fmt: skip
_BINARY = {"add", "sub", "mul", "div", "pow", "atan2", "min", "max", "lt"}


@dataclass(frozen=True)
class Tape:
    """A program with `n_in` inputs and `len(out)` outputs; see the module's docstring."""

    n_in: int
    n_reg: int
    consts: tuple[float, ...]
    code: tuple[int, ...]
    out: tuple[int, ...]
    sums: tuple[Sums, ...] = ()

    @staticmethod
    def from_dict(raw: Mapping[str, Any]) -> Tape:
        """The tape of its JSON form."""
        lists = (tuple(raw[name]) for name in ("consts", "code", "out"))
        return Tape(raw["n_in"], raw["n_reg"], *lists, tuple(map(Sums.from_dict, raw.get("sums", ()))))

    def as_dict(self) -> dict[str, Any]:
        """The JSON form that the browser interprets."""
        return {
            "n_in": self.n_in,
            "n_reg": self.n_reg,
            "consts": list(self.consts),
            "code": list(self.code),
            "out": list(self.out),
            **({"sums": [one.as_dict() for one in self.sums]} if self.sums else {}),
        }

    def __call__(self, *inputs: ArrayLike) -> NDArray[np.float64]:
        """Run on arrays that broadcast together, shape (...); returns (..., outputs)."""
        if len(inputs) != self.n_in:
            raise ValueError(f"{len(inputs)} inputs given to a tape of {self.n_in}.")
        registers: list[Any] = [np.asarray(a, float) for a in inputs]
        shape = np.broadcast_shapes(*(a.shape for a in registers))
        for one in self.sums:
            registers += one(registers, shape)
        registers += self.consts
        registers += [None] * (self.n_reg - len(registers))
        with np.errstate(all="ignore"):
            for run, dst, a, b, c, kind in self._program:
                if kind == _UNARY_CALL:
                    registers[dst] = run(registers[a])
                elif kind == _BINARY_CALL:
                    registers[dst] = run(registers[a], registers[b])
                elif kind == _ORDER_CALL:
                    registers[dst] = run(c, registers[a])
                elif kind == _ORDER_PAIR_CALL:
                    registers[dst] = run(c, registers[a], registers[b])
                else:
                    registers[dst] = run(registers[a], registers[b], registers[c])
        result = np.empty((*shape, len(self.out)))
        for position, register in enumerate(self.out):
            result[..., position] = registers[register]
        return result

    def scalar(self, *inputs: float) -> list[float]:
        """The same for one point given as floats, some ten times faster: for loops that go step by step.

        Where a formula leaves its domain or its range, every output is nan.
        """
        registers: list[Any] = [*inputs]
        for one in self.sums:
            registers += one.scalar(inputs)
        registers += [*self.consts, *(0.0,) * (self.n_reg - len(registers) - len(self.consts))]
        try:
            for run, dst, a, b, c, kind in self._scalar_program:
                if kind == _BINARY_CALL:
                    registers[dst] = run(registers[a], registers[b])
                elif kind == _UNARY_CALL:
                    registers[dst] = run(registers[a])
                elif kind == _ORDER_CALL:
                    registers[dst] = float(run(c, registers[a]))
                elif kind == _ORDER_PAIR_CALL:
                    registers[dst] = float(run(c, registers[a], registers[b]))
                else:
                    registers[dst] = run(registers[a], registers[b], registers[c])
        except (ValueError, ZeroDivisionError, OverflowError):
            return [math.nan] * len(self.out)
        return [registers[o] for o in self.out]

    @property
    def _scalar_program(self) -> list[tuple[Any, ...]]:
        program = self.__dict__.get("_cached_scalar_program")
        if program is None:
            names = [OPS[op] for op in self.code[::WIDTH]]
            program = [(_SCALAR.get(name, run), *rest) for name, (run, *rest) in zip(names, self._program, strict=True)]
            self.__dict__["_cached_scalar_program"] = program
        return program

    @property
    def _program(self) -> list[tuple[Any, ...]]:
        program = self.__dict__.get("_cached_program")
        if program is None:
            rows = np.reshape(self.code, (-1, WIDTH)).tolist() if self.code else []
            program = [(_RUN[OPS[op]], d, a, b, c, _kind(OPS[op])) for op, d, a, b, c in rows]
            self.__dict__["_cached_program"] = program
        return program


@dataclass(frozen=True)
class Sums:
    """Weighted sums over nodes: the loop of a tape with integrals; see the module's docstring."""

    at: Tape
    columns: tuple[tuple[float, ...], ...]
    body: Tape
    weights: tuple[tuple[float, ...], ...]

    @staticmethod
    def from_dict(raw: Mapping[str, Any]) -> Sums:
        columns, weights = (tuple(map(tuple, raw[name])) for name in ("columns", "weights"))
        return Sums(Tape.from_dict(raw["at"]), columns, Tape.from_dict(raw["body"]), weights)

    def as_dict(self) -> dict[str, Any]:
        rows = {"columns": [*map(list, self.columns)], "weights": [*map(list, self.weights)]}
        return {"at": self.at.as_dict(), "body": self.body.as_dict(), **rows}

    def __call__(self, inputs: Sequence[NDArray[Any]], shape: tuple[int, ...]) -> list[NDArray[Any]]:
        """The sums at inputs that broadcast to `shape`, a block of lanes at a time: one array each."""
        lanes = np.broadcast_to(self.at(*inputs), (*shape, len(self.at.out)))
        flat = lanes.reshape(-1, lanes.shape[-1])
        totals = np.empty((len(flat), len(self.weights)))
        for low in range(0, len(flat), _LANES):
            totals[low : low + _LANES] = self._block(flat[low : low + _LANES])
        return [*np.moveaxis(totals.reshape(*shape, len(self.weights)), -1, 0)]

    def scalar(self, inputs: Sequence[float]) -> list[float]:
        return self._block(np.array([self.at.scalar(*inputs)]))[0].tolist()

    def _block(self, lanes: NDArray[Any]) -> NDArray[Any]:
        columns, weights = self._arrays
        values = self.body(*columns, *np.moveaxis(lanes[..., None], 1, 0))
        with np.errstate(all="ignore"):
            return np.einsum("...kj,jk->...j", values, weights)

    @property
    def _arrays(self) -> tuple[NDArray[Any], NDArray[Any]]:
        arrays = self.__dict__.get("_cached_arrays")
        if arrays is None:
            arrays = np.array(self.columns), np.array(self.weights)
            self.__dict__["_cached_arrays"] = arrays
        return arrays


def _kind(name: str) -> int:
    if name == "where":
        return _TERNARY_CALL
    if name in ("polygamma_difference", "polygamma_quotient"):
        return _ORDER_PAIR_CALL
    if name in ("polygamma", "bessel_ratio", "log_i0_sqrt"):
        return _ORDER_CALL
    return _BINARY_CALL if name in _BINARY else _UNARY_CALL


def lower(expressions: Iterable[Any], symbols: Sequence[sp.Symbol]) -> Tape:
    """Lower expressions in `symbols` to a tape: one output an expression, in order.

    Equal subexpressions share a register, integer powers become products, and differences of
    polygammas of near arguments become one instruction that does not cancel. Raises `ValueError`
    for a free symbol that is no input, a function that has no instruction, integers of 300 digits
    and expressions nested 64 deep.
    """
    builder = _Builder(symbols)
    out = [builder.visit(stabilise(sp.Add(e))) for e in expressions]
    return builder.finish(out)


def stabilise(expression: Expr) -> Expr:
    """Write c·ψ⁽ⁿ⁾(x) − c·ψ⁽ⁿ⁾(x+d) as one term: the plain difference loses digits for small d."""
    if not expression.has(sp.polygamma):
        return expression
    return expression.replace(lambda e: e.is_Add and e.has(sp.polygamma), _pair_polygammas)


def _pair_polygammas(total: Expr) -> Expr:
    terms = list(total.args)
    found = [(i, *parts) for i, t in enumerate(terms) if (parts := _polygamma_factor(t))]
    for (i, left, near), (j, right, far) in permutations(found, 2):
        gap = sp.expand(far.args[1] - near.args[1])
        # natural coordinates do not know their sign, and the difference may be of either
        if near.args[0] == far.args[0] and gap.is_positive is not False and sp.expand(left + right) == 0:
            rest = [t for k, t in enumerate(terms) if k not in (i, j)]
            pair = left * special.PolygammaDifference(*near.args, gap)
            return _pair_polygammas(sp.Add(*rest) + pair) if rest else pair
    return total


def _polygamma_factor(term: Expr) -> tuple[Expr, Expr] | None:
    found = [f for f in sp.Mul.make_args(term) if isinstance(f, sp.polygamma)]
    return (term / found[0], found[0]) if len(found) == 1 else None


class _Builder:
    """Value numbering: an instruction already issued is never issued again."""

    def __init__(self, symbols: Sequence[sp.Symbol]):
        self.symbols = {symbol: i for i, symbol in enumerate(symbols)}
        self.n_in = len(self.symbols)
        self.consts: dict[float, int] = {}
        self.rows: list[tuple[str, Any, Any, Any]] = []
        self.sums: list[Trapezoid] = []
        self.numbers: dict[tuple[Any, ...], tuple[str, int]] = {}
        self.seen: dict[Expr, Any] = {}
        self.depth = 0

    def constant(self, value: float) -> tuple[str, int]:
        return ("k", self.consts.setdefault(float(value), len(self.consts)))

    def emit(self, op: str, a: Any, b: Any = None, c: Any = None) -> tuple[str, int]:
        key = (op, a, b, c)
        if op in ("add", "mul", "min", "max"):
            key = (op, *sorted((a, b)), c)
        if key not in self.numbers:
            self.rows.append((op, a, b, c))
            self.numbers[key] = ("t", len(self.rows) - 1)
        return self.numbers[key]

    def visit(self, e: Expr) -> Any:
        if e not in self.seen:
            self.depth += 1
            if self.depth > _DEEPEST:
                raise ValueError(f"The formula is nested more than {_DEEPEST} deep; write it with fewer brackets.")
            self.seen[e] = self._lower(e)
            self.depth -= 1
        return self.seen[e]

    def _lower(self, e: Any) -> Any:
        if e.is_Symbol:
            if e not in self.symbols:
                names = ", ".join(map(str, self.symbols))
                raise ValueError(f"'{e}' is not an input of the formula (inputs: {names}).")
            return ("i", self.symbols[e])
        if e.is_number and not e.has(sp.zoo, sp.nan):
            return self.constant(_float(e))
        if e.is_Add:
            return self._add(e)
        if e.is_Mul:
            return self._mul(e)
        if e.is_Pow:
            return self._pow(e)
        return self._function(e)

    def _add(self, e: Expr) -> Any:
        one, grown = e.as_coeff_Add()
        if abs(one) == 1 and isinstance(-one * grown, sp.exp):
            less = self.emit("expm1", self.visit((-one * grown).args[0]))
            return less if one == -1 else self.emit("neg", less)
        plus, minus = [], []
        for term in e.args:
            coefficient, rest = term.as_coeff_Mul()
            (minus if coefficient.is_negative else plus).append(
                -coefficient * rest if coefficient.is_negative else term
            )
        if not plus:
            return self.emit("neg", self._chain("add", minus))
        total = self._chain("add", plus)
        return self.emit("sub", total, self._chain("add", minus)) if minus else total

    def _mul(self, e: Expr) -> Any:
        coefficient, rest = e.as_coeff_Mul()
        if coefficient == -1:
            return self.emit("neg", self.visit(rest))
        above, below = [], []
        for factor in e.args:
            base, exponent = factor.as_base_exp()
            if exponent.is_number and exponent.is_negative and base != sp.E:
                below.append(base**-exponent)
            else:
                above.append(factor)
        if not below:
            return self._chain("mul", above)
        denominator = self._chain("mul", below)
        if not above:
            return self.emit("inv", denominator)
        return self.emit("div", self._chain("mul", above), denominator)

    def _chain(self, op: str, expressions: Sequence[Expr]) -> Any:
        """One operation along many expressions, each visited when its turn comes: few registers live."""
        first, *others = expressions
        return reduce(lambda total, e: self.emit(op, total, self.visit(e)), others, self.visit(first))

    def _pow(self, e: Any) -> Any:
        base, exponent = e.args
        if base == sp.E:
            return self.emit("exp", self.visit(exponent))
        if exponent.is_number and exponent.is_negative:
            return self.emit("inv", self.visit(base**-exponent))
        if exponent.is_Integer and exponent <= _LARGEST_POWER:
            return self._integer_power(self.visit(base), int(exponent))
        if (2 * exponent).is_Integer and exponent <= _LARGEST_POWER:
            root = self.emit("sqrt", self.visit(base))
            whole = int(exponent - sp.Rational(1, 2))
            return root if whole == 0 else self.emit("mul", self.visit(base**whole), root)
        return self.emit("pow", self.visit(base), self.visit(exponent))

    def _integer_power(self, base: Any, n: int) -> Any:
        if n == 1:
            return base
        if n == 3:
            return self.emit("cube", base)
        half = self.emit("square", self._integer_power(base, n // 2))
        return half if n % 2 == 0 else self.emit("mul", half, base)

    def _function(self, e: Any) -> Any:
        kind = e.func
        if kind is sp.log and e.args[0].func is sp.gamma:
            return self.emit("lgamma", self.visit(e.args[0].args[0]))
        if kind is sp.log and e.args[0].is_Add and e.args[0].as_coeff_Add()[0] == 1:
            return self.emit("log1p", self.visit(e.args[0] - 1))
        if kind in _UNARY:
            return self.emit(_UNARY[kind], self.visit(e.args[0]))
        if kind is Trapezoid:
            self.sums.append(e)
            return ("s", len(self.sums) - 1)
        if kind is Fixed:
            return self.visit(e.args[0])
        if kind is special.LogCosh:
            return self.visit(e.stable())
        if kind in _ORDERED:
            first, *second = (self.visit(a) for a in e.args[1:])
            return self.emit(_ORDERED[kind], first, second[0] if second else None, int(e.args[0]))
        if kind is special.PolygammaQuotient:
            n, k, x, d = e.args
            return self.emit("polygamma_quotient", self.visit(x), self.visit(d), int(n) + 8 * int(k))
        if kind is sp.gamma:
            return self.emit("exp", self.emit("lgamma", self.visit(e.args[0])))
        if kind is sp.factorial:
            return self.emit("exp", self.emit("lgamma", self.visit(e.args[0] + 1)))
        if kind is sp.beta:
            a, b = e.args
            logs = [self.emit("lgamma", self.visit(part)) for part in (a, b, a + b)]
            return self.emit("exp", self.emit("sub", self.emit("add", *logs[:2]), logs[2]))
        if kind is sp.KroneckerDelta:
            # exact where it is used: both arguments are whole numbers
            return self.visit(sp.Max(0, 1 - sp.Abs(e.args[0] - e.args[1])))
        if kind in (sp.Max, sp.Min):
            return self._chain(kind.__name__.lower(), e.args)
        if kind is sp.atan2:
            return self.emit("atan2", *(self.visit(a) for a in e.args))
        if kind is sp.Piecewise:
            return self._piecewise(e)
        raise ValueError(f"'{kind.__name__}' has no numerical instruction; rewrite the formula.")

    def _piecewise(self, e: Any) -> Any:
        value, condition = e.args[-1]
        if condition != sp.true:
            raise ValueError(f"Piecewise '{e}' has no value where no condition holds; add one.")
        result = self.visit(value)
        for value, condition in reversed(e.args[:-1]):
            if not isinstance(condition, (sp.StrictLessThan, sp.StrictGreaterThan, sp.LessThan, sp.GreaterThan)):
                raise ValueError(f"Piecewise condition '{condition}' is not one comparison; nest them instead.")
            less, more = self.visit(condition.lts), self.visit(condition.gts)
            if isinstance(condition, (sp.LessThan, sp.GreaterThan)):
                # a ≤ b is where b < a is not
                result = self.emit("where", self.emit("lt", more, less), result, self.visit(value))
            else:
                result = self.emit("where", self.emit("lt", less, more), self.visit(value), result)
        return result

    def finish(self, out: list[Any]) -> Tape:
        """Give temporaries their registers, reusing one as soon as its last reader is done."""
        first = self.n_in + len(self.sums) + len(self.consts)
        sums, place_of = self._loops()
        last_use = {arg: i for i, row in enumerate(self.rows) for arg in row[1:] if _is_temp(arg)}
        kept = {o for o in out if _is_temp(o)}
        place: dict[Any, int] = {}
        free: list[int] = []
        top = first
        code: list[int] = []

        def register(arg: Any) -> int:
            if arg is None:
                return 0
            if isinstance(arg, int):
                return arg
            kind, index = arg
            if kind == "s":
                return self.n_in + place_of[index]
            return index if kind == "i" else self.n_in + len(self.sums) + index if kind == "k" else place[arg]

        for i, (op, *args) in enumerate(self.rows):
            operands = [register(a) for a in args]
            for arg in {a for a in args if _is_temp(a)}:
                if last_use[arg] == i and arg not in kept:
                    free.append(place[arg])
            if ("t", i) not in last_use and ("t", i) not in kept:
                continue
            if free:
                target = free.pop()
            else:
                target, top = top, top + 1
            place["t", i] = target
            code += [_CODE[op], target, *operands]
        return Tape(self.n_in, top, tuple(self.consts), tuple(code), tuple(register(o) for o in out), sums)

    def _loops(self) -> tuple[tuple[Sums, ...], list[int]]:
        """One loop for all integrals on the same nodes, and the position of each integral's value."""
        groups: dict[Any, list[int]] = {}
        for index, one in enumerate(self.sums):
            groups.setdefault(one.rule, []).append(index)
        order = [index for group in groups.values() for index in group]
        symbols = tuple(self.symbols)
        loops = tuple(_loop([self.sums[i] for i in group], rule, symbols) for rule, group in groups.items())
        return loops, sorted(range(len(order)), key=order.__getitem__)


def _loop(group: Sequence[Trapezoid], rule: tuple[float, float, int], symbols: Sequence[sp.Symbol]) -> Sums:
    loop = Loop(group)
    z, weights = points(*rule)
    tables = lower([*loop.columns, *loop.factors], (Z,))(z).T
    columns, factors = tables[: len(loop.columns)], tables[len(loop.columns) :]
    return Sums(
        lower(loop.lanes, symbols),
        tuple(map(tuple, columns.tolist())),
        lower(loop.bodies, (*loop.columns.values(), *loop.lanes.values())),
        tuple(map(tuple, (weights * factors).tolist())),
    )


def _is_temp(arg: Any) -> bool:
    return isinstance(arg, tuple) and arg[0] == "t"


def _float(e: Expr) -> float:
    # the logarithm of a factorial is a plain number, however long the factorial
    e = e.replace(lambda a: isinstance(a, sp.log) and a.args[0].is_Integer, lambda a: a.evalf(30))
    if any(max(abs(number.p), number.q) >= _LARGEST_INTEGER for number in e.atoms(sp.Rational)):
        raise ValueError("A number of more than 300 digits is in the formula; use a smaller one.")
    value = complex(e.evalf(20))
    if abs(value.imag) > 0:
        raise ValueError(f"'{e}' is not a real number.")
    return value.real
