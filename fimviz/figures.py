"""Plotly figures from arrays: a chart is axes plus marks, and a mark takes arrays and role names only.

    figure = chart(curvature(x, y, K), geodesics(paths), x_label="mean μ", y_label="spread σ", alt="…")
    st.plotly_chart(figure, theme=None, config=CONFIG, alt=figure.layout.meta["alt"])

What is dragged belongs to the stage; this is for what is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from fimviz.theme import Theme, colour, line, ramp, rgba, template, tokens

Array = NDArray[Any]
#: A mark draws itself in a theme: traces, annotations and shapes, and dicts of layout it needs (a log axis).
Mark = Callable[[Theme], list[Any]]

#: `config` of st.plotly_chart: no mode bar, and the wheel scrolls the page.
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showTips": False}


def chart(
    *marks: Mark,
    theme: Theme = "light",
    x_label: str = "",
    y_label: str = "",
    equal: bool = False,
    alt: str = "",
    height: int = 420,
) -> go.Figure:
    """A figure with the marks in drawing order; `equal` gives both axes one unit, `alt` is its description.

    The description is in `layout.meta["alt"]`, since Plotly's own picture has no accessible name.
    """
    axes = {"xaxis": {"title": {"text": x_label}}, "yaxis": {"title": {"text": y_label}}}
    if equal:
        axes["yaxis"] |= {"scaleanchor": "x", "scaleratio": 1}
    # uirevision: zoom and camera survive a rerun
    layout = {"template": template(theme), "height": height, "meta": {"alt": alt}, "uirevision": "kept", **axes}
    parts = [part for mark in marks for part in mark(theme)]
    return _figure(parts, layout)


def _figure(parts: Sequence[Any], layout: dict[str, Any]) -> go.Figure:
    """All parts at once: adding them one by one makes Plotly copy and check the whole each time."""
    lists: dict[type, list[Any]] = {go.layout.Annotation: [], go.layout.Shape: []}
    traces: list[Any] = []
    more: list[Any] = []
    for part in parts:
        lists.get(type(part), more if isinstance(part, dict) else traces).append(part)
    layout |= {"annotations": lists[go.layout.Annotation], "shapes": lists[go.layout.Shape]}
    figure = go.Figure(data=traces, layout=layout)
    for part in more:
        figure.update_layout(part)
    return figure


def projected(figure: go.Figure, height: int = 620) -> go.Figure:
    """The same figure for a projector: letters and lines of the tokens' larger sizes."""
    small, large = tokens()["size"]["laptop"], tokens()["size"]["projector"]
    scale = large["axis_text"] / small["axis_text"]
    axis = {"tickfont": {"size": large["axis_text"]}, "title": {"font": {"size": large["axis_text"]}}}
    figure.update_layout(height=height, font={"size": large["label"]}, margin={"l": 110, "r": 24, "t": 16, "b": 90})
    figure.update_xaxes(**axis).update_yaxes(**axis)
    figure.for_each_trace(lambda trace: trace.update(line={"width": scale * trace.line.width}), selector=_is_line)
    return figure


def _is_line(trace: Any) -> bool:
    return trace.type == "scatter" and trace.mode == "lines" and trace.line.width is not None


