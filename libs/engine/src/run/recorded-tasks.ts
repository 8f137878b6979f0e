import { PATCH_MARKER, type Activation, type HistoryEvent, type PatchMarkerDetails } from '@backstitch/protocol';
import type { RunRecord } from '../ports/history-store.js';
import { activationInfoOf, activationJobsOf, doUpdateOf, type ActivationExtras, type HistoryLimits, type UpdateRequest } from './activation.js';
import { eventBytes, evolve, isCommandEvent } from './evolve.js';
import { endOfMarker, isLocalActivityMarker } from './local-activities.js';
import type { LocalActivityEnd } from './run-extras.js';
import { emptyRunState, type RunState } from './run-state.js';
import type { UnplacedEvent } from './unplaced-event.js';

/** A workflow task of the history: what the code was told, and what the history says of its answer. */
export interface RecordedTask {
  readonly activation: Activation;
  readonly completed: HistoryEvent<'WORKFLOW_TASK_COMPLETED'>;
  /** Events that its commands made, local activities' markers aside. */
  readonly commandEvents: readonly HistoryEvent[];
  readonly localEnds: readonly { readonly event: HistoryEvent<'MARKER_RECORDED'>; readonly end: LocalActivityEnd }[];
  readonly updates?: ReadonlyMap<string, UpdateRequest>;
}

/**
 * Reads the workflow tasks of a history, one after the other. What the code was told depends on nothing but what is recorded, so that this can be far ahead of
 * the code.
 */
export class RecordedTasks {
  readonly #state: RunState;
  readonly #events: readonly HistoryEvent[];
  #position = 0;
  /** Bytes of the events that were read. */
  bytesRead = 0;

  /** @param tracesCalls whether the sandbox is to tell which lines of code commands come from */
  constructor(
    identity: Pick<RunRecord, 'workflowId' | 'runId' | 'partition' | 'requestFingerprint'>,
    events: readonly HistoryEvent[],
    readonly limits: HistoryLimits,
    readonly tracesCalls: boolean,
  ) {
    this.#state = emptyRunState(identity);
    this.#events = events;
  }

  /**
   * The next task; undefined when there is none left.
   * @throws UnfinishedTaskError
   */
  next(): RecordedTask | undefined {
    for (;;) {
      const event = this.#events[this.#position];
      if (event === undefined) {
        return undefined;
      }
      this.#position += 1;
      const bytes = eventBytes(event.attributes);
      this.bytesRead += bytes;
      evolve(this.#state, event, bytes);
      // A task that was started and never completed is none: a reset cut it off, and its work is done by the next.
      if (event.eventType === 'WORKFLOW_TASK_STARTED' && this.#events[this.#position]?.eventType !== 'WORKFLOW_TASK_FAILED') {
        return this.#taskOf(event);
      }
    }
  }

  #taskOf(started: HistoryEvent<'WORKFLOW_TASK_STARTED'>): RecordedTask {
    const completed = this.#events[this.#position];
    if (completed?.eventType !== 'WORKFLOW_TASK_COMPLETED') {
      throw new UnfinishedTaskError(this.#position + 1);
    }
    const { commandEvents, localEnds, updates, extras } = this.#lookAhead();
    const info = activationInfoOf(this.#state, { length: started.eventId, sizeBytes: this.#state.historySizeBytes }, this.limits, true);
    const activation: Activation = {
      runId: this.#state.runId,
      timestampMs: started.eventTimeMs,
      info: this.tracesCalls ? { ...info, tracesCalls: true } : info,
      jobs: activationJobsOf(this.#state, extras),
    };
    return { activation, completed, commandEvents, localEnds, updates };
  }

  /** Reads the events that the task's commands made. What of them the code must know beforehand is answered. */
  #lookAhead(): Pick<RecordedTask, 'commandEvents' | 'localEnds' | 'updates'> & { extras?: ActivationExtras } {
    const commandEvents: HistoryEvent[] = [];
    let localEnds: { event: HistoryEvent<'MARKER_RECORDED'>; end: LocalActivityEnd }[] | undefined;
    let patchIds: string[] | undefined;
    let updates: Map<string, UpdateRequest> | undefined;
    for (let position = this.#position + 1; position < this.#events.length; position += 1) {
      const event = this.#events[position];
      if (event === undefined || !isCommandEvent(event)) {
        break;
      }
      if (event.eventType === 'MARKER_RECORDED' && isLocalActivityMarker(event)) {
        (localEnds ??= []).push({ event, end: endOfMarker(event) });
        continue;
      }
      commandEvents.push(event);
      if (isPatchMarker(event)) {
        (patchIds ??= []).push(patchOf(event).id);
      } else if (event.eventType === 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED') {
        const { acceptedRequest } = event.attributes;
        (updates ??= new Map<string, UpdateRequest>()).set(acceptedRequest.meta.updateId, acceptedRequest);
      }
    }
    if (patchIds === undefined && updates === undefined && localEnds === undefined) {
      return { commandEvents, localEnds: NO_ENDS };
    }
    const extras = {
      patchIds,
      updates: [...(updates?.values() ?? [])].map((request) => doUpdateOf(request, false)),
      // Those that the workflow did not wait for were settled when it cancelled them.
      localActivityEnds: localEnds?.flatMap(({ end }) => (end.details.data.givenUp === true ? [] : end)),
    };
    return { commandEvents, localEnds: localEnds ?? NO_ENDS, updates, extras };
  }
}

const NO_ENDS: RecordedTask['localEnds'] = [];

/** A history in which a workflow task was begun and neither completed nor cut off. */
export class UnfinishedTaskError extends Error {
  override readonly name = 'UnfinishedTaskError';
  readonly code = 'UNFINISHED_TASK';
  constructor(readonly eventId: number) {
    super(`Event ${eventId} of the history should complete a workflow task`);
  }
}

export function isPatchMarker<E extends UnplacedEvent>(event: E): event is E & UnplacedEvent<'MARKER_RECORDED'> {
  return event.eventType === 'MARKER_RECORDED' && event.attributes.markerName === PATCH_MARKER;
}

export function patchOf({ attributes }: UnplacedEvent<'MARKER_RECORDED'>): { id: string; deprecated: boolean } {
  return (attributes.details as unknown as PatchMarkerDetails)['patch-data'];
}
