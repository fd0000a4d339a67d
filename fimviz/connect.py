"""Geodesics between two points: the boundary-value problem γ(0) = p, γ(1) = q.

A published formula where the metric has one; the arc length where there is one parameter;
otherwise, in the unconstrained chart, a curve of least discrete energy (`energy`) polished by
Chebyshev collocation (`collocation`) and accepted only if Newton's method converged, the speed is
constant between the nodes too, the length agrees with the energy, and no small change of the curve
makes it shorter. Never a guess.
"""

from __future__ import annotations

import numpy as np

from fimviz import collocation, energy
from fimviz.arclength import ArcLength
from fimviz.errors import DomainError, NoGeodesic
from fimviz.geodesic import geodesic, inside, speed

PIECES = (4, 8, 16, 32)  # fewer save nothing: what costs is the number of calls
LARGEST_DRIFT = 1e-5
WANTED_DRIFT = 1e-8
AGREEMENT = 0.3
SAME = 1e-7
LANES = 64  # solved together; more would only fill the memory


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
    t = np.asarray(t, dtype=float)
    if t.ndim > 1 or not np.isfinite(t).all():
        raise DomainError(t, "The time", "not a number or a finite array of shape (n,)")
    if ((t < 0) | (t > 1)).any():
        return geodesic(metric, p, log(metric, p, q), t)
    if metric.closed_form is not None:
        points = metric.closed_form.path(p, q, np.atleast_1d(t))
    else:
        points = metric.solver.back(_connect(metric, p, q).at(np.atleast_1d(t)))
    return points.reshape(*p.shape[:-1], *t.shape, p.shape[-1])


def geodesic_between(metric, p, q, t, alpha=0.0):
    """The points at t of the α-geodesic from p (t = 0) to q (t = 1), affinely parametrised.

    α = 0: `shortest_geodesic`. α = 1, −1 in an exponential family: straight in natural,
    expectation coordinates. Otherwise ∇⁽α⁾_γ′ γ′ = 0 is solved by collocation.
    p, q (..., d); t (n,) -> (..., n, d), or t a number -> (..., d).

    Raises as `distance`, and ValueError where α ≠ 0 and the metric has no cubic tensor.
    """
    if alpha == 0:
        return shortest_geodesic(metric, p, q, t)
    p, q = _pair(metric, p, q)
    t = np.asarray(t, dtype=float)
    if metric.dual is not None and abs(alpha) == 1:
        points = _straight(metric, p, q, np.atleast_1d(t), alpha)
    else:
        points = metric.solver.back(_bend(metric, p, q, alpha).at(np.atleast_1d(t)))
    return points.reshape(*p.shape[:-1], *t.shape, p.shape[-1])


def _pair(metric, p, q):
    p, q = inside(metric, p, "The first point"), inside(metric, q, "The second point")
    return np.broadcast_arrays(p, q)


def _straight(metric, p, q, t, alpha):
    """The e-path (α = 1) or m-path (α = −1), straight in its flat coordinates."""
    dual = metric.dual
    to, back = (dual.natural, dual.from_natural) if alpha == 1 else (dual.expectation, dual.from_expectation)
    a, b, s = to(p)[..., None, :], to(q)[..., None, :], t[:, None]
    return back((1 - s) * a + s * b)


class Paths:
    """Geodesics as piecewise polynomials: arrays (K, N + 1, d) in the solver's chart.

    `start` (L, d), `length` (L,); `backwards` marks those stored from their second point to the
    first, which makes d(p, q) = d(q, p) exact.
    """

    def __init__(self, solver, curves, backwards):
        self.curves, self.backwards = curves, backwards
        self.length = np.array([_examine(solver, q[None])[1][0] for q in curves])
        self.start = np.array([q[-1, -1] if back else q[0, 0] for q, back in zip(curves, backwards)])

    def at(self, t):
        """u at the times t (n,) in [0, 1], (L, n, d)."""
        lanes = zip(self.curves, self.backwards)
        return np.array([collocation.read(q, 1 - t if back else t) for q, back in lanes])

    def velocity(self):
        """du/dt at `start`, (L, d)."""
        lanes = zip(map(collocation.velocity, self.curves), self.backwards)
        return np.array([-v[-1, -1] if back else v[0, 0] for v, back in lanes])


def _connect(metric, p, q):
    """`Paths` or `ArcLength` between the points (..., d) of a metric, or NoGeodesic."""
    d, solver = p.shape[-1], metric.solver
    p, q = p.reshape(-1, d), q.reshape(-1, d)
    a, b = solver.to(p), solver.to(q)
    if d == 1:
        return ArcLength(solver, a, b)
    backwards = _after(a, b)
    first, last = np.where(backwards[:, None], (b, a), (a, b))
    curves = []
    for low in range(0, len(a), LANES):
        block = slice(low, low + LANES)
        curves += _curves(solver, first[block], _nearest(solver, first[block], last[block]))
    for lane, curve in enumerate(curves):
        if curve is None:
            raise NoGeodesic(_apology(p[lane], q[lane]))
    return Paths(solver, curves, backwards)


def _after(a, b):
    """Whether a comes after b in lexicographic order, (L,)."""
    differs = a != b
    column = differs.argmax(1)
    lane = np.arange(len(a))
    return differs.any(1) & (a[lane, column] > b[lane, column])


def _nearest(solver, a, b):
    """b with each periodic coordinate within half a period of a's."""
    for i, period in enumerate(solver.period):
        if period:
            b[:, i] = a[:, i] + np.remainder(b[:, i] - a[:, i] + period / 2, period) - period / 2
    return b


