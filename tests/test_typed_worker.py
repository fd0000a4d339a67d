"""Typed families in workers: what comes back, what goes wrong, who waits; each in one sentence."""

import ast
import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from waiting import SECONDS

import fimviz
from fimviz import CATALOG, State, TextRefused
from fimviz.derive.lines import lines
from fimviz.typed import Declaration, Outcome, answer, answers, find, parse_family, process, slug_of, worker
from fimviz.typed.admission import Admission, Busy, Once
from fimviz.typed.process import Report, ask, start

LINE, HALF = "(-oo, oo)", "(0, oo)"
NORMAL = Declaration("-(x-mu)^2/(2s^2) - log(s) - log(2pi)/2", LINE, {"mu": LINE, "s": HALF})
ROOM = Path(fimviz.__file__).parent / "typed"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """No answer, no queue and no learnt time from another test; the bench with its warm worker stays."""
    monkeypatch.setattr(answers, "_once", Once())
    monkeypatch.setattr(answers, "_admission", Admission())


def ask_here(_, declaration):
    """The stages without a process."""
    stages = {}
    try:
        for stage in worker.work(Declaration(**json.loads(json.dumps(declaration)))):
            stages[stage["stage"]] = json.loads(json.dumps(stage))
    except TextRefused as error:
        stages["refused"] = {name: getattr(error, name) for name in ("code", "reason", "column", "part")}
    return Report(stages, "done")


class NoBench:
    def take(self):
        return None

    def warm(self):
        pass


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr(answers, "ask", ask_here)
    monkeypatch.setattr(answers, "_bench", NoBench())


# ---------------------------------------------------------------- what comes back


SAME = [
    ("normal", NORMAL),
    ("gamma", Declaration("log(beta^k*x^(k-1)*exp(-beta x)/gamma(k))", HALF, {"k": HALF, "beta": HALF})),
    ("weibull", Declaration("log(k/lam) + (k-1)log(x/lam) - (x/lam)^k", HALF, {"k": HALF, "lam": HALF})),
    ("laplace", Declaration("-|x-mu|/b - log(2b)", LINE, {"mu": LINE, "b": HALF})),
    ("beta", Declaration("(a-1)log(x) + (b-1)log(1-x) - betaln(a, b)", "(0, 1)", {"a": HALF, "b": HALF})),
    ("poisson", Declaration("x*log(l) - l - log(factorial(x))", "0, 1, 2, ...", {"l": HALF})),
    ("von_mises", Declaration("k*cos(x-mu) - log(2pi besseli(0, k))", "circle", {"mu": LINE, "k": HALF})),
]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("slug", "declaration"), SAME, ids=[s[0] for s in SAME])
def test_the_family_that_comes_back_has_the_metric_of_the_catalogue(slug, declaration, monkeypatch):
    found = answer(declaration)
    assert found.outcome is Outcome.ANSWERED and found.everywhere and found.verdict.regular
    known = CATALOG[slug]
    fimviz.derive(known)
    for rule in ("score_identity", "location_scale", "kernel_moments"):
        monkeypatch.setattr(sys.modules["fimviz.derive"], rule, None)  # nothing is derived again
    theta = np.random.default_rng(2).uniform(*np.transpose([p.view for p in known.parameters]), (5, known.dimension))
    ours, theirs = fimviz.fisher_metric(found.family), fimviz.fisher_metric(known)
    size = np.sqrt(np.einsum("...ii->...i", theirs.matrix(theta)))
    assert np.max(np.abs(ours.matrix(theta) - theirs.matrix(theta)) / (size[:, :, None] * size[:, None, :])) < 1e-10
    for alpha in (0, 1, -1):
        np.testing.assert_allclose(
            ours.christoffel(theta, alpha), theirs.christoffel(theta, alpha), rtol=1e-8, atol=1e-10
        )
    p, q = theta[0], 0.6 * theta[0] + 0.4 * theta[1]
    assert fimviz.distance(ours, p, q) == pytest.approx(float(fimviz.distance(theirs, p, q)), rel=1e-8)
    assert fimviz.derive(found.family).rule == fimviz.derive(known).rule
    assert [line.name for line in lines(found.family)] == [line.name for line in lines(known)]
    assert all(line.latex and line.python and line.check < 1e-6 for line in found.lines)


