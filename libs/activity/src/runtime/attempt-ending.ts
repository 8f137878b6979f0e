import { encodeFailure, encodePayload, encodePayloads, type ActivityOutcome, type AttemptEnding, type Failure, type JsonValue, type PayloadCodec } from '@backstitch/protocol';
import { HandBackError, type BoundHandler } from '@backstitch/queues';
import type { ActivityMode, ResolvedActivityOptions } from '../decorators/activity-options.js';
import { ApplicationFailure, CancelledFailure } from '../errors/application-failure.js';
import { CompleteAsyncError } from '../errors/complete-async-error.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';
import { toFailure } from '../errors/to-failure.js';
import { isConnectionLoss, serviceUnavailable } from '../inbox/database-errors.js';
import type { AttemptSuccess } from './attempt.js';
import type { AttemptControl } from './attempt-control.js';

/** How an attempt ended. */
export type Ended =
  | { status: 'completed'; success: AttemptSuccess }
  | { status: 'failed'; failure: Failure }
  | { status: 'canceled'; details: JsonValue[] }
  /** Its handler has returned, and the result comes from elsewhere. */
  | { status: 'completesOutside' }
  /** The service stops, and the attempt has not come to an end: another instance makes it. */
  | { status: 'handedBack' };

/** An end that the engine is told of. */
export type RepliedEnding = Exclude<Ended, { status: 'handedBack' }>;

const OWN_TYPES: ReadonlySet<string> = new Set(Object.values(ACTIVITY_FAILURE_TYPE));

/** How the handler meets the database. */
export function modeOf(handler: BoundHandler): ActivityMode {
  return (handler.extras.activity as ResolvedActivityOptions | undefined)?.mode ?? 'transaction';
}

/** How an attempt ended whose work threw that. */
export function endedBy(error: unknown, control: AttemptControl, handler: BoundHandler | undefined): Ended {
  // What fetch and others throw when their signal is aborted.
  const isCancellation = error instanceof CancelledFailure || (error instanceof Error && error.name === 'AbortError');
  if (error instanceof HandBackError || (control.isShutDown && isCancellation)) return { status: 'handedBack' };
  if (error instanceof CancelledFailure) return { status: 'canceled', details: jsonDetails(error.details) };
  if (control.isCancelRequested && isCancellation) return { status: 'canceled', details: [] };
  if (error instanceof Error && error.name === 'CompleteAsyncError') {
    if (handler !== undefined && modeOf(handler) === 'external') return { status: 'completesOutside' };
    return { status: 'failed', failure: toFailure(ApplicationFailure.nonRetryable(`${CompleteAsyncError.name} is for activities of mode "external": what this one did was rolled back.`, ACTIVITY_FAILURE_TYPE.wrongMode)) };
  }
  return { status: 'failed', failure: toFailure(isConnectionLoss(error) ? serviceUnavailable(error) : error) };
}

/** What the engine is told. */
export function endingOf(ended: RepliedEnding): ActivityOutcome['outcome'] {
  switch (ended.status) {
    case 'completed':
      return { status: 'completed', result: ended.success.result };
    case 'failed':
      return { status: 'failed', failure: ended.failure };
    case 'canceled':
      return { status: 'canceled', details: ended.details };
    case 'completesOutside':
      return { status: 'running', completesOutside: true };
    default:
      return ended satisfies never;
  }
}

/** The same with every payload encoded. */
export async function encodedEnding(codec: PayloadCodec, ending: ActivityOutcome['outcome']): Promise<ActivityOutcome['outcome']> {
  switch (ending.status) {
    case 'completed':
      return { status: 'completed', result: await encodePayload(codec, ending.result) };
    case 'failed':
      return { status: 'failed', failure: await encodeFailure(codec, ending.failure) };
    case 'canceled':
      return { status: 'canceled', ...(ending.details === undefined ? {} : { details: await encodePayloads(codec, ending.details) }) } satisfies AttemptEnding;
    case 'running':
      return ending;
    default:
      return ending satisfies never;
  }
}

function jsonDetails(details: readonly unknown[]): JsonValue[] {
  return toFailure(new CancelledFailure('', [...details])).canceledFailureInfo?.details ?? [];
}

/** The handler has said no, for good: nothing is wrong with the service. What this library refuses is told from that by its type. */
export function isRefusal({ applicationFailureInfo }: Failure): boolean {
  return applicationFailureInfo?.nonRetryable === true && !OWN_TYPES.has(applicationFailureInfo.type ?? '');
}

export function failureTypeOf(failure: Failure): string | undefined {
  return failure.applicationFailureInfo?.type ?? failure.timeoutFailureInfo?.timeoutType;
}
