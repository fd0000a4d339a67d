/** Tangent vectors of unit Fisher length, evenly spread. */
import { backward, cholesky } from "./linear.js";

/** `count` tangent vectors of unit Fisher length at u, evenly spread in Fisher angle; null where g is not positive. */
export function unitFan(space, u, count) {
  const L = cholesky(space.matrix(u), space.d);
  if (L === null) return null;
  const out = new Float64Array(directionsIn(space.d, count) * space.d);
  for (let i = 0; i < out.length / space.d; i++) {
    out.set(backward(L, space.d, direction(space.d, i, out.length / space.d)), i * space.d);
  }
  return out;
}

const directionsIn = (d, count) => (d === 1 ? 2 : count);

/** The i-th of `count` unit vectors: two ends, a circle, or a spiral that covers the sphere evenly. */
export function direction(d, i, count) {
  if (d === 1) return Float64Array.of(i === 0 ? 1 : -1);
  const turn = (2 * Math.PI * i) / count;
  if (d === 2) return Float64Array.of(Math.cos(turn), Math.sin(turn));
  const z = 1 - (2 * i + 1) / count;
  const golden = Math.PI * (3 - Math.sqrt(5)) * i;
  const r = Math.sqrt(1 - z * z);
  return Float64Array.of(r * Math.cos(golden), r * Math.sin(golden), z);
}

/** Tangent vectors scaled to unit Fisher length. */
export function normalised(space, u, vectors) {
  const { d } = space;
  const g = space.matrix(u);
  const out = Float64Array.from(vectors);
  for (let base = 0; base < out.length; base += d) {
    let sum = 0;
    for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) sum += g[a * d + b] * out[base + a] * out[base + b];
    for (let k = 0; k < d; k++) out[base + k] /= Math.sqrt(sum);
  }
  return out;
}
