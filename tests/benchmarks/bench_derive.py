"""How long a family takes, from its log-density to its metric, and what a tape costs to run.

    python tests/benchmarks/bench_derive.py

Times are processor milliseconds of one cold process, families in alphabetical order, after SymPy
was imported; `describe` is everything the stage needs of a family, its worst chart included.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import sympy as sp

from fimviz import CATALOG, derive, examine, fisher_metric
from fimviz.stage import model

LIMIT = 300.0


def milliseconds(action: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    start = clock()
    action()
    return 1e3 * (clock() - start)


def best(action: Callable[[], object], rounds: int = 30) -> float:
    return min(milliseconds(action, time.perf_counter) for _ in range(rounds))


def cold() -> None:
    print(f"{'family':18}{'derive':>8}{'T':>8}{'metric':>8}{'examine':>8}{'describe':>9}{'chart':>8}{'descent':>8}")
    slowest = 0.0
    for slug, family in CATALOG.items():
        row = [
            milliseconds(lambda f=family: derive(f)),
            milliseconds(lambda f=family: derive(f).cubic),
            milliseconds(lambda f=family: fisher_metric(f).solver.tensors.g_dg_tape),
            milliseconds(lambda f=family: examine(f)),
            milliseconds(lambda f=family: model.describe(f)),
            max(milliseconds(lambda f=family, k=key: model.describe_chart(f, k)) for key in family.charts),
            max(milliseconds(lambda f=family, k=key: model.describe_descent(f, k)) for key in family.charts),
        ]
        slowest = max(slowest, row[0])
        print(f"{slug:18}" + "".join(f"{value:8.0f}" for value in row[:4]) + f"{row[4]:9.0f}{row[5]:8.0f}{row[6]:8.0f}")
    print(f"slowest derivation {slowest:.0f} ms (limit {LIMIT:.0f}): {'kept' if slowest <= LIMIT else 'BROKEN'}")


def warm() -> None:
    print(f"\n{'tape / lambdify':18}{'1 point':>16}{'64 points':>16}{'4096 points':>18}   (µs, g and ∂g)")
    for slug in ("normal", "gamma", "beta", "categorical", "von_mises"):
        tensors = fisher_metric(CATALOG[slug]).solver.tensors
        row = f"{slug:18}"
        for count in (1, 64, 4096):
            u = np.random.default_rng(0).normal(size=(tensors.dimension, count))
            tape = best(lambda t=tensors.g_dg_tape, a=u: t(*a))
            row += f"{1e3 * tape:9.0f} / {_lambdified(tensors, u):<7.0f}"
        print(row)


def _lambdified(tensors, u: np.ndarray) -> float:
    """The same entries through `sympy.lambdify(cse=True)`; nan where SciPy lacks a function."""
    entries = tensors._entries(0) + tensors._entries(1)
    if any(e.has(sp.Function) and "Bessel" in str(e) for e in entries):
        return float("nan")
    run = sp.lambdify(tensors.symbols, entries, ["scipy", "numpy"], cse=True)

    def stack() -> np.ndarray:
        return np.stack(np.broadcast_arrays(*run(*u)), axis=-1)

    return 1e3 * best(stack)


if __name__ == "__main__":
    cold()
    warm()
