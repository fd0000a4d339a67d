/** Outlines {f <= level} of a field on a grid, closed along the grid's border, as one list with NaN between the loops. */

/** In cells: a field is read beside the lines of its grid, which may be the edge of a model or where it is singular. */
export const ASIDE = 1e-4;

/**
 * field: nx × ny values, row after row (x fastest); NaN counts as outside. Returns points in grid units, where the
 * sample (i, j) lies at x = i, y = j. A frame of +infinity round the grid makes every loop close.
 */
export function sublevel(field, nx, ny, level) {
  const at = (i, j) => {
    if (i < 0 || j < 0 || i >= nx || j >= ny) return Infinity;
    const value = field[j * nx + i];
    return Number.isNaN(value) ? Infinity : value;
  };
  const next = new Map();
  for (let j = -1; j < ny; j++) for (let i = -1; i < nx; i++) cell(i, j, at, level, next);
  return chain(next, at, level, nx, ny);
}

/** The crossed edges of one cell, joined with the inside on the left. Edge keys: "h,i,j" from (i,j) to (i+1,j), "v,i,j" up. */
function cell(i, j, at, level, next) {
  const a = at(i, j) <= level, b = at(i + 1, j) <= level, c = at(i + 1, j + 1) <= level, d = at(i, j + 1) <= level;
  const index = a | (b << 1) | (c << 2) | (d << 3);
  if (index === 0 || index === 15) return;
  const bottom = `h,${i},${j}`, top = `h,${i},${j + 1}`, left = `v,${i},${j}`, right = `v,${i + 1},${j}`;
  for (const [from, to] of joins(index, bottom, right, top, left)) next.set(from, to);
}

function joins(index, bottom, right, top, left) {
  switch (index) {
    case 1: return [[bottom, left]];
    case 2: return [[right, bottom]];
    case 3: return [[right, left]];
    case 4: return [[top, right]];
    case 5: return [[bottom, left], [top, right]];
    case 6: return [[top, bottom]];
    case 7: return [[top, left]];
    case 8: return [[left, top]];
    case 9: return [[bottom, top]];
    case 10: return [[right, bottom], [left, top]];
    case 11: return [[right, top]];
    case 12: return [[left, right]];
    case 13: return [[bottom, right]];
    case 14: return [[left, bottom]];
    default: return [];
  }
}

function chain(next, at, level, nx, ny) {
  const out = [];
  while (next.size) {
    const [start] = next.keys();
    let key = start;
    while (next.has(key)) {
      out.push(...crossing(key, at, level, nx, ny));
      const following = next.get(key);
      next.delete(key);
      key = following;
    }
    out.push(NaN, NaN);
  }
  return out;
}

function crossing(key, at, level, nx, ny) {
  const [kind, si, sj] = key.split(",");
  const i = Number(si), j = Number(sj);
  const f0 = at(i, j), f1 = kind === "h" ? at(i + 1, j) : at(i, j + 1);
  let s = (level - f0) / (f1 - f0);
  // Beside +infinity the outline runs through the last finite sample.
  if (!Number.isFinite(f0)) s = 1;
  else if (!Number.isFinite(f1)) s = 0;
  const x = kind === "h" ? i + s : i, y = kind === "h" ? j : j + s;
  return [Math.min(nx - 1, Math.max(0, x)), Math.min(ny - 1, Math.max(0, y))];
}
