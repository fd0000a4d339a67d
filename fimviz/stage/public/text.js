/** Numbers as they are shown, and the templates that carry them: "Fisher–Rao σ = {half.sigma:.2f}". */

export const MISSING = "—";
const SLOT = /\{([^{}:]+)(?::([^{}]*))?\}/g;
const compiled = new Map();

/** A number in Python's format language, as far as pages use it: .2f .3g d .0% +.2f, and p (never 1.00 below one). */
export function formatNumber(value, spec = "") {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number" || Number.isNaN(value)) return MISSING;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const { plus, comma, count, kind } = parsed(spec);
  let text = shape(value, kind, count);
  if (text.startsWith("-") && Number(text.replace("%", "")) === 0) text = text.slice(1);
  if (comma) text = text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
  if (plus && value > 0) text = `+${text}`;
  return text.replaceAll("-", "−").replace("e+", "e");
}

const specs = new Map();

function parsed(spec) {
  let known = specs.get(spec);
  if (known) return known;
  const [, plus, comma, digits, kind] = /^(\+?)(,?)(?:\.(\d+))?([a-z%]?)$/i.exec(spec) ?? [null, "", "", "3", "g"];
  const count = digits === undefined ? null : Math.min(20, Number(digits));
  known = { plus, comma, count, kind: kind || (count === null ? "g" : "f") };
  specs.set(spec, known);
  return known;
}

function shape(value, kind, count) {
  switch (kind) {
    case "f":
      return value.toFixed(count ?? 6);
    case "d":
      return value.toFixed(0);
    case "%":
      return `${(100 * value).toFixed(count ?? 0)}%`;
    case "e":
      return value.toExponential(count ?? 2);
    case "p":
      return probability(value, count ?? 3);
    default:
      return significant(value, count ?? 3);
  }
}

/** 0.999, never 1.00, below one; 0.001, never 0.00, above zero. */
function probability(value, count) {
  const text = value.toFixed(count), rounded = Number(text);
  const finer = Math.max(3, count), unit = 10 ** -finer;
  if (value < 1 && rounded >= 1) return Math.min(value, 1 - unit).toFixed(finer);
  if (value > 0 && rounded <= 0) return Math.max(value, unit).toFixed(finer);
  return text;
}

/** Trailing zeros stay, so that a moving readout keeps its width. */
function significant(value, count) {
  if (value === 0) return (0).toFixed(Math.max(0, count - 1));
  // the power of ten after rounding: 0.09999999 is 0.100, not 0.1000
  const size = Number(value.toExponential(Math.max(0, count - 1)).split("e")[1]);
  if (size >= 6 || size < -4) return value.toExponential(count - 1);
  return value.toFixed(Math.max(0, count - 1 - size));
}

/** Fill a template; `lookup(name)` gives a number, a string, or undefined. */
export function fillTemplate(template, lookup) {
  if (typeof template !== "string") return template == null ? "" : String(template);
  let parts = compiled.get(template);
  if (!parts) compiled.set(template, (parts = split(template)));
  return parts.map((part) => (typeof part === "string" ? part : formatNumber(lookup(part.name), part.spec))).join("");
}

function split(template) {
  const parts = [];
  let from = 0;
  for (const hit of template.matchAll(SLOT)) {
    parts.push(template.slice(from, hit.index), { name: hit[1].trim(), spec: hit[2] ?? "" });
    from = hit.index + hit[0].length;
  }
  return [...parts, template.slice(from)];
}

/** At most `most` round numbers in [lo, hi], never finer than hundredths: axes carry two decimals. */
export function niceTicks(lo, hi, most = 6) {
  if (!(hi > lo) || !Number.isFinite(hi - lo)) return { ticks: [], decimals: 0 };
  const raw = (hi - lo) / Math.max(1, most);
  const base = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(0.01, [1, 2, 5, 10].find((m) => m * base >= raw * (1 - 1e-9)) * base);
  const ticks = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + 1e-9 * step; k++) ticks.push(k * step || 0);
  return { ticks, decimals: decimalsOf(step) };
}

/** Decimals (at most two) that tell the given values apart. */
export function decimalsOf(...values) {
  for (let k = 0; k < 2; k++) if (values.every((v) => Math.abs(v * 10 ** k - Math.round(v * 10 ** k)) < 1e-6)) return k;
  return 2;
}

export const axisNumber = (value, decimals) => formatNumber(value, `.${decimals}f`);
