"""The app as a visitor meets it: a real server, a real browser, hands and keys."""

import math
import re
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Error
from waiting import SECONDS, becomes, calm

from fimviz import ui
from fimviz.words import words

ROOT = Path(__file__).parents[1]
SLUGS = [entry.slug for entry in ui.CONTENTS]
# a page of sentences has no picture
PICTURED = [slug for slug in SLUGS if "page.stage(" in (ROOT / "pages" / f"{slug}.py").read_text("utf-8")]
# Streamlit itself probes two addresses below a sub-page; nothing else of ours may be missing.
PROBES = re.compile(r"/_stcore/(health|host-config)$")
# The component sits in a shadow root; its root element carries the probe.
FIND = """() => {
  const find = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.__fimviz) return node.__fimviz;
      const inner = node.shadowRoot && find(node.shadowRoot);
      if (inner) return inner;
    }
    return null;
  };
  const s = find(document);
  return %s;
}"""


# A server that has gone leaves its script running for ever.
AT_REST = """Boolean(s && s.frames > 0 && Object.keys(s.values).length && !s.busy) && (() => {
  const {testConnectionState, testScriptState} = document.querySelector("[data-testid=stApp]").dataset;
  return testConnectionState !== "CONNECTED" || testScriptState !== "running";
})()"""


def now(page, expression):
    return page.evaluate(FIND % expression)


def ask(page, expression):
    """The same, once every frame that was asked for is drawn."""
    now(page, calm("s?.pending"))
    return now(page, expression)


def values(page):
    return ask(page, "s.values")


def search(page):
    return page.evaluate("location.search")


def ready(page, path, query="", nudge=False):
    """Open an address cold and wait for the picture; no click. Without `nudge` this is no first visit."""
    page.failed = []
    page.on("response", lambda r: page.failed.append(r.url) if r.status >= 400 else None)
    if not nudge:
        page.add_init_script("localStorage.setItem('fimviz.dragged', 'yes')")
    page.goto(path + query)
    settled(page)
    return page


def settled(page):
    """Wait until Python has answered, its script is at rest and the picture is drawn, all for a while."""
    rested, end = 0, time.monotonic() + SECONDS
    while rested < 6:
        page.wait_for_timeout(50)
        rested = rested + 1 if _rests(page) else 0
        assert time.monotonic() < end, "waited in vain for a page at rest"


def _rests(page):
    try:
        return not getattr(page, "asked", False) and now(page, AT_REST)
    except Error:  # between two pages there is nothing to ask
        return False


def after(page, act):
    """Do what Python is to hear of; go on when it has answered and the page is at rest again."""
    before = page.finished
    act()
    becomes(page, lambda: page.finished > before)
    settled(page)


def press(node, *keys):
    """Keys in one go, however slow the machine: what comes within a quarter of a second is one report."""
    script = """(node, keys) => keys.forEach((key) => node.dispatchEvent(new KeyboardEvent("keydown",
      {key: key.split("+").at(-1), shiftKey: key.startsWith("Shift+"), bubbles: true, cancelable: true})))"""
    node.evaluate(script, keys)


def heard(page):
    """Messages that the page sends to Python, counted from now on."""
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(len(data or b""))))
    return sent


def handle(page, name):
    now(page, calm("s?.pending"))
    return page.get_by_role("slider", name=re.compile(name)).first


def centre(page, name):
    box = handle(page, name).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, name, dx, dy, steps=30):
    x, y = centre(page, name)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=steps)


def innocent(page):
    """No console error of our own, and nothing missing but Streamlit's own two probes."""
    ours = [url for url in page.failed if not PROBES.search(url)]
    assert not ours
    unexplained = [text for text in page.console_errors if "404" not in text]
    assert not unexplained, unexplained
    assert len(page.console_errors) <= len(page.failed)


