/** Colours, dashes and sizes of the moment, from the tokens Python passes and the page's background. */

/** Light or dark, by the luminance of the background Streamlit reports (or the one the host page has). */
export function isDark(root, wish) {
  const style = getComputedStyle(root);
  const colour = rgb(style.getPropertyValue("--st-background-color").trim());
  if (colour) return luminance(colour) < 0.4;
  if (wish === "dark" || wish === "light") return wish === "dark";
  return false;
}

function rgb(text) {
  if (!text || !CSS.supports("color", text)) return null;
  const ctx = document.createElement("canvas").getContext("2d");
  ctx.fillStyle = text;
  const value = ctx.fillStyle;
  if (value.startsWith("#")) return [1, 3, 5].map((i) => parseInt(value.slice(i, i + 2), 16));
  const numbers = value.match(/[\d.]+/g)?.map(Number);
  return numbers && (numbers[3] ?? 1) > 0.1 ? numbers.slice(0, 3) : null;
}

function luminance(colour) {
  const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * style = {dark, colour(name), role(name) -> {colour, dash, cap, width}, signed(t), bands, size, k, family, weight}
 * where k is the size of this stage against a laptop's, so that gaps grow with the type.
 */
export function makeStyle(tokens, { dark, present, family, viewport }) {
  const theme = dark ? "dark" : "light";
  const size = sizes(tokens?.size ?? {}, present, viewport);
  const ink = dark ? "#ffffff" : "#000000";
  const roles = tokens?.roles ?? {};
  const neutral = tokens?.neutral ?? {};
  const colour = (name) => (neutral[name] ?? roles[name] ?? neutral.ink)?.[theme] ?? ink;
  const role = (name) => {
    const given = roles[name] ?? roles.ink ?? {};
    const grow = size.k;
    return {
      colour: given[theme] ?? ink,
      dash: (given.dash ?? []).map((d) => d * grow),
      cap: given.cap ?? "butt",
      width: size[given.width] ?? size.path,
      hero: given.width === "hero",
    };
  };
  const signed = signedColours(tokens?.ramps?.[tokens?.signed?.[theme]] ?? [ink, neutral.panel?.[theme] ?? ink, ink]);
  return { dark, colour, role, signed, bands: tokens?.bands?.[theme] ?? [], size, k: size.k, family, weight: tokens?.weight ?? {} };
}

/** t in [−1, 1] to a colour: 0 is the middle of the ramp, +1 its first end. */
function signedColours(stops) {
  const parts = stops.map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  return (t) => {
    const at = ((1 - Math.min(1, Math.max(-1, t))) / 2) * (parts.length - 1), k = Math.min(parts.length - 2, Math.floor(at));
    const mixed = parts[k].map((from, i) => Math.round(from + (at - k) * (parts[k + 1][i] - from)));
    return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  };
}

const LAPTOP = {
  body: 16, label: 14, axis_text: 13, handle_letter: 17, formula: 17.6, hero: 3.4, path: 2.4, thin: 1.1,
  axis: 1.25, grid: 1, halo: 4, handle_disc: 7.5, handle_ring: 11, hit: 24,
};

function sizes(given, present, viewport) {
  const laptop = { ...LAPTOP, ...given.laptop };
  if (!present) return { ...laptop, k: 1 };
  // The projector's numbers are for 1920 × 1080; another screen gets the same share of its height.
  const share = Math.min(3, Math.max(0.6, Math.min(viewport.width / 1920, viewport.height / 1080)));
  const out = {};
  for (const [name, value] of Object.entries({ ...laptop, ...given.projector })) out[name] = value * share;
  return { ...out, k: 1.73 * share };
}

/** The same colours and sizes as custom properties, for the parts that are HTML. */
export function cssProperties(style) {
  const names = ["page", "panel", "ink", "muted", "axis_text", "axis", "hairline", "grid", "warning", "error"];
  const roles = ["fisher", "euclid", "e", "m", "data"];
  const entries = [...names, ...roles].map((name) => [`--fv-${name.replace("_", "-")}`, style.colour(name)]);
  for (const name of ["body", "label", "axis_text", "formula", "handle_disc", "handle_ring"])
    entries.push([`--fv-size-${name.replace("_", "-")}`, `${style.size[name]}px`]);
  return [...entries, ["--fv-k", String(style.k)]];
}
