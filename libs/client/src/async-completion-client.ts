import type { ActivityAction, ActivityActionRequest, ActivityHeartbeatResponse, PayloadCodec } from '@backstitch/protocol';
import { errorToFailure } from '@backstitch/protocol/failures';
import type { DataConverter } from '@backstitch/protocol/payloads';
import { taskTokenText } from '@backstitch/protocol/task-token';
import { CallScopes } from './call-context.js';
import { defaultConnection } from './connection.js';
import type { ControlCaller } from './control-caller.js';
import { serviceErrors } from './known-errors.js';
import { payloadCheck } from './payload-limit.js';
import { Payloads } from './payloads.js';

/** One activity of one run; without a run id, of the workflow's current one. */
export interface FullActivityId {
  workflowId: string;
  runId?: string;
  activityId: string;
}

export interface AsyncCompletionClientOptions {
  connection?: ControlCaller;
  identity?: string;
  payloadCodec?: PayloadCodec;
  dataConverter?: DataConverter;
}

/** The activity was asked to end: its workflow does not wait for it any more. Thrown by a heartbeat. */
export class ActivityCancelledError extends Error {
  override readonly name = 'ActivityCancelledError';
  readonly code = 'ACTIVITY_CANCELLED';
}

/** The activity could not be completed: see its subclasses. */
export class ActivityCompletionError extends Error {
  override readonly name: string = 'ActivityCompletionError';
  readonly code: string = 'ACTIVITY_COMPLETION';
}

/** An operator reset the activity. Named for programs that catch it: an activity cannot be reset here. */
export class ActivityResetError extends Error {
  override readonly name = 'ActivityResetError';
  readonly code = 'ACTIVITY_RESET';
}

/** An operator paused the activity. Thrown by a heartbeat. */
export class ActivityPausedError extends Error {
  override readonly name = 'ActivityPausedError';
  readonly code = 'ACTIVITY_PAUSED';
}

/**
 * Ends activities that ended their handlers with CompleteAsyncError: by the task token that the handler had, or by their ids.
 * @throws ActivityNotFoundError, ActivityAlreadyClosedError, WorkflowNotFoundError and WorkflowAlreadyClosedError of the protocol, ServiceError where nobody answers,
 * PayloadTooLargeError
 */
export class AsyncCompletionClient extends CallScopes {
  readonly #connection: ControlCaller;
  readonly #payloads: Payloads;
  readonly #identity: string | undefined;

  constructor({ connection, identity, ...payloads }: AsyncCompletionClientOptions = {}) {
    super();
    this.#connection = connection ?? defaultConnection();
    this.#payloads = new Payloads(payloads);
    this.#identity = identity;
  }

  /** Ends the activity with this result. Made again it says ActivityAlreadyClosedError. */
  async complete(activity: Uint8Array | string | FullActivityId, result?: unknown): Promise<void> {
    await this.#act(activity, 'complete', { result: await this.#payloads.encode(result) });
  }

  /** As if the handler had thrown it: the activity is tried again as its retry policy says. */
  async fail(activity: Uint8Array | string | FullActivityId, error: unknown): Promise<void> {
    await this.#act(activity, 'fail', { failure: await this.#payloads.encodeFailure(errorToFailure(error)) });
  }

  /** The work was given up since its cancellation was requested. */
  async reportCancellation(activity: Uint8Array | string | FullActivityId, details?: unknown): Promise<void> {
    await this.#act(activity, 'cancel', { details: await this.#payloads.encodeDetail(details) });
  }

  /** Says that the work goes on; the next attempt, if there is one, gets the details. @throws ActivityCancelledError, ActivityPausedError */
  async heartbeat(activity: Uint8Array | string | FullActivityId, details?: unknown): Promise<void> {
    const answer = await this.#act<ActivityHeartbeatResponse | undefined>(activity, 'heartbeat', { details: await this.#payloads.encodeDetail(details) });
    if (answer?.cancelRequested === true) throw new ActivityCancelledError('heartbeat: the activity was cancelled');
    if (answer?.paused === true) throw new ActivityPausedError('heartbeat: the activity was paused');
  }

  async #act<Answer>(activity: Uint8Array | string | FullActivityId, action: ActivityAction, request: ActivityActionRequest): Promise<Answer> {
    const own = this.#identity === undefined ? {} : { identity: this.#identity };
    const isIdempotent = action === 'heartbeat';
    const checkPayloads = payloadCheck({ what: 'The result of the activity', payload: request.result }, { what: 'The details', payload: request.details });
    if (typeof activity === 'string' || activity instanceof Uint8Array) {
      const body = { ...request, ...own, taskToken: taskTokenText(activity) };
      return serviceErrors(this.#connection.call<Answer>({ method: 'POST', path: `/activities/by-token/${action}`, body, isIdempotent, checkPayloads }));
    }
    const { workflowId, runId, activityId } = activity;
    const path = `/workflows/${encodeURIComponent(workflowId)}/activities/${encodeURIComponent(activityId)}/${action}${runId === undefined ? '' : `?runId=${encodeURIComponent(runId)}`}`;
    // No reason: it is what the activity waits for, not an operator's intervention.
    return serviceErrors(this.#connection.call<Answer>({ method: 'POST', path, body: { ...request, ...own }, isIdempotent, checkPayloads }));
  }
}
