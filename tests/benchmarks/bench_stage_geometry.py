"""Milliseconds of the geometry in Chromium, median and 95 %: python tests/benchmarks/bench_stage_geometry.py

A frame is what the Paths page computes while A is dragged: the geodesic (warm), the e- and the m-path,
their display points, and the densities of eight distributions on each of the three.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from chromium import find  # noqa: E402
from conftest import FLAGS, PUBLIC  # noqa: E402

import fimviz  # noqa: E402
from fimviz.stage import model  # noqa: E402

SCRIPT = """async ({spec, chart, descents, views, domain}) => {
  const G = await import('/geometry.js'), m = G.makeModel(spec), c = G.makeChart(chart, m);
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const draw = () => {
    for (;;) {
      const u = m.fromTheta(views.map(([a, b]) => a + (b - a) * (0.1 + 0.8 * random())));
      if (m.inside(u)) return u;
    }
  };
  const xs = Float64Array.from({length: 200}, (_, i) => domain[0] + (domain[1] - domain[0]) * (i + 0.5) / 200);
  const times = {};
  const clock = (name, work) => {
    const start = performance.now(), result = work();
    (times[name] ??= []).push(performance.now() - start);
    return result;
  };
  for (let round = 0; round < 60; round++) {
    const [a, b] = [draw(), draw()];
    const cold = clock('connect, cold', () => m.connect(a, b));
    clock('fan of 48, length 1', () => m.fan(a, 48, 1, 24));
    clock('fan of 48, length 2', () => m.fan(a, 48, 2, 24));
    clock('e-path', () => m.affine(a, b, 'natural'));
    clock('m-path', () => m.affine(a, b, 'expectation'));
    clock('KL ball, 96 rays', () => m.klBall(a, 0.15, 'from'));
    for (let warm = cold.warm, step = 0; step < 8; step++) {
      for (let k = 0; k < m.d; k++) a[k] += 0.02 * (k ? 1 : -1);
      const path = clock('connect, warm', () => m.connect(a, b, warm));
      warm = path.warm;
      clock('frame', () => {
        const paths = [m.connect(a, b, warm), m.affine(a, b, 'natural'), m.affine(a, b, 'expectation')];
        for (const p of paths.filter((p) => p.ok)) {
          c.fromUBatch(p.points);
          for (let i = 0; i < 8; i++) m.logDensity(xs, m.toTheta(p.at(i / 7)));
        }
      });
    }
    if (descents.length) clock('12 descents', () => {
      for (const d of descents) for (const rule of ['plain', 'natural']) {
        G.makeDescent(d, m).run({start: a, thetaStar: m.toTheta(b), rule, step: 0.1});
      }
    });
  }
  const rank = (sorted, q) => sorted[Math.floor(q * (sorted.length - 1))];
  return Object.entries(times).map(([name, all]) => {
    const sorted = all.slice(all.length / 4).sort((x, y) => x - y);
    return [name, rank(sorted, 0.5), rank(sorted, 0.95)];
  });
}"""


def serve(route):
    name = route.request.url.rpartition("/")[2]
    if name.endswith(".js"):
        route.fulfill(path=PUBLIC / name, content_type="text/javascript")
    else:
        # isolated, so that the clock is good to 5 μs and not to 100
        isolation = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
        route.fulfill(body="<!doctype html>", content_type="text/html", headers=isolation)


def measure(page, family):
    charts = [k for k in family.charts if k != "unconstrained"]
    descents = [d for d in (model.describe_descent(family, k) for k in charts) if d] if family.slug == "normal" else []
    return page.evaluate(
        SCRIPT,
        {
            "spec": model.describe(family),
            "chart": model.describe_chart(family, charts[0]),
            "descents": descents,
            "views": [list(p.view) for p in family.parameters],
            "domain": list(family.support.view),
        },
    )


def main(slugs):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), headless=True, args=FLAGS)
        for slug in slugs:
            page = browser.new_page()
            page.route("https://stage.test/**", serve)
            page.goto("https://stage.test/")
            print(f"\n{slug:24}median     95 %")
            for name, median, high in measure(page, fimviz.CATALOG[slug]):
                print(f"  {name:20}{median:8.2f} {high:8.2f}")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:] or ["normal", "gamma", "beta", "von_mises", "categorical"])
