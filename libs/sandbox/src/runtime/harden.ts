/** The globals that workflow code sees: the language, less what is not deterministic or reaches out. */
const GLOBALS: ReadonlySet<string> = new Set([
  'Infinity', 'NaN', 'undefined', 'globalThis',
  'AggregateError', 'Array', 'ArrayBuffer', 'BigInt', 'BigInt64Array', 'BigUint64Array', 'Boolean', 'DataView', 'Date', 'Error', 'EvalError',
  'Float32Array', 'Float64Array', 'Function', 'Int16Array', 'Int32Array', 'Int8Array', 'Iterator', 'JSON', 'Map', 'Math', 'Number', 'Object',
  'Promise', 'Proxy', 'RangeError', 'ReferenceError', 'Reflect', 'RegExp', 'Set', 'String', 'Symbol', 'SyntaxError', 'TypeError', 'URIError',
  'Uint16Array', 'Uint32Array', 'Uint8Array', 'Uint8ClampedArray', 'WeakMap', 'WeakSet',
  'console', 'decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape', 'isFinite', 'isNaN', 'parseFloat', 'parseInt', 'unescape',
]);

/** Statics that hold the text of the last match, whosever it was. */
const LEGACY_REGEXP_STATICS = [
  '$1', '$2', '$3', '$4', '$5', '$6', '$7', '$8', '$9', 'input', '$_', 'lastMatch', '$&', 'lastParen', '$+', 'leftContext', '$`', 'rightContext', "$'",
];

/** Removes what is not deterministic from a realm, or pins it down. */
export function removeNondeterminism(realm: typeof globalThis): void {
  for (const key of Reflect.ownKeys(realm)) {
    if (typeof key === 'string' && !GLOBALS.has(key)) Reflect.deleteProperty(realm, key);
  }
  for (const name of LEGACY_REGEXP_STATICS) Reflect.deleteProperty(realm.RegExp, name);
  // Native code that awaits: it would run callbacks without their scope.
  Reflect.deleteProperty(realm.Array, 'fromAsync');

  // Language and country come from the machine.
  const define = (target: object, name: string, value: unknown): void => {
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
  };
  const strings = realm.String.prototype;
  define(strings, 'toLocaleUpperCase', strings.toUpperCase);
  define(strings, 'toLocaleLowerCase', strings.toLowerCase);
  define(strings, 'localeCompare', {
    localeCompare(this: unknown, other: unknown): number {
      const left = String(this);
      const right = String(other);
      return left < right ? -1 : left > right ? 1 : 0;
    },
  }.localeCompare);
  for (const prototype of [realm.Number.prototype, realm.BigInt.prototype]) {
    const toText = (prototype as unknown as { toString: () => string }).toString;
    define(prototype, 'toLocaleString', {
      toLocaleString(this: unknown): string {
        return Reflect.apply(toText, this, []);
      },
    }.toLocaleString);
  }
}

/**
 * Freezes every intrinsic of a realm, and its global object, so that no run can leave anything behind for another.
 * @param unnamed objects from which intrinsics can be reached that no global names
 */
export function freezeIntrinsics(realm: typeof globalThis, unnamed: readonly unknown[]): void {
  for (const prototype of overridablePrototypes(realm)) allowOverriding(prototype);
  const roots: unknown[] = [
    realm,
    Object.getPrototypeOf(function* () {}),
    Object.getPrototypeOf([][Symbol.iterator]()),
    Object.getPrototypeOf(new Map()[Symbol.iterator]()),
    Object.getPrototypeOf(new Set()[Symbol.iterator]()),
    Object.getPrototypeOf(''[Symbol.iterator]()),
    Object.getPrototypeOf(''.matchAll(/./g)),
    ...unnamed,
  ];
  const seen = new Set<object>();
  const queue: unknown[] = roots;
  while (queue.length > 0) {
    const value = queue.pop();
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
    seen.add(value);
    queue.push(Reflect.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key);
      if (descriptor === undefined) continue;
      if ('value' in descriptor) queue.push(descriptor.value);
      else queue.push(descriptor.get, descriptor.set);
    }
  }
  for (const object of seen) Object.freeze(object);
}

/**
 * Prototypes whose properties workflow code must be able to override on its own objects by plain assignment (`error.name = …`, `object.toString = …`),
 * which freezing alone would forbid.
 */
function overridablePrototypes(realm: typeof globalThis): object[] {
  const { AggregateError, Error, EvalError, Function, Object, RangeError, ReferenceError, SyntaxError, TypeError, URIError } = realm;
  return [AggregateError, Error, EvalError, Function, Object, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (constructor) => constructor.prototype as object,
  );
}

function allowOverriding(prototype: object): void {
  for (const key of Object.getOwnPropertyNames(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
    if (descriptor === undefined || !('value' in descriptor) || descriptor.configurable !== true) continue;
    const { value } = descriptor as { value: unknown };
    Object.defineProperty(prototype, key, {
      get: () => value,
      set(this: unknown, replacement: unknown) {
        if (this === prototype) throw new TypeError(`${key} of an intrinsic object cannot be changed.`);
        Object.defineProperty(this, key, { value: replacement, writable: true, enumerable: true, configurable: true });
      },
      enumerable: descriptor.enumerable,
      configurable: false,
    });
  }
}
