"""What can go wrong between a point and a geodesic, each with a sentence that names it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def _number(x: float) -> str:
    return f"{x:.6g}".replace("-", "−").replace("inf", "∞")


def _point(x: ArrayLike) -> str:
    return "(" + ", ".join(_number(c) for c in np.ravel(x)) + ")"


class DomainError(ValueError):
    """A value that the mathematics does not allow.

    The message is one sentence: subject, value, reason and, where there is one, remedy, all of
    them also attributes.
    """

    def __init__(self, value, subject: str, reason: str, remedy: str = ""):
        self.value, self.subject, self.reason, self.remedy = value, subject, reason, remedy
        shown = _point(value) if isinstance(value, (np.ndarray, list, tuple)) else value
        super().__init__(f"{subject} is {shown}, {reason}" + (f"; {remedy}." if remedy else "."))

    def __reduce__(self):
        return type(self), (self.value, self.subject, self.reason, self.remedy)


class NoGeodesic(ArithmeticError):
    """No shortest path was found between two points (which does not mean that there is none)."""


class GeodesicStops(ArithmeticError):
    """A geodesic could not be followed to its last time.

    Attributes: `time`, the last time reached; `length`, the Fisher length up to there, which may be
    infinite for α ≠ 0; `point`, where that was, shape (d,). As the verdict of
    `geodesic(..., stop=True)` for many geodesics
    at once the three are arrays over the leading axes, and `stopped`, `lost` say which geodesics
    stopped and which of those did so because accuracy was lost.
    """

    sentence = "The geodesic stops at length {length}."

    def __init__(self, time, length, point, stopped=True, lost=False):
        self.time, self.length, self.point = time, length, np.asarray(point)
        self.stopped, self.lost = stopped, lost
        first = np.flatnonzero(stopped)[:1]
        shown = (np.ravel(x)[first][0] if np.size(stopped) > 1 else x for x in (length, time))
        length, time = (_number(float(np.ravel(x)[0])) for x in shown)
        super().__init__(self.sentence.format(length=length, time=time))

    def __reduce__(self):
        return type(self), (self.time, self.length, self.point, self.stopped, self.lost)


class LeavesDomain(GeodesicStops):
    """A geodesic reaches the edge of the domain before its last time."""

    sentence = "The geodesic leaves the model at length {length} (time {time})."


class AccuracyLost(GeodesicStops):
    """A geodesic's speed, which should be constant, drifts by 1e−6, or its numbers leave their range."""

    sentence = "The geodesic loses accuracy at length {length} (time {time})."


class TextRefused(ValueError):
    """Typed text that is no formula the library reads: one sentence with the place and what would be legal.

    Attributes: `code`, the kind of reason in one or two words; `column`, the character it is about,
    counted from 1, or None; `part`, which of several texts ("log_density", "support", a parameter's name).
    """

    def __init__(self, code: str, reason: str, column: int | None = None, part: str = ""):
        self.code, self.reason, self.column, self.part = code, reason, column, part
        place = f"character {column}" if column else ""
        where = ", ".join(filter(None, (part, place)))
        super().__init__(f"{where[0].upper()}{where[1:]}: {reason}" if where else f"{reason[0].upper()}{reason[1:]}")

    def __reduce__(self):
        return type(self), (self.code, self.reason, self.column, self.part)