def _apology(p, q):
    return (
        f"No geodesic was found between {tuple(map(float, p))} and {tuple(map(float, q))}; "
        "this does not mean that there is none."
    )


def _bend(metric, p, q, alpha):
    """`Paths` of the α-connection: from the shortest geodesic, α growing in steps where it must."""
    if metric.solver.cubic(metric.solver.to(p)) is None:
        raise ValueError(f"{metric.title} has no cubic tensor, so only α = 0 is defined, not α = {alpha:g}.")
    d, solver = p.shape[-1], metric.solver
    p, q = p.reshape(-1, d), q.reshape(-1, d)
    even = np.linspace(0, 1, energy.SEGMENTS + 1)
    starts = collocation.from_even(_connect(metric, p, q).at(even), PIECES[0])
    curves = [_continue(solver, start, alpha) for start in starts]
    for lane, curve in enumerate(curves):
        if curve is None:
            raise NoGeodesic(_apology(p[lane], q[lane]))
    return Paths(solver, curves, np.zeros(len(p), dtype=bool))


def _continue(solver, q, alpha):
    """Follow one geodesic q (K, N + 1, d) from the connection 0 to α, halving steps that fail."""
    reached, step = 0.0, alpha
    while reached != alpha and abs(step) > 1e-3 * abs(alpha):
        tried = alpha if abs(alpha - reached) <= abs(step) else reached + step
        curve = _resolve(solver, q, tried)
        if curve is None:
            step /= 2
        else:
            q, reached = curve, tried
    return q if reached == alpha else None


def _resolve(solver, q, alpha):
    """The α-geodesic near q on as many pieces as it needs: twice as many must agree with it."""
    with np.errstate(all="ignore"):
        while len(q) < PIECES[-1]:
            coarse, found = collocation.solve(solver, q[None], alpha)
            start = collocation.split(coarse if found[0] else q[None])
            fine, confirmed = collocation.solve(solver, start, alpha)
            gap = speed(solver.tensors.g(start), fine - start).max()
            if found[0] and confirmed[0] and gap < SAME:
                return fine[0]
            q = fine[0] if confirmed[0] else collocation.split(q[None])[0]
    return None


def _curves(solver, a, b):
    """One accepted curve (K, N + 1, d) from a to b (L, d) for each lane, or None."""
    curves = _attempt(solver, energy.start(solver, a, b))
    for lane, curve in enumerate(curves):
        if curve is None:
            curves[lane] = _detour(solver, a[lane], b[lane])
        if curves[lane] is None:
            curves[lane] = _approach(solver, a[lane], b[lane])
    return curves


def _detour(solver, a, b):
    """The shortest curve that the other starts lead to, or None."""
    found = _attempt(solver, energy.bends(a[None], b[None])[0])
    found = [q for q in found if q is not None]
    return min(found, key=lambda q: _examine(solver, q[None])[1][0], default=None)


def _approach(solver, a, b):
    """Let the far end travel from a to b along the straight line, each curve starting the next."""
    even, reached, step = np.linspace(0, 1, energy.SEGMENTS + 1), 0.0, 0.25
    path, curve = np.broadcast_to(a, (even.size, a.size)), None
    while reached < 1 and step > 0.05:
        stretch = min(step, 1 - reached)
        curve = _attempt(solver, (path + even[:, None] * stretch * (b - a))[None])[0]
        if curve is None:
            step /= 2
        else:
            path, reached, step = collocation.read(curve, even), reached + stretch, 1.5 * step
    return curve


def _attempt(solver, start):
    """Curves accepted after relaxing and polishing the starts (L, M + 1, d); None otherwise."""
    with np.errstate(all="ignore"):
        relaxed = energy.relax(solver, start)
        curves = _polish(solver, relaxed, energy.length(solver, relaxed))
        return [q if q is not None and _minimal(solver, q) else None for q in curves]


def _minimal(solver, q):
    """Whether no small change shortens q, that is, whether it has passed no conjugate point."""
    return any(energy.minimal(solver, *collocation.polygon(q, every)) for every in (2, 1))


def _polish(solver, relaxed, rough):
    """Collocation on more and more pieces, until the speed is as constant as is wanted."""
    curves, best = [None] * len(relaxed), np.full(len(relaxed), LARGEST_DRIFT)
    lanes = np.arange(len(relaxed))
    guess = collocation.from_even(relaxed, PIECES[0])
    for pieces in PIECES:
        q, converged = collocation.solve(solver, guess)
        drift, length = _examine(solver, q)
        sound = converged & (np.abs(length - rough[lanes]) <= AGREEMENT * length)
        for i in np.flatnonzero(sound & (drift < best[lanes])):
            curves[lanes[i]], best[lanes[i]] = q[i], drift[i]
        again = ~(sound & (drift < WANTED_DRIFT))
        guess, lanes = collocation.split(q[again]), lanes[again]
        if lanes.size == 0:
            break
        fresh = ~converged[again]
        guess[fresh] = collocation.from_even(relaxed[lanes[fresh]], 2 * pieces)
    return curves


def _examine(solver, q):
    """Relative drift of the speed at the nodes and between them, and the length: (L,) each."""
    fine, velocity, weights = collocation.refined(q)
    pace = speed(solver.tensors.g(fine), velocity)
    length = (pace * weights).sum((1, 2))
    return np.abs(pace / length[:, None, None] - 1).max((1, 2)), length
