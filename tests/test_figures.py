"""Figures carry exactly the arrays they were given, in both themes, and say what they show."""

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fimviz
from fimviz import figures
from fimviz.figures import chart
from fimviz.theme import THEMES, colour, line, ramp, rgba, template, tokens

PATHS = np.array([[[0.0, 1.0], [1.0, 2.0], [2.0, 1.0]], [[5.0, 0.5], [6.0, 0.25], [7.0, 0.125]]])
X, Y = np.linspace(-1, 1, 3), np.linspace(1, 2, 5)

MARKS = {
    "geodesics": figures.geodesics(PATHS, label="Fisher–Rao"),
    "metric_ellipses": figures.metric_ellipses([[0, 1]], [np.eye(2)], label="disc"),
    "descent_paths": figures.descent_paths(PATHS, ["fisher", "euclid"], ["natural", "plain"]),
    "points": figures.points(PATHS[0], label="data"),
    "densities": figures.densities([0, 1, 2], [[0.1, 0.8, 0.1]], labels=["p"], fill=True),
    "bars": figures.densities([0, 1], [[0.1, 0.9]], discrete=True),
    "curvature": figures.curvature(X, Y, np.outer(Y, X)),
    "matrix": figures.matrix(np.eye(3)),
    "surface": figures.surface(*np.ones((3, 2, 2))),
    "space_paths": figures.space_paths(np.ones((2, 4, 3))),
    "space_points": figures.space_points(np.eye(3), "ink", "ABC"),
    "ellipsoid": figures.ellipsoid(np.ones(3), np.eye(3), 1),
    "loss_curves": figures.loss_curves([[1, 0.1, 0.01]], ["natural"], ["fisher"]),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", MARKS)
def test_every_mark_draws_in_both_themes(name, theme):
    figure = chart(MARKS[name], theme=theme, alt="what it shows")
    assert figure.layout.meta["alt"] == "what it shows"
    assert go.Figure(figure.to_dict()).data, "a figure of valid properties"


@pytest.mark.parametrize("theme", THEMES)
def test_the_look_is_the_tokens(theme):
    layout = template(theme).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == tokens()["neutral"]["page"][theme]
    assert layout.font.color == tokens()["neutral"]["ink"][theme]
    assert layout.showlegend is False
    assert layout.dragmode is False
    assert None not in layout.margin.to_plotly_json().values()


@pytest.mark.parametrize("theme", THEMES)
def test_no_colour_but_the_tokens(theme):
    known = {value.upper() for value in _strings(tokens()) if value.startswith("#")}
    known |= {rgba(role, 1, theme).rsplit(",", 1)[0].upper() for role in tokens()["roles"]}
    figure = chart(*(mark for name, mark in MARKS.items() if name not in ("surface", "space_paths")), theme=theme)
    for text in _strings(figure.to_dict()):
        if text.startswith(("#", "rgb")):
            assert text.upper() in known or text.upper().rsplit(",", 1)[0] in known, text


def _strings(node):
    if isinstance(node, dict):
        return [text for value in node.values() for text in _strings(value)]
    if isinstance(node, (list, tuple)):
        return [text for value in node for text in _strings(value)]
    return [node] if isinstance(node, str) else []


def test_paths_are_one_trace_with_gaps():
    (trace,) = chart(figures.geodesics(PATHS)).data
    gap = np.flatnonzero(np.isnan(trace.x))
    assert gap.tolist() == [3] and np.isnan(trace.y[3])
    np.testing.assert_array_equal(np.column_stack([trace.x[:3], trace.y[:3]]), PATHS[0])
    np.testing.assert_array_equal(np.column_stack([trace.x[4:], trace.y[4:]]), PATHS[1])
    assert line("fisher").items() <= trace.line.to_plotly_json().items()
    assert trace.line.simplify is False, "no point is dropped"


def test_paths_of_different_length_and_none():
    (trace,) = chart(figures.geodesics([PATHS[0], PATHS[1][:2]])).data
    assert np.isnan(trace.x).sum() == 1 and len(trace.x) == 6
    assert len(chart(figures.geodesics([], label="none")).data[0].x) == 0


def test_a_path_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(m, 2\), not \(4, 3\)"):
        figures.geodesics([np.ones((4, 3))])


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(-0.9, 0.9), st.floats(0.01, 3))
def test_ellipses_lie_at_their_radius(first, second, correlation, radius):
    off = correlation * np.sqrt(first * second)
    g = np.array([[first, off], [off, second]])
    (trace,) = chart(figures.metric_ellipses([[1, 2]], [g], radius)).data
    v = np.column_stack([trace.x, trace.y]) - [1, 2]
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", v, g, v), radius**2, rtol=1e-9)
    np.testing.assert_allclose(v[0], v[-1], atol=1e-12)


def test_an_indefinite_metric_has_no_ellipse():
    with pytest.raises(ValueError, match="not positive definite"):
        figures.metric_ellipses([[0, 0]], [[[1, 2], [2, 1]]])


