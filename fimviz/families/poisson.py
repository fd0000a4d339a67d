"""Poisson(λ): counts at a mean rate λ."""

from sympy import exp, log, loggamma, sqrt

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="poisson",
    title="Poisson",
    parameters=(Parameter("lam", POSITIVE, (0.1, 20), 4.0, "rate", "λ"),),
    support=Support("naturals", (0, 25)),
    log_density=lambda x, lam: x * log(lam) - lam - loggamma(x + 1),
    natural=lambda n1: (exp(n1),),
    expectation=lambda e1: (e1,),
    charts_declared=(
        Chart(lambda lam: (log(lam),), lambda log_lam: (exp(log_lam),),
              (REAL,), ("log λ",), ("log rate",)),
        Chart(lambda lam: (2 * sqrt(lam),), lambda root: (root**2 / 4,),
              (POSITIVE,), ("2√λ",), ("arc length",), name="arc length"),
    ),
)  # fmt: skip
