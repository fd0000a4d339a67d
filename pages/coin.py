"""Which coin is easier to know? The same coins on three rulers, and how long one standard error is on each."""

from fimviz import checks, ui
from fimviz.families import CATALOG
from fimviz.stage import formula, scene

family = CATALOG["bernoulli"]
ONE = ["bars", "odds", "arc", "flips"]
TWO = ["bars", "odds", "arc", "second", "flips"]
FIELDS = {
    "p": ui.PointField(lambda _: (0.9,), only=family.slug),
    "q": ui.PointField(lambda _: (0.5,), only=family.slug),
    "n": ui.NumberField(400, 4, 1000, whole=True),
    "show": ui.SetField(("bars", "odds", "arc", "second", "pair", "flips"), ONE),
    "seed": ui.NumberField(7, 0, 9999, whole=True),
}
PRESETS = {
    "article": {"n": 100, "show": TWO},
    "tell": {"p": [0.9], "q": [0.99], "show": [*TWO, "pair"]},
    "five": {"n": 5},
    "never": {"p": [0.01], "q": [0.1], "show": TWO},
}
BEATS = [
    {"show": []},
    {"show": ["bars"]},
    {"show": ["bars", "odds"]},
    {"show": ["bars", "odds", "arc"]},
    PRESETS["tell"],
]

page = ui.Page("coin", FIELDS, PRESETS, BEATS)
words, error = page.words, scene.standard_error("n")
GLYPHS = {"p": "p", "arc length": "φ", "log-odds": "η"}
ROWS = {
    "p": {"label": words["p"], "note": words["note_p"]},
    "arc length": {"label": words["phi"], "note": words["note_phi"]},
    "log-odds": {"label": words["eta"], "note": words["note_eta"]},
}
SHOWN = {"p": True, "arc length": page.shows("arc"), "log-odds": page.shows("odds")}
COINS = {
    "p": {"hat": "hat", "draws": "flips", "label": words["row_p"], "note": words["seen"], "when": []},
    "q": {"hat": "hat_q", "draws": "flips_q", "label": words["row_q"], "note": words["seen_q"], "when": ["second"]},
}
names = {"p": words["handle_p"], "q": words["handle_q"]}
sides = dict(zip(sorted("pq", key=lambda value: page[value]), ("left", "right"), strict=True))
hats = {"p": words["estimate"], "q": words["estimate_q"]}
coins = scene.evenly(family, "arc length", 15)
keys = [key for key in GLYPHS if SHOWN[key]]

computed = [
    {"id": "fr", "verb": "connect", "from": "p", "to": "q"},
    {"id": "pair", "verb": "connect", "from": [0.5], "to": [0.6], "when": "pair"},
    {"id": "about", "verb": "number", "value": scene.flips_by_distance("fr.length")},
    *scene.standard_errors(list(GLYPHS), "p", "n"),
]
for i, (value, coin) in enumerate(COINS.items()):
    when = ["flips", *coin["when"]]
    computed += [
        {"id": coin["draws"], "when": when, **scene.flips(family, value, "n", (page["seed"], i))},
        {"id": coin["hat"], "verb": "point", "at": [f"{coin['draws']}.mean"], "when": when},
    ]


def on_ruler(row: int, key: str) -> list[dict]:
    """The marks of one ruler: the bars of all coins, the two pairs, and the chosen coins with what was seen of them."""
    place, bar = {"row": row}, {"radius": error, "when": "bars", "row": row}
    track = {"kind": "track", "lift": -8, "hero": False, "label_side": "below", "gap": 26, **place}
    arc = key == "arc length"
    marks = [
        {"kind": "intervals", "points": coins, "role": "fisher", "apart": True, **bar},
        {**track, "of": "pair", "role": "euclid", "when": "pair", "label": words["pair"] if arc else ""},
        {**track, "of": "fr", "role": "fisher", "when": "second", "label": words["apart"] if arc else ""},
    ]
    for value, coin in COINS.items():
        said = words["said"].format(ruler=ROWS[key]["label"], coin=value)
        label = f"{value if row == 0 else GLYPHS[key]} = {{xi:{'.2p' if row == 0 else '.2f'}}}"
        handle = {"kind": "handle", "value": value, "name": names[value].format(ruler=ROWS[key]["label"])}
        hat = {"kind": "dot", "at": coin["hat"], "role": "data", "label": hats[value] if row == 0 else ""}
        marks += [
            {
                "kind": "interval",
                "at": value,
                "role": "ink",
                "caps": True,
                "lift": 16,
                **bar,
                "when": ["bars", *coin["when"]],
            },
            {**hat, "when": ["flips", *coin["when"]], "label_side": "below", **place},
            {**handle, "label": label, "said": said, "label_side": sides[value], "when": coin["when"], **place},
        ]
    return marks


threads = [
    {"kind": "threads", "points": coins, "role": "fisher"},
    *({"kind": "threads", "points": [value], "role": "ink", "when": coin["when"]} for value, coin in COINS.items()),
]
marks = [*threads, *(mark for row, key in enumerate(keys) for mark in on_ruler(row, key))]
rows = {key: {**ROWS[key], "note": ROWS[key]["note"] if page.shows("bars") else ""} for key in keys}
ends = [page["p"], page["q"]]
side = scene.densities(
    family,
    [
        {"role": "ink", "point": value, "draws": coin["draws"], "label": coin["label"], "when": coin["when"]}
        | ({"note": coin["note"]} if page.shows("flips") else {})
        for value, coin in COINS.items()
    ],
)
two = page.shows("second")
page.stage(
    {
        **scene.base(family, {key: key for key in GLYPHS}),
        "computed": computed,
        "panels": [
            scene.rulers(family, rows, marks, coins, ends if two else ends[:1]),
            {**side, "top": 1, "ticks": [{"at": 0, "label": words["tails"]}, {"at": 1, "label": words["heads"]}]},
        ],
        "controls": [{"value": "n", "label": words["n"], "min": 4, "max": 1000, "log": True, "integer": True}],
        "predict": page.prediction(then=PRESETS["tell"]) if page.values == page.defaults else None,
        "formula": formula.rulers(family, GLYPHS, "n", {"d(p, q)": ("d", "{fr.length:.3f}", "fisher")} if two else {}),
        "sentence": " ".join([words["sentence"], words["sentence_q"]] if two else [words["sentence"]]),
    },
    checks=[
        *checks.metric(family),
        *([checks.arc_length(family, "arc length", *ends), checks.flips(*page["p"], *page["q"])] if two else []),
    ],
)
page.note()
