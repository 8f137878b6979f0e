/**
 * What is needed of protobufjs's reflection. Objects are told by what they are, never by `instanceof`: the program's protobufjs may be another copy, or another
 * version, than the one of this package.
 */
import type { Message, Namespace, Root, Type } from 'protobufjs';

/** The name of the class of protobufjs that an object is of; minifiers leave it alone. */
function reflectedClass(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? (value.constructor as { className?: string } | undefined)?.className : undefined;
}

export function isRoot(value: unknown): value is Root {
  return reflectedClass(value) === 'Root';
}

export function isNamespace(value: unknown): value is Namespace {
  return reflectedClass(value) === 'Namespace';
}

export function isType(value: unknown): value is Type {
  return reflectedClass(value) === 'Type';
}

/** Whether a value is a message made by a reflected type: `Order.create({ … })`. A plain object of the same fields is none. */
export function isMessage(value: unknown): value is Message & { $type: Type } {
  return typeof value === 'object' && value !== null && '$type' in value && isType(value.$type);
}

/** A type's name with its packages, as it goes over the wire: without the dot that protobufjs puts before it. */
export function wireNameOf({ fullName }: Type): string {
  return fullName.startsWith('.') ? fullName.slice(1) : fullName;
}
