/**
 * Takes the constructors that make functions of text out of a realm in which they work: others stand in their places, which throw as a realm does that knows none. What they
 * make would see the runtime's own names, could import modules of Node, and would await without its scope.
 * @param unnamed objects from which those of such functions can be reached that no global names
 * @returns the realm's `Function`, for the modules that cannot do without it
 */
export function withdrawCodeGeneration(realm: typeof globalThis, unnamed: readonly unknown[]): FunctionConstructor {
  const native = realm.Function;
  const refusing = refusingConstructor(native.name, native.prototype as object);
  Object.defineProperty(realm, 'Function', { value: refusing, writable: true, enumerable: false, configurable: true });
  const prototypes = [function* () {}, ...unnamed].filter((value) => typeof value === 'function').map((value) => Object.getPrototypeOf(value) as object);
  for (const prototype of prototypes) refusingConstructor(prototype.constructor.name, prototype);
  return native;
}

/** Stands in the place of a prototype's constructor. */
function refusingConstructor(name: string, prototype: object): object {
  const refusing = function (): never {
    throw new EvalError('Code generation from strings disallowed for this context');
  };
  Object.defineProperties(refusing, { name: { value: name }, prototype: { value: prototype, writable: false } });
  Object.defineProperty(prototype, 'constructor', { value: refusing, writable: true, enumerable: false, configurable: true });
  return refusing;
}