@pytest.mark.parametrize("path", ["/", *(f"/{slug}" for slug in PICTURED)])
def test_the_first_picture_is_there_without_a_click(app_page, path):
    page = ready(app_page, path, nudge=True)
    assert ask(page, "s.error") is None
    assert page.get_by_role("slider").count() >= 1
    colours = page.evaluate(FIND % """[...s.views].length""")
    assert colours >= 1
    title = words(path.strip("/") or SLUGS[0])["title"].split("{")[0].strip()
    assert title in page.get_by_role("heading", level=1).inner_text()
    innocent(page)


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("coin", "ruler of probability"),
        ("paths", "Distribution A"),
        ("ellipses", "Model"),
        ("descent", "Start"),
        ("derive", "Model"),
        ("networks", "Place of weight 6"),
    ],
)
def test_python_hears_of_a_drag_once_and_on_release(app_page, slug, name):
    sent = heard(app_page)
    page = ready(app_page, f"/{slug}")
    before = values(page)
    sent.clear()
    drag(page, name, 60, -40)
    page.wait_for_timeout(600)
    moving = values(page)
    assert moving != before
    assert sent == []
    after(page, page.mouse.up)
    assert len(sent) == 1
    assert values(page) == moving
    assert search(page) != ""
    innocent(page)


def test_reload_back_forward_and_a_second_window_show_the_same(app_page):
    page = ready(app_page, "/paths")
    first = values(page)
    drag(page, "Distribution B", -40, -60)
    after(page, page.mouse.up)
    moved = values(page)
    assert moved["B"] != first["B"]
    address = page.evaluate("location.href")
    page.reload()
    settled(page)
    assert values(page)["B"] == pytest.approx(moved["B"], rel=1e-3)
    after(page, page.go_back)
    assert values(page)["B"] == pytest.approx(first["B"])
    after(page, page.go_forward)
    assert values(page)["B"] == pytest.approx(moved["B"], rel=1e-3)
    second = page.context.new_page()
    second.goto(address)
    settled(second)
    assert values(second)["B"] == pytest.approx(moved["B"], rel=1e-3)
    innocent(page)


def test_a_preset_is_one_step_of_history(app_page):
    page = ready(app_page, "/paths")
    after(page, page.get_by_text(words("paths")["presets"]["mean"], exact=True).click)
    assert values(page)["A"] == [0, 0.5]
    after(page, page.go_back)
    assert values(page)["A"] == [-3, 0.6]


@pytest.mark.parametrize(
    "query",
    [
        "?A=x",
        "?family=%3Cscript%3E",
        "?chart=__class__&t=nan",
        "?A=1,2,3&B=&t=-1",
        "?show=%00,fr",
        "?t=1e999",
        "?A=0,-1",
    ],
)
def test_nonsense_in_the_address_gives_one_line_and_the_default(app_page, query):
    page = ready(app_page, "/paths", query)
    assert values(page)["A"] == [-3, 0.6]
    line = page.get_by_text(re.compile("^Opened with")).first
    assert line.is_visible()
    assert line.bounding_box()["height"] < 40
    innocent(page)


def test_unknown_keys_are_ignored(app_page):
    page = ready(app_page, "/paths", "?utm_source=x&v=1")
    assert page.get_by_text(re.compile("^Opened with")).count() == 0


def test_keys_alone_move_a_handle_and_python_hears_once(app_page):
    sent = heard(app_page)
    page = ready(app_page, "/paths")
    a = handle(page, "Distribution A")
    a.focus()
    said = a.get_attribute("aria-valuetext")
    sent.clear()
    after(page, lambda: press(a, *["ArrowUp"] * 5, "Shift+ArrowUp"))
    assert len(sent) == 1
    moved = values(page)["A"][1]
    assert moved > 0.6 and a.get_attribute("aria-valuetext") != said
    after(page, lambda: page.keyboard.press("ArrowUp"))
    assert values(page)["A"][1] > moved and len(sent) == 2


def test_a_click_places_the_nearest_handle(app_page):
    page = ready(app_page, "/paths")
    x, y = centre(page, "Distribution B")
    after(page, lambda: page.mouse.click(x + 30, y - 90))
    assert values(page)["B"][1] > 0.6
    assert values(page)["A"] == [-3, 0.6]


def test_beats_presets_reset_and_present_by_key(app_page):
    page = ready(app_page, "/paths")
    key = page.keyboard.press
    after(page, lambda: key("PageDown"))
    assert values(page)["show"] == [] and "beat=1" in search(page)
    after(page, lambda: key("2"))
    assert values(page)["A"] == [0, 0.5]
    after(page, lambda: (key("0"), key("0")))
    after(page, lambda: key("p"))
    assert "present=1" in search(page)
    assert page.get_by_role("link", name="Descent").count() == 0
    innocent(page)


