"""Gumbel(μ, β): the largest of many observations, standardised."""

from sympy import EulerGamma, exp, gamma, log, pi, sqrt

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="gumbel",
    title="Gumbel",
    parameters=(
        Parameter("mu", REAL, (-4, 4), 0.0, "mode", "μ"),
        Parameter("beta", POSITIVE, (0.2, 3), 1.0, "scale", "β"),
    ),
    support=Support("real", (-6, 10)),
    log_density=lambda x, mu, beta: -(x - mu) / beta - log(beta) - exp(-(x - mu) / beta),
    kl=lambda m1, b1, m2, b2: (
        log(b2 / b1) + (m1 - m2 + EulerGamma * (b1 - b2)) / b2
        + exp((m2 - m1) / b2) * gamma(1 + b1 / b2) - 1
    ),
    pair=((-3, 0.6), (3, 0.6)),
    charts_declared=(
        Chart(lambda m, b: (m, log(b)), lambda mu, log_beta: (mu, exp(log_beta)),
              (REAL, REAL), ("μ", "log β"), ("mode", "log scale")),
        Chart(lambda m, b: (m + EulerGamma * b, pi * b / sqrt(6)), lambda mean, deviation: (
                  mean - EulerGamma * sqrt(6) * deviation / pi, sqrt(6) * deviation / pi),
              (REAL, POSITIVE), ("μ+γβ", "πβ/√6"), ("mean", "standard deviation")),
    ),
)  # fmt: skip
