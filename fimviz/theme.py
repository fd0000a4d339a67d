"""The look, written once in tokens.json: colours, dashes and sizes by role, for Streamlit and for Plotly.

`python -m fimviz.theme` writes what is generated from it, `.streamlit/config.toml`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import plotly.graph_objects as go

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
ROLES = ("fisher", "euclid", "e", "m", "data", "ink", "muted")
_HERE = Path(__file__).parent
CONFIG = _HERE.parent / ".streamlit" / "config.toml"


@cache
def tokens() -> dict[str, Any]:
    """tokens.json, read once; treat it as read-only."""
    return json.loads((_HERE / "tokens.json").read_text("utf-8"))


def colour(name: str, theme: Theme = "light") -> str:
    """The hex colour of a role or a neutral; raises KeyError with the names there are."""
    known = {**tokens()["neutral"], **tokens()["roles"]}
    if name not in known:
        raise KeyError(f"Colour {name!r} is unknown; there are {', '.join(known)}.")
    return known[name][theme]


def rgba(name: str, alpha: float, theme: Theme = "light") -> str:
    """The same colour, see-through: "rgba(r,g,b,alpha)"."""
    hexes = colour(name, theme)
    red, green, blue = (int(hexes[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def line(role: str, theme: Theme = "light") -> dict[str, Any]:
    """A role as a Plotly line: colour, dash pattern and width, so that no meaning rests on colour."""
    style = tokens()["roles"][role]
    dash = ",".join(f"{length:g}px" for length in style["dash"]) or "solid"
    return {"color": style[theme], "dash": dash, "width": tokens()["size"]["laptop"][style["width"]]}


def ramp(signed: bool, theme: Theme = "light") -> list[list[Any]]:
    """A Plotly colour scale: cividis for one sign, vik (dark: berlin) for two, zero in the middle."""
    name = tokens()["signed"][theme] if signed else tokens()["sequential"]
    colours = tokens()["ramps"][name]
    return [[i / (len(colours) - 1), hexes] for i, hexes in enumerate(colours)]


@cache
@cache
def template(theme: Theme = "light") -> go.layout.Template:
    """The Plotly template of a theme; use it with `st.plotly_chart(theme=None)`."""
    import plotly.graph_objects as go

    size = tokens()["size"]["laptop"]
    axis = {
        "color": colour("axis_text", theme),
        "gridcolor": colour("grid", theme),
        "gridwidth": size["grid"],
        "linecolor": colour("axis", theme),
        "linewidth": size["axis"],
        "tickfont": {"size": size["axis_text"]},
        "title": {"font": {"size": size["axis_text"]}, "standoff": 8},
        "showline": True,
        "zeroline": False,
    }
    bar = {
        "outlinewidth": 0,
        "thickness": 12,
        "tickcolor": colour("axis", theme),
        "tickfont": axis["tickfont"],
    }
    return go.layout.Template(
        layout={
            "font": {
                "family": tokens()["font"]["text"],
                "size": size["label"],
                "color": colour("ink", theme),
            },
            "paper_bgcolor": colour("page", theme),
            "plot_bgcolor": colour("page", theme),
            "colorway": [colour(role, theme) for role in ROLES],
            "colorscale": {
                "sequential": ramp(False, theme),
                "sequentialminus": ramp(False, theme),
                "diverging": ramp(True, theme),
            },
            "margin": {"l": 56, "r": 16, "t": 12, "b": 48},
            "xaxis": {**axis, "showgrid": False},
            "yaxis": axis,
            "showlegend": False,  # labels sit on the line they name
            "dragmode": False,  # a finger scrolls the page
            "hovermode": "closest",
            "hoverlabel": {
                "bgcolor": colour("panel", theme),
                "bordercolor": colour("hairline", theme),
                "font": {"color": colour("ink", theme), "size": size["axis_text"]},
            },
        },
        data={"heatmap": [{"colorbar": bar}], "surface": [{"colorbar": bar}]},
    )


def config_toml() -> str:
    """The text of .streamlit/config.toml."""
    sections = [_SETTINGS, _section("theme", _shared())]
    sections += [_section(f"theme.{theme}", _palette(theme)) for theme in THEMES]
    return "\n".join(sections)


_SETTINGS = """\
# Written by `python -m fimviz.theme` from fimviz/tokens.json; edit those.

[browser]
gatherUsageStats = false  # otherwise the page calls out

[client]
showErrorDetails = "none"  # a visitor never sees a stack
showSidebarNavigation = false  # the pages draw their own top bar
toolbarMode = "minimal"

[runner]
postScriptGC = false  # a full collection after every rerun costs most of its time
magicEnabled = false

[server]
showEmailPrompt = false  # otherwise the first start waits for an address
enableXsrfProtection = true
enableCORS = true
enableStaticServing = false
fileWatcherType = "none"
maxUploadSize = 1
maxWidgetStateSize = 1
"""


def _shared() -> dict[str, Any]:
    """What both themes share; the font stays Streamlit's own Source Sans, which works offline."""
    size, weight = tokens()["size"]["laptop"], tokens()["weight"]
    return {
        "baseFontSize": size["body"],
        "headingFontSizes": [f"{size['title']}px", "24px", "20px", "18px", "16px", "16px"],
        "headingFontWeights": [round(weight["title"], -2), *[weight["label"]] * 5],
        "showWidgetBorder": True,
        "paddingTop": f"{tokens()['page']['unit']}px",
        "paddingBottom": f"{tokens()['page']['padding']}px",
    }


def _palette(theme: Theme) -> dict[str, str]:
    """Streamlit's colour names, given the roles' colours: `:blue[…]` in Markdown is Fisher's blue."""
    named = {"blue": "fisher", "orange": "euclid", "violet": "e", "green": "m", "gray": "data"}
    named |= {"yellow": "warning", "red": "error"}
    return {
        "primaryColor": colour("fisher", theme),
        "backgroundColor": colour("page", theme),
        "secondaryBackgroundColor": colour("panel", theme),
        "textColor": colour("ink", theme),
        "linkColor": colour("fisher", theme),
        "borderColor": colour("hairline", theme),
        "codeTextColor": colour("ink", theme),
        "codeBackgroundColor": colour("panel", theme),
        **{f"{name}Color": colour(role, theme) for name, role in named.items()},
        **{f"{name}TextColor": colour(role, theme) for name, role in named.items()},
    }


def _section(name: str, settings: dict[str, Any]) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    return "\n".join([f"[{name}]", *lines, ""])


if __name__ == "__main__":
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text(config_toml(), "utf-8")
