"""Rayleigh(σ): the length of a vector of two independent normals of spread σ."""

from sympy import exp, log, pi, sqrt

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="rayleigh",
    title="Rayleigh",
    parameters=(Parameter("sigma", POSITIVE, (0.3, 4), 1.0, "scale", "σ"),),
    support=Support("positive", (0, 8)),
    log_density=lambda x, sigma: log(x) - 2 * log(sigma) - x**2 / (2 * sigma**2),
    natural=lambda n1: (sqrt(-1 / (2 * n1)),),
    expectation=lambda e1: (sqrt(e1 / 2),),
    charts_declared=(
        Chart(lambda sigma: (sigma * sqrt(pi / 2),), lambda mean: (mean * sqrt(2 / pi),),
              (POSITIVE,), ("σ√(π/2)",), ("mean",)),
        Chart(lambda sigma: (2 * log(sigma),), lambda phi: (exp(phi / 2),),
              (REAL,), ("2 log σ",), ("arc length",), name="arc length"),
    ),
)  # fmt: skip
