"""Where does the formula come from? A derivation line by line, each line with its plot and its check."""

from typing import Any

from fimviz import checks, figures, irregular, ui
from fimviz.derive.lines import lines
from fimviz.stage import derivation, scene

FIELDS = {
    "ell": ui.TextField("2 log(x) - 3 log(a) - x^2/(2 a^2) + log(2/pi)/2"),
    "support": ui.TextField("(0, oo)"),
    "parameters": ui.TextField("a in (0, oo)"),
    "typing": ui.SetField(("form",), ()),
    "family": ui.AnyFamilyField("bernoulli", (*ui.families(), *irregular.IRREGULAR)),
    "chart": ui.ChartField(ui.charts_on_paper),
    "theta": ui.PointField(lambda family: family.default.tolist()),
    "entry": ui.ChoiceField(derivation.entries, derivation.entry_label),
    "step": ui.NumberField(5, 1, 5, whole=True),
}
PRESETS = {
    "coin": {"family": "bernoulli"},
    "normal": {"family": "normal"},
    "gamma": {"family": "gamma", "entry": "12"},
    "kink": {"family": "laplace"},
    "edge": {"family": "uniform"},
    "yours": {"family": "bernoulli", "typing": ["form"]},
}
BEATS = [{"step": 1}, {"step": 2}, {"step": 3}, {"step": 4}, {"step": 5}, PRESETS["edge"]]

page = ui.Page("derive", FIELDS, PRESETS, BEATS)
if page["typing"] and not page.kept.present:
    ui.form(page)
family, chart, words = page.family, page["chart"], page.words


def below() -> None:
    """The metric in other coordinates, two other ways to it, and the rule that found it."""
    charts, ways = (f"**{words[key]}**" for key in ("charts", "ways"))
    with ui.split() as (left, right):
        with left:
            ui.says(charts, derivation.about_chart(family, chart, words))
            ui.formulas(*derivation.pulled_back(family, chart), *derivation.connection(family, chart, page["theta"]))
            if family.slug in irregular.IRREGULAR:
                ui.figure(variances(), page)
        with right:
            ui.says(ways, *(way.sentence for way in checks.second_ways(family, page["theta"])))
            ui.says(derivation.rule_in_words(family, words))


def variances() -> Any:
    """The variance of an estimate of the edge, and the bound it should not go below."""
    names = [words["estimator"], words["bound"]]
    curves = figures.loss_curves(irregular.variances(page["theta"][0]), names, ["fisher", "euclid"], target=None)
    labels = {"x_label": words["variance_x"], "y_label": words["variance_y"], "alt": words["variance_title"]}
    return figures.chart(curves, theme=ui.theme(), height=260, **labels)


@page.body
def body() -> None:
    found, entry, theta = lines(family, page["theta"]), page["entry"], page["theta"]
    page.stage(
        {
            **derivation.base(family),
            "computed": derivation.computed(family, found, entry),
            "panels": derivation.panels(family, found, entry, [theta], words),
            "predict": page.prediction(then={"family": "uniform", "theta": [2.0]}) if page.at_preset("coin") else None,
            "sentence": words["sentence"].format(model=scene.model_in_words(family, "theta")),
        },
        checks=[*checks.metric(family), *checks.derivation(found)],
    )
    page.note(words["vector"].format(count=family.support.size) if family.support.vector else "")
    if not page.kept.present:
        below()
