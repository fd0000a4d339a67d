"""Beta(a, b): a proportion."""

from sympy import exp, log, loggamma

from fimviz.family import POSITIVE, REAL, UNIT, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="beta",
    title="Beta",
    parameters=(
        Parameter("a", POSITIVE, (0.4, 12), 3.0, "first shape", "a"),
        Parameter("b", POSITIVE, (0.4, 12), 4.0, "second shape", "b"),
    ),
    support=Support("unit", (0, 1)),
    log_density=lambda x, a, b: (
        (a - 1) * log(x) + (b - 1) * log(1 - x) + loggamma(a + b) - loggamma(a) - loggamma(b)
    ),
    statistics=lambda x: (log(x), log(1 - x)),
    natural=lambda n1, n2: (n1 + 1, n2 + 1),
    charts_declared=(
        Chart(lambda a, b: (a / (a + b), a + b), lambda mean, concentration: (
                  mean * concentration, (1 - mean) * concentration),
              (UNIT, POSITIVE), ("a/(a+b)", "a+b"), ("mean", "concentration")),
        Chart(lambda a, b: (a / (a + b), log(a + b)), lambda mean, log_concentration: (
                  mean * exp(log_concentration), (1 - mean) * exp(log_concentration)),
              (UNIT, REAL), ("a/(a+b)", "log(a+b)"), ("mean", "log concentration")),
    ),
)  # fmt: skip
