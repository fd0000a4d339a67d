"""Von Mises(μ, κ): directions on a circle."""

from sympy import atan2, cos, log, pi, sqrt

from fimviz.family import POSITIVE, Family, Parameter, Support
from fimviz.special import LogBesselI0

FAMILY = Family(
    slug="von_mises",
    title="Von Mises",
    parameters=(
        Parameter("mu", view=(-3.1, 3.1), default=0.0, label="direction", glyph="μ", period=6.283185307179586),
        Parameter("kappa", POSITIVE, (0.1, 6), 2.0, "concentration", "κ"),
    ),
    support=Support("circle", (-3.141592653589793, 3.141592653589793)),
    log_density=lambda x, mu, kappa: kappa * cos(x - mu) - log(2 * pi) - LogBesselI0(kappa),
    statistics=lambda x: (cos(x), cos(x - pi / 2)),
    natural=lambda n1, n2: (atan2(n2, n1), sqrt(n1**2 + n2**2)),
    solver="natural",
)