@pytest.mark.usefixtures("here")
def test_a_density_of_ones_own_is_answered():
    own = Declaration("log(a b) + (a-1)log(x) - (b+1)*log(1+x^a)", HALF, {"a": HALF, "b": HALF}, {"b": 3})
    found = answer(own, "me")
    assert found.outcome is Outcome.ANSWERED and found.everywhere
    assert found.family.default.tolist() == [1.5, 3.0]
    low, high = found.family.support.view
    inside = found.family.log_probability(np.linspace(low, high, 4001)[1:], found.family.default)
    assert np.exp(inside).sum() * (high - low) / 4000 > 0.99
    assert find(found.slug) is found.family and slug_of(own) == found.slug and find("yours-0") is None


VERDICTS = [
    ("-(x-mu)^2", LINE, {"mu": LINE}, State.NOT_NORMALISED, "1.772"),
    ("x - mu", LINE, {"mu": LINE}, State.NOT_A_DENSITY, "No probability density"),
    ("-(x-a-b)^2/2 - log(2pi)/2", LINE, {"a": LINE, "b": LINE}, State.SINGULAR, "1 of 2"),
    ("-log(theta)", "(0, theta)", {"theta": HALF}, State.SUPPORT_MOVES, "support moves"),
    ("-log(b-a)", "(a, b)", {"a": LINE, "b": LINE}, State.SUPPORT_MOVES, "support moves"),
]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("text", "support", "parameters", "state", "says"), VERDICTS)
def test_what_is_no_regular_family_is_shown_and_goes_nowhere(text, support, parameters, state, says):
    found = answer(Declaration(text, support, parameters))
    assert found.outcome is Outcome.ANSWERED and found.verdict.state is state
    assert says in found.sentence
    assert found.family is not None and not found.everywhere and find(found.slug) is None


@pytest.mark.usefixtures("here")
def test_a_density_without_a_formula_is_known_by_numbers():
    found = answer(Declaration("log(0.5exp(-x^2/2)+0.5exp(-(x-mu)^2/2)) - log(2pi)/2", LINE, {"mu": LINE}))
    assert found.verdict.state is State.NO_FORMULA and found.accuracy < 1e-10
    assert "quadrature" in found.sentence
    assert [line.exact for line in found.lines] == [True, True, False, False, False]


@pytest.mark.parametrize("text", ["", "x +", "foo(x)", "1/0", "\ud800", "(" * 99, None, 3, b"x"])
def test_bad_input_is_a_sentence(text):
    for declaration in (
        Declaration(text, LINE, {"a": LINE}),
        Declaration("x", text, {"a": LINE}),
        Declaration("x", LINE, {"a": text}),
    ):
        found = answer(declaration, "me")
        assert found.outcome is Outcome.REFUSED and found.sentence.endswith(".")


@pytest.mark.usefixtures("here")
def test_what_sympy_alone_refuses_keeps_its_place():
    found = answer(Declaration("x*a + 1/(sqrt(2)^2 - 2)", LINE, {"a": LINE}))
    assert found.outcome is Outcome.REFUSED and found.column == 10


# ---------------------------------------------------------------- a worker of its own

QUICK = "import sys; sys.path[:] = sys.argv[1:]; from fimviz.typed import worker; worker._warm_up = lambda: None; "
PLAIN = answers._plain(NORMAL)


def faulty(body, seconds=SECONDS, first="yield {'stage': 'numbers', **worker._numbers(worker.family_of(declaration))}"):
    """What becomes of a worker that does `body` after its numbers."""
    program = f"""{QUICK}
import os, signal, time
def work(declaration):
    {first}
    {body}
    yield {{'stage': 'never'}}
worker.work, worker.SECONDS = work, {seconds}
worker.run()"""
    return ask(start(program), PLAIN, SECONDS)


@pytest.mark.usefixtures("patient")
def test_a_worker_answers_and_ends():
    started = start()
    report = ask(started, PLAIN, SECONDS)
    assert report.end == "done" and started.returncode == 0
    assert list(report.stages) == ["ready", "numbers", "formula", "verdict", "lines", "geometry", "done"]
    found = answers._answer(NORMAL, report)
    assert found.sentence == State.REGULAR.value and found.everywhere


FAULTS = [
    ("os.kill(os.getpid(), signal.SIGKILL)", Outcome.LOST),
    ("os.kill(os.getpid(), signal.SIGSEGV)", Outcome.LOST),
    ("os.kill(os.getpid(), signal.SIGTERM)", Outcome.LOST),
    ("os.abort()", Outcome.LOST),
    ("os._exit(0)", Outcome.LOST),
    ("os._exit(1)", Outcome.LOST),
    ("raise SystemExit(3)", Outcome.LOST),
    ("1 / 0", Outcome.LOST),
    ("f = lambda: f(); f()", Outcome.LOST),
    ("os.close(1)", Outcome.LOST),
    ("print('{\"stage\": \"do'); print('{}'); print('[]'); print('\\x00'); os._exit(0)", Outcome.LOST),
    ("held = bytearray(2**31)", Outcome.MEMORY),
    ("held = [0] * 2**29", Outcome.MEMORY),
    ("held = []\n    while True: held.append('x' * 2**20 + str(len(held)))", Outcome.MEMORY),
]


