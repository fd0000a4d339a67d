"""Write the log-density, get the geometry.

    import fimviz
    metric = fimviz.fisher_metric(fimviz.CATALOG["gamma"])
    fimviz.distance(metric, [2.0, 1.0], [5.0, 0.5])

The names below are the public contract. They are imported at once, not when first used: `geodesic`
and `derive` are also the names of rooms, which would hide a name that came later.
"""

from fimviz.connect import distance, geodesic_between, log, shortest_geodesic
from fimviz.derive import Derivation, Step, derive
from fimviz.derive.examination import State, Verdict, examine
from fimviz.divergence import entropy, jeffreys, kl
from fimviz.errors import AccuracyLost, DomainError, LeavesDomain, NoGeodesic, TextRefused
from fimviz.families import CATALOG
from fimviz.family import Chart, Family, Parameter, Support
from fimviz.field import curvature_map, indicatrix
from fimviz.geodesic import exp, geodesic, parallel_transport
from fimviz.gradient import Descent, descend, natural_gradient
from fimviz.inference import cramer_rao, estimates, jeffreys_volume, sample
from fimviz.metric import Metric, fisher_metric
from fimviz.typed import parse_family

__all__ = [
    "CATALOG",
    "AccuracyLost",
    "Chart",
    "Derivation",
    "Descent",
    "DomainError",
    "Family",
    "LeavesDomain",
    "Metric",
    "NoGeodesic",
    "Parameter",
    "State",
    "Step",
    "Support",
    "TextRefused",
    "Verdict",
    "cramer_rao",
    "curvature_map",
    "derive",
    "descend",
    "distance",
    "entropy",
    "estimates",
    "examine",
    "exp",
    "fisher_metric",
    "geodesic",
    "geodesic_between",
    "indicatrix",
    "jeffreys",
    "jeffreys_volume",
    "kl",
    "log",
    "natural_gradient",
    "parallel_transport",
    "parse_family",
    "sample",
    "shortest_geodesic",
]
