/**
 * Two ways to lay out observations of two coordinates: the plane as it is, and three proportions as a triangle. Each maps
 * a rectangle of (s, t) onto the samples, so that a grid of (s, t) follows the edges.
 */

export function surfaceOf(panel) {
  return panel.support === "simplex" ? TRIANGLE : plane(panel);
}

const plane = ({ x = [-1, 1], y = x }) => ({
  window: [...x, ...y],
  picture: [...x, ...y],
  sample: (s, t) => [s, t],
  density: () => 1,
  place: (s, t) => [s, t],
});

/** s is the first proportion, t the second's share of the rest; the corners stand as on the triangle of three outcomes. */
const TRIANGLE = {
  window: [0, 1, 0, 1],
  picture: [-1, 1, 0, Math.sqrt(3)],
  sample: (s, t) => [s, (1 - s) * t],
  density: (s) => 1 - s,
  place: (s, t) => [(1 - s) * (1 - t) - s, Math.sqrt(3) * (1 - s) * t],
  corners: [[-1, 0, "x₁"], [0, Math.sqrt(3), "x₂"], [1, 0, "x₃"]],
};

/** logs(n, box) of a density, given as log p of two lists of coordinates, at the middles of n × n cells. */
export function reader(surface, logDensity) {
  return function logs(n, [s0, s1, t0, t1]) {
    const first = new Float64Array(n * n), second = new Float64Array(n * n), areas = new Float64Array(n * n);
    for (let j = 0, k = 0; j < n; j++)
      for (let i = 0; i < n; i++, k++) {
        const s = s0 + ((i + 0.5) / n) * (s1 - s0), t = t0 + ((j + 0.5) / n) * (t1 - t0);
        [first[k], second[k]] = surface.sample(s, t);
        areas[k] = surface.density(s, t);
      }
    return { logs: logDensity([first, second]), areas };
  };
}
