"""How the app feels under a hand, measured in Chromium: frames a second, and our share of each.

    python tests/benchmarks/bench_app.py

Prints a table. What follows a release is in bench_release.py.
"""

import contextlib
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chromium import find
from conftest import FLAGS, running
from playwright.sync_api import sync_playwright
from test_app import ask, centre, settled

FRAMES = """() => new Promise((done) => {
  const times = []; let last = performance.now(); const end = last + 3000;
  const tick = (now) => { times.push(now - last); last = now; now < end ? requestAnimationFrame(tick) : done(times); };
  requestAnimationFrame(tick);
})"""
EVERYTHING = "plain,all,natural,newton,diagonal,empirical,adam,flow,arrow,ball,corrected"
CASES = [
    ("coin", "/coin", "ruler of probability"),
    ("coin, two and a thousand flips", "/coin?n=1000&show=bars,odds,arc,second,flips", "Coin p.*log-odds"),
    ("paths, 48 geodesics", "/paths?show=fr,m,e,discs,ghost,fan", "Distribution A"),
    ("ellipses, 48 geodesics", "/ellipses?show=tiles,cloud,from,fan", "Model"),
    ("experiments, the pair", "/experiments", "Input to ask at"),
    ("experiments, assumed curve", "/experiments?show=pair,uncertain,greedy,even,pool", "Assumed intercept"),
    ("paths", "/paths", "Distribution A"),
    ("ellipses", "/ellipses", "Model"),
    ("descent, six charts", "/descent", "Start"),
    ("descent, all that there is", f"/descent?show={EVERYTHING}", "Start"),
    ("descent, mixture", "/descent?family=weighted_mixture&damping=0.001&start=0.8,0.05&show=plain,natural", "Start"),
    ("descent, data", "/descent?family=cauchy&loss=data&step=1&show=natural,newton", "Start"),
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


def main():
    with contextlib.ExitStack() as stack:
        app = stack.enter_context(running([sys.executable, "-m", "fimviz.cli"]))
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=find(), headless=True, args=FLAGS
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        print(f"{'dragging for three seconds':28s} {'fps':>6s} {'ms ours':>8s} {'95 %':>6s} {'frames':>7s}")
        for label, path, name in CASES:
            fps, median, high, count = dragged(page, app + path, name)
            print(f"{label:28s} {fps:6.1f} {median:8.2f} {high:6.2f} {count:7d}")
        browser.close()


if __name__ == "__main__":
    main()
