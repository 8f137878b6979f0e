import {
  INCIDENT_OPENED_SIGNAL,
  INCIDENT_RESOLVED_SIGNAL,
  type HistoryEvent,
  type HistoryEventAttributes,
  type HistoryEventType,
  type Incident,
  type IncidentOpenedSignal,
  type IncidentResolution,
  type IncidentResolvedSignal,
  type JsonValue,
} from '@backstitch/protocol';
import type { EngineObserver, EngineVersioning } from '../engine-options.js';
import type { SizedJson } from '../json.js';
import { beginJson, jsonLength, JsonChain, writeAscii, writeBytes, writeJson } from '../json-writer.js';
import type { Dispatch } from '../ports/dispatcher.js';
import type { AttemptRecord, RunAppend } from '../ports/history-store.js';
import type { RunCall } from '../ports/run-messenger.js';
import { activityJobOf, currentAttempt } from './activity-attempts.js';
import { leaveToItsBuild } from './builds.js';
import { EVENT_OVERHEAD_BYTES, evolve } from './evolve.js';
import type { LocalCommand } from './local-activities.js';
import type { NewRun } from './new-run.js';
import { openCallsOf } from './run-extras.js';
import { identityOf, isOpen, recordOf, type OpenActivity, type RunState } from './run-state.js';
import { firstEventIdOf, wakeAtMsOf, type DelayLimits } from './wake-up.js';

/** An attempt that is to be given up. */
export interface AttemptCancellation {
  workflowId: string;
  taskQueue: string;
  job: { runId: string; scheduledEventId: number; attempt: number; dispatch: number };
  /** If the job is taken off its queue before it began, the activity is cancelled then and there. */
  closesActivity: boolean;
  /** It is taken off its queue if it waits there; one that runs is left alone. */
  onlyIfWaiting?: true;
}

/** A fact for the observer: told after the commit that makes it true. */
export type Fact = (observer: EngineObserver) => void;

export interface TurnSettings extends DelayLimits {
  /** For the jitter of retries. */
  random: () => number;
  /** A fresh run id. */
  runId: () => string;
  /** Where the id of a run decides which partition it is in. */
  partitionCount: number;
  /** Undefined: every run is served here. */
  versioning?: EngineVersioning | undefined;
}

/**
 * What one batch does to one run: the events, attempts and incidents to be written, and what follows once they are. Changes the run's state as it
 * goes: a turn that cannot be committed means that the state must be thrown away.
 */
export class Turn {
  readonly events: HistoryEvent[] = [];
  /** JSON of the events: made once, for their size and for the store. */
  readonly #eventsJson = new JsonChain();
  readonly dispatches: Dispatch[] = [];
  readonly cancellations: AttemptCancellation[] = [];
  readonly facts: Fact[] = [];
  /** Activities to be closed as cancelled by a message that follows the commit. */
  readonly cancelledBeforeStart: number[] = [];
  /** The history as loaded, where a message of the turn needs it. */
  history: readonly HistoryEvent[] | undefined;
  /** Runs that begin in the same commit. */
  newRuns: NewRun[] | undefined;
  /** Calls to other runs that follow the commit. */
  calls: RunCall[] | undefined;
  /** As `calls`: those of a run that has closed. Once all are answered it owes no more. */
  callsAfterClose: RunCall[] | undefined;
  /** Recovery: local activities that are not under way are begun again. */
  resumesLocalActivities = false;
  /** Commands about local activities that take effect after the commit. */
  localCommands: LocalCommand[] | undefined;
  // Most turns have none of these.
  #upsertedAttempts: Set<number> | undefined;
  #deletedAttempts: Set<number> | undefined;
  #touchedIncidents: Set<number> | undefined;
  readonly expectedNextEventId: number;

  constructor(
    readonly state: RunState,
    readonly nowMs: number,
    readonly settings: TurnSettings,
    readonly isNew: boolean,
  ) {
    this.expectedNextEventId = state.nextEventId;
  }