def test_no_key_is_lost_however_fast_they_come(app_page):
    page = ready(app_page, "/paths")
    body = page.locator("body")
    press(body, "PageDown", "PageDown", "PageDown", "PageUp", "PageDown")
    becomes(page, lambda: "beat=3" in search(page))
    settled(page)
    for _ in range(3):
        page.keyboard.press("PageUp")
    becomes(page, lambda: "beat=1" in search(page))
    settled(page)
    assert values(page)["show"] == [] and "beat=1" in search(page)
    innocent(page)


def test_what_comes_before_an_answer_chooses_no_preset(app_page):
    """Until Python has answered the first release the page still shows the preset; the second says so once more."""
    page = ready(app_page, "/paths")
    first = values(page)
    x, y = centre(page, "Distribution B")
    drag(page, "Distribution A", 60, -60)
    after(page, lambda: (page.mouse.up(), page.mouse.click(x - 30, y - 80)))
    moved = values(page)
    assert moved["A"] != first["A"] and moved["B"] != first["B"]
    becomes(page, lambda: {"A=", "B="} <= set(re.findall(r"[AB]=", search(page))))
    page.reload()
    settled(page)
    for name in "AB":
        assert values(page)[name] == pytest.approx(moved[name], rel=1e-3)
    innocent(page)


def test_present_mode_fits_a_projector(app_page):
    app_page.set_viewport_size({"width": 1920, "height": 1080})
    for slug in PICTURED:
        page = ready(app_page, f"/{slug}", "?present=1")
        main = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        assert main <= 1080, (slug, main)


def test_a_phone_scrolls_one_way_only(app_page):
    app_page.set_viewport_size({"width": 390, "height": 844})
    for slug in PICTURED:
        page = ready(app_page, f"/{slug}")
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


def test_top_bar_leads_to_every_page_and_keeps_its_state(app_page):
    page = ready(app_page, "/paths", "?t=0.25")
    page.get_by_role("link", name="Descent").click()
    page.wait_for_url(re.compile("/descent"))
    becomes(page, lambda: "step" in values(page))
    settled(page)
    assert "step" in values(page)
    page.get_by_role("link", name="Paths").click()
    page.wait_for_url(re.compile("/paths"))
    becomes(page, lambda: values(page).get("t"), 0.25)
    settled(page)
    assert values(page)["t"] == 0.25


def test_what_was_let_go_is_there_after_another_page(app_page):
    page = ready(app_page, "/paths")
    for dx in (60, 50):
        drag(page, "Distribution A", dx, -30)
        after(page, page.mouse.up)
    left, address = values(page)["A"], search(page)
    page.get_by_role("link", name="Descent").click()
    page.wait_for_url(re.compile("/descent"))
    settled(page)
    page.go_back()
    page.wait_for_url(re.compile("/paths"))
    becomes(page, lambda: values(page).get("A", [0])[0], pytest.approx(left[0], rel=1e-3))
    settled(page)
    assert values(page)["A"] == pytest.approx(left, rel=1e-3) and search(page) == address
    innocent(page)


HANDED = """window.handed = 0; new MutationObserver((records) => {
  for (const { addedNodes } of records) for (const node of addedNodes) if (/stage\\.js/.test(node.src)) window.handed++;
}).observe(document.head, { childList: true });"""


@pytest.mark.parametrize(("path", "name"), [("/paths", "Distribution A"), ("/ellipses", "Model")])
def test_a_release_that_says_what_is_on_the_picture_leaves_it_alone(app_page, path, name):
    page = ready(app_page, path)
    drag(page, name, 60, -30)
    after(page, page.mouse.up)
    page.evaluate(HANDED)
    before = search(page)
    drag(page, name, 7, -4)
    after(page, page.mouse.up)
    assert search(page) != before and page.evaluate("window.handed") == 0
    # another state is handed over
    after(page, page.get_by_role("radio", name=preset_words(path)).click)
    assert page.evaluate("window.handed") > 0
    innocent(page)


def preset_words(path):
    return list(words(path.strip("/"))["presets"].values())[1]


