"""Categorical(p₁, p₂): three outcomes, p₃ = 1 − p₁ − p₂."""

from sympy import Abs, KroneckerDelta, Rational, exp, log, sqrt

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
        # a place on paper: corners of an equilateral triangle, and the octant seen from (1, 1, 1)
        Chart(lambda p1, p2: ((1 - p1 - p2) - p1, sqrt(3) * (p2 - Rational(1, 3))), lambda x, y: (
                  (1 - x - y / sqrt(3) - Rational(1, 3)) / 2, y / sqrt(3) + Rational(1, 3)), name="triangle"),
        Chart(lambda p1, p2: ((sqrt(1 - p1 - p2) - sqrt(p1)) / sqrt(2),
                              (2 * sqrt(p2) - sqrt(p1) - sqrt(1 - p1 - p2)) / sqrt(6)),
              # z|z| and not z²: beyond the rim a root is negative, and so is its probability
              lambda x, y: tuple(z * Abs(z) for z in (
                  sqrt((1 - x**2 - y**2) / 3) - x / sqrt(2) - y / sqrt(6),
                  sqrt((1 - x**2 - y**2) / 3) + 2 * y / sqrt(6))), name="octant"),
    ),
    solver="natural",
    picture=("triangle", "octant"),
    pair=((0.8, 0.1), (0.1, 0.1)),
    corners=((1, 0), (0, 1), (0, 0)),
)  # fmt: skip
