"""The geometry that runs in the page, in Chromium: against NumPy, against the library, against closed forms."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from test_families import observations

import fimviz
from fimviz import descend, tape
from fimviz.irregular import LIMITS, SINGULAR
from fimviz.metric import fisher_metric
from fimviz.stage import descents
from fimviz.stage import model as stage_model
from fimviz.tape import lower

CATALOG = dict(fimviz.CATALOG)
NORMAL = CATALOG["normal"]
PUBLIC = Path(stage_model.__file__).parent / "public"
IMPORT = "const G = await import('/geometry.js');"


@pytest.fixture(scope="module")
def run(chromium):
    """Evaluate JavaScript with the modules as G and JSON data as `data`; NaN and infinities survive."""
    context = chromium.new_context()
    page = context.new_page()
    page.route("http://stage.test/**", _serve)
    page.goto("http://stage.test/")

    def evaluate(body: str, **data):
        pack = "const pack = (x) => ArrayBuffer.isView(x) ? Array.from(x) : x;"
        script = f"async (data) => {{ {IMPORT} {pack} {body} }}"
        return page.evaluate(script, json.loads(json.dumps(data, default=_plain)))

    yield evaluate
    context.close()


def _serve(route):
    name = route.request.url.rpartition("/")[2]
    if name.endswith(".js"):
        route.fulfill(path=PUBLIC / name, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html><title>stage</title>", content_type="text/html")


def _plain(value):
    return np.asarray(value).tolist()


def draw(family, count, seed=0, shrink=0.1):
    """Points of the family's view, away from its rim by a share of its width."""
    noise = np.random.default_rng(seed)
    low, high = np.transpose([p.view for p in family.parameters])
    points = np.empty((0, family.dimension))
    while len(points) < count:
        trial = low + (high - low) * noise.uniform(shrink, 1 - shrink, (4 * count, family.dimension))
        points = np.concatenate([points, trial[family.inside(trial)]])
    return points[:count]


def beside(family, p, seed):
    """A point of the view for each of p, on the same side of where the metric is singular."""
    solver = fisher_metric(family).solver
    side = solver.side(solver.to(p))
    if side is None:
        return draw(family, len(p), seed=seed, shrink=0.2)
    others = draw(family, 60, seed=seed, shrink=0.2)
    return np.array([others[np.flatnonzero(solver.side(solver.to(others)) == one)[i]] for i, one in enumerate(side)])


# ------------------------------------------------------------------ the tape


def test_both_interpreters_know_the_same_instructions(run):
    assert run("return G.OPS") == list(tape.OPS)


ARGUMENTS = {
    "asin": (-1, 1), "acos": (-1, 1), "atanh": (-0.99, 0.99), "acosh": (1, 9), "log1p": (-0.9, 5),
    "log": (0.01, 9), "sqrt": (0, 9), "pow": (0.1, 4), "lgamma": (0.05, 30), "polygamma": (0.05, 30),
    "polygamma_difference": (0.05, 30), "log_i0_sqrt": (0, 40), "bessel_ratio": (0, 40),
}  # fmt: skip


def test_instructions_agree_with_numpy_on_lanes_and_alone(run):
    ordered = ("polygamma", "polygamma_difference", "bessel_ratio", "log_i0_sqrt")
    cases = [(name, c) for name in tape.OPS for c in (range(4) if name in ordered else (2,))]
    noise = np.random.default_rng(1).uniform(0, 1, (3, 150))  # more lanes than one block
    inputs = [low + (high - low) * noise for low, high in (ARGUMENTS.get(name, (-3, 3)) for name, _ in cases)]
    tapes = [tape.Tape(3, 4, (), (tape.OPS.index(name), 3, 0, 1, c), (3,)) for name, c in cases]
    js = run(
        """return data.tapes.map((tape, case_) => {
          const out = new Float64Array(150), inputs = data.inputs[case_];
          G.compileTape(tape).run(inputs.map((x) => Float64Array.from(x)), [out], 150);
          return [pack(out), inputs[0].map((_, i) => G.evalTape(tape, inputs.map((x) => x[i]))[0])];
        });""",
        tapes=[t.as_dict() for t in tapes], inputs=inputs,
    )  # fmt: skip
    for case, program, values, (lanes, single) in zip(cases, tapes, inputs, js, strict=True):
        np.testing.assert_allclose(lanes, program(*values)[:, 0], rtol=2e-12, atol=1e-14, err_msg=str(case))
        np.testing.assert_array_equal(single, lanes, err_msg=str(case))


def test_numbers_are_inputs_for_all_lanes(run):
    x, y = sp.symbols("x y")
    assert run(
        "const out = new Float64Array(3);"
        "G.compileTape(data.tape).run([Float64Array.of(1, 2, 3), 10], [out], 3); return pack(out);",
        tape=lower([x * y], [x, y]).as_dict(),
    ) == [10, 20, 30]