def test_descent_paths_keep_role_and_order():
    roles = ["fisher", "euclid"]
    data = chart(figures.descent_paths(PATHS, roles, ["natural", "plain"])).data
    for curve, end, path, role in zip(data[::2], data[1::2], PATHS, roles, strict=True):
        np.testing.assert_array_equal(np.column_stack([curve.x, curve.y]), path)
        assert line(role).items() <= curve.line.to_plotly_json().items()
        assert (end.x[0], end.y[0]) == tuple(path[-1])


def test_a_role_is_needed_for_each_descent():
    with pytest.raises(ValueError, match="zip"):
        chart(figures.descent_paths(PATHS, ["fisher"]))


def test_densities_are_the_rows_given():
    rows = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]])
    figure = chart(figures.densities([0, 1, 2], rows, roles=("fisher", "e"), labels=("p", "q")))
    for trace, row, role in zip(figure.data, rows, ("fisher", "e"), strict=True):
        np.testing.assert_array_equal(trace.y, row)
        assert trace.line.color == colour(role)
    assert [(note.text, note.x, note.y) for note in figure.layout.annotations] == [("p", 1, 0.7), ("q", 0, 0.5)]


def test_discrete_densities_are_bars():
    (trace,) = chart(figures.densities([0, 1], [0.25, 0.75], discrete=True)).data
    assert isinstance(trace, go.Bar)
    np.testing.assert_array_equal(trace.y, [0.25, 0.75])


def test_curvature_is_not_transposed():
    K = np.arange(15.0).reshape(5, 3)
    (trace,) = chart(figures.curvature(X, Y, K)).data
    np.testing.assert_array_equal(trace.z, K)
    assert (trace.x.size, trace.y.size) == K.shape[::-1]
    with pytest.raises(ValueError, match=r"\(3, 5\)"):
        figures.curvature(X, Y, K.T)


def test_the_library_s_own_map_is_drawn_the_right_way_round():
    """On axes of equal length a transposed map would raise nothing."""
    metric = fimviz.fisher_metric(fimviz.CATALOG["gamma"])
    shape, rate = np.linspace(0.5, 8, 5), np.linspace(1, 2, 5)
    (trace,) = chart(figures.curvature(shape, rate, fimviz.curvature_map(metric, shape, rate))).data
    for j, i in np.ndindex(5, 5):
        assert trace.z[j, i] == pytest.approx(metric.gaussian_curvature([trace.x[i], trace.y[j]]), rel=1e-9)


def test_both_signs_put_zero_in_the_middle():
    (trace,) = chart(figures.curvature(X, Y, np.outer(Y, [-3, 0, 1]))).data
    assert (trace.zmin, trace.zmax) == (-6, 6)
    assert [list(stop) for stop in trace.colorscale] == ramp(signed=True)
    assert trace.colorscale[4] == (0.5, tokens()["ramps"]["vik"][4])


def test_one_sign_is_cividis():
    K = np.linspace(-2, -1, 15).reshape(5, 3)
    K[0, 0] = np.nan
    (trace,) = chart(figures.curvature(X, Y, K)).data
    assert [stop[1] for stop in trace.colorscale] == tokens()["ramps"]["cividis"]
    assert (trace.zmin, trace.zmax) == (np.nanmin(K), np.nanmax(K))


def test_rounding_is_not_drawn_as_a_pattern():
    noise = 1e-13 * np.arange(-7, 8).reshape(3, 5)
    assert figures.span(noise)[2] is False
    low, high, signed = figures.span(-0.5 + noise)
    assert high - low > 0.4 and not signed
    assert figures.span([np.nan, np.inf]) == (-1.0, 1.0, False)


def test_matrices_share_a_scale_and_start_on_top():
    values = np.array([[1.0, -2.0], [0.0, 0.5]])
    figure = chart(figures.matrix(values, limit=4))
    np.testing.assert_array_equal(figure.data[0].z, values)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-4, 4)
    assert figure.layout.yaxis.autorange == "reversed"


def test_losses_are_labelled_where_they_end():
    losses = [np.array([1, 0.1, 0.0]), np.array([1, 0.5])]
    figure = chart(figures.loss_curves(losses, ["natural", "plain"], ["fisher", "euclid"], target=1e-3))
    for trace, loss in zip(figure.data, losses, strict=True):
        np.testing.assert_array_equal(trace.x, np.arange(len(loss)))
        np.testing.assert_array_equal(trace.y, loss)
    assert figure.layout.yaxis.type == "log"
    notes = {note.text: (note.x, note.y) for note in figure.layout.annotations}
    assert notes["natural"] == (1, pytest.approx(-1)), "the last loss a logarithm can show"
    assert notes["plain"] == (1, pytest.approx(np.log10(0.5)))
    assert notes["target 0.001"][1] == pytest.approx(-3)
    assert figure.layout.shapes[0].y0 == 1e-3


def test_losses_on_a_linear_axis():
    figure = chart(figures.loss_curves([[1, 0]], ["a"], ["e"], log_y=False, target=None))
    assert (figure.layout.yaxis.type, figure.layout.shapes) == ("linear", ())
    assert figure.layout.annotations[0].y == 0


def test_equal_axes_share_a_unit():
    axis = chart(equal=True, x_label="mean μ", y_label="spread σ").layout.yaxis
    assert (axis.scaleanchor, axis.scaleratio, axis.title.text) == ("x", 1, "spread σ")
