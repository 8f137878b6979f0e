/** In place of Node's module `assert` in workflow code. */
import { isDeepLooseEqual, isDeepStrictEqual } from './deep-equality.js';
import { inspect } from './node-util.js';

/** What is thrown where an assertion does not hold. No TemporalFailure: it fails the workflow task. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'ERR_ASSERTION';
  readonly actual: unknown;
  readonly expected: unknown;
  readonly operator: string;

  constructor({ message, actual, expected, operator = 'fail' }: { message?: string; actual?: unknown; expected?: unknown; operator?: string }) {
    super(message ?? `${inspect(actual)} ${operator} ${inspect(expected)}`);
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
  }
}

type Message = string | Error | undefined;
type Expected = ((new (...args: never[]) => unknown) & { prototype: unknown }) | RegExp | ((error: unknown) => boolean) | Record<string, unknown>;

function check(holds: boolean, operator: string, actual: unknown, expected: unknown, message: Message): asserts holds {
  if (holds) return;
  throw message instanceof Error ? message : new AssertionError({ message, actual, expected, operator });
}

export function ok(value: unknown, message?: Message): asserts value {
  check(Boolean(value), '==', value, true, message ?? `The expression evaluated to a falsy value: ${inspect(value)}`);
}

export function equal(actual: unknown, expected: unknown, message?: Message): void {
  // eslint-disable-next-line eqeqeq -- what assert.equal means
  check(actual == expected || Object.is(actual, expected), '==', actual, expected, message);
}

export function notEqual(actual: unknown, expected: unknown, message?: Message): void {
  // eslint-disable-next-line eqeqeq -- what assert.notEqual means
  check(actual != expected, '!=', actual, expected, message);
}

export function strictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(Object.is(actual, expected), 'strictEqual', actual, expected, message);
}

export function notStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(!Object.is(actual, expected), 'notStrictEqual', actual, expected, message);
}

export function deepEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(isDeepLooseEqual(actual, expected), 'deepEqual', actual, expected, message);
}

export function deepStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(isDeepStrictEqual(actual, expected), 'deepStrictEqual', actual, expected, message);
}

export function notDeepStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(!isDeepStrictEqual(actual, expected), 'notDeepStrictEqual', actual, expected, message);
}

export function match(text: string, pattern: RegExp, message?: Message): void {
  check(pattern.test(text), 'match', text, String(pattern), message);
}

export function fail(message?: Message): never {
  throw message instanceof Error ? message : new AssertionError({ message: message ?? 'Failed' });
}

export function throws(work: () => unknown, expected?: Expected | string, message?: Message): void {
  try {
    work();
  } catch (error) {
    return checkThrown(error, expected);
  }
  fail(message ?? 'Missing expected exception.');
}

export async function rejects(work: Promise<unknown> | (() => Promise<unknown>), expected?: Expected | string, message?: Message): Promise<void> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    return checkThrown(error, expected);
  }
  fail(message ?? 'Missing expected rejection.');
}

function checkThrown(error: unknown, expected: Expected | string | undefined): void {
  if (expected === undefined || typeof expected === 'string') return;
  if (expected instanceof RegExp) return check(expected.test(String(error)), 'throws', String(error), String(expected), undefined);
  if (typeof expected === 'object') {
    for (const [name, value] of Object.entries(expected)) {
      const actual = (error as Record<string, unknown>)[name];
      check(value instanceof RegExp ? value.test(String(actual)) : isDeepStrictEqual(actual, value), 'throws', actual, value, undefined);
    }
    return;
  }
  const isClass = expected.prototype !== undefined && Object.getOwnPropertyNames(expected.prototype).length > 0 && error instanceof (expected as new () => unknown);
  if (!isClass) check((expected as (error: unknown) => boolean)(error) === true, 'throws', error, expected.name, undefined);
}

const assert = Object.assign((value: unknown, message?: Message): asserts value => ok(value, message), {
  AssertionError, deepEqual, deepStrictEqual, equal, fail, match, notDeepStrictEqual, notEqual, notStrictEqual, ok, rejects, strictEqual, throws,
});
/** All comparisons strict. */
export const strict = Object.assign((value: unknown, message?: Message): asserts value => ok(value, message), assert, { deepEqual: deepStrictEqual, equal: strictEqual, notEqual: notStrictEqual });
export default assert;
