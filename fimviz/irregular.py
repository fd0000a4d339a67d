"""Families that are not regular, kept to show why: no metric of theirs is drawn.

The catalogue holds families with a Fisher metric. These break a condition of the theory, and
`examine` says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
