"""Which weights matter, and which Fisher is that? Orders of six weights, and what stands in for a network's matrix."""

from fimviz import checks, figures, networks, ui
from fimviz.stage import formula, weights

RULES, REACH = ["size", "alone", "others"], 4
SHOWN = {"weights": (*RULES, "cost"), "matrices": ("batches",)}
FIELDS = {
    "view": ui.OneOfField(("weights", "matrices", "far", "plateau")),
    "bet": ui.OrderField(6),
    "unit": ui.NumberField(1, 0.1, 100),
    "cell": ui.NumbersField((13, 16), 0, weights.NET.size - 1),
    "offset": ui.NumbersField((3, 2), -REACH, REACH),
    "start": ui.PointField(lambda _: (0.05, 0.1), only=weights.PERCEPTRON.slug),
    "damping": ui.NumberField(1e-3, 1e-5, 1),
    "show": ui.SetField((*RULES, "cost", "batches"), RULES, lambda values: SHOWN.get(values["view"], ())),
    "seed": ui.NumberField(0, 0, 9999, whole=True),
}
PRESETS = {
    "article": {},
    "units": {"unit": 10},
    "twins": {"show": [*RULES, "cost"]},
    "matrices": {"view": "matrices"},
    "batches": {"view": "matrices", "show": ["batches"]},
    "far": {"view": "far"},
    "plateau": {"view": "plateau"},
}
BEATS = [
    {"show": []},
    {"show": ["size", "alone"]},
    PRESETS["units"],
    PRESETS["twins"],
    PRESETS["matrices"],
    PRESETS["far"],
]

page = ui.Page("networks", FIELDS, PRESETS, BEATS, seeded=lambda values: values["view"] == "matrices")
words = page.words
TWINS, ROLES = (3, 4), {1: "fisher", 3: "euclid", 4: "m", 5: "e"}


def columns() -> list[dict]:
    """The orders; how many pairs each has right is said once the costs lie open."""
    said = {name: dict(column) for name, column in words["columns"].items()}
    for name, column in said.items():
        if name not in ("bet", "fisher"):
            column["when"] = "cost" if name.startswith("cost") else name
        if page.shows("cost") and not name.startswith("cost"):
            column |= {key: words[key].format(name=name) for key in ("note", "brief")}
    said["cost"] |= {key: words["twins"][key].format(cost=weights.both(TWINS)) for key in ("note", "brief")}
    return weights.order_columns("bet", said)


def orders() -> dict:
    """Six weights in the visitor's order, in the order of every rule, and in the order of what deleting them costs."""
    items = [
        {"id": f"w{i}", "label": str(i), "name": words["weight"].format(number=i), "role": ROLES.get(i, "data")}
        for i in range(1, 7)
    ]
    panel = {"id": "picture", "area": "picture", "kind": "ranks", "height": 400, "items": items, "columns": columns()}
    unit = {"value": "unit", "label": words["unit"], "min": 0.1, "max": 100, "log": True}
    open_now = page.shows("cost")
    return {
        "computed": weights.orders("unit", "bet"),
        "panels": [panel],
        "controls": [unit],
        "predict": page.prediction(then=PRESETS["twins"]) if page.at_preset("article") else None,
        "formula": formula.pruning() if page.shows("alone") else None,
        "sentence": words["sentence_cost" if open_now else "sentence"],
    }


def matrices() -> dict:
    """Six matrices on one colour scale, and the slices of all six in two weights."""
    off = {name: words["off"].format(error=error) for name, error in weights.matrix_errors(page["seed"]).items()}
    panel = weights.matrix_panel("cell", page["seed"], {"true": words["size"], **off}, words["titles"])
    return {
        "tables": weights.matrix_tables(page["seed"]),
        "computed": weights.slices("cell"),
        "panels": [
            {"id": "picture", "area": "picture", **panel, "height": 480, "name": words["cell"]},
            weights.slice_panel(words["titles"], words["one"]),
        ],
        "formula": formula.stand_ins(networks.storage(weights.NET)),
        "sentence": words["sentence_cell"],
    }  # fmt: skip


def far() -> dict:
    """One step of the natural gradient with the Fisher matrix and with the empirical one, from a fit that is off."""
    return {
        "computed": weights.regression("offset"),
        "coordinates": {"offset": words["coordinates_offset"]},
        "limits": {"offset": [[-REACH, REACH]] * 2},
        "panels": weights.regression_panels("offset", words["far"]),
        "formula": formula.empirical(),
        "sentence": words["sentence_far"],
    }


def plateau() -> dict:
    """Descent, plain, natural and damped, from where a perceptron’s Fisher matrix is nearly singular."""
    return {
        **weights.plateau("start", "damping"),
        "panels": weights.plateau_panels("start", words["plateau"]),
        "controls": [{"value": "damping", "label": words["damping"], "min": 1e-5, "max": 1, "log": True}],
        "formula": formula.natural_step(),
        "sentence": words["sentence_plateau"],
    }


def batches() -> None:
    """How far the matrix of a mini-batch is off, against the size of the batch."""
    sizes, errors = networks.minibatches(weights.NET, weights.ROWS, page["seed"])
    drawn = figures.scaling(sizes, errors, -0.5, label=words["minibatch"], reference=words["slope"])
    labels = {"x_label": words["batch"], "y_label": words["error"], "alt": words["batches_alt"]}
    ui.figure(figures.chart(drawn, theme=ui.theme(), height=320, **labels), page)


@page.body
def body() -> None:
    if page["view"] == "far":
        page.stage(far(), checks=checks.regression(page["offset"]))
    elif page["view"] == "plateau":
        page.stage(plateau(), checks=checks.metric(weights.PERCEPTRON))
    elif page["view"] == "matrices":
        page.stage(matrices(), checks=checks.stand_ins(weights.NET, weights.ROWS, page["seed"]))
        if page.shows("batches"):
            batches()
    else:
        page.stage(orders(), checks=checks.pruned(page["unit"]))
    page.note("" if page["show"] or page["view"] != "weights" else words["place_your_bet"])
