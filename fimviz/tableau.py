"""Dormand–Prince 8(5,3) for many initial values at once, each with steps of its own.

    yᵢ = y + h Σⱼ aᵢⱼ kⱼ,   kᵢ = f(yᵢ),   y⁺ = y + h Σ bᵢ kᵢ

The coefficients are those of Hairer, Nørsett and Wanner, *Solving Ordinary Differential Equations
I* (2nd ed., 1993), II.5 and II.6, as SciPy carries them. Steps follow Gustafsson's predictive
control (Hairer and Wanner, *II*, IV.8), so that steps which must shrink towards an edge do so
without a rejection each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import DOP853

STAGES = DOP853.n_stages
FINISHED, LEFT, LOST = 0, 1, 2
MAX_STEPS = 2000
MOST_SMALL_STEPS = 200
SMALLEST_STEP = 1e-9
NEAR_EDGE, SAME_EDGE, FARTHER = 1e-4, 1e-9, 2.0
LARGEST_DRIFT = 1e-6

Field = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Gauge:
    """What a state says of itself: `tolerance` (L, w, 1), the metric `g` (L, d, d) that measures
    its w blocks of d numbers, whether it has `left` the domain (L,), and the `drift` (L,) of what
    should be constant. `side` (L,), where given, is the region of the domain that it may not leave."""

    tolerance: np.ndarray
    g: np.ndarray
    left: np.ndarray
    drift: np.ndarray
    side: np.ndarray | None = None


@dataclass(frozen=True)
class Flow:
    """Solutions of y′ = f(y): `values` (L, n, m) at the asked times, NaN where not reached.

    `status` (L,) is FINISHED, LEFT (the edge of the domain) or LOST (accuracy); `time` (L,) and
    `state` (L, m) are where each solution ended.
    """

    values: np.ndarray
    status: np.ndarray
    time: np.ndarray
    state: np.ndarray


def integrate(field: Field, y, times, gauge: Callable[[np.ndarray], Gauge]) -> Flow:
    """Solve y′ = field(y), y(0) = y (L, m), at the ascending times (L, n) ≥ 0 of each lane.

    A lane whose step would leave the domain halves it until the edge is found to SMALLEST_STEP,
    and stops there alone.
    """
    with np.errstate(all="ignore"):
        run = _Run(field, gauge, y, times)
        for _ in range(MAX_STEPS):
            if run.active.size == 0:
                break
            run.advance()
    run.status[run.active] = LOST
    return Flow(run.values, run.status, run.t, run.y)


class _Run:
    """Where each lane stands: state y, slope f, time t, next step h, and how the last one went."""

    def __init__(self, field, gauge, y, times, first_step=0.25):
        lanes, n = times.shape
        self.field, self.gauge, self.times = field, gauge, times
        self.y, self.f, self.t = y.copy(), field(y), np.zeros(lanes)
        self.values = np.full((lanes, n, y.shape[1]), np.nan)
        self.values[times <= 0] = np.repeat(y, (times <= 0).sum(1), axis=0)
        start = gauge(y)
        self.tolerance, self.g = start.tolerance.copy(), start.g.copy()
        self.side = start.side
        self.h = np.full(lanes, first_step)
        self.ceiling = np.full(lanes, np.inf)
        self.before = np.full((2, lanes), np.nan)  # step and error of the last good step
        self.rejected = np.zeros(lanes, dtype=bool)
        self.small = np.zeros(lanes, dtype=int)
        self.horizon = np.full(lanes, np.inf)  # where the last good step foresaw an edge
        self.status = np.where(start.left, LEFT, FINISHED)
        self.active = np.flatnonzero((times[:, -1] > 0) & ~start.left)

    def advance(self):
        """Try one step on every active lane; keep what is inside, accurate and drift-free."""
        lanes = self.active
        y, t, last = self.y[lanes], self.t[lanes], self.times[lanes, -1]
        final = self.h[lanes] >= last - t
        h = np.where(final, last - t, self.h[lanes])
        new, k = _step(self.field, y, self.f[lanes], h)
        there = self.gauge(new)
        error = _error(k, h, self.tolerance[lanes], self.g[lanes])
        outside = self._outside(there, lanes) | ~np.isfinite(error + new.sum(1) + k[STAGES].sum(1))
        drifts = ~(there.drift < LARGEST_DRIFT)
        good = ~outside & (error < 1) & ~drifts
        reached = np.where(final, last, t + h)
        self._record(y, new, k, h, t, reached, good)
        self._resize(h, error, good, outside, drifts)
        kept = lanes[good]
        self.y[kept], self.f[kept], self.t[kept] = new[good], k[STAGES][good], reached[good]
        self.tolerance[kept], self.g[kept] = there.tolerance[good], there.g[good]
        self._look_ahead(kept)
        moving = (self.t[lanes] < last) & (self.status[lanes] == FINISHED)
        self.active = lanes[moving]

    def _resize(self, h, error, good, outside, drifts):
        """The next step of every active lane, and the verdict on those that cannot go on."""
        lanes = self.active
        error = np.maximum(error, 1e-12)
        factor = 0.9 * error**-0.125
        h_before, error_before = self.before[:, lanes]
        predicted = factor * h / h_before * (error_before / error) ** 0.125
        factor = np.where(good, np.fmin(factor, predicted), factor)
        factor = factor.clip(0.2, np.where(self.rejected[lanes], 1.0, 5.0))
        factor[outside | (drifts & (error < 1))] = 0.5
        # An outside step may not grow again: halving it is bisection towards the edge.
        self.ceiling[lanes[outside]] = h[outside] / 2
        self.h[lanes] = np.minimum(h * factor, self.ceiling[lanes])
        self.rejected[lanes] = ~good
        self.before[:, lanes[good]] = h[good], error[good]
        stuck = ~good & (self.h[lanes] < SMALLEST_STEP)
        self.status[lanes[stuck]] = np.where(drifts & ~outside, LOST, LEFT)[stuck]

    def _outside(self, there, lanes):
        return there.left if self.side is None else there.left | (there.side != self.side[lanes])

    def _look_ahead(self, lanes):
        """Stop the lanes whose chart coordinates run to infinity at a foreseeable time.

        Where the edge is at a finite distance, a coordinate such as log p is −c log(T − t), so
        that u′/u″ = T − t: once two steps agree on T, T is the length at which the edge lies.
        What is left of the velocity after c/(T − t) carries the other coordinates there.
        """
        near = lanes[self.h[lanes] < NEAR_EDGE]
        if near.size == 0:
            return
        self.small[near] += 1
        self.status[near[self.small[near] > MOST_SMALL_STEPS]] = LOST
        d = self.g.shape[1]
        # fmax: a coordinate at rest says nothing
        rate = np.fmax.reduce(self.f[near, d : 2 * d] / self.y[near, d : 2 * d], axis=1)
        horizon = np.where(rate > 0, self.t[near] + 1 / rate, np.inf)
        seen = np.abs(horizon - self.horizon[near]) < SAME_EDGE
        self.horizon[near] = horizon
        edge = near[seen & (horizon < self.times[near, -1])]
        rest = (self.horizon[edge] - self.t[edge])[:, None]
        v, c = self.y[edge, d : 2 * d], rest**2 * self.f[edge, d : 2 * d]
        beyond = self.y[edge]
        beyond[:, :d] += rest * v + FARTHER * c
        inside = ~self._outside(self.gauge(beyond), edge)
        self.y[edge[inside]] = beyond[inside]
        self.status[edge], self.t[edge] = LEFT, self.horizon[edge]

    def _record(self, y, new, k, h, t, reached, good):
        """Write the asked values that lie in the good steps; three more stages only if needed."""
        asked = self.times[self.active]
        hit = good[:, None] & (asked > t[:, None]) & (asked <= reached[:, None])
        lane, column = np.nonzero(hit)
        at_end = asked[lane, column] == reached[lane]
        self.values[self.active[lane[at_end]], column[at_end]] = new[lane[at_end]]
        lane, column = lane[~at_end], column[~at_end]
        if lane.size == 0:
            return
        busy = np.unique(lane)
        polynomial = _interpolant(self.field, y[busy], new[busy], k[:, busy], h[busy])
        x = (asked[lane, column] - t[lane]) / h[lane]
        change = _horner(polynomial[:, np.searchsorted(busy, lane)], x[:, None])
        self.values[self.active[lane], column] = y[lane] + change


def _step(field, y, f, h):
    """The new state, and k (16, L, m): twelve stages, the slope at the new state, three spare."""
    k, step = np.empty((STAGES + 4, *y.shape)), h[:, None]
    k[0], flat = f, k.reshape(len(k), -1)
    for s in range(1, STAGES):
        k[s] = field(y + step * (DOP853.A[s, :s] @ flat[:s]).reshape(y.shape))
    new = y + step * (DOP853.B @ flat[:STAGES]).reshape(y.shape)
    k[STAGES] = field(new)
    return new, k


def _error(k, h, tolerance, g):
    """The 5th-order error estimate in the metric, damped by the 3rd-order one; good below 1."""
    flat = k[: STAGES + 1].reshape(STAGES + 1, -1)
    fifth, third = (_square((e @ flat).reshape(*tolerance.shape[:2], -1), tolerance, g) for e in (DOP853.E5, DOP853.E3))
    total = fifth + 0.01 * third
    return h * fifth / np.sqrt(np.where(total == 0, 1.0, total))


def _square(error, tolerance, g):
    """Mean over the blocks (L, w, d) of g(e, e)/tolerance²."""
    error = error / tolerance
    return ((error @ g) * error).sum((1, 2)) / error.shape[1]


def _interpolant(field, y, new, k, h):
    """The seven coefficient rows of the 7th-order dense output (Hairer et al., II.6)."""
    step, k = h[:, None], np.ascontiguousarray(k)
    flat = k.reshape(len(k), -1)
    for s, row in enumerate(DOP853.A_EXTRA, STAGES + 1):
        k[s] = field(y + step * (row[:s] @ flat[:s]).reshape(y.shape))
    change = new - y
    first = [change, step * k[0] - change, 2 * change - step * (k[0] + k[STAGES])]
    rest = step * (DOP853.D @ flat).reshape(-1, *y.shape)
    return np.concatenate([first, rest])


def _horner(polynomial, x):
    """Nested form in x and 1 − x alternately, as the dense output is defined."""
    total = np.zeros_like(polynomial[0])
    for i, row in enumerate(polynomial[::-1]):
        total = (total + row) * (x if i % 2 == 0 else 1 - x)
    return total
