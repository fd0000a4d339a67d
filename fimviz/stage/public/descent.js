/** Gradient descent in one chart: plain ξ ← ξ − η ∂L, natural ξ ← ξ − η (g + λI)⁻¹ ∂L. */
import { makeChart } from "./chart.js";
import { compileTape } from "./tape.js";
import { factorise, substitute, upper } from "./linear.js";

/** makeDescent(spec, model) -> {run}, as described in geometry.js. */
export function makeDescent(spec, model) {
  const { d } = model;
  const loss = compileTape(spec.loss);
  const toChart = compileTape(spec.from_u);
  const place = placer(spec, model);
  const direction = { plain: (xi, slope) => slope, natural: naturalDirection(spec.metric, d) };
  const inputs = new Float64Array(loss.nIn);
  const scratch = { xi: new Float64Array(d), u: new Float64Array(d), track: new Track(d) };

  function run({ start, thetaStar, rule, step, damping = 0, stop = 1e-3, max = 3000, clamp = null }) {
    const { xi, u, track } = scratch;
    if (!(rule in direction)) throw new Error(`Descent rule '${rule}' is neither plain nor natural.`);
    inputs.set(thetaStar, d);
    u.set(start);
    xi.set(toChart.at(start));
    track.clear();
    for (let steps = 0; ; steps++) {
      inputs.set(xi);
      const values = loss.at(inputs);
      if (!Number.isFinite(values[0])) return track.result(track.length - 1, "left");
      track.add(u, xi, values[0]);
      if (values[0] < stop) return track.result(steps, "converged");
      if (steps >= max) return track.result(steps, "cap");
      const slope = direction[rule](xi, values.subarray(1, d + 1), damping);
      if (slope === null) return track.result(steps, "left");
      for (let k = 0; k < d; k++) xi[k] = clamped(xi[k] - step * slope[k], clamp?.[k]);
      if (!place(xi, u)) return track.result(steps, "left");
    }
  }

  return { run };
}

function clamped(x, limits) {
  return limits ? Math.min(limits[1], Math.max(limits[0], x)) : x;
}

/** The chart's inverse into u; false where the point is outside the chart or θ outside its domain. */
function placer(spec, model) {
  const { d } = model;
  const back = spec.to_u ? compileTape(spec.to_u) : null;
  const chart = back ? null : makeChart(spec, model);
  return function place(xi, u) {
    const found = back ? back.at(xi) : chart.toU(xi, u);
    if (found === null) return false;
    for (let k = 0; k < d; k++) if (!Number.isFinite((u[k] = found[k]))) return false;
    return model.admits(u);
  };
}

function naturalDirection(metric, d) {
  const tape = compileTape(metric);
  const place = upper(d);
  const [g, pivots, slope] = [new Float64Array(d * d), new Int32Array(d), new Float64Array(d)];
  return function direction(xi, gradient, damping) {
    const values = tape.at(xi);
    for (let i = 0; i < d * d; i++) g[i] = values[place[i]] + (i % (d + 1) === 0 ? damping : 0);
    slope.set(gradient);
    if (!factorise(g, d, pivots)) return null;
    substitute(g, d, pivots, slope);
    return slope;
  };
}

/** The iterates so far: points in u and in the chart, and losses; its memory is kept between runs. */
class Track {
  constructor(d) {
    this.d = d;
    this.length = 0;
    this.grow(64);
  }

  grow(capacity) {
    const larger = (old, size) => {
      const fresh = new Float64Array(size);
      if (old) fresh.set(old);
      return fresh;
    };
    this.capacity = capacity;
    this.points = larger(this.points, capacity * this.d);
    this.xi = larger(this.xi, capacity * this.d);
    this.losses = larger(this.losses, capacity);
  }

  clear() {
    this.length = 0;
  }

  add(u, xi, loss) {
    if (this.length === this.capacity) this.grow(2 * this.capacity);
    this.points.set(u, this.length * this.d);
    this.xi.set(xi, this.length * this.d);
    this.losses[this.length++] = loss;
  }

  result(steps, status) {
    const { d, length } = this;
    return {
      steps,
      status,
      points: this.points.slice(0, length * d),
      xi: this.xi.slice(0, length * d),
      losses: this.losses.slice(0, length),
    };
  }
}
