/**
 * The scene: values, and what is computed from them. It evaluates each entry of `computed` only when something it names
 * has changed, and answers the names in templates. It knows geometric verbs; it knows no family, no page and no pixel.
 *
 * Results by id:  point {u}  ·  path {ok, length, at, …}  ·  curve {points | offsets}  ·  fan  ·  descent  ·  number {value}
 *                 draws {counts, n, mean}  ·  tangent {u, offsets}
 */
import { alike, settled } from "./alike.js";
import { makeModel, makeChart, makeDescent } from "./geometry.js";
import { solve } from "./linear.js";
import { functionOf, integral, outputsOf } from "./programs.js";
import { ellipseOf } from "./quadratic.js";
import { sliceBall } from "./slice.js";
import { fillTemplate } from "./text.js";

const readings = new WeakMap();

export class Scene {
  constructor() {
    this.values = {};
    this.results = new Map();
    this.versions = new Map();
    this.tables = {};
    this.cache = new Map();
    this.charts = new Map();
    this.descents = new Map();
    this.clock = 0;
    this.moving = false;
    this.computed = [];
    this.parameters = [];
    this.model = null;
    this.familyKey = null;
  }

  /** Take over everything but the values. Returns true when the model was rebuilt. */
  adopt(data) {
    this.data = data;
    this.parameters = (data.model?.theta ?? []).map((p) => p.name);
    this.held = new Set(marksOf(data).filter((mark) => mark?.kind === "handle").map((mark) => mark.value));
    this.#adoptTables(data.tables ?? {});
    const computed = Array.isArray(data.computed) ? data.computed.filter((c) => c && c.id && c.verb) : [];
    this.computed = settled(this.computed, computed);
    const key = data.family ?? JSON.stringify(data.model ?? null);
    const rebuilt = key !== this.familyKey;
    if (rebuilt) this.#rebuild(data, key);
    else this.#addCharts(data);
    const kept = new Set(this.computed.map((c) => c.id));
    for (const id of this.cache.keys()) if (!kept.has(id)) this.#forget(id);
    return rebuilt;
  }

