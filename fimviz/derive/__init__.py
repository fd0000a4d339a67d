"""From a log-density to its metric, by the first rule that applies; every rule keeps its steps.

`sympy.integrate` is used nowhere: on score products it takes minutes, or returns a metric where
there is none. The numbers of `quadrature` are the authority, and `examination` compares.
"""

from __future__ import annotations

import sympy as sp

from fimviz.derive.kernel_moments import kernel_moments
from fimviz.derive.location_scale import location_scale
from fimviz.derive.score_moments import score_moments
from fimviz.derive.steps import Derivation, Step
from fimviz.exponential import symmetric_matrix
from fimviz.family import Family

__all__ = ["Derivation", "Step", "derive"]


def derive(family: Family) -> Derivation:
    """The metric of one observation of `family`, with the steps that led to it.

    Rules in order: score identity (exponential families), location–scale, kernel table; then, for a
    family that declares its nodes, quadrature. Raises `NotImplementedError` where none applies.
    Derived once a family.
    """
    kept = family.__dict__
    if "_derivation" not in kept:
        rules = (score_identity, location_scale, kernel_moments, score_moments)
        kept["_derivation"] = next(filter(None, (rule(family) for rule in rules)), None)
    if kept["_derivation"] is None:
        raise NotImplementedError(
            f"Family '{family.title}': no rule derives its metric in closed form (score identity, "
            "location–scale, kernel table)."
        )
    return kept["_derivation"]


def derived_elsewhere(family: Family, derivation: Derivation | None) -> Family:
    """`family` with the derivation that another process found, or None: `derive` need not look again."""
    family.__dict__["_derivation"] = derivation
    if derivation is not None:
        family.__dict__["exponential_form"] = derivation.form
    return family


def score_identity(family: Family) -> Derivation | None:
    """g = −E[∂²ℓ] with the expectations from E[∂ℓ] = 0; None where ℓ has no exponential form."""
    form = family.exponential_form
    if form is None:
        return None
    g = form.metric()
    scores = sp.Matrix([sp.diff(family.expression, s) for s in family.symbols])
    hessian = symmetric_matrix(family.dimension, lambda i, j: sp.diff(scores[i], family.symbols[j]))
    pairs = zip(form.statistics, form.expectations, strict=True)
    identities = tuple(sp.Eq(sp.Function("E")(f), e) for f, e in pairs)
    steps = (
        Step("log-density", family.expression, family.expression),
        Step("score", family.expression, scores),
        Step("the score averages to zero", scores, identities),
        Step("second derivative", scores, hessian),
        Step("expectation", hessian, g),
    )
    return Derivation("score identity", steps, g, lambda: form.cubic(g), form)
