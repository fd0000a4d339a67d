/**
 * Formulas as data: a tape is {n_in, n_reg, consts, code, out}, five integers [op, dst, a, b, c] an instruction.
 * Registers 0..n_in-1 are the inputs, then the constants, then temporaries. No source is ever generated.
 * A tape may have integrals, whose values follow the inputs: sums = [{at, columns, body, weights}], where the tape `at`
 * makes a loop's parameters of the inputs, and sum j is Σₖ weights[j][k]·body(columns[…][k], parameters)[j].
 *
 * compileTape(tape) -> {nIn, nOut, run(inputs, outputs, lanes), at(xs, out?)}
 *   run: inputs[i] is a Float64Array of `lanes` values or a number for all lanes; outputs[j] likewise (arrays only).
 *        The lanes are interpreted block by block: one dispatch an instruction and block.
 *   at:  one point, xs -> Float64Array(nOut); without `out` the same buffer is returned every time.
 * evalTape(tape, xs) -> number[]
 */
import { tabulated } from "./table.js";
import { onlyInput, splitCode } from "./uniform.js";
import { besselRatio, erf, lgamma, logI0, logI0Sqrt, polygamma, polygammaDifference, polygammaQuotient } from "./special.js";

/** Names of the instructions; the index is the code. The same order as in tape.py. */
export const OPS = (
  "add sub mul div neg inv square pow sqrt exp log log1p expm1 sin cos tan asin acos atan atan2 " +
  "sinh cosh tanh asinh acosh atanh abs sign min max lt where lgamma polygamma " +
  "polygamma_difference erf log_i0 bessel_ratio log_i0_sqrt cube polygamma_quotient"
).split(" ");

const WIDTH = 5;
const BLOCK = 64;
const MOST_REGISTERS = 100_000;
const MOST_NODES = 10_000;
const BINARY = new Set(["add", "sub", "mul", "div", "pow", "atan2", "min", "max", "lt", "polygamma_difference", "polygamma_quotient"]);
const HIGHEST_ORDER = { polygamma: 4, polygamma_difference: 4, bessel_ratio: 3, log_i0_sqrt: 4, polygamma_quotient: 36 };

/* One loop a function, so that each is compiled for its own operation: d, a, b, c are registers of n lanes. */
const KERNELS = {
  add(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = a[i] + b[i]; },
  sub(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = a[i] - b[i]; },
  mul(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = a[i] * b[i]; },
  div(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = a[i] / b[i]; },
  neg(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = -a[i]; },
  inv(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = 1 / a[i]; },
  square(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = a[i] * a[i]; },
  pow(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.pow(a[i], b[i]); },
  sqrt(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.sqrt(a[i]); },
  exp(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.exp(a[i]); },
  log(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.log(a[i]); },
  log1p(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.log1p(a[i]); },
  expm1(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.expm1(a[i]); },
  sin(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.sin(a[i]); },
  cos(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.cos(a[i]); },
  tan(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.tan(a[i]); },
  asin(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.asin(a[i]); },
  acos(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.acos(a[i]); },
  atan(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.atan(a[i]); },
  atan2(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.atan2(a[i], b[i]); },
  sinh(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.sinh(a[i]); },
  cosh(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.cosh(a[i]); },
  tanh(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.tanh(a[i]); },
  asinh(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.asinh(a[i]); },
  acosh(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.acosh(a[i]); },
  atanh(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.atanh(a[i]); },
  abs(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.abs(a[i]); },
  sign(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.sign(a[i]); },
  min(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.min(a[i], b[i]); },
  max(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = Math.max(a[i], b[i]); },
  lt(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = a[i] < b[i] ? 1 : 0; },
  where(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = a[i] !== 0 ? b[i] : c[i]; },
  lgamma(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = lgamma(a[i]); },
  polygamma(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = polygamma(c, a[i]); },
  polygamma_difference(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = polygammaDifference(c, a[i], b[i]); },
  erf(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = erf(a[i]); },
  log_i0(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = logI0(a[i]); },
  bessel_ratio(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = besselRatio(c, a[i]); },
  log_i0_sqrt(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = logI0Sqrt(c, a[i]); },
  polygamma_quotient(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = polygammaQuotient(c, a[i], b[i]); },
  cube(d, a, b, c, n) { for (let i = 0; i < n; i++) d[i] = a[i] * a[i] * a[i]; },
};
const WHERE = OPS.indexOf("where");
const RUN = OPS.map((name) => KERNELS[name]);

