"""Geodesics from a point: ∇_γ′ γ′ = 0, γ(0) = p, γ′(0) = v.

    u″ᵏ = −Γ⁽α⁾ᵏᵢⱼ(u) u′ⁱ u′ʲ

They are integrated in the metric's unconstrained chart u with the velocity scaled to unit Fisher
length, so that steps, tolerances and, for α = 0, the place where a geodesic stops are all Fisher
lengths. For α ≠ 0 the speed changes along the way, and the length is its integral.
"""

from __future__ import annotations

import numpy as np

from fimviz.errors import AccuracyLost, DomainError, GeodesicStops, LeavesDomain
from fimviz.spray import acceleration, speed, square
from fimviz.tableau import FINISHED, LEFT, LOST, Flow, Gauge, integrate

TOLERANCE = 1e-9
ROUNDING = 4e-16
# the length of a path that stops at T: panels up to T(1 − 4⁻ᵏ), k ≤ STRETCHES, the first in PARTS
STRETCHES, PARTS = 6, 16
NODES, WEIGHTS = (x / 2 for x in np.polynomial.legendre.leggauss(16))
ENDLESS = 0.9


def exp(metric, p, v):
    """exp_p(v): the point at time 1 of the geodesic from p with velocity v.

    p, v (..., d) -> (..., d). Raises LeavesDomain, AccuracyLost, DomainError; see `geodesic`.
    """
    return geodesic(metric, p, v, 1.0)


def geodesic(metric, p, v, t, alpha=0.0, stop=False):
    """The points γ(t) of the α-geodesic with γ(0) = p and γ′(0) = v.

    p, v (..., d); t (n,), of either sign and in any order -> (..., n, d), or t a number ->
    (..., d). α = 0 is the Levi-Civita connection (constant Fisher speed), α = 1 the exponential,
    α = −1 the mixture connection.

    Raises LeavesDomain where the geodesic reaches the edge of the domain before its last time,
    AccuracyLost where its speed drifts by 1e−6 or its numbers leave their range, DomainError where
    p is not inside the domain,
    ValueError where α ≠ 0 and the metric has no cubic tensor. With `stop=True` returns
    `(points, verdict)` instead: for a single geodesic `points` (m, d) are those of the times it
    reached, and `verdict` is None or the LeavesDomain or AccuracyLost that would have been raised.
    For leading axes `points` keeps its shape (..., n, d), with NaN past each stop, and the
    attributes of the verdict are arrays over the leading axes.
    """
    p, v = tangent(metric, p, v)
    t = times(t)
    lead, d = p.shape[:-1], p.shape[-1]
    u, du = _to_solver(metric, p.reshape(-1, d), v.reshape(-1, d))
    connection(metric, u, alpha)
    path = _Flight(metric, u, du, np.atleast_1d(t), alpha)
    points = path.points.reshape(*lead, *t.shape, d)
    if stop:
        return _part_inside(points, path, lead, t)
    if path.stopped.any():
        raise path.verdict(np.flatnonzero(path.stopped)[0])
    return points


def parallel_transport(metric, p, v, w, t):
    """The vectors W(t) with W(0) = w and ∇_γ′ W = 0 along the geodesic γ(t) = exp_p(t v).

        W′ᵏ = −Γᵏᵢⱼ γ′ⁱ Wʲ

    p, v, w (..., d); t (n,) -> (..., n, d), or t a number -> (..., d). Raises as `geodesic`.
    """
    p, v = tangent(metric, p, v)
    p, w = tangent(metric, p, w)
    v = np.broadcast_to(v, p.shape)
    t = times(t)
    lead, d = p.shape[:-1], p.shape[-1]
    u, du = _to_solver(metric, p.reshape(-1, d), v.reshape(-1, d))
    dw = metric.solver.push(p.reshape(-1, d), w.reshape(-1, d))
    path = _Flight(metric, u, du, np.atleast_1d(t), 0.0, carried=dw)
    if path.stopped.any():
        raise path.verdict(np.flatnonzero(path.stopped)[0])
    return path.carried.reshape(*lead, *t.shape, d)


def inside(metric, p, subject="The point"):
    """p as floats (..., d), or a DomainError if its shape or place is not that of a point."""
    p, d = np.asarray(p, dtype=float), metric.dimension
    if p.shape[-1:] != (d,):
        names = ", ".join(metric.names)
        raise DomainError(p, subject, f"of shape {p.shape}", f"give (..., {d}), ({names})")
    outside = ~np.asarray(metric.inside(p))
    if outside.any():
        names = ", ".join(metric.names)
        reason = f"not inside the domain of ({names})"
        raise DomainError(p[outside][0], subject, reason, "choose a point strictly inside it")
    return p


