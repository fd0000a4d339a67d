"""Where Chromium is, or how to get it: run as a script it prints the path it found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def present() -> str | None:
    """The path of a Chromium that is already here: $CHROMIUM, the PATH, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named and not _starts(named):
        raise RuntimeError(f"CHROMIUM={named} does not start; unset it or name Chromium's executable.")
    return named or next(filter(_starts, map(shutil.which, NAMES)), None) or _playwrights()


def find() -> str:
    """Chromium's path; installs it if there is none: by apt-get for root, else by Playwright."""
    path = present()
    for command in () if path else _installers():
        # stdout is left to whoever asked for the path
        subprocess.run(command, check=False, stdout=sys.stderr)
        path = present()
        if path:
            break
    if not path:
        raise RuntimeError(
            "The browser tests need Chromium and it could not be installed: install your system's "
            "package `chromium`, or set CHROMIUM to the path of a Chromium or Chrome."
        )
    return path


def _starts(path: str | None) -> bool:
    """Whether it is more than a name: some systems have a stub there that only asks for another package."""
    if not path or not Path(path).is_file():
        return False
    return subprocess.run([path, "--version"], check=False, capture_output=True).returncode == 0


def _installers() -> list[list[str]]:
    playwright = [sys.executable, "-m", "playwright", "install"]
    if os.geteuid() != 0:
        return [[*playwright, "chromium"]]
    apt = ["sh", "-c", "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y chromium"]
    return [apt] * bool(shutil.which("apt-get")) + [[*playwright, "--with-deps", "chromium"]]


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


if __name__ == "__main__":
    print(find())
