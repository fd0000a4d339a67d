/**
 * The stage: one component that draws a scene and lets hands move it. Streamlit calls the default export again on every
 * run, at any time, with new data; the instance lives in a WeakMap and is updated in place, also in the middle of a drag.
 *
 * The browser owns the values. They are adopted from data only when `rev` has changed, and reported with
 * setStateValue("values", …) on release or 250 ms after the last key; while a hand moves nothing is sent.
 */
import { alike } from "./alike.js";
import { Badge } from "./badge.js";
import { Prediction } from "./card.js";
import { Scrubber, Sliders } from "./controls.js";
import { el, memory, setAttr, setText } from "./dom.js";
import { figureSVG, saveFile } from "./export.js";
import { Formula } from "./formula.js";
import { pointAt } from "./handles.js";
import { listen } from "./keys.js";
import { Layout } from "./layout.js";
import { Ledger } from "./ledger.js";
import { Lines } from "./lines.js";
import { Motion } from "./motion.js";
import { forgetWidths } from "./painter.js";
import { Scene, same } from "./scene.js";
import { cssProperties, isDark, makeStyle } from "./theme.js";
import { Help, Table, Toolbar } from "./tools.js";
import { drawable, View } from "./view.js";
import { makeWords } from "./words.js";

const instances = new WeakMap();

export default function mount(component) {
  const parent = component.parentElement;
  let stage = instances.get(parent);
  if (!stage || stage.gone) instances.set(parent, (stage = new Stage(parent)));
  stage.update(component);
  // Streamlit may call the cleanup of a call that was overtaken; only a stage that has left the page is taken down.
  return () => setTimeout(() => stage.element.isConnected || stage.leave());
}

class Stage {
  constructor(parent) {
    this.scene = new Scene();
    this.views = [];
    this.rev = undefined;
    this.epoch = 0;
    this.words = makeWords();
    this.drag = null;
    this.lit = null;
    this.ledger = new Ledger(this);
    this.motion = new Motion(this);
    this.layout = new Layout(this);
    this.frames = 0;
    this.jsTimes = [];
    this.#build(parent);
    this.#listen();
  }

  // --- the page -------------------------------------------------------------------------------------------------

