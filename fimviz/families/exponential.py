"""Exponential(λ): waiting time at rate λ."""

from sympy import exp, log

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="exponential",
    title="Exponential",
    parameters=(Parameter("lam", POSITIVE, (0.1, 5), 1.0, "rate", "λ"),),
    support=Support("positive", (0, 6)),
    log_density=lambda x, lam: log(lam) - lam * x,
    natural=lambda n1: (-n1,),
    expectation=lambda e1: (1 / e1,),
    charts_declared=(
        Chart(lambda lam: (1 / lam,), lambda mean: (1 / mean,),
              (POSITIVE,), ("1/λ",), ("mean",)),
        Chart(lambda lam: (log(lam),), lambda log_lam: (exp(log_lam),),
              (REAL,), ("log λ",), ("log rate",)),
    ),
)  # fmt: skip