  /**
   * Appends an event. Its time is the turn's unless told.
   * @param json the attributes as JSON, where the caller has it
   */
  record<T extends HistoryEventType>(eventType: T, attributes: HistoryEventAttributes[T], eventTimeMs = this.nowMs, json?: SizedJson): number {
    const eventId = this.state.nextEventId;
    // The pair is one of the union's members by construction; TypeScript cannot follow a generic key into a union.
    const event = { eventId, eventType, eventTimeMs, attributes } as unknown as HistoryEvent;
    this.events.push(event);
    beginJson();
    writeAscii(this.#eventsJson.isEmpty ? '[{"eventId":' : ',{"eventId":');
    writeJson(eventId);
    writeBytes(headOf(eventType));
    writeJson(eventTimeMs);
    writeAscii(',"attributes":');
    const attributesStart = jsonLength();
    if (json === undefined) {
      writeJson(attributes);
    } else {
      writeBytes(json.utf8);
    }
    const attributesBytes = jsonLength() - attributesStart;
    writeAscii('}');
    this.#eventsJson.add();
    evolve(this.state, event, EVENT_OVERHEAD_BYTES + attributesBytes);
    return eventId;
  }

  /** Puts the current attempt of an activity on its queue, after the commit. A run that is paused begins no attempt: it is dispatched when it goes on. */
  dispatch(activity: OpenActivity, delayMs: number): void {
    if (this.state.extras?.paused !== undefined) {
      return;
    }
    this.dispatches.push({ taskQueue: activity.options.taskQueue, job: activityJobOf(this.state, activity), delayMs });
  }

  /** Asks, after the commit, that the current attempt of an activity be given up. */
  cancelAttempt(activity: OpenActivity, closesActivity: boolean, onlyIfWaiting = false): void {
    const { attempt, dispatch } = currentAttempt(activity);
    this.cancellations.push({
      workflowId: this.state.workflowId,
      taskQueue: activity.options.taskQueue,
      job: { runId: this.state.runId, scheduledEventId: activity.scheduledEventId, attempt, dispatch },
      closesActivity,
      ...(onlyIfWaiting ? { onlyIfWaiting } : {}),
    });
  }

  /** Everything that is to follow the commit on the queues. */
  get owed(): { taskQueue: string; job: { runId: string } }[] {
    const neverDispatched = this.cancelledBeforeStart.flatMap((scheduledEventId) => this.state.openActivities.get(scheduledEventId) ?? []);
    return [...this.dispatches, ...this.cancellations, ...neverDispatched.map(({ options }) => ({ taskQueue: options.taskQueue, job: this.state }))];
  }

