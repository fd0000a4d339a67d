/**
 * Two painters over one list: canvas for frames, SVG for export. A list is an array of flat descriptions in CSS pixels:
 *
 *   {t: "path", pts: [x0, y0, …], closed?, stroke?, width?, dash?, cap?, alpha?, fill?, fillAlpha?, rule?}   NaN lifts the pen
 *   {t: "disc", x, y, r, fill?, fillAlpha?, stroke?, width?, alpha?}
 *   {t: "dots", pts, r, fill, fillAlpha?, stroke?, width?}
 *   {t: "text", x, y, text, size, weight?, fill, anchor?, halo?, haloWidth?, rotate?}        y is the baseline
 *   {t: "clip", x, y, w, h} or {t: "clip", pts} … {t: "end"}     inside a rectangle, or inside closed outlines
 */

const ANCHOR = { start: "left", middle: "center", end: "right" };

export function paintCanvas(ctx, list, family) {
  ctx.lineJoin = "round";
  ctx.globalAlpha = 1;
  const pen = new Pen(ctx, family);
  for (const item of list) CANVAS[item.t](pen, item);
}

/** A canvas context that is told only what differs from what it was told last: every setting is a call out of JavaScript. */
class Pen {
  constructor(ctx, family) {
    this.ctx = ctx;
    this.family = family;
    this.font = this.dash = this.cap = this.width = this.anchor = null;
    this.alpha = 1;
    this.saved = [];
  }

  setAlpha(alpha) {
    if (alpha !== this.alpha) this.ctx.globalAlpha = this.alpha = alpha;
  }

  setFont(weight, size) {
    const font = `${weight} ${size}px ${this.family}`;
    if (font !== this.font) this.ctx.font = this.font = font;
  }

  setAnchor(anchor) {
    if (anchor !== this.anchor) this.ctx.textAlign = this.anchor = anchor;
  }

  setLine(width, cap, dash) {
    if (width !== this.width) this.ctx.lineWidth = this.width = width;
    if (cap !== this.cap) this.ctx.lineCap = this.cap = cap;
    if (dash !== this.dash) this.ctx.setLineDash((this.dash = dash));
  }

  save() {
    const { font, dash, cap, width, anchor, alpha } = this;
    this.saved.push({ font, dash, cap, width, anchor, alpha });
    this.ctx.save();
  }

  restore() {
    Object.assign(this, this.saved.pop());
    this.ctx.restore();
  }

  /** Fill and stroke the path that was laid out. */
  ink(item) {
    const { ctx } = this;
    if (item.fill) {
      this.setAlpha(item.fillAlpha ?? 1);
      ctx.fillStyle = item.fill;
      ctx.fill(item.rule ?? "nonzero");
    }
    if (!item.stroke) return;
    this.setAlpha(item.alpha ?? 1);
    this.setLine(item.width ?? 1, item.cap ?? "butt", item.dash ?? SOLID);
    ctx.strokeStyle = item.stroke;
    ctx.stroke();
  }
}

const SOLID = [];

const CANVAS = {
  path(pen, item) {
    pen.ctx.beginPath();
    trace(pen.ctx, item.pts, item.closed);
    pen.ink(item);
  },
  disc(pen, item) {
    pen.ctx.beginPath();
    pen.ctx.arc(item.x, item.y, Math.max(0, item.r), 0, 2 * Math.PI);
    pen.ink(item);
  },
  dots(pen, item) {
    const { ctx } = pen, { pts, r } = item;
    ctx.beginPath();
    for (let i = 0; i + 1 < pts.length; i += 2) {
      const x = pts[i], y = pts[i + 1];
      if (x - x + (y - y) !== 0) continue;
      ctx.moveTo(x + r, y);
      ctx.arc(x, y, r, 0, 2 * Math.PI);
    }
    pen.ink(item);
  },
  text(pen, item) {
    const { ctx } = pen;
    pen.setFont(item.weight ?? 400, item.size);
    pen.setAnchor(ANCHOR[item.anchor ?? "start"]);
    pen.setAlpha(1);
    if (item.halo) {
      pen.setLine(item.haloWidth, "butt", SOLID);
      ctx.strokeStyle = item.halo;
      ctx.strokeText(item.text, item.x, item.y);
    }
    ctx.fillStyle = item.fill;
    ctx.fillText(item.text, item.x, item.y);
  },
  clip(pen, item) {
    pen.save();
    pen.ctx.beginPath();
    if (item.pts) trace(pen.ctx, item.pts, true);
    else pen.ctx.rect(item.x, item.y, item.w, item.h);
    pen.ctx.clip();
  },
  end(pen) {
    pen.restore();
  },
};

function trace(ctx, pts, closed) {
  let down = false;
  for (let i = 0; i + 1 < pts.length; i += 2) {
    const x = pts[i], y = pts[i + 1];
    // Neither NaN nor infinite: a number minus itself is zero only then.
    if (x - x + (y - y) !== 0) {
      if (down && closed) ctx.closePath();
      down = false;
    } else if (down) ctx.lineTo(x, y);
    else {
      ctx.moveTo(x, y);
      down = true;
    }
  }
  if (down && closed) ctx.closePath();
}

