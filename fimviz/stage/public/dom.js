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

/** Write only what changed: a text that is written anew is announced anew and laid out anew. */
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

export function setAttr(node, name, value) {
  const text = String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
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
