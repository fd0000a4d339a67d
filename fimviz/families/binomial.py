"""Binomial(n, p): heads in n flips of a coin, n known."""

from sympy import asin, exp, log, loggamma, sin, sqrt

from fimviz.family import POSITIVE, REAL, UNIT, Chart, Constant, Family, Parameter, Support

FAMILY = Family(
    slug="binomial",
    title="Binomial",
    parameters=(Parameter("p", UNIT, (0.02, 0.98), 0.3, "probability", "p"),),
    constants_declared=(Constant("n", 10, (0, 1e6), (1, 100), "flips", "n", whole=True),),
    support=Support.of(lambda n: Support("finite", (-0.5, n + 0.5), tuple(range(n + 1)))),
    log_density=lambda x, p, n: (
        loggamma(n + 1) - loggamma(x + 1) - loggamma(n - x + 1) + x * log(p) + (n - x) * log(1 - p)
    ),
    natural=lambda n1: (1 / (1 + exp(-n1)),),
    expectation=lambda e1, *, n: (e1 / n,),
    charts_declared=(
        Chart(lambda p, *, n: (n * p,), lambda mean, *, n: (mean / n,),
              (POSITIVE,), ("np",), ("mean",)),
        Chart(lambda p: (log(p / (1 - p)),), lambda log_odds: (1 / (1 + exp(-log_odds)),),
              (REAL,), ("log p/(1−p)",), ("log-odds",), name="log-odds"),
        Chart(lambda p, *, n: (2 * sqrt(n) * asin(sqrt(p)),), lambda phi, *, n: (sin(phi / (2 * sqrt(n))) ** 2,),
              (POSITIVE,), ("2√n arcsin √p",), ("arc length",), name="arc length"),
    ),
)  # fmt: skip
