"""Families that are not regular, kept to show why: no metric of theirs is drawn.

The catalogue holds families with a Fisher metric. These break a condition of the theory, and
`examine` says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Piecewise, log, oo

from fimviz.family import POSITIVE, Family, Parameter, Support

_UNIFORM = Family(
    slug="uniform",
    title="Uniform(0, θ)",
    parameters=(Parameter("theta", POSITIVE, (0.2, 4), 2.0, "right end", "θ"),),
    support=Support("positive", (0, 5)),
    log_density=lambda x, theta: Piecewise((-log(theta), x < theta), (-oo, True)),
)

#: Families whose support moves with a parameter, by slug.
IRREGULAR: Mapping[str, Family] = MappingProxyType({_UNIFORM.slug: _UNIFORM})


def edge_variance(theta: float, n: ArrayLike) -> NDArray[np.float64]:
    """Var[(n+1)/n · max xᵢ] = θ²/(n(n+2)) for n observations of uniform(0, θ): unbiased, and faster than 1/n."""
    n = np.asarray(n, float)
    return theta**2 / (n * (n + 2))


def variances(theta: float, most: int = 100) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`edge_variance`, and θ²/n which is 1/(n E[s²]), for n = 0, 1, …, most; nan for no observation."""
    n = np.arange(most + 1.0)
    n[0] = np.nan
    return edge_variance(theta, n), theta**2 / n