/** The list as the inside of an SVG group; `name` keeps clip ids apart between panels. */
export function paintSVG(list, family, name = "p") {
  let clips = 0;
  const parts = list.map((item) => {
    if (item.t === "end") return "</g>";
    if (item.t === "clip") {
      const id = `${name}-clip-${clips++}`;
      const box = item.pts ? `<path d="${steps(item.pts, true)}"/>` : `<rect x="${n(item.x)}" y="${n(item.y)}" width="${n(item.w)}" height="${n(item.h)}"/>`;
      return `<clipPath id="${id}">${box}</clipPath><g clip-path="url(#${id})">`;
    }
    return SVG[item.t](item, family);
  });
  return parts.join("\n");
}

const SVG = {
  path: (item) => `<path d="${steps(item.pts, item.closed)}"${paint(item)}/>`,
  disc: (item) => `<circle cx="${n(item.x)}" cy="${n(item.y)}" r="${n(item.r)}"${paint(item)}/>`,
  dots(item) {
    if (item.stroke) return rings(item);
    // Zero-length strokes with round caps: one element however many dots.
    let d = "";
    for (let i = 0; i + 1 < item.pts.length; i += 2)
      if (Number.isFinite(item.pts[i] + item.pts[i + 1])) d += `M${n(item.pts[i])} ${n(item.pts[i + 1])}h0`;
    const opacity = item.fillAlpha ?? 1;
    return `<path d="${d}" fill="none" stroke="${escape(item.fill)}" stroke-width="${n(2 * item.r)}" stroke-linecap="round" stroke-opacity="${n(opacity)}"/>`;
  },
  text(item, family) {
    const halo = item.halo
      ? ` stroke="${escape(item.halo)}" stroke-width="${n(item.haloWidth)}" stroke-linejoin="round" paint-order="stroke"`
      : "";
    return (
      `<text x="${n(item.x)}" y="${n(item.y)}" font-size="${n(item.size)}" font-weight="${item.weight ?? 400}"` +
      ` font-family="${escape(family)}" text-anchor="${item.anchor ?? "start"}" fill="${escape(item.fill)}"${halo}>` +
      `${escape(item.text)}</text>`
    );
  },
};

function rings(item) {
  const parts = [];
  for (let i = 0; i + 1 < item.pts.length; i += 2)
    if (Number.isFinite(item.pts[i] + item.pts[i + 1])) parts.push(`<circle cx="${n(item.pts[i])}" cy="${n(item.pts[i + 1])}" r="${n(item.r)}"/>`);
  return `<g${paint(item)}>${parts.join("")}</g>`;
}

function steps(pts, closed) {
  let d = "", down = false;
  for (let i = 0; i + 1 < pts.length; i += 2) {
    if (!Number.isFinite(pts[i] + pts[i + 1])) {
      if (down && closed) d += "Z";
      down = false;
      continue;
    }
    d += `${down ? "L" : "M"}${n(pts[i])} ${n(pts[i + 1])}`;
    down = true;
  }
  return down && closed ? `${d}Z` : d;
}

function paint(item) {
  let out = item.fill ? ` fill="${escape(item.fill)}" fill-opacity="${n(item.fillAlpha ?? 1)}"` : ' fill="none"';
  if (item.rule) out += ` fill-rule="${item.rule}"`;
  if (!item.stroke) return out;
  out += ` stroke="${escape(item.stroke)}" stroke-width="${n(item.width ?? 1)}" stroke-opacity="${n(item.alpha ?? 1)}"`;
  out += ` stroke-linecap="${item.cap ?? "butt"}" stroke-linejoin="round"`;
  return item.dash?.length ? `${out} stroke-dasharray="${item.dash.map(n).join(" ")}"` : out;
}

const n = (x) => String(Math.round(x * 100) / 100);

export function escape(text) {
  const named = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return String(text).replace(/[&<>"]/g, (c) => named[c]);
}

const widths = new Map();
let ruler = null;

/**
 * Width of a text in pixels, remembered: measuring is the slowest thing a label does. Digits count as zeros, so that a
 * moving readout is measured once and its label does not tremble.
 */
export function textWidth(text, size, weight, family) {
  const font = `${weight} ${size}px ${family}`;
  let known = widths.get(font);
  if (!known) widths.set(font, (known = new Map()));
  const shape = text.replace(DIGITS, "0");
  let width = known.get(shape);
  if (width === undefined) {
    ruler ??= document.createElement("canvas").getContext("2d");
    ruler.font = font;
    width = ruler.measureText(shape).width;
    if (known.size > 2000) known.clear();
    known.set(shape, width);
  }
  return width;
}

const DIGITS = /[1-9]/g;

/** Widths change when a font arrives late. */
export const forgetWidths = () => widths.clear();
