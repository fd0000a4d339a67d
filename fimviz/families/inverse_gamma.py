"""Inverse gamma(α, β): 1/x is gamma with shape α and rate β."""

from sympy import log, loggamma

from fimviz.family import POSITIVE, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="inverse_gamma",
    title="Inverse gamma",
    parameters=(
        Parameter("alpha", POSITIVE, (0.4, 8), 3.0, "shape", "α"),
        Parameter("beta", POSITIVE, (0.2, 6), 2.0, "scale", "β"),
    ),
    support=Support("positive", (0, 6)),
    log_density=lambda x, alpha, beta: (
        alpha * log(beta) - loggamma(alpha) - (alpha + 1) * log(x) - beta / x
    ),
    statistics=lambda x: (log(x), 1 / x),
    natural=lambda n1, n2: (-n1 - 1, -n2),
    charts_declared=(
        Chart(lambda a, b: (a, 1 / b), lambda alpha, rate: (alpha, 1 / rate),
              (POSITIVE, POSITIVE), ("α", "1/β"), ("shape", "rate"), name="shape, rate"),
        Chart(lambda a, b: (a, a / b), lambda alpha, mean_inverse: (alpha, alpha / mean_inverse),
              (POSITIVE, POSITIVE), ("α", "α/β"), ("shape", "mean of 1/x"), name="shape, mean inverse"),
    ),
)  # fmt: skip
