"""True, false, or only in these coordinates? Sentences people say, each with the state that shows its verdict."""

from fimviz import ui

FIELDS = {
    "which": ui.OneOfField(("six", "article", "textbooks", "deep", "all")),
    "open": ui.SetField(ui.claim_keys(), ("biased",)),
    "exam": ui.NumberField(0, 0, 1, whole=True),
}
PRESETS = {
    "six": {},
    "article": {"which": "article", "open": []},
    "textbooks": {"which": "textbooks", "open": []},
    "deep": {"which": "deep", "open": []},
    "exam": {"which": "all", "open": [], "exam": 1},
}
BEATS = [PRESETS["six"], PRESETS["article"], PRESETS["textbooks"], PRESETS["deep"]]

page = ui.Page("claims", FIELDS, PRESETS, BEATS)


@page.body
def body() -> None:
    ui.show_claims(page, ui.claims_of(page["which"]), page["open"], exam=page["exam"] == 1)
    page.note()