/** Throws an Error that says what is wrong with the tape. */
function validate(tape) {
  const { n_in: nIn, n_reg: nReg, consts, code, out } = tape ?? {};
  const whole = (n) => Number.isInteger(n) && n >= 0;
  const refuse = (reason) => { throw new Error(`Tape: ${reason}.`); };
  if (!whole(nIn) || !whole(nReg) || nReg > MOST_REGISTERS) refuse(`n_in ${nIn}, n_reg ${nReg} are not register counts`);
  if (![consts, code, out].every(Array.isArray)) refuse("consts, code and out must be arrays");
  if (!consts.every((k) => typeof k === "number")) refuse("a constant is not a number");
  const nSum = sumsOf(tape).reduce((count, sum) => count + validateSum(sum, nIn, refuse), 0);
  if (nIn + nSum + consts.length > nReg) refuse(`${nIn + nSum} inputs and ${consts.length} constants exceed ${nReg} registers`);
  if (code.length % WIDTH !== 0) refuse(`the code's length ${code.length} is not a multiple of ${WIDTH}`);
  const register = (r) => {
    if (!whole(r) || r >= nReg) refuse(`register ${r} is outside 0..${nReg - 1}`);
  };
  out.forEach(register);
  const first = nIn + nSum + consts.length;
  for (let pc = 0; pc < code.length; pc += WIDTH) checkInstruction(code.slice(pc, pc + WIDTH), first, register);
}

/** A loop over nodes: how many values it gives. */
function validateSum(sum, nIn, refuse) {
  const { at, columns, body, weights } = sum ?? {};
  [at, body].forEach(validate);
  if (![columns, weights].every((rows) => Array.isArray(rows) && rows.every(Array.isArray))) refuse("columns and weights must be arrays of arrays");
  const nodes = weights[0]?.length ?? 0;
  const rows = [...columns, ...weights];
  if (nodes > MOST_NODES || !rows.every((row) => row.length === nodes)) refuse(`a sum needs rows of one length, at most ${MOST_NODES}`);
  if (!rows.every((row) => row.every((x) => typeof x === "number"))) refuse("a node or a weight is not a number");
  if (at.n_in !== nIn || body.n_in !== columns.length + at.out.length || body.out.length !== weights.length) {
    refuse("a sum's inputs and outputs do not fit together");
  }
  return weights.length;
}

const sumsOf = ({ sums }) => sums ?? [];
const sumCount = (tape) => sumsOf(tape).reduce((count, { weights }) => count + weights.length, 0);

function checkInstruction([op, dst, a, b, c], firstTemporary, register) {
  const name = OPS[op];
  if (name === undefined) throw new Error(`Tape: unknown instruction ${op}.`);
  [dst, a].forEach(register);
  if (dst < firstTemporary) throw new Error(`Tape: '${name}' writes register ${dst}, an input or a constant.`);
  if (BINARY.has(name)) register(b);
  if (name === "where") [b, c].forEach(register);
  const highest = HIGHEST_ORDER[name];
  if (highest !== undefined && !(Number.isInteger(c) && c >= 0 && c <= highest)) {
    throw new Error(`Tape: '${name}' has order ${c}, not one of 0..${highest}.`);
  }
}

/** The registers an instruction reads; of one operand the others count for nothing. */
function reads([op, , a, b, c]) {
  return BINARY.has(OPS[op]) ? [a, b] : op === WHERE ? [a, b, c] : [a];
}