GOOD = {"n_in": 1, "n_reg": 3, "consts": [2.0], "code": [2, 2, 0, 1, 0], "out": [2]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"code": [99, 2, 0, 1, 0]}, "unknown instruction 99"),
        ({"code": [2, 2, 0, 7, 0]}, "register 7"),
        ({"code": [2, 3, 0, 1, 0]}, "register 3"),
        ({"code": [2, 2, -1, 1, 0]}, "register -1"),
        ({"code": [2, 2, 0.5, 1, 0]}, "register 0.5"),
        ({"code": [2, 0, 0, 1, 0]}, "writes register 0"),
        ({"code": [2, 2, 0, 1]}, "length 4"),
        ({"code": [33, 2, 0, 0, 9]}, "order 9"),
        ({"code": [31, 2, 0, 1, 8]}, "register 8"),
        ({"out": [3]}, "register 3"),
        ({"consts": ["2"]}, "not a number"),
        ({"consts": [1, 2, 3]}, "exceed"),
        ({"n_reg": 1e9}, "register counts"),
        ({"code": "alert(1)"}, "must be arrays"),
    ],
)
def test_a_broken_tape_is_refused_in_words(run, change, words):
    message = run(
        "try { G.compileTape(data.tape); } catch (error) { return error.message; } return 'accepted';",
        tape={**GOOD, **change},
    )
    assert words in message


SUM = {
    "at": {"n_in": 1, "n_reg": 1, "consts": [], "code": [], "out": [0]},
    "columns": [[0.0, 1.0, 2.0]],
    "body": {"n_in": 2, "n_reg": 3, "consts": [], "code": [2, 2, 0, 1, 0], "out": [2]},
    "weights": [[0.5, 1.0, 0.5]],
}
SUMMED = {"n_in": 1, "n_reg": 2, "consts": [], "code": [], "out": [1], "sums": [SUM]}


def test_a_sum_over_nodes_is_what_it_says(run):
    js = run(
        "const t = G.compileTape(data.tape); return data.at.map((x) => t.at([x])[0]);", tape=SUMMED, at=[0, 0.3, -7]
    )
    assert js == pytest.approx([0, 0.6, -14], rel=1e-14, abs=1e-14)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": [[1.0, 2.0]]}, "rows of one length"),
        ({"weights": [["1", "2", "3"]]}, "not a number"),
        ({"weights": "alert(1)"}, "arrays of arrays"),
        ({"columns": [1.0]}, "arrays of arrays"),
        ({"columns": []}, "do not fit together"),
        ({"columns": [[0.0] * 10_001], "weights": [[0.0] * 10_001]}, "at most 10000"),
        ({"at": {**SUM["at"], "n_in": 2, "n_reg": 2}}, "do not fit together"),
        ({"at": None}, "register counts"),
        ({"body": {**SUM["body"], "code": [99, 2, 0, 1, 0]}}, "unknown instruction 99"),
        ({"body": {**SUM["body"], "out": [2, 2]}}, "do not fit together"),
    ],
)
def test_a_broken_sum_is_refused_in_words(run, change, words):
    message = run(
        "try { G.compileTape(data.tape); } catch (error) { return error.message; } return 'accepted';",
        tape={**SUMMED, "sums": [{**SUM, **change}]},
    )
    assert words in message


@pytest.mark.parametrize("slug", ["gaussian_mixture", "tanh_perceptron"])
def test_a_ball_in_motion_is_the_ball_to_a_hundredth(run, slug):
    js = run(
        """const m = G.makeModel(data.spec), u = m.fromTheta(data.theta);
        return ["from", "to"].map((way) => {
          const ball = m.klBall(u, 0.05, way, 96, 1e5);
          return {found: pack(ball.found), levels: pack(m.klBatch(u, ball.points, way))};
        });""",
        spec=stage_model.describe(CATALOG[slug]), theta=CATALOG[slug].default,
    )  # fmt: skip
    for ball in js:
        assert all(ball["found"])
        np.testing.assert_allclose(ball["levels"], 0.05, rtol=1e-2)


# ------------------------------------------------------------------ the catalogue


@pytest.fixture(params=sorted(CATALOG))
def family(request):
    return CATALOG[request.param]


