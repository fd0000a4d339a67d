/**
 * Two painters over one list: canvas for frames, SVG for export. A list is an array of flat descriptions in CSS pixels:
 *
 *   {t: "path", pts: [x0, y0, …], closed?, stroke?, width?, dash?, cap?, alpha?, fill?, fillAlpha?, rule?}   NaN lifts the pen
 *   {t: "disc", x, y, r, fill?, fillAlpha?, stroke?, width?, alpha?}
 *   {t: "dots", pts, r, fill, fillAlpha?}
 *   {t: "text", x, y, text, size, weight?, fill, anchor?, halo?, haloWidth?, rotate?}        y is the baseline
 *   {t: "clip", x, y, w, h} … {t: "end"}
 */

const ANCHOR = { start: "left", middle: "center", end: "right" };

export function paintCanvas(ctx, list, family) {
  ctx.lineJoin = "round";
  for (const item of list) CANVAS[item.t](ctx, item, family);
}

const CANVAS = {
  path(ctx, item) {
    ctx.beginPath();
    trace(ctx, item.pts, item.closed);
    ink(ctx, item);
  },
  disc(ctx, item) {
    ctx.beginPath();
    ctx.arc(item.x, item.y, Math.max(0, item.r), 0, 2 * Math.PI);
    ink(ctx, item);
  },
  dots(ctx, item) {
    ctx.beginPath();
    for (let i = 0; i + 1 < item.pts.length; i += 2) {
      const x = item.pts[i], y = item.pts[i + 1];
      if (!Number.isFinite(x + y)) continue;
      ctx.moveTo(x + item.r, y);
      ctx.arc(x, y, item.r, 0, 2 * Math.PI);
    }
    ink(ctx, item);
  },
  text(ctx, item, family) {
    ctx.font = `${item.weight ?? 400} ${item.size}px ${family}`;
    ctx.textAlign = ANCHOR[item.anchor ?? "start"];
    ctx.textBaseline = "alphabetic";
    ctx.globalAlpha = 1;
    if (item.halo) {
      ctx.setLineDash([]);
      ctx.strokeStyle = item.halo;
      ctx.lineWidth = item.haloWidth;
      ctx.strokeText(item.text, item.x, item.y);
    }
    ctx.fillStyle = item.fill;
    ctx.fillText(item.text, item.x, item.y);
  },
  clip(ctx, item) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(item.x, item.y, item.w, item.h);
    ctx.clip();
  },
  end(ctx) {
    ctx.restore();
  },
};

function trace(ctx, pts, closed) {
  let down = false;
  for (let i = 0; i + 1 < pts.length; i += 2) {
    const x = pts[i], y = pts[i + 1];
    if (!Number.isFinite(x + y)) {
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

function ink(ctx, item) {
  if (item.fill) {
    ctx.globalAlpha = item.fillAlpha ?? 1;
    ctx.fillStyle = item.fill;
    ctx.fill(item.rule ?? "nonzero");
  }
  if (item.stroke) {
    ctx.globalAlpha = item.alpha ?? 1;
    ctx.strokeStyle = item.stroke;
    ctx.lineWidth = item.width ?? 1;
    ctx.lineCap = item.cap ?? "butt";
    ctx.setLineDash(item.dash ?? []);
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

/** The list as the inside of an SVG group; `name` keeps clip ids apart between panels. */
export function paintSVG(list, family, name = "p") {
  let clips = 0;
  const parts = list.map((item) => {
    if (item.t === "end") return "</g>";
    if (item.t === "clip") {
      const id = `${name}-clip-${clips++}`;
      const box = `<rect x="${n(item.x)}" y="${n(item.y)}" width="${n(item.w)}" height="${n(item.h)}"/>`;
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

/** Width of a text in pixels, remembered: measuring is the slowest thing a label does. */
export function textWidth(text, size, weight, family) {
  const key = `${weight}|${size}|${family}|${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    ruler ??= document.createElement("canvas").getContext("2d");
    ruler.font = `${weight} ${size}px ${family}`;
    width = ruler.measureText(text).width;
    if (widths.size > 2000) widths.clear();
    widths.set(key, width);
  }
  return width;
}

/** Widths change when a font arrives late. */
export const forgetWidths = () => widths.clear();
