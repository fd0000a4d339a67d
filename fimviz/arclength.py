"""Geodesics of one parameter: there is one path, and all that is asked is how far along it.

    s(u) = ∫ √g du

by Gauss–Legendre quadrature on panels, doubled until nothing changes; points at given lengths by
Newton's method on s.
"""

from __future__ import annotations

import numpy as np

NODES, WEIGHTS = (x / 2 for x in np.polynomial.legendre.leggauss(16))
TOLERANCE = 1e-13
MAX_PANELS = 2**14


class ArcLength:
    """Paths from a to b (L, 1) in the chart of a solver; `start` (L, 1), `length` (L,)."""

    def __init__(self, solver, a, b):
        self.solver, self.start, self.a, self.b = solver, a, a[:, 0], b[:, 0]
        self.length = np.abs(self._measure())

    def _rate(self, u):
        return np.sqrt(self.solver.tensors.g(u[..., None])[..., 0, 0])

    def _panel(self, low, high):
        """∫ √g du from low to high (...), signed, on a single panel."""
        wide = (high - low)[..., None]
        u = (low + high)[..., None] / 2 + wide * NODES
        return (self._rate(u) * WEIGHTS).sum(-1) * wide[..., 0]

    def _measure(self):
        """Lengths of the panels' ends from a, in `self.marks` (L, panels + 1); the whole length."""
        total, panels = np.full(self.a.shape, np.inf), 4
        while panels <= MAX_PANELS:
            s = np.linspace(0, 1, panels + 1)
            self.ends = self.a[:, None] * (1 - s) + self.b[:, None] * s
            pieces = self._panel(self.ends[:, :-1], self.ends[:, 1:])
            self.marks = np.concatenate([np.zeros((len(pieces), 1)), pieces.cumsum(1)], 1)
            before, total = total, self.marks[:, -1]
            if np.all(np.abs(total - before) <= TOLERANCE * np.abs(total)):
                break
            panels *= 2
        return total

    def at(self, t):
        """u at the fractions t (n,) of the length, (L, n, 1)."""
        sign = np.sign(self.b - self.a)[:, None]
        wanted = sign * self.length[:, None] * t
        past = (np.abs(self.marks)[:, None, :] <= np.abs(wanted)[..., None]).sum(-1)
        panel = np.clip(past - 1, 0, self.marks.shape[1] - 2)
        low, high = (np.take_along_axis(self.ends, panel + i, 1) for i in (0, 1))
        s0, s1 = (np.take_along_axis(self.marks, panel + i, 1) for i in (0, 1))
        u = low + (high - low) * (wanted - s0) / np.where(s1 == s0, 1, s1 - s0)
        for _ in range(50):
            step = (s0 + self._panel(low, u) - wanted) / self._rate(u)
            u = u - np.clip(step, -np.abs(high - low), np.abs(high - low))
            if np.all(np.abs(step) <= 1e-14 * (1 + np.abs(u))):
                break
        u = np.where(t == 0, self.a[:, None], np.where(t == 1, self.b[:, None], u))
        return u[..., None]

    def velocity(self):
        """du/dt at a for t running from 0 to 1, (L, 1)."""
        return (np.sign(self.b - self.a) * self.length / self._rate(self.a))[:, None]