/** Check a tape and make it runnable; see the module's header. */
export function compileTape(tape) {
  validate(tape);
  const code = Int32Array.from(tape.code);
  const out = Int32Array.from(tape.out);
  const sums = sumsOf(tape).map(summation);
  return {
    nIn: tape.n_in,
    nOut: out.length,
    run: overLanes(tape, code, out, sums),
    at: onePoint(tape, code, out, sums),
  };
}

/** Registers of BLOCK lanes, kept between calls (constants are written once). */
function overLanes(tape, code, out, sums) {
  let registers = null;
  const splits = new Map();
  /** The code apart into what is the same in all lanes and what is not, for this kind of inputs. */
  function split(inputs) {
    let kind = "";
    for (let i = 0; i < tape.n_in; i++) kind += typeof inputs[i] === "number" ? "1" : "0";
    let known = splits.get(kind);
    if (!known) splits.set(kind, (known = splitCode(tape, code, Array.from(kind, Number), reads)));
    return known;
  }

  return function run(inputs, outputs, lanes) {
    registers ??= blockRegisters(tape);
    const { once, each, filled } = split(inputs);
    for (let i = 0; i < tape.n_in; i++) if (typeof inputs[i] === "number") registers[i].fill(inputs[i]);
    interpret(once, registers, 1);
    for (let k = 0; k < filled.length; k++) registers[filled[k]].fill(registers[filled[k]][0]);
    for (let start = 0; start < lanes; start += BLOCK) {
      const n = Math.min(BLOCK, lanes - start);
      for (let i = 0; i < tape.n_in; i++) if (typeof inputs[i] !== "number") load(registers[i], inputs[i], start, n);
      for (let s = 0, place = tape.n_in; s < sums.length; place += sums[s++].count) sums[s].overLanes(registers, place, n);
      interpret(each, registers, n);
      for (let j = 0; j < out.length; j++) store(outputs[j], registers[out[j]], start, n);
    }
  };
}

function blockRegisters(tape, size = BLOCK) {
  const { n_in: nIn, n_reg: nReg, consts } = tape;
  const memory = new Float64Array(nReg * size);
  const registers = Array.from({ length: nReg }, (_, r) => memory.subarray(r * size, (r + 1) * size));
  const first = nIn + sumCount(tape);
  consts.forEach((value, k) => registers[first + k].fill(value));
  return registers;
}

/**
 * A loop over nodes, its memory kept. Lanes are taken one by one, and for each the body runs on all nodes together: so
 * one point and many are the same numbers, and the tabulated columns are written once. Sums of one input are tabulated too.
 */
function summation({ at, columns, body, weights }) {
  const code = Int32Array.from(body.code);
  const rows = weights.map((row) => Float64Array.from(row));
  const nodes = rows[0].length;
  const parameters = onePoint(at, Int32Array.from(at.code), Int32Array.from(at.out));
  const [point, sums] = [new Float64Array(at.n_in), new Float64Array(rows.length)];
  let registers = null;

  function ready() {
    registers = blockRegisters(body, nodes);
    columns.forEach((column, i) => registers[i].set(column));
  }

  /** The sums at one point, in a buffer that is used again. */
  function added(xs) {
    if (registers === null) ready();
    const values = parameters(xs);
    for (let j = 0; j < values.length; j++) registers[columns.length + j].fill(values[j]);
    interpret(code, registers, nodes);
    for (let j = 0; j < rows.length; j++) sums[j] = dot(rows[j], registers[body.out[j]], nodes);
    return sums;
  }

  /** The last sums without signs. */
  const sizes = () => rows.map((row, j) => row.reduce((sum, w, i) => sum + Math.abs(w * registers[body.out[j]][i]), 0));

  const only = onlyInput(at, reads);
  const table = only < 0 ? null : tabulated((x) => added(point.fill(x, only, only + 1)), sizes, rows.length);
  const one = table ? (xs) => table(xs[only]) : added;

  function overLanes(outer, place, n) {
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < point.length; k++) point[k] = outer[k][i];
      const found = one(point);
      for (let j = 0; j < rows.length; j++) outer[place + j][i] = found[j];
    }
  }

  return { count: rows.length, one, overLanes };
}

