import type { Failure, JsonValue } from '@backstitch/protocol';
import { durationToMs, TemporalFailure } from '@backstitch/protocol/failures';
import { ApplicationFailure, CancelledFailure, TimeoutFailure } from './application-failure.js';

const CAUSES_MAX = 8;
const MESSAGE_CHARACTERS_MAX = 8_192;
const STACK_CHARACTERS_MAX = 8_192;
const DETAILS_CHARACTERS_MAX = 64 * 1024;
const SOURCE = 'Backstitch';

/** What was thrown, as data. Bounded: eight causes, 8 KiB of message and of stack each, 64 KiB of details. */
export function toFailure(thrown: unknown, depth = 0): Failure {
  if (!(thrown instanceof Error)) {
    return { message: shorten(describe(thrown), MESSAGE_CHARACTERS_MAX), source: SOURCE, applicationFailureInfo: { type: 'Error', nonRetryable: false } };
  }
  const failure: Failure = {
    message: shorten(thrown.message, MESSAGE_CHARACTERS_MAX),
    source: SOURCE,
    ...(thrown.stack === undefined ? {} : { stackTrace: shorten(thrown.stack, STACK_CHARACTERS_MAX) }),
    ...(thrown.cause === undefined || depth >= CAUSES_MAX ? {} : { cause: toFailure(thrown.cause, depth + 1) }),
  };
  if (thrown instanceof CancelledFailure) return { ...failure, canceledFailureInfo: { details: boundedDetails(thrown.details) } };
  if (thrown instanceof TimeoutFailure) {
    const [lastHeartbeatDetails] = thrown.lastHeartbeatDetails === undefined ? [] : (boundedDetails([thrown.lastHeartbeatDetails]) ?? []);
    return { ...failure, timeoutFailureInfo: { timeoutType: thrown.timeoutType, ...(lastHeartbeatDetails === undefined ? {} : { lastHeartbeatDetails }) } };
  }
  if (thrown instanceof ApplicationFailure) {
    const { nextRetryDelay, category } = thrown;
    return {
      ...failure,
      applicationFailureInfo: {
        type: thrown.type ?? undefined,
        nonRetryable: thrown.nonRetryable === true,
        details: boundedDetails(thrown.details),
        nextRetryDelayMs: nextRetryDelay == null ? undefined : durationToMs(nextRetryDelay, 'nextRetryDelay'),
        ...(category == null ? {} : { category }),
      },
    };
  }
  // A failure of another kind, for example of a workflow that the handler started: what it says of itself is kept.
  if (thrown instanceof TemporalFailure && thrown.failure !== undefined && depth > 0) return thrown.failure;
  return { ...failure, applicationFailureInfo: { type: typeOf(thrown), nonRetryable: false } };
}

function typeOf(error: Error): string {
  const className = (error.constructor as { name?: string } | undefined)?.name;
  return error.name === 'Error' && className !== undefined && className !== '' ? className : error.name;
}

function boundedDetails(details: readonly unknown[] | null | undefined): JsonValue[] | undefined {
  if (details === undefined || details === null) return undefined;
  let json: string;
  try {
    json = JSON.stringify(details);
  } catch {
    return ['the details are no JSON'];
  }
  return json.length > DETAILS_CHARACTERS_MAX ? [`the details were left out: ${json.length} characters`] : (JSON.parse(json) as JsonValue[]);
}

function describe(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return String(thrown);
  }
}

function shorten(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}…`;
}