  /** Lists of numbers that stand still, by name: what is computed from one is as old as the list. */
  #adoptTables(tables) {
    for (const name of new Set([...Object.keys(this.tables), ...Object.keys(tables)]))
      if (!alike(this.tables[name], tables[name])) this.versions.set(name, ++this.clock);
      else tables[name] = this.tables[name];
    this.tables = tables;
  }

  /** A list of numbers, or the table of that name; null where there is none. */
  table(name) {
    const found = typeof name === "string" ? this.tables[name] : name;
    return Array.isArray(found) ? found : null;
  }

  #rebuild(data, key) {
    this.model = data.model ? makeModel(data.model) : null;
    this.familyKey = key;
    for (const map of [this.charts, this.descents, this.cache, this.results]) map.clear();
    this.pointCache = new Map();
    this.#addCharts(data);
    this.clock++;
  }

  #addCharts(data) {
    if (!this.model) return;
    for (const [name, spec] of Object.entries(data.charts ?? {})) keep(this.charts, name, spec, (s) => makeChart(s, this.model));
    for (const [name, spec] of Object.entries(data.descents ?? {}))
      keep(this.descents, name, spec, (s) => makeDescent(s, this.model));
  }

  #forget(id) {
    this.cache.delete(id);
    this.results.delete(id);
  }

  chart(name = "main") {
    return (this.charts.get(name) ?? this.charts.values().next().value)?.made ?? null;
  }

  chartSpec(name = "main") {
    return (this.charts.get(name) ?? this.charts.values().next().value)?.spec ?? null;
  }

  /** Set one value; returns true when it differs from the old one. */
  set(name, value) {
    if (same(this.values[name], value)) return false;
    this.values[name] = Array.isArray(value) ? value.slice() : value;
    this.versions.set(name, ++this.clock);
    return true;
  }

  setAll(values) {
    for (const name of Object.keys(this.values)) if (!(name in values)) this.drop(name);
    for (const [name, value] of Object.entries(values)) this.set(name, value);
  }

  drop(name) {
    delete this.values[name];
    this.versions.set(name, ++this.clock);
  }

  snapshot() {
    return structuredClone(this.values);
  }

  shown(when) {
    const show = this.values.show;
    if (when == null || !Array.isArray(show)) return true;
    if (Array.isArray(when)) return when.every((key) => this.shown(key));
    return when.startsWith("!") ? !show.includes(when.slice(1)) : show.includes(when);
  }

  /** Where a point that is no member lies in the limit, as u with infinite entries; null when it lies nowhere. */
  limit(name) {
    return this.results.get(name)?.limit ?? null;
  }

  hasHandle(name) {
    return this.held.has(name);
  }

  version(name) {
    return this.versions.get(root(name)) ?? 0;
  }

  /** The point a name stands for, as u; null when it is none. A list stands for declared coordinates. */
  point(name) {
    if (Array.isArray(name)) return this.#fixed(name);
    const result = this.results.get(name);
    if (result) return result.kind === "point" && result.ok ? result.u : null;
    const theta = this.values[name];
    if (!Array.isArray(theta) || !this.model || theta.length !== this.model.d) return null;
    const known = this.pointCache.get(name);
    if (known && known.version === this.version(name)) return known.u;
    const u = this.model.fromTheta(theta);
    this.pointCache.set(name, { version: this.version(name), u });
    return u;
  }

  /** The plain numbers a name stands for, or a list of expressions; null where one is missing. */
  place(name) {
    const found = Array.isArray(name) ? name.map((x) => this.number(x)) : name == null ? [] : this.numbers(name);
    return found.length && found.every(Number.isFinite) ? Float64Array.from(found) : null;
  }

  /** All the numbers a name stands for: a point's declared coordinates, a tape's outputs, a value, an expression's one number. */
  numbers(name) {
    const result = typeof name === "string" ? this.results.get(name) : null;
    if (result?.kind === "point") return result.ok ? result.theta : [];
    if (result?.outputs) return result.outputs;
    const value = typeof name === "string" ? this.values[name] : name;
    return Array.isArray(value) ? value : [this.number(name)];
  }

  /** What the coordinates of a value are called: [{name, symbol, label, lo, hi}], its own or the model's. */
  coordinates(name) {
    return this.data?.coordinates?.[name] ?? this.data?.model?.theta ?? [];
  }

  #fixed(theta) {
    if (!this.model || theta.length !== this.model.d) return null;
    const key = theta.join();
    let known = this.pointCache.get(key);
    if (!known) this.pointCache.set(key, (known = { u: this.model.fromTheta(theta) }));
    return known.u;
  }

  /** number | name | {op, …}: see OPERATIONS and the two chi-square radii. */
  number(expr, fallback = NaN) {
    if (typeof expr === "number") return expr;
    if (typeof expr === "string") {
      const value = this.lookup(expr);
      return typeof value === "number" ? value : fallback;
    }
    if (!expr || typeof expr !== "object") return fallback;
    if (expr.op === "chi2/n") return Math.sqrt(this.number(expr.chi2) / this.number(expr.n));
    if (expr.op === "chi2/2n") return this.number(expr.chi2) / (2 * this.number(expr.n));
    const operation = Object.hasOwn(OPERATIONS, expr.op) ? OPERATIONS[expr.op] : null;
    return operation ? operation(...(expr.args ?? []).map((a) => this.number(a))) : fallback;
  }

  /** Evaluate what changed; returns true when any result did. */
  evaluate() {
    let changed = false;
    for (const spec of this.computed) changed = this.#evaluateOne(spec) || changed;
    return changed;
  }

  #evaluateOne(spec) {
    const shown = this.shown(spec.when);
    const age = shown ? this.#age(spec) : -1;
    const known = this.cache.get(spec.id);
    if (known && known.spec === spec && known.age === age) return false;
    const result = shown ? this.#run(spec, known?.result) : null;
    if (result) this.results.set(spec.id, result);
    else this.results.delete(spec.id);
    this.cache.set(spec.id, { spec, age, result });
    this.versions.set(spec.id, ++this.clock);
    return true;
  }

  /** When the youngest of what it reads came to be. Half a tick more where it is drawn roughly, in motion. */
  #age(spec) {
    let names = readings.get(spec);
    if (!names) {
      names = new Set();
      collect(spec, names);
      readings.set(spec, (names = [...names]));
    }
    let age = 0;
    for (const name of names) age = Math.max(age, this.versions.get(name) ?? 0);
    return age + (this.moving && (ROUGHLY.has(spec.verb) || spec.moving) ? 0.5 : 0);
  }

  #run(spec, before) {
    const verb = Object.hasOwn(VERBS, spec.verb) ? VERBS[spec.verb] : null;
    if (!verb || !(this.model || spec.tape || spec.matrix || spec.verb === "number")) return fail("path", "failed");
    try {
      return verb(this, spec, before);
    } catch (error) {
      return { ...fail("path", "failed"), error: String(error?.message ?? error) };
    }
  }

  /** What "half.sigma", "fr.length", "n" or "A.mu" stands for; undefined when nothing does. */
  lookup(name) {
    const dot = name.indexOf(".");
    const id = dot < 0 ? name : name.slice(0, dot), prop = dot < 0 ? undefined : name.slice(dot + 1);
    const result = this.results.get(id);
    if (result) return this.#property(result, prop);
    const value = this.values[id];
    if (!Array.isArray(value)) return prop ? undefined : value;
    // A list of one is also its one number.
    return prop ? this.#coordinate(value, prop, id) : value.length === 1 ? value[0] : undefined;
  }

  #coordinate(theta, prop, id) {
    const index = this.coordinates(id).findIndex((c) => c?.name === prop);
    if (index >= 0) return theta[index];
    if (/^\d+$/.test(prop)) return theta[Number(prop)];
    const u = this.model?.d === theta.length ? this.model.fromTheta(theta) : null;
    return u ? this.chartCoordinate(u, prop) : undefined;
  }

  chartCoordinate(u, prop) {
    const coords = this.chartSpec()?.coords ?? [];
    const index = prop === "x" ? 0 : prop === "y" ? 1 : coords.findIndex((c) => c?.name === prop);
    return index >= 0 ? this.chart()?.fromU(u)[index] : undefined;
  }

  #property(result, prop) {
    if (!result.ok && result.kind !== "descent") return undefined;
    if (result.kind === "number") return prop && prop !== "outputs" ? result[prop] : result.value;
    if (result.kind === "point") return prop ? this.#coordinate(result.theta, prop) : undefined;
    if (result.kind === "curve" && /^(min|max)_/.test(prop ?? "")) return this.#extreme(result, prop);
    const value = LAZY.has(prop) ? result[prop]?.() : result[prop];
    return typeof value === "number" || typeof value === "string" ? value : undefined;
  }

  #extreme(result, prop) {
    const coords = this.chartSpec()?.coords ?? [];
    const index = coords.findIndex((c) => c?.name === prop.slice(4));
    const chart = this.chart();
    if (index < 0) return this.#declaredExtreme(result, prop);
    if (!chart) return undefined;
    if (chart.paper && result.offsets) return this.#farthest(result, chart, index, prop.startsWith("max") ? 1 : -1);
    const points = outline(result, chart);
    const pick = prop.startsWith("max") ? Math.max : Math.min;
    let best = NaN;
    for (let i = index; i < points.length; i += chart.n)
      if (Number.isFinite(points[i])) best = Number.isNaN(best) ? points[i] : pick(best, points[i]);
    return best;
  }

  /** The same of a declared parameter, where the picture is in other coordinates: along an ellipse J du, J = ∂θ/∂u. */
  #declaredExtreme({ u, offsets, points }, prop) {
    const { model } = this, index = model?.names.indexOf(prop.slice(4)) ?? -1, list = offsets ?? points;
    if (index < 0 || !list) return undefined;
    const moved = (at, s) => model.toTheta(u.map((x, k) => x + s * list[at + k]))[index], h = 1e-4;
    const valueAt = (at) => (offsets ? moved(0, 0) + (moved(at, h) - moved(at, -h)) / (2 * h) : model.toTheta(points.subarray(at, at + model.d))[index]);
    const values = Array.from({ length: list.length / model.d }, (_, i) => valueAt(i * model.d)).filter(Number.isFinite);
    return values.length ? (prop.startsWith("max") ? Math.max : Math.min)(...values) : undefined;
  }

  /** How far an ellipsoid reaches along one coordinate: radius · √(J g⁻¹ Jᵀ)ᵢᵢ. */
  #farthest({ u, radius }, chart, index, sign) {
    return chart.fromU(u)[index] + sign * radius * deviation(this.model, chart, u, index);
  }

  /** One coordinate of a point in the picture's chart. */
  coordinate(name, index) {
    const u = this.point(name);
    return usable(u) ? this.chart()?.fromU(u)[index] ?? NaN : NaN;
  }

  /** The point with this coordinate at `value`, or as near to that as the model reaches: declared coordinates, or null. */
  withCoordinate(name, index, value) {
    const u = this.point(name), chart = this.chart();
    if (!usable(u) || !chart) return null;
    const from = chart.fromU(u);
    const at = (s) => {
      const moved = chart.toU(from.map((x, i) => (i === index ? x + s * (value - x) : x)), u);
      return usable(moved) && this.model.inside(moved) ? moved : null;
    };
    const reached = farthestAlong(at);
    return reached ? Array.from(this.model.toTheta(reached)) : null;
  }

  names() {
    return this.parameters;
  }

  fill(template, extra = {}) {
    return fillTemplate(template, (name) => (Object.hasOwn(extra, name) ? extra[name] : this.lookup(name)));
  }
}

