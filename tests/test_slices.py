"""Three parameters on paper: two coordinates and a slider; shadows, sections, and balls in the slice."""

import numpy as np
import pytest
from scipy.stats import chi2
from sympy import KroneckerDelta, exp, log
from test_figures import THEMES
from test_stage_geometry import run  # noqa: F401  (a fixture)

from fimviz import CATALOG, figures, fisher_metric, kl
from fimviz.atlas import chart_map
from fimviz.family import UNIT, Chart, Family, Parameter, Support
from fimviz.stage import scene
from fimviz.stage.model import describe, describe_chart

# four outcomes: three parameters, and nothing that a page would have to know
FOUR = Family(
    slug="four_outcomes",
    title="Four outcomes",
    parameters=tuple(Parameter(f"p{i}", UNIT, (0.05, 0.85), 0.25) for i in (1, 2, 3)),
    constraint=lambda p1, p2, p3: 1 - p1 - p2 - p3,
    support=Support("finite", (0.5, 4.5), (1, 2, 3, 4)),
    log_density=lambda x, p1, p2, p3: (
        sum(KroneckerDelta(x, i) * (log(p) - log(1 - p1 - p2 - p3)) for i, p in ((1, p1), (2, p2), (3, p3)))
        + log(1 - p1 - p2 - p3)
    ),
    statistics=lambda x: tuple(KroneckerDelta(x, i) for i in (1, 2, 3)),
    natural=lambda a, b, c: tuple(exp(n) / (1 + exp(a) + exp(b) + exp(c)) for n in (a, b, c)),
    expectation=lambda a, b, c: (a, b, c),
    charts_declared=(
        Chart(lambda p1, p2, p3: (p1 + p2, p1 - p2, p3), lambda s, d, t: ((s + d) / 2, (s - d) / 2, t),
              (UNIT, (-1.0, 1.0), UNIT), name="sums"),
    ),
    solver="natural",
)  # fmt: skip
THETA = [0.2, 0.3, 0.1]
CHARTS = ["p1, p2, p3", "sums", "natural"]
PAPER = """
  const model = G.makeModel(data.model), chart = G.makeChart(data.chart, model), paper = chart.paper;
  const u = model.fromTheta(data.theta);
"""


def given(key):
    return {"model": describe(FOUR), "chart": describe_chart(FOUR, key), "theta": THETA}


def covariance(key):
    own = chart_map(FOUR, key)
    jacobian = own.jacobian(THETA)
    return own.to(np.array(THETA)), jacobian @ fisher_metric(FOUR).inverse(THETA) @ jacobian.T


@pytest.mark.parametrize("key", CHARTS)
def test_a_shadow_has_the_marginal_and_a_section_the_conditional_covariance(run, key):  # noqa: F811
    found = run(PAPER + "return [pack(paper.ellipse(u, 0.3)), pack(paper.section(u, 0.3))];", **given(key))
    centre, C = covariance(key)
    G = np.linalg.inv(C)
    for outline, form in zip(found, (np.linalg.inv(C[:2, :2]), G[:2, :2]), strict=True):
        v = np.reshape(outline, (-1, 2)) - centre[:2]
        np.testing.assert_allclose(np.einsum("ni,ij,nj->n", v, form, v), 0.09, rtol=1e-9)


@pytest.mark.parametrize("key", CHARTS)
def test_a_place_on_paper_keeps_the_third_coordinate(run, key):  # noqa: F811
    centre, _ = covariance(key)
    goal = [centre[0] + 0.03, centre[1] - 0.02]
    found = run(PAPER + "return pack(chart.fromU(paper.toU(data.goal, u)));", goal=goal, **given(key))
    np.testing.assert_allclose(found, [*goal, centre[2]], rtol=1e-7)


@pytest.mark.parametrize("way", ["from", "to"])
@pytest.mark.parametrize("key", CHARTS)
def test_a_ball_in_the_slice_has_one_divergence_and_one_third_coordinate(run, key, way):  # noqa: F811
    body = """
      const { sliceBall } = await import("/slice.js");
      const ball = sliceBall(model, paper, u, data.level, data.way, 48);
      const thetas = [];
      for (let i = 0; i < 48; i++) thetas.push(pack(model.toTheta(ball.points.subarray(3 * i, 3 * i + 3))));
      return [ball.ok, ball.open, thetas];
    """
    ok, open_, thetas = run(PAPER + body, level=0.02, way=way, **given(key))
    thetas = np.array(thetas)
    assert ok and not open_
    ends = (THETA, thetas) if way == "from" else (thetas, THETA)
    np.testing.assert_allclose(kl(FOUR, *ends), 0.02, rtol=1e-5)
    third = chart_map(FOUR, key).to(thetas)[:, 2]
    np.testing.assert_allclose(third, chart_map(FOUR, key).to(np.array(THETA))[2], atol=1e-7)


def test_a_ball_that_reaches_the_end_of_the_slice_is_open(run):  # noqa: F811
    body = """
      const { sliceBall } = await import("/slice.js");
      const ball = sliceBall(model, paper, u, 0.85, "to", 48);
      return [ball.open, Math.max(...ball.found)];
    """
    assert run(PAPER + body, **given("p1, p2, p3")) == [True, 1]


def test_a_slider_holds_what_paper_does_not_show():
    assert scene.slices(FOUR, "sums", {"theta": "{third} here"}) == [
        {"value": "theta", "coordinate": 2, "label": "t here", "min": pytest.approx(0.05), "max": pytest.approx(0.85)}
    ]
    assert "s, d" in scene.slice_in_words(FOUR, "sums", "{first}, {second} without {third}")


def test_two_coordinates_need_no_slider():
    normal = CATALOG["normal"]
    assert scene.slices(normal, "mu, sigma", {"theta": "{third}"}) == []
    assert scene.slice_in_words(normal, "mu, sigma", "{third}") == ""


@pytest.mark.parametrize("theme", THEMES)
def test_an_ellipsoid_in_space_is_a_level_of_the_metric(theme):
    g = np.array([[2, 0.3, 0], [0.3, 1, -0.2], [0, -0.2, 4]])
    (sheet,) = figures.chart(figures.ellipsoid([1, 2, 3], g, 0.5), theme=theme).data
    v = np.stack([sheet.x, sheet.y, sheet.z], axis=-1) - [1, 2, 3]
    np.testing.assert_allclose(np.einsum("abi,ij,abj->ab", v, g, v), 0.25, rtol=1e-12)


@pytest.mark.parametrize("theme", THEMES)
def test_a_space_has_names_a_fixed_view_and_three_buttons(theme):
    views = {"corner": "a", "above": "b", "side": "c"}
    figure = figures.chart(figures.space_points(np.eye(3), "ink", "ABC"), figures.space("xyz", views), theme=theme)
    room = figure.layout.scene
    assert [axis.title.text for axis in (room.xaxis, room.yaxis, room.zaxis)] == ["x", "y", "z"]
    assert figure.layout.uirevision and not figures.CONFIG["scrollZoom"] and not figures.CONFIG["displayModeBar"]
    buttons = figure.layout.updatemenus[0].buttons
    assert [button.label for button in buttons] == ["a", "b", "c"]
    above = buttons[1].args[0]["scene.camera"]
    assert above["projection"]["type"] == "orthographic", "from above it is the picture on paper"
    assert (above["eye"]["x"], above["eye"]["y"], above["up"]["y"]) == (0, 0, 1)


def test_the_radius_counts_three_parameters():
    assert scene.square(FOUR, 10) == pytest.approx(chi2.ppf(0.95, 3) / 10)
