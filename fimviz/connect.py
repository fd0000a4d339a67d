"""Geodesics between two points: the boundary-value problem γ(0) = p, γ(1) = q.

A published formula where the metric has one; the arc length where there is one parameter;
otherwise the curves that `shortest` finds and accepts in the unconstrained chart. Never a guess.
"""

from __future__ import annotations

import numpy as np

from fimviz import collocation, energy
from fimviz.arclength import ArcLength
from fimviz.curve import Curves
from fimviz.errors import NoGeodesic
from fimviz.geodesic import connection, geodesic, inside, times
from fimviz.shortest import MOST_PIECES, PIECES, length, shortest
from fimviz.spray import speed

SAME = 1e-7


def distance(metric, p, q):
    """The Fisher–Rao distance d(p, q) = min ∫ √g(γ′, γ′) dt; p, q (..., d) -> (...).

    Raises NoGeodesic where no path was found, DomainError where a point is not in the domain.
    """
    p, q = _pair(metric, p, q)
    if metric.closed_form is not None:
        return metric.closed_form.distance(p, q)
    return _connect(metric, p, q).length.reshape(p.shape[:-1])[()]


def log(metric, p, q):
    """log_p(q): the velocity at p of the shortest geodesic that is at q at time 1.

    p, q (..., d) -> (..., d); its Fisher length is the distance. Raises as `distance`.
    """
    p, q = _pair(metric, p, q)
    if metric.closed_form is not None:
        return metric.closed_form.log(p, q)
    paths = _connect(metric, p, q)
    return metric.solver.pull(paths.start, paths.velocity()).reshape(p.shape)


def shortest_geodesic(metric, p, q, t):
    """The points γ(t) of the shortest geodesic with γ(0) = p, γ(1) = q, at constant Fisher speed.

    p, q (..., d); t (n,) -> (..., n, d), or t a number -> (..., d). Times outside [0, 1] continue
    the geodesic. Raises as `distance`, and as `geodesic` outside [0, 1].
    """
    p, q = _pair(metric, p, q)
    t = times(t)
    if not _between(t):
        return geodesic(metric, p, log(metric, p, q), t)
    if metric.closed_form is not None:
        points = metric.closed_form.path(p, q, np.atleast_1d(t))
    else:
        points = metric.solver.back(_connect(metric, p, q).at(np.atleast_1d(t)))
    return _with_ends(points, p, q, t)


def geodesic_between(metric, p, q, t, alpha=0.0):
    """The points at t of the α-geodesic from p (t = 0) to q (t = 1), affinely parametrised.

    α = 0: `shortest_geodesic`. α = 1, −1 in an exponential family: straight in natural,
    expectation coordinates. Otherwise ∇⁽α⁾_γ′ γ′ = 0 is solved by collocation.
    p, q (..., d); t (n,) -> (..., n, d), or t a number -> (..., d).

    Raises as `distance`, as `geodesic` outside [0, 1], and ValueError where α ≠ 0 and the metric
    has no cubic tensor.
    """
    if alpha == 0:
        return shortest_geodesic(metric, p, q, t)
    p, q = _pair(metric, p, q)
    t, solver = times(t), metric.solver
    if metric.dual is not None and abs(alpha) == 1:
        return _straight_or_flown(metric, p, q, t, alpha)
    elif _between(t):
        points = solver.back(_bend(metric, p, q, alpha).at(np.atleast_1d(t)))
    else:
        paths = _bend(metric, p, q, alpha)
        v = solver.pull(paths.start, paths.velocity()).reshape(p.shape)
        return geodesic(metric, p, v, t, alpha)
    return _with_ends(points, p, q, t)


def _between(t):
    return ((t >= 0) & (t <= 1)).all()


def _with_ends(points, p, q, t):
    """Points of the shape asked for, and exactly p and q at the times 0 and 1."""
    points = points.reshape(*p.shape[:-1], *t.shape, p.shape[-1])
    if t.ndim:
        p, q, t = p[..., None, :], q[..., None, :], t[:, None]
    return np.where(t == 0, p, np.where(t == 1, q, points))


def _pair(metric, p, q):
    p, q = inside(metric, p, "The first point"), inside(metric, q, "The second point")
    return np.broadcast_arrays(p, q)


def _straight_or_flown(metric, p, q, t, alpha):
    """`_straight` where it is inside the model; else what `geodesic` finds, or says, on the way there."""
    points = _with_ends(_straight(metric, p, q, np.atleast_1d(t), alpha), p, q, t)
    if np.isfinite(points).all():
        return points
    if _between(t):
        raise _none_between(*(x[~np.isfinite(points).reshape(*p.shape[:-1], -1).all(-1)][0] for x in (p, q)))
    return geodesic(metric, p, metric.dual.velocity(p, q, alpha), t, alpha)


