/**
 * The live formula. MathML that came as data is never parsed into the page: an inert document reads it, and only
 * elements and attributes on the lists below are built anew.
 */
import { el, setText } from "./dom.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS = new Set(
  ("math semantics mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom msub msup msubsup " +
    "munder mover munderover mmultiscripts mprescripts none mtable mtr mtd").split(" "),
);
const ATTRIBUTES = new Set(
  ("display displaystyle mathvariant stretchy fence separator form largeop movablelimits symmetric lspace rspace accent " +
    "accentunder linethickness columnalign rowalign rowspacing columnspacing width height depth voffset minsize maxsize " +
    "scriptlevel mathsize dir intent arg").split(" "),
);
const ROLES = new Set(["fisher", "euclid", "e", "m", "data", "ink", "muted", "changed", "fence"]);
const NAME = /^[\w.-]{1,64}$/;

export function safeMathML(text) {
  const found = new DOMParser().parseFromString(String(text), "text/html").querySelector("math");
  return found ? copy(found) : null;
}

function copy(node) {
  const name = node.localName;
  if (!ELEMENTS.has(name)) return null;
  const made = document.createElementNS(MATHML, name);
  // A letter alone, or with an index or primes, is a variable and slants; a longer name stands upright.
  if (name === "mi" && /^\p{L}[₀-₉]?[′″‴⁗]?$/u.test(node.textContent.trim()) && !node.hasAttribute("mathvariant")) made.classList.add("fv-variable");
  for (const { name: key, value } of node.attributes) copyAttribute(made, key, value);
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) made.append(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE) made.append(...[copy(child)].filter(Boolean));
  }
  return made;
}

function copyAttribute(made, key, value) {
  if (ATTRIBUTES.has(key)) made.setAttribute(key, value);
  else if ((key === "id" || key === "data-slot" || key === "data-mark") && NAME.test(value)) made.setAttribute(`data-${key.replace("data-", "")}`, value);
  else if ((key === "class" || key === "data-role") && ROLES.has(value.replace(/^role-/, ""))) made.classList.add(`fv-role-${value.replace(/^role-/, "")}`);
}

/** A row set apart by wide spaces becomes one formula a part, so that a line may end between them. */
function parts(math) {
  const [row] = math.children;
  const wide = (node) => node.localName === "mspace" && parseFloat(node.getAttribute("width")) >= 1;
  const groups = [[]];
  const inner = math.children.length === 1 && row.localName === "mrow" ? row : math;
  for (const node of [...inner.childNodes]) {
    if (node.nodeType === Node.ELEMENT_NODE && wide(node)) groups.push([]);
    else groups.at(-1).push(node);
  }
  return groups.filter((group) => group.length).map((group) => {
    const part = math.cloneNode(false);
    part.setAttribute("displaystyle", "true");
    part.append(...group);
    return part;
  });
}

export class Formula {
  constructor(stage) {
    this.stage = stage;
    this.element = el("div", { class: "fv-formula" });
    this.text = this.lit = null;
    this.slots = [];
    this.terms = new Map();
  }

  adopt(given) {
    this.given = given ?? null;
    const text = given?.mathml ?? null;
    this.element.hidden = !text;
    if (text !== this.text) this.#build(text);
    this.slots = Object.entries(given?.slots ?? {}).map(([slot, template]) => ({ template, nodes: this.#find(slot) }));
  }

  #build(text) {
    this.text = text;
    this.lit = null;
    const math = text ? safeMathML(text) : null;
    this.element.replaceChildren(...(math ? parts(math) : []));
    this.#link();
  }

  #find(slot) {
    if (!NAME.test(slot)) return [];
    return [...this.element.querySelectorAll(`[data-slot="${slot}"], [data-id="slot-${slot}"], [data-id="${slot}"]`)];
  }

  /** A term and its mark light up together. */
  #link() {
    this.terms = new Map();
    for (const node of this.element.querySelectorAll("[data-mark], [data-id]")) {
      const mark = node.getAttribute("data-mark") ?? this.given.links?.[node.getAttribute("data-id")];
      if (!mark) continue;
      this.terms.set(mark, [...(this.terms.get(mark) ?? []), node]);
      node.addEventListener("pointerenter", () => this.stage.light(mark));
      node.addEventListener("pointerleave", () => this.stage.light(null));
    }
  }

  /** Numbers change in place. */
  refresh(scene, lit) {
    for (const { template, nodes } of this.slots) {
      const value = scene.fill(template);
      for (const node of nodes) setText(node, value);
    }
    if (lit === this.lit) return;
    this.lit = lit;
    for (const [mark, nodes] of this.terms) for (const node of nodes) node.classList.toggle("fv-lit", mark === lit);
  }
}
