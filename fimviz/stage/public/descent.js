/**
 * Descent in one chart, ξ ← ξ − η (M + λI)⁻¹ ∂L, by a rule that says what M is: plain (the identity, without λ),
 * natural (the metric), diagonal (of the metric), newton (∂²L), empirical (E_{p*}[s sᵀ]); adam has no M.
 */
import { makeChart } from "./chart.js";
import { compileTape } from "./tape.js";
import { factorise, solve, substitute, upper } from "./linear.js";

const FAST = 0.9;
const SLOW = 0.999;
const EPSILON = 1e-8;
// as in gradient.py: how far beyond its start a coordinate may go before a run counts as running away
const FAR = 1e9;

/** makeDescent(spec, model) -> {run, tangent, losses, rules}, as described in geometry.js. */
export function makeDescent(spec, model) {
  const { d } = model;
  const chart = makeChart(spec, model);
  const toChart = compileTape(spec.from_u);
  const look = spec.loss ? lossInChart(spec, d) : lossThrough(spec, chart, d);
  const place = placer(spec, model, chart);
  const rules = directions(spec, model, chart);
  const scratch = { xi: new Float64Array(d), u: new Float64Array(d), track: new Track(d) };

  function run({ start, thetaStar, rule, step, damping = 0, stop = 1e-3, max = 3000, clamp = null }) {
    const { xi, u, track } = scratch;
    if (!rules[rule]) throw new Error(`Descent rule '${rule}' has no formula in these coordinates.`);
    const direction = rules[rule]();
    u.set(start);
    xi.set(toChart.at(start));
    const bound = xi.map((x) => FAR * (1 + Math.abs(x)));
    track.clear();
    for (let steps = 0; ; steps++) {
      const found = look(xi, u, thetaStar);
      if (found === null) return track.result(track.length - 1, "left");
      track.add(u, xi, found.loss);
      if (found.loss < stop) return track.result(steps, "converged");
      if (steps >= max) return track.result(steps, "cap");
      const move = direction({ xi, u, thetaStar, slope: found.slope, damping });
      if (move === null) return track.result(steps, "left");
      for (let k = 0; k < d; k++) xi[k] = clamped(xi[k] - step * move[k], clamp?.[k]);
      if (xi.some((x, k) => Math.abs(x) > bound[k])) return track.result(steps, "away");
      if (!place(xi, u)) return track.result(steps, "left");
    }
  }

  /** Minus a rule's direction at the point `at`, as a tangent vector du of a Fisher length; null where there is none. */
  function tangent({ at, thetaStar, rule, damping = 0, length }) {
    const xi = Float64Array.from(toChart.at(at)), u = Float64Array.from(at);
    const found = look(xi, u, thetaStar);
    const move = found && rules[rule]?.()({ xi, u, thetaStar, slope: found.slope, damping });
    const du = move && solve(chart.jac(u), Float64Array.from(move));
    const scale = du && -length / Math.sqrt(square(model.metric(u).g, du, d));
    return Number.isFinite(scale) && du ? du.map((x) => scale * x) : null;
  }

  /** The loss at many points u, as Float64Array. */
  function losses(points, thetaStar) {
    const tape = compileTape(spec.loss ?? spec.loss_u), at = spec.loss ? chart.fromUBatch(points) : points, n = points.length / d;
    const lanes = Array.from({ length: d }, (_, k) => Float64Array.from({ length: n }, (_, i) => at[i * d + k]));
    const out = Array.from({ length: tape.nOut }, () => new Float64Array(n));
    tape.run([...lanes, ...thetaStar], out, n);
    return out[0];
  }

  return { run, tangent, losses, rules: Object.keys(rules).filter((rule) => rules[rule]) };
}

/** vᵀ g v. */
function square(g, v, d) {
  let sum = 0;
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) sum += g[i * d + j] * v[i] * v[j];
  return sum;
}

function clamped(x, limits) {
  return limits ? Math.min(limits[1], Math.max(limits[0], x)) : x;
}

/** (ξ, p*) -> {loss, slope} from a tape in the chart's own coordinates. */
function lossInChart(spec, d) {
  const tape = compileTape(spec.loss);
  const at = joined(tape, d);
  const found = { loss: 0, slope: null };
  return function look(xi, u, thetaStar) {
    const values = at(xi, thetaStar);
    if (!Number.isFinite(values[0])) return null;
    found.loss = values[0];
    found.slope = values.subarray(1, d + 1);
    return found;
  };
}

