/**
 * One panel on the page: two canvases (what stands still, what moves) under a layer that takes the pointer. The panel's
 * kind decides who draws it.
 */
import { alike, remember, settled } from "./alike.js";
import { drawContours } from "./contours.js";
import { drawCurves } from "./curves.js";
import { drawDensities } from "./density.js";
import { el } from "./dom.js";
import { Hands } from "./handles.js";
import { likeness } from "./likeness.js";
import { drawMatrices } from "./matrices.js";
import { paintCanvas, paintSVG } from "./painter.js";
import { drawPlane, planeFrame } from "./plane.js";
import { drawRanks } from "./ranks.js";
import { drawRuler, rulerFrame } from "./ruler.js";
import { drawSeries } from "./series.js";

const KINDS = {
  plane: { frame: planeFrame, draw: drawPlane },
  ruler: { frame: rulerFrame, draw: drawRuler },
  // Without a handle on it, nothing in it depends on where the hand is or whether it moves.
  density: { frame: null, draw: drawDensities, steady: true },
  series: { frame: null, draw: drawSeries },
  curves: { frame: null, draw: drawCurves },
  contours: { frame: null, draw: drawContours },
  ranks: { frame: null, draw: drawRanks },
  matrices: { frame: null, draw: drawMatrices },
};

/** The new panel, with every part and every mark that says the same taken from the old one. */
function kept(before, panel) {
  return Object.fromEntries(Object.entries(panel).map(([name, part]) => [name, settled(before[name], part)]));
}

export const drawable = (panel) => Boolean(panel) && (Object.hasOwn(KINDS, panel.kind) || panel.kind === "lines");

export class View {
  constructor(panel, stage) {
    this.stage = stage;
    this.back = el("canvas", { class: "fv-canvas", "aria-hidden": "true" });
    this.front = el("canvas", { class: "fv-canvas", role: "img" });
    this.contexts = new Map([this.back, this.front].map((canvas) => [canvas, canvas.getContext("2d")]));
    // A canvas may lose what is on it (a graphics process that starts anew), and comes back empty.
    for (const canvas of [this.back, this.front]) canvas.addEventListener("contextrestored", () => this.#paintAgain());
    this.layer = el("div", { class: "fv-layer" });
    this.notice = el("p", { class: "fv-notice", role: "status" });
    // Remarks change with every move of a hand; nobody wants each of them read out.
    this.remark = el("p", { class: "fv-remark" });
    const said = el("div", { class: "fv-said" }, this.notice, this.remark);
    this.element = el("div", { class: `fv-panel fv-${panel.kind}` }, this.back, this.front, this.layer, said);
    this.cache = new Map();
    this.memory = new Map();
    this.frameKey = null;
    this.width = this.height = 0;
    this.hands = new Hands(this, stage);
    this.adopt(panel);
  }

  /** A panel that says the same stays the same object: what was computed for its marks is still good. */
  adopt(panel) {
    const before = this.panel;
    if (before && alike(panel, before)) return;
    this.panel = before ? kept(before, panel) : panel;
    // Other marks alone leave a plane's window and axes as they are.
    const outlined = ({ marks, ...rest }) => rest;
    if (panel.kind !== "plane" || !before || !alike(outlined(panel), outlined(before))) this.frameKey = null;
  }

  /** Returns false while the panel has no size: hidden, or not laid out yet. */
  measure() {
    const width = Math.floor(this.element.clientWidth), height = Math.floor(this.element.clientHeight);
    if (width < 20 || height < 20) return false;
    const ratio = Math.min(4, Math.max(1, window.devicePixelRatio || 1));
    if (width !== this.width || height !== this.height || ratio !== this.ratio) {
      Object.assign(this, { width, height, ratio });
      this.#forgetPainted();
      for (const canvas of [this.back, this.front]) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
      }
    }
    return true;
  }

  draw(context) {
    if (!this.width) return;
    const kind = KINDS[this.panel.kind];
    const state = this.#state(context);
    if (kind.steady && this.#stands(state)) return;
    const full = { ...context, cache: this.cache, memory: this.memory, focus: this.hands.focus, narrow: this.stage.narrow };
    if (kind.frame) {
      this.#measureFrame(kind, context);
      this.pen = kind.draw(this.panel, this.frame, full);
    } else this.pen = kind.draw(this.panel, this.width, this.height, full);
    this.#paint(context);
    this.hands.sync(this.pen.handles);
    this.drawn = state;
  }

  #state({ scene, words, lit, epoch }) {
    return [this.panel, scene.clock, words, lit, epoch, this.width, this.height, this.ratio, this.stage.narrow];
  }

  /** Whether it would be drawn as it was: then the canvases are left alone. */
  #stands(state) {
    return this.pen?.handles.length === 0 && state.every((part, i) => Object.is(part, this.drawn?.[i]));
  }

  #measureFrame(kind, { style, epoch }) {
    const key = `${epoch}|${this.width}×${this.height}`;
    if (key === this.frameKey) return;
    this.frame = kind.frame(this.panel, this.width, this.height, style);
    this.frameKey = key;
  }

  #paint({ style, epoch }) {
    remember(this.cache, "back", [this.panel, epoch, this.width, this.height, ...this.pen.still], () =>
      this.#paintOn(this.back, this.pen.back, style),
    );
    const shown = [likeness(this.pen.front), this.ratio, style.family, epoch].join();
    if (shown === this.shown) return;
    this.shown = shown;
    this.#paintOn(this.front, this.pen.front, style);
  }

  #forgetPainted() {
    this.cache.delete("back");
    this.shown = this.drawn = null;
  }

  #paintAgain() {
    this.#forgetPainted();
    this.stage.request();
  }

  #paintOn(canvas, list, style) {
    const ctx = this.contexts.get(canvas);
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    ctx.clearRect(0, 0, this.width, this.height);
    paintCanvas(ctx, list, style.family);
  }

  svg(style, name) {
    return paintSVG([...this.pen.back, ...this.pen.front], style.family, name);
  }

  /** The id of the mark under a point, or null. */
  hit(x, y) {
    let best = null, least = 9 * this.stage.style.k;
    for (const { id, pts, box, far = 0 } of this.pen?.hits ?? []) {
      const away = box ? (x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h ? far : Infinity) : distance(pts, x, y);
      if (away < least) [best, least] = [id, away];
    }
    return best;
  }
}

function distance(pts, x, y) {
  let least = Infinity;
  for (let i = 0; i + 3 < pts.length; i += 2) {
    const dx = pts[i + 2] - pts[i], dy = pts[i + 3] - pts[i + 1];
    const length = dx * dx + dy * dy;
    const s = length ? Math.min(1, Math.max(0, ((x - pts[i]) * dx + (y - pts[i + 1]) * dy) / length)) : 0;
    const away = Math.hypot(pts[i] + s * dx - x, pts[i + 1] + s * dy - y);
    if (away < least) least = away;
  }
  return least;
}
