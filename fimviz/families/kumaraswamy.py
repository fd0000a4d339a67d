"""Kumaraswamy(a, b): a proportion whose distribution function 1 − (1 − xᵃ)ᵇ is elementary."""

from sympy import exp, log

from fimviz.family import POSITIVE, REAL, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="kumaraswamy",
    title="Kumaraswamy",
    parameters=(
        Parameter("a", POSITIVE, (0.4, 8), 2.0, "first shape", "a"),
        Parameter("b", POSITIVE, (0.4, 8), 3.0, "second shape", "b"),
    ),
    support=Support("unit", (0, 1)),
    log_density=lambda x, a, b: log(a) + log(b) + (a - 1) * log(x) + (b - 1) * log(1 - x**a),
    charts_declared=(
        Chart(lambda a, b: (log(a), log(b)), lambda log_a, log_b: (exp(log_a), exp(log_b)),
              (REAL, REAL), ("log a", "log b"), ("log first shape", "log second shape")),
    ),
)  # fmt: skip
