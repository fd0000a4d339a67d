/** Making elements. Text always goes through textContent: nothing that came as data is ever parsed as HTML. */

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

const written = new WeakMap();

/** Whether `text` is new there. What was written is remembered: asking the page costs more than the rest of a frame's text. */
function isNew(node, place, text) {
  let known = written.get(node);
  if (!known) written.set(node, (known = new Map()));
  if (known.get(place) === text) return false;
  known.set(place, text);
  return true;
}

/** Write only what changed: a text that is written anew is announced anew and laid out anew. */
export function setText(node, text) {
  if (node && isNew(node, "#text", text)) node.textContent = text;
}

export function setAttr(node, name, value) {
  const text = String(value);
  if (isNew(node, name, text)) node.setAttribute(name, text);
}

export function setStyle(node, name, value) {
  if (isNew(node, `style.${name}`, value)) node.style.setProperty(name, value);
}

export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** localStorage, where there is one: a sandboxed frame or a strict browser has none. */
export const memory = {
  get(key) {
    try {
      return localStorage.getItem(`fimviz.${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`fimviz.${key}`, value);
    } catch {
      // Nothing is lost but the memory.
    }
  },
};
