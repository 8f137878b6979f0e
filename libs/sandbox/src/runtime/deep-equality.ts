/** Whether two values are equal in all that they hold: same types, same prototypes, same members. */
export function isDeepStrictEqual(left: unknown, right: unknown): boolean {
  return equal(left, right, true, new Map());
}

/** {@link isDeepStrictEqual}, but values that are equal by `==` are, and prototypes do not count. */
export function isDeepLooseEqual(left: unknown, right: unknown): boolean {
  return equal(left, right, false, new Map());
}

function equal(left: unknown, right: unknown, strict: boolean, seen: Map<unknown, unknown>): boolean {
  if (Object.is(left, right)) return true;
  const areObjects = typeof left === 'object' && left !== null && typeof right === 'object' && right !== null;
  // eslint-disable-next-line eqeqeq -- what loose equality means
  if (!areObjects) return !strict && left == right;
  if (seen.get(left) === right) return true;
  seen.set(left, right);
  if (strict && Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (left instanceof Date && right instanceof Date && left.getTime() !== right.getTime()) return false;
  if (left instanceof RegExp && right instanceof RegExp && String(left) !== String(right)) return false;
  if (left instanceof Error && right instanceof Error && (left.message !== right.message || left.name !== right.name)) return false;
  if (left instanceof Map && right instanceof Map) return left.size === right.size && [...left].every(([key, value]) => right.has(key) && equal(value, right.get(key), strict, seen));
  if (left instanceof Set && right instanceof Set) return left.size === right.size && [...left].every((item) => right.has(item) || [...right].some((other) => equal(item, other, strict, seen)));
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && equal((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key], strict, seen));
}
