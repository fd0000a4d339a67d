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
    "show": ui.SetField(("bars", "odds", "arc", "second", "pair", "flips", "entropy"), ONE),
    "seed": ui.NumberField(7, 0, 9999, whole=True),
}
PRESETS = {
    "article": {"n": 100, "show": TWO},
    "tell": {"p": [0.9], "q": [0.99], "show": [*TWO, "pair"]},
    "five": {"n": 5},
    "never": {"p": [0.01], "q": [0.1], "show": TWO},
    "surprise": {"show": ["bars", "odds", "arc", "second", "entropy"]},
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
    "arc length": {"label": words["phi"], "note": words["note_phi"], "when": "arc"},
    "log-odds": {"label": words["eta"], "note": words["note_eta"], "when": "odds"},
}
COINS = {
    "p": {"hat": words["estimate"], "row": words["row_p"], "seen": words["seen"], "when": []},
    "q": {"hat": words["estimate_q"], "row": words["row_q"], "seen": words["seen_q"], "when": ["second"]},
}
NAMES = {"p": words["handle_p"], "q": words["handle_q"]}
SPOKEN = {"p": words["ruler_p"], "arc length": words["ruler_phi"], "log-odds": words["ruler_eta"]}
coins = scene.evenly(family, "arc length", 15)


def computed() -> list[dict]:
    """The distances, the standard errors, and what was seen of each coin."""
    found = [
        {"id": "fr", "verb": "connect", "from": "p", "to": "q"},
        {"id": "pair", "verb": "connect", "from": [0.5], "to": [0.6], "when": "pair"},
        {"id": "about", "verb": "number", "value": scene.flips_by_distance("fr.length")},
        *scene.standard_errors(list(GLYPHS), "p", "n"),
    ]
    for i, (value, coin) in enumerate(COINS.items()):
        seen = {"when": ["flips", *coin["when"]]}
        found += [
            {"id": f"flips_{value}", **scene.flips(family, value, "n", (page["seed"], i)), **seen},
            {"id": f"hat_{value}", "verb": "point", "at": [f"flips_{value}.mean"], **seen},
        ]
    return found


def on_ruler(row: int, key: str, sides: dict) -> list[dict]:
    """The marks of one ruler: the bars of all coins, the two pairs, and the chosen coins with what was seen of them."""
    place, bar, first, arc = {"row": row}, {"radius": error, "row": row}, key == "p", key == "arc length"
    track = {"kind": "track", "lift": -8, "hero": False, "label_side": "below", "gap": 26, **place}
    drawn = [
        {"kind": "intervals", "points": coins, "role": "fisher", "apart": True, "when": "bars", **bar},
        {**track, "of": "pair", "role": "euclid", "when": "pair", "label": words["pair"] if arc else ""},
        {**track, "of": "fr", "role": "fisher", "when": "second", "label": words["apart"] if arc else ""},
    ]
    for value, coin in COINS.items():
        when, name = coin["when"], {"ruler": SPOKEN[key], "coin": value}
        label = f"{value} = {{xi:.2p}}" if first else f"{GLYPHS[key]} = {{xi:.2f}}"
        text = words["said_p" if first else "said"].format(**name)
        said = {"label": label, "name": NAMES[value].format(**name), "said": text}
        hat = {"kind": "dot", "role": "data", "label": coin["hat"] if first else "", "label_side": "below", **place}
        drawn += [
            {"kind": "interval", "at": value, "role": "ink", "caps": True, "lift": 16, "when": ["bars", *when], **bar},
            {**hat, "at": f"hat_{value}", "when": ["flips", *when]},
            {"kind": "handle", "value": value, **said, "label_side": sides[value], "when": when, **place},
        ]
    return drawn


def rulers(chosen: list) -> dict:
    """All rulers that are shown, with the threads from one to the next."""
    rows = {key: row for key, row in ROWS.items() if "when" not in row or page.shows(row["when"])}
    # the label of the lesser coin stands to its left
    sides = dict(zip(sorted("pq", key=lambda value: page[value]), ("left", "right"), strict=True))
    marks = [{"kind": "threads", "points": coins, "role": "fisher"}]
    marks += [{"kind": "threads", "points": [c], "role": "ink", "when": coin["when"]} for c, coin in COINS.items()]
    marks += [mark for row, key in enumerate(rows) for mark in on_ruler(row, key, sides)]
    if not page.shows("bars"):
        rows = {key: {**row, "note": ""} for key, row in rows.items()}
    return scene.rulers(family, rows, marks, coins, chosen)


def beside() -> dict:
    """Heads and tails with the flips that were seen; or entropy next to Fisher information."""
    if page.shows("entropy"):
        dots = [{"kind": "dot", "x": f"{c}.p", "role": "ink", "label": c, "when": COINS[c]["when"]} for c in COINS]
        curves = [
            scene.entropy_row(family, label=words["entropy"], role="euclid", marks=dots),
            scene.information_row(family, "p", label=words["about_p"], role="fisher", y=[0, 30], marks=dots),
            scene.information_row(family, "log-odds", label=words["about_eta"], role="fisher", marks=dots),
        ]
        return scene.against(family, curves)
    bars = [
        {"role": "ink", "point": c, "draws": f"flips_{c}", "label": coin["row"], "when": coin["when"]}
        | ({"note": coin["seen"]} if page.shows("flips") else {})
        for c, coin in COINS.items()
    ]
    return scene.shares(family, bars, [words["tails"], words["heads"]])


def body() -> None:
    two, ends = page.shows("second"), [page["p"], page["q"]]
    page.stage(
        {
            **scene.base(family, {key: key for key in GLYPHS}),
            "computed": computed(),
            "panels": [rulers(ends if two else ends[:1]), beside()],
            "controls": [{"value": "n", "label": words["n"], "min": 4, "max": 1000, "log": True, "integer": True}],
            "predict": page.prediction(then=PRESETS["tell"]) if page.values == page.defaults else None,
            "formula": formula.rulers(family, GLYPHS, "n", "fr.length" if two else "", "about"),
            "sentence": " ".join([words["sentence"], words["sentence_q"]] if two else [words["sentence"]]),
        },
        checks=[*checks.metric(family), *(checks.coins(family, "arc length", *ends) if two else [])],
    )
    page.note()


page.body(body)
