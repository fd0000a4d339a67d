"""What a page can say about its own picture: each number held against a second way to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fimviz import designs, laplace, networks, pruning
from fimviz.atlas import chart_map
from fimviz.connect import distance
from fimviz.derive.examination import State, examine
from fimviz.derive.lines import Line
from fimviz.derive.quadrature import expectation
from fimviz.divergence import kl_hessian, kl_slopes
from fimviz.errors import DomainError
from fimviz.family import Family
from fimviz.inference import count_inside
from fimviz.metric import fisher_metric
from fimviz.networks import Network
from fimviz.notation import power, three
from fimviz.sample_size import MOST, flips_to_tell_apart
from fimviz.words import words

Array = NDArray[Any]
# a second way gives the same where it is within this of it, in units of √(gᵢᵢgⱼⱼ)
_SAME = 1e-6


def metric(family: Family) -> list[str]:
    """The closed form against quadrature, and what the examination found besides."""
    verdict, said = examine(family), words("frame")
    found = [] if verdict.state is State.REGULAR else [verdict.sentence]
    if verdict.state in (State.REGULAR, State.SCORE_ONLY):
        found.insert(0, said["symbolic"].format(error=power(verdict.disagreement)))
    # they stand between dots in the badge
    return [sentence.rstrip(".") for sentence in (*found, *verdict.remarks)]


def derivation(found: Sequence[Line]) -> list[str]:
    """How far the lines of a derivation are from their definitions."""
    said = words("derive")
    score = next(line.check for line in found if line.name == "score")
    rest = max(line.check for line in found if line.name != "score")
    return [said["lines_checked"].format(error=power(rest)), said["score_checked"].format(error=power(score))]


@dataclass(frozen=True)
class Condition:
    """A second way to the metric: whether it gives the same, and the sentence with its numbers."""

    holds: bool
    sentence: str


def second_ways(family: Family, theta: ArrayLike) -> tuple[Condition, Condition]:
    """−E[∂²ℓ] and the Hessian of KL at p = q, each held against E[s sᵀ] at θ (d)."""
    point = family.check(theta)
    _, _, second, hessian = expectation(family).score_moments(point)
    root = np.sqrt(np.diag(second))
    gap = float(np.max(np.abs(hessian - second) / np.outer(root, root)))
    return _hessian_of_density(gap, hessian, second), _hessian_of_kl(family, point, second, np.outer(root, root))


def _hessian_of_density(gap: float, hessian: Array, second: Array) -> Condition:
    said = words("derive")
    if gap < _SAME:
        return Condition(True, said["hessian_holds"].format(error=power(gap)))
    # the entry that is farthest off says it
    i, j = np.unravel_index(np.argmax(np.abs(hessian - second)), second.shape)
    return Condition(False, said["hessian_fails"].format(found=three(hessian[i, j]), wanted=three(second[i, j])))


def _hessian_of_kl(family: Family, point: Array, second: Array, scale: Array) -> Condition:
    said = words("derive")
    found = kl_hessian(family, point)
    if not np.isfinite(found).all():
        left, right = kl_slopes(family, point)
        return Condition(False, said["kl_fails"].format(left=three(left[0]), right=three(right[0])))
    gap = float(np.max(np.abs(found - second) / scale))
    key = "kl_holds" if gap < _SAME else "kl_differs"
    return Condition(gap < _SAME, said[key].format(error=power(gap)))


def path(name: str) -> list[str]:
    """Templates that the stage fills for the path it has drawn: how constant its speed is, and where it ends.

    The end point is found a second time, by shooting the path's first velocity.
    """
    said = words("paths")
    return [
        said["drift"].format(error=f"{{{name}.drift:.0e}}"),
        said["endpoint"].format(error=f"{{{name}.endpoint:.0e}}"),
    ]


def coins(family: Family, chart: str, p: ArrayLike, q: ArrayLike) -> list[str]:
    """Both ways to the distance of two coins, and the exact number of flips that tell them apart."""
    return [arc_length(family, chart, p, q), flips(*np.ravel(p), *np.ravel(q))]


def arc_length(family: Family, chart: str, p: ArrayLike, q: ArrayLike) -> str:
    """Whether the distance read off a chart that is an arc length is the one integrated from the metric."""
    to = chart_map(family, chart).to
    read = float(np.abs(to(np.asarray(p, float)) - to(np.asarray(q, float)))[..., 0])
    found = float(distance(fisher_metric(family), p, q))
    return words("coin")["arc"].format(error=power(abs(read - found) / max(found, 1e-300)))


def flips(p: float, q: float, error: float = 0.05) -> str:
    """The exact number of flips that tell two coins apart."""
    exact, said = flips_to_tell_apart(p, q, error), words("coin")
    if p == q:
        return said["same"]
    return said["exact"].format(count=f"{exact:,}") if exact else said["too_many"].format(most=f"{MOST:,}")


def design(theta: ArrayLike, candidates: ArrayLike, count: int) -> list[str]:
    """How near an exchanged design of `count` labels comes to the ceiling of the equivalence theorem."""
    slope = float(np.asarray(theta, float)[1])
    said = words("experiments")
    if slope == 0:
        return [said["flat"]]
    found = designs.exchanged(theta, candidates, count)
    log_det = float(np.linalg.slogdet(designs.total(found, theta) / count)[1])
    ceiling = designs.ceiling(found, theta, candidates)
    # √det is the share of labels that do work
    return [said["ceiling"].format(count=count, share=f"{100 * np.exp((log_det - ceiling) / 2):.2f}")]


def bells(heads: int, flips: int) -> list[str]:
    """The bells' errors a second time, from the distribution functions."""
    heads, said = min(heads, flips), words("experiments")
    errors = []
    for chart in laplace.POWERS:
        try:
            errors.append(f"{laplace.laplace(heads, flips, chart).total_variation:.4f}")
        except DomainError:
            errors.append(said["no_bell"])
    return [said["by_distribution"].format(errors=", ".join(errors))]


