/**
 * A panel of kind "lines": formulas one below the other, each the one above with one change. It is written in the page,
 * not painted: every line can be lit, stepped to and copied. The rows stand beside the rows of a "curves" panel.
 *
 *   {"kind": "lines", "step": value name, "groups": [{"share": 4, "axis": true, "rows": [row…]}…]}
 *   row: {"id", "title", "note", "mathml", "slots": {slot: template}, "copy": [{"label", "text"}], "mark": "✓"|"✗"}
 */
import { alike } from "./alike.js";
import { el, setAttr, setText } from "./dom.js";
import { safeMathML } from "./formula.js";
import { View } from "./view.js";

const KEYS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
// of its size: where a formula that needs to be smaller is broken into lines, and where it scrolls
const BROKEN = 0.85;
const SMALLEST = 0.62;
const SIZES = Array.from({ length: 20 }, (_, i) => 1 - 0.02 * i);

export class Lines extends View {
  constructor(panel, stage) {
    super(panel, stage);
    this.list = el("ol", { class: "fv-lines", onkeydown: (event) => this.#key(event) });
    this.back_ = el("button", { type: "button", class: "fv-option", onclick: () => this.#go(-1) });
    this.next = el("button", { type: "button", class: "fv-option", onclick: () => this.#go(1) });
    this.steps = el("div", { class: "fv-steps" }, this.back_, this.next);
    this.element.replaceChildren(this.list, this.steps);
    this.pen = { back: [], front: [], handles: [], hits: [], notices: [], still: [] };
  }

  /** Written anew only where the panel says something else. */
  #write({ style, words }) {
    if (this.written && alike(this.written, this.panel)) return;
    this.written = this.panel;
    this.rows = [];
    const groups = (this.panel.groups ?? []).map((group) => {
      const rows = group.rows.map((row) => this.#row(row, words));
      const node = el("div", { class: "fv-line-group" }, ...rows.map((row) => row.node));
      node.style.flexGrow = String(group.share ?? rows.length);
      // as high as the axis of the curves beside it
      if (group.axis) node.style.paddingBottom = `${style.size.axis_text * 1.75}px`;
      return node;
    });
    this.list.replaceChildren(...groups);
    setText(this.back_, words("step_back"));
    setText(this.next, words("step_on"));
    this.fitted = null;
  }

  #row(given, words) {
    const index = this.rows.length + 1, { stage } = this;
    const math = given.mathml ? safeMathML(given.mathml) : null;
    math?.setAttribute("displaystyle", "true");
    const terms = math ? broken(math) : [];
    const title = el("button", { type: "button", class: "fv-line-title", onclick: () => this.#step(index) }, el("span", { class: "fv-line-number", text: String(index) }), el("span", { text: given.title ?? "" }));
    const note = el("span", { class: "fv-line-note" });
    const formula = el("div", { class: "fv-formula fv-line-formula" }, math);
    const copies = (given.copy ?? []).map(({ label, text }) => el("button", {
      type: "button", class: "fv-copy", text: words("copy", { what: label }),
      "aria-label": `${words("copy", { what: label })}: ${given.title ?? index}`, onclick: () => this.#copy(label, text),
    }));
    const node = el("li", { class: "fv-line", onpointerenter: () => stage.light(given.id), onpointerleave: () => stage.light(null) },
      el("div", { class: "fv-line-name" }, title, note), formula, el("div", { class: "fv-copies" }, ...copies));
    const slots = Object.entries(given.slots ?? {}).map(([slot, template]) => ({ template, nodes: [...formula.querySelectorAll(`[data-slot="${CSS.escape(slot)}"]`)] }));
    const row = { given, node, title, note, formula, slots, math, terms };
    this.rows.push(row);
    return row;
  }

  draw({ scene, style, words, lit, epoch }) {
    if (!this.width) return;
    this.#write({ style, words });
    const now = this.#now(scene);
    this.rows.forEach(({ given, node, title, note, slots }, i) => {
      node.classList.toggle("fv-now", i + 1 === now);
      node.classList.toggle("fv-later", i + 1 > now);
      node.classList.toggle("fv-lit-row", lit !== null && lit === given.id);
      setAttr(title, "aria-current", i + 1 === now ? "step" : "false");
      setText(note, given.note ? scene.fill(given.note) : "");
      for (const { template, nodes } of slots) for (const node of nodes) setText(node, scene.fill(template));
    });
    this.back_.disabled = now <= 1;
    this.next.disabled = now >= this.rows.length;
    this.#fit(`${epoch}|${this.width}×${this.height}`);
    this.hands.sync([]);
  }

  /** A formula wider than its room is broken before its signs; one still wider, or higher, is set smaller; then it scrolls. */
  #fit(key) {
    if (key === this.fitted) return;
    this.fitted = key;
    for (const row of this.rows) {
      const { formula, math, terms } = row, wide = () => formula.scrollWidth / Math.max(1, formula.clientWidth);
      formula.style.fontSize = "";
      formula.replaceChildren(...(math ? [math] : []));
      if (terms.length > 1 && wide() > 1 / BROKEN) formula.replaceChildren(...terms);
      formula.classList.remove("fv-wide");
      if (SIZES.some((size) => this.#fits(row, size))) continue;
      formula.classList.add("fv-wide");
      if (!SIZES.some((size) => this.#fits(row, size, true))) this.#set(row, SMALLEST);
    }
  }

  #set({ formula }, size) {
    formula.style.fontSize = size < 1 ? `calc(${size} * var(--fv-size-formula, 17.6px))` : "";
  }

  #fits(row, size, scrolling = false) {
    const { formula, node, title } = row;
    this.#set(row, size);
    const above = this.stage.narrow ? title.offsetHeight : 0;
    return (scrolling || formula.scrollWidth <= formula.clientWidth) && formula.scrollHeight <= node.clientHeight - above;
  }

  #now(scene) {
    const step = Math.round(scene.number(this.panel.step, this.rows.length));
    return this.#inside(step);
  }

  /** The line that many after this one; a second press does not wait until the first has arrived. */
  #beside(by) {
    this.stage.motion.stop();
    return this.#inside(this.#now(this.stage.scene) + by);
  }

  #go(by) {
    this.#step(this.#beside(by));
  }

  #step(step) {
    this.stage.patch({ [this.panel.step]: this.#inside(step) }, "control");
  }

  #inside(step) {
    return Math.min(this.rows.length, Math.max(1, step));
  }

  #key(event) {
    const by = KEYS[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey || !event.target.matches?.(".fv-line-title")) return;
    event.preventDefault();
    event.stopPropagation();
    const to = this.#beside(by);
    this.#step(to);
    this.rows[to - 1].title.focus();
  }

  async #copy(what, text) {
    const { words } = this.stage;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      if (!copiedByHand(text)) return this.stage.say(words("not_copied"));
    }
    this.stage.say(words("copied", { what }));
  }

  /** The saved figure has the formulas as text. */
  svg(style, name) {
    const top = this.element.getBoundingClientRect().top, size = style.size.axis_text;
    this.pen.front = this.rows.flatMap(({ given, node }) => {
      const box = node.getBoundingClientRect(), y = box.top - top + box.height / 2;
      const text = given.copy?.[0]?.text ?? "";
      return [
        { t: "text", text: given.title ?? "", x: 8, y: y - 0.2 * size, size: style.size.label, weight: 600, fill: style.colour("ink") },
        { t: "text", text, x: 8, y: y + size, size, fill: style.colour("muted") },
      ];
    });
    return super.svg(style, name);
  }
}

const OPENING = "([{", CLOSING = ")]}", SIGNS = "+−-";

/** A formula as one a term, each with its sign, so that a line may end before it. */
function broken(math) {
  const terms = [[]];
  let depth = 0, before = null;
  for (const node of math.cloneNode(true).childNodes) for (const part of flat(node)) {
    const sign = part.localName === "mo" ? part.textContent.trim() : "";
    if (sign && OPENING.includes(sign)) depth++;
    if (sign && CLOSING.includes(sign)) depth--;
    if (depth === 0 && sign && SIGNS.includes(sign) && ends(before)) {
      part.setAttribute("form", "infix");
      terms.push([]);
    }
    terms.at(-1).push(part);
    before = part;
  }
  return terms.map((term) => {
    const made = math.cloneNode(false);
    made.append(...term);
    return made;
  });
}

/** Whether a term can end here: a sign after another sign, or after =, belongs to what follows. */
const ends = (node) => Boolean(node) && (node.localName !== "mo" || CLOSING.includes(node.textContent.trim()));

/** A row without its own meaning gives what it holds; brackets and what is marked stay whole. */
function flat(node) {
  const plain = node.localName === "mrow" && !node.attributes.length;
  return plain ? [...node.childNodes].flatMap(flat) : [node];
}

/** Where a page may not write to the clipboard: without https. */
function copiedByHand(text) {
  const field = el("textarea", { class: "fv-live", text });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
