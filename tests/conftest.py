"""What the tests share: a reproducible hypothesis profile, a browser, a page of modules, the running app."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from waiting import SECONDS

ROOT = Path(__file__).parents[1]
PUBLIC = ROOT / "fimviz" / "stage" / "public"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("long", deadline=None, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items):
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium():
    """Chromium, launched once for the session (Playwright's synchronous Browser)."""
    from chromium import find
    from playwright.sync_api import sync_playwright

    path = find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium):
    """A blank page whose origin serves fimviz/stage/public; console errors are in page.console_errors.

    `await import("/geometry.js")` inside page.evaluate loads the modules as they are shipped.
    """
    handler = functools.partial(_PublicFolder, directory=str(PUBLIC))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = _window(chromium)
    page = _listening(context.new_page())
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    yield page
    context.close()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def app_server() -> Iterator[str]:
    """The address of the real app, started once on a free port and stopped afterwards."""
    command = [sys.executable, "-m", "fimviz.cli"]
    with running(command) as address:
        yield address


@pytest.fixture
def app_page(chromium, app_server):
    """A page in a fresh context at 1280×800, not yet opened; console errors are in page.console_errors.

    Wait with page.wait_for_timeout, never with time.sleep: the latter starves Playwright's own loop.
    """
    context = _window(chromium, base_url=app_server)
    page = _listening(context.new_page())
    yield page
    context.close()


@pytest.fixture(scope="session")
def patient():
    """Typed families may take a busy machine's time; what is answered at the limit is tested where the limit is."""
    from fimviz.typed import answers, process

    program = process.PROGRAM.replace("worker.run()", f"worker.SECONDS = {SECONDS}; worker.run()")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "PROGRAM", program)
        patch.setattr(answers, "_bench", bench := process.Bench())
        patch.setattr(answers, "ask", functools.partial(process.ask, seconds=SECONDS))
        yield
        bench.close()


@contextlib.contextmanager
def running(
    command: list[str], cwd: Path = ROOT, seconds: float = 2 * SECONDS, port: int | None = None
) -> Iterator[str]:
    """Start a command that serves the app; its address once it is healthy. Its whole tree ends with the block."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    options = ["--server.headless", "true", "--server.port", str(port), "--server.address", "127.0.0.1"]
    process = subprocess.Popen([*command, *options], cwd=cwd, start_new_session=True)
    try:
        _wait(process, f"{address}/_stcore/health", time.monotonic() + seconds)
        yield address
    finally:
        _end(process)


def _wait(process: subprocess.Popen, health: str, deadline: float) -> None:
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(health, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{process.args} is not healthy; its exit code is {process.poll()}.")


def _end(process: subprocess.Popen) -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, kind)
            process.wait(timeout=5)


class _PublicFolder(http.server.SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012  (the machine's own MIME table may call .js text/plain)
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".css": "text/css",
        ".json": "application/json",
        "": "application/octet-stream",
    }

    def do_GET(self):
        if self.path != "/":
            super().do_GET()
            return
        body = b"<!doctype html><html lang=en><meta charset=utf-8><link rel=icon href=data:,><title>stage</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def _window(chromium, **given):
    """A fresh context at 1280×800 that is as patient as our own waits."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, **given)
    context.set_default_timeout(1000 * SECONDS)
    context.on("page", _hear)
    return context


def _hear(page):
    """Of a page of the app: page.asked while a script is to run or runs, and how many have page.finished."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    page.asked, page.finished = False, 0

    def told(data):
        kind = BackMsg.FromString(data).WhichOneof("type") if isinstance(data, bytes) else None
        page.asked |= kind == "rerun_script"

    def heard(data):
        message = ForwardMsg.FromString(data) if isinstance(data, bytes) else ForwardMsg()
        over = message.WhichOneof("type") == "script_finished"
        if over and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            page.asked, page.finished = False, page.finished + 1

    def parted(_):
        page.asked = False  # nobody is left to answer

    def connected(socket):
        socket.on("close", parted)
        socket.on("framesent", told)
        socket.on("framereceived", heard)

    page.on("websocket", connected)


def _listening(page):
    page.console_errors = errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