  #build(parent) {
    this.scrubber = new Scrubber(this);
    this.sliders = new Sliders(this);
    this.prediction = new Prediction(this);
    this.formula = new Formula(this);
    this.badge = new Badge();
    this.toolbar = new Toolbar(this, this.badge.element);
    this.table = new Table(this);
    this.help = new Help();
    this.picture = el("div", { class: "fv-area fv-picture" });
    this.side = el("div", { class: "fv-area fv-side" });
    this.live = el("p", { class: "fv-live", "aria-live": "polite" });
    this.toast = el("p", { class: "fv-toast", role: "status" });
    this.failure = el("p", { class: "fv-failure", role: "alert", hidden: true });
    const lower = el("div", { class: "fv-foot" }, this.prediction.element, this.formula.element);
    this.element = el(
      "div", { class: "fv" }, this.picture, this.scrubber.element, this.sliders.element, this.side, lower,
      this.toolbar.row, this.toolbar.bar, this.table.element, this.failure, this.live, this.toast, this.help.element,
    );
    this.lower = lower;
    this.element.__fimviz = probe(this);
    parent.append(this.element);
  }

  #listen() {
    this.resizes = new ResizeObserver(() => this.relayout());
    this.resizes.observe(this.element);
    this.themes = new MutationObserver(() => this.#restyleSoon());
    this.stop = new AbortController();
    const { signal } = this.stop;
    window.addEventListener("resize", () => this.relayout(), { signal });
    window.addEventListener("scroll", () => this.views.forEach((view) => (view.hands.rect = null)), { signal, capture: true, passive: true });
    window.addEventListener("blur", () => this.endDrag(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.endDrag(), { signal });
    document.fonts?.addEventListener?.("loadingdone", () => this.#fontsCame(), { signal });
    this.element.addEventListener("focusout", () => this.ledger.commitNow(), { signal });
    listen(this, signal);
  }

  #fontsCame() {
    forgetWidths();
    this.epoch++;
    this.relayout();
  }

  /** What stands above can change the theme without a run, and move the stage without resizing it. */
  #watchAbove() {
    const above = ancestors(this.element);
    if (this.above?.length === above.length && above.every((node, i) => node === this.above[i])) return;
    this.above = above;
    this.themes.disconnect();
    this.resizes.disconnect();
    for (const node of above) this.themes.observe(node, { attributes: true, attributeFilter: ["class", "style"] });
    for (const node of [this.element, ...above]) this.resizes.observe(node);
  }

  leave() {
    this.gone = true;
    this.ledger.leave();
    clearTimeout(this.nudgeTimer);
    clearTimeout(this.soon);
    clearTimeout(this.looking);
    cancelAnimationFrame(this.raf);
    this.resizes.disconnect();
    this.themes.disconnect();
    this.stop.abort();
  }

  // --- data -----------------------------------------------------------------------------------------------------

  update(component) {
    this.component = component;
    const stays = this.element.isConnected && !this.error;
    if (!stays) component.parentElement.append(this.element);
    try {
      if (this.#adopt(check(this.#unpack(component.data))) || !stays) this.request();
      this.#fail(null);
    } catch (error) {
      this.#fail(error);
      this.request();
    }
    this.#watchAbove();
    this.nudgeTimer ??= setTimeout(() => this.motion.nudgeOnce(), 900);
  }

  /** The scene travels as text. On most runs it is the text of the run before, and nothing need be read again. */
  #unpack(data) {
    if (typeof data?.scene !== "string") return data;
    const { scene, ...live } = data;
    if (scene !== this.sceneText) [this.sceneText, this.parsed] = [scene, JSON.parse(scene)];
    return { ...this.parsed, ...live };
  }

  /** Most runs follow a release and say what is on screen already; then there is nothing to do but to hear it. */
  #adopt(data) {
    const before = this.error ? null : this.data, { clock } = this.scene;
    this.data = data;
    if (before && alikeBut(LIVE, data, before)) {
      this.#adoptValues(data, false);
      return this.scene.clock !== clock || this.motion.busy;
    }
    this.#adoptScene(data);
    if (!before || !alikeBut(DRAWN, outlined(data), outlined(before))) this.#dressAnew();
    return true;
  }

  #adoptScene(data) {
    this.words = makeWords(data.words);
    const rebuilt = this.scene.adopt(data);
    this.#adoptValues(data, rebuilt);
    this.#adoptPanels(data.panels.filter(drawable));
    const hidden = new Set(data.hide ?? []);
    const unless = (name, given) => (hidden.has(name) ? null : given);
    this.scrubber.adopt(unless("scrubber", data.scrubber), this.words);
    this.sliders.adopt(unless("controls", data.controls), this.words);
    this.prediction.adopt(unless("predict", data.predict), this.words);
    this.formula.adopt(unless("formula", data.formula));
    this.badge.adopt(data.present ? null : unless("badge", data.badge));
    this.toolbar.adopt(this.words, Boolean(data.present), hidden.has("toolbar"));
    this.lower.hidden = this.prediction.element.hidden && this.formula.element.hidden;
  }

  /** Words, colours, sizes or places may have changed. */
  #dressAnew() {
    this.table.adopt(this.words);
    this.help.adopt(this.words);
    this.epoch++;
    this.styleKey = null;
    this.#restyle();
    this.relayout();
  }

  #adoptValues(data, rebuilt) {
    const first = this.rev === undefined;
    const goesOn = first || data.session === this.session;
    this.session = data.session;
    if (!goesOn && !rebuilt) return this.#outlive(data);
    if (data.rev === this.rev && !rebuilt) return this.#addMissing(data.values);
    this.rev = data.rev ?? null;
    // A hand on a handle wins; what it lets go will be reported under the new rev.
    if (this.drag && !rebuilt) return this.#addMissing(data.values);
    if (this.drag) this.drag = null;
    this.motion.stop();
    const continues = !first && !rebuilt;
    this.ledger.adopt(data.values, continues);
    if (continues) this.motion.travelTo(data.values);
    else this.scene.setAll(data.values);
  }

  /** The server came back and knows only the address: what is on the picture holds, and is told again. */
  #outlive({ rev, values }) {
    this.rev = rev ?? null;
    this.#addMissing(values);
    this.ledger.tellAgain(values);
  }

  #addMissing(values) {
    for (const [name, value] of Object.entries(values)) if (!(name in this.scene.values)) this.scene.set(name, value);
  }

  #adoptPanels(panels) {
    const fits = panels.length === this.views.length && panels.every((panel, i) => sameSlot(panel, this.views[i].panel));
    if (fits) return panels.forEach((panel, i) => this.views[i].adopt(panel));
    this.drag = null;
    this.views = panels.map((panel) => new (panel.kind === "lines" ? Lines : View)(panel, this));
    const inArea = (area) => this.views.filter((view) => (view.panel.area ?? "picture") === area).map((view) => view.element);
    this.picture.replaceChildren(...inArea("picture"));
    this.side.replaceChildren(...inArea("side"));
  }

  #fail(error) {
    if (!error && !this.error && this.failure.hidden) return;
    this.error = error;
    this.element.classList.toggle("fv-failed", Boolean(error));
    this.failure.hidden = !error;
    const reason = error instanceof Unreadable ? error.message : this.words("malformed");
    setText(this.failure, error ? this.words("bad_data", { reason }) : "");
  }

  // --- looks ----------------------------------------------------------------------------------------------------

  /** Every run changes classes above the stage. To ask at once what they mean would lay out the page in the middle of it. */
  #restyleSoon() {
    this.looking ??= setTimeout(() => {
      this.looking = null;
      if (!this.gone) this.#restyle();
    }, PAUSE);
  }

  #restyle() {
    const dark = isDark(this.element, this.data?.theme);
    const present = Boolean(this.data?.present);
    const family = getComputedStyle(this.element).fontFamily || "sans-serif";
    const viewport = { width: window.innerWidth, height: window.innerHeight };
    const key = JSON.stringify([dark, present, family, present && viewport]);
    if (key === this.styleKey) return;
    this.styleKey = key;
    this.style = makeStyle(this.data?.tokens, { dark, present, family, viewport });
    for (const [name, value] of cssProperties(this.style)) this.element.style.setProperty(name, value);
    this.element.dataset.theme = dark ? "dark" : "light";
    this.element.classList.toggle("fv-present", present);
    this.epoch++;
    this.relayout();
  }

  relayout() {
    this.resized = true;
    this.request();
  }

  #layOut() {
    this.resized = false;
    if (!this.data) return;
    this.#restyle();
    this.resized = false;
    this.layout.apply();
  }

  // --- frames ---------------------------------------------------------------------------------------------------

  request() {
    if (!this.raf && !this.gone) this.raf = requestAnimationFrame((now) => this.#frame(now));
  }

  /** A frame once what was reported is on its way, so that Python works while the last frame is drawn. */
  #requestNext() {
    this.soon ??= setTimeout(() => {
      this.soon = null;
      this.request();
    });
  }

  #frame(now) {
    this.raf = 0;
    const begun = performance.now();
    try {
      if (this.resized) this.#layOut();
      if (this.data && this.rev !== undefined) this.#draw(now);
      if (this.drawFailed) this.#fail((this.drawFailed = null));
    } catch (error) {
      // One bad frame is told, and the next good one takes it back.
      this.#fail((this.drawFailed = error));
    }
    this.frames++;
    this.jsTimes.push(performance.now() - begun);
    if (this.jsTimes.length > 600) this.jsTimes.shift();
  }

  #draw(now) {
    this.#applyDrag();
    this.motion.advance(now);
    this.scene.moving = Boolean(this.drag);
    this.scene.evaluate();
    const moving = this.drag?.handle.mark.value ?? null;
    this.element.classList.toggle("fv-dragging", Boolean(this.drag));
    const nudge = this.motion.nudge(now);
    const { scene, style, words, lit, epoch } = this;
    const unsettled = Boolean(this.drag || this.motion.busy || this.ledger.pending);
    for (const view of this.views) view.draw({ scene, style, words, lit, epoch, moving, nudge, unsettled });
    this.scrubber.refresh(scene, words, Boolean(this.motion.playing));
    this.sliders.refresh(scene);
    this.formula.refresh(scene, lit);
    this.table.refresh();
    this.#notices();
    const still = !this.drag && !this.motion.busy;
    this.badge.refresh(this.scene, still && !this.ledger.pending);
    if (still) this.#speak();
  }

  #notices() {
    for (const view of this.views) {
      const { notices = [], remarks } = view.pen ?? {};
      const reasons = notices.length ? [...new Set(notices)] : [];
      setText(view.notice, reasons.map((reason) => this.words(`reason_${String(reason).replaceAll("-", "_")}`)).join(" "));
      setText(view.remark, remarks?.size ? [...remarks].map(([key, fill]) => this.words(key, fill)).join(" ") : "");
    }
  }

  /** One sentence, on release: for the ear, and the picture's description. */
  #speak() {
    const sentence = this.scene.fill(this.data.sentence ?? "");
    if (sentence === this.spoken) return;
    const first = this.spoken == null;
    this.spoken = sentence;
    for (const view of this.views) {
      const name = view.panel.area === "side" ? this.words("densities") : this.words("picture");
      setAttr(view.front, "aria-label", [view.panel.name ?? name, sentence].filter(Boolean).join(". "));
    }
    if (!first) setText(this.live, sentence);
  }

  // --- values ---------------------------------------------------------------------------------------------------

  /** Change some values from inside the stage, with travel and report. */
  patch(values, event) {
    if (!values) return;
    this.motion.stop();
    this.ledger.remember();
    this.#goTo({ ...this.scene.snapshot(), ...values }, event);
  }

  undo(again = false) {
    this.motion.stop();
    this.ledger.commitNow();
    const target = this.ledger.step(again);
    if (target) this.#goTo(target, again ? "redo" : "undo");
  }

  #goTo(values, event) {
    this.motion.travelTo(values);
    this.ledger.report(values, event);
  }

  /** One value from a slider or the scrubber; reported later. */
  slide(name, value) {
    this.motion.stop();
    this.ledger.open();
    this.scene.set(name, value);
    this.request();
  }

  // --- hands ----------------------------------------------------------------------------------------------------

  beginDrag(view, handle, { pointer, x, y, offset, placed }) {
    this.motion.stop();
    this.ledger.commitNow();
    memory.set("dragged", "yes");
    this.drag = { view, handle, pointer, x, y, offset, placed, moved: placed, fresh: placed, before: this.scene.snapshot() };
    this.request();
  }

  dragTo(x, y) {
    Object.assign(this.drag, { x, y, moved: true, fresh: true });
    this.request();
  }

  #applyDrag() {
    const { drag } = this;
    if (!drag?.fresh) return;
    drag.fresh = false;
    const theta = drag.handle.moveTo ? drag.moved && drag.handle.moveTo(drag.x) : this.#placed(drag);
    if (theta !== null && theta !== false) this.scene.set(drag.handle.mark.value, theta);
  }

  #placed({ view, handle, x, y, offset }) {
    const now = view.hands.handles.find(({ key }) => key === handle.key) ?? handle;
    return pointAt(view, now, x + offset[0], y + offset[1], this.scene);
  }

  endDrag() {
    const { drag } = this;
    if (!drag) return;
    this.#applyDrag();
    this.drag = null;
    const name = drag.handle.mark.value;
    if (!same(drag.before[name], this.scene.values[name])) {
      this.ledger.remember(drag.before);
      this.ledger.report(this.scene.snapshot(), drag.placed ? "click" : "drag");
    }
    this.#requestNext();
  }

  /** A key on a handle: the same way, in steps. */
  nudge(view, handle, x, y) {
    if (this.drag) return;
    this.motion.stop();
    const theta = pointAt(view, handle, x, y, this.scene);
    if (theta === null) return;
    this.ledger.open();
    this.scene.set(handle.mark.value, theta);
    memory.set("dragged", "yes");
    this.ledger.commitSoon("key");
    this.request();
  }

  light(id) {
    if (id === this.lit) return;
    this.lit = id;
    this.request();
  }

  // --- around the picture ---------------------------------------------------------------------------------------

  say(text) {
    setText(this.toast, text);
    this.toast.classList.add("fv-shown");
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => this.toast.classList.remove("fv-shown"), 1800);
  }

  async copyLink() {
    this.ledger.commitNow();
    try {
      await navigator.clipboard.writeText(location.href);
      this.say(this.words("link_copied"));
    } catch {
      this.say(this.words("link_not_copied"));
    }
  }

  saveFigure() {
    saveFile(figureSVG(this), `${this.data.name ?? "figure"}.svg`, "image/svg+xml");
  }
}

