/**
 * The geometric verbs of the stage. Formulas arrive as tapes (data); nothing here knows a family, a page or the DOM.
 *
 * A model lives in its unconstrained chart u (d coordinates). Points are plain arrays or Float64Arrays of length d;
 * lists of points are flat Float64Arrays, point after point: points[i * d + k].
 *
 * makeModel(spec) -> model
 *   model.d, model.names                                              dimension; names of the declared parameters
 *   model.fromTheta(theta) -> u                                       Float64Array(d); entries NaN outside the domain
 *   model.fromThetaBatch(thetas) -> Float64Array(n*d)                   a flat list of points
 *   model.toTheta(u) -> theta                                            Float64Array(d)
 *   model.inside(u) -> boolean                                        finite, within `edge`, metric positive definite
 *   model.singular(u) -> numbers                                        0 where the metric is singular, one for each place
 *   model.admits(u) -> boolean                                        within `edge`, θ(u) strictly between its bounds
 *   model.metric(u) -> {g}                                               Float64Array(d*d), row-major
 *   model.metricBatch(points) -> Float64Array(n*d*d)
 *   model.exp(u, v) -> u | null                                          null where the geodesic leaves the domain
 *   model.geodesic(u, v, m = 96) -> {ok, points, status, reached, length, drift, reason?}   t in [0, 1], m + 1 points
 *   model.fan(u, count | directions, length, steps = 24, grain = 1) -> {lanes, steps, points, status, reached, velocities}
 *       points: lane-major, points[(lane * (steps + 1) + step) * d + k], step = 0..steps at equal Fisher length;
 *       grain: steps this many times coarser, for pictures in motion;
 *       a lane that stops early repeats its last point. status: 0 whole, 1 reached the edge, 2 accuracy lost.
 *       directions: flat Float64Array of tangent vectors (any size: scaled to unit Fisher length);
 *       count: d = 2 evenly spaced Fisher angles, d = 1 the two directions, d = 3 a spiral over the sphere.
 *   model.connect(uA, uB, warm = null, m = 96) ->
 *       {ok: true, length, points (m + 1, equal Fisher time), at(t) -> u, velocityA, velocityB (du/dt at t = 0, 1),
 *        drift (largest speed / smallest − 1), endpoint() -> number (shoots from A: distance in u by which B is missed), warm}
 *       {ok: false, reason: "no-geodesic" | "outside" | "inaccurate", drift?}        never a guess
 *       Pass result.warm of the last frame back in as `warm`.
 *   model.affine(uA, uB, "natural" | "expectation", m = 96, warm = null) ->
 *       {ok: true, points (m + 1, equal parameter s), byLength (m + 1, equal Fisher length), at(s) -> u, atLength(f) -> u,
 *        parameterAt(f) -> s, length, energy, cumulative (m + 1 Fisher lengths at the equal parameters), warm}
 *       {ok: false, reason: "not-exponential" | "leaves-domain" | "outside"}
 *   model.ellipse(u, radius, m = 96) -> Float64Array(m*d)                offsets du with du^T g du = radius^2
 *   model.klBall(u, level, "from" | "to", m = 96, grain = 1) -> {ok, points (m), found: Uint8Array(m), open, reason?}
 *       "from": KL(u || .) = level, "to": KL(. || u) = level; d = 1 gives the 2 ends. found[i] = 0: ray i never meets the
 *       level and ends where the domain or the numbers end; open is true when any ray does.
 *   model.logDensity(xs, theta, out?) -> Float64Array(n)              xs: Float64Array, or one array per sample axis
 *   model.kl(uP, uQ) -> number                                           NaN without a KL tape
 *   model.klBatch(u, points, "from" | "to", grain = 1) -> Float64Array(n)           KL(u || point) or KL(point || u)
 *
 * makeChart(spec, model) -> chart
 *   chart.n                                                              number of displayed coordinates
 *   chart.fromU(u) -> xi, chart.toU(xi, near = null) -> u | null         near: a u to start Newton from (the handle's)
 *   chart.jac(u) -> Float64Array(n*d), row-major
 *   chart.fromUBatch(points) -> Float64Array(count*n)
 *   chart.pushEllipse(u, offsets) -> Float64Array(m*n)                   xi(u) + J du
 *   chart.ellipse(u, radius, m = 96) -> Float64Array(m*n)                outline of the ellipse; shadow when d > n
 *
 * makeDescent(spec, model) -> {run, tangent, losses, rules}
 *   run({start, thetaStar, rule, step, damping = 0, stop = 1e-3, max = 3000, clamp = null}) ->
 *       {steps, status: "converged" | "left" | "away" | "cap", points (u, (steps + 1)*d), xi (chart, (steps + 1)*d), losses}
 *       start is a u, thetaStar declared parameters, clamp an optional [lo, hi] | null per chart coordinate.
 *   tangent({at, thetaStar, rule, damping = 0, length}) -> du | null     the way it moves from `at`, of a Fisher length
 *   losses(points, thetaStar) -> Float64Array                           at many u
 */
