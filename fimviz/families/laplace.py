"""Laplace(μ, b): two exponential tails that meet in a kink."""

from sympy import Abs, exp, log

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="laplace",
    title="Laplace",
    parameters=(
        Parameter("mu", REAL, (-4, 4), 0.0, "location", "μ"),
        Parameter("b", POSITIVE, (0.2, 4), 1.0, "scale", "b"),
    ),
    support=Support("real", (-8, 8)),
    log_density=lambda x, mu, b: -Abs(x - mu) / b - log(2 * b),
    kl=lambda m1, b1, m2, b2: (
        log(b2 / b1) + Abs(m1 - m2) / b2 + b1 / b2 * exp(-Abs(m1 - m2) / b1) - 1
    ),
    charts_declared=(
        Chart(lambda m, b: (m, log(b)), lambda mu, log_b: (mu, exp(log_b)),
              (REAL, REAL), ("μ", "log b"), ("location", "log scale")),
    ),
)  # fmt: skip
