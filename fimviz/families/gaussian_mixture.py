"""½N(a, 1) + ½N(b, 1): two bells of equal weight; where a = b, one parameter cannot be told from the other."""

from sympy import log, pi, sqrt

from fimviz.family import Chart, Family, Parameter, Support
from fimviz.special import LogCosh, Side
from fimviz.trapezoid import normal_mean


def _half(spread):
    size = Side(spread) * spread
    return Side(spread) * sqrt(size * (2 + size))


FAMILY = Family(
    slug="gaussian_mixture",
    title="Gaussian mixture",
    parameters=(
        Parameter("a", view=(-4, 4), default=1.5, label="centre of one half", glyph="a"),
        Parameter("b", view=(-4, 4), default=-1.5, label="centre of the other", glyph="b"),
    ),
    support=Support("real", (-7, 7)),
    log_density=lambda x, a, b: (
        -log(2 * pi) / 2 - ((x - (a + b) / 2) ** 2 + ((a - b) / 2) ** 2) / 2 + LogCosh((a - b) / 2 * (x - (a + b) / 2))
    ),
    # half the observations are a + z, half are b − z
    mean=lambda f, a, b: normal_mean(lambda z: (f(a + z) + f(b - z)) / 2),
    charts_declared=(
        Chart(lambda a, b: ((a + b) / 2, (a - b) / 2),
              lambda mean, half_separation: (mean + half_separation, mean - half_separation),
              glyphs=("m", "h"), labels=("mean", "half separation")),
        # ±(√(1 + h²) − 1): smooth in h² where the halves meet, as geodesics are there
        Chart(lambda a, b: ((a + b) / 2, Side(a - b) * ((a - b) / 2) ** 2 / (1 + sqrt(1 + ((a - b) / 2) ** 2))),
              lambda mean, spread: (mean + _half(spread), mean - _half(spread)),
              glyphs=("m", "±√(1 + h²) ∓ 1"), labels=("mean", "spread of the centres"), name="unconstrained"),
    ),
    singular=lambda a, b: (a - b,),
    pair=((1.5, -1.5), (3, 0.5)),
)  # fmt: skip
