"""Pareto(α): sizes above a known least size xₘ, with a tail that falls as a power."""

from sympy import exp, log

from fimviz.family import POSITIVE, REAL, Chart, Constant, Family, Parameter, Support

FAMILY = Family(
    slug="pareto",
    title="Pareto",
    parameters=(Parameter("alpha", POSITIVE, (0.3, 6), 2.0, "tail exponent", "α"),),
    constants_declared=(Constant("x_m", 1, POSITIVE, (0.1, 10), "least size", "xₘ"),),
    support=Support.of(lambda x_m: Support("positive", (x_m, 6 * x_m), low=x_m)),
    log_density=lambda x, alpha, x_m: log(alpha) + alpha * log(x_m) - (alpha + 1) * log(x),
    natural=lambda n1: (-n1 - 1,),
    expectation=lambda e1, *, x_m: (1 / (e1 - log(x_m)),),
    charts_declared=(
        Chart(lambda alpha: (1 / alpha,), lambda tail: (1 / tail,),
              (POSITIVE,), ("1/α",), ("tail index",)),
        Chart(lambda alpha: (log(alpha),), lambda log_alpha: (exp(log_alpha),),
              (REAL,), ("log α",), ("arc length",), name="arc length"),
    ),
)  # fmt: skip
