"""Waiting for what is to happen instead of for time to pass: a busy machine draws its next frame when it can."""

from __future__ import annotations

import time

from playwright.sync_api import Error

SECONDS = 90  # no figure: how long a wait may last before a test is told that it waits in vain

# Three frames in a row without: a layout, or a pointer over what has moved, may ask for another frame.
CALM = """(async () => {
  const end = performance.now() + 1000 * SECONDS;
  for (let calm = 0; calm < 3; ) {
    await new Promise(requestAnimationFrame);
    calm = BUSY ? 0 : calm + 1;
    if (performance.now() > end) throw new Error("waited in vain for a picture at rest");
  }
})()"""


def calm(busy):
    """JavaScript that waits until an expression is false for some frames."""
    return CALM.replace("SECONDS", str(SECONDS)).replace("BUSY", busy)


def drawn(page, busy="stage().pending"):
    """Wait until every frame that the stage of a plain page has asked for is drawn."""
    page.evaluate(calm(busy))


def becomes(page, read, wanted=True):
    """Wait until read() is what is wanted, while the page lives on; assert it."""
    end = time.monotonic() + SECONDS
    while (found := _tried(read)) != wanted and time.monotonic() < end:
        page.wait_for_timeout(40)
    assert found == wanted


def _tried(read):
    """What was read, or why nothing could be: between two pages there is nothing to read."""
    try:
        return read()
    except Error as error:
        return error
