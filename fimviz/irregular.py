"""Families that are not regular, kept to show why.

The catalogue holds families with a Fisher metric. The `IRREGULAR` break a condition of the theory, and
`examine` says which. The `SINGULAR` have a metric that is singular at places a descent comes to.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Piecewise, log, oo, pi

from fimviz.family import POSITIVE, REAL, UNIT, Family, Parameter, Support
from fimviz.special import LogCosh
from fimviz.trapezoid import normal_mean

_UNIFORM = Family(
    slug="uniform",
    title="Uniform(0, θ)",
    parameters=(Parameter("theta", POSITIVE, (0.2, 4), 2.0, "right end", "θ"),),
    support=Support("positive", (0, 5)),
    log_density=lambda x, theta: Piecewise((-log(theta), x < theta), (-oo, True)),
)


def _two_bells(x, a, b):
    """log((1−a)φ(x) + aφ(x−b)), φ the standard normal density: nothing overflows, however far b is."""
    gap = b * x - b**2 / 2
    odds = log(a) - log(1 - a)
    return -log(2 * pi) / 2 - x**2 / 2 + (log(a) + log(1 - a)) / 2 + log(2) + gap / 2 + LogCosh((gap + odds) / 2)


_MIXTURE = Family(
    slug="weighted_mixture",
    title="Mixture with a weight",
    parameters=(
        Parameter("a", UNIT, (0.02, 0.98), 0.4, "weight of the second bell"),
        Parameter("b", REAL, (-1.2, 3.8), 2.5, "its centre"),
    ),
    support=Support("real", (-4, 7)),
    log_density=_two_bells,
    mean=lambda f, a, b: normal_mean(lambda z: (1 - a) * f(z) + a * f(b + z)),
    singular=lambda a, b: (b,),
)

#: Families whose support moves with a parameter, by slug.
IRREGULAR: Mapping[str, Family] = MappingProxyType({_UNIFORM.slug: _UNIFORM})

#: Families with a metric that is singular inside: where the second bell has no place of its own, b = 0, a says nothing.
SINGULAR: Mapping[str, Family] = MappingProxyType({_MIXTURE.slug: _MIXTURE})

#: How far a descent may go in the declared parameters of a family, by slug: it is held there.
LIMITS: Mapping[str, tuple[tuple[float, float] | None, ...]] = MappingProxyType({_MIXTURE.slug: ((0.001, 0.999), None)})


def edge_variance(theta: float, n: ArrayLike) -> NDArray[np.float64]:
    """Var[(n+1)/n · max xᵢ] = θ²/(n(n+2)) for n observations of uniform(0, θ): unbiased, and faster than 1/n."""
    n = np.asarray(n, float)
    return theta**2 / (n * (n + 2))


def variances(theta: float, most: int = 100) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`edge_variance`, and θ²/n which is 1/(n E[s²]), for n = 0, 1, …, most; nan for no observation."""
    n = np.arange(most + 1.0)
    n[0] = np.nan
    return edge_variance(theta, n), theta**2 / n
