"""How the app feels, measured in Chromium: frames while dragging, our share of each, and a release.

    python tests/benchmarks/bench_app.py

Prints a table. The rerun of an empty Streamlit app is measured in the same run, so that the release
is read as a ratio; machines are shared and noisy.
"""

import contextlib
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chromium import find
from conftest import FLAGS, running
from playwright.sync_api import sync_playwright
from test_app import ask, centre, settled

EMPTY = """import streamlit as st
st.button("again", key="again")
st.session_state.n = st.session_state.get("n", 0) + 1
st.markdown(f"run {st.session_state.n}")
"""
FRAMES = """() => new Promise((done) => {
  const times = []; let last = performance.now(); const end = last + 3000;
  const tick = (now) => { times.push(now - last); last = now; now < end ? requestAnimationFrame(tick) : done(times); };
  requestAnimationFrame(tick);
})"""
CASES = [
    ("coin", "/coin", "ruler of probability"),
    ("coin, two and a thousand flips", "/coin?n=1000&show=bars,odds,arc,second,flips", "Coin p.*log-odds"),
    ("paths, 48 geodesics", "/paths?show=fr,m,e,discs,ghost,fan", "Distribution A"),
    ("ellipses, 48 geodesics", "/ellipses?show=tiles,cloud,from,fan", "Model"),
    ("paths", "/paths", "Distribution A"),
    ("ellipses", "/ellipses", "Model"),
    ("descent, six charts", "/descent", "Start"),
    ("paths, gamma", "/paths?family=gamma", "Distribution A"),
    ("paths, beta", "/paths?family=beta", "Distribution A"),
    ("paths, categorical", "/paths?family=categorical", "Distribution A"),
    ("paths, von Mises", "/paths?family=von_mises", "Distribution A"),
]


def dragged(page, address, name):
    """(frames a second, median ms of our code a frame, 95th percentile) over three seconds of dragging."""
    page.goto(address)
    settled(page)
    x, y = centre(page, name)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 5, y - 5)
    before = len(ask(page, "s.jsTimes"))
    page.evaluate(f"window.framing = ({FRAMES})()")
    for i in range(160):
        page.mouse.move(x + 60 * ((i % 40) / 40), y - 50 * ((i % 23) / 23))
        page.wait_for_timeout(14)
    gaps = page.evaluate("window.framing")
    page.mouse.up()
    ours = ask(page, "s.jsTimes")[before:] or ask(page, "s.jsTimes")
    return 1000 * len(gaps) / sum(gaps), statistics.median(ours), sorted(ours)[int(0.95 * len(ours))], len(ours)


def released(page, address, name, repeats=9):
    """Median ms from pressing an arrow's release report to the end of the script run it causes."""
    page.goto(address)
    settled(page)
    times = []
    for i in range(repeats):
        x, y = centre(page, name)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + (6 + i if i % 2 else -6 - i), y - i, steps=3)
        times.append(_release(page))
        page.wait_for_timeout(300)
    return median_of(times)


def _release(page):
    page.evaluate(WATCH)
    page.mouse.up()
    return page.evaluate("window.finished")


# Streamlit marks a running script in data-test-script-state of the app's root
WATCH = """() => { window.finished = new Promise((done) => {
  const app = document.querySelector('[data-testid=stApp]'); let began = null;
  const seen = new MutationObserver(() => {
    const state = app.getAttribute('data-test-script-state');
    if (state === 'running' && began === null) began = true;
    if (state !== 'running' && began) { seen.disconnect(); done(performance.now() - window.pressed); }
  });
  seen.observe(app, {attributes: true});
  window.addEventListener('pointerup', () => { window.pressed = performance.now(); }, {once: true, capture: true});
  setTimeout(() => done(NaN), 8000);
}); }"""


def emptied(page, repeats=9):
    page.wait_for_selector("button")
    page.wait_for_timeout(800)
    times = []
    for _ in range(repeats):
        box = page.get_by_role("button", name="again").bounding_box()
        page.mouse.move(box["x"] + 10, box["y"] + 10)
        page.mouse.down()
        times.append(_release(page))
        page.wait_for_timeout(300)
    return median_of(times)


def median_of(times):
    """Without the runs that were over before anyone saw them begin."""
    seen = [t for t in times if t == t]
    return statistics.median(seen) if seen else float("nan")


def main():
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        Path(folder, "empty.py").write_text(EMPTY)
        app = stack.enter_context(running([sys.executable, "-m", "fimviz.cli"]))
        empty = stack.enter_context(
            running(
                [
                    sys.executable,
                    "-m",
                    "streamlit",
                    "run",
                    str(Path(folder, "empty.py")),
                    "--browser.gatherUsageStats",
                    "false",
                ]
            )
        )
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=find(), headless=True, args=FLAGS
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        print(f"{'dragging for three seconds':28s} {'fps':>6s} {'ms ours':>8s} {'95 %':>6s} {'frames':>7s}")
        for label, path, name in CASES:
            fps, median, high, count = dragged(page, app + path, name)
            print(f"{label:28s} {fps:6.1f} {median:8.2f} {high:6.2f} {count:7d}")
        page.goto(empty)
        base = emptied(page)
        print(f"\n{'release to page updated':28s} {'ms':>6s} {'× empty':>8s}\n{'empty app':28s} {base:6.0f} {1:8.2f}")
        for label, path, name in [c for c in CASES if "48" not in c[0]]:
            time = released(page, app + path, name)
            print(f"{label:28s} {time:6.0f} {time / base:8.2f}")
        browser.close()


if __name__ == "__main__":
    main()
