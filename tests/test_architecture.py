"""The rooms and the one direction of imports, read from the source."""

import ast
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fimviz"
PAGES = sorted((ROOT / "pages").glob("*.py"))
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_app" not in path.parts)

# A room imports only from rooms before its own place, or from itself.
RANK = {
    room: rank
    for rank, rooms in enumerate(
        [
            ["errors", "special", "exponential", "tableau", "theme", "words", "arclength", "curve", "spray"],
            ["trapezoid"],
            ["tape", "sample_size", "isometry", "energy", "notation"],
            ["family", "collocation"],
            ["atlas"],
            ["families", "irregular"],
            ["derive"],
            ["metric"],
            ["geodesic", "divergence", "typed"],
            ["loss"],
            ["shortest"],
            ["connect", "field", "gradient"],
            ["inference", "coarse", "discrimination", "schedule", "networks", "pruning", "designs", "laplace"],
            ["checks"],
            ["figures", "stage"],
            ["ui"],
            ["cli", "__init__"],
        ]
    )
    for room in rooms
}
# Rooms of one rank may use each other where the subject does.
PEERS = {("discrimination", "inference"), ("field", "connect"), ("networks", "inference"), ("figures", "theme")}
STREAMLIT = {"ui", "stage", "cli"}
PLOTLY = {"figures", "theme"}
# SymPy's own doors for text: sympify, S, parse_expr. Numbers and expressions need none of them.
FORBIDDEN = {"eval", "exec", "sympify", "S", "parse_expr", "__import__"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree(path):
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(path):
    """Full names of all modules a file imports, anywhere in it; relative ones resolved."""
    inside = path.is_relative_to(PACKAGE)
    package = ("fimviz", *path.relative_to(PACKAGE).parts[:-1]) if inside else ()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            name = base if node.level else str(node.module)
            # `from fimviz import metric` names a room, `from fimviz.metric import g` a member
            yield from (f"{name}.{one.name}" for one in node.names) if name == "fimviz" else [name]


def named(path):
    """Every name and attribute a file uses, called or handed on; `S` only where it is called: S.One is a number."""
    nodes = list(ast.walk(tree(path)))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        word = node.id if isinstance(node, ast.Name) else getattr(node, "attr", None)
        if word and (word != "S" or id(node) in called):
            yield word, node.lineno


def name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_file_lives_in_a_known_room(path):
    assert room(path) in RANK, "a new room needs its place in the order"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_point_one_way(path):
    here = room(path)
    for module in imports(path):
        if not module.startswith("fimviz."):
            continue
        there = module.split(".")[1]
        if there in RANK and there != here and (here, there) not in PEERS:
            assert RANK[there] < RANK[here], f"{here} imports {there}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_streamlit_and_plotly_stay_in_their_rooms(path):
    tops = {module.split(".")[0] for module in imports(path)}
    assert "streamlit" not in tops or room(path) in STREAMLIT
    assert "plotly" not in tops or room(path) in PLOTLY


def test_the_command_imports_streamlit_only_when_it_runs():
    body = tree(PACKAGE / "cli.py").body
    tops = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert not any("streamlit" in ast.unparse(node) for node in tops)


@pytest.mark.parametrize("path", [*FILES, *PAGES, ROOT / "app.py"], ids=name)
def test_nothing_evaluates_text(path):
    for word, lineno in named(path):
        assert word not in FORBIDDEN, f"{word} in line {lineno}"
        if word == "lambdify":
            assert name(path) == "fimviz/tape.py", f"lambdify in line {lineno}"
    assert not FORBIDDEN_MODULES & {module.split(".")[0] for module in imports(path)}


def test_no_public_name_is_hidden_by_the_room_it_lives_in():
    import fimviz

    first = {public: getattr(fimviz, public) for public in fimviz.__all__}
    again = {public: getattr(fimviz, public) for public in fimviz.__all__}
    assert [public for public in first if again[public] is not first[public]] == []
    assert [public for public in again if isinstance(again[public], ModuleType)] == []


@pytest.mark.parametrize("path", sorted((PACKAGE / "families").glob("[!_]*.py")), ids=name)
def test_a_family_is_one_file(path):
    rooms = {module.split(".")[1] for module in imports(path) if module.startswith("fimviz.")}
    assert rooms <= {"family", "special", "trapezoid"}, "a family is a declaration"
    module = f"fimviz.families.{path.stem}"
    assert not [other for other in FILES if module in imports(other)], "nothing but discovery knows a family's file"


def test_contents_and_pages_agree():
    from fimviz import ui

    assert sorted(Path(page.file).name for page in ui.CONTENTS) == [path.name for path in PAGES]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_pages_say_choose_call_and_show(path):
    tops = {module.split(".")[0] for module in imports(path)}
    assert not tops & {"plotly", "sympy", "scipy"}, "mathematics belongs to the library"


def test_the_reader_of_imports_sees_them_all(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path)
    path = tmp_path / "derive" / "rule.py"
    path.parent.mkdir()
    path.write_text(
        "from ..metric import g\nfrom . import kernel\nfrom fimviz import ui\ndef f():\n import plotly.io\n"
    )
    assert list(imports(path)) == ["fimviz.metric", "fimviz.derive", "fimviz.ui", "plotly.io"]


@pytest.mark.parametrize("code", ["eval('1')", "map(sp.sympify, t)", "sp.S('x')", "sympy.parse_expr(t)", "f = exec"])
def test_the_reader_of_names_sees_what_is_handed_on(tmp_path, code):
    path = tmp_path / "text.py"
    path.write_text(f"one = sp.S.One\n{code}\n")
    assert [lineno for word, lineno in named(path) if word in FORBIDDEN] == [2]
