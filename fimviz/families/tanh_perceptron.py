"""y = w₂ tanh(w₁ x) + N(0, 1), x ∼ N(0, 1): the smallest network; where w₁ or w₂ is 0 the other says nothing."""

from sympy import Rational, asinh, exp, log, pi, sinh, sqrt, tanh

from fimviz.family import Chart, Family, Parameter, Support
from fimviz.special import Side
from fimviz.trapezoid import even_normal_mean, noise_mean

# far below any strength: asinh(r/TINY) is ±log|r| up to a constant
TINY = Rational(1, 10**30)


def _steepness(turn):
    size = Side(turn) * turn
    return Side(turn) * sqrt(2 * exp(size) * sinh(size))


FAMILY = Family(
    slug="tanh_perceptron",
    title="Perceptron",
    parameters=(
        Parameter("w1", view=(-4, 4), default=2.0, label="steepness", glyph="w₁"),
        Parameter("w2", view=(-4, 4), default=3.0, label="strength", glyph="w₂"),
    ),
    support=Support("plane", (-4, 4)),
    log_density=lambda x, w1, w2: -log(2 * pi) - x[0] ** 2 / 2 - (x[1] - w2 * tanh(w1 * x[0])) ** 2 / 2,
    # the noise averages exactly, and what is left depends on x alone
    mean=lambda f, w1, w2: even_normal_mean(lambda x: noise_mean(lambda e: f(x, w2 * tanh(w1 * x) + e)), w1),
    kl=lambda w1, w2, v1, v2: even_normal_mean(
        lambda x: (w2 * tanh(w1 * x) - v2 * tanh(v1 * x)) ** 2 / 2, sqrt(w1**2 + v1**2)
    ),
    charts_declared=(
        Chart(lambda w1, w2: (w1, w1 * w2), lambda steepness, slope: (steepness, slope / steepness),
              glyphs=("w₁", "w₁w₂"), labels=("steepness", "slope at 0")),
        # the direction of the response among all functions of x, smooth in w₁², and the logarithm of its size
        Chart(lambda w1, w2: (Side(w1) * log(1 + w1**2) / 2, asinh(w2 * sqrt(w1**2 / (1 + w1**2)) / TINY)),
              lambda turn, size: (_steepness(turn), TINY * sinh(size) * exp(Side(turn) * turn) / (
                  Side(turn) * _steepness(turn))),
              glyphs=("±½log(1 + w₁²)", "±log|w₁w₂|/√(1 + w₁²)"), labels=("turn", "size"), name="unconstrained"),
    ),
    singular=lambda w1, w2: (w1, w2),
    pair=((0.7, 1.5), (3, 3)),
)  # fmt: skip
