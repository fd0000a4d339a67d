"""Bernoulli(p): one flip of a coin."""

from sympy import asin, exp, log, sin, sqrt

from fimviz.family import POSITIVE, REAL, UNIT, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="bernoulli",
    title="Bernoulli",
    parameters=(Parameter("p", UNIT, (0.02, 0.98), 0.3, "probability", "p"),),
    support=Support("finite", (-0.5, 1.5), (0, 1)),
    log_density=lambda x, p: x * log(p) + (1 - x) * log(1 - p),
    natural=lambda n1: (1 / (1 + exp(-n1)),),
    expectation=lambda e1: (e1,),
    charts_declared=(
        Chart(lambda p: (log(p / (1 - p)),), lambda log_odds: (1 / (1 + exp(-log_odds)),),
              (REAL,), ("log p/(1−p)",), ("log-odds",), name="log-odds"),
        Chart(lambda p: (2 * asin(sqrt(p)),), lambda phi: (sin(phi / 2) ** 2,),
              ((0, 3.141592653589793),), ("2 arcsin √p",), ("arc length",), name="arc length"),
        Chart(lambda p: (p / (1 - p),), lambda odds: (odds / (1 + odds),),
              (POSITIVE,), ("p/(1−p)",), ("odds",)),
    ),
)  # fmt: skip
