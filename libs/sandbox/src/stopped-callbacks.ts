import { executionAsyncId } from 'node:async_hooks';
import vm from 'node:vm';

interface AsyncWrapBinding {
  popAsyncContext(asyncId: number): boolean;
}

/**
 * To be called after code was stopped in the middle of a promise's callback. Where async hooks are in use (AsyncLocalStorage is enough) Node notes each callback that
 * begins, and a stopped one never ends: Node would take that for corruption and abort the process at the next turn of the event loop. There is no public way
 * to note the end; Node's binding has one, and warns of its use, which is of no interest here. Without effect where nothing is left over.
 * @param asyncId of the execution in which the stopped code was begun
 */
export function endStoppedCallbacks(asyncId: number): void {
  if (executionAsyncId() === asyncId) return;
  // Not the `process` of a test runner's realm: that one is a copy, which Node does not ask about warnings.
  const node = vm.runInThisContext('process') as NodeJS.Process & { binding?: (name: string) => AsyncWrapBinding };
  if (node.binding === undefined) return;
  const { noDeprecation = false } = node;
  node.noDeprecation = true;
  try {
    const { popAsyncContext } = node.binding('async_wrap');
    while (executionAsyncId() !== asyncId) if (!popAsyncContext(executionAsyncId())) return;
  } catch (error) {
    // Not permitted (the permission model): then Node does as it would have done.
    if ((error as { code?: unknown }).code !== 'ERR_ACCESS_DENIED') throw error;
  } finally {
    node.noDeprecation = noDeprecation;
  }
}
