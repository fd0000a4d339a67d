"""The README's commands, and the app as a guest installs it: a wheel, started from a foreign folder."""

import doctest
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import chromium as browser
import pytest
from conftest import running
from waiting import SECONDS

from fimviz import cli
from fimviz.theme import colour

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
STAGE = "/_stcore/bidi-components/fimviz.stage/stage.js"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def test_two_commands_run_it_and_test_it():
    run, test = blocks("sh")
    for command in (run, test):
        assert command.count("\n") == 1, "one line, to be copied whole"
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -e ")
    assert run.strip().endswith(".venv/bin/fimviz")
    assert ".venv/bin/python -m pytest" in test


def test_ci_calls_the_second_command_and_nothing_else():
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    frame = ("#", "set ", "cd ")
    assert [line for line in lines if line and not line.startswith(frame)] == [blocks("sh")[1].strip()]


def test_pictures_and_files_named_in_the_readme_exist():
    named = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README) + re.findall(r"`((?:fimviz|tests|pages)/[\w/.]+)`", README)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_readmes_library_examples_are_true():
    example = "\n".join(block for block in blocks("python") if ">>>" in block)
    test = doctest.DocTestParser().get_doctest(example, {}, "README", "README.md", 0)
    failed, tried = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert (failed, tried) == (0, tried)
    assert tried >= 9


def test_the_readmes_family_is_found_by_its_file(tmp_path, monkeypatch):
    import fimviz
    from fimviz import families

    code = next(block for block in blocks("python") if "FAMILY" in block)
    (tmp_path / "maxwell.py").write_text(code, "utf-8")
    monkeypatch.setattr(families, "__path__", [*families.__path__, str(tmp_path)])
    monkeypatch.setitem(sys.modules, "fimviz.families.maxwell", None)
    del sys.modules["fimviz.families.maxwell"]
    maxwell = families.discover()["maxwell"]
    metric = fimviz.fisher_metric(maxwell)
    (a,) = metric.g.free_symbols
    assert (metric.g[0, 0] * a**2).simplify() == 6


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == importlib.metadata.version("fimviz")


def test_streamlit_finds_the_stage_of_this_installation():
    from streamlit.components.v2.manifest_scanner import scan_component_manifests

    found = {manifest.name: (manifest, root) for manifest, root in scan_component_manifests()}
    manifest, root = found["fimviz"]
    (stage,) = manifest.components
    assert stage.name == "stage"
    assert stage.resolve_asset_root(root) == (ROOT / "fimviz" / "stage" / "public").resolve()


def test_the_checkout_runs_its_own_app():
    assert cli.app() == ROOT / "app.py"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return _build("wheel", tmp_path_factory.mktemp("wheel"))


def _build(target, folder):
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