/** Properties that cost something are asked for, not stored. */
const LAZY = new Set(["endpoint"]);

const OPERATIONS = {
  add: (...a) => a.reduce((x, y) => x + y, 0),
  sub: (a, b) => a - b,
  mul: (...a) => a.reduce((x, y) => x * y, 1),
  div: (a, b) => a / b,
  sqrt: (a) => Math.sqrt(a),
  square: (a) => a * a,
  log: (a) => Math.log(a),
  exp: (a) => Math.exp(a),
  neg: (a) => -a,
  min: (...a) => Math.min(...a),
  max: (...a) => Math.max(...a),
  round: (a) => Math.round(a),
};

/** How much coarser the many lines of a fan are followed while a hand moves; the difference is below a tenth of a pixel. */
const ROUGH = 1e5;
const ROUGHLY = new Set(["fan", "klball"]);

const VERBS = {
  connect(scene, spec, before) {
    const a = scene.point(spec.from), b = scene.point(spec.to);
    if (!usable(a) || !usable(b)) return fail("path", "outside");
    let path = scene.model.connect(a, b, before?.warm ?? null);
    // A warm start from far away can mislead; a cold one is the authority on "none found".
    if (!path.ok && before?.warm) path = scene.model.connect(a, b, null);
    return Object.assign(path, { kind: "path" });
  },

  affine(scene, spec, before) {
    const a = scene.point(spec.from), b = scene.point(spec.to);
    if (!usable(a) || !usable(b)) return fail("path", "outside");
    return Object.assign(scene.model.affine(a, b, spec.in ?? "natural", 96, before?.warm), { kind: "path" });
  },

  at(scene, spec) {
    const path = scene.results.get(spec.path);
    if (!path?.ok) return fail("point", path?.reason ?? "failed");
    const t = Math.min(1, Math.max(0, scene.number(spec.t ?? 0.5)));
    return place(scene, path.at(t));
  },

  /** A point by its name, or by its declared coordinates, each a number or the name of one. */
  point(scene, spec) {
    const numbers = Array.isArray(spec.at) && spec.at.map((x) => scene.number(x));
    return place(scene, numbers ? scene.model.fromTheta(numbers) : scene.point(spec.at));
  },

  /** Which of the outcomes `xs` each of the first `count` uniform numbers falls on, by the distribution function at θ. */
  draws(scene, spec) {
    const u = scene.point(spec.at), uniforms = spec.uniforms ?? [], xs = spec.xs ?? [];
    const n = Math.min(uniforms.length, Math.round(scene.number(spec.count ?? uniforms.length)));
    if (!usable(u) || !xs.length || !(n > 0)) return fail("draws", "outside");
    return { kind: "draws", ok: true, n, ...counted(scene.model.logDensity(Float64Array.from(xs), scene.model.toTheta(u)), xs, uniforms, n) };
  },

  /** radius · √(gⁱⁱ) of one coordinate of a chart: with radius 1/√n the Cramér–Rao bound on its standard error. */
  deviation(scene, spec) {
    const u = scene.point(spec.at), chart = scene.chart(spec.chart);
    if (!usable(u) || !chart) return fail("number", "outside");
    return number(scene.number(spec.radius) * deviation(scene.model, chart, u, spec.coordinate ?? 0));
  },

  fan(scene, spec) {
    const u = scene.point(spec.at);
    if (!usable(u)) return fail("fan", "outside");
    const fan = scene.model.fan(u, spec.count ?? 48, scene.number(spec.length), spec.steps ?? 24, scene.moving ? ROUGH : 1);
    return Object.assign(fan, { kind: "fan", ok: true });
  },

  ellipse(scene, spec) {
    if (spec.matrix) return sliceEllipse(scene, spec);
    if (spec.tape) return plainEllipse(scene, spec);
    const u = scene.point(spec.at);
    if (!usable(u)) return fail("curve", "outside");
    const radius = scene.number(spec.radius);
    // another metric than the model's own, in the same coordinates u
    if (spec.metric) return { kind: "curve", u, radius, ...ellipseOf(spec.metric, radius, spec.count) };
    return { kind: "curve", ok: radius > 0, u, radius, offsets: scene.model.ellipse(u, radius, spec.count ?? 96) };
  },

  klball(scene, spec) {
    const u = scene.point(spec.at);
    if (!usable(u)) return fail("curve", "outside");
    const named = scene.lookup(spec.direction ?? "from");
    const direction = named === "to" || named === "from" ? named : spec.direction === "to" ? "to" : "from";
    const level = scene.number(spec.level), count = spec.count ?? 96, { paper } = scene.chart() ?? {}, grain = scene.moving ? ROUGH : 1;
    return { kind: "curve", u, ...(paper ? sliceBall(scene.model, paper, u, level, direction, count) : scene.model.klBall(u, level, direction, count, grain)) };
  },

  descend(scene, spec) {
    const descent = scene.descents.get(spec.chart)?.made;
    const start = scene.point(spec.start);
    const thetaStar = starOf(scene, spec);
    if (!descent || !usable(start) || !thetaStar) return fail("descent", "outside");
    // while a hand moves, a run that takes long stops short
    const hurried = scene.moving && spec.moving > 0, most = scene.number(hurried ? spec.moving : spec.max ?? 3000);
    const run = descent.run({
      start,
      thetaStar,
      rule: spec.rule ?? "natural",
      step: scene.number(spec.step),
      damping: scene.number(spec.damping ?? 0, 0),
      stop: scene.number(spec.stop ?? 1e-3),
      max: most,
      clamp: spec.clamp ?? null,
    });
    const sayings = spec.said ?? {}, ended = run.status === "cap" && hurried ? "moving" : run.status;
    const said = (sayings[`${ended}_${run.steps}`] ?? sayings[ended])?.replace("{steps}", run.steps);
    return { kind: "descent", ok: true, ...run, said, loss: run.losses[run.losses.length - 1] };
  },

  /** The tangent vector in which a rule moves from a point, of a given Fisher length: {u, offsets}. */
  direction(scene, spec) {
    const descent = scene.descents.get(spec.chart)?.made;
    const u = scene.point(spec.at), thetaStar = starOf(scene, spec);
    if (!descent || !usable(u) || !thetaStar) return fail("tangent", "outside");
    const damping = scene.number(spec.damping ?? 0, 0), length = scene.number(spec.length ?? 1);
    const offsets = descent.tangent({ at: u, thetaStar, rule: spec.rule ?? "natural", damping, length });
    return offsets ? { kind: "tangent", ok: true, u, offsets } : fail("tangent", "outside");
  },

  kl(scene, spec) {
    const a = scene.point(spec.from), b = scene.point(spec.to);
    return usable(a) && usable(b) ? number(scene.model.kl(a, b)) : fail("number", "outside");
  },

  number: (scene, spec) => number(scene.number(spec.value)),

  tape(scene, spec) {
    const outputs = outputsOf(scene, spec);
    return outputs ? { ...number(outputs[0]), ...outputs, ok: outputs.some(Number.isFinite), outputs } : fail("number", "failed");
  },

  /** ∫ f over "x", or Σ f over "xs". */
  integral(scene, spec) {
    const f = functionOf(scene, spec);
    if (!f) return fail("number", "failed");
    if (spec.xs) return number(spec.xs.reduce((sum, x) => sum + f.at(x), 0));
    return number(integral(f, spec.x.map((end) => scene.number(end))));
  },

  /** Interior angles of the geodesic triangle, in degrees, with the Fisher angle at each corner. */
  triangle(scene, spec) {
    const corners = spec.corners.map((name) => scene.point(name));
    if (!corners.every(usable)) return fail("number", "outside");
    const angles = corners.map((u, i) => cornerAngle(scene.model, u, corners[(i + 1) % 3], corners[(i + 2) % 3]));
    if (angles.some((a) => a === null)) return fail("number", "no-geodesic");
    const sum = angles.reduce((x, y) => x + y, 0);
    const out = { kind: "number", ok: true, value: sum, sum, excess: ((sum - 180) * Math.PI) / 180 };
    return angles.reduce((whole, angle, i) => ({ ...whole, [`angle${i}`]: angle }), out);
  },
};