def test_metric_charts_and_density_agree_with_numpy(run, family):
    theta = draw(family, 12)
    metric = fisher_metric(family)
    charts = {key: stage_model.describe_chart(family, key) for key in family.charts}
    x = np.array(family.support.points or np.linspace(*family.support.view, 9)[1:-1])
    if family.support.kind == "naturals":
        x = np.arange(9.0)
    if family.support.vector:
        x = observations(family)
    js = run(
        """const m = G.makeModel(data.spec);
        return data.theta.map((theta) => {
          const u = m.fromTheta(theta);
          return {
            u: pack(u), theta: pack(m.toTheta(u)), g: pack(m.metric(u).g), inside: m.inside(u) && m.admits(u),
            batch: pack(m.metricBatch(u)),
            density: pack(m.logDensity(data.x.map((axis) => Float64Array.from(axis)), theta)),
            charts: Object.values(data.charts).map((spec) => {
              const c = G.makeChart(spec, m), newton = G.makeChart({...spec, to_u: null}, m), xi = c.fromU(u);
              return {xi: pack(xi), batch: pack(c.fromUBatch(u)), back: pack(c.toU(xi, u)),
                      newton: pack(newton.toU(xi, u.map((x) => x + 0.05)))};
            }),
          };
        });""",
        spec=stage_model.describe(family), theta=theta, x=family.coordinates(x), charts=charts,
    )  # fmt: skip
    for point, row in zip(theta, js, strict=True):
        u = metric.solver.to(point)
        g = metric.solver.g_dg(u)[0]
        scale = np.sqrt(np.outer(np.diag(g), np.diag(g)))
        assert row["inside"]
        np.testing.assert_allclose(row["u"], u, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(row["theta"], point, rtol=1e-10)
        assert np.abs(np.reshape(row["g"], g.shape) - g).max() < 1e-10 * scale.min()
        assert row["batch"] == row["g"]
        np.testing.assert_allclose(row["density"], family.log_probability(x, point), rtol=1e-10, atol=1e-12)
        for chart in row["charts"]:
            assert chart["xi"] == chart["batch"]
            np.testing.assert_allclose(chart["back"], u, rtol=1e-7, atol=1e-7)
            np.testing.assert_allclose(chart["newton"], u, rtol=1e-6, atol=1e-6)


def test_geodesics_agree_with_the_library(run, family):
    p = draw(family, 8, seed=1, shrink=0.2)
    q = beside(family, p, seed=2)
    metric = fisher_metric(family)
    js = run(
        """const m = G.makeModel(data.spec);
        return data.p.map((theta, i) => {
          const [a, b] = [m.fromTheta(theta), m.fromTheta(data.q[i])];
          const path = m.connect(a, b), back = m.connect(b, a), again = m.connect(a, b, path.warm);
          const unit = m.fan(a, 7, 0.5, 4);
          return {
            ok: path.ok, length: path.length, back: back.length, again: again.length, drift: path.drift,
            missed: path.endpoint?.(), arrived: path.ok && pack(m.exp(a, path.velocityA)), b: pack(b),
            middle: path.ok && pack(m.toTheta(path.at(0.5))),
            half: path.ok && pack(m.toTheta(path.points.slice(48 * m.d, 49 * m.d))),
            velocities: pack(unit.velocities), status: pack(unit.status), reached: pack(unit.reached),
            ends: pack(unit.status).map((_, l) => pack(unit.points.slice((5 * l + 4) * m.d, (5 * l + 5) * m.d))),
          };
        });""",
        spec=stage_model.describe(family), p=p, q=q,
    )  # fmt: skip
    for start, end, row in zip(p, q, js, strict=True):
        assert row["ok"], (start, end)
        assert row["drift"] <= 1e-5
        assert row["length"] == row["back"]
        assert row["length"] == pytest.approx(fimviz.distance(metric, start, end), rel=1e-8)
        assert row["again"] == pytest.approx(row["length"], rel=1e-9)
        assert row["missed"] < 1e-6
        np.testing.assert_allclose(row["arrived"], row["b"], atol=1e-6)
        np.testing.assert_allclose(row["middle"], row["half"], rtol=1e-12)
        middle = fimviz.shortest_geodesic(metric, start, end, 0.5)
        np.testing.assert_allclose(row["middle"], middle, rtol=1e-6, atol=1e-9)
        _check_fan(metric, start, row)


def _check_fan(metric, start, row):
    d = metric.dimension
    u = metric.solver.to(start)
    velocities = np.reshape(row["velocities"], (-1, d))
    for velocity, status, reached, end in zip(velocities, row["status"], row["reached"], row["ends"], strict=True):
        g = metric.solver.g_dg(u)[0]
        assert velocity @ g @ velocity == pytest.approx(1, rel=1e-12)
        tangent = metric.solver.pull(u, velocity / 2)
        if status == 0:
            expected = metric.solver.to(fimviz.exp(metric, start, tangent))
            np.testing.assert_allclose(end, expected, rtol=1e-9, atol=1e-9)
        else:
            assert status == 1
            assert reached < 0.5
            fimviz.exp(metric, start, tangent * 0.99 * reached / 0.5)  # still inside


def test_divergence_and_affine_paths_agree_with_the_library(run, family):
    p = draw(family, 4, seed=3, shrink=0.2)
    q = beside(family, p, seed=4)
    spec = stage_model.describe(family)
    js = run(
        """const m = G.makeModel(data.spec);
        return data.p.map((theta, i) => {
          const [a, b] = [m.fromTheta(theta), m.fromTheta(data.q[i])];
          const paths = ["natural", "expectation"].map((kind) => m.affine(a, b, kind));
          return {kl: m.kl(a, b), batch: [m.klBatch(a, b, "from")[0], m.klBatch(b, a, "to")[0]],
                  length: m.connect(a, b).length, ball: m.klBall(a, 0.01, "to").ok,
                  paths: paths.map(({ok, reason, length, energy, at}) =>
                    ok ? {length, energy, middle: pack(m.toTheta(at(0.5)))} : {ok, reason})};
        });""",
        spec=spec, p=p, q=q,
    )  # fmt: skip
    metric = fisher_metric(family)
    for start, end, row in zip(p, q, js, strict=True):
        if spec["kl"]:
            assert row["kl"] == pytest.approx(fimviz.kl(family, start, end), rel=1e-9)
            assert row["batch"] == [row["kl"], row["kl"]]
        assert row["ball"] == bool(spec["kl"])
        for kind, alpha, path in zip(("natural", "expectation"), (1, -1), row["paths"], strict=True):
            if spec[kind] is None:
                assert path == {"ok": False, "reason": "not-exponential"}
                continue
            assert path["length"] >= row["length"] * (1 - 1e-9)
            jeffreys = fimviz.kl(family, start, end) + fimviz.kl(family, end, start)
            assert path["energy"] == pytest.approx(jeffreys, rel=1e-6)
            expected = fimviz.geodesic_between(metric, start, end, 0.5, alpha)
            np.testing.assert_allclose(path["middle"], expected, rtol=1e-7, atol=1e-9)


# ------------------------------------------------------------------ the normal family, in closed form


def normal_distance(p, q):
    (m1, s1), (m2, s2) = p, q
    return math.sqrt(2) * math.acosh(1 + ((m1 - m2) ** 2 / 2 + (s1 - s2) ** 2) / (2 * s1 * s2))


def test_known_distance(run):
    length = run(
        "const m = G.makeModel(data.spec); return m.connect(m.fromTheta([0, 1]), m.fromTheta([3, 2])).length;",
        spec=stage_model.describe(NORMAL),
    )
    assert length == pytest.approx(2.13623711533138, abs=1e-12)


def test_hard_pairs_over_three_decades(run):
    noise = np.random.default_rng(5)
    spread = 10 ** noise.uniform(-1.5, 1.5, (200, 2))
    mean = np.clip(noise.normal(0, 5, (200, 2)) * 10 ** noise.uniform(-1.5, 1.5, (200, 2)), -250, 250)
    pairs = np.stack([mean, spread], axis=-1)
    js = run(
        """const m = G.makeModel(data.spec);
        return data.pairs.map(([a, b]) => {
          const path = m.connect(m.fromTheta(a), m.fromTheta(b));
          return [path.ok, path.length, path.drift];
        });""",
        spec=stage_model.describe(NORMAL), pairs=pairs,
    )  # fmt: skip
    for (p, q), (ok, length, drift) in zip(pairs, js, strict=True):
        assert ok, (p, q)
        assert drift <= 1e-5
        assert length == pytest.approx(normal_distance(p, q), rel=1e-9)


def test_fan_follows_the_half_plane(run):
    js = run(
        """const m = G.makeModel(data.spec), u = m.fromTheta([0.3, 0.7]), fan = m.fan(u, 48, 2, 24);
        const {points, velocities, status, drift} = fan;
        return {points: pack(points), velocities: pack(velocities), status: pack(status), drift};""",
        spec=stage_model.describe(NORMAL),
    )  # fmt: skip
    points = np.reshape(js["points"], (48, 25, 2))
    # unit vectors (dx, dy)/y of the half-plane x = μ/√2, y = σ
    slope, rise = np.reshape(js["velocities"], (48, 2)).T * [[1 / 0.7], [math.sqrt(2)]]
    t = np.linspace(0, 2, 25)[:, None] / math.sqrt(2)
    below = np.cosh(t) - rise * np.sinh(t)
    mu = 0.3 + math.sqrt(2) * 0.7 * slope * np.sinh(t) / below
    assert js["status"] == [0] * 48
    assert js["drift"] < 1e-9
    np.testing.assert_allclose(points[:, -1, 0], mu[-1], atol=5e-9)
    np.testing.assert_allclose(points[:, -1, 1], np.log(0.7 / below[-1]), atol=5e-9)
    np.testing.assert_allclose(points[..., 0].T, mu, atol=1e-6)


@pytest.mark.parametrize(
    ("pair", "natural", "expectation", "fisher", "energy"),
    [(([-3, 0.6], [3, 0.6]), 10.00, 5.77, 5.59, 100.0), (([0, 1], [3, 2]), None, None, 2.136, 6.75)],
)
def test_three_straight_lines(run, pair, natural, expectation, fisher, energy):
    js = run(
        """const m = G.makeModel(data.spec), [a, b] = data.pair.map(m.fromTheta);
        return [...["natural", "expectation"].map((kind) => m.affine(a, b, kind)), m.connect(a, b)].map((p) => ({
          length: p.length, energy: p.energy, spread: m.toTheta(p.at(0.5))[1],
          quarter: p.atLength && m.connect(a, p.atLength(0.01)).length, ticks: p.byLength && pack(p.byLength),
          cumulative: p.cumulative && pack(p.cumulative)}));""",
        spec=stage_model.describe(NORMAL), pair=pair,
    )  # fmt: skip
    e, m, geodesic = js
    assert e["energy"] == pytest.approx(energy, rel=1e-7)
    assert m["energy"] == pytest.approx(energy, rel=1e-7)
    assert round(geodesic["length"], 2 if natural else 3) == fisher
    if natural:
        assert [round(e["length"], 2), round(m["length"], 2)] == [natural, expectation]
        assert [round(x["spread"], 2) for x in js] == [0.60, 3.06, 2.20]
    for path in (e, m):
        # a hundredth of the way along, chord and arc agree to second order
        assert path["quarter"] == pytest.approx(path["length"] / 100, rel=1e-2)
        assert path["cumulative"][-1] == pytest.approx(path["length"], rel=1e-12)
        assert all(np.diff(path["cumulative"]) > 0)


def test_ellipse_is_a_level_of_the_metric(run):
    offsets, g, line = run(
        """const m = G.makeModel(data.spec), u = m.fromTheta([0.4, 0.5]), c = G.makeChart(data.chart, m);
        const du = m.ellipse(u, 0.8, 40);
        return [pack(du), pack(m.metric(u).g), [pack(c.pushEllipse(u, du)), pack(c.ellipse(u, 0.8, 40))]];""",
        spec=stage_model.describe(NORMAL), chart=stage_model.describe_chart(NORMAL, "mu, sigma"),
    )  # fmt: skip
    du, g = np.reshape(offsets, (40, 2)), np.reshape(g, (2, 2))
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", du, g, du), 0.64, rtol=1e-12)
    for curve in np.reshape(line, (2, 40, 2)):
        offset = (curve - [0.4, 0.5]) / 0.5
        np.testing.assert_allclose(offset[:, 0] ** 2 + 2 * offset[:, 1] ** 2, 0.64, rtol=1e-12)


@pytest.mark.parametrize(("n", "tops"), [(4, (1.87, 1.96, 3.33)), (200, (1.122, 1.125, 1.136))])
def test_balls_of_the_ellipses_page(run, n, tops):
    level = 5.991 / (2 * n)
    js = run(
        """const m = G.makeModel(data.spec), u = m.fromTheta([0, 1]), c = G.makeChart(data.chart, m);
        const top = (points) => Math.max(...points.filter((_, i) => i % 2 === 1));
        const balls = ["to", "from"].map((way) => m.klBall(u, data.level, way, 360));
        const ellipse = c.ellipse(u, Math.sqrt(2 * data.level), 360);
        return {tops: [top(ellipse), ...balls.map((b) => top(c.fromUBatch(b.points)))],
          open: balls.map((b) => b.open),
          levels: ["to", "from"].map((way, i) => pack(m.klBatch(u, balls[i].points, way)))};""",
        spec=stage_model.describe(NORMAL), chart=stage_model.describe_chart(NORMAL, "mu, sigma"), level=level,
    )  # fmt: skip
    assert tuple(round(x, 2 if n == 4 else 3) for x in js["tops"]) == tops
    assert js["open"] == [False, False]
    np.testing.assert_allclose(js["levels"], level, rtol=1e-10)


def test_a_ball_that_reaches_the_edge_says_so(run):
    family = CATALOG["categorical"]
    js = run(
        """const m = G.makeModel(data.spec), u = m.fromTheta([0.4, 0.3]), ball = m.klBall(u, 1.0, "to", 90);
        const small = m.klBall(u, 0.05, "to", 90);
        return {open: ball.open, found: pack(ball.found), small: small.open,
          levels: pack(m.klBatch(u, ball.points, "to"))};""",
        spec=stage_model.describe(family),
    )  # fmt: skip
    assert js["open"]
    assert not js["small"]
    levels, found = np.array(js["levels"]), np.array(js["found"], bool)
    assert 0 < found.sum() < len(found)
    np.testing.assert_allclose(levels[found], 1.0, rtol=1e-9)
    assert (levels[~found] < 1).all()


def test_descent_counts_of_the_storyboard(run):
    keys = ["mu, sigma", "mu, log sigma", "mu, variance", "mu, precision", "natural", "expectation"]
    js = run(
        """const m = G.makeModel(data.spec), start = m.fromTheta([-1.5, 2]);
        return ["plain", "natural"].map((rule) => data.charts.map((spec) => {
          const r = G.makeDescent(spec, m).run({start, thetaStar: [1.5, 0.5], rule, step: 0.1});
          return {...r, points: pack(r.points), xi: pack(r.xi), losses: pack(r.losses)};
        }));""",
        spec=stage_model.describe(NORMAL), charts=[stage_model.describe_descent(NORMAL, k) for k in keys],
    )  # fmt: skip
    counts = [[r["steps"] if r["status"] == "converged" else r["status"] for r in rows] for rows in js]
    assert counts == [[76, 76, 234, "left", 1542, "left"], [65, 66, 64, 67, 67, 64]]
    for row in js[0] + js[1]:
        assert len(row["points"]) == len(row["xi"]) == 2 * len(row["losses"]) == 2 * (row["steps"] + 1)
        assert (row["losses"][-1] < 1e-3) == (row["status"] == "converged")


def test_descent_stops_at_its_cap_and_its_clamp(run):
    js = run(
        """const m = G.makeModel(data.spec), d = G.makeDescent(data.chart, m), start = m.fromTheta([-1.5, 2]);
        const common = {start, thetaStar: [1.5, 0.5], rule: "plain", step: 0.1};
        const capped = d.run({...common, max: 10}), clamped = d.run({...common, max: 500, clamp: [[-2, 1], null]});
        return [capped.steps, capped.status, clamped.status, Math.max(...clamped.xi.filter((_, i) => i % 2 === 0))];""",
        spec=stage_model.describe(NORMAL), chart=stage_model.describe_descent(NORMAL, "mu, sigma"),
    )  # fmt: skip
    assert js == [10, "cap", "cap", 1]


@pytest.mark.parametrize(
    ("slug", "start", "target"),
    [("normal", (-1.5, 2.0), (1.5, 0.5)), ("gamma", (2, 1), (5, 3)), ("beta", (2, 6), (5, 3)),
     ("von_mises", (-1, 1), (0.5, 3)), ("poisson", (9,), (4,)), ("cauchy", (1, 2), (0.5, 1))],
)  # fmt: skip
def test_every_rule_descends_as_in_numpy(run, slug, start, target):
    """In every chart, those without a formula for θ included; few steps, for some paths are unstable."""
    family = CATALOG[slug]
    rules = ("newton", "empirical")
    specs = {key: stage_model.describe_descent(family, key, rules) for key in family.charts}
    assert all(specs.values())
    js = run(
        """const m = G.makeModel(data.spec), start = m.fromTheta(data.start);
        return data.charts.map((spec) => {
          const descent = G.makeDescent(spec, m);
          return Object.fromEntries(descent.rules.map((rule) => {
            const r = descent.run({start, thetaStar: data.target, rule, step: 0.05, damping: 0.01, max: 20});
            return [rule, [r.steps, r.status, ...r.losses]];
          }));
        });""",
        spec=stage_model.describe(family), charts=list(specs.values()), start=list(start), target=list(target),
    )  # fmt: skip
    for key, found in zip(specs, js, strict=True):
        assert {"plain", "natural", "diagonal", "adam"} <= set(found)
        for rule, (steps, status, *losses) in found.items():
            ours = descend(family, start, target, chart=key, rule=rule, step=0.05, damping=0.01, most=20)
            assert (steps, status) == (ours.steps, ours.status), (key, rule)
            np.testing.assert_allclose(losses, ours.losses, rtol=1e-6, atol=1e-9, err_msg=f"{key} {rule}")


def test_one_natural_step_in_mean_coordinates_is_the_answer(run):
    keys = ["expectation", "mu, variance", "mu, sigma", "mu, log sigma", "natural", "mu, precision"]
    js = run(
        """const m = G.makeModel(data.spec), start = m.fromTheta([-1.5, 2]);
        return data.charts.map((spec) => {
          const r = G.makeDescent(spec, m).run({start, thetaStar: [1.5, 0.5], rule: "natural", step: 1});
          return r.status === "converged" ? r.steps : r.status;
        });""",
        spec=stage_model.describe(NORMAL), charts=[stage_model.describe_descent(NORMAL, k) for k in keys],
    )  # fmt: skip
    assert js == [1, 2, 5, 7, "left", "left"]


def test_a_drag_started_warm_ends_where_a_cold_start_does(run):
    js = run(
        """const m = G.makeModel(data.spec), b = m.fromTheta([3, 0.6]), a = m.fromTheta([-3, 0.6]);
        const out = [];
        for (let warm = null, i = 0; i < 90; i++) {
          a[0] += 0.08; a[1] += 0.05 * Math.cos(i / 5);
          const path = m.connect(a, b, warm), cold = m.connect(a, b);
          warm = path.warm;
          out.push([path.ok, cold.ok, path.length, cold.length, pack(m.toTheta(a))]);
        }
        return out;""",
        spec=stage_model.describe(NORMAL),
    )  # fmt: skip
    for warm, cold, length, cold_length, theta in js:
        assert warm
        assert cold
        assert length == pytest.approx(normal_distance(theta, (3, 0.6)), rel=1e-9)
        assert length == pytest.approx(cold_length, rel=1e-9)


def test_points_as_close_as_numbers_can_be(run):
    js = run(
        """return data.specs.map((spec) => {
          const m = G.makeModel(spec), a = m.fromTheta([2.5, 0.3]), g = m.metric(a).g, out = [];
          for (let e = 3; e <= 15; e++) {
            const b = a.map((x, k) => x + 10 ** -e * (k ? 0.7 : 1)), [v, w] = b.map((x, k) => x - a[k]);
            const path = m.connect(a, b), chord = Math.sqrt(g[0] * v * v + 2 * g[1] * v * w + g[3] * w * w);
            out.push([path.ok, path.length / chord - 1, 10 ** -e]);
          }
          return out;
        });""",
        specs=[stage_model.describe(CATALOG[slug]) for slug in ("normal", "gamma", "beta", "von_mises")],
    )  # fmt: skip
    for ok, excess, gap in [row for rows in js for row in rows]:
        assert ok
        assert abs(excess) < 2 * gap + 1e-12


# ------------------------------------------------------------------ failures are said


def _plane(metric_entries, **more):
    """A two-dimensional model from g₀₀, g₀₁, g₁₁ in u, with θ = u."""
    u = sp.symbols("u0:2", real=True)
    g = [sp.sympify(e) for e in metric_entries(*u)]
    identity = lower(u, u).as_dict()
    slopes = [sp.diff(e, s) for s in u for e in g]
    return {
        "d": 2,
        "theta": [{"name": "a", "lo": None, "hi": None}, {"name": "b", "lo": None, "hi": None}],
        "solver": {"from_theta": identity, "to_theta": identity, "edge": None,
                   "metric": lower([*g, *slopes], u).as_dict()},
        "log_density": None, "natural": None, "expectation": None, "kl": None, **more,
    }  # fmt: skip


def test_no_geodesic_is_said_not_guessed(run):
    # a slit where the metric is not defined parts the plane
    cut = _plane(lambda a, b: (1 + sp.log(a**2 - sp.Rational(1, 4)) ** 2, 0, 1))
    js = run(
        "const m = G.makeModel(data.spec); return [m.connect([-2, 0], [2, 1]), m.connect([0, 0], [2, 0])];",
        spec=cut,
    )
    assert [row["ok"] for row in js] == [False, False]
    assert js[0]["reason"] in ("no-geodesic", "inaccurate")
    assert js[1]["reason"] == "outside"


def test_an_e_path_that_leaves_the_domain_says_so(run):
    u = sp.symbols("u0:2", real=True)
    hole = {
        "from_u": lower(u, u).as_dict(),
        "to_u": lower([u[0] + 0 * u[1] + sp.log(1 + 1 / (u[0] ** 2 - 1)) * sp.Float(1e-30), u[1]], u).as_dict(),
    }
    js = run(
        "const m = G.makeModel(data.spec); return m.affine([-2, 0], [2, 1], 'natural');",
        spec=_plane(lambda a, b: (1, 0, 1), natural=hole),
    )
    assert js == {"ok": False, "reason": "leaves-domain"}


def test_geodesics_stop_at_the_edge_with_their_length(run):
    js = run(
        """const m = G.makeModel(data.spec), u = m.fromTheta([0.3]), fan = m.fan(u, 2, 4, 24);
        return {status: pack(fan.status), reached: pack(fan.reached), exp: m.exp(u, [50]),
          whole: m.geodesic(u, [50], 10).reason, finite: pack(fan.points).every(Number.isFinite)};""",
        spec=stage_model.describe(CATALOG["bernoulli"]),
    )  # fmt: skip
    below = 2 * math.asin(math.sqrt(0.3))
    assert js["status"] == [1, 1]
    np.testing.assert_allclose(js["reached"], [math.pi - below, below], atol=1e-4)
    assert js["exp"] is None
    assert js["whole"] == "leaves-domain"
    assert js["finite"]


def test_two_equal_points_are_at_distance_zero(run):
    js = run(
        "const m = G.makeModel(data.spec), u = m.fromTheta([1, 2]), p = m.connect(u, u);"
        "return [p.ok, p.length, pack(p.at(0.3)), pack(u), pack(m.exp(u, [0, 0]))];",
        spec=stage_model.describe(NORMAL),
    )
    assert js[:2] == [True, 0]
    assert js[2] == js[3] == js[4]


def test_a_chart_has_no_point_outside(run):
    js = run(
        """const m = G.makeModel(data.spec);
        return [data.chart, {...data.chart, to_u: null}].map((spec) => {
          const c = G.makeChart(spec, m);
          return [c.toU([3, -2]) !== null, c.toU([3, 2]), c.toU([NaN, -1])];
        });""",
        spec=stage_model.describe(NORMAL), chart=stage_model.describe_chart(NORMAL, "natural"),
    )  # fmt: skip
    assert js == [[True, None, None], [True, None, None]]


@pytest.mark.parametrize(
    ("slug", "kind", "start", "options"),
    [
        ("normal", "to", (-1.5, 2.0), {"rule": "natural", "step": 0.02}),
        ("cauchy", "data", (-2.5, 2.4), {"rule": "natural", "step": 1}),
        ("cauchy", "data", (0.2, 1.3), {"rule": "newton", "step": 0.5}),
        ("cauchy", "data", (-1.0, 2.0), {"rule": "empirical", "step": 0.5}),
        ("weighted_mixture", "from", (0.8, 0.05), {"rule": "plain", "step": 0.1}),
        ("weighted_mixture", "from", (0.8, 0.05), {"rule": "natural", "step": 0.1, "damping": 0.001}),
    ],
    ids=str,
)
def test_descents_of_other_losses_agree_with_the_library(run, slug, kind, start, options):
    family = {**CATALOG, **SINGULAR}[slug]
    goal = descents.objective(family, kind, (1.5, 0.5) if slug == "normal" else family.default.tolist())
    chart, clamp = next(iter(family.charts)), LIMITS.get(slug, ())
    expected = descend(family, start, goal.best, loss=goal.loss, clamp=clamp, **options)
    js = run(
        """const model = G.makeModel(data.spec), descent = G.makeDescent(data.descent, model);
        const u = model.fromTheta(data.start);
        const found = descent.run({start: u, thetaStar: data.best, clamp: data.clamp, ...data.options});
        const levels = descent.losses(u, data.best);
        const end = pack(model.toTheta(found.points.slice(-model.d)));
        return [found.steps, found.status, end, pack(found.losses), levels[0]];""",
        spec=stage_model.describe(family),
        descent=stage_model.describe_descent(family, chart, ("newton", "empirical"), goal.loss),
        start=start,
        best=goal.best,
        clamp=clamp or None,
        options=options,
    )
    assert js[:2] == [expected.steps, "converged"] == [expected.steps, expected.status]
    assert js[2] == pytest.approx(expected.points[-1], rel=1e-8)
    assert js[3] == pytest.approx(expected.losses, rel=1e-8, abs=1e-12)
    assert js[4] == pytest.approx(expected.losses[0], rel=1e-10)


@pytest.mark.parametrize(
    ("slug", "start", "target", "step"),
    [("normal", (-1.5, 2.0), (1.5, 0.5), 0.1), ("normal", (3, 3.5), (0, 1), 0.5), ("normal", (2.5, 0.5), (0, 1), 0.1),
     ("cauchy", (-1.5, 2.0), (0, 1), 0.1), ("cauchy", (3, 3.5), (0, 1), 0.5), ("weibull", (3, 3.5), (2, 1.5), 0.5)],
)  # fmt: skip
def test_a_run_that_runs_away_ends_at_the_same_step_in_both(run, slug, start, target, step):
    family = CATALOG[slug]
    key = next(iter(family.charts))
    ours = descend(family, start, target, rule="newton", step=step)
    js = run(
        """const m = G.makeModel(data.spec), d = G.makeDescent(data.chart, m);
        const common = {thetaStar: data.target, rule: "newton", step: data.step, max: 5000};
        const r = d.run({start: m.fromTheta(data.start), ...common});
        return [r.steps, r.status];""",
        spec=stage_model.describe(family), chart=stage_model.describe_descent(family, key, ("newton",)),
        start=start, target=target, step=step,
    )  # fmt: skip
    assert js == [ours.steps, ours.status] and ours.status == "away"


@pytest.mark.parametrize("rule", ["plain", "natural", "newton", "diagonal", "empirical"])
@pytest.mark.parametrize("key", ["mu, sigma", "natural", "expectation"])
def test_the_way_a_rule_moves_is_a_tangent_vector_of_the_length_given(run, rule, key):
    start, target = (-1.5, 2.0), (1.5, 0.5)
    du, at = run(
        """const model = G.makeModel(data.spec), descent = G.makeDescent(data.descent, model);
        const u = model.fromTheta(data.start);
        return [pack(descent.tangent({at: u, thetaStar: data.target, rule: data.rule, length: 0.5})), pack(u)];""",
        spec=stage_model.describe(NORMAL),
        descent=stage_model.describe_descent(NORMAL, key, ("newton", "empirical")),
        start=start,
        target=target,
        rule=rule,
    )
    solver, chart = fisher_metric(NORMAL).solver, fimviz.atlas.chart_map(NORMAL, key)
    g = solver.g_dg(np.array(at))[0]
    assert du @ g @ np.array(du) == pytest.approx(0.25, rel=1e-12)
    # the first of many very short steps goes the same way in the chart
    step = descend(NORMAL, start, target, chart=key, rule=rule, step=1e-7, most=1).points
    moved = chart.to(step[1]) - chart.to(step[0])
    pushed = chart.jacobian(np.array(start)) @ solver.pull(np.array(at), np.array(du))
    assert pushed / np.linalg.norm(pushed) == pytest.approx(moved / np.linalg.norm(moved), rel=1e-6, abs=1e-7)


def test_lines_are_cut_far_from_the_picture(run):
    cut = """const { clip } = await import('/trace.js');
    return data.lines.map((line) => pack(clip(line, {x: 0, y: 0, w: 10, h: 10})))"""
    lines = [[1, 1, 9, 9], [1, 1, 2, 2, 101, 2, 200, 5, 3, 3, 4, 4], [1, 1, 1e300, 1]]
    whole, there_and_back, away = run(cut, lines=lines)
    assert whole == [1, 1, 9, 9]
    assert there_and_back[:6] == [1, 1, 2, 2, 20, 2] and np.isnan(there_and_back[6:8]).all()
    assert there_and_back[8] == 20 and there_and_back[-4:] == [3, 3, 4, 4]
    assert away == pytest.approx([1, 1, 20, 1])
