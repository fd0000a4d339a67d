"""Normal mean(m₁, m₂): a place in the plane, observed with unit normal noise."""

from sympy import log, pi, sqrt

from fimviz.family import Chart, Family, Parameter, Support

FAMILY = Family(
    slug="normal_mean",
    title="Normal mean",
    parameters=(
        Parameter("m1", view=(-4, 4), default=0.5, label="first mean", glyph="m₁"),
        Parameter("m2", view=(-4, 4), default=0.5, label="second mean", glyph="m₂"),
    ),
    support=Support("plane", (-6, 6)),
    log_density=lambda x, m1, m2: -((x[0] - m1) ** 2 + (x[1] - m2) ** 2) / 2 - log(2 * pi),
    statistics=lambda x: x,
    natural=lambda n1, n2: (n1, n2),
    expectation=lambda e1, e2: (e1, e2),
    pair=((-2, -1), (2, 1.5)),
    charts_declared=(
        Chart(lambda m1, m2: ((m1 + m2) / sqrt(2), (m2 - m1) / sqrt(2)), lambda along, across: (
                  (along - across) / sqrt(2), (along + across) / sqrt(2)),
              glyphs=("(m₁+m₂)/√2", "(m₂−m₁)/√2"), labels=("along the diagonal", "across the diagonal")),
    ),
)  # fmt: skip
