"""Categorical(p₁, p₂): three outcomes, p₃ = 1 − p₁ − p₂."""

from sympy import KroneckerDelta, exp, log, sqrt

from fimviz.family import UNIT, Chart, Family, Parameter, Support

FAMILY = Family(
    slug="categorical",
    title="Categorical",
    parameters=(
        Parameter("p1", UNIT, (0.02, 0.96), 0.3, "first outcome", "p₁"),
        Parameter("p2", UNIT, (0.02, 0.96), 0.3, "second outcome", "p₂"),
    ),
    constraint=lambda p1, p2: 1 - p1 - p2,
    support=Support("finite", (0.5, 3.5), (1, 2, 3)),
    log_density=lambda x, p1, p2: (
        KroneckerDelta(x, 1) * (log(p1) - log(1 - p1 - p2))
        + KroneckerDelta(x, 2) * (log(p2) - log(1 - p1 - p2))
        + log(1 - p1 - p2)
    ),
    statistics=lambda x: (KroneckerDelta(x, 1), KroneckerDelta(x, 2)),
    natural=lambda n1, n2: (exp(n1) / (1 + exp(n1) + exp(n2)), exp(n2) / (1 + exp(n1) + exp(n2))),
    expectation=lambda e1, e2: (e1, e2),
    charts_declared=(
        Chart(lambda p1, p2: (2 * sqrt(p1), 2 * sqrt(p2)), lambda z1, z2: (z1**2 / 4, z2**2 / 4),
              ((0, 2), (0, 2)), ("2√p₁", "2√p₂"), ("on the sphere", "on the sphere"), name="sphere"),
    ),
    solver="natural",
)  # fmt: skip