/** The same where the chart has no formula for u: ∂L/∂ξ = J⁻ᵀ ∂L/∂u with J = ∂ξ/∂u. */
function lossThrough(spec, chart, d) {
  const at = joined(compileTape(spec.loss_u), d);
  return function look(xi, u, thetaStar) {
    const values = at(u, thetaStar);
    const slope = solve(transposed(chart.jac(u), d), values.subarray(1, d + 1));
    return Number.isFinite(values[0]) && slope ? { loss: values[0], slope } : null;
  };
}

/** A tape of two points as a function of both; its inputs are one array that is kept. */
function joined(tape, d) {
  const inputs = new Float64Array(tape.nIn);
  return function at(first, second) {
    inputs.set(first);
    if (tape.nIn > d) inputs.set(second, d);
    return tape.at(inputs);
  };
}

function transposed(J, d) {
  return Float64Array.from({ length: d * d }, (_, i) => J[(i % d) * d + Math.floor(i / d)]);
}

/** The chart's inverse into u; false where the point is outside the chart or θ outside its domain. */
function placer(spec, model, chart) {
  const { d } = model;
  const back = spec.to_u ? compileTape(spec.to_u) : null;
  return function place(xi, u) {
    const found = back ? back.at(xi) : chart.toU(xi, u);
    if (found === null) return false;
    for (let k = 0; k < d; k++) if (!Number.isFinite((u[k] = found[k]))) return false;
    return model.admits(u);
  };
}

/** A maker of directions for every rule that these coordinates have a formula for; null for the others. */
function directions(spec, model, chart) {
  const { d } = model;
  const metric = spec.metric ? matrixTape(spec.metric, d) : metricThrough(model, chart);
  const other = (tape) => (tape ? () => solved(matrixTape(tape, d), d) : null);
  return {
    plain: () => ({ slope }) => slope,
    natural: () => solved(metric, d),
    diagonal: () => solved((at, out) => onlyDiagonal(metric(at, out), d), d),
    newton: other(spec.hessian),
    empirical: other(spec.empirical),
    adam: () => adam(d),
  };
}

/** ({ξ, p*}, out) -> the symmetric matrix whose upper triangle the tape gives. */
function matrixTape(spec, d) {
  const at = joined(compileTape(spec), d);
  const place = upper(d);
  return function matrix({ xi, thetaStar }, out) {
    const values = at(xi, thetaStar);
    for (let i = 0; i < d * d; i++) out[i] = values[place[i]];
    return out;
  };
}

/** J⁻ᵀ g J⁻¹, column by column. */
function metricThrough(model, chart) {
  const { d } = model;
  return function matrix({ u }, out) {
    const J = transposed(chart.jac(u), d);
    const g = model.metric(u).g;
    const half = Array.from({ length: d }, (_, k) => solve(J, g.slice(k * d, (k + 1) * d)));
    for (let i = 0; i < d; i++) {
      const column = half.every(Boolean) && solve(J, Float64Array.from(half, (h) => h[i]));
      for (let j = 0; j < d; j++) out[i * d + j] = column ? column[j] : NaN;
    }
    return out;
  };
}

function onlyDiagonal(g, d) {
  for (let i = 0; i < d * d; i++) if (i % (d + 1)) g[i] = 0;
  return g;
}

/** (M + λI)⁻¹ ∂L, or null where that is singular. */
function solved(matrix, d) {
  const [g, pivots, move] = [new Float64Array(d * d), new Int32Array(d), new Float64Array(d)];
  return function direction(at) {
    matrix(at, g);
    for (let i = 0; i < d; i++) g[i * (d + 1)] += at.damping;
    move.set(at.slope);
    if (!factorise(g, d, pivots)) return null;
    substitute(g, d, pivots, move);
    return move;
  };
}

/** Running means of the slope and of its square, both made good for their start at 0 (Kingma & Ba 2015). */
function adam(d) {
  const [first, second, move] = [new Float64Array(d), new Float64Array(d), new Float64Array(d)];
  let count = 0;
  return function direction({ slope }) {
    count++;
    for (let k = 0; k < d; k++) {
      first[k] += (1 - FAST) * (slope[k] - first[k]);
      second[k] += (1 - SLOW) * (slope[k] * slope[k] - second[k]);
      const [mean, square] = [first[k] / (1 - FAST ** count), second[k] / (1 - SLOW ** count)];
      move[k] = mean / (Math.sqrt(square) + EPSILON);
    }
    return move;
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
