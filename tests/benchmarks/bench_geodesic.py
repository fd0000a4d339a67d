"""Times and errors of geodesics: `python -m tests.benchmarks.bench_geodesic` prints one table.

The fan of 64 geodesics of the normal, and hard pairs over three decades of each positive parameter
(probabilities down to 1e−4), each pair solved on its own without the published formulas.
"""

import copy
import time

import numpy as np

from fimviz import CATALOG, NoGeodesic, distance, exp, fisher_metric, geodesic

PAIRS = 500


def hard(slug, rng, count=PAIRS):
    if slug == "categorical":
        weights = 10 ** rng.uniform(-4, 0, (count, 3))
        return (weights / weights.sum(1, keepdims=True))[:, :2]
    points = 10 ** rng.uniform(-1.5, 1.5, (count, 2))
    if slug == "normal":
        points[:, 0] = rng.uniform(-30, 30, count)
    return points


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return result, 1e3 * (time.perf_counter() - start)


def fan(slug, p, length, count=64):
    metric, angles = fisher_metric(CATALOG[slug]), 2 * np.pi * np.arange(count) / count
    frame = np.linalg.inv(np.linalg.cholesky(metric.matrix(p)))
    v = length * np.stack([np.cos(angles), np.sin(angles)], -1) @ frame
    runs = [timed(exp, metric, p, v)[1] for _ in range(21)][1:]
    polyline = [timed(geodesic, metric, p, v, np.linspace(0, 1, 33))[1] for _ in range(21)][1:]
    error = "formula unknown"
    if metric.closed_form is not None:
        error = f"error {np.abs(metric.closed_form.distance(np.array(p), exp(metric, p, v)) - length).max():.1e}"
    times = f"{np.median(runs):.1f} ms, 33 points each {np.median(polyline):.1f} ms"
    print(f"fan of {count}, {slug}, length {length}: {times}, {error}")


def pairs(slug):
    formula = fisher_metric(CATALOG[slug])
    metric = copy.copy(formula)
    metric.closed_form = None
    rng = np.random.default_rng(1)
    p, q = hard(slug, rng), hard(slug, rng)
    distance(metric, p[0], q[0])
    found, times = np.full(PAIRS, np.nan), np.zeros(PAIRS)
    for i in range(PAIRS):
        try:
            found[i], times[i] = timed(distance, metric, p[i], q[i])
        except NoGeodesic:
            times[i] = np.nan
    error = "formula unknown"
    if formula.closed_form is not None:
        error = f"error {np.nanmax(np.abs(formula.closed_form.distance(p, q) - found)):.1e}"
    _, together = timed(distance, metric, p, q)
    print(
        f"{PAIRS} hard pairs, {slug}: {np.isnan(found).sum()} not found, "
        f"median {np.nanmedian(times):.1f} ms, worst {np.nanmax(times):.0f} ms, "
        f"together {together / PAIRS:.1f} ms each, {error}"
    )


if __name__ == "__main__":
    fan("normal", [0.0, 1.0], 2)
    fan("gamma", [3.0, 1.0], 2)
    fan("beta", [2.0, 3.0], 2)
    for slug in ("normal", "gamma", "beta", "categorical", "weibull"):
        pairs(slug)
