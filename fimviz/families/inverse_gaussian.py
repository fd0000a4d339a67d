"""Inverse Gaussian(μ, λ): first passage time of a drifting Brownian motion."""

from sympy import exp, log, pi, sqrt

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="inverse_gaussian",
    title="Inverse Gaussian",
    parameters=(
        Parameter("mu", POSITIVE, (0.3, 4), 1.0, "mean", "μ"),
        Parameter("lam", POSITIVE, (0.3, 6), 2.0, "shape", "λ"),
    ),
    support=Support("positive", (0, 5)),
    log_density=lambda x, mu, lam: (
        log(lam) / 2 - log(2 * pi) / 2 - 3 * log(x) / 2 - lam * (x - mu) ** 2 / (2 * mu**2 * x)
    ),
    statistics=lambda x: (x, 1 / x),
    natural=lambda n1, n2: (sqrt(n2 / n1), -2 * n2),
    expectation=lambda e1, e2: (e1, 1 / (e2 - 1 / e1)),
    charts_declared=(
        Chart(lambda m, lam: (log(m), log(lam)), lambda log_mu, log_lam: (exp(log_mu), exp(log_lam)),
              (REAL, REAL), ("log μ", "log λ"), ("log mean", "log shape")),
    ),
)  # fmt: skip