/** The declared parameters of a descent's target, or null. */
function starOf(scene, spec) {
  const target = Array.isArray(spec.target) ? spec.target : scene.values[spec.target];
  return Array.isArray(target) ? target : null;
}

/** {v : (v − centre)ᵀ M (v − centre) = radius²} in plain coordinates, M the outputs of a tape. */
function plainEllipse(scene, spec) {
  const m = outputsOf(scene, spec), u = scene.place(spec.centre);
  if (!m || (m.length !== 3 && m.length !== 4) || u?.length !== 2) return fail("curve", "failed");
  return { kind: "curve", u, ...ellipseOf(m, scene.number(spec.radius ?? 1), spec.count) };
}

/**
 * The slice of a matrix M (size × size, row by row; a table or its name) in the two coordinates of `cell`, about `centre`, else 0:
 * {v : vᵀ M v = radius²} with all other coordinates 0. Coordinates are measured in `unit`, one a row, where that is given.
 */
function sliceEllipse(scene, spec) {
  const m = scene.table(spec.matrix), [i, j] = scene.numbers(spec.cell).map(Math.round), { size } = spec;
  if (!(m?.[i * size + i] !== undefined && m[j * size + j] !== undefined)) return fail("curve", "failed");
  if (i === j) return fail("curve", "same-cell");
  const unit = scene.table(spec.unit), [a, b] = unit ? [unit[i], unit[j]] : [1, 1];
  const slice = [m[i * size + i] * a * a, m[i * size + j] * a * b, m[j * size + j] * b * b];
  const named = { name0: spec.names?.[i] ?? String(i), name1: spec.names?.[j] ?? String(j), entry: m[j * size + i] };
  return { kind: "curve", u: (spec.centre && scene.place(spec.centre)) ?? [0, 0], ...ellipseOf(slice, scene.number(spec.radius ?? 1), spec.count), ...named };
}