  setAttempts(activity: OpenActivity, attempts: AttemptRecord): void {
    activity.attempts = attempts;
    (this.#upsertedAttempts ??= new Set()).add(activity.scheduledEventId);
  }

  /** To be called for each activity that was closed: its attempts are no longer kept. */
  forgetAttempts(activity: OpenActivity): void {
    this.#upsertedAttempts?.delete(activity.scheduledEventId);
    if (activity.attempts !== undefined) {
      (this.#deletedAttempts ??= new Set()).add(activity.scheduledEventId);
    }
  }

  openIncident(incident: Omit<Incident, 'incidentNumber' | 'openedAtMs'>): void {
    const { state } = this;
    const opened: Incident = { incidentNumber: state.incidents.length + 1, openedAtMs: this.nowMs, ...incident };
    const { incidentNumber, kind, message, scheduledEventId } = opened;
    const signal: IncidentOpenedSignal = { incidentNumber, kind, message, ...(scheduledEventId === undefined ? {} : { scheduledEventId }) };
    this.record('WORKFLOW_EXECUTION_SIGNALED', { signalName: INCIDENT_OPENED_SIGNAL, input: [signal as unknown as JsonValue], identity: 'backstitch' });
    state.incidents.push(opened);
    this.#touch(incidentNumber);
    this.facts.push((observer) => observer.incidentOpened?.({ ...identityOf(state), incident: opened }));
  }

  resolveIncident(incident: Incident, resolution: { action: IncidentResolution; reason: string; identity: string; value?: JsonValue }): void {
    const { state } = this;
    const { incidentNumber, scheduledEventId } = incident;
    const { action, reason, identity, value } = resolution;
    const signal: IncidentResolvedSignal = {
      incidentNumber,
      action,
      reason,
      identity,
      ...(scheduledEventId === undefined ? {} : { scheduledEventId }),
      ...(value === undefined ? {} : { value }),
    };
    this.record('WORKFLOW_EXECUTION_SIGNALED', { signalName: INCIDENT_RESOLVED_SIGNAL, input: [signal as unknown as JsonValue], identity });
    const resolved: Incident = { ...incident, resolution: { action, reason, identity, resolvedAtMs: this.nowMs } };
    state.incidents = state.incidents.map((other) => (other.incidentNumber === incidentNumber ? resolved : other));
    this.#touch(incidentNumber);
    this.facts.push((observer) => observer.incidentResolved?.({ ...identityOf(state), incident: resolved }));
  }

  /**
   * Leaves nothing of a closed run open: its incidents end without an event, since nothing may follow the one that closed it, and its activities'
   * attempts are given up, save those that the workflow abandoned on purpose.
   */
  leaveNothingOpen(): void {
    const { state } = this;
    state.incidents = state.incidents.map((incident) => {
      if (!isOpen(incident)) {
        return incident;
      }
      this.#touch(incident.incidentNumber);
      return { ...incident, resolution: { action: 'auto', reason: 'The workflow was closed.', identity: 'backstitch', resolvedAtMs: this.nowMs } };
    });
    for (const activity of state.openActivities.values()) {
      this.forgetAttempts(activity);
      if (activity.options.cancellationType !== 'ABANDON') {
        this.cancelAttempt(activity, false);
      }
    }
  }

  /**
   * Resolves what is open about an activity that ended, or fares otherwise than the incident says.
   * @param kind default: whatever it is
   */
  resolveIncidentOf(activity: OpenActivity, reason: string, kind?: Incident['kind']): void {
    const { state } = this;
    if (state.incidents.length === 0) {
      return;
    }
    const firstEventId = firstEventIdOf(state, activity);
    for (const incident of state.incidents.filter(isOpen)) {
      const isAboutIt = incident.scheduledEventId === activity.scheduledEventId || incident.scheduledEventId === firstEventId;
      if (isAboutIt && (kind === undefined || kind === incident.kind)) {
        this.resolveIncident(incident, { action: 'auto', reason, identity: 'backstitch' });
      }
    }
  }

  /** What is to be committed; undefined if there is nothing to write. */
  toAppend(): RunAppend | undefined {
    const { state } = this;
    if (this.settings.versioning !== undefined) {
      leaveToItsBuild(this, this.settings.versioning);
    }
    const wakeAtMs = wakeAtMsOf(state, this.settings);
    const upsertedAttempts = this.#upsertedAttempts?.size === 0 ? undefined : this.#upsertedAttempts;
    const touchedIncidents = this.#touchedIncidents;
    const callsAreCommitted = state.extras === undefined || openCallsOf(state) === state.extras.committedOpenCalls;
    const isIdle = callsAreCommitted && this.events.length === 0 && upsertedAttempts === undefined && this.#deletedAttempts === undefined && touchedIncidents === undefined;
    if (isIdle && wakeAtMs === state.committedWakeAtMs) {
      return undefined;
    }
    return {
      record: recordOf(state, wakeAtMs),
      isNew: this.isNew,
      expectedNextEventId: this.expectedNextEventId,
      events: this.events,
      eventsJson: this.events.length === 0 ? undefined : this.#closedEventsJson(),
      upsertAttempts: upsertedAttempts === undefined ? [] : [...upsertedAttempts].flatMap((scheduledEventId) => state.openActivities.get(scheduledEventId)?.attempts ?? []),
      deleteAttempts: this.#deletedAttempts === undefined ? [] : [...this.#deletedAttempts],
      ...(state.extras !== undefined && this.events.some(({ eventType }) => eventType === 'WORKFLOW_PROPERTIES_MODIFIED') ? { memoChanged: true } : {}),
      upsertIncidents: touchedIncidents === undefined ? [] : state.incidents.filter(({ incidentNumber }) => touchedIncidents.has(incidentNumber)),
    };
  }

  #closedEventsJson(): readonly Uint8Array[] {
    beginJson();
    writeAscii(']');
    this.#eventsJson.add();
    return this.#eventsJson.pieces();
  }

  #touch(incidentNumber: number): void {
    (this.#touchedIncidents ??= new Set()).add(incidentNumber);
  }
}

/** What stands between an event's id and its time. */
const heads = new Map<HistoryEventType, Uint8Array>();
const encoder = new TextEncoder();

function headOf(eventType: HistoryEventType): Uint8Array {
  let head = heads.get(eventType);
  if (head === undefined) {
    head = encoder.encode(`,"eventType":"${eventType}","eventTimeMs":`);
    heads.set(eventType, head);
  }
  return head;
}
