/** What of a tape is the same in all lanes: of a density over many samples, all that depends on the parameters alone. */

const WIDTH = 5;

/**
 * Splits a tape's code by which inputs are one number for all lanes: {once, each, filled}. `once` needs one lane, and its
 * results stand in the registers `filled`; `each` needs them all. reads(pc) lists the registers an instruction reads.
 */
export function splitCode(tape, code, uniform, reads) {
  const writes = new Int32Array(tape.n_reg);
  for (let pc = 0; pc < code.length; pc += WIDTH) writes[code[pc + 1]]++;
  // Integrals follow the inputs, and are taken lane by lane.
  const varying = (tape.sums ?? []).reduce((count, { weights }) => count + weights.length, 0);
  const steady = new Uint8Array(tape.n_reg), first = tape.n_in + varying + tape.consts.length;
  for (let r = 0; r < first; r++) steady[r] = r < tape.n_in ? uniform[r] : Number(r >= tape.n_in + varying);
  const once = [], each = [], filled = [];
  for (let pc = 0; pc < code.length; pc += WIDTH) {
    const dst = code[pc + 1], instruction = code.subarray(pc, pc + WIDTH);
    // A register that is written again later belongs to the lanes.
    steady[dst] = Number(writes[dst] === 1 && reads(instruction).every((r) => steady[r]));
    if (steady[dst]) once.push(...instruction), filled.push(dst);
    else each.push(...instruction);
  }
  return { once: Int32Array.from(once), each: Int32Array.from(each), filled };
}

/** The one input that a tape's outputs depend on; −1 where they depend on none or several. */
export function onlyInput(tape, reads) {
  const sources = Array.from({ length: tape.n_reg }, (_, r) => new Set(r < tape.n_in ? [r] : []));
  for (let pc = 0; pc < tape.code.length; pc += WIDTH) {
    const instruction = tape.code.slice(pc, pc + WIDTH);
    sources[instruction[1]] = new Set(reads(instruction).flatMap((r) => [...sources[r]]));
  }
  const found = new Set(tape.out.flatMap((r) => [...sources[r]]));
  return found.size === 1 && !tape.sums?.length ? [...found][0] : -1;
}