function cornerAngle(model, u, first, second) {
  const p = model.connect(u, first), q = model.connect(u, second);
  if (!p.ok || !q.ok) return null;
  const { g } = model.metric(u);
  const dot = (v, w) => {
    let sum = 0;
    for (let i = 0; i < model.d; i++) for (let j = 0; j < model.d; j++) sum += g[i * model.d + j] * v[i] * w[j];
    return sum;
  };
  const cosine = dot(p.velocityA, q.velocityA) / Math.sqrt(dot(p.velocityA, p.velocityA) * dot(q.velocityA, q.velocityA));
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}

function place(scene, u) {
  if (usable(u)) return { kind: "point", ok: true, u, theta: Array.from(scene.model.toTheta(u)) };
  return { ...fail("point", "outside"), limit: u?.every((x) => !Number.isNaN(x)) ? u : null };
}

/** The last outcome takes what is left, also of numbers that do not end where the list does. */
function counted(logs, xs, uniforms, n) {
  const counts = new Int32Array(xs.length), below = new Float64Array(xs.length);
  let sum = 0, total = 0;
  for (let k = 0; k < xs.length; k++) below[k] = sum += Math.exp(logs[k]);
  for (let i = 0; i < n; i++) {
    let k = 0;
    while (k < xs.length - 1 && uniforms[i] >= below[k]) k++;
    counts[k]++;
    total += xs[k];
  }
  return { counts, mean: total / n };
}