def _straight(metric, p, q, t, alpha):
    """The e-path (α = 1) or m-path (α = −1), straight in its flat coordinates."""
    dual = metric.dual
    to, back = (dual.natural, dual.from_natural) if alpha == 1 else (dual.expectation, dual.from_expectation)
    a, b, s = to(p)[..., None, :], to(q)[..., None, :], t[:, None]
    return back((1 - s) * a + s * b)


class Paths:
    """Geodesics that were found, one `Curves` of a single lane for each.

    `start` (L, d) in the solver's chart, `length` (L,); `backwards` marks those stored from their
    second point to the first, which makes d(p, q) = d(q, p) exact.
    """

    def __init__(self, solver, curves, backwards):
        self.solver, self.curves, self.backwards = solver, curves, backwards
        self.length = np.array([length(solver, c)[0] for c in curves])
        lanes = zip((c.points[0] for c in curves), backwards)
        self.start = self._stacked([u[-1, -1] if back else u[0, 0] for u, back in lanes])

    def at(self, t):
        """u at the times t (n,) in [0, 1], (L, n, d)."""
        lanes = zip(self.curves, self.backwards)
        return self._stacked([c.at(1 - t if back else t)[0] for c, back in lanes], t.size)

    def velocity(self):
        """du/dt at `start`, (L, d)."""
        lanes = zip((c.velocity[0] for c in self.curves), self.backwards)
        return self._stacked([-v[-1, -1] if back else v[0, 0] for v, back in lanes])

    def _stacked(self, lanes, *shape):
        """One array of the lanes' arrays (*shape, d), also where there is no lane."""
        return np.array(lanes, float).reshape(len(lanes), *shape, self.solver.dimension)


def _connect(metric, p, q):
    """`Paths` or `ArcLength` between the points (..., d) of a metric, or NoGeodesic."""
    d, solver = p.shape[-1], metric.solver
    p, q = p.reshape(-1, d), q.reshape(-1, d)
    a, b = solver.to(p), solver.to(q)
    if d == 1:
        return ArcLength(solver, a, b)
    _same_side(solver, a, b, p, q)
    backwards = _after(a, b)
    first, last = np.where(backwards[:, None], (b, a), (a, b))
    curves = shortest(solver, first, last)
    return Paths(solver, _all_found(curves, p, q), backwards)


def _same_side(solver, a, b, p, q):
    """NoGeodesic for points between which, however one goes, the metric is singular."""
    if solver.side(a) is None:
        return
    parted = (solver.side(a) != solver.side(b)) | (solver.side(a) < 0)
    for lane in np.flatnonzero(parted):
        ends = (tuple(map(float, x)) for x in (p[lane], q[lane]))
        raise NoGeodesic("No geodesic joins {} and {}: the metric is singular between them.".format(*ends))


def _after(a, b):
    """Whether a comes after b in lexicographic order, (L,)."""
    differs = a != b
    column = differs.argmax(1)
    lane = np.arange(len(a))
    return differs.any(1) & (a[lane, column] > b[lane, column])


def _all_found(curves, p, q):
    for lane, curve in enumerate(curves):
        if curve is None:
            raise _none_between(p[lane], q[lane])
    return curves


def _none_between(p, q):
    ends = (tuple(map(float, x)) for x in (p, q))
    return NoGeodesic("No geodesic was found between {} and {}; this does not mean that there is none.".format(*ends))


def _bend(metric, p, q, alpha):
    """`Paths` of the α-connection: from the shortest geodesic, α growing in steps where it must."""
    d, solver = p.shape[-1], metric.solver
    p, q = p.reshape(-1, d), q.reshape(-1, d)
    connection(metric, solver.to(p), alpha)
    even = np.linspace(0, 1, energy.SEGMENTS + 1)
    starts = Curves.through(_connect(metric, p, q).at(even), PIECES)
    curves = [_continue(solver, starts[[lane]], alpha) for lane in range(len(p))]
    return Paths(solver, _all_found(curves, p, q), np.zeros(len(p), dtype=bool))


def _continue(solver, curve, alpha):
    """Follow one geodesic from the connection 0 to α, halving steps that fail; None if they do."""
    reached, step = 0.0, alpha
    while reached != alpha and abs(step) > 1e-3 * abs(alpha):
        tried = alpha if abs(alpha - reached) <= abs(step) else reached + step
        found = _resolve(solver, curve, tried)
        if found is None:
            step /= 2
        else:
            curve, reached = found, tried
    return curve if reached == alpha else None


def _resolve(solver, curve, alpha):
    """The α-geodesic near one curve on as many pieces as it needs: twice as many must agree."""
    with np.errstate(all="ignore"):
        while curve.pieces < MOST_PIECES:
            coarse, found = collocation.solve(solver, curve, alpha)
            start = (coarse if found[0] else curve).split()
            fine, confirmed = collocation.solve(solver, start, alpha)
            gap = speed(solver.tensors.g(start.points), fine.offset - start.offset).max()
            if found[0] and confirmed[0] and gap < SAME:
                return fine
            curve = fine if confirmed[0] else curve.split()
    return None
