"""From letting go of a handle to the page that says so, as a multiple of an empty Streamlit rerun.

    python tests/benchmarks/bench_release.py [address …] [part of a label …]

With several addresses (this revision and an older one, say) they take turns as well.

A release ends with the last thing it changes: the last message of the script has come and the script is
at rest, the last node or attribute of the page has changed, the last frame of the picture is drawn.
Empty reruns and ours take turns in one browser, so that a busy machine slows both; the table gives
medians and the ratio of medians.
"""

import contextlib
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from chromium import find
from conftest import FLAGS, running
from playwright.sync_api import sync_playwright
from test_app import FIND, centre, settled

SIZE = {"width": 1280, "height": 800}
REPEATS = 11
EMPTY = """import streamlit as st
st.button("again", key="again")
st.session_state.n = st.session_state.get("n", 0) + 1
st.markdown(f"run {st.session_state.n}")
"""
CASES = [
    ("ellipses, normal", "/ellipses", "Model"),
    ("ellipses, beta", "/ellipses?family=beta", "Model"),
    ("paths, normal", "/paths", "Distribution A"),
    ("paths, gamma", "/paths?family=gamma", "Distribution A"),
    ("paths, beta", "/paths?family=beta", "Distribution A"),
    ("paths, categorical", "/paths?family=categorical", "Distribution A"),
    ("paths, von Mises", "/paths?family=von_mises", "Distribution A"),
    ("descent, normal", "/descent", "Start"),
    ("descent, gamma", "/descent?family=gamma", "Start"),
]
# When the server last said something: a short run comes and goes between two looks at the app's own flag of it.
HEAR = """(() => {
  const Plain = window.WebSocket;
  window.heard = 0;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", () => { window.heard = performance.now(); });
    }
  };
})()"""
# Everything under the document and in every shadow root; the app's own flag of a running script is kept apart.
WATCH = """() => {
  const app = document.querySelector("[data-testid=stApp]");
  const flag = "data-test-script-state";
  const s = (%s)();
  let pressed = 0, began = false, ended = 0, changed = 0, drawn = 0, frames = s?.frames ?? 0, over = false;
  const look = (records) => {
    if (!pressed) return;
    const now = performance.now();
    for (const record of records) {
      if (record.target === app && record.attributeName === flag) {
        // both ends of a short run may come in one delivery: the old value tells
        const was = record.oldValue, is = app.getAttribute(flag);
        if (was === "running" || is === "running") began = true;
        if (began && is !== "running") ended = now;
      } else if (record.target !== app && !record.target.closest?.("[data-testid=stStatusWidget]")) changed = now;
    }
  };
  const observer = new MutationObserver(look);
  const all = { subtree: true, childList: true, attributes: true, characterData: true, attributeOldValue: true };
  const watch = (root) => {
    observer.observe(root, all);
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) watch(node.shadowRoot);
  };
  watch(document);
  window.addEventListener("pointerup", () => { pressed = performance.now(); }, { once: true, capture: true });
  window.finished = new Promise((done) => {
    const limit = performance.now() + 8000;
    const tick = () => {
      const now = performance.now();
      if (s && s.frames !== frames) { frames = s.frames; if (pressed) drawn = now; }
      if (pressed && window.heard > pressed) ended = Math.max(ended, window.heard);
      const last = Math.max(ended, changed, drawn);
      if ((ended && now - last > 200) || now > limit) {
        observer.disconnect();
        const since = (time) => (time ? time - pressed : 0);
        const page = ended ? last - pressed : NaN;
        done({ script: since(ended), changed: since(changed), drawn: since(drawn), page });
      } else setTimeout(tick, 8);
    };
    setTimeout(tick, 8);
  });
}""" % (FIND % "s")  # fmt: skip


def release(page):
    page.evaluate(WATCH)
    page.wait_for_timeout(50)
    page.mouse.up()
    return page.evaluate("window.finished")


def drag_and_release(page, name, i):
    x, y = centre(page, name)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + (6 + i if i % 2 else -6 - i), y - (i % 5), steps=3)
    page.wait_for_timeout(60)
    return release(page)


def press(page):
    box = page.get_by_role("button", name="again").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    return release(page)


def median(runs, what):
    seen = [run[what] for run in runs if run["page"] == run["page"]]
    return statistics.median(seen) if seen else float("nan")


@contextlib.contextmanager
def empty_app():
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "empty.py")
        file.write_text(EMPTY)
        with running([sys.executable, "-m", "streamlit", "run", str(file), "--browser.gatherUsageStats=false"]) as at:
            yield at


def compare(apps, empty, label, path, name):
    """A line of the table for each app: the first release leaves a preset and is told apart."""
    for ours in apps:
        ours.page.goto(ours.address + path)
        settled(ours.page)
    firsts = [drag_and_release(ours.page, name, 0) for ours in apps]
    bare, runs = [], [[] for _ in apps]
    for i in range(1, REPEATS + 1):
        bare.append(press(empty))
        for ours, seen in zip(apps, runs, strict=True):
            ours.page.bring_to_front()
            seen.append(drag_and_release(ours.page, name, i))
        empty.bring_to_front()
    base = median(bare, "page")
    for ours, first, seen in zip(apps, firsts, runs, strict=True):
        parts = [median(seen, what) for what in ("page", "script", "changed", "drawn")]
        missed = sum(run["page"] != run["page"] for run in seen)
        numbers = " ".join(f"{x:7.0f}" for x in (base, *parts))
        ratios = f"{parts[0] / base:7.2f} {first['page'] / base:7.2f} {missed:7d}"
        print(f"{label:22s} {numbers} {ratios}  {ours.address if len(apps) > 1 else ''}", flush=True)


def blank_page(browser):
    context = browser.new_context(viewport=SIZE)
    context.add_init_script(HEAR)
    return context.new_page()


@dataclass
class App:
    address: str
    page: Any


def main():
    with contextlib.ExitStack() as stack:
        given = [a for a in sys.argv[1:] if a.startswith("http")]
        chosen = [a for a in sys.argv[1:] if not a.startswith("http")]
        addresses = given or [stack.enter_context(running([sys.executable, "-m", "fimviz.cli"]))]
        blank = stack.enter_context(empty_app())
        play = stack.enter_context(sync_playwright())
        browser = play.chromium.launch(executable_path=find(), headless=True, args=FLAGS)
        apps = [App(a, blank_page(browser)) for a in addresses]
        empty = blank_page(browser)
        empty.goto(blank)
        empty.wait_for_selector("button")
        empty.wait_for_timeout(800)
        for _ in range(3):
            press(empty)
        heads = ("empty", "page", "script", "changed", "drawn", "× empty", "first ×", "unseen")
        print(f"{'ms from release to':22s} " + " ".join(f"{h:>7s}" for h in heads), flush=True)
        for label, path, name in CASES:
            if not chosen or any(c in label for c in chosen):
                compare(apps, empty, label, path, name)
        browser.close()


if __name__ == "__main__":
    main()
