/** Whether two pieces of data say the same. Data of one text is mostly the same object, and then this costs nothing. */
export function alike(a, b) {
  if (Object.is(a, b)) return true;
  if (!a || !b || typeof a !== "object" || typeof b !== "object" || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a)) return a.length === b.length && a.every((item, i) => alike(item, b[i]));
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && alike(a[name], b[name]));
}

/** `b`, but with every part that says the same as before taken from `a`: what is known by identity stays known. */
export function settled(a, b) {
  if (alike(a, b)) return a;
  if (!Array.isArray(a) || !Array.isArray(b)) return b;
  return b.map((item, i) => (i < a.length && alike(a[i], item) ? a[i] : item));
}

/** What `make` gave last time under this name, as long as every part of the key is the very same. */
export function remember(cache, name, key, make) {
  const known = cache.get(name);
  if (known && known.key.length === key.length && known.key.every((part, i) => Object.is(part, key[i]))) return known.made;
  const made = make();
  cache.set(name, { key, made });
  return made;
}
