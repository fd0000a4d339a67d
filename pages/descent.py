"""Which way is down? One objective, several coordinate systems, one natural gradient."""

from typing import Any

from fimviz import checks, figures, gradient, irregular, ui
from fimviz.stage import descents, formula, scene

SHOW = ("plain", "all", "natural", *descents.MORE, "flow", "arrow", "ball", "corrected")
FIELDS = {
    "family": ui.FamilyField("normal", (*ui.families(descent=True), *irregular.SINGULAR)),
    "chart": ui.ChartField(ui.descent_charts),
    "loss": ui.ChoiceField(lambda family: descents.LOSSES, ui.loss_label),
    "start": ui.PointField(lambda family: (-1.5, 2.0) if family.slug == "normal" else descents.far_point(family)),
    "target": ui.PointField(lambda family: (1.5, 0.5) if family.slug == "normal" else family.default.tolist()),
    "step": ui.NumberField(0.1, 0.01, 1.5),
    "damping": ui.NumberField(0, 0, 1),
    "show": ui.SetField(SHOW, SHOW[:3], lambda values: descents.offered(ui.family_of(values), values["loss"])),
}
MIXTURE = {"family": "weighted_mixture", "target": [0.4, 2.5], "damping": 0.001, "show": ["plain", "natural"]}
PRESETS = {
    "six": {},
    "one": {"chart": "expectation", "step": 1, "show": ["natural"]},
    "small": {"step": 0.5, "show": ["natural", "all"]},
    "plateau": {**MIXTURE, "start": [0.8, 0.05], "step": 0.1},
    "magic": {**MIXTURE, "start": [0.15, -0.5], "step": 0.5},
    "scoring": {
        "family": "cauchy",
        "loss": "data",
        "target": [0, 1],
        "start": [-2.5, 2.4],
        "step": 1,
        "show": ["natural", "newton"],
    },
}
BEATS = [
    {"show": ["plain", "arrow"]},
    {"show": ["plain", "arrow", "ball"]},
    {"show": ["plain", "natural", "arrow", "ball", "corrected"]},
    {"show": ["plain", "all", "natural"]},
    PRESETS["one"],
    PRESETS["plateau"],
]

page = ui.Page("descent", FIELDS, PRESETS, BEATS)
family, chart, words = page.family, page["chart"], page.words
names = {key: ui.chart_label(family)(key) for key in descents.charts(family)}
drawn_in = scene.drawn_chart(family, chart)


def picture(goal: descents.Objective, runs: list[descents.Run], more: list[dict]) -> dict:
    """The panel: its window holds both ends, its bands belong to the loss."""
    ends = [
        {"kind": "point", "at": goal.best, "label": words["target"], "row": 0},
        {"kind": "handle", "value": "start", "label": words["start"], "name": words["handle"], "row": 0},
    ]
    marks, points = [*descents.marks(goal, runs), *more, *ends], (page["start"], goal.best)
    if family.dimension == 1:
        return scene.ruler(family, chart, marks, rows=1 + max(run.row for run in runs), points=points)
    return scene.plane(family, drawn_in, [descents.bands(goal, chart), *marks], points=points)


def extras(goal: descents.Objective) -> tuple[list[dict], list[dict]]:
    """(computed, marks) of the flow and the cartoon, where the family has them."""
    offered, found = descents.offered(family, goal.kind), ([], [])
    parts = [descents.flow(goal, words)] if "flow" in offered else []
    parts += [descents.cartoon(goal, chart, FIELDS["start"].default(page.values), words)] if "ball" in offered else []
    for computed, marks in parts:
        found[0].extend(computed)
        found[1].extend(marks)
    return found


def curves(goal: descents.Objective, runs: list[descents.Run], found: list[gradient.Descent]) -> Any:
    """The losses of every run against its steps."""
    lines = [descents.LINES[run.rule] for run in runs]
    drawn = figures.loss_curves(
        [descent.losses for descent in found],
        [names[run.chart] if run.rule == "plain" else run.name for run in runs],
        [line["role"] for line in lines],
        target=gradient.STOP,
        dashes=[line.get("dash") for line in lines],
    )
    labels = {"x_label": words["loss_x"], "y_label": words["loss_y"][goal.kind], "alt": words["loss_title"]}
    return figures.chart(drawn, theme=ui.theme(), **labels)


@page.body
def body() -> None:
    goal = descents.objective(family, page["loss"], page["target"])
    runs = descents.runs(goal, chart, page["show"], names, words)
    computed, marks = extras(goal)
    with ui.split() as (left, right):
        with left:
            page.stage(
                {
                    **scene.base(family, {"main": drawn_in}),
                    "descents": descents.specs(goal, chart, list(names), page["show"]),
                    "computed": [*descents.computed(goal, runs, words), *computed],
                    "panels": [picture(goal, runs, marks)],
                    "controls": [
                        {"value": "step", "label": words["step"], "min": 0.01, "max": 1.5, "log": True},
                        {"value": "damping", "label": words["damping"], "min": 0, "max": 1},
                        *scene.slices(family, drawn_in, {"start": words["held"]}),
                    ],
                    "predict": page.prediction(then={"chart": "mu, precision"}) if page.at_preset("six") else None,
                    "formula": formula.natural_step(),
                    "sentence": words["sentence"].format(model=scene.model_in_words(family, "start")),
                },
                checks=checks.metric(family),
            )
        with right:
            runs = [run for run in runs if page.shows(run.when)] or runs[-1:]
            found = [descents.losses(goal, run, page["start"], page["step"], page["damping"]) for run in runs]
            ui.figure(curves(goal, runs, found), page)
    if family.dimension > 2:
        seen = [(d, descents.LINES[run.rule]["role"]) for run, d in zip(runs, found, strict=True) if run.chart == chart]
        ui.space(page, family, chart, ui.space_of_runs(family, chart, goal.best, seen))
    said = [words["flow"]] if page.shows("flow") and "flow" in descents.offered(family, goal.kind) else []
    said += [] if goal.fits else [words["no_fit"]]
    page.note(*said, scene.slice_in_words(family, chart, words["slice"]))