def tangent(metric, p, v):
    """p and v as floats of one shape (..., d), or a DomainError."""
    p, v = inside(metric, p, "The starting point"), np.asarray(v, dtype=float)
    d = metric.dimension
    if v.shape[-1:] != (d,):
        raise DomainError(v, "The tangent vector", f"of shape {v.shape}", f"give (..., {d})")
    if not np.isfinite(v).all():
        raise DomainError(v, "The tangent vector", "not finite")
    return np.broadcast_arrays(p, v)


def connection(metric, u, alpha):
    """ValueError unless the metric has the α-connection at u, a point of its solver's chart."""
    if alpha and metric.solver.cubic(u) is None:
        raise ValueError(f"{metric.title} has no cubic tensor, so only α = 0 is defined, not α = {alpha:g}.")


def times(t):
    """t as floats, () or (n,), or a DomainError."""
    t = np.asarray(t, dtype=float)
    if t.ndim > 1 or not np.isfinite(t).all():
        raise DomainError(t, "The time", "not a number or a finite array of shape (n,)")
    return t


def _to_solver(metric, p, v):
    return metric.solver.to(p), metric.solver.push(p, v)


def _unit(g, v):
    """The Fisher length of v and v divided by it (by 1 where it is 0)."""
    length = speed(g, v)
    return length, v / np.where(length > 0, length, 1.0)[..., None]


class _Flight:
    """Every lane's geodesic at every time, both ways from its start, and where it stopped.

    `points`, `carried` (L, n, d) in the metric's chart; `stopped` (L,).
    """

    def __init__(self, metric, u, du, times, alpha, carried=None):
        self.metric, self.u, self.alpha = metric, u, alpha
        g = metric.solver.tensors.g(u)
        self.pace, self.unit = _unit(g, du)
        if carried is not None:
            self.weight, carried = _unit(g, carried)
        lanes, d = u.shape
        self.points = np.full((lanes, times.size, d), np.nan)
        self.carried = self.points.copy()
        self.status = np.full(lanes, FINISHED)
        self.time, self.length, self.end = np.zeros(lanes), np.zeros(lanes), u.copy()
        for way in (1.0, -1.0):
            columns = np.flatnonzero(times >= 0 if way > 0 else times < 0)
            if columns.size:
                order = columns[np.argsort(way * times[columns])]
                self._fly(way, order, np.abs(times[order]), carried)

    @property
    def stopped(self):
        return self.status != FINISHED

    def _fly(self, way, columns, times, carried):
        d, solver = self.u.shape[1], self.metric.solver
        parts = [self.u, way * self.unit] + ([] if carried is None else [carried])
        y = np.concatenate(parts, 1)
        flow = integrate(
            _field(solver, self.alpha, d, carried is not None),
            y,
            self.pace[:, None] * times,
            _gauge(solver, self.alpha, d),
        )
        u = flow.values[..., :d]
        self.points[:, columns] = solver.back(u)
        if carried is not None:
            w = self.weight[:, None, None] * flow.values[..., 2 * d :]
            self.carried[:, columns] = solver.pull(u, w)
        self._note(way, flow)

    def _note(self, way, flow: Flow):
        """Remember the first stop of each lane; forward is looked at before backward."""
        first = (flow.status != FINISHED) & ~self.stopped
        self.status[first] = flow.status[first]
        self.length[first] = flow.time[first]
        if self.alpha and first.any():
            start = np.concatenate([self.u, way * self.unit], 1)[first]
            self.length[first] = _flown(self.metric.solver, self.alpha, start, flow.time[first])
        pace = np.where(self.pace > 0, self.pace, 1.0)
        self.time[first] = way * (flow.time / pace)[first]
        self.end[first] = flow.state[first, : self.u.shape[1]]
        # the numbers end before the model does
        self.status[first & (self.status == LEFT) & self.metric.solver.far(self.end)] = LOST

    def verdict(self, lane=None) -> GeodesicStops:
        """The error of one lane, or of all of them with arrays as attributes."""
        at = slice(None) if lane is None else lane
        kind = LeavesDomain if np.any(self.status[at] == LEFT) else AccuracyLost
        point = self.metric.solver.back(self.end)[at]
        stop = (self.time[at], self.length[at], point)
        if lane is None:
            return kind(*stop, self.stopped, self.status == LOST)
        return kind(float(stop[0]), float(stop[1]), point, True, self.status[lane] == LOST)


