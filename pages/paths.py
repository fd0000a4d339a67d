"""What lies halfway between two distributions? Three straight lines, and what they disagree about."""

from fimviz import checks, ui
from fimviz.stage import formula, game, scene

CHARTS = ui.charts_on_paper
FIELDS = {
    "family": ui.FamilyField("normal", ui.families(), typed=3),
    "chart": ui.ChartField(CHARTS),
    "A": ui.PointField(lambda family: scene.pair(family)[0]),
    "B": ui.PointField(lambda family: scene.pair(family)[1]),
    "t": ui.NumberField(0.5, 0, 1),
    "show": ui.SetField(("fr", "m", "e", "discs", "ghost", "fan", "cost", "game"), ("fr", "m", "e", "discs", "ghost")),
    "n": ui.NumberField(8, 1, 200, whole=True),
    "seed": ui.NumberField(7, 0, 9999, whole=True),
}
ALL = list(FIELDS["show"].start)
PRESETS = {
    "peaks": {},
    "mean": {"A": (0, 0.5), "B": (0, 2)},
    "small": {"A": (0, 0.1), "B": (1, 0.1)},
    "outcomes": {"family": "categorical"},
    "certainty": {"family": "categorical", "A": (1 - 2e-6, 1e-6), "B": (1e-6, 1e-6), "show": ["fr", "m", "ghost"]},
    "schedule": {"family": "exponential", "A": (0.2,), "B": (5,), "show": ["fr", "m", "e", "cost"]},
    "game": {"A": (-0.5, 1), "B": (0.5, 1.5), "show": ["fr", "game"]},
    "swelling": {
        "family": "bivariate_normal",
        "chart": "log area, log ratio, artanh rho",
        "A": (2, 0.5, 0),
        "B": (0.5, 2, 0),
        "show": ["fr", "m", "e"],
    },
}
BEATS = [
    {"show": []},
    {"show": ["e"]},
    {"show": ["e", "fr"]},
    {"show": ["e", "fr", "m"]},
    {"show": ALL},
    {"family": "categorical", "show": ALL},
]

page = ui.Page("paths", FIELDS, PRESETS, BEATS, seeded=lambda values: "game" in values["show"])
family, chart, words = page.family, page["chart"], page.words
exponential = family.exponential_form is not None
# a typed family has expectations, but nobody has declared the way back from natural coordinates
kinds = ["fr", *(["m"] if exponential else []), *(["e"] if exponential and family.natural else [])]
name, glyph, label = scene.reading(family, chart)
roles = {"fr": "fisher", "m": "m", "e": "e"}

computed = [{"id": "fr", "verb": "connect", "from": "A", "to": "B"}]
straight = {"m": "expectation", "e": "natural"}
computed += [
    {"id": k, "verb": "affine", "in": straight[k], "from": "A", "to": "B", "when": k} for k in kinds if k in straight
]
computed += [{"id": f"at_{k}", "verb": "at", "path": k, "t": "t", "when": k} for k in kinds]
computed += [{"id": "middle", "verb": "at", "path": "fr", "t": 0.5}]
computed += [{"id": "fan", "verb": "fan", "at": "A", "count": 48, "length": "fr.length", "when": "fan"}]
computed += scene.schedules() if page.shows("cost") else []
playing = page.shows("game") and not family.support.vector
computed += game.computed() if playing else []
length = formula.scene(family, chart, {"d(A, B)": ("distance", "{fr.length:.2f}", "fisher")})


def path(kind: str, row: int | None = None) -> list[dict]:
    """The marks of one path: the line with its ticks, and the dot at t with its label."""
    place = {} if row is None else {"row": row}
    line = {
        "kind": "path" if row is None else "track",
        "of": kind,
        "role": roles[kind],
        "when": kind,
        "id": kind,
        "hero": kind == "fr",
        "ticks": 0 if kind == "fr" and row is None else 7,
    }
    text = f"{words[kind]} {glyph} = {{at_{kind}.{name}:.2f}}"
    return [
        {**line, **place},
        {"kind": "dot", "at": f"at_{kind}", "role": roles[kind], "when": kind, "label": text, **place},
    ]


handles = [
    {"kind": "handle", "value": "A", "label": "A", "name": words["handle_a"], "label_side": "left"},
    {"kind": "handle", "value": "B", "label": "B", "name": words["handle_b"], "label_side": "right"},
]


def pictures() -> list[dict]:
    """The panels: their windows hold A and B."""
    if family.dimension == 1:
        rows = [mark for row, kind in enumerate(kinds) for mark in path(kind, row)]
        return [scene.ruler(family, chart, rows + handles, rows=len(kinds), points=(page["A"], page["B"]))]
    quiet = [
        {"kind": "fan", "of": "fan", "role": "fisher", "when": "fan"},
        {
            "kind": "discs",
            "along": "fr",
            "count": 5,
            "role": "fisher",
            "when": ["fr", "discs"],
            "radius": {"op": "div", "args": ["fr.length", 17]},
        },
    ]
    marks = quiet + [mark for kind in reversed(kinds) for mark in path(kind)] + handles
    return scene.planes(family, chart, marks, points=(page["A"], page["B"]), scaled="round")


ghost = [{"mixture": ["A", "B"], "weight": 0.5, "role": "data", "when": "ghost", "label": words["row_ghost"]}]
rows = [
    {
        "label": words[k],
        "role": roles[k],
        "path": k,
        "ghosts": 7,
        "at": "t",
        "when": k,
        "extra": ghost if k == "m" else [],
    }
    for k in kinds
]


def shown() -> dict:
    """What belongs to the paths, or to the game: the side view, the controls, the card and the formula."""
    if playing:
        n = {"value": "n", "label": words["n"], "min": 1, "max": 200, "log": True, "integer": True}
        side = game.panel(family, page.values, words["rows_game"])
        card, row = game.card(family, page.values, words["game"]), game.formula(family, chart)
        return {"panels": [*pictures(), side], "controls": [n], "scrubber": None, "predict": card, "formula": row}
    return {
        "panels": [*pictures(), scene.densities(family, rows)],
        "controls": scene.slices(family, chart, {"A": words["slice_a"], "B": words["slice_b"]}),
        "scrubber": {"value": "t", "from": "A", "to": "B", "caption": words["scrubber"], "play": True},
        "predict": page.prediction(then={"A": [-3, 0.1], "B": [3, 0.1]}) if page.at_preset("peaks") else None,
        "formula": formula.schedule(exponential) if page.shows("cost") else length,
    }


@page.body
def body() -> None:
    page.stage(
        {
            **scene.base(family, scene.charts(family, chart)),
            "computed": computed,
            **shown(),
            "sentence": words["sentence"].format(
                model_a=scene.model_in_words(family, "A"),
                model_b=scene.model_in_words(family, "B"),
                label=label or glyph,
                name=name,
            ),
        },
        checks=[*checks.metric(family), *checks.path("fr")],
    )
    if family.dimension > 2:
        ui.space(
            page,
            family,
            chart,
            ui.space_between(family, chart, page["A"], page["B"], [k for k in kinds if page.shows(k)]),
        )
    missing = words["missing"].format(title=family.title) if not exponential else ""
    none = words["no_game"] if page.shows("game") and not playing else ""
    page.note(missing, none, scene.slice_in_words(family, chart, words["slice"]))
