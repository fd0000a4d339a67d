"""Which models can n data points not tell apart? Ellipse, ball, cloud and bound on top of each other."""

from typing import Any

from fimviz import checks, ui
from fimviz.stage import cells, clouds, formula, scene

FIELDS = {
    "family": ui.FamilyField("normal", ui.families(), typed=3),
    "chart": ui.ChartField(ui.charts_on_paper),
    "theta": ui.PointField(lambda family: (0, 1.08) if family.slug == "normal" else family.default.tolist()),
    "n": ui.NumberField(20, 4, 1000, whole=True, by_family=scene.observations),
    "show": ui.SetField(("tiles", "cloud", "from", "to", "fan", "coarse"), ("tiles", "cloud", "from")),
    "cells": ui.NumberField(2, 2, 60, whole=True),
    "shrink": ui.NumberField(1, 0.1, 1),
    "seed": ui.NumberField(7, 0, 9999, whole=True),
}
PRESETS = {
    "start": {},
    "four": {"theta": (0, 1), "n": 4, "show": ["cloud", "from", "to"]},
    "twice": {"theta": (0, 2.16)},
    "tilted": {"family": "beta", "theta": (8, 8)},
    "untilt": {"family": "beta", "theta": (8, 8), "chart": "mean, log concentration"},
    "below": {"theta": (0.2, 1), "n": 10, "shrink": 0.5, "show": ["cloud"]},
    "sign": {"theta": (0, 1), "show": ["cloud", "coarse"]},
}
BEATS = [
    {"show": ["cloud"]},
    {"show": ["cloud", "from"]},
    {"theta": (0, 1), "n": 4, "show": ["cloud", "from", "to"]},
    {"theta": (0, 1), "n": 200, "show": ["cloud", "from", "to"]},
    PRESETS["tilted"],
    PRESETS["untilt"],
]

page = ui.Page("ellipses", FIELDS, PRESETS, BEATS)
family, chart, words = page.family, page["chart"], page.words
radius, level = scene.radius(family, "n"), scene.level(family, "n")
one, coarse = family.dimension == 1, page.shows("coarse") and not family.support.vector
name, glyph, label = scene.reading(family, chart)

computed = [
    {"id": "ellipse", "verb": "ellipse", "at": "theta", "radius": radius},
    {"id": "fan", "verb": "fan", "at": "theta", "count": 48, "length": radius, "when": "fan"},
]
computed += [
    {"id": d, "verb": "klball", "at": "theta", "level": level, "direction": d, "when": d} for d in ("from", "to")
]


def on_paper(shown: Any, tiles: list) -> list[dict]:
    """The marks of a picture with two coordinates; of an ellipsoid, its section and its shadow."""
    ellipse = {"kind": "ellipse", "of": "ellipse", "role": "fisher", "id": "ellipse"}
    outlines = [{**ellipse, "hero": True, "label": words["ellipse"]}]
    if family.dimension > 2:
        section = {**ellipse, "section": True, "id": "section", "hero": True, "label": words["section"]}
        outlines = [{**ellipse, "thin": True, "label": words["shadow"]}, section]
    cut = {"slice": "theta"} if family.dimension > 2 else {}
    return [
        {"kind": "tiling", "points": tiles, "radius": radius, "role": "fisher", "when": "tiles", **cut},
        clouds.mark(family, page.values, shown),
        {"kind": "fan", "of": "fan", "role": "fisher", "when": "fan"},
        {"kind": "fan", "of": "fan", "rim": True, "role": "muted", "when": "fan", "label": words["fan"]},
        {"kind": "ball", "of": "from", "role": "euclid", "when": "from", "id": "from", "label": words["from"]},
        {"kind": "ball", "of": "to", "role": "e", "when": "to", "id": "to", "label": words["to"]},
        *outlines,
        {"kind": "handle", "value": "theta", "label": "θ", "name": words["handle"]},
    ]


