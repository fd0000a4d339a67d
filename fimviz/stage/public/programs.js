/** Tapes that read the scene: compiled once, their inputs by name. */
import { compileTape } from "./tape.js";

const compiled = new WeakMap();

/** A tape made runnable; null where it is malformed. */
export function programOf(tape) {
  if (!tape || typeof tape !== "object") return null;
  let known = compiled.get(tape);
  if (known === undefined) compiled.set(tape, (known = attempt(tape)));
  return known;
}

function attempt(tape) {
  try {
    return compileTape(tape);
  } catch {
    return null;
  }
}

/** What inputs stand for, one after the other: a point its coordinates, a tape's result its outputs, an expression its number. */
export function inputsOf(scene, names) {
  return (names ?? []).flatMap((name) => scene.numbers(name));
}

/** A tape's outputs at named inputs, or null where the two do not fit. */
export function outputsOf(scene, { tape, inputs }) {
  const program = programOf(tape), given = inputsOf(scene, inputs);
  return program && program.nIn === given.length ? Array.from(program.at(given)) : null;
}

/**
 * A function of one number: the tape's first input runs, the others are read from the scene as they are now.
 * {inputs, at(x), over(xs, out)}, or null where tape and inputs do not fit.
 */
export function functionOf(scene, { tape, inputs, output = 0 }) {
  const program = programOf(tape), rest = inputsOf(scene, (inputs ?? []).slice(1));
  if (!program || program.nIn !== rest.length + 1 || !(output < program.nOut)) return null;
  const args = [0, ...rest];
  const at = (x) => {
    args[0] = x;
    return program.at(args)[output];
  };
  const over = (xs, out) => program.run([xs, ...rest], outputsFor(program.nOut, output, out), xs.length);
  return { inputs: rest, at, over };
}

const unread = new Map();

/** Memory for the outputs that nobody reads. */
function outputsFor(count, wanted, out) {
  return Array.from({ length: count }, (_, k) => {
    if (k === wanted) return out;
    if (!(unread.get(k)?.length >= out.length)) unread.set(k, new Float64Array(out.length));
    return unread.get(k);
  });
}

const CELLS = 512;
const GAUSS = [[-Math.sqrt(0.6), 5 / 18], [0, 8 / 18], [Math.sqrt(0.6), 5 / 18]];

/** The integral of a function over [lo, hi], by three Gauss points in each of 512 cells; its ends are never asked for. */
export function integral({ over }, [lo, hi]) {
  const step = (hi - lo) / CELLS, xs = new Float64Array(3 * CELLS), ys = new Float64Array(3 * CELLS);
  for (let i = 0; i < 3 * CELLS; i++) xs[i] = lo + step * (Math.floor(i / 3) + 0.5 + 0.5 * GAUSS[i % 3][0]);
  over(xs, ys);
  let sum = 0;
  for (let i = 0; i < ys.length; i++) sum += GAUSS[i % 3][1] * ys[i];
  return sum * step;
}
