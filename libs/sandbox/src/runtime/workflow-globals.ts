import { AsyncLocalStorage, CancellationScope, currentScope, decodeUtf8, encodeUtf8, runInNestedScope, sleepIn, type WorkflowRun } from '@backstitch/workflow/internal';
import { AbortController, AbortSignal } from './abort-signal.js';
import assert from './node-assert.js';
import { structuredCopy } from './structured-copy.js';

/** What workflow code finds besides the language, as in Temporal's sandbox: all of it deterministic, and made here. */
export function installWorkflowGlobals(realm: typeof globalThis): void {
  const globals = { setTimeout: startTimeout, clearTimeout: stopTimeout, AsyncLocalStorage, AbortController, AbortSignal, TextEncoder, TextDecoder, assert, structuredClone: structuredCopy };
  for (const [name, value] of Object.entries(globals)) Object.defineProperty(realm, name, { value, writable: true, enumerable: false, configurable: true });
  for (const name of ['dispose', 'asyncDispose']) {
    if (!(name in realm.Symbol)) Object.defineProperty(realm.Symbol, name, { value: Symbol.for(`Symbol.${name}`), writable: false, enumerable: false, configurable: false });
  }
}

/** A durable timer. What the callback throws fails the workflow task. */
function startTimeout(callback: (...args: unknown[]) => unknown, delayMs = 1, ...args: unknown[]): number {
  if (typeof callback !== 'function') throw new TypeError('setTimeout needs a function.');
  const run = currentScope().workflowRun;
  const timeouts = (run.features.timeouts ??= new Map());
  const handle = run.features.takeTimeoutHandle();
  const scope = new CancellationScope({ cancellable: true });
  timeouts.set(handle, scope);
  runInNestedScope(scope, () => sleepIn(run, Math.max(1, Number(delayMs) || 1))).then(
    () => {
      timeouts.delete(handle);
      callCallback(run, callback, args);
    },
    () => timeouts.delete(handle),
  );
  return handle;
}

function callCallback(run: WorkflowRun, callback: (...args: unknown[]) => unknown, args: unknown[]): void {
  try {
    callback(...args);
  } catch (error) {
    run.break(error);
  }
}

function stopTimeout(handle: unknown): void {
  const { timeouts } = currentScope().workflowRun.features;
  timeouts?.get(handle as number)?.cancel();
  timeouts?.delete(handle as number);
}

/** Text to UTF-8, as in browsers and Node. */
class TextEncoder {
  get encoding(): string {
    return 'utf-8';
  }

  encode(text = ''): Uint8Array {
    return encodeUtf8(String(text));
  }
}

/** UTF-8 to text, as in browsers and Node; no other encoding. */
class TextDecoder {
  constructor(encoding = 'utf-8') {
    if (!/^utf-?8$/i.test(encoding)) throw new RangeError(`Workflow code decodes UTF-8 only, not ${encoding}.`);
  }

  get encoding(): string {
    return 'utf-8';
  }

  decode(bytes: ArrayBuffer | ArrayBufferView = new Uint8Array(0)): string {
    const view = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
    const text = decodeUtf8(view);
    return text.startsWith('\ufeff') ? text.slice(1) : text;
  }
}
