"""Who may derive now: one at a time for each visitor, two at work, eight waiting in the order they came."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any


class Busy(Exception):
    """There is no place; `ahead` derivations come first, which take about `seconds`."""

    def __init__(self, ahead: int, seconds: float):
        self.ahead, self.seconds = ahead, seconds
        super().__init__(f"{ahead} ahead, about {seconds:.0f} s")


class Admission:
    """A queue with an end: `with admission.place(visitor)` waits for a turn, or raises `Busy` at once."""

    def __init__(self, running: int = 2, waiting: int = 8, seconds: float = 3.0):
        self.running, self.waiting = running, waiting
        self._usual = seconds
        self._turn = threading.Condition()
        self._queue: list[object] = []
        self._visitors: set[Hashable] = set()

    @contextmanager
    def place(self, visitor: Hashable) -> Iterator[None]:
        ticket = object()
        with self._turn:
            ahead = len(self._queue)
            if visitor in self._visitors or ahead >= self.running + self.waiting:
                raise Busy(1 if visitor in self._visitors else ahead, self._usual * max(1.0, ahead / self.running))
            self._visitors.add(visitor)
            self._queue.append(ticket)
            self._turn.wait_for(lambda: self._queue.index(ticket) < self.running)
        try:
            yield
        finally:
            with self._turn:
                self._queue.remove(ticket)
                self._visitors.discard(visitor)
                self._turn.notify_all()

    def took(self, seconds: float) -> None:
        """Learn how long a derivation usually takes."""
        with self._turn:
            self._usual += 0.3 * (seconds - self._usual)


class Once:
    """The same question is answered once: while it is being answered others wait, then it is remembered."""

    def __init__(self, most: int = 256):
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._asked: dict[Hashable, Future[Any]] = {}

    def __call__(self, key: Hashable, find: Callable[[], Any], keep: Callable[[Any], bool]) -> Any:
        """The value of `find()`, kept where `keep(value)`; its exception goes to all who wait."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            future, mine = self._asked.get(key), key not in self._asked
            if future is None:
                future = self._asked[key] = Future()
        return self._find(key, future, find, keep) if mine else future.result()

    def kept(self, key: Hashable) -> Any:
        """What is remembered under a key, or None."""
        with self._lock:
            return self._kept.get(key)

    def _find(self, key: Hashable, future: Future[Any], find: Callable[[], Any], keep: Callable[[Any], bool]) -> Any:
        try:
            value = find()
        except BaseException as error:
            with self._lock:
                del self._asked[key]
            future.set_exception(error)
            raise
        with self._lock:
            del self._asked[key]
            if keep(value):
                self._kept[key] = value
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        future.set_result(value)
        return value
