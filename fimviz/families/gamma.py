"""Gamma(k, β): shape k, rate β."""

from sympy import log, loggamma

from fimviz.family import POSITIVE, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="gamma",
    title="Gamma",
    parameters=(
        Parameter("k", POSITIVE, (0.4, 8), 3.0, "shape", "k"),
        Parameter("beta", POSITIVE, (0.2, 4), 1.0, "rate", "β"),
    ),
    chart_name="shape, rate",
    support=Support("positive", (0, 10)),
    log_density=lambda x, k, beta: k * log(beta) - loggamma(k) + (k - 1) * log(x) - beta * x,
    statistics=lambda x: (log(x), x),
    natural=lambda n1, n2: (n1 + 1, -n2),
    charts_declared=(
        Chart(lambda k, beta: (k, 1 / beta), lambda k, scale: (k, 1 / scale),
              (POSITIVE, POSITIVE), ("k", "1/β"), ("shape", "scale"), name="shape, scale"),
        Chart(lambda k, beta: (k, k / beta), lambda k, mean: (k, k / mean),
              (POSITIVE, POSITIVE), ("k", "k/β"), ("shape", "mean"), name="shape, mean"),
    ),
)  # fmt: skip