@pytest.mark.skipif(os.name == "nt", reason="signals and limits are POSIX")
@pytest.mark.parametrize(("body", "outcome"), FAULTS, ids=[f[0][:30] for f in FAULTS])
def test_a_fault_becomes_a_sentence_and_the_numbers_stay(body, outcome):
    found = answers._answer(NORMAL, faulty(body))
    assert found.outcome is outcome
    assert found.sentence == outcome.value.format(megabytes=768)
    assert found.verdict.mass_error < 1e-10 and found.family is not None and not found.everywhere


@pytest.mark.skipif(os.name == "nt", reason="signals and limits are POSIX")
@pytest.mark.parametrize("body", ["while True: pass", "time.sleep(600)", "sum(range(10**18))"])
def test_an_endless_worker_is_stopped_and_its_numbers_stay(body):
    # the clock is set when the numbers are said, however long they took
    found = answers._answer(NORMAL, faulty(f"worker.limit(1.0, worker.MEMORY)\n    {body}"))
    assert found.outcome is Outcome.TIMEOUT
    assert found.sentence.startswith("Formula not found in 8 s; the numbers are exact to ")
    assert found.accuracy < 1e-12


@pytest.mark.skipif(os.name == "nt", reason="signals and limits are POSIX")
def test_a_worker_that_never_gets_to_numbers_says_so():
    found = answers._answer(NORMAL, faulty("while True: pass", 1.0, "pass"))
    assert found.outcome is Outcome.NOTHING and found.family is None
    found = answers._answer(NORMAL, faulty("os.kill(os.getpid(), signal.SIGKILL)", first="pass"))
    assert found.outcome is Outcome.LOST and found.family is None


def test_a_worker_that_does_not_start_is_lost(monkeypatch):
    assert ask(start("raise SystemExit(1)"), PLAIN).end == "lost"
    # and one that ignores every signal is stopped by the clock of its parent
    monkeypatch.setattr(process, "START", 0.5)
    deaf = 'import time; print(\'{"stage": "ready"}\', flush=True); time.sleep(600)'
    assert ask(start(deaf), PLAIN, 0.5).end == "timeout"


@pytest.mark.skipif(os.name == "nt", reason="descriptors are POSIX")
def test_a_worker_inherits_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("FIMVIZ_SECRET", "s")
    with open(tmp_path / "held", "w") as held:
        os.set_inheritable(held.fileno(), True)
        report = ask(start(
            f"{QUICK}\nimport os, json, resource\n"
            "def work(declaration):\n"
            "    files = sorted(int(f) for f in os.listdir('/dev/fd'))\n"
            "    yield {'stage': 'files', 'files': files, 'environment': sorted(os.environ)}\n"
            "    try: open('written', 'w').write('x' * 9); wrote = os.path.getsize('written')\n"
            "    except OSError: wrote = 0\n"
            "    yield {'stage': 'done', 'wrote': wrote, 'memory': resource.getrlimit(resource.RLIMIT_AS)}\n"
            f"worker.work = work; os.chdir({str(tmp_path)!r}); worker.run()"
        ), PLAIN)  # fmt: skip
    assert len([f for f in report.stages["files"]["files"] if f > 2]) <= 1  # the listing itself
    assert "FIMVIZ_SECRET" not in report.stages["files"]["environment"]
    assert report.stages["done"]["wrote"] == 0


def test_a_worker_ends_with_its_parent():
    idle = start(f"{QUICK}worker.run()")
    idle.stdin.close()
    assert idle.wait(60) == 0
    idle.stdout.close()


def test_a_bench_has_one_warm_worker_and_never_gives_it_twice():
    bench = process.Bench()
    bench.warm()
    first = bench.take()
    second = bench.take()
    assert first.pid != second.pid
    bench.warm()
    third = bench._waiting
    bench.warm()
    assert bench._waiting is third
    third.kill()
    third.wait()
    fourth = bench.take()
    assert fourth.pid != third.pid
    bench.close()
    for one in (first, second, third, fourth):
        one.kill()
        one.communicate()


# ---------------------------------------------------------------- who waits