def test_the_wheel_holds_library_app_and_manifest(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {"fimviz/tokens.json", "fimviz/pyproject.toml", "fimviz/_app/app.py"}
    expected |= {"fimviz/_app/.streamlit/config.toml", "fimviz/stage/public/stage.js"}
    expected |= {f"fimviz/_app/pages/{page.name}" for page in (ROOT / "pages").glob("*.py")}
    expected |= {str(path.relative_to(ROOT)) for path in (ROOT / "fimviz" / "stage" / "public").iterdir()}
    assert expected <= names
    assert not [name for name in names if "__pycache__" in name or "secrets" in name or name.startswith("tests")]


def test_the_source_archive_holds_all_it_takes(tmp_path):
    with tarfile.open(_build("sdist", tmp_path)) as archive:
        names = archive.getnames()
    inside = {name.split("/", 1)[1] for name in names if "/" in name}
    assert {"pyproject.toml", "app.py", "README.md", "LICENSE", ".streamlit/config.toml", ".ci/run"} <= inside
    assert {"tests/conftest.py", "fimviz/tokens.json"} <= inside


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel alone; what it depends on is borrowed from this one."""
    home = tmp_path_factory.mktemp("guest") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    purelib = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    # A folder named in a .pth file is searched, but its own .pth files are not read: no editable fimviz comes along.
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    Path(purelib.strip(), "borrowed.pth").write_text("\n".join(borrowed), "utf-8")
    install = [python, "-m", "pip", "install", "--no-deps", "--no-index", "--ignore-installed", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return home


@pytest.fixture(scope="module")
def guest(installed, tmp_path_factory):
    """The address of the installed app, started by its command from a folder that knows nothing of it."""
    with running([str(installed / "bin" / "fimviz")], cwd=tmp_path_factory.mktemp("foreign")) as address:
        yield address


def test_the_command_runs_the_installed_app(installed, tmp_path):
    code = "from fimviz import cli; print(cli.app())"
    app = subprocess.check_output([installed / "bin" / "python", "-c", code], text=True, cwd=tmp_path).strip()
    assert app.startswith(str(installed.resolve())) and app.endswith("_app/app.py")


def test_the_installed_app_draws_its_first_page(guest, chromium):
    context = chromium.new_context(color_scheme="light")
    context.set_default_timeout(1000 * SECONDS)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(guest)
    page.get_by_role("heading", level=1).wait_for()
    ground = page.locator(".stApp").evaluate("node => getComputedStyle(node).backgroundColor")
    assert ground == f"rgb({', '.join(str(int(colour('page')[i : i + 2], 16)) for i in (1, 3, 5))})"
    primary = page.evaluate("getComputedStyle(document.querySelector('.stApp')).getPropertyValue('--st-primary-color')")
    assert primary.strip().upper() in ("", colour("fisher")), "the config beside the app applies"
    assert [url for url in asked if not url.startswith((guest, "data:", "blob:"))] == [], "nothing from elsewhere"
    context.close()


def test_the_installed_app_serves_the_stage(guest, chromium):
    with urllib.request.urlopen(guest + STAGE, timeout=SECONDS) as answer:
        assert answer.status == 200
        assert "javascript" in answer.headers["Content-Type"]
        assert answer.read() == (ROOT / "fimviz" / "stage" / "public" / "stage.js").read_bytes()


@pytest.fixture
def bare(monkeypatch):
    """A machine without Chromium; the commands it would run are collected, and nothing runs."""
    commands = []
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "present", lambda: None)
    monkeypatch.setattr(browser.subprocess, "run", lambda command, **_: commands.append(" ".join(command)))
    monkeypatch.setattr(browser.shutil, "which", lambda name: f"/usr/bin/{name}")
    return commands


@pytest.mark.parametrize(("user", "first"), [(0, "apt-get install -y chromium"), (1000, "playwright install chromium")])
def test_chromium_is_fetched_where_there_is_none(bare, monkeypatch, user, first):
    monkeypatch.setattr(browser.os, "geteuid", lambda: user)
    with pytest.raises(RuntimeError, match="set CHROMIUM"):
        browser.find()
    assert bare[0].endswith(first)
    assert "playwright install" in bare[-1]


def test_a_chromium_that_does_not_start_is_none(monkeypatch, tmp_path):
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(stub))
    with pytest.raises(RuntimeError, match="does not start"):
        browser.present()


# a family of another catalogue: amplitudes whose squares are gamma
NAKAGAMI = '''"""Nakagami(m, Ω): an amplitude whose square is gamma with shape m and mean Ω."""

from sympy import log, loggamma

from fimviz.family import POSITIVE, Family, Parameter, Support

FAMILY = Family(
    slug="nakagami",
    title="Nakagami",
    parameters=(
        Parameter("m", POSITIVE, (0.5, 6), 2.0, "shape", "m"),
        Parameter("omega", POSITIVE, (0.3, 5), 1.5, "mean square", "Ω"),
    ),
    support=Support("positive", (0, 4)),
    log_density=lambda x, m, omega: (
        log(2) + m * log(m / omega) - loggamma(m) + (2 * m - 1) * log(x) - m * x**2 / omega
    ),
)
'''
# run beside the copy: what it prints is the family wherever it should be found
FINDS_IT = """
import fimviz
from streamlit.testing.v1 import AppTest
from fimviz import CATALOG, cli, derive, examine, ui
from fimviz.derive.lines import lines
from fimviz.stage.model import describe

assert fimviz.__file__.startswith({home!r}), fimviz.__file__
family = CATALOG["nakagami"]
assert "nakagami" in ui.families()
assert "nakagami" in ui.families(descent=True)
assert examine(family).regular and derive(family).rule == "score identity"
found = lines(family)
assert len(found) == 5 and all(line.latex and line.exact for line in found), [line.name for line in found]
assert max(line.check for line in found if line.name != "score") < 1e-8, [line.check for line in found]
assert describe(family)["title"] == "Nakagami" and describe(family)["solver"]["metric"]
opened = []
for page in {pages!r}:
    app = AppTest.from_file(str(cli.app()), default_timeout=120)
    app.query_params.update({{"family": "nakagami"}})
    app.switch_page(f"pages/{{page}}.py")
    app.run()
    assert not app.exception, (page, app.exception)
    assert app.query_params["family"] in ("nakagami", ["nakagami"]), (page, app.query_params)
    select = next(box for box in app.selectbox if "Nakagami" in box.options)
    assert select.value == "nakagami"
    opened.append(page)
print(" ".join(opened))
"""


def test_one_file_puts_a_family_everywhere(installed, tmp_path):
    """A copy of the installed package with one file more: selector, derivation, stage and every page know it."""
    package = Path(next((installed / "lib").glob("python*/site-packages")), "fimviz")
    shutil.copytree(package, tmp_path / "fimviz")
    (tmp_path / "fimviz" / "families" / "nakagami.py").write_text(NAKAGAMI, "utf-8")
    pages = [page.stem for page in (ROOT / "pages").glob("*.py") if "FamilyField(" in page.read_text("utf-8")]
    found = subprocess.run(
        [installed / "bin" / "python", "-c", FINDS_IT.format(home=str(tmp_path), pages=sorted(pages))],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == sorted(pages)