const number = (value) => ({ kind: "number", ok: Number.isFinite(value), value, reason: "failed" });
const fail = (kind, reason) => ({ kind, ok: false, reason });

/** at(s) for the largest s in (0, 1] that gives a point, or null. */
export function farthestAlong(at) {
  const whole = at(1);
  if (whole) return whole;
  let lo = 0, hi = 1, best = null;
  for (let i = 0; i < 14; i++) {
    const middle = (lo + hi) / 2, found = at(middle);
    if (found) [best, lo] = [found, middle];
    else hi = middle;
  }
  return best;
}

/** √(J g⁻¹ Jᵀ)ᵢᵢ: how far a unit ball of the metric reaches along one coordinate of a chart. */
function deviation(model, chart, u, i) {
  const row = chart.jac(u).slice(i * model.d, (i + 1) * model.d);
  const raised = solve(model.metric(u).g, row);
  return Math.sqrt(row.reduce((sum, x, k) => sum + x * (raised?.[k] ?? NaN), 0));
}

export const usable = (u) => u != null && u.length > 0 && u.every(Number.isFinite);

/** A curve's outline in a chart: an ellipse is pushed along the chart's tangent, a ball point by point. */
export function outline(result, chart, section = false) {
  if (result.offsets && chart.flat) return (section ? chart.section : chart.ellipse)(result.u, result.radius);
  return result.offsets ? chart.pushEllipse(result.u, result.offsets) : chart.fromUBatch(result.points);
}

const root = (name) => (typeof name === "string" ? name.split(".")[0] : name);

/** Every mark of a scene's panels, also those that belong to one row. */
export function marksOf(data) {
  const panels = (data?.panels ?? []).filter(Boolean);
  return panels.flatMap(({ marks, rows }) => [marks, ...(Array.isArray(rows) ? rows : []).map((row) => row?.marks)].filter(Array.isArray).flat());
}

const NOT_NAMES = new Set(["id", "verb", "when", "in", "rule", "chart", "op", "tape", "label", "names"]);

function collect(node, names) {
  if (typeof node === "string") names.add(root(node));
  else if (Array.isArray(node)) for (const item of node) collect(item, names);
  else if (node && typeof node === "object")
    for (const [key, item] of Object.entries(node)) if (!NOT_NAMES.has(key)) collect(item, names);
}

function keep(map, name, spec, make) {
  if (!alike(map.get(name)?.spec, spec)) map.set(name, { spec, made: make(spec) });
}

export function same(a, b) {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => Object.is(x, b[i]));
  return Object.is(a, b);
}
