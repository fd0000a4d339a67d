"""Student t(μ, σ): location and scale, with tails that fall as |x|^−(ν+1)."""

from sympy import exp, log, loggamma, pi, sqrt

from fimviz.family import POSITIVE, REAL, Chart, Constant, Family, Parameter, Support

FAMILY = Family(
    slug="student_t",
    title="Student t",
    parameters=(
        Parameter("mu", REAL, (-4, 4), 0.0, "location", "μ"),
        Parameter("sigma", POSITIVE, (0.2, 3.2), 1.0, "scale", "σ"),
    ),
    constants_declared=(Constant("nu", 5, POSITIVE, (0.5, 100), "degrees of freedom", "ν"),),
    support=Support("real", (-8, 8)),
    log_density=lambda x, mu, sigma, nu: (
        loggamma((nu + 1) / 2) - loggamma(nu / 2) - log(nu * pi) / 2 - log(sigma)
        - (nu + 1) / 2 * log(1 + ((x - mu) / sigma) ** 2 / nu)
    ),
    pair=((-3, 0.6), (3, 0.6)),
    charts_declared=(
        Chart(lambda m, s: (m, log(s)), lambda mu, log_sigma: (mu, exp(log_sigma)),
              (REAL, REAL), ("μ", "log σ"), ("location", "log scale")),
        Chart(lambda m, s: (m, s**-2), lambda mu, precision: (mu, 1 / sqrt(precision)),
              (REAL, POSITIVE), ("μ", "1/σ²"), ("location", "1/scale²")),
    ),
)  # fmt: skip
