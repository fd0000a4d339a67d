"""The page frame: with the stage, the only Streamlit in the library."""

from fimviz.ui.choices import chart_label, charts_on_paper, descent_charts, families, loss_label
from fimviz.ui.claims import claims_of, every_claim, show_claims
from fimviz.ui.claims import keys as claim_keys
from fimviz.ui.constants import ConstantsField, family_of, with_constants
from fimviz.ui.contents import CONTENTS, Entry
from fimviz.ui.frame import Page, figure, formulas, says, split, theme
from fimviz.ui.members import family_named
from fimviz.ui.space import space, space_about, space_between, space_of_runs
from fimviz.ui.state import (
    ChartField,
    ChoiceField,
    FamilyField,
    NumberField,
    NumbersField,
    OneOfField,
    OrderField,
    PointField,
    SetField,
    decode,
    defaults,
    encode,
)
from fimviz.ui.typing import AnyFamilyField, TextField, form

__all__ = [
    "CONTENTS",
    "AnyFamilyField",
    "ChartField",
    "ChoiceField",
    "ConstantsField",
    "Entry",
    "FamilyField",
    "NumberField",
    "NumbersField",
    "OneOfField",
    "OrderField",
    "Page",
    "PointField",
    "SetField",
    "TextField",
    "chart_label",
    "charts_on_paper",
    "claim_keys",
    "claims_of",
    "decode",
    "defaults",
    "descent_charts",
    "encode",
    "every_claim",
    "families",
    "family_named",
    "family_of",
    "figure",
    "form",
    "formulas",
    "loss_label",
    "says",
    "show_claims",
    "space",
    "space_about",
    "space_between",
    "space_of_runs",
    "split",
    "theme",
    "with_constants",
]
