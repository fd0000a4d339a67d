/** What was checked, in one quiet line: a template of parts set apart by " · ", filled when a hand has let go. */
import { el, setText } from "./dom.js";
import { fillTemplate } from "./text.js";

const BETWEEN = " · ";
const LEAST = 1e-16; // smaller errors are below what the numbers themselves can tell

export class Badge {
  constructor() {
    this.element = el("p", { class: "fv-badge" });
  }

  adopt(template) {
    this.template = typeof template === "string" ? template : "";
    this.element.hidden = !this.template;
    this.age = null;
  }

  /** While something moves the old line stays, grey: some of its numbers cost as much as a frame. */
  refresh(scene, still) {
    if (!this.template) return;
    const fresh = this.age === scene.clock;
    if (still && !fresh) {
      setText(this.element, fillParts(this.template, scene));
      this.age = scene.clock;
    }
    this.element.classList.toggle("fv-stale", !still && !fresh);
  }
}

/** The parts whose numbers are there; what stands before the first colon and a last full stop belong to the whole line. */
export function fillParts(template, scene) {
  const [, lead, body, end] = /^([^:{}·]*: )?(.*?)(\.?)$/s.exec(template);
  const parts = body.split(BETWEEN).map((part) => filled(part, scene)).filter((part) => part !== null);
  return parts.length ? `${lead ?? ""}${parts.join(BETWEEN)}${end}` : "";
}

function filled(part, scene) {
  let whole = true;
  const text = fillTemplate(part, (name) => {
    const value = scene.lookup(name);
    if (value === undefined || Number.isNaN(value)) whole = false;
    return Math.abs(value) < LEAST ? LEAST : value;
  });
  return whole ? text : null;
}