def test_two_run_eight_wait_and_the_next_is_told():
    admission, going, order = Admission(seconds=3.0), threading.Event(), []

    def derive(visitor):
        with admission.place(visitor):
            order.append(visitor)
            assert going.wait(30)

    with ThreadPoolExecutor(10) as pool:
        work = []
        for visitor in range(10):
            work.append(pool.submit(derive, visitor))
            _until(lambda n=visitor: len(admission._queue) == n + 1)
        _until(lambda: len(order) == 2)
        with pytest.raises(Busy) as caught, admission.place("eleventh"):
            pass
        assert (caught.value.ahead, caught.value.seconds) == (10, 15.0)
        with pytest.raises(Busy) as caught, admission.place(4):
            pass
        assert caught.value.ahead == 1
        time.sleep(0.05)
        assert sorted(order) == [0, 1]
        going.set()
        for one in work:
            one.result(30)
    assert sorted(order) == list(range(10)) and set(order[:2]) == {0, 1}
    with admission.place(4):
        pass


def _until(true):
    for _ in range(3000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def test_a_place_is_given_back_after_a_failure():
    admission = Admission(running=1, waiting=0)
    with pytest.raises(ZeroDivisionError), admission.place("a"):
        raise ZeroDivisionError
    with admission.place("a"), pytest.raises(Busy), admission.place("b"):
        pass


def test_busy_is_a_sentence(monkeypatch):
    admission = Admission(running=1, waiting=0)
    monkeypatch.setattr(answers, "_admission", admission)
    with admission.place("another"):
        found = answer(NORMAL, "me")
    assert found.outcome is Outcome.BUSY
    assert found.sentence == "Busy: 1 ahead, about 3 s."


def test_the_same_declaration_of_sixty_visitors_is_derived_once(monkeypatch, here):
    asked, going = [], threading.Event()

    def slow(worker_, declaration):
        asked.append(declaration)
        assert going.wait(60)
        return ask_here(worker_, declaration)

    monkeypatch.setattr(answers, "ask", slow)
    with ThreadPoolExecutor(60) as pool:
        found = [pool.submit(answer, NORMAL, f"visitor {i}") for i in range(60)]
        _until(lambda: asked)
        time.sleep(0.1)
        going.set()
        families = {id(one.result(60).family) for one in found}
    assert len(asked) == 1 and len(families) == 1
    assert id(answer(NORMAL, "late").family) in families and len(asked) == 1


def test_what_failed_is_tried_again_and_what_is_kept_is_bounded():
    once, count = Once(most=3), []

    def find_value(value):
        count.append(value)
        if value < 0:
            raise ValueError
        return value

    for _ in range(2):
        with pytest.raises(ValueError):
            once("bad", lambda: find_value(-1), lambda _: True)
        assert once("unkept", lambda: find_value(7), lambda v: v != 7) == 7
    assert count == [-1, 7, -1, 7]
    for key in (1, 2, 3, 1, 4):
        once(key, lambda key=key: find_value(key), lambda _: True)
    assert count[4:] == [1, 2, 3, 4] and list(once._kept) == [3, 1, 4]


def test_a_failed_worker_is_not_remembered(monkeypatch, here):
    monkeypatch.setattr(answers, "ask", lambda *_: Report({}, "lost"))
    assert answer(NORMAL).outcome is Outcome.LOST
    monkeypatch.setattr(answers, "ask", ask_here)
    assert answer(NORMAL).outcome is Outcome.ANSWERED


def test_every_outcome_has_a_sentence_of_its_own():
    assert len(Outcome) == 7 == len({o.value for o in Outcome})


# ---------------------------------------------------------------- no text reaches SymPy


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda p: p.name)
def test_no_call_of_sympy_takes_text(path):
    tree = ast.parse(path.read_text("utf-8"))
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        called = ast.unparse(call.func)
        if called.startswith(("sp.", "sympy.")):
            texts = [a for a in call.args if isinstance(a, ast.JoinedStr) or isinstance(getattr(a, "value", None), str)]
            assert not texts or called == "sp.Function", called
        assert called.split(".")[-1] not in ("lambdify", "sympify", "parse_expr", "subs", "evalf") or (
            called == "a.evalf"
        ), called


def test_a_symbol_is_made_of_checked_names_only():
    made = [n for path in ROOM.glob("*.py") for n in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(n, ast.Call) and ast.unparse(n.func) in ("sp.Symbol", "sp.Dummy")]  # fmt: skip
    assert len(made) == 1  # in build._symbol, after the pattern
    assert {p.name for p in parse_family("x*a", LINE, {"a": LINE}).parameters} == {"a"}