def geodesics(paths: Iterable[ArrayLike], role: str = "fisher", label: str = "") -> Mark:
    """Paths, (n, m, 2) or a list of (m, 2), as one trace with gaps; the label sits at the last path's middle."""
    curves = [_points(path) for path in paths]
    joined = _joined(curves)

    def mark(theme: Theme) -> list[Any]:
        middle = curves[-1][len(curves[-1]) // 2] if curves else None
        return [_curve(joined, line(role, theme)), *_label(label, middle, role, theme, yshift=12)]

    return mark


def metric_ellipses(
    centres: ArrayLike, matrices: ArrayLike, radius: float = 1.0, role: str = "fisher", label: str = ""
) -> Mark:
    r"""Metric ellipses \(\{c + v : v^T g v = r^2\}\); centres (n, 2), matrices g (n, 2, 2), one trace.

    Raises ValueError where a matrix is not positive definite.
    """
    middles = np.atleast_2d(np.asarray(centres, float))
    outlines = [middle + ellipse(g, radius) for middle, g in zip(middles, np.asarray(matrices, float))]
    joined = _joined(outlines)

    def mark(theme: Theme) -> list[Any]:
        style = line(role, theme) | {"width": tokens()["size"]["laptop"]["thin"]}
        filled = _curve(joined, style).update(fill="toself", fillcolor=rgba(role, 0.06, theme))
        top = outlines[-1][np.argmax(outlines[-1][:, 1])] if outlines else None
        return [filled, *_label(label, top, role, theme, yshift=10)]

    return mark


def ellipse(g: Array, radius: float, count: int = 96) -> Array:
    r"""The closed curve \(v = r L^{-T} u\), u on the unit circle and \(g = L L^T\): (count + 1, 2)."""
    try:
        lower = np.linalg.cholesky(g)
    except np.linalg.LinAlgError:
        raise ValueError(f"Metric {np.asarray(g).tolist()} is not positive definite: it has no ellipse.") from None
    angle = np.linspace(0, 2 * np.pi, count + 1)
    return radius * np.linalg.solve(lower.T, [np.cos(angle), np.sin(angle)]).T


def descent_paths(paths: Iterable[ArrayLike], roles: Sequence[str], labels: Sequence[str] = ()) -> Mark:
    """One path (m, 2) per role, with a dot where it ends; its label sits there."""
    curves = [_points(path) for path in paths]
    names = [*labels, *[""] * (len(curves) - len(labels))]

    def mark(theme: Theme) -> list[Any]:
        parts: list[Any] = []
        for curve, role, name in zip(curves, roles, names, strict=True):
            parts += [_curve(curve, line(role, theme)), _dots(curve[-1:], role, theme)]
            parts += _label(name, curve[-1], role, theme, xshift=8, xanchor="left")
        return parts

    return mark


def points(xy: ArrayLike, role: str = "data", label: str = "", size: float = 7) -> Mark:
    """Dots at (n, 2); the label sits beside the last."""
    dots = _points(xy)

    def mark(theme: Theme) -> list[Any]:
        last = dots[-1] if len(dots) else None
        return [_dots(dots, role, theme, size), *_label(label, last, role, theme, xshift=8, xanchor="left")]

    return mark


def scaling(x: ArrayLike, y: ArrayLike, slope: float, label: str = "", reference: str = "") -> Mark:
    """Points (x, y) on log–log axes, and dashed the line of that slope through the last of them."""
    dots = _points(np.column_stack([x, y]))
    ends = dots[[0, -1], 0]
    line_of_slope = np.column_stack([ends, dots[-1, 1] * (ends / ends[-1]) ** slope])

    def mark(theme: Theme) -> list[Any]:
        axis = {"type": "log", "dtick": 1, "exponentformat": "power"}
        middle = (np.log10(dots[len(dots) // 2]), np.log10(line_of_slope[0]))
        return [
            {"xaxis": axis, "yaxis": axis},
            _curve(line_of_slope, line("euclid", theme)),
            _curve(dots, line("fisher", theme)),
            _dots(dots, "fisher", theme),
            *_label(label, middle[0], "fisher", theme, xshift=10, yshift=14, xanchor="left"),
            *_label(reference, middle[1], "euclid", theme, xshift=8, yshift=-16, xanchor="left"),
        ]

    return mark


def densities(
    x: ArrayLike,
    ys: ArrayLike,
    roles: Sequence[str] = ("fisher",),
    labels: Sequence[str] = (),
    fill: bool = False,
    discrete: bool = False,
) -> Mark:
    """Densities ys, (k, n) or (n,), over x; roles repeat, a label sits over its peak, discrete draws bars."""
    at = np.asarray(x, float)
    rows = np.atleast_2d(np.asarray(ys, float))
    names = [*labels, *[""] * (len(rows) - len(labels))]

    def mark(theme: Theme) -> list[Any]:
        parts: list[Any] = [{"yaxis": {"rangemode": "tozero"}}]
        for i, (row, name) in enumerate(zip(rows, names)):
            role = roles[i % len(roles)]
            parts.append(_bars(at, row, role, theme) if discrete else _density(at, row, role, theme, fill))
            peak = int(np.nanargmax(row))
            parts += _label(name, (at[peak], row[peak]), role, theme, yshift=12)
        return parts

    return mark


def curvature(x: ArrayLike, y: ArrayLike, K: ArrayLike, label: str = "K") -> Mark:
    """A heat map of K[j, i] at (x[i], y[j]): shape (len(y), len(x)) as `field.curvature_map` gives it, NaN where
    there is nothing to say.

    Values of both signs get a diverging map with zero in its middle, values of one sign cividis.
    """
    across, up, values = (np.asarray(array, float) for array in (x, y, K))
    if values.shape != (up.size, across.size):
        raise ValueError(f"K has shape {values.shape}, but y and x ask for {(up.size, across.size)}: one row a y.")
    low, high, signed = span(values)

    def mark(theme: Theme) -> list[Any]:
        scale = {"colorscale": ramp(signed, theme), "zmin": low, "zmax": high}
        hover = f"%{{x:.3g}}, %{{y:.3g}}: {label} = %{{z:.3g}}<extra></extra>"
        bar = {"colorbar": {"title": {"text": label}}, "hovertemplate": hover}
        return [go.Heatmap(x=across, y=up, z=values, **scale, **bar)]

    return mark


def span(values: ArrayLike) -> tuple[float, float, bool]:
    """Limits of a colour scale and whether it is signed: then they are opposite, so that zero is its middle.

    Rounding about a constant is not shown as a pattern: a flat field gets limits wider than its noise.
    """
    array = np.asarray(values, float)
    finite = array[np.isfinite(array)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    size = max(abs(low), abs(high))
    noise = max(1e-9 * size, 1e-9)
    if low < -noise and high > noise:
        return -size, size, True
    if high - low <= noise:
        margin = 0.5 * size or 1.0
        return low - margin, high + margin, False
    return low, high, False


def matrix(values: ArrayLike, limit: float | None = None, label: str = "") -> Mark:
    """A matrix as signed squares, first row on top; `limit` lets several matrices share one scale."""
    array = np.asarray(values, float)
    size = limit if limit is not None else float(np.nanmax(np.abs(array))) or 1.0

    def mark(theme: Theme) -> list[Any]:
        hidden = {"visible": False, "constrain": "domain"}
        axes = {"xaxis": hidden, "yaxis": hidden | {"autorange": "reversed", "scaleanchor": "x"}}
        scale = {"colorscale": ramp(True, theme), "zmin": -size, "zmax": size, "showscale": limit is None}
        hover = "row %{y}, column %{x}: %{z:.3g}<extra></extra>"
        return [axes, go.Heatmap(z=array, hovertemplate=hover, colorbar={"title": {"text": label}}, **scale)]

    return mark


def surface(x: ArrayLike, y: ArrayLike, z: ArrayLike, role: str = "fisher") -> Mark:
    """A parametrised surface in space, (n, m) each, in one quiet colour; its lines show the parameters."""
    sheets = {axis: np.asarray(values, float) for axis, values in zip("xyz", (x, y, z), strict=True)}

    def mark(theme: Theme) -> list[Any]:
        tint = tokens()["bands"][theme]
        contour = {"show": True, "color": rgba(role, 0.35, theme), "width": 1}
        sheet = go.Surface(
            **sheets,
            colorscale=[[0, tint[-1]], [1, tint[1]]],
            showscale=False,
            hoverinfo="skip",
            contours={"x": contour, "y": contour} | {"z": contour},
        )
        return [{"scene": _scene()}, sheet]

    return mark


def space_paths(paths: Iterable[ArrayLike], role: str = "fisher") -> Mark:
    """Paths (m, 3) drawn on a surface, as one trace with gaps."""
    joined = _joined([_points(path, 3) for path in paths])

    def mark(theme: Theme) -> list[Any]:
        style = {"color": colour(role, theme), "width": 6}
        x, y, z = joined.T
        return [{"scene": _scene()}, go.Scatter3d(x=x, y=y, z=z, mode="lines", line=style, hoverinfo="skip")]

    return mark


def space_points(xyz: ArrayLike, role: str = "data", labels: Sequence[str] = (), size: float = 5) -> Mark:
    """Dots at (n, 3), each with its label beside it."""
    dots = _points(xyz, 3)

    def mark(theme: Theme) -> list[Any]:
        x, y, z = dots.T
        marker = {"color": colour(role, theme), "size": size}
        words = {"text": list(labels), "textposition": "top center", "textfont": {"color": colour(role, theme)}}
        text = words if labels else {}
        mode = "markers+text" if labels else "markers"
        return [go.Scatter3d(x=x, y=y, z=z, mode=mode, marker=marker, hoverinfo="skip", **text)]

    return mark


def ellipsoid(centre: ArrayLike, g: ArrayLike, radius: float, role: str = "fisher") -> Mark:
    r"""The see-through surface \(\{c + v : v^T g v = r^2\}\), v in three coordinates."""
    lower = np.linalg.cholesky(np.asarray(g, float))
    turn, tilt = np.meshgrid(np.linspace(0, 2 * np.pi, 49), np.linspace(0, np.pi, 25))
    unit = np.stack([np.sin(tilt) * np.cos(turn), np.sin(tilt) * np.sin(turn), np.cos(tilt)])
    v = radius * np.linalg.solve(lower.T, unit.reshape(3, -1))
    x, y, z = (np.asarray(centre, float)[:, None] + v).reshape(unit.shape)

    def mark(theme: Theme) -> list[Any]:
        tint = [[0, colour(role, theme)], [1, colour(role, theme)]]
        look = {"colorscale": tint, "showscale": False, "opacity": 0.25, "hoverinfo": "skip"}
        return [go.Surface(x=x, y=y, z=z, lighting={"ambient": 0.9, "diffuse": 0.2, "specular": 0}, **look)]

    return mark


#: Where a space is seen from: the eye, and what is up; seen from above it is the picture on paper.
VIEWS = {
    "corner": ((1.1, -1.2, 0.9), (0, 0, 1)),
    "above": ((0, 0, 1.7), (0, 1, 0)),
    "side": ((0, -1.7, 0), (0, 0, 1)),
}


def space(labels: Sequence[str], views: Mapping[str, str]) -> Mark:
    """Three axes by their names, without perspective, and a button {view: name} for each of `VIEWS`."""

    def mark(theme: Theme) -> list[Any]:
        cameras = {view: _camera(*VIEWS[view]) for view in views}
        axes = {f"{axis}axis": _space_axis(label, theme) for axis, label in zip("xyz", labels, strict=True)}
        room = {"aspectmode": "cube", "dragmode": "orbit", "camera": next(iter(cameras.values())), **axes}
        buttons = [
            {"label": name, "method": "relayout", "args": [{"scene.camera": cameras[view]}]}
            for view, name in views.items()
        ]
        style = {"bgcolor": colour("page", theme), "bordercolor": colour("hairline", theme), "showactive": False}
        place = {"type": "buttons", "direction": "right", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
        margin = {"l": 0, "r": 0, "t": 44, "b": 0}
        layout = {"scene": room, "updatemenus": [{"buttons": buttons, **style, **place}], "margin": margin}
        return [{**layout, "showlegend": False}]

    return mark


def _camera(eye: Sequence[float], up: Sequence[float]) -> dict[str, Any]:
    vectors = {name: dict(zip("xyz", vector, strict=True)) for name, vector in (("eye", eye), ("up", up))}
    return {**vectors, "projection": {"type": "orthographic"}}


def _space_axis(label: str, theme: Theme) -> dict[str, Any]:
    size = tokens()["size"]["laptop"]["axis_text"]
    text = {"color": colour("axis_text", theme), "size": size}
    lines = {"gridcolor": colour("grid", theme), "linecolor": colour("axis", theme), "zeroline": False}
    back = {"visible": True, "showbackground": False, "showspikes": False}
    return {
        "title": {"text": label, "font": text},
        "tickfont": {**text, "size": 0.75 * size},
        "nticks": 5,
        **lines,
        **back,
    }


def loss_curves(
    losses: Iterable[ArrayLike],
    names: Sequence[str],
    roles: Sequence[str],
    log_y: bool = True,
    target: float | None = 1e-3,
    dashes: Sequence[Sequence[float] | None] = (),
) -> Mark:
    """Loss against step, a curve per name; names stand where curves end, the target is thin.

    Curves of one role and one dash are one trace.
    """
    styles = list(zip(roles, [tuple(dash) if dash else () for dash in dashes] or [()] * len(roles), strict=True))
    curves = [np.asarray(loss, float) for loss in losses]

    def mark(theme: Theme) -> list[Any]:
        decades = {"type": "log", "dtick": 1, "exponentformat": "power"}
        parts: list[Any] = [{"yaxis": decades if log_y else {"type": "linear"}}]
        parts += _target(target, log_y, theme) if target is not None else []
        for style in dict.fromkeys(styles):
            own = [np.column_stack([np.arange(c.size), c]) for c, s in zip(curves, styles, strict=True) if s == style]
            dash = {"dash": ",".join(f"{length:g}px" for length in style[1])} if style[1] else {}
            parts.append(_curve(_joined(own), line(style[0], theme) | dash))
        ends = _shared_ends(curves, names, roles, log_y)
        for i, (at, text, role) in enumerate(ends):
            # names that would stand on each other are stacked
            below = sum(_meet(at, other, ends[-1][0][0]) for other, *_ in ends[:i])
            parts += _label(text, at, role, theme, xshift=6, xanchor="left", yshift=-9 - 18 * below)
        return parts

    return mark


def _shared_ends(
    curves: Sequence[Array], names: Sequence[str], roles: Sequence[str], log_y: bool
) -> list[tuple[tuple[float, float], str, str]]:
    """(where, name, role) of each end; curves of one role that end together share one label."""
    longest = max((c.size for c in curves), default=1)
    found: list[tuple[tuple[float, float], str, str]] = []
    for loss, name, role in zip(curves, names, roles, strict=True):
        end = _end(loss, log_y)
        if end is None or not name:
            continue
        for k, (at, text, other) in enumerate(found):
            if other == role and abs(at[0] - end[0]) < 0.05 * longest and abs(at[1] - end[1]) < 0.5:
                found[k] = (at, f"{text}  ·  {name}", role)
                break
        else:
            found.append((end, name, role))
    return sorted(found)


def _meet(a: tuple[float, float], b: tuple[float, float], longest: float) -> bool:
    """Whether names that start at a and at b would touch."""
    return abs(a[0] - b[0]) < 0.3 * longest and abs(a[1] - b[1]) < 0.4


def _end(loss: Array, log_y: bool) -> tuple[float, float] | None:
    """Where a loss curve is last seen, in the units of an annotation: log10 on a logarithmic axis."""
    seen = np.flatnonzero(np.isfinite(loss) & ((loss > 0) | (not log_y)))
    if not seen.size:
        return None
    value = loss[seen[-1]]
    return float(seen[-1]), float(np.log10(value) if log_y else value)


def _target(value: float, log_y: bool, theme: Theme) -> list[Any]:
    style = {"color": colour("axis", theme), "width": tokens()["size"]["laptop"]["axis"]}
    rule = go.layout.Shape(type="line", xref="paper", x0=0, x1=1, y0=value, y1=value, line=style)
    height = np.log10(value) if log_y else value
    note = _label(f"target {value:g}", (1, height), "muted", theme, xanchor="right", yshift=9)
    return [rule, *(text.update(xref="paper") for text in note)]


def _points(path: ArrayLike, columns: int = 2) -> Array:
    array = np.asarray(path, float)
    if array.ndim != 2 or array.shape[1] != columns:
        raise ValueError(f"A path has shape (m, {columns}), not {array.shape}.")
    return array


def _joined(curves: Sequence[Array]) -> Array:
    """The curves one after the other with a row of NaN between them: one trace is faster than many."""
    if not curves:
        return np.empty((0, 2))
    gap = np.full((1, curves[0].shape[1]), np.nan)
    return np.concatenate([row for curve in curves for row in (curve, gap)][:-1])


def _curve(xy: Array, style: dict[str, Any]) -> go.Scatter:
    exact = style | {"simplify": False}  # Plotly would drop points that it finds to be nearly in line
    return go.Scatter(x=xy[:, 0], y=xy[:, 1], mode="lines", line=exact, connectgaps=False, hoverinfo="skip")


def _dots(xy: Array, role: str, theme: Theme, size: float = 7) -> go.Scatter:
    marker = {"color": colour(role, theme), "size": size}
    return go.Scatter(x=xy[:, 0], y=xy[:, 1], mode="markers", marker=marker, hoverinfo="skip", cliponaxis=False)


def _density(x: Array, y: Array, role: str, theme: Theme, fill: bool) -> go.Scatter:
    curve = _curve(np.column_stack([x, y]), line(role, theme))
    return curve.update(fill="tozeroy", fillcolor=rgba(role, 0.1, theme)) if fill else curve


def _bars(x: Array, y: Array, role: str, theme: Theme) -> go.Bar:
    return go.Bar(x=x, y=y, marker={"color": colour(role, theme)}, width=0.3, hoverinfo="skip")


def _label(text: str, at: Any, role: str, theme: Theme, **place: Any) -> list[go.layout.Annotation]:
    """Text on the line it names, in its colour, with a halo in page colour."""
    if not text or at is None:
        return []
    halo = " ".join(f"{x}px {y}px 2px {colour('page', theme)}," for x in (-1, 0, 1) for y in (-1, 0, 1))
    font = {"color": colour(role, theme), "weight": tokens()["weight"]["label"], "shadow": halo.rstrip(",")}
    place = {"showarrow": False, "xanchor": "center", "yanchor": "middle", **place}
    return [go.layout.Annotation(text=text, x=at[0], y=at[1], font=font, **place)]


def _scene() -> dict[str, Any]:
    bare = {"visible": False}
    return {"xaxis": bare, "yaxis": bare, "zaxis": bare, "aspectmode": "data", "dragmode": "orbit"}
