"""Which way is down? One objective, several coordinate systems, one natural gradient."""

from typing import Any

from fimviz import checks, figures, gradient, ui
from fimviz.families import CATALOG
from fimviz.stage import formula, scene

FIELDS = {
    "family": ui.FamilyField("normal", ui.families(descent=True)),
    "chart": ui.ChartField(ui.descent_charts),
    "start": ui.PointField(lambda family: (-1.5, 2.0) if family.slug == "normal" else scene.far_point(family)),
    "target": ui.PointField(lambda family: (1.5, 0.5) if family.slug == "normal" else family.default.tolist()),
    "step": ui.NumberField(0.1, 0.01, 1.5),
    "damping": ui.NumberField(0, 0, 1),
    "show": ui.SetField(("plain", "all", "natural"), ("plain", "all", "natural")),
}
PRESETS = {
    "six": {},
    "one": {"chart": "expectation", "step": 1, "show": ["natural"]},
    "small": {"step": 0.5, "show": ["natural", "all"]},
}
BEATS = [
    {"show": ["plain"]},
    {"chart": "mu, log sigma", "show": ["plain"]},
    {"show": ["plain", "all"]},
    {"show": ["plain", "all", "natural"]},
    PRESETS["one"],
]

page = ui.Page("descent", FIELDS, PRESETS, BEATS)
family, chart, words = CATALOG[page["family"]], page["chart"], page.words
charts = scene.descent_charts(family)
said = {key: ui.chart_label(family)(key) for key in charts}
common = {"verb": "descend", "start": "start", "target": "target", "step": "step", "stop": gradient.STOP, "max": 1600}
computed = [
    {"id": f"plain{i}", "chart": key, "rule": "plain", "when": "all" if key != chart else "plain", **common}
    for i, key in enumerate(charts)
]
computed += [{"id": "natural", "chart": chart, "rule": "natural", "damping": "damping", **common}]
marks = []
# the other coordinate systems first and thin, the chosen one last and named
one = family.dimension == 1
for i, key in sorted(enumerate(charts), key=lambda pair: pair[1] == chart):
    named = {"label": words["plain"].format(chart=said[key])} if one or key == chart else {"thin": True}
    when = "plain" if key == chart else "all"
    marks.append(
        {"kind": "descent", "of": f"plain{i}", "role": "euclid", "id": f"plain{i}", "when": when, "row": i + 1, **named}
    )
marks += [
    {
        "kind": "descent",
        "of": "natural",
        "role": "fisher",
        "hero": True,
        "id": "natural",
        "label": words["natural"],
        "when": "natural",
        "row": 0,
    },
    {"kind": "point", "value": "target", "label": words["target"], "row": 0},
    {"kind": "handle", "value": "start", "label": words["start"], "name": words["handle"], "row": 0},
]


def picture() -> dict:
    """The panel: its window holds both ends, its bands belong to the target."""
    ends = (page["start"], page["target"])
    if one:
        return scene.ruler(family, chart, marks, rows=len(charts) + 1, points=ends)
    bands = {"kind": "bands", "target": "target", "levels": scene.levels(family, page["target"])}
    return scene.plane(family, scene.drawn_chart(family, chart), [bands, *marks], points=ends)


def runs() -> tuple[dict[str, gradient.Descent], gradient.Descent]:
    """The plain run in every chart, and the natural one."""
    ends, options = (page["start"], page["target"]), {"step": page["step"], "most": 400}
    plain = {key: gradient.descend(family, *ends, chart=key, **options) for key in charts}
    natural = gradient.descend(family, *ends, chart=chart, rule="natural", damping=page["damping"], **options)
    return plain, natural


def curves(plain: dict[str, gradient.Descent], natural: gradient.Descent) -> Any:
    """The losses of every run against its steps."""
    names, roles = [*said.values(), words["natural"]], ["euclid"] * len(charts) + ["fisher"]
    drawn = figures.loss_curves([run.losses for run in (*plain.values(), natural)], names, roles, target=gradient.STOP)
    labels = {"x_label": words["loss_x"], "y_label": words["loss_y"], "alt": words["loss_title"]}
    return figures.chart(drawn, theme=ui.theme(), **labels)


@page.body
def body() -> None:
    with ui.split() as (left, right):
        with left:
            page.stage(
                {
                    **scene.base(family, {"main": scene.drawn_chart(family, chart)}),
                    "descents": scene.descents(family),
                    "computed": computed,
                    "panels": [picture()],
                    "controls": [
                        {"value": "step", "label": words["step"], "min": 0.01, "max": 1.5, "log": True},
                        {"value": "damping", "label": words["damping"], "min": 0, "max": 1},
                        *scene.slices(family, scene.drawn_chart(family, chart), {"start": words["held"]}),
                    ],
                    "predict": page.prediction(then={"chart": "mu, precision"}) if page.at_preset("six") else None,
                    "formula": formula.natural_step(),
                    "sentence": words["sentence"].format(model=scene.model_in_words(family, "start")),
                },
                checks=checks.metric(family),
            )
        with right:
            plain, natural = runs()
            ui.figure(curves(plain, natural), page)
    if family.dimension > 2:
        seen = [(plain[chart], "euclid"), (natural, "fisher")]
        ui.space(page, family, chart, ui.space_of_runs(family, chart, page["target"], seen))
    page.note(scene.slice_in_words(family, chart, words["slice"]))
