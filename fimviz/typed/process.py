"""Workers: started ahead so that they are warm, given one declaration, and thrown away."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Any

from fimviz.typed.worker import OUT_OF_MEMORY, SECONDS

# The worker sees the paths of its parent and nothing else of its surroundings.
PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from fimviz.typed import worker; worker.run()"
# what a cold start may take, on top of the limit
START = 30.0
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class Report:
    """What a worker said, stage by stage, and how it ended: "done", "timeout", "memory" or "lost"."""

    stages: dict[str, dict[str, Any]]
    end: str


def start(program: str = "") -> subprocess.Popen[str]:
    """A new worker, warming up. It ends by itself when this process does, because its input ends."""
    paths = [path or os.getcwd() for path in sys.path]
    kept = {key: os.environ[key] for key in ("SYSTEMROOT", "TMPDIR", "LANG", "LC_ALL") if key in os.environ}
    return subprocess.Popen(  # noqa: S603  # our own interpreter and a constant program
        [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", program or PROGRAM, *paths],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=kept | dict.fromkeys(_ONE_THREAD, "1"),
        close_fds=True,
        start_new_session=True,
        text=True,
        encoding="utf-8",
    )


def ask(worker: subprocess.Popen[str], declaration: dict[str, Any], seconds: float = SECONDS) -> Report:
    """Give a worker its declaration and wait for its end, at most `seconds` once it has started."""
    late = False
    try:
        said, _ = worker.communicate(json.dumps(declaration) + "\n", timeout=START + seconds)
    except subprocess.TimeoutExpired:
        worker.kill()
        said, _ = worker.communicate()
        late = True
    except OSError:
        worker.kill()
        said, _ = worker.communicate()
    stages = _stages(said)
    return Report(stages, "timeout" if late else _end(stages, worker.returncode))


def _stages(said: str) -> dict[str, dict[str, Any]]:
    """The whole lines of a worker's output; one that was cut short is left out."""
    found = {}
    for line in said.splitlines():
        try:
            stage = json.loads(line)
            found[stage["stage"]] = stage
        except (ValueError, TypeError, KeyError):
            continue
    return found


def _end(stages: dict[str, Any], code: int) -> str:
    import signal

    if "done" in stages or "refused" in stages:
        return "done"
    if "memory" in stages or code == OUT_OF_MEMORY:
        return "memory"
    clocks = {-getattr(signal, name, 0) for name in ("SIGALRM", "SIGXCPU")}
    return "timeout" if code and code in clocks else "lost"


class Bench:
    """One warm worker in reserve, replaced when it has been taken."""

    def __init__(self) -> None:
        self._lock, self._waiting = threading.Lock(), None
        atexit.register(self.close)

    def warm(self) -> None:
        """See that a worker is waiting, or on its way."""
        with self._lock:
            if self._waiting is None or self._waiting.poll() is not None:
                self._waiting = start()

    def take(self) -> subprocess.Popen[str]:
        with self._lock:
            worker, self._waiting = self._waiting, None
        return worker if worker is not None and worker.poll() is None else start()

    def close(self) -> None:
        with self._lock:
            worker, self._waiting = self._waiting, None
        if worker is not None:
            worker.kill()
            worker.communicate()
