/** Values on the way from one state to another: 250 ms, easing out; points travel in the model's own coordinates. */
import { usable } from "./scene.js";

export class Travel {
  constructor(scene, target, ms) {
    this.scene = scene;
    this.target = structuredClone(target);
    this.ms = ms;
    this.legs = Object.entries(target).map(([name, to]) => leg(scene, name, scene.values[name], to));
  }

  at(now) {
    this.begun ??= now;
    const s = Math.min(1, (now - this.begun) / this.ms);
    if (s >= 1) return { values: this.target, over: true };
    const eased = 1 - (1 - s) ** 3;
    return { values: Object.fromEntries(this.legs.map(({ name, along }) => [name, along(eased)])), over: false };
  }
}

function leg(scene, name, from, to) {
  if (typeof from === "number" && typeof to === "number") return { name, along: (s) => from + s * (to - from) };
  const points = numbers(from) && numbers(to) && from.length === to.length && scene.model?.d === to.length;
  if (!points) return { name, along: () => to };
  const a = scene.model.fromTheta(from), b = scene.model.fromTheta(to);
  if (!usable(a) || !usable(b)) return { name, along: () => to };
  return { name, along: (s) => Array.from(scene.model.toTheta(a.map((x, i) => x + s * (b[i] - x)))) };
}

const numbers = (value) => Array.isArray(value) && value.every((x) => typeof x === "number");