function dot(a, b, n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

function load(register, input, start, n) {
  for (let i = 0; i < n; i++) register[i] = input[start + i];
}

function store(output, register, start, n) {
  for (let i = 0; i < n; i++) output[start + i] = register[i];
}

function interpret(code, registers, n) {
  for (let pc = 0; pc < code.length; pc += WIDTH) {
    const op = code[pc];
    const c = code[pc + 4];
    const third = op === WHERE ? registers[c] : c;
    RUN[op](registers[code[pc + 1]], registers[code[pc + 2]], registers[code[pc + 3]], third, n);
  }
}

/** One point at a time: a single register file, one switch an instruction (inline: a call would double its cost). */
function onePoint(tape, code, out, sums = sumsOf(tape).map(summation)) {
  const { n_in: nIn, consts } = tape;
  const r = new Float64Array(tape.n_reg);
  const first = nIn + sumCount(tape);
  consts.forEach((value, k) => { r[first + k] = value; });
  const own = new Float64Array(out.length);
  return function at(xs, result = own) {
    for (let i = 0; i < nIn; i++) r[i] = xs[i];
    for (let s = 0, place = nIn; s < sums.length; place += sums[s++].count) r.set(sums[s].one(xs), place);
    for (let pc = 0; pc < code.length; pc += WIDTH) {
      const a = r[code[pc + 2]];
      const b = r[code[pc + 3]];
      const c = code[pc + 4];
      let v;
      switch (code[pc]) {
        case 0: v = a + b; break;
        case 1: v = a - b; break;
        case 2: v = a * b; break;
        case 3: v = a / b; break;
        case 4: v = -a; break;
        case 5: v = 1 / a; break;
        case 6: v = a * a; break;
        case 7: v = Math.pow(a, b); break;
        case 8: v = Math.sqrt(a); break;
        case 9: v = Math.exp(a); break;
        case 10: v = Math.log(a); break;
        case 11: v = Math.log1p(a); break;
        case 12: v = Math.expm1(a); break;
        case 13: v = Math.sin(a); break;
        case 14: v = Math.cos(a); break;
        case 15: v = Math.tan(a); break;
        case 16: v = Math.asin(a); break;
        case 17: v = Math.acos(a); break;
        case 18: v = Math.atan(a); break;
        case 19: v = Math.atan2(a, b); break;
        case 20: v = Math.sinh(a); break;
        case 21: v = Math.cosh(a); break;
        case 22: v = Math.tanh(a); break;
        case 23: v = Math.asinh(a); break;
        case 24: v = Math.acosh(a); break;
        case 25: v = Math.atanh(a); break;
        case 26: v = Math.abs(a); break;
        case 27: v = Math.sign(a); break;
        case 28: v = Math.min(a, b); break;
        case 29: v = Math.max(a, b); break;
        case 30: v = a < b ? 1 : 0; break;
        case 31: v = a !== 0 ? b : r[c]; break;
        case 32: v = lgamma(a); break;
        case 33: v = polygamma(c, a); break;
        case 34: v = polygammaDifference(c, a, b); break;
        case 35: v = erf(a); break;
        case 36: v = logI0(a); break;
        case 37: v = besselRatio(c, a); break;
        case 38: v = logI0Sqrt(c, a); break;
        case 39: v = a * a * a; break;
        default: v = polygammaQuotient(c, a, b);
      }
      r[code[pc + 1]] = v;
    }
    for (let j = 0; j < out.length; j++) result[j] = r[out[j]];
    return result;
  };
}

const compiled = new WeakMap();

/** Evaluate a tape at one point: xs (n_in numbers) -> array of its outputs. */
export function evalTape(tape, xs) {
  if (!compiled.has(tape)) compiled.set(tape, compileTape(tape));
  return Array.from(compiled.get(tape).at(xs));
}
