import type { Namespace } from 'protobufjs';
import { isNamespace, isType } from './reflection.js';

/**
 * Makes packages and types of a root reachable as the types that `pbts` writes say: `root.shop.v1.Order` beside `root.nested.shop…`. For the module that
 * `pbjs -t json-module -w commonjs` makes. A name that protobufjs has for itself (`options`, `lookup`, …) stays what it is; such a type is found by `root.lookupType`.
 *
 * @returns the same root
 */
export function patchProtobufRoot<Patched>(root: Patched): Patched {
  const namespace = root as Namespace;
  promote(namespace);
  // `import * as root` makes a copy of what is own and enumerable: it must still be known as a root, and lead to this one.
  for (const name in namespace) own(namespace, name, { value: namespace[name as keyof Namespace], writable: true });
  own(namespace, 'constructor', { value: namespace.constructor, writable: true });
  own(namespace, 'root', { get: () => namespace });
  return root;
}

function promote(namespace: Namespace): void {
  for (const nested of namespace.nestedArray) {
    if (isNamespace(nested)) promote(nested);
    if ((isNamespace(nested) || isType(nested)) && !(nested.name in namespace)) Object.assign(namespace, { [nested.name]: nested });
  }
}

function own(namespace: Namespace, name: string, descriptor: PropertyDescriptor): void {
  if (!Object.hasOwn(namespace, name)) Object.defineProperty(namespace, name, { ...descriptor, enumerable: true, configurable: true });
}
