/**
 * Panels without a family: a plane or a ruler of plain numbers. Their chart is the identity, their points are values of
 * the scene as they stand, and a value keeps its shape (a number, a list) and its limits when a hand moves it.
 */

const identity = (n) => ({
  n,
  plain: true,
  fromU: (u) => Float64Array.from(u),
  toU: (xi) => Float64Array.from(xi),
  fromUBatch: (points) => Float64Array.from(points),
  pushEllipse: (u, offsets) => offsets.map((x, i) => x + u[i % n]),
});

const CHARTS = { 1: identity(1), 2: identity(2) };

/** The chart a panel names, or the plain one where it says it has none. */
export function chartOf(scene, name, n) {
  return name === null ? CHARTS[n] : scene.chart(name);
}

/** Where marks of a panel stand: plain numbers, or the model's own coordinates. */
export function pointsOf(scene, chart) {
  return chart?.plain ? (name) => scene.place(name) : (name) => scene.point(name);
}

/** The value `name` would have at a place; null where its model does not reach. */
export function valueAt(scene, name, place) {
  const now = scene.values[name];
  if (!Array.isArray(now)) return within(scene, name, 0, place[0]);
  return checked(scene, name, now.map((x, k) => (k < place.length ? within(scene, name, k, place[k]) : x)));
}

/** The same with one coordinate moved. */
export function valueWith(scene, name, k, x) {
  const now = scene.values[name];
  if (!Array.isArray(now)) return within(scene, name, 0, x);
  return checked(scene, name, now.map((before, i) => (i === k ? within(scene, name, k, x) : before)));
}

function checked(scene, name, value) {
  const { model } = scene, own = scene.data?.coordinates?.[name];
  if (own || !model || value.length !== model.d) return value;
  const u = model.fromTheta(value);
  return u.every(Number.isFinite) && model.inside(u) ? value : null;
}

/** [lo, hi] of one coordinate of a value; infinite where nothing is said. */
export function limitsOf(scene, name, k) {
  const given = scene.data?.limits?.[name];
  const [lo, hi] = (Array.isArray(given?.[0]) ? given[k] : given) ?? [];
  return [scene.number(lo ?? -Infinity, -Infinity), scene.number(hi ?? Infinity, Infinity)];
}

function within(scene, name, k, x) {
  const [lo, hi] = limitsOf(scene, name, k);
  return Math.min(hi, Math.max(lo, x));
}
