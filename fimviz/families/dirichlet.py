"""Dirichlet(a₁, a₂, a₃): three proportions that add up to one."""

from sympy import log, loggamma

from fimviz.family import POSITIVE, UNIT, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="dirichlet",
    title="Dirichlet",
    parameters=tuple(
        Parameter(f"a{i}", POSITIVE, (0.4, 12), default, f"{word} shape", f"a{sub}")
        for i, default, word, sub in ((1, 2.0, "first", "₁"), (2, 3.0, "second", "₂"), (3, 4.0, "third", "₃"))
    ),
    support=Support("simplex", (0, 1)),
    log_density=lambda x, a1, a2, a3: (
        (a1 - 1) * log(x[0]) + (a2 - 1) * log(x[1]) + (a3 - 1) * log(1 - x[0] - x[1])
        + loggamma(a1 + a2 + a3) - loggamma(a1) - loggamma(a2) - loggamma(a3)
    ),
    statistics=lambda x: (log(x[0]), log(x[1]), log(1 - x[0] - x[1])),
    natural=lambda n1, n2, n3: (n1 + 1, n2 + 1, n3 + 1),
    pair=((1.5, 6, 2), (8, 2, 3)),
    charts_declared=(
        Chart(lambda a1, a2, a3: (a1 / (a1 + a2 + a3), a2 / (a1 + a2 + a3), a1 + a2 + a3),
              lambda mean_1, mean_2, concentration: (
                  mean_1 * concentration, mean_2 * concentration, (1 - mean_1 - mean_2) * concentration),
              (UNIT, UNIT, POSITIVE), ("a₁/a", "a₂/a", "a₁+a₂+a₃"), ("first mean", "second mean", "concentration")),
    ),
)  # fmt: skip
