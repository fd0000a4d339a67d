"""Weibull(k, λ): lifetimes with shape k and scale λ."""

from sympy import EulerGamma, exp, gamma, log

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="weibull",
    title="Weibull",
    parameters=(
        Parameter("k", POSITIVE, (0.5, 6), 2.0, "shape", "k"),
        Parameter("lam", POSITIVE, (0.3, 4), 1.5, "scale", "λ"),
    ),
    support=Support("positive", (0, 6)),
    log_density=lambda x, k, lam: log(k) - k * log(lam) + (k - 1) * log(x) - (x / lam) ** k,
    kl=lambda k1, l1, k2, l2: (
        log(k1) - k1 * log(l1) - log(k2) + k2 * log(l2)
        + (k1 - k2) * (log(l1) - EulerGamma / k1)
        + exp(k2 * log(l1 / l2)) * gamma(k2 / k1 + 1) - 1
    ),
    charts_declared=(
        Chart(lambda k, lam: (1 / k, log(lam)), lambda spread, location: (1 / spread, exp(location)),
              (POSITIVE, REAL), ("1/k", "log λ"), ("spread of log x", "location of log x"),
              name="spread, location"),
    ),
)  # fmt: skip
