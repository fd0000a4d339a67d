/**
 * Hands on a panel. Every handle has a focusable element lying exactly over it, which keyboard, screen readers and tests
 * use; the pointer takes the nearest handle, and a click anywhere places it there.
 */
import { el, setAttr, setStyle } from "./dom.js";
import { gripAt, taken, wayOf } from "./grip.js";
import { valueAt } from "./plain.js";
import { farthestAlong, usable } from "./scene.js";
import { formatNumber } from "./text.js";

const TAP = 6;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Hands {
  constructor(view, stage) {
    this.view = view;
    this.stage = stage;
    this.elements = new Map();
    this.told = new WeakMap();
    this.handles = [];
    this.focus = null;
    this.tap = null;
    const { layer } = view;
    const on = (name, act) => layer.addEventListener(name, act);
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#cancel(event));
    on("lostpointercapture", (event) => this.#cancel(event));
    on("pointerleave", () => stage.light(null));
  }

  /** Put the elements where the handles are now. */
  sync(handles) {
    this.handles = handles;
    const seen = new Set(handles.map((handle) => handle.key));
    for (const [key, node] of this.elements) if (!seen.has(key)) this.#remove(key, node);
    for (const handle of handles) this.#place(handle, this.elements.get(handle.key) ?? this.#add(handle));
  }

  #add(handle) {
    const node = el("div", {
      class: "fv-handle", role: "slider", tabindex: "0", "data-value": handle.mark.value, "aria-roledescription": "handle",
      onkeydown: (event) => this.#key(event, handle.key),
      onfocus: () => this.#focusOn(handle.key),
      onblur: () => this.#focusOn(null),
      onpointerenter: () => this.#focusOn(handle.key),
      // the pointer may pass over other handles than the one that has the keyboard
      onpointerleave: () => this.#focusOn(this.#taken()),
    });
    this.elements.set(handle.key, node);
    this.view.layer.append(node);
    return node;
  }

  #remove(key, node) {
    node.remove();
    this.elements.delete(key);
  }

  /** The key of the handle that was taken last: it has the keyboard's focus. */
  #taken() {
    for (const [key, node] of this.elements) if (node.matches(":focus")) return key;
    return null;
  }

  #focusOn(key) {
    const before = this.focus;
    this.focus = key;
    if (key === null) this.stage.ledger.commitNow();
    if (before !== key) this.stage.request();
  }

  #place(handle, node) {
    setStyle(node, "left", `${handle.x.toFixed(2)}px`);
    setStyle(node, "top", `${handle.y.toFixed(2)}px`);
    const { scene, words, epoch } = this.stage;
    const age = `${epoch}|${scene.version(handle.mark.value)}`;
    // What a handle on a curve says depends on more than its own value.
    if (handle.told || this.told.get(node) !== age) this.#tell(handle, node, scene, words);
    this.told.set(node, age);
  }

  /** What a screen reader says of a handle. */
  #tell(handle, node, scene, words) {
    setAttr(node, "aria-label", handle.mark.name ?? words("handle_value", { label: handle.mark.label ?? handle.mark.value, value: "" }).trim());
    setAttr(node, "aria-description", words("handle_help"));
    const { now, range, text } = handle.told?.() ?? this.#reading(handle, scene);
    const [lo, hi] = range;
    setAttr(node, "aria-valuemin", round(lo));
    setAttr(node, "aria-valuemax", round(hi));
    setAttr(node, "aria-valuenow", round(Math.min(hi, Math.max(lo, now))));
    setAttr(node, "aria-valuetext", text);
  }

  #reading(handle, scene) {
    const [now] = this.#chart(handle).fromU(handle.u), { said, value } = handle.mark;
    return { now, range: this.#range(handle), text: said ? scene.fill(said, { xi: now }) : valueText(scene, value) };
  }

  #chart(handle) {
    return this.view.pen.chartOf(handle.mark);
  }

  #range(handle) {
    const { frame } = this.view;
    return frame.kind === "ruler" ? [frame.rows[handle.row ?? 0].lo, frame.rows[handle.row ?? 0].hi] : frame.window;
  }

  #at(event) {
    // Asking for the rectangle lays the page out; while a hand moves, one answer does until something scrolls.
    const rect = (this.rect = (this.stage.drag && this.rect) || this.view.layer.getBoundingClientRect());
    return [event.clientX - rect.left, event.clientY - rect.top];
  }

  #nearest(x, y) {
    let best = null, least = Infinity;
    const taken = this.#taken();
    for (const handle of this.handles) {
      // On rulers the row counts for more than the place along it; on curves only the place does, in the row if one is there.
      const away = handle.away?.(x, y, taken) ?? Math.hypot(handle.x - x, (handle.y - y) * (this.view.frame?.kind === "ruler" ? 3 : 1));
      if (away < least) [best, least] = [handle, away];
    }
    return best;
  }

  #down(event) {
    if (event.button !== 0 || this.stage.drag) return;
    const [x, y] = this.#at(event);
    if (!this.handles.length) return this.#grab(event, x, y);
    const onHandle = event.target.closest?.(".fv-handle");
    const handle = this.#nearest(x, y);
    // A finger on the empty picture may be about to scroll the page; only a tap places a handle.
    if (!onHandle && event.pointerType === "touch") return void (this.tap = { id: event.pointerId, x, y });
    event.preventDefault();
    const offset = onHandle ? [handle.x - x, handle.y - y] : [0, 0];
    this.elements.get(handle.key)?.focus({ preventScroll: true });
    this.#capture(event.pointerId);
    this.stage.beginDrag(this.view, handle, { pointer: event.pointerId, x, y, offset, placed: !onHandle });
  }

  /** A density is taken where it was touched. */
  #grab(event, x, y) {
    const grip = gripAt(this.view.pen?.grips, x, y);
    if (!grip) return;
    event.preventDefault();
    this.#capture(event.pointerId);
    const handle = taken(grip, x, this.stage);
    this.stage.beginDrag(this.view, handle, { pointer: event.pointerId, x, y, offset: [0, 0], placed: false });
  }

  /** The cursor says what a press would do. */
  #hover(x, y) {
    this.stage.light(this.view.hit(x, y));
    const { grips } = this.view.pen ?? {};
    if (!grips) return;
    const grip = gripAt(grips, x, y);
    const way = grip && wayOf(grip, x, this.stage.scene.values[grip.value]);
    setStyle(this.view.layer, "cursor", way === "place" ? "grab" : way === "scale" ? "ew-resize" : "auto");
  }

  #capture(pointer) {
    try {
      this.view.layer.setPointerCapture(pointer);
    } catch {
      // The pointer is already gone; its end will be noticed otherwise.
    }
  }

  #move(event) {
    const { drag } = this.stage;
    const [x, y] = this.#at(event);
    if (drag?.pointer === event.pointerId && drag.view === this.view) this.stage.dragTo(x, y);
    else if (!drag && !event.buttons) this.#hover(x, y);
    if (this.tap?.id === event.pointerId && Math.hypot(x - this.tap.x, y - this.tap.y) > TAP) this.tap = null;
  }

  #up(event) {
    if (this.tap?.id === event.pointerId) this.#placeByTap();
    if (this.stage.drag?.pointer === event.pointerId) this.stage.endDrag();
  }

  #placeByTap() {
    const { x, y } = this.tap;
    this.tap = null;
    const handle = this.#nearest(x, y);
    if (!handle || this.stage.drag) return;
    this.stage.beginDrag(this.view, handle, { pointer: null, x, y, offset: [0, 0], placed: true });
    this.stage.endDrag();
  }

  #cancel(event) {
    this.tap = null;
    if (this.stage.drag?.pointer === event.pointerId) this.stage.endDrag();
  }

  #key(event, key) {
    const direction = ARROWS[event.key];
    const handle = this.handles.find((h) => h.key === key);
    if (!direction || !handle || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const factor = event.shiftKey ? 10 : event.altKey ? 0.1 : 1;
    // A step is taken from where a travel ends, not from where it happens to be.
    this.stage.motion.stop();
    const now = handle.now?.() ?? this.#current(handle);
    const to = now.stepped?.(direction[0] + direction[1], factor, direction) ?? this.#step(now, direction, factor);
    this.stage.nudge(this.view, now, ...to);
  }

  /** The handle where its value is now; several keys may arrive between two frames. */
  #current(handle) {
    const { view } = this;
    const u = view.pen.point(handle.mark.value);
    const [x, y] = view.pen.projectXi(this.#chart(handle).fromU(u), handle.mark);
    return { ...handle, u, x, y };
  }

  /** One arrow is a round hundredth of the window; on a ruler up means right. */
  #step(handle, [across, up], factor) {
    const { frame } = this.view;
    if (frame.kind === "ruler") {
      const { lo, hi } = frame.rows[handle.row ?? 0];
      return [handle.x + ((across + up) * factor * roundStep(hi - lo) * frame.box.w) / (hi - lo), handle.y];
    }
    const [x0, x1, y0, y1] = frame.window;
    return [handle.x + across * factor * roundStep(x1 - x0) * frame.sx, handle.y - up * factor * roundStep(y1 - y0) * frame.sy];
  }
}

