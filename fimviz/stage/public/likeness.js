/**
 * A number that two drawings share if nobody could tell them apart: the same items in the same order, points within a
 * small part of a pixel. What is seen already need not be painted again; painting, and handing the canvas to the
 * screen, cost more than everything before.
 */
const PART = 64; // of a pixel
const FINE = 4096; // of a pixel, of an opacity, of a width

export function likeness(list) {
  let hash = 0;
  for (const item of list) hash = ofItem(hash, item);
  return hash;
}

function ofItem(hash, item) {
  for (const name in item) hash = ofValue(ofText(hash, name), item[name]);
  return hash;
}

function ofValue(hash, value) {
  if (typeof value === "number") return mixed(hash, Number.isFinite(value) ? Math.round(value * FINE) : NOWHERE);
  if (typeof value === "string") return ofText(hash, value);
  if (typeof value === "object" && value) return ofPoints(hash, value);
  return mixed(hash, value === true ? 1 : value === false ? 2 : 3);
}

function ofPoints(hash, pts) {
  let h = mixed(hash, pts.length);
  for (let i = 0; i < pts.length; i++) {
    const x = pts[i];
    h = mixed(h, x - x === 0 ? Math.round(x * PART) : NOWHERE);
  }
  return h;
}

function ofText(hash, text) {
  let h = mixed(hash, text.length);
  for (let i = 0; i < text.length; i++) h = mixed(h, text.charCodeAt(i));
  return h;
}

const NOWHERE = 0x7fffffff;

const mixed = (hash, x) => {
  const h = Math.imul(hash ^ x, 0x9e3779b1);
  return h ^ (h >>> 15);
};
