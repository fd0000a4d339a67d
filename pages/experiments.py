"""Which question should you ask next? Labels that shrink the ellipse, and the bell that stands for it."""

from fimviz import checks, designs, ui
from fimviz.stage import formula, questions

FIRST, MORE, REACH = (-3, -1, 1, 3), 20, 3
FIELDS = {
    "view": ui.OneOfField(("labels", "bells")),
    "theta": ui.NumbersField((0, 1.5), -6, 6),
    "at": ui.NumberField(1.03, 0, REACH),
    "k": ui.NumberField(MORE, 0, MORE, whole=True),
    "prior": ui.NumberField(0, 0, 1),
    "first": ui.NumbersField(FIRST, -REACH, REACH),
    "show": ui.SetField(("pair", "uncertain", "greedy", "even", "pool", "first"), ("pair", "uncertain")),
    "heads": ui.NumberField(1, 0, 200, whole=True),
    "flips": ui.NumberField(10, 1, 200, whole=True),
    "seed": ui.NumberField(7, 0, 9999, whole=True),
}
PRESETS = {
    "best": {},
    "uncertain": {"show": ["uncertain", "greedy", "even"]},
    "wrong": {"theta": (0, 0.5), "show": ["pair"]},
    "one": {"view": "bells"},
    "ten": {"view": "bells", "heads": 10, "flips": 100},
}
BEATS = [
    {"show": []},
    {"show": ["pair"], "k": 2},
    {"show": ["pair", "uncertain"]},
    PRESETS["uncertain"],
    PRESETS["wrong"],
    PRESETS["one"],
]

page = ui.Page("experiments", FIELDS, PRESETS, BEATS)
words = page.words
ROLES = {"pair": "fisher", "uncertain": "euclid", "greedy": "m", "even": "e", "pool": "data"}


def asked() -> dict[str, list[float]]:
    """The labels that each rule adds to the first ones, at the assumed curve."""
    grid, theta, first = designs.grid(REACH), page["theta"], page["first"]
    rules = designs.compared(first, theta, grid, MORE)
    pool = designs.queried(first, theta, designs.pool(REACH, page["seed"]), MORE, once=True)
    named = {"uncertain": "uncertainty", "greedy": "determinant", "even": "even"}
    return {**{name: rules[rule].tolist() for name, rule in named.items()}, "pool": pool.tolist()}


def labels() -> dict:
    """The curve with the pair on it, what each input would teach, and the ellipse of both parameters."""
    more = asked()
    ellipses = [questions.after_labels(name, len(FIRST), xs) for name, xs in more.items()]
    ellipses.append(questions.after_pairs("pair", len(FIRST), "at"))
    side = {"kind": "handle", "value": "at", "on": "p", "when": "pair"}
    dots = {"kind": "dots", "y": 0.02, "role": "data"}
    on_curve = [
        *({**dots, "xs": xs[: page["k"]], "when": name, "role": ROLES[name]} for name, xs in more.items()),
        {"kind": "dot", "x": 0, "on": "p", "role": "euclid", "label": words["least_sure"], "label_side": "left"},
        {"kind": "dropline", "x": 0, "from": "p", "role": "euclid"},
        *({"kind": "dropline", "x": x, "from": "p", "role": "fisher", "when": "pair"} for x in ("at", MINUS)),
        *(
            {"kind": "handle", "value": "first", "coordinate": i, "on": "p", "when": "first"}
            | {"name": words["first"].format(number=i + 1)}
            for i in range(len(FIRST))
        ),
        {**side, "label": words["ask"], "name": words["handle"], "label_side": "below"},
        {**side, "sign": -1, "label": words["ask_too"], "name": words["handle_too"], "label_side": "left"},
    ]
    gains = [
        questions.uncertainty(id="doubt", role="euclid", label=words["uncertainty"], label_at=2.3),
        questions.pair(id="gain", role="fisher", hero=True, label=words["information"], label_at=-1.03),
    ]
    below = [{"kind": "dropline", "x": x, "from": "gain", "role": "fisher", "when": "pair"} for x in ("at", MINUS)]
    curves = [questions.probability(id="p", role="ink", hero=True)]
    rows = [
        {"id": "curve", "label": words["curve"], "y": [0, 1], "weight": 1.3, "curves": curves, "marks": on_curve},
        {"id": "gains", "label": words["gains"], "y": [0, 1.3], "ticks": [0, 0.5, 1], "curves": gains, "marks": below},
    ]
    shapes = [
        {"kind": "ellipse", "of": name, "id": name, "role": role, "hero": name == "pair", "when": name}
        | {"label": words["by"][name]}
        for name, role in ROLES.items()
    ]
    handle = {"kind": "handle", "value": "theta", "label": "θ", "name": words["handle_theta"]}
    return {
        "computed": [
            *ellipses,
            questions.share("share", "at"),
            questions.chance("above", "at"),
            questions.chance("below", MINUS),
        ],
        "coordinates": {"theta": words["coordinates"]},
        "panels": [
            {"id": "picture", "area": "picture", "kind": "curves", "height": 372, "x": [-REACH, REACH],
             "axes": {"x": {"label": words["input"]}}, "rows": rows},
            {"id": "side", "area": "side", "kind": "plane", "chart": None, "window": [-4.2, 4.2, -2.6, 5.6],
             "axes": {axis: {"label": words[name]} for axis, name in (("x", "x"), ("y", "y"))},
             "marks": [{"kind": "grid"}, *shapes, handle]},
        ],
        "controls": [
            {"value": "k", "label": words["k"], "min": 0, "max": MORE, "integer": True},
            {"value": "prior", "label": words["prior"], "min": 0, "max": 1},
        ],
        "predict": page.prediction(then=PRESETS["uncertain"]) if page.at_preset("best") else None,
        "formula": formula.design(),
        "sentence": words["sentence"],
    }  # fmt: skip


def bells() -> dict:
    """The coin's posterior and its bell on three rulers."""
    heads = {"op": "min", "args": ["heads", "flips"]}
    rows = [{**row, "posterior": words["posterior"], "bell": words["bell"]} for row in words["rulers"]]
    counts = {"min": 0, "max": 200, "integer": True}
    return {
        "computed": questions.bells(heads, "flips"),
        "stack": "rows",
        "panels": questions.bell_panels(heads, "flips", rows),
        "controls": [
            {"value": "heads", "label": words["heads"], **counts},
            {"value": "flips", "label": words["flips"], **counts, "min": 1},
        ],
        "formula": formula.bell(),
        "sentence": words["sentence_bells"],
    }


MINUS = {"op": "neg", "args": ["at"]}


@page.body
def body() -> None:
    designed = page["view"] == "labels"
    if designed:
        page.stage(labels(), checks=checks.design(page["theta"], designs.grid(REACH), MORE))
    else:
        page.stage(bells(), checks=checks.bells(page["heads"], page["flips"]))
    page.note()
