"""Cauchy(x₀, γ): no mean, and still a metric."""

from sympy import exp, log, pi

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="cauchy",
    title="Cauchy",
    parameters=(
        Parameter("x0", REAL, (-4, 4), 0.0, "location", "x₀"),
        Parameter("gamma", POSITIVE, (0.2, 4), 1.0, "scale", "γ"),
    ),
    support=Support("real", (-8, 8)),
    log_density=lambda x, x0, gamma: -log(pi) - log(gamma) - log(1 + ((x - x0) / gamma) ** 2),
    kl=lambda x1, g1, x2, g2: log(1 + ((g1 - g2) ** 2 + (x1 - x2) ** 2) / (4 * g1 * g2)),
    charts_declared=(
        Chart(lambda x0, g: (x0, log(g)), lambda x0, log_gamma: (x0, exp(log_gamma)),
              (REAL, REAL), ("x₀", "log γ"), ("location", "log scale")),
    ),
)  # fmt: skip
