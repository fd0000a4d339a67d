"""Logistic regression(b₀, b₁): one label at every input of a design, 1 with probability σ(b₀ + b₁x)."""

from sympy import exp, log

from fimviz.family import Constant, Family, Parameter, Response, Support

FAMILY = Family(
    slug="logistic_regression",
    title="Logistic regression",
    parameters=(
        Parameter("b0", view=(-3, 3), default=0.0, label="intercept", glyph="b₀"),
        Parameter("b1", view=(-3, 3), default=1.0, label="slope", glyph="b₁"),
    ),
    constants_declared=(Constant("design", (-2, -1, 0, 1, 2), label="inputs", glyph="x"),),
    support=Support.of(lambda design: Support("labels", (-0.5, 1.5), labels=len(design))),
    log_density=lambda x, b0, b1, design: sum(
        label * (b0 + b1 * at) - log(1 + exp(b0 + b1 * at)) for label, at in zip(x, design, strict=True)
    ),
    natural=lambda n1, n2: (n1, n2),
    pair=((-1.5, 0.5), (1.0, 2.0)),
    response=Response.of(lambda design: Response(
        lambda t, b0, b1: 1 / (1 + exp(-b0 - b1 * t)),
        (min(-4, *design), max(4, *design)), "probability of 1", view=(0, 1),
    )),
)  # fmt: skip