def test_the_cloud_follows_the_hand_where_one_serves_all_members(app_page):
    page = ready(app_page, "/ellipses")
    standard = np.array(ask(page, "s.views[0].panel.marks.find((m) => m.kind === 'cloud').points"))
    runs, seen = page.finished, "s.scene.values.theta.concat([...s.views[0].pen.front.find((i) => i.t === 'dots').pts])"
    places = []
    for dx in (0, 90):
        drag(page, "Model", dx, -dx / 2)
        mu, sigma, *pts = ask(page, seen)
        places.append((mu, sigma, np.reshape(pts, (-1, 2))))
    assert page.finished == runs and places[1][0] > places[0][0]
    page.mouse.up()
    for mu, sigma, pts in places:
        theta = np.stack([mu + sigma * standard[:, 0], sigma * standard[:, 1], np.ones(len(standard))], -1)
        fit, *_ = np.linalg.lstsq(theta, pts, rcond=None)
        # pixels are (μ, σ) stretched along each axis
        assert theta @ fit == pytest.approx(pts, abs=1e-6)
        assert fit[1, 0] == pytest.approx(0, abs=1e-6) and fit[0, 1] == pytest.approx(0, abs=1e-6)


def test_the_theme_follows_the_visitor(app_page):
    app_page.emulate_media(color_scheme="dark")
    page = ready(app_page, "/paths")
    assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") == "rgb(17, 21, 27)"


def test_the_scrubber_and_play(app_page):
    sent = heard(app_page)
    page = ready(app_page, "/paths")
    begin = values(page)["t"]
    sent.clear()
    page.get_by_role("button", name=re.compile("Play")).click()
    playing = page.wait_for_function(FIND % f"s.values.t !== {begin} && s.values.t").json_value()
    assert begin < playing < 1
    settled(page)
    assert values(page)["t"] == 1
    assert len(sent) <= 1


def test_the_family_can_be_switched_and_its_picture_moves(app_page):
    page = ready(app_page, "/paths", "?family=gamma")
    before = ask(page, "s.scene.lookup('fr.length')")
    drag(page, "Distribution A", 40, -50)
    assert ask(page, "s.scene.lookup('fr.length')") != before
    after(page, page.mouse.up)
    innocent(page)


def test_presenting_from_a_dark_page_is_light_and_leaves_as_it_came(app_page):
    app_page.emulate_media(color_scheme="dark")
    page = ready(app_page, "/paths", "?t=0.3")

    def background():
        return page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")

    dark = background()
    page.keyboard.press("p")
    page.wait_for_url(re.compile("present=1"))
    settled(page)
    assert background() == "rgb(255, 255, 255)"
    assert values(page)["t"] == 0.3
    page.keyboard.press("p")
    page.wait_for_url(lambda url: "present" not in url)
    settled(page)
    assert background() == dark
    assert values(page)["t"] == 0.3


