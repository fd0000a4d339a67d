"""Log-normal(μ, σ): log x is normal with mean μ and standard deviation σ."""

from sympy import exp, log, pi, sqrt

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="lognormal",
    title="Log-normal",
    parameters=(
        Parameter("mu", REAL, (-1.5, 2), 0.5, "mean of log x", "μ"),
        Parameter("sigma", POSITIVE, (0.15, 2), 0.6, "spread of log x", "σ"),
    ),
    support=Support("positive", (0, 8)),
    log_density=lambda x, mu, sigma: (
        -((log(x) - mu) ** 2) / (2 * sigma**2) - log(x) - log(sigma) - log(2 * pi) / 2
    ),
    statistics=lambda x: (log(x), log(x) ** 2),
    natural=lambda n1, n2: (-(n1 + 1) / (2 * n2), sqrt(-1 / (2 * n2))),
    expectation=lambda e1, e2: (e1, sqrt(e2 - e1**2)),
    kl=lambda m1, s1, m2, s2: log(s2 / s1) + ((m1 - m2) ** 2 + (s1 - s2) * (s1 + s2)) / (2 * s2**2),
    charts_declared=(
        Chart(lambda m, s: (m, s**2), lambda mu, variance: (mu, sqrt(variance)),
              (REAL, POSITIVE), ("μ", "σ²"), ("mean of log x", "variance of log x")),
        Chart(lambda m, s: (m, log(s)), lambda mu, log_sigma: (mu, exp(log_sigma)),
              (REAL, REAL), ("μ", "log σ"), ("mean of log x", "log spread")),
        Chart(lambda m, s: (exp(m), s), lambda median, sigma: (log(median), sigma),
              (POSITIVE, POSITIVE), ("exp μ", "σ"), ("median", "spread of log x")),
    ),
)  # fmt: skip
