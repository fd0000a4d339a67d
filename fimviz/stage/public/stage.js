/**
 * The stage: one component that draws a scene and lets hands move it. Streamlit calls the default export again on every
 * run, at any time, with new data; the instance lives in a WeakMap and is updated in place, also in the middle of a drag.
 *
 * The browser owns the values. They are adopted from data only when `rev` has changed, and reported with
 * setStateValue("values", …) on release or 250 ms after the last key; while a hand moves nothing is sent.
 */
import { Prediction } from "./card.js";
import { Scrubber, Sliders } from "./controls.js";
import { el, memory, reducedMotion, setAttr, setText } from "./dom.js";
import { figureSVG, saveFile } from "./export.js";
import { Formula } from "./formula.js";
import { pointAt } from "./handles.js";
import { listen } from "./keys.js";
import { forgetWidths } from "./painter.js";
import { Scene, same } from "./scene.js";
import { cssProperties, isDark, makeStyle } from "./theme.js";
import { Help, Table, Toolbar } from "./tools.js";
import { Travel } from "./travel.js";
import { drawable, View } from "./view.js";
import { makeWords } from "./words.js";

const instances = new WeakMap();
const KEY_PAUSE = 250;
const UNDO_DEPTH = 100;

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
    this.seq = 0;
    this.epoch = 0;
    this.words = makeWords();
    this.drag = null;
    this.travel = null;
    this.playing = null;
    this.lit = null;
    this.undone = [];
    this.done = [];
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
    this.toolbar = new Toolbar(this);
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
      this.toolbar.element, this.toolbar.bar, this.table.element, this.failure, this.live, this.toast, this.help.element,
    );
    this.lower = lower;
    this.element.__fimviz = probe(this);
    parent.append(this.element);
  }

  #listen() {
    this.resizes = new ResizeObserver(() => this.relayout());
    this.resizes.observe(this.element);
    this.themes = new MutationObserver(() => this.#restyle());
    this.stop = new AbortController();
    const { signal } = this.stop;
    window.addEventListener("resize", () => this.relayout(), { signal });
    window.addEventListener("scroll", () => this.views.forEach((view) => (view.hands.rect = null)), { signal, capture: true, passive: true });
    window.addEventListener("blur", () => this.endDrag(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.endDrag(), { signal });
    document.fonts?.addEventListener?.("loadingdone", () => this.#fontsCame(), { signal });
    this.element.addEventListener("focusout", () => this.commitNow(), { signal });
    listen(this, signal);
  }

  #fontsCame() {
    forgetWidths();
    this.epoch++;
    this.relayout();
  }

  /** What stands above can change the theme without a run, and move the stage without resizing it. */
  #watchAbove() {
    this.themes.disconnect();
    for (let node = this.element.parentNode; node; node = node.parentNode ?? node.host) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      this.themes.observe(node, { attributes: true, attributeFilter: ["class", "style"] });
      this.resizes.observe(node);
    }
  }

  leave() {
    this.gone = true;
    clearTimeout(this.timer);
    clearTimeout(this.nudgeTimer);
    cancelAnimationFrame(this.raf);
    this.resizes.disconnect();
    this.themes.disconnect();
    this.stop.abort();
  }

  // --- data -----------------------------------------------------------------------------------------------------

  update(component) {
    this.component = component;
    if (!this.element.isConnected) component.parentElement.append(this.element);
    try {
      this.#adopt(check(component.data));
      this.#fail(null);
    } catch (error) {
      this.#fail(error);
    }
    this.#watchAbove();
    this.relayout();
    this.nudgeTimer ??= setTimeout(() => this.nudgeOnce(), 900);
  }

  #adopt(data) {
    this.data = data;
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
    this.toolbar.adopt(this.words, Boolean(data.present), hidden.has("toolbar"));
    this.table.adopt(this.words);
    this.help.adopt(this.words);
    this.lower.hidden = this.prediction.element.hidden && this.formula.element.hidden;
    this.epoch++;
    this.styleKey = null;
    this.#restyle();
  }

  #adoptValues(data, rebuilt) {
    const first = this.rev === undefined;
    if (data.rev === this.rev && !rebuilt) return this.#addMissing(data.values);
    this.rev = data.rev ?? null;
    // A hand on a handle wins; what it lets go will be reported under the new rev.
    if (this.drag && !rebuilt) return this.#addMissing(data.values);
    if (this.drag) this.drag = null;
    this.#forgetKeys();
    this.playing = null;
    if (first || rebuilt) {
      this.travel = null;
      this.scene.setAll(data.values);
      this.done = [];
    } else {
      this.#remember();
      this.#travelTo(data.values);
    }
    this.reported = structuredClone(data.values);
    this.spoken = null;
  }

  #addMissing(values) {
    for (const [name, value] of Object.entries(values)) if (!(name in this.scene.values)) this.scene.set(name, value);
  }

  #adoptPanels(panels) {
    const fits = panels.length === this.views.length && panels.every((panel, i) => sameSlot(panel, this.views[i].panel));
    if (fits) return panels.forEach((panel, i) => this.views[i].adopt(panel));
    this.drag = null;
    this.views = panels.map((panel) => new View(panel, this));
    const inArea = (area) => this.views.filter((view) => (view.panel.area ?? "picture") === area).map((view) => view.element);
    this.picture.replaceChildren(...inArea("picture"));
    this.side.replaceChildren(...inArea("side"));
  }

  #fail(error) {
    this.error = error;
    this.element.classList.toggle("fv-failed", Boolean(error));
    this.failure.hidden = !error;
    const reason = error instanceof Unreadable ? error.message : this.words("malformed");
    setText(this.failure, error ? this.words("bad_data", { reason }) : "");
  }

  // --- looks ----------------------------------------------------------------------------------------------------

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

  #layout() {
    this.resized = false;
    if (!this.data) return;
    const width = this.element.clientWidth;
    if (!width) return;
    this.#restyle();
    this.resized = false;
    const page = this.data?.tokens?.page ?? {};
    const stacked = width < (page.stack_below ?? 900) && !this.data?.present;
    this.narrow = width < (page.compact_below ?? 480);
    this.element.classList.toggle("fv-stacked", stacked);
    this.element.classList.toggle("fv-narrow", this.narrow);
    this.element.classList.toggle("fv-alone", !this.side.children.length || Boolean(this.data?.hide?.includes("side")));
    this.element.style.setProperty("--fv-side-height", `${this.#sideHeight()}px`);
    this.element.style.setProperty("--fv-height", `${this.#pictureHeight(width, stacked)}px`);
    this.#placeTools(stacked);
    for (const view of this.views) {
      view.measure();
      view.memory.clear();
    }
  }

  /** The page's bar is above the stage; its place is told from where the stage stands on the page. */
  #placeTools(stacked) {
    const inBar = this.data.toolbar === "bar" && !stacked;
    this.toolbar.place(inBar);
    if (!inBar) return;
    const top = this.element.getBoundingClientRect().top + scrolled(this.element);
    this.toolbar.bar.style.top = `${Math.round((this.data.bar_top ?? 8) - top)}px`;
  }

  /** Stacked, the side has the height its rows need. */
  #sideHeight() {
    const rows = this.views.filter((view) => view.panel.area === "side").map(({ panel }) => (panel.kind === "density" ? panel.rows?.length ?? 1 : 2.5));
    return 24 + rows.reduce((sum, count) => sum + Math.max(170, 112 * count), 0);
  }

  #pictureHeight(width, stacked) {
    const alone = this.element.classList.contains("fv-alone");
    const own = stacked || alone ? width : width * 0.61;
    const aspect = this.views[0]?.panel.aspect ?? (stacked ? 0.72 : alone ? 0.42 : 0.585);
    const usual = Math.round(Math.min(stacked ? 460 : 440, Math.max(this.narrow ? 250 : 280, own * aspect)));
    if (!this.data?.present) return usual;
    // Present mode fills the screen and never scrolls: what the rows below leave is the picture's.
    const rest = this.element.scrollHeight - this.picture.offsetHeight;
    const top = this.element.getBoundingClientRect().top + scrolled(this.element);
    this.#notePageBelow();
    const room = window.innerHeight - top - rest - this.below;
    return Math.round(Math.max(220, Math.min(room, 0.56 * width)));
  }

  /** What the page itself puts below the stage shows only as overflow; it is learnt once per size. */
  #notePageBelow() {
    const key = `${window.innerWidth}×${window.innerHeight}×${this.element.clientWidth}`;
    if (key !== this.belowKey) [this.belowKey, this.below] = [key, 10];
    const box = scroller(this.element), over = box.scrollHeight - box.clientHeight;
    if (over > 0 && this.below < 160) this.below += Math.min(over, 60);
  }

  // --- frames ---------------------------------------------------------------------------------------------------

  request() {
    if (!this.raf && !this.gone) this.raf = requestAnimationFrame((now) => this.#frame(now));
  }

  #frame(now) {
    this.raf = 0;
    const begun = performance.now();
    try {
      if (this.resized) this.#layout();
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
    this.#advance(now);
    this.scene.evaluate();
    const moving = this.drag?.handle.mark.value ?? null;
    const nudge = this.nudging ? { value: this.nudging.value, shift: this.#nudgeShift(now) } : null;
    const { scene, style, words, lit, epoch } = this;
    for (const view of this.views) view.draw({ scene, style, words, lit, epoch, moving, nudge });
    this.scrubber.refresh(scene, words, Boolean(this.playing));
    this.sliders.refresh(scene);
    this.formula.refresh(scene, lit);
    this.table.refresh();
    this.#notices();
    if (!this.drag && !this.travel && !this.playing) this.#speak();
  }

  /** After a travel labels choose their places anew: the same state gives the same picture. */
  #settle() {
    this.travel = null;
    for (const view of this.views) view.memory.clear();
  }

  #notices() {
    for (const view of this.views) {
      const reasons = [...new Set(view.pen?.notices ?? [])];
      setText(view.notice, reasons.map((reason) => this.words(`reason_${String(reason).replaceAll("-", "_")}`)).join(" "));
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

  #advance(now) {
    if (this.travel) {
      const { values, over } = this.travel.at(now);
      for (const [name, value] of Object.entries(values)) this.scene.set(name, value);
      if (over) this.#settle();
      else this.request();
    }
    if (this.playing) this.#playOn(now);
    if (this.nudging) this.request();
  }

  // --- values ---------------------------------------------------------------------------------------------------

  #travelTo(values) {
    const ms = reducedMotion() ? 0 : this.data?.tokens?.motion?.change_ms ?? 250;
    const extra = Object.keys(this.scene.values).filter((name) => !(name in values));
    for (const name of extra) delete this.scene.values[name];
    this.travel = ms ? new Travel(this.scene, values, ms) : null;
    if (!this.travel) this.scene.setAll(values);
    this.request();
  }

  /** The end of a travel, at once: a hand or a key does not wait for it. */
  #arrive() {
    if (this.travel) this.scene.setAll({ ...this.scene.values, ...this.travel.target });
    this.travel = null;
  }

  /** Change some values from inside the stage, with travel and report. */
  patch(values, event) {
    if (!values) return;
    this.#arrive();
    this.playing = null;
    this.#remember();
    const target = { ...this.scene.snapshot(), ...values };
    this.#travelTo(target);
    this.#report(target, event);
  }

  /** One value from a slider or the scrubber; reported later. */
  slide(name, value) {
    this.#arrive();
    this.playing = null;
    this.pending ??= this.scene.snapshot();
    this.scene.set(name, value);
    this.request();
  }

  commitSoon(event) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.commitNow(event), KEY_PAUSE);
    this.timerEvent = event;
  }

  commitNow(event) {
    if (!this.pending || this.drag || this.playing) return;
    this.#remember(this.pending);
    const kind = event ?? this.timerEvent ?? "key";
    this.#forgetKeys();
    this.#report(this.scene.snapshot(), kind);
  }

  #forgetKeys() {
    clearTimeout(this.timer);
    this.timer = this.timerEvent = this.pending = null;
  }

  #report(values, event) {
    if (this.reported && sameValues(values, this.reported)) return;
    this.reported = structuredClone(values);
    this.component?.setStateValue?.("values", { values: this.reported, rev: this.rev, seq: ++this.seq, event });
    this.request();
  }

  command(name) {
    this.commitNow();
    this.component?.setStateValue?.("command", { name, rev: this.rev, seq: ++this.seq });
  }

  #remember(values = this.scene.snapshot()) {
    const last = this.done[this.done.length - 1];
    if (last && sameValues(last, values)) return;
    this.done.push(structuredClone(values));
    if (this.done.length > UNDO_DEPTH) this.done.shift();
    this.undone = [];
  }

  undo(again = false) {
    this.#arrive();
    this.commitNow();
    const [from, to] = again ? [this.undone, this.done] : [this.done, this.undone];
    const now = this.scene.snapshot();
    let target = from.pop();
    while (target && sameValues(target, now)) target = from.pop();
    if (!target) return;
    to.push(now);
    this.playing = null;
    this.#travelTo(target);
    this.#report(target, again ? "redo" : "undo");
  }

  // --- hands ----------------------------------------------------------------------------------------------------

  beginDrag(view, handle, { pointer, x, y, offset, placed }) {
    this.#arrive();
    this.commitNow();
    this.playing = this.nudging = null;
    memory.set("dragged", "yes");
    this.drag = { view, handle, pointer, x, y, offset, placed, moved: placed, fresh: placed, before: this.scene.snapshot() };
    this.element.classList.add("fv-dragging");
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
    const now = drag.view.hands.handles.find((handle) => handle.key === drag.handle.key) ?? drag.handle;
    const theta = pointAt(drag.view, now, drag.x + drag.offset[0], drag.y + drag.offset[1], this.scene);
    if (theta) this.scene.set(drag.handle.mark.value, theta);
  }

  endDrag() {
    const { drag } = this;
    if (!drag) return;
    this.#applyDrag();
    this.drag = null;
    this.element.classList.remove("fv-dragging");
    const name = drag.handle.mark.value;
    if (!same(drag.before[name], this.scene.values[name])) {
      this.#remember(drag.before);
      this.#report(this.scene.snapshot(), drag.placed ? "click" : "drag");
    }
    this.request();
  }

  /** A key on a handle: the same way, in steps. */
  nudge(view, handle, x, y) {
    if (this.drag) return;
    this.#arrive();
    this.playing = null;
    const theta = pointAt(view, handle, x, y, this.scene);
    if (!theta) return;
    this.pending ??= this.scene.snapshot();
    this.scene.set(handle.mark.value, theta);
    memory.set("dragged", "yes");
    this.commitSoon("key");
    this.request();
  }

  light(id) {
    if (id === this.lit) return;
    this.lit = id;
    this.request();
  }

  // --- motion ---------------------------------------------------------------------------------------------------

  togglePlay() {
    const name = this.data?.scrubber?.value;
    if (!name || this.drag) return;
    if (this.playing) return this.#stopPlaying();
    this.#arrive();
    this.pending ??= this.scene.snapshot();
    if (reducedMotion()) {
      this.scene.set(name, 1);
      return void this.commitNow("play");
    }
    const now = this.scene.number(name, 0);
    this.playing = { name, from: now >= 1 ? 0 : now, begun: null };
    this.request();
  }

  /** t is Fisher time, so a steady t is a constant Fisher speed. */
  #playOn(now) {
    const { playing } = this;
    playing.begun ??= now;
    const t = Math.min(1, playing.from + (now - playing.begun) / (this.data?.tokens?.motion?.sweep_ms ?? 2400));
    this.scene.set(playing.name, t);
    if (t >= 1) this.#stopPlaying();
    this.request();
  }

  #stopPlaying() {
    this.playing = null;
    this.commitNow("play");
    this.request();
  }

  /** One small movement on the first visit says "this can be dragged"; never again after the first drag. */
  nudgeOnce() {
    const handle = this.views.flatMap((view) => view.pen?.handles ?? [])[0];
    if (!handle || reducedMotion() || memory.get("dragged") || this.data?.nudge === false || window.top !== window) return;
    memory.set("dragged", "shown");
    this.nudging = { value: handle.mark.value, begun: performance.now() };
    this.request();
  }

  #nudgeShift(now) {
    const s = (now - this.nudging.begun) / (this.data?.tokens?.motion?.nudge_ms ?? 600);
    if (s >= 1) this.nudging = null;
    return s >= 1 ? 0 : 6 * Math.sin(2 * Math.PI * s) * (1 - s);
  }

  // --- around the picture ---------------------------------------------------------------------------------------

  say(text) {
    setText(this.toast, text);
    this.toast.classList.add("fv-shown");
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => this.toast.classList.remove("fv-shown"), 1800);
  }

  async copyLink() {
    this.commitNow();
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

function sameSlot(a, b) {
  return a.kind === b.kind && (a.area ?? "picture") === (b.area ?? "picture") && (a.id ?? "") === (b.id ?? "");
}

function sameValues(a, b) {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => same(a[name], b[name]));
}

/** How far the scrolling parents above are scrolled, so that the top of the stage can be told in page coordinates. */
function scrolled(node) {
  let sum = window.scrollY;
  for (let up = node.parentNode; up; up = up.parentNode ?? up.host) sum += up === document.documentElement || up === document.body ? 0 : up.scrollTop ?? 0;
  return sum;
}

function scroller(node) {
  for (let up = node.parentNode; up; up = up.parentNode ?? up.host)
    if (up.nodeType === Node.ELEMENT_NODE && /auto|scroll/.test(getComputedStyle(up).overflowY)) return up;
  return document.documentElement;
}

/** What tests read: frames drawn, milliseconds of our own work in each, the scene, the values, the lists. */
function probe(stage) {
  return {
    get frames() { return stage.frames; },
    get jsTimes() { return stage.jsTimes.slice(); },
    get values() { return stage.scene.snapshot(); },
    get scene() { return stage.scene; },
    get views() { return stage.views; },
    get error() { return stage.error ?? null; },
    get busy() { return Boolean(stage.travel || stage.playing || stage.drag || stage.raf); },
    svg: () => figureSVG(stage),
  };
}
