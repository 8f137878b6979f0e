/** A deep copy of plain data: objects, arrays, dates, maps, sets, regular expressions, errors, bytes; what refers to itself does so in the copy. @throws TypeError for functions and symbols */
export function structuredCopy<Value>(value: Value): Value {
  return copyOf(value, new Map()) as Value;
}

function copyOf(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`${String(value)} could not be cloned.`);
  if (typeof value !== 'object' || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  const keep = <Copy extends object>(copy: Copy): Copy => {
    copies.set(value, copy);
    return copy;
  };
  if (Array.isArray(value)) {
    const copy = keep([] as unknown[]);
    value.forEach((item, index) => (copy[index] = copyOf(item, copies)));
    copy.length = value.length;
    return copy;
  }
  if (value instanceof Date) return keep(new Date(value.getTime()));
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
  if (value instanceof ArrayBuffer) return keep(value.slice(0));
  if (ArrayBuffer.isView(value)) return keep(copyOfView(value));
  if (value instanceof Map) {
    const copy = keep(new Map<unknown, unknown>());
    value.forEach((item, key) => copy.set(copyOf(key, copies), copyOf(item, copies)));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set<unknown>());
    value.forEach((item) => copy.add(copyOf(item, copies)));
    return copy;
  }
  if (value instanceof Error) {
    const copy = keep(new Error(value.message, value.cause === undefined ? undefined : { cause: copyOf(value.cause, copies) }));
    copy.name = value.name;
    copy.stack = value.stack;
    return copy;
  }
  const copy = keep({} as Record<string, unknown>);
  for (const key of Object.keys(value)) copy[key] = copyOf((value as Record<string, unknown>)[key], copies);
  return copy;
}

function copyOfView(view: ArrayBufferView): ArrayBufferView {
  const buffer = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  return new (view.constructor as new (buffer: unknown) => ArrayBufferView)(buffer);
}
