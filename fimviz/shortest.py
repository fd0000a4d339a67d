"""The search for the shortest curve between two points of a solver's chart.

A curve of least discrete energy (`energy`) is polished by collocation (`collocation`) and accepted
only if Newton's method converged, the speed is constant between the nodes too, the length agrees
with the energy, and no small change of the curve makes it shorter. Where the first start leads
nowhere, others are tried; what is not accepted is not returned.
"""

from __future__ import annotations

import numpy as np

from fimviz import collocation, energy
from fimviz.curve import Curves
from fimviz.spray import speed

PIECES, MOST_PIECES = 4, 32  # fewer than four save nothing: calls cost more than nodes
FINEST = 128  # for a curve that has arrived, and only its speed not yet
LARGEST_DRIFT = 1e-5
WANTED_DRIFT = 1e-8
AGREEMENT = 0.3
ROUGHLY, REACH = 1.25, 20.0
# a relaxed curve is a known one where it is as close to it, and not worth polishing where it is so much longer
NEAR, SLACK = 0.02, 1.1
LANES = 64  # solved together; more would only fill the memory


def shortest(solver, a, b):
    """The shortest curve found from a to b (L, d), a `Curves` of one lane for each, or None.

    Where the metric is singular somewhere, a geodesic may be shorter along another valley: where a
    rough way is about as short, every start is tried, and the shortest curve taken.
    """
    found = []
    for low in range(0, len(a), LANES):
        block = slice(low, low + LANES)
        found += _attempt(solver, energy.start(solver, a[block], b[block]))
    for lane, curve in enumerate(found):
        if curve is None or _doubtful(solver, curve, a[lane], b[lane]):
            found[lane] = _detour(solver, a[lane], b[lane], curve) or _approach(solver, a[lane], b[lane])
    return found


def _doubtful(solver, curve, a, b):
    """Whether, of a metric that is singular somewhere, a rough way round is hardly longer than the curve found."""
    if solver.side(a) is None:
        return False
    ways = _valleys(a, b)
    step, middle = np.diff(ways, axis=-2), (ways[:, 1:] + ways[:, :-1]) / 2
    whole = speed(solver.tensors.g(middle), step).sum(-1)
    regular = (solver.side(middle) == solver.side(a)).all(-1)
    return bool((whole[regular] < ROUGHLY * length(solver, curve)[0]).any())


def length(solver, curves):
    """Fisher lengths (L,)."""
    return _examine(solver, curves)[1]


def _attempt(solver, start, known=None):
    """What relaxing and polishing the starts (L, M + 1, d) leads to, where it is acceptable.

    Given a known curve, those that relax to it or to something longer are left where they are: None.
    """
    with np.errstate(all="ignore"):
        times = energy.timed(solver, start)
        relaxed, rough = energy.relax(solver, start, times)
        found: list[Curves | None] = [None] * len(start)
        lanes = _distinct(solver, relaxed, times, known)
        for lane, curve in zip(lanes, _polish(solver, relaxed[lanes], rough[lanes], times[lanes]), strict=True):
            found[lane] = curve if curve is not None and _minimal(solver, curve) else None
        return found


def _distinct(solver, relaxed, times, known):
    """The lanes of relaxed curves that may lead to something shorter than a known curve."""
    if known is None:
        return np.arange(len(relaxed))
    _, sizes = _examine(solver, Curves.timed(relaxed, times, PIECES))
    along = known.at(times.ravel())[0].reshape(relaxed.shape)
    g, gap, way = solver.tensors.g(along), relaxed - along, np.gradient(along, axis=1)
    # only what is across the known curve counts: along it the times may differ
    lowered = (g @ way[..., None])[..., 0]
    across = gap - way * ((gap * lowered).sum(-1) / (way * lowered).sum(-1))[..., None]
    size = length(solver, known)[0]
    return np.flatnonzero((speed(g, across).max(1) > NEAR * size) & (sizes < SLACK * size))


def _valleys(a, b):
    """The troughs that are not out of reach: a logarithm of 1 may be the end of the world."""
    ways, line = energy.troughs(a[None], b[None])[0], energy.bends(a[None], b[None])[0, :1]
    return ways[np.abs(ways - line).max((1, 2)) < REACH]


def _detour(solver, a, b, known=None):
    """The shortest of a known curve and those that the other starts lead to, or None."""
    starts = energy.bends(a[None], b[None])[0]
    if solver.side(a) is not None:
        starts = np.concatenate([starts, _valleys(a, b)])
    found = [known, *_attempt(solver, starts, known)]
    lengths = [np.inf if c is None else length(solver, c)[0] for c in found]
    return found[int(np.argmin(lengths))]


def _approach(solver, a, b):
    """Let the far end travel from a to b along the straight line, each curve starting the next."""
    even, reached, step = np.linspace(0, 1, energy.SEGMENTS + 1), 0.0, 0.25
    path, curve = np.broadcast_to(a, (1, even.size, a.size)), None
    while reached < 1 and step > 0.05:
        stretch = min(step, 1 - reached)
        (curve,) = _attempt(solver, path + even[:, None] * stretch * (b - a))
        if curve is None:
            step /= 2
        else:
            path, reached, step = curve.at(even), reached + stretch, 1.5 * step
    return curve


def _polish(solver, relaxed, rough, times):
    """Collocation on more and more pieces, until the speed is as constant as is wanted."""
    found: list[Curves | None] = [None] * len(relaxed)
    best = np.full(len(relaxed), LARGEST_DRIFT)
    lanes, guess = np.arange(len(relaxed)), Curves.timed(relaxed, times, PIECES)
    while lanes.size:
        curves, converged = collocation.solve(solver, guess)
        drift, size = _examine(solver, curves)
        sound = converged & (np.abs(size - rough[lanes]) <= AGREEMENT * size) & _regular(solver, curves)
        for i in np.flatnonzero(sound & (drift < best[lanes])):
            found[lanes[i]], best[lanes[i]] = curves[[i]], drift[i]
        again = ~(sound & (drift < WANTED_DRIFT))
        if curves.pieces >= MOST_PIECES:
            # only an end much nearer to the edge than the other asks for more
            again &= sound & (best[lanes] >= LARGEST_DRIFT)
        if curves.pieces == FINEST or not again.any():
            break
        guess, lanes = curves[again].split(), lanes[again]
        fresh = np.flatnonzero(~converged[again])
        guess.offset[fresh] = Curves.timed(relaxed[lanes[fresh]], times[lanes[fresh]], guess.pieces).offset
    return found


def _examine(solver, curves):
    """Relative drift of the speed at the nodes and between them, and the length: (L,) each."""
    points, velocity, weights = curves.fine()
    pace = speed(solver.tensors.g(points), velocity)
    size = (pace * weights).sum((1, 2))
    drift = np.abs(pace - size[:, None, None]).max((1, 2))
    return np.divide(drift, size, out=drift, where=size > 0), size


def _regular(solver, curves):
    """Whether a curve stays clear of where the metric is singular, (L,)."""
    side = solver.side(curves.fine()[0])
    if side is None:
        return True
    return (side == side[:, :1, :1]).all((1, 2))


def _minimal(solver, curve):
    """Whether no small change shortens it, that is, whether it has passed no conjugate point."""
    return any(energy.minimal(solver, *curve.polygon(every)) for every in (2, 1))
