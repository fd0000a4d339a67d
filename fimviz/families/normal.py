"""Normal(μ, σ): mean and standard deviation."""

from sympy import exp, log, pi, sqrt

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="normal",
    title="Normal",
    parameters=(
        Parameter("mu", REAL, (-4, 4), 0.0, "mean", "μ"),
        Parameter("sigma", POSITIVE, (0.2, 3.2), 1.0, "spread", "σ"),
    ),
    support=Support("real", (-6, 6)),
    log_density=lambda x, mu, sigma: -((x - mu) ** 2) / (2 * sigma**2) - log(sigma) - log(2 * pi) / 2,
    statistics=lambda x: (x, x**2),
    natural=lambda n1, n2: (-n1 / (2 * n2), sqrt(-1 / (2 * n2))),
    expectation=lambda e1, e2: (e1, sqrt(e2 - e1**2)),
    pair=((-3, 0.6), (3, 0.6)),
    kl=lambda m1, s1, m2, s2: log(s2 / s1) + ((m1 - m2) ** 2 + (s1 - s2) * (s1 + s2)) / (2 * s2**2),
    charts_declared=(
        Chart(lambda m, s: (m, s**2), lambda mu, variance: (mu, sqrt(variance)),
              (REAL, POSITIVE), ("μ", "σ²"), ("mean", "variance")),
        Chart(lambda m, s: (m, log(s)), lambda mu, log_sigma: (mu, exp(log_sigma)),
              (REAL, REAL), ("μ", "log σ"), ("mean", "log spread")),
        Chart(lambda m, s: (m, s**-2), lambda mu, precision: (mu, 1 / sqrt(precision)),
              (REAL, POSITIVE), ("μ", "1/σ²"), ("mean", "precision")),
    ),
)  # fmt: skip
