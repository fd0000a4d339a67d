/** The scrubber and the live sliders: native inputs, because those already speak to every hand and every reader. */
import { el, setAttr, setText } from "./dom.js";
import { formatNumber } from "./text.js";

export class Scrubber {
  constructor(stage) {
    this.stage = stage;
    const input = (event) => stage.slide(this.given.value, Number(event.target.value));
    this.play = el("button", { type: "button", class: "fv-play", onclick: () => stage.motion.togglePlay() });
    this.from = el("span", { class: "fv-end" });
    this.to = el("span", { class: "fv-end" });
    this.range = el("input", {
      type: "range", min: "0", max: "1", step: "any", class: "fv-range",
      oninput: input, onchange: () => stage.ledger.commitNow("control"), onkeydown: (event) => this.#key(event),
    });
    this.caption = el("span", { class: "fv-caption" });
    this.element = el("div", { class: "fv-scrubber" }, this.play, this.from, this.range, this.to, this.caption);
  }

  adopt(given, words) {
    this.given = given ?? null;
    this.element.hidden = !given;
    if (!given) return;
    setText(this.from, given.from ?? "");
    setText(this.to, given.to ?? "");
    this.play.hidden = given.play === false;
    setAttr(this.range, "aria-label", given.label ?? words("scrubber"));
  }

  #key(event) {
    const sign = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!sign || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const factor = event.shiftKey ? 10 : event.altKey ? 0.1 : 1;
    // Several keys may arrive between two frames, and during a travel: the scene knows, not the range.
    this.stage.motion.stop();
    const t = this.stage.scene.number(this.given.value, 0) + sign * 0.01 * factor;
    this.stage.slide(this.given.value, Math.round(Math.min(1, Math.max(0, t)) * 1e6) / 1e6);
    this.stage.ledger.commitSoon("key");
  }

  #show(t) {
    this.range.value = String(t);
    [this.shown, this.shownText] = [t, this.range.value];
  }

  refresh(scene, words, playing) {
    if (!this.given) return;
    const t = scene.number(this.given.value, 0);
    if (t !== this.shown || this.range.value !== this.shownText) this.#show(t);
    const caption = scene.fill(this.given.caption ?? `t = {${this.given.value}:.2f}`);
    setText(this.caption, caption);
    setAttr(this.range, "aria-valuetext", caption);
    setText(this.play, playing ? `❚❚ ${words("pause")}` : `▶ ${words("play")}`);
  }
}

/** One live slider: a range (logarithmic if asked) and the same number, typed. */
class Slider {
  constructor(stage, given, words) {
    Object.assign(this, { stage, given });
    const label = given.label ?? given.value;
    this.name = el("span", { class: "fv-control-name", text: label });
    this.range = el("input", {
      type: "range", min: "0", max: "1", step: "any", class: "fv-range", "aria-label": label,
      oninput: (event) => this.#set(this.#value(Number(event.target.value))),
      onchange: () => stage.ledger.commitNow("control"),
      onkeydown: (event) => this.#key(event),
    });
    this.typed = el("input", {
      type: "number", class: "fv-number", "aria-label": words("typed", { label }), min: given.min, max: given.max, step: "any",
      onchange: (event) => this.#type(event.target),
    });
    this.element = el("div", { class: "fv-control" }, this.name, this.range, this.typed);
  }

  #value(s) {
    const { min, max, log, integer, stops } = this.given;
    if (stops) return stops[Math.round(s * (stops.length - 1))];
    const value = log && min > 0 ? min * (max / min) ** s : min + s * (max - min);
    return integer ? Math.round(value) : Number(value.toPrecision(6));
  }

  #share(value) {
    const { min, max, log, stops } = this.given;
    if (stops) return Math.max(0, nearestIndex(stops, value)) / Math.max(1, stops.length - 1);
    const s = log && min > 0 ? Math.log(Math.max(value, min) / min) / Math.log(max / min) : (value - min) / (max - min);
    return Math.min(1, Math.max(0, s));
  }

  /** A number, or one coordinate of a point. */
  #read(scene) {
    const { value, coordinate } = this.given;
    return coordinate == null ? scene.number(value, NaN) : scene.coordinate(value, coordinate);
  }

  #set(value) {
    const { value: name, coordinate } = this.given;
    this.stage.motion.stop();
    const moved = coordinate == null ? value : this.stage.scene.withCoordinate(name, coordinate, value);
    if (moved !== null) this.stage.slide(name, moved);
  }

  #type(input) {
    const { min, max, integer } = this.given;
    const value = Number(input.value);
    if (input.value !== "" && Number.isFinite(value)) {
      const inside = Math.min(max ?? Infinity, Math.max(min ?? -Infinity, value));
      this.#set(integer ? Math.round(inside) : inside);
      this.stage.ledger.commitNow("control");
    }
    this.shown = null;
    this.stage.request();
  }

  #key(event) {
    const sign = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!sign || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const factor = event.shiftKey ? 10 : event.altKey ? 0.1 : 1;
    this.stage.motion.stop();
    const now = this.#read(this.stage.scene);
    const unit = this.given.stops ? 1 / (this.given.stops.length - 1) : 0.01;
    let next = this.#value(Math.min(1, Math.max(0, this.#share(now) + sign * unit * (this.given.stops ? 1 : factor))));
    // Whole numbers on a logarithmic scale would not move at the low end.
    if (this.given.integer && next === now) next = Math.min(this.given.max, Math.max(this.given.min, now + sign));
    this.#set(next);
    this.stage.ledger.commitSoon("key");
  }

  refresh(scene) {
    this.element.hidden = !scene.shown(this.given.when);
    const value = this.#read(scene);
    if (value === this.shown) return;
    this.shown = value;
    const share = this.#share(value);
    this.range.value = String(share);
    setAttr(this.range, "aria-valuetext", `${formatNumber(value, this.given.integer ? ".0f" : ".3g")}`);
    if (!this.typed.matches(":focus") || Number(this.typed.value) !== value) this.typed.value = Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "";
  }
}

function nearestIndex(stops, value) {
  let best = 0;
  stops.forEach((stop, i) => (best = Math.abs(stop - value) < Math.abs(stops[best] - value) ? i : best));
  return best;
}

export class Sliders {
  constructor(stage) {
    this.stage = stage;
    this.element = el("div", { class: "fv-controls" });
    this.list = [];
  }

  adopt(controls, words) {
    const given = Array.isArray(controls) ? controls.filter((c) => c?.value) : [];
    const text = JSON.stringify(given);
    this.element.hidden = !given.length;
    if (text === this.text) return;
    this.text = text;
    this.list = given.map((one) => new Slider(this.stage, one, words));
    this.element.replaceChildren(...this.list.map((slider) => slider.element));
  }

  refresh(scene) {
    for (const slider of this.list) slider.refresh(scene);
  }
}