class Unreadable extends Error {}

function check(data) {
  if (!data || typeof data !== "object") throw new Unreadable("there is no scene");
  if (!Array.isArray(data.panels)) throw new Unreadable("the scene has no panels");
  if (!data.panels.some(drawable)) throw new Unreadable("the scene has no panel of a known kind");
  if (!data.values || typeof data.values !== "object") throw new Unreadable("the scene has no values");
  return data;
}

function ancestors(element) {
  const found = [];
  for (let node = element.parentNode; node; node = node.parentNode ?? node.host)
    if (node.nodeType === Node.ELEMENT_NODE) found.push(node);
  return found;
}

const PAUSE = 40;
const LIVE = new Set(["values", "rev", "session", "beat"]);
const DRAWN = new Set([...LIVE, "model", "charts", "descents", "tables", "computed", "sentence", "badge"]);

function alikeBut(skipped, a, b) {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => skipped.has(name) || alike(a[name], b[name]));
}

/** The data without the marks: what is left decides how much room everything takes. */
const outlined = (data) => ({ ...data, panels: data.panels.map((panel) => panel && { ...panel, marks: null, rows: bare(panel.rows) }) });

const bare = (rows) => (Array.isArray(rows) ? rows.map((row) => row && { ...row, marks: null, curves: null }) : rows);

function sameSlot(a, b) {
  return a.kind === b.kind && (a.area ?? "picture") === (b.area ?? "picture") && (a.id ?? "") === (b.id ?? "");
}

/** What tests read: frames drawn, milliseconds of our own work in each, whether one is still to come, the scene, the values, the lists. */
function probe(stage) {
  return {
    get frames() { return stage.frames; },
    get jsTimes() { return stage.jsTimes.slice(); },
    get values() { return stage.scene.snapshot(); },
    get scene() { return stage.scene; },
    get views() { return stage.views; },
    get error() { return stage.error ?? null; },
    get pending() { return Boolean(stage.raf || stage.soon); },
    get busy() { return Boolean(stage.motion.busy || stage.drag || this.pending); },
    svg: () => figureSVG(stage),
  };
}
