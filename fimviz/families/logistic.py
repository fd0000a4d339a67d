"""Logistic(μ, s): location and scale, with tails that fall exponentially."""

from sympy import exp, log, pi, sqrt

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="logistic",
    title="Logistic",
    parameters=(
        Parameter("mu", REAL, (-4, 4), 0.0, "location", "μ"),
        Parameter("s", POSITIVE, (0.2, 3), 1.0, "scale", "s"),
    ),
    support=Support("real", (-8, 8)),
    log_density=lambda x, mu, s: -(x - mu) / s - log(s) - 2 * log(1 + exp(-(x - mu) / s)),
    pair=((-3, 0.5), (3, 0.5)),
    charts_declared=(
        Chart(lambda m, s: (m, log(s)), lambda mu, log_s: (mu, exp(log_s)),
              (REAL, REAL), ("μ", "log s"), ("location", "log scale")),
        Chart(lambda m, s: (m, pi * s / sqrt(3)), lambda mean, deviation: (mean, sqrt(3) * deviation / pi),
              (REAL, POSITIVE), ("μ", "πs/√3"), ("mean", "standard deviation")),
    ),
)  # fmt: skip