def pruned(unit: float) -> list[str]:
    """Whether the true costs feel the unit of an input, and what ½ΔᵀFΔ misses of one when all weights shrink by 1 %."""
    model, said = pruning.six_inputs(), words("networks")
    there = model.rescaled(0, 1 / unit)
    each = range(model.w.size)
    costs = [[pruning.cost(m, pruning.deleted(m, [i])) for i in each] for m in (model, there)]
    step = 0.01 * there.w
    quadratic = step @ pruning.fisher(there) @ step / 2
    return [
        said["same_cost"].format(error=power(float(np.max(np.abs(np.subtract(*costs)))))),
        said["second_order"].format(error=power(abs(pruning.cost(there, there.w - step) / quadratic - 1))),
    ]


def stand_ins(net: Network, rows: int, seed: int) -> list[str]:
    """F against the second difference of KL, its rank, and where K-FAC loses nothing between inputs and outputs."""
    said, f = words("networks"), networks.matrices(net, rows, seed)["true"]
    w, x = networks.drawn(net, rows, seed=seed)
    v = 1e-3 * np.random.default_rng(seed).standard_normal(net.size)
    second = sum(networks.kl_of_weights(net, w, w + sign * v, x) for sign in (1, -1))
    linear = Network(net.sizes, "identity", "normal")
    blocks = networks.block_diagonal(linear, networks.fisher(linear, w, x))
    return [
        said["hessian"].format(error=power(abs(second / (v @ f @ v) - 1))),
        said["rank"].format(rank=networks.rank(f), size=net.size),
        said["linear"].format(error=power(networks.relative_error(networks.kfac(linear, w, x), blocks))),
    ]


def regression(offset: ArrayLike) -> list[str]:
    """The closed form of both steps against quadrature over the inputs."""
    closed = networks.regression_tape()(*np.asarray(offset, float))[:4]
    worst = float(np.max(np.abs(closed - np.concatenate(networks.regression_steps(offset)))))
    return [words("networks")["closed"].format(error=power(worst))]


def cloud(family: Family, chart: str, theta: ArrayLike, points: NDArray[np.float64], square: float) -> str:
    """How many of the estimates lie in the ellipse about θ that should hold 95 % of them."""
    said = words("ellipses")
    if not len(points):
        return said["no_estimate"]
    inside = count_inside(family, chart, theta, points, square)
    return said["inside"].format(inside=inside, count=len(points), wanted=round(0.95 * len(points)))
