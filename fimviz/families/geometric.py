"""Geometric(p): failures before the first success."""

from sympy import asinh, cosh, exp, log, sqrt

from fimviz.family import POSITIVE, REAL, UNIT, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="geometric",
    title="Geometric",
    parameters=(Parameter("p", UNIT, (0.04, 0.96), 0.3, "probability of success", "p"),),
    support=Support("naturals", (0, 20)),
    log_density=lambda x, p: log(p) + x * log(1 - p),
    natural=lambda n1: (1 - exp(n1),),
    expectation=lambda e1: (1 / (1 + e1),),
    charts_declared=(
        Chart(lambda p: ((1 - p) / p,), lambda mean: (1 / (1 + mean),),
              (POSITIVE,), ("(1−p)/p",), ("mean",)),
        Chart(lambda p: (log(p / (1 - p)),), lambda log_odds: (1 / (1 + exp(-log_odds)),),
              (REAL,), ("log p/(1−p)",), ("log-odds",), name="log-odds"),
        # 2 artanh √(1−p), written so that it keeps its digits at both ends
        Chart(lambda p: (2 * asinh(sqrt((1 - p) / p)),), lambda phi: (cosh(phi / 2) ** -2,),
              (POSITIVE,), ("2 artanh √(1−p)",), ("arc length",), name="arc length"),
    ),
)  # fmt: skip
