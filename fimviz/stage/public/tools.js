/** The small toolbar, the help, and the numbers behind the picture as a table that can also be typed into. */
import { el, memory, setText } from "./dom.js";
import { parameter } from "./handles.js";
import { limitsOf, valueWith } from "./plain.js";
import { marksOf } from "./scene.js";
import { formatNumber } from "./text.js";

export class Toolbar {
  constructor(stage, badge) {
    this.stage = stage;
    this.element = el("div", { class: "fv-tools", role: "toolbar" });
    this.bar = el("div", { class: "fv-tools fv-bar", role: "toolbar" });
    this.own = [button("numbers", "", () => stage.table.toggle()), button("save_figure", "", () => stage.saveFigure())];
    this.page = [
      button("present", "P", () => stage.ledger.command("present")),
      button("copy_link", "L", () => stage.copyLink()),
      button("reset", "0", () => stage.ledger.command("reset")),
      button("help", "?", () => stage.help.open()),
    ];
    this.row = el("div", { class: "fv-below" }, badge, this.element);
    this.element.append(...this.own.map((b) => b.node));
  }

  adopt(words, present, hidden) {
    this.present = present;
    for (const node of [this.element, this.bar]) node.setAttribute("aria-label", words("toolbar"));
    for (const { name, node, label } of [...this.own, ...this.page]) {
      setText(label, words(name === "present" && present ? "leave_present" : name));
      node.hidden = hidden || (present && name !== "present");
    }
  }

  /** What belongs to the page stands in its bar where there is one, else with the rest below the picture. */
  place(inBar) {
    const home = inBar ? this.bar : this.element;
    if (this.page[0].node.parentNode !== home) home.append(...this.page.map((b) => b.node));
    this.bar.hidden = !inBar;
  }
}

function button(name, key, act) {
  const label = el("span");
  const hint = key ? el("kbd", { text: key, "aria-hidden": "true" }) : null;
  const node = el("button", { type: "button", class: "fv-tool", "data-tool": name, onclick: act }, label, hint);
  if (key) node.setAttribute("aria-keyshortcuts", key);
  return { name, node, label };
}

const KEYS = [
  ["PageDown, PageUp, Space", "key_beats"], ["1–5", "key_presets"], ["← → ↑ ↓", "key_arrows"], ["Tab", "key_tab"],
  ["P", "key_present"], ["K", "key_play"], ["L", "key_link"], ["0", "key_reset"], ["Z, Shift+Z", "key_undo"], ["?", "key_help"],
];

export class Help {
  constructor() {
    this.letters = el("input", { type: "checkbox", onchange: () => memory.set("letters", this.letters.checked ? "on" : "off") });
    this.letters.checked = memory.get("letters") !== "off";
    this.element = el("dialog", { class: "fv-help" });
  }

  get lettersOn() {
    return this.letters.checked;
  }

  adopt(words) {
    this.words = words;
    this.element.setAttribute("aria-label", words("help"));
    const rows = KEYS.map(([keys, word]) => [el("dt", {}, el("kbd", { text: keys })), el("dd", { text: words(word) })]).flat();
    const close = el("button", { type: "button", class: "fv-option", text: words("close"), onclick: () => this.element.close() });
    this.element.replaceChildren(
      el("h2", { text: words("help_title") }),
      el("p", { text: words("help_drag") }),
      el("dl", {}, ...rows),
      el("p", {}, el("label", {}, this.letters, ` ${words("help_letters")}`)),
      close,
    );
  }

  open() {
    if (!this.element.open) this.element.showModal();
  }
}

/** Handles and results as a table. Parameters are fields: what can be dragged can be typed. */
export class Table {
  constructor(stage) {
    this.stage = stage;
    this.body = el("tbody");
    this.caption = el("caption");
    this.element = el("div", { class: "fv-table", hidden: true }, el("table", {}, this.caption, this.body));
    this.rows = new Map();
  }

  toggle() {
    this.element.hidden = !this.element.hidden;
    if (!this.element.hidden) this.refresh();
    this.stage.relayout();
  }

  adopt(words) {
    this.words = words;
    setText(this.caption, words("numbers"));
    this.body.replaceChildren();
    this.rows.clear();
  }

  refresh() {
    if (this.element.hidden) return;
    const { scene, data } = this.stage;
    const wanted = new Set();
    for (const { value, name } of handlesOf(data)) {
      const now = scene.values[value];
      [now].flat().forEach((x, i) => Number.isFinite(x) && this.#field(wanted, value, name, Array.isArray(now) ? i : null, x));
    }
    for (const { pen } of this.stage.views) for (const [name, text] of pen?.readings ?? []) this.#text(wanted, name, text);
    for (const [name, text] of results(scene)) this.#text(wanted, name, text);
    for (const [key, row] of this.rows) if (!wanted.has(key)) row.node.remove(), this.rows.delete(key);
  }

  #row(wanted, key, label, cell) {
    wanted.add(key);
    let row = this.rows.get(key);
    if (!row) {
      row = { cell: cell(), label: el("th", { scope: "row" }) };
      row.node = el("tr", {}, row.label, el("td", {}, row.cell));
      this.rows.set(key, row);
      this.body.append(row.node);
    }
    setText(row.label, label);
    return row.cell;
  }

  /** A coordinate of a point, or (index null) a value that is one number. */
  #field(wanted, value, name, index, x) {
    const { scene } = this.stage;
    const given = index === null ? {} : scene.coordinates(value)[index] ?? { name: index };
    const label = `${name} ${given.label || given.symbol || given.name || ""}`.trim();
    const input = this.#row(wanted, `${value}.${index}`, label, () =>
      el("input", { type: "number", step: "any", class: "fv-number", "aria-label": label, onchange: (event) => this.#type(value, index, event.target) }),
    );
    if (!input.matches(":focus")) input.value = String(Number(x.toPrecision(8)));
  }

  #text(wanted, name, text) {
    setText(this.#row(wanted, name, name, () => el("span")), text);
  }

  #type(value, index, input) {
    const { stage } = this, { scene } = stage;
    stage.motion.stop();
    const typed = Number(input.value), [lo, hi] = limitsOf(scene, value, index ?? 0);
    const next = input.value !== "" && typed >= lo && typed <= hi ? valueWith(scene, value, index ?? 0, typed) : null;
    input.setAttribute("aria-invalid", String(next === null));
    if (next !== null) stage.patch({ [value]: next }, "control");
    else input.value = String(Number([scene.values[value]].flat()[index ?? 0].toPrecision(8)));
  }
}

function handlesOf(data) {
  const found = new Map();
  for (const mark of marksOf(data))
    if (mark?.kind === "handle" && !found.has(mark.value)) found.set(mark.value, { value: mark.value, name: mark.name ?? mark.label ?? mark.value });
  return found.values();
}

function* results(scene) {
  for (const { id, label } of scene.computed) {
    const result = scene.results.get(id);
    if (!result?.ok || !label) continue;
    const name = scene.fill(label);
    if (result.kind === "point") yield [name, scene.names().map((n, i) => `${scene.data.model.theta[i].symbol ?? n} ${parameter(result.theta[i], scene.data.model.theta[i])}`).join(", ")];
    else if (result.kind === "descent") yield [name, `${result.steps}, ${result.status}`];
    else if (Number.isFinite(result.length)) yield [name, formatNumber(result.length, ".4g")];
    else if (Number.isFinite(result.value)) yield [name, formatNumber(result.value, ".4g")];
  }
}
