"""A server that goes away and comes back: the page that is open goes on, with what was on it."""

import sys

import pytest
from conftest import free_port, running
from test_app import ask, drag, ready, settled, values

COMMAND = [sys.executable, "-m", "fimviz.cli"]
# Python's own word that a release has been heard: the address holds the point that was let go
ADDRESS = "(name) => new URLSearchParams(location.search).get(name)"

AT_REST = """() => {
  const app = document.querySelector("[data-testid=stApp]");
  return app.dataset.testConnectionState === "CONNECTED" && app.dataset.testScriptState === "notRunning";
}"""


def moved(page, name, key, dx, dy):
    """Drag a handle and let go; the address that Python writes for it."""
    before = page.evaluate(ADDRESS, key)
    drag(page, name, dx, dy)
    page.mouse.up()
    page.wait_for_function(f"(before) => ({ADDRESS})({key!r}) !== before", arg=before)
    return page.evaluate(ADDRESS, key)


def told(page, key):
    return pytest.approx([float(x) for x in page.evaluate(ADDRESS, key).split(",")], rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(("slug", "name", "key"), [("paths", "Distribution A", "A"), ("ellipses", "Model", "theta")])
def test_a_page_goes_on_when_its_server_comes_back(app_page, slug, name, key):
    page, port = app_page, free_port()
    with running(COMMAND, port=port) as address:
        ready(page, f"{address}/{slug}")
        moved(page, name, key, 40, -30)
        kept = values(page)
    # without a server the picture still follows the hand
    drag(page, name, 30, -20)
    page.mouse.up()
    settled(page)
    alone = values(page)
    assert alone[key] != kept[key]
    with page.expect_websocket(), running(COMMAND, port=port):
        page.wait_for_function(AT_REST)
        page.wait_for_timeout(3000)
        page.wait_for_function(AT_REST)
        settled(page)
        assert values(page)[key] == alone[key]
        # the first release that a new server hears says all that is on the picture, and nothing jumps back
        moved(page, name, key, 20, 20)
        settled(page)
        assert ask(page, "s.error") is None
        assert values(page)[key] == told(page, key) != alone[key]
        assert abs(values(page)[key][0] - alone[key][0]) < abs(alone[key][0] - kept[key][0])
        page.reload()
        settled(page)
        assert values(page)[key] == told(page, key)