def _flown(solver, alpha, y, end):
    """∫ √g(u′, u′) from 0 to `end` (L,) along the α-geodesics of the states y (L, 2d); ∞ where it grows on.

    Towards the end, where the speed may be infinite and T − t loses its digits, the stretches up to
    T(1 − 4⁻ᵏ) become a sum of geometric series, of which Aitken's and Wynn's ε-algorithm adds what
    is left: the largest ratio is ½ for a speed like 1/√(T − t), 1 for 1/(T − t).
    """
    d = y.shape[1] // 2
    marks = 1 - 0.25 ** np.arange(STRETCHES + 1)
    marks = np.concatenate([np.linspace(0, marks[1], PARTS + 1)[:-1], marks[1:]])
    wide = np.diff(marks)
    s = (marks[:-1, None] + wide[:, None] * (0.5 + NODES)).ravel()
    values = integrate(_field(solver, alpha, d, False), y, end[:, None] * s, _gauge(solver, alpha, d)).values
    u, du = values[..., :d], values[..., d:]
    with np.errstate(all="ignore"):
        pace = speed(solver.tensors.g(u), du).reshape(len(y), len(wide), NODES.size)
        pieces = (pace @ WEIGHTS) * wide * end[:, None]
        ratio = pieces[:, -1] / pieces[:, -2]
        total = _limit(pieces.cumsum(1)[:, PARTS - 1 :])
    settles = (ratio < ENDLESS) & np.isfinite(total)
    return np.where(end > 0, np.where(settles, total, np.inf), 0.0)


def _limit(sums):
    """The limit of each row of partial sums (L, n), n ≥ 3: Wynn's ε-algorithm."""
    before, row = np.zeros_like(sums), sums
    for column in range(sums.shape[1] - 1):
        step = np.diff(row, axis=1)
        # sums that no longer change have arrived
        inverse = np.where(step == 0, 1e300, 1 / np.where(step == 0, 1, step))
        before, row = row, before[:, 1 : 1 + step.shape[1]] + inverse
        if column % 2 == 1:
            found = row[:, -1]
    return found


def _part_inside(points, path, lead, t):
    """`points` and the verdict of `geodesic(..., stop=True)`."""
    if not lead:
        if t.ndim:
            points = points[np.isfinite(points).all(-1)]
        return points, path.verdict(0) if path.stopped[0] else None
    if not path.stopped.any():
        return points, None
    verdict = path.verdict()
    for name in ("time", "length", "stopped", "lost"):
        setattr(verdict, name, getattr(verdict, name).reshape(lead))
    verdict.point = verdict.point.reshape(*lead, -1)
    return points, verdict


def _field(solver, alpha, d, transports):
    """y′ for y = (u, u′) or (u, u′, w); Γ(u′, w) by polarisation of the acceleration."""

    def field(y):
        u, du = y[:, :d], y[:, d : 2 * d]
        parts = [du, acceleration(solver, u, du, alpha)]
        if transports:
            w = y[:, 2 * d :]
            parts.append((acceleration(solver, u, du + w, 0) - acceleration(solver, u, du - w, 0)) / 4)
        return np.concatenate(parts, 1)

    return field


def _gauge(solver, alpha, d):
    """The `Gauge` of a state (u, u′) or (u, u′, w): unit vectors, to TOLERANCE of a Fisher unit.

    Blocks are measured by the metric itself, so the tolerance is the same in every chart; it
    yields to what rounding allows, in the coordinate and in a nearly singular g.
    """

    def gauge(y):
        u, du = y[:, :d], y[:, d : 2 * d]
        g = solver.tensors.g(u)
        diagonal = np.einsum("...ii->...i", g)
        near_singular = np.abs(diagonal.prod(1) / np.linalg.det(g))
        tolerance = np.empty((len(y), y.shape[1] // d))
        tolerance[:] = (TOLERANCE + ROUNDING * near_singular)[:, None]
        tolerance[:, 0] += ROUNDING * np.sqrt((diagonal * u**2).sum(1))
        drift = np.abs(square(g, du) - 1) if alpha == 0 else np.zeros(len(y))
        side = solver.side(u)
        left = np.asarray(solver.edge(u)) if side is None else solver.edge(u) | (side < 0)
        return Gauge(tolerance[:, :, None], g, left, drift, side)

    return gauge