export function roundStep(range) {
  const raw = range / 100, base = 10 ** Math.floor(Math.log10(raw));
  return base * [1, 2, 5, 10].find((m) => m * base >= raw * 0.999);
}

const round = (x) => Number(x.toPrecision(4));

/** "mean −3.00, spread 0.60" */
export function valueText(scene, name) {
  const theta = scene.values[name];
  if (!Array.isArray(theta)) return formatNumber(theta, ".2f");
  const given = scene.coordinates(name);
  const nameOf = (one, i) => one?.label ?? one?.symbol ?? one?.name ?? (theta.length > 1 ? i : "");
  return theta.map((value, i) => `${nameOf(given[i], i)} ${parameter(value, given[i])}`.trim()).join(", ");
}

/** Two decimals, or three digits where two decimals would say nothing; `given` tells a probability. */
export function parameter(value, given) {
  if (given?.lo === 0 && given?.hi === 1) return formatNumber(value, ".2p");
  return formatNumber(value, Math.abs(value) > 1e-9 && Math.abs(value) < 0.1 ? ".3g" : ".2f");
}

/**
 * The declared coordinates of the point at (x, y) of a panel, or of the last point inside the model on the way there
 * from the handle; null when even the way's beginning is outside.
 */
export function pointAt(view, handle, x, y, scene) {
  if (handle.valueAt) return handle.valueAt(x, y);
  const { frame, pen } = view, chart = pen.chartOf(handle.mark);
  const [tx, ty] = clampTo(frame, handle, x, y);
  if (chart.plain) return valueAt(scene, handle.mark.value, frame.fromPx(tx, ty, handle.row));
  const at = (s) => {
    const px = handle.x + s * (tx - handle.x), py = handle.y + s * (ty - handle.y);
    const u = chart.toU(frame.fromPx(px, py, handle.row), handle.u);
    return usable(u) && scene.model.inside(u) ? u : null;
  };
  const best = farthestAlong(at);
  return best ? Array.from(scene.model.toTheta(best)) : null;
}

function clampTo(frame, { mark, x: hx, y: hy }, x, y) {
  const { box } = frame;
  // The ends of an axis are often the ends of the model; half a pixel inside is near enough.
  const inX = mark.axis === "y" ? hx : Math.min(box.x + box.w - 0.5, Math.max(box.x + 0.5, x));
  const inY = frame.kind === "ruler" || mark.axis === "x" ? hy : Math.min(box.y + box.h - 2, Math.max(box.y, y));
  return [inX, inY];
}