def test_a_path_round_the_circle_is_drawn_in_two_pieces(app_page):
    """Between directions −2.2 and 2 the way round the back is shorter; no line may run across the picture."""
    page = ready(app_page, "/paths", "?family=von_mises")
    points = page.evaluate(FIND % "Array.from(s.scene.results.get('fr').points)")
    assert len(points) > 20
    picture = page.evaluate(FIND % "s.svg()")
    widest = 0.0
    for data in re.findall(r'<path d="([^"]+)"', picture):
        for piece in data.split("M")[1:]:
            numbers = [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", piece)]
            xs = numbers[::2]
            if len(xs) > 3:
                widest = max(widest, *(abs(b - a) for a, b in pairwise(xs)))
    assert widest < 300


def test_certainty_to_certainty_is_found_and_is_pi_long(app_page):
    page = ready(app_page, "/paths")
    after(page, page.get_by_text(words("paths")["presets"]["certainty"], exact=True).click)
    assert ask(page, "s.scene.lookup('fr.length')") == pytest.approx(3.1376, abs=1e-4)
    page.reload()
    settled(page)
    assert not page.get_by_text(re.compile("^Opened with")).count()
    assert ask(page, "s.scene.lookup('fr.length')") == pytest.approx(3.1376, abs=1e-4)


RULERS = ("ruler of probability", "ruler of arc length", "ruler of log-odds")


def at(page, ruler):
    """What a ruler's handle says of its place, as a number."""
    return float(handle(page, ruler).get_attribute("aria-valuenow"))


@pytest.mark.parametrize("ruler", RULERS)
def test_the_coin_can_be_taken_on_any_ruler_and_the_others_follow(app_page, ruler):
    sent = heard(app_page)
    page = ready(app_page, "/")
    before = [centre(page, name)[0] for name in RULERS]
    seen = ask(page, "s.scene.lookup('flips_p.mean')")
    sent.clear()
    drag(page, ruler, -90, 12)
    page.wait_for_timeout(300)
    assert sent == []
    there = [centre(page, name)[0] for name in RULERS]
    assert all(x < x0 - 20 for x, x0 in zip(there, before, strict=True))
    assert there[RULERS.index(ruler)] == pytest.approx(before[RULERS.index(ruler)] - 90, abs=2)
    assert ask(page, "s.scene.lookup('flips_p.mean')") < seen
    after(page, page.mouse.up)
    assert len(sent) == 1
    (p,) = values(page)["p"]
    assert at(page, RULERS[0]) == pytest.approx(p, rel=1e-3)
    assert at(page, RULERS[1]) == pytest.approx(2 * math.asin(math.sqrt(p)), rel=1e-3)
    assert at(page, RULERS[2]) == pytest.approx(math.log(p / (1 - p)), rel=1e-3)
    innocent(page)


def test_every_bar_is_as_long_on_the_middle_ruler_only(app_page):
    page = ready(app_page, "/coin", "?n=100&show=bars,odds,arc,second,flips")
    errors = [ask(page, f"s.scene.lookup('se{i}')") for i in range(3)]
    assert errors == pytest.approx([0.03, 0.1, 1 / 3])
    handle(page, RULERS[1]).focus()
    for _ in range(2):
        after(page, lambda: page.keyboard.press("Shift+ArrowLeft"))
    moved = [ask(page, f"s.scene.lookup('se{i}')") for i in range(3)]
    assert moved[0] > 1.2 * errors[0] and moved[2] < 0.8 * errors[2]
    assert moved[1] == pytest.approx(0.1, rel=1e-12)


def test_a_click_places_the_coin_on_the_ruler_that_was_clicked(app_page):
    page = ready(app_page, "/coin")
    x, y = centre(page, RULERS[1])
    after(page, lambda: page.mouse.click(x - 200, y + 6))
    assert centre(page, RULERS[1])[0] == pytest.approx(x - 200, abs=1.5)
    assert "p=" in search(page)


def test_coins_in_a_link_survive_reload_back_and_a_second_window(app_page):
    page = ready(app_page, "/coin", "?p=0.25&q=0.75&n=50&seed=3&show=bars,odds,arc,second,flips")
    first = values(page)
    assert (first["p"], first["q"], first["n"], first["seed"]) == ([0.25], [0.75], 50, 3)
    flips = ask(page, "Array.from(s.scene.results.get('flips_p').counts)")
    drag(page, "Coin q.*probability", -60, 0)
    after(page, page.mouse.up)
    moved = values(page)
    address = page.evaluate("location.href")
    page.reload()
    settled(page)
    assert values(page)["q"] == pytest.approx(moved["q"], rel=1e-3)
    after(page, page.go_back)
    assert values(page)["q"] == [0.75]
    second = page.context.new_page()
    second.goto(address)
    settled(second)
    assert values(second)["q"] == pytest.approx(moved["q"], rel=1e-3)
    assert ask(second, "Array.from(s.scene.results.get('flips_p').counts)") == flips
    innocent(page)


@pytest.mark.parametrize("query", ["?p=1", "?p=heads&n=-3", "?q=0.5,0.5", "?seed=nan&show=%00", "?n=1e9"])
def test_no_coin_in_the_address_is_the_usual_coin_and_a_line(app_page, query):
    page = ready(app_page, "/coin", query)
    assert (values(page)["p"], values(page)["q"], values(page)["n"]) == ([0.9], [0.5], 400)
    assert page.get_by_text(re.compile("^Opened with")).first.is_visible()
    innocent(page)


def test_five_heads_in_five_flips_have_no_log_odds(app_page):
    page = ready(app_page, "/coin")
    after(page, page.get_by_text(words("coin")["presets"]["five"], exact=True).click)
    assert ask(page, "Array.from(s.scene.results.get('flips_p').counts)") == [0, 5]
    assert ask(page, "s.scene.lookup('flips_p.mean')") == 1
    assert ask(page, "s.scene.results.get('hat_p').ok") is False
    assert "∞" in page.evaluate(FIND % "s.svg()")
    assert ask(page, "s.error") is None
    innocent(page)


def test_the_prediction_leads_to_the_state_that_answers_it(app_page):
    page = ready(app_page, "/")
    page.get_by_role("button", name="Fewer").click()
    after(page, page.get_by_role("button", name="Show it").click)
    assert (values(page)["p"], values(page)["q"]) == ([0.9], [0.99])
    assert ask(page, "s.scene.lookup('fr.length')") == pytest.approx(2 * (math.asin(0.99**0.5) - math.asin(0.9**0.5)))
    assert ask(page, "s.scene.lookup('pair.length')") == pytest.approx(2 * (math.asin(0.6**0.5) - math.asin(0.5**0.5)))
    assert page.get_by_text(re.compile("61 flips")).first.is_visible()


def test_a_coin_that_is_nearly_certain_can_be_brought_back(app_page):
    page = ready(app_page, "/coin", "?p=0.999999&n=4")
    box = page.locator("canvas").first.bounding_box()
    for name in RULERS:
        x, _ = centre(page, name)
        assert box["x"] <= x <= box["x"] + box["width"]
    drag(page, RULERS[2], -400, 0)
    after(page, page.mouse.up)
    assert values(page)["p"][0] < 0.9
    innocent(page)


@pytest.mark.parametrize("slug", ["coin", "ellipses"])
def test_a_new_sample_is_another_one_and_has_an_address(app_page, slug):
    page = ready(app_page, f"/{slug}")
    seen = {
        "coin": "Array.from(s.scene.results.get('flips_p').counts)",
        "ellipses": "s.views[0].panel.marks.find((m) => m.kind === 'cloud').points[0]",
    }[slug]
    before = ask(page, seen)
    after(page, page.get_by_role("button", name=words("frame")["sample"]).click)
    assert values(page)["seed"] == 8 and "seed=8" in search(page)
    assert ask(page, seen) != before


def step_of(page):
    return values(page)["step"]


def test_a_derivation_is_stepped_through_by_buttons_and_keys_and_kept_in_the_address(app_page):
    page = ready(app_page, "/derive", "?family=gamma")
    lines = page.locator(".fv-line")
    assert lines.count() == 5 and step_of(page) == 5
    after(page, page.get_by_role("button", name="Back").click)
    assert step_of(page) == 4 and "step=4" in page.url
    # a line that is not reached is named, and its formula waits
    assert lines.nth(4).locator("math").evaluate("node => getComputedStyle(node).visibility") == "hidden"
    title = lines.nth(3).locator(".fv-line-title")
    title.focus()
    after(page, lambda: page.keyboard.press("ArrowUp"))
    assert step_of(page) == 3
    assert lines.nth(2).locator(".fv-line-title").evaluate("node => node.getRootNode().activeElement === node")
    after(page, lines.nth(1).locator(".fv-line-title").click)
    assert step_of(page) == 2 and lines.nth(1).get_attribute("class").split().count("fv-now") == 1
    # two presses at once are two steps
    on = page.get_by_role("button", name="Next", exact=True)
    after(page, lambda: on.evaluate("node => { node.click(); node.click(); }"))
    assert step_of(page) == 4
    innocent(page)


def test_each_line_stands_beside_its_plot_and_is_copied_with_one_click(app_page):
    page = ready(app_page, "/derive")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    curves = page.locator(".fv-curves").first.bounding_box()
    rows = [page.locator(".fv-line").nth(i).bounding_box() for i in range(4)]
    assert abs(rows[0]["y"] - curves["y"]) < 4
    assert all(abs(b["y"] - a["y"] - rows[0]["height"]) < 8 for a, b in pairwise(rows))
    for what, begins in (("LaTeX", r"\mathbb{E}_{p}[s^2]"), ("Python", "from sympy import")):
        page.get_by_role("button", name=f"Copy {what}: second moment").click()
        becomes(page, lambda begins=begins: page.evaluate("navigator.clipboard.readText()").startswith(begins))
    innocent(page)


@pytest.mark.parametrize("query", ["", "?family=normal", "?family=weibull", "?family=dirichlet", "?family=kumaraswamy"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_line_of_a_derivation_is_cut(app_page, query, width):
    app_page.set_viewport_size({"width": width, "height": 844})
    page = ready(app_page, "/derive", query)
    for formula in page.locator(".fv-line-formula").all():
        wide, high = formula.evaluate("n => [n.scrollWidth - n.clientWidth, n.scrollHeight - n.clientHeight]")
        size, goes_on = formula.evaluate("n => [parseFloat(getComputedStyle(n).fontSize), n.matches('.fv-wide')]")
        # what is wider than its room at the smallest size that is read is scrolled, and shows that it goes on
        assert high <= 2 and (wide <= 1 or goes_on)
        assert size >= 10.9
    innocent(page)


def test_the_prediction_of_the_derivation_shows_the_moving_edge(app_page):
    page = ready(app_page, "/derive")
    page.get_by_role("button", name="None do").click()
    after(page, page.get_by_role("button", name="Show it").click)
    becomes(page, lambda: "family=uniform" in page.url)
    settled(page)
    assert page.get_by_text("what is left").count() == 1
    innocent(page)


def test_a_link_under_the_keyboard_is_seen(app_page):
    page = ready(app_page, "/coin")
    page.get_by_role("link", name="Paths").focus()
    page.keyboard.press("Shift+Tab")
    focused = "getComputedStyle(document.activeElement)"
    assert page.evaluate("document.activeElement.textContent").strip() == "Ellipses"
    assert page.evaluate(f"{focused}.outlineStyle") == "solid"
    assert page.evaluate(f"parseFloat({focused}.outlineWidth)") >= 2


def test_what_a_triangle_does_not_show_is_still_a_number(app_page):
    page = ready(app_page, "/ellipses", "?family=categorical&theta=0.2,0.3&n=100")
    reach = ask(page, "s.scene.lookup('ellipse.max_p2')")
    assert reach == pytest.approx(0.3 + math.sqrt(5.991465 / 100 * 0.3 * 0.7), abs=1e-4)
    assert "—" not in page.locator(".fv-formula").first.text_content()
    innocent(page)


def test_a_hand_in_a_slice_keeps_the_third_coordinate(app_page):
    page = ready(app_page, "/ellipses", "?family=bivariate_normal")
    before = values(page)["theta"]
    drag(page, "Model", 60, -40)
    after(page, page.mouse.up)
    moved = values(page)["theta"]
    assert abs(moved[0] - before[0]) > 0.05 and abs(moved[1] - before[1]) > 0.05
    assert moved[2] == pytest.approx(before[2], abs=1e-9)
    address = page.evaluate("new URL(location.href).searchParams.get('theta')")
    assert [float(x) for x in address.split(",")] == pytest.approx(moved, rel=1e-3)


def test_the_slider_of_a_slice_moves_the_third_coordinate_alone(app_page):
    sent = heard(app_page)
    page = ready(app_page, "/paths", "?family=dirichlet")
    before = values(page)
    sent.clear()
    slider = page.get_by_role("slider", name=re.compile("a₃ of A"))
    slider.focus()
    after(page, lambda: press(slider, *["ArrowRight"] * 5))
    moved = values(page)
    assert moved["A"][:2] == pytest.approx(before["A"][:2]) and moved["B"] == before["B"]
    assert moved["A"][2] > before["A"][2] + 0.3
    assert len(sent) == 1
    page.reload()
    settled(page)
    assert values(page)["A"] == pytest.approx(moved["A"], rel=1e-3)
    becomes(page, page.locator(".js-plotly-plot").count, 1)


def test_a_constant_is_part_of_the_state(app_page):
    """ν by keys: the picture, the formula and the address follow; a reload, a second window and Back show it again."""
    page = ready(app_page, "/paths", "?family=student_t&nu=5")
    length = "Number(s.scene.lookup('fr.length'))"
    five = ask(page, length)
    nu = page.get_by_label("degrees of freedom ν")
    nu.focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function("new URLSearchParams(location.search).get('nu') === '6'", timeout=30_000)
    settled(page)
    six = ask(page, length)
    # g is (ν + 1)/(ν + 3) dμ²/σ² + 2ν/(ν + 3) dσ²/σ²
    assert six > five + 0.01
    page.reload()
    settled(page)
    assert page.get_by_label("degrees of freedom ν").input_value() == "6"
    assert ask(page, length) == pytest.approx(six, rel=1e-9)
    second = page.context.new_page()
    second.goto(page.evaluate("location.href"))
    settled(second)
    assert ask(second, length) == pytest.approx(six, rel=1e-9)
    second.close()
    page.get_by_label("degrees of freedom ν").fill("0.5")
    page.keyboard.press("Enter")
    page.wait_for_function("new URLSearchParams(location.search).get('nu') === '0.5'", timeout=30_000)
    settled(page)
    page.go_back()
    page.wait_for_function("new URLSearchParams(location.search).get('nu') === '6'", timeout=30_000)
    settled(page)
    assert page.get_by_label("degrees of freedom ν").input_value() == "6"
    assert ask(page, length) == pytest.approx(six, rel=1e-9)
    innocent(page)
