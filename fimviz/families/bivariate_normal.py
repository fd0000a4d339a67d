"""Bivariate normal(σ₁, σ₂, ρ) with mean zero: two spreads and the correlation."""

from sympy import atanh, exp, log, pi, sqrt

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="bivariate_normal",
    title="Bivariate normal",
    parameters=(
        Parameter("s1", POSITIVE, (0.2, 3), 1.0, "first spread", "σ₁"),
        Parameter("s2", POSITIVE, (0.2, 3), 1.5, "second spread", "σ₂"),
        Parameter("rho", (-1.0, 1.0), (-0.95, 0.95), 0.5, "correlation", "ρ"),
    ),
    support=Support("plane", (-5, 5)),
    log_density=lambda x, s1, s2, rho: (
        -((x[0] / s1) ** 2 - 2 * rho * x[0] * x[1] / (s1 * s2) + (x[1] / s2) ** 2) / (2 * (1 - rho**2))
        - log(s1) - log(s2) - log(1 - rho**2) / 2 - log(2 * pi)
    ),
    statistics=lambda x: (x[0] ** 2, x[0] * x[1], x[1] ** 2),
    natural=lambda n1, n2, n3: (
        sqrt(-2 * n3 / (4 * n1 * n3 - n2**2)), sqrt(-2 * n1 / (4 * n1 * n3 - n2**2)), n2 / (2 * sqrt(n1 * n3))),
    expectation=lambda e1, e2, e3: (sqrt(e1), sqrt(e3), e2 / sqrt(e1 * e3)),
    solver="log area, log ratio, artanh rho",
    pair=((0.6, 2, -0.7), (2, 0.8, 0.8)),
    charts_declared=(
        Chart(lambda s1, s2, rho: (s1**2, s2**2, rho * s1 * s2), lambda variance_1, variance_2, covariance: (
                  sqrt(variance_1), sqrt(variance_2), covariance / sqrt(variance_1 * variance_2)),
              (POSITIVE, POSITIVE, REAL), ("σ₁²", "σ₂²", "ρσ₁σ₂"), ("first variance", "second variance", "covariance")),
        Chart(lambda s1, s2, rho: (log(s1), log(s2), rho), lambda log_s1, log_s2, rho: (exp(log_s1), exp(log_s2), rho),
              (REAL, REAL, (-1.0, 1.0)), ("log σ₁", "log σ₂", "ρ"),
              ("log first spread", "log second spread", "correlation")),
        # a line times the hyperbolic plane, g = dt² + cosh²z db² + dz²: nothing cancels however near ρ is to 1
        Chart(lambda s1, s2, rho: (log(s1) + log(s2) + log(1 - rho**2) / 2, log(s1) - log(s2), atanh(rho)),
              lambda log_area, log_ratio, z: (
                  exp((log_area + log_ratio) / 2) * sqrt((exp(z) + exp(-z)) / 2),
                  exp((log_area - log_ratio) / 2) * sqrt((exp(z) + exp(-z)) / 2),
                  1 - 2 / (1 + exp(2 * z))),
              glyphs=("½ log det Σ", "log σ₁/σ₂", "artanh ρ"), labels=("log area", "log ratio", "correlation"),
              name="log area, log ratio, artanh rho", quoted=0),
    ),
)  # fmt: skip
