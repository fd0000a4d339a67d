"""Negative binomial(r, p): failures before the r-th success, r known."""

from sympy import asinh, cosh, exp, log, loggamma, sqrt

from fimviz.family import POSITIVE, REAL, UNIT, Chart, Constant, Family, Parameter, Support

FAMILY = Family(
    slug="negative_binomial",
    title="Negative binomial",
    parameters=(Parameter("p", UNIT, (0.1, 0.96), 0.4, "probability of success", "p"),),
    constants_declared=(Constant("r", 5, POSITIVE, (0.1, 50), "successes", "r"),),
    support=Support.of(lambda r: Support("naturals", (0, round(12 + 5.6 * r)))),
    log_density=lambda x, p, r: (
        loggamma(x + r) - loggamma(x + 1) - loggamma(r) + r * log(p) + x * log(1 - p)
    ),
    natural=lambda n1: (1 - exp(n1),),
    expectation=lambda e1, *, r: (r / (r + e1),),
    charts_declared=(
        Chart(lambda p, *, r: (r * (1 - p) / p,), lambda mean, *, r: (r / (r + mean),),
              (POSITIVE,), ("r(1−p)/p",), ("mean",)),
        Chart(lambda p: (log(p / (1 - p)),), lambda log_odds: (1 / (1 + exp(-log_odds)),),
              (REAL,), ("log p/(1−p)",), ("log-odds",), name="log-odds"),
        # 2√r artanh √(1−p), written so that it keeps its digits at both ends
        Chart(lambda p, *, r: (2 * sqrt(r) * asinh(sqrt((1 - p) / p)),),
              lambda phi, *, r: (cosh(phi / (2 * sqrt(r))) ** -2,),
              (POSITIVE,), ("2√r artanh √(1−p)",), ("arc length",), name="arc length"),
    ),
)  # fmt: skip
