"""Write the log-density, get the geometry.

    import fimviz
    metric = fimviz.fisher_metric(fimviz.CATALOG["gamma"])
    fimviz.distance(metric, [2.0, 1.0], [5.0, 0.5])

The names below are the public contract; they are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "fimviz.families": ["CATALOG"],
    "fimviz.family": ["Chart", "Family", "Parameter", "Support"],
    "fimviz.errors": ["DomainError", "LeavesDomain", "NoGeodesic"],
    "fimviz.metric": ["Metric", "fisher_metric"],
    "fimviz.derive": ["Derivation", "Step", "derive"],
    "fimviz.derive.examination": ["State", "Verdict", "examine"],
    "fimviz.geodesic": ["exp", "geodesic", "parallel_transport"],
    "fimviz.connect": ["distance", "geodesic_between", "log", "shortest_geodesic"],
    "fimviz.divergence": ["jeffreys", "kl"],
    "fimviz.gradient": ["Descent", "descend", "natural_gradient"],
    "fimviz.field": ["curvature_map", "indicatrix"],
    "fimviz.inference": ["cramer_rao", "estimates", "jeffreys_volume", "sample"],
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"fimviz has no '{name}'; it has {', '.join(__all__)}.")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
