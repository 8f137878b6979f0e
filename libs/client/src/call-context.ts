import { AsyncLocalStorage } from 'node:async_hooks';

/** What holds for every call that is made within a function. */
export interface CallContext {
  /** Milliseconds since 1970. */
  deadlineMs?: number;
  abortSignal?: AbortSignal;
}

const NONE: CallContext = {};
const contexts = new AsyncLocalStorage<CallContext>();

/** What holds for the call that is being made. */
export function callContext(): CallContext {
  return contexts.getStore() ?? NONE;
}

/**
 * Calls that `work` makes, and waits of several calls, fail with a ServiceError at that time if they have no answer by then: see isGrpcDeadlineError. Within another
 * deadline the earlier one holds.
 * @param deadline a time, or milliseconds since 1970
 * @throws TypeError when the deadline is no time
 */
export function withDeadline<Result>(deadline: number | Date, work: () => Promise<Result>): Promise<Result> {
  const { deadlineMs = Infinity, ...rest } = callContext();
  const ownMs = Number(deadline);
  if (Number.isNaN(ownMs)) throw new TypeError(`The deadline must be a time or milliseconds since 1970, and is ${String(deadline)}.`);
  return contexts.run({ ...rest, deadlineMs: Math.min(deadlineMs, ownMs) }, work);
}

/** Calls that `work` makes fail with a ServiceError as soon as the signal is aborted: see isGrpcCancelledError. What was sent may have taken effect. */
export function withAbortSignal<Result>(abortSignal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const outer = callContext();
  const both = outer.abortSignal === undefined ? abortSignal : AbortSignal.any([outer.abortSignal, abortSignal]);
  return contexts.run({ ...outer, abortSignal: both }, work);
}

/** What every client and connection offers. */
export abstract class CallScopes {
  /** {@link withDeadline} */
  withDeadline<Result>(deadline: number | Date, work: () => Promise<Result>): Promise<Result> {
    return withDeadline(deadline, work);
  }

  /** {@link withAbortSignal} */
  withAbortSignal<Result>(abortSignal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    return withAbortSignal(abortSignal, work);
  }
}
