"""Every page with every family and every chart opens without an exception; state survives links and nonsense."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fimviz import CATALOG, ui
from fimviz.words import words

ROOT = Path(__file__).parents[1]
SLUGS = [entry.slug for entry in ui.CONTENTS]


def opened(slug, **query):
    """A page opened cold at an address."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(query)
    app.switch_page(f"pages/{slug}.py")
    app.run()
    return app


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("family", sorted(CATALOG))
def test_every_page_opens_with_every_family_in_every_chart(slug, family):
    charts = list(CATALOG[family].charts)
    app = opened(slug, family=family)
    assert not app.exception
    for chart in charts[1:]:
        app.query_params["chart"] = chart
        app.run()
        assert not app.exception, (slug, family, chart)


def test_the_table_of_contents_and_the_files_agree():
    files = {path.stem for path in (ROOT / "pages").glob("*.py")}
    assert files == set(SLUGS)


@pytest.mark.parametrize("slug", SLUGS)
def test_titles_are_short_questions_and_leads_are_short(slug):
    said = words(slug)
    assert said["title"].endswith("?")
    assert len(said["title"].split()) <= 11
    assert len(said["lede"].split()) <= 45