def on_a_line(shown: Any, tiles: list, balls: list[tuple[str, str]]) -> list[dict]:
    """The marks of rulers: the tiling, θ with its interval, and the balls that are shown."""
    interval = {"radius": radius, "role": "fisher"}
    own = {"kind": "interval", "at": "theta", "hero": True, "id": "ellipse", "row": 1, "label": words["interval"]}
    return [
        {"kind": "intervals", "points": tiles, "row": 0, "when": "tiles", **interval},
        {**clouds.mark(family, page.values, shown), "row": 1},
        {**own, **interval},
        *(
            {"kind": "ball", "of": k, "role": r, "when": k, "id": k, "label": words[k], "row": i, "label_side": "above"}
            for i, (k, r) in enumerate(balls, 2)
        ),
        {"kind": "handle", "value": "theta", "label": "θ", "name": words["handle"], "row": 1},
    ]


def by_cell() -> tuple[list[dict], list[dict]]:
    """What is computed and drawn of the ellipse that is left when only cells are recorded."""
    if not coarse:
        return [], []
    said = {"role": "m", "id": "coarse", "label": words["by_cell"], "row": 1, "when": "coarse"}
    found, mark = cells.drawn(family, page["theta"], page["cells"], radius, **said)
    return [found], [mark]


def pictures(shown: Any, square: float, more: list) -> list[dict]:
    """The panels, with a tiling by ellipses of this squared radius."""
    tiles = scene.tiles(family, chart, square, scene.held(family, chart, page["theta"]))
    if one:
        balls = [kind for kind in [("from", "euclid"), ("to", "e")] if page.shows(kind[0])]
        marks = [*more, *on_a_line(shown, tiles, balls)]
        return [scene.ruler(family, chart, marks, rows=2 + len(balls), points=(page["theta"],))]
    return scene.planes(family, chart, [*more, *on_paper(shown, tiles)], points=(page["theta"],), scaled="equal")


row = {
    "label": words["row_density_1" if one else "row_density"],
    "role": "fisher",
    "point": "theta",
    "rim": "ellipse",
    "count": 2 if one else 10,
}
shape = words["interval_word" if one else "ellipse_word"]


@page.body
def body() -> None:
    shown, square = clouds.estimates(family, page.values), scene.square(family, page["n"])
    more, marks = by_cell()
    side = scene.densities(family, [row]) | ({"ticks": cells.ticks(family, page["cells"])} if coarse else {})
    found = checks.cloud(family, chart, page["theta"], shown, square)
    page.stage(
        {
            **scene.base(family, scene.charts(family, chart)),
            "computed": computed + more,
            "panels": [*pictures(shown, square, marks), side],
            "controls": [
                {"value": "n", "label": words["n"], "min": 4, "max": 1000, "log": True, "integer": True},
                *([cells.control(words["cells"])] if coarse else []),
                *scene.slices(family, chart, {"theta": words["held"]}),
            ],
            "scrubber": None,
            "predict": page.prediction(then={"n": 80}) if page.at_preset("start") else None,
            "formula": formula.scene(
                family,
                chart,
                {f"max {glyph}": ("top", f"{{ellipse.max_{name}:.2f}}", "fisher")},
                **formula.QUADRATIC_KL,
            ),
            "sentence": words["sentence"].format(
                model=scene.model_in_words(family, "theta"), shape=shape, label=label or glyph, name=name
            ),
        },
        checks=[*checks.metric(family), found],
    )
    caption = words["caption_normal"] if page.at_preset("start") else ""
    if family.dimension > 2:
        ui.space(page, family, chart, ui.space_about(family, chart, page["theta"], square, shown))
    kept = words["no_cells"] if page.shows("coarse") else ""
    kept = (
        cells.in_words(family, page["theta"], page["cells"], words["kept_one" if one else "kept"]) if coarse else kept
    )
    page.note(caption, kept, scene.slice_in_words(family, chart, words["slice"]))