import { affinePaths } from "./affine.js";
import { divergences, ellipse } from "./ball.js";
import { connector } from "./connect.js";
import { normalised, unitFan } from "./directions.js";
import { batched, makeSpace } from "./metric.js";
import { shooter } from "./shoot.js";
import { compileTape } from "./tape.js";

export { makeChart } from "./chart.js";
export { makeDescent } from "./descent.js";
export { compileTape, evalTape, OPS } from "./tape.js";

/** The geometry of one family; the header lists the verbs. */
export function makeModel(spec) {
  const { d } = spec;
  const tapes = [spec.solver.from_theta, spec.solver.to_theta, spec.log_density];
  const [toU, toTheta, density] = tapes.map((tape) => tape && compileTape(tape));
  const space = makeSpace(spec.solver, d);
  const shoot = shooter(space);
  return {
    d,
    names: spec.theta.map((parameter) => parameter.name),
    fromTheta: (theta) => Float64Array.from(toU.at(theta)),
    fromThetaBatch: batched(toU, d, d),
    toTheta: (u) => Float64Array.from(toTheta.at(u)),
    inside: space.inside,
    singular: space.singular,
    admits: domainTest(spec.theta, toTheta, space),
    metric: (u) => ({ g: space.matrix(u) }),
    metricBatch: (points) => matrices(space, points),
    ...fromPoint(space, shoot),
    connect: connector(space, shoot, spec.sphere),
    affine: affinePaths(spec, space),
    ellipse: (u, radius, m) => ellipse(space, u, radius, m),
    ...divergences(spec, space),
    logDensity: (xs, theta, out) => logDensity(density, xs, theta, out),
  };
}

/** Whether u is inside and its θ strictly between the declared bounds. */
function domainTest(parameters, toTheta, space) {
  const low = Float64Array.from(parameters, ({ lo }) => lo ?? -Infinity);
  const high = Float64Array.from(parameters, ({ hi }) => hi ?? Infinity);
  return function admits(u) {
    if (space.outside(u)) return false;
    const theta = toTheta.at(u);
    for (let k = 0; k < low.length; k++) if (!(theta[k] > low[k] && theta[k] < high[k])) return false;
    return true;
  };
}

function matrices(space, points) {
  const { d } = space;
  const out = new Float64Array(points.length * d);
  for (let i = 0; i * d < points.length; i++) out.set(space.matrix(points.subarray(i * d, (i + 1) * d)), i * d * d);
  return out;
}

/** exp, geodesic and fan: what starts at a point with a velocity. */
function fromPoint(space, shoot) {
  const { d } = space;
  const norm = (u, v) => {
    const g = space.matrix(u);
    let sum = 0;
    for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) sum += g[a * d + b] * v[a] * v[b];
    return Math.sqrt(sum);
  };

  function geodesic(u, v, m = 96) {
    const length = norm(u, v);
    if (!space.inside(u) || !(length < Infinity)) return { ok: false, reason: "outside" };
    if (length === 0) return { ok: true, points: repeated(u, m + 1, d), status: 0, reached: 0, length, drift: 0 };
    const { points, status, reached, drift } = shoot(u, Float64Array.from(v, (x) => x / length), length, m);
    const reason = [undefined, "leaves-domain", "inaccurate"][status[0]];
    return { ok: status[0] === 0, points, status: status[0], reached: reached[0], length, drift, reason };
  }

  function exp(u, v) {
    const { ok, points } = geodesic(u, v, 1);
    return ok ? points.slice(d) : null;
  }

  function fan(u, directions, length, steps = 24, grain = 1) {
    const unit = space.inside(u) ? tangents(space, u, directions) : new Float64Array(0);
    return { ...shoot(u, unit, length, steps, grain), velocities: unit };
  }

  return { exp, geodesic, fan };
}

const tangents = (space, u, directions) =>
  typeof directions === "number" ? unitFan(space, u, directions) : normalised(space, u, directions);

function repeated(u, count, d) {
  return Float64Array.from({ length: count * d }, (_, i) => u[i % d]);
}

/** log p(x; θ) at n samples; the sample's axes come first among the tape's inputs. */
function logDensity(tape, xs, theta, given) {
  const inputs = tape.nIn - theta.length === 1 && typeof xs[0] === "number" ? [xs] : [...xs];
  const out = given ?? new Float64Array(inputs[0].length);
  for (let k = 0; k < theta.length; k++) inputs.push(Number(theta[k]));
  tape.run(inputs, [out], out.length);
  return out;
}
