"""The look is written once: what is generated from tokens.json is current, and its contrasts are measured."""

import itertools
import re
import tomllib
from pathlib import Path

import pytest

from fimviz import theme
from fimviz.theme import THEMES, colour, tokens

HEX = re.compile(r"#[0-9A-F]{6}")


def luminance(hexes):
    """Relative luminance, WCAG 2.2."""
    channels = [int(hexes[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(one, other):
    """(L1 + 0.05) / (L2 + 0.05) with the lighter first, WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colours(node):
    if isinstance(node, dict):
        return [hexes for value in node.values() for hexes in colours(value)]
    if isinstance(node, list):
        return [hexes for value in node for hexes in colours(value)]
    return [node] if isinstance(node, str) and node.startswith("#") else []


def test_contrast_is_the_formula():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#0A3A8A", "#FFFFFF") == pytest.approx(10.6, abs=0.05)


def test_every_colour_is_written_alike():
    assert len(colours(tokens())) > 60
    assert all(HEX.fullmatch(hexes) for hexes in colours(tokens()))


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("role", theme.ROLES)
@pytest.mark.parametrize("ground", ["page", "panel"])
def test_roles_may_be_text(name, role, ground):
    assert contrast(colour(role, name), colour(ground, name)) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_neutrals_may_be_what_they_are(name):
    for ground in ("page", "panel"):
        for text in ("ink", "muted", "axis_text", "warning", "error"):
            assert contrast(colour(text, name), colour(ground, name)) >= 4.5, (text, ground)
    assert contrast(colour("axis", name), colour("page", name)) >= 3
    assert contrast(colour("ink", name), colour("page", name)) >= 15


@pytest.mark.parametrize("name", THEMES)
def test_lines_win_over_every_band(name):
    for band, role in itertools.product(tokens()["bands"][name], theme.ROLES):
        assert contrast(colour(role, name), band) >= 3, (band, role)


def test_no_meaning_rests_on_colour():
    roles = tokens()["roles"]
    lines = [(tuple(roles[role]["dash"]), roles[role]["cap"]) for role in ("fisher", "euclid", "e", "m")]
    assert len(set(lines)) == 4
    assert set(roles) == set(theme.ROLES)


@pytest.mark.parametrize("name", ["cividis"])
def test_sequential_ramp_gets_lighter_all_the_way(name):
    levels = [luminance(hexes) for hexes in tokens()["ramps"][name]]
    assert levels == sorted(levels)


@pytest.mark.parametrize(("name", "sign"), [("vik", 1), ("berlin", -1)])
def test_diverging_ramps_turn_once_in_their_middle(name, sign):
    levels = [sign * luminance(hexes) for hexes in tokens()["ramps"][name]]
    assert levels[:5] == sorted(levels[:5])
    assert levels[4:] == sorted(levels[4:], reverse=True)


def test_nothing_on_the_projector_is_smaller_than_a_48th_of_its_height():
    size = tokens()["size"]["projector"]
    texts = ("title", "body", "label", "axis_text", "handle_letter", "formula")
    assert all(size[text] >= 1080 / 48 for text in texts)


def test_generated_config_is_current():
    assert theme.CONFIG.read_text("utf-8") == theme.config_toml(), "run: python -m fimviz.theme"


def test_streamlit_knows_every_setting():
    from streamlit import config

    known = config.get_config_options()
    for section, settings in tomllib.loads(theme.config_toml()).items():
        for key, value in settings.items():
            for name in [f"{key}.{inner}" for inner in value] if isinstance(value, dict) else [key]:
                assert f"{section}.{name}" in known


def test_guests_are_not_observed_and_see_no_stack():
    settings = tomllib.loads(theme.config_toml())
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["server"]["showEmailPrompt"] is False
    assert settings["server"]["enableXsrfProtection"] and settings["server"]["enableCORS"]
    assert settings["server"]["enableStaticServing"] is False


def test_unknown_colour_names_the_known():
    with pytest.raises(KeyError, match="fisher"):
        colour("blau")


def test_every_reason_of_the_stage_is_a_sentence():
    """What a verb gives as its reason is shown to visitors."""
    public = Path(theme.__file__).parent / "stage" / "public"
    source = "".join(path.read_text("utf-8") for path in public.glob("*.js"))
    reasons = set(re.findall(r'reason: (?:[^",\n]*\? undefined : )?"([a-z-]+)"', source))
    reasons |= set(re.findall(r'fail\("[a-z]+", "([a-z-]+)"\)', source))
    words = (public / "words.js").read_text("utf-8")
    assert len(reasons) > 5
    for reason in reasons:
        assert f"reason_{reason.replace('-', '_')}: " in words, reason
