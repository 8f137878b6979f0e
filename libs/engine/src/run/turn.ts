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
import type { EngineObserver } from '../engine-options.js';
import { sizedJson, type SizedJson } from '../json.js';
import type { Dispatch } from '../ports/dispatcher.js';
import type { AttemptRecord, RunAppend } from '../ports/history-store.js';
import { activityJobOf, currentAttempt } from './activity-attempts.js';
import { eventBytesOf, evolve } from './evolve.js';
import { identityOf, isOpen, openIncidentOf, recordOf, type OpenActivity, type RunState } from './run-state.js';
import { wakeAtMsOf } from './wake-up.js';

/** An attempt that is to be given up. */
export interface AttemptCancellation {
  workflowId: string;
  taskQueue: string;
  job: { runId: string; scheduledEventId: number; attempt: number; dispatch: number };
  /** If the job is taken off its queue before it began, the activity is cancelled then and there. */
  closesActivity: boolean;
}

/** A fact for the observer: told after the commit that makes it true. */
export type Fact = (observer: EngineObserver) => void;

export interface TurnSettings {
  undoIncidentAfterMs: number;
  /** For the jitter of retries. */
  random: () => number;
}

/**
 * What one batch does to one run: the events, attempts and incidents to be written, and what follows once they are. Changes the run's state as it
 * goes: a turn that cannot be committed means that the state must be thrown away.
 */
export class Turn {
  readonly events: HistoryEvent[] = [];
  /** JSON of each event: made once, for its size and for the store. */
  readonly #eventTexts: string[] = [];
  readonly dispatches: Dispatch[] = [];
  readonly cancellations: AttemptCancellation[] = [];
  readonly facts: Fact[] = [];
  /** Activities to be closed as cancelled by a message that follows the commit. */
  readonly cancelledBeforeStart: number[] = [];
  readonly #upsertedAttempts = new Set<number>();
  readonly #deletedAttempts = new Set<number>();
  readonly #touchedIncidents = new Set<number>();
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
  record<T extends HistoryEventType>(eventType: T, attributes: HistoryEventAttributes[T], eventTimeMs = this.nowMs, json: SizedJson = sizedJson(attributes)): number {
    const eventId = this.state.nextEventId;
    // The pair is one of the union's members by construction; TypeScript cannot follow a generic key into a union.
    const event = { eventId, eventType, eventTimeMs, attributes } as unknown as HistoryEvent;
    this.events.push(event);
    this.#eventTexts.push(`{"eventId":${eventId},"eventType":"${eventType}","eventTimeMs":${eventTimeMs},"attributes":${json.text}}`);
    evolve(this.state, event, eventBytesOf(json));
    return eventId;
  }

  /** Puts the current attempt of an activity on its queue, after the commit. */
  dispatch(activity: OpenActivity, delayMs: number): void {
    this.dispatches.push({ taskQueue: activity.options.taskQueue, job: activityJobOf(this.state, activity), delayMs });
  }

  /** Asks, after the commit, that the current attempt of an activity be given up. */
  cancelAttempt(activity: OpenActivity, closesActivity: boolean): void {
    const { attempt, dispatch } = currentAttempt(activity);
    this.cancellations.push({
      workflowId: this.state.workflowId,
      taskQueue: activity.options.taskQueue,
      job: { runId: this.state.runId, scheduledEventId: activity.scheduledEventId, attempt, dispatch },
      closesActivity,
    });
  }

  /** Everything that is to follow the commit on the queues. */
  get owed(): { taskQueue: string; job: { runId: string } }[] {
    const neverDispatched = this.cancelledBeforeStart.flatMap((scheduledEventId) => this.state.openActivities.get(scheduledEventId) ?? []);
    return [...this.dispatches, ...this.cancellations, ...neverDispatched.map(({ options }) => ({ taskQueue: options.taskQueue, job: this.state }))];
  }

  setAttempts(activity: OpenActivity, attempts: AttemptRecord): void {
    activity.attempts = attempts;
    this.#upsertedAttempts.add(activity.scheduledEventId);
  }

  /** To be called for each activity that was closed: its attempts are no longer kept. */
  forgetAttempts(activity: OpenActivity): void {
    this.#upsertedAttempts.delete(activity.scheduledEventId);
    if (activity.attempts !== undefined) {
      this.#deletedAttempts.add(activity.scheduledEventId);
    }
  }

  openIncident(incident: Omit<Incident, 'incidentNumber' | 'openedAtMs'>): void {
    const { state } = this;
    const opened: Incident = { incidentNumber: state.incidents.length + 1, openedAtMs: this.nowMs, ...incident };
    const { incidentNumber, kind, message, scheduledEventId } = opened;
    const signal: IncidentOpenedSignal = { incidentNumber, kind, message, ...(scheduledEventId === undefined ? {} : { scheduledEventId }) };
    this.record('WORKFLOW_EXECUTION_SIGNALED', { signalName: INCIDENT_OPENED_SIGNAL, input: [signal as unknown as JsonValue], identity: 'backstitch' });
    state.incidents.push(opened);
    this.#touchedIncidents.add(incidentNumber);
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
    this.#touchedIncidents.add(incidentNumber);
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
      this.#touchedIncidents.add(incident.incidentNumber);
      return { ...incident, resolution: { action: 'auto', reason: 'The workflow was closed.', identity: 'backstitch', resolvedAtMs: this.nowMs } };
    });
    for (const activity of state.openActivities.values()) {
      this.forgetAttempts(activity);
      if (activity.options.cancellationType !== 'ABANDON') {
        this.cancelAttempt(activity, false);
      }
    }
  }

  /** Resolves what is open about an activity that ended, or fares otherwise than the incident says. */
  resolveIncidentOf(activity: OpenActivity, reason: string): void {
    for (let open = openIncidentOf(this.state, activity.scheduledEventId); open !== undefined; open = openIncidentOf(this.state, activity.scheduledEventId)) {
      this.resolveIncident(open, { action: 'auto', reason, identity: 'backstitch' });
    }
  }

  /** What is to be committed; undefined if there is nothing to write. */
  toAppend(): RunAppend | undefined {
    const { state } = this;
    const wakeAtMs = wakeAtMsOf(state, this.settings.undoIncidentAfterMs);
    const isIdle =
      this.events.length === 0 && this.#upsertedAttempts.size === 0 && this.#deletedAttempts.size === 0 && this.#touchedIncidents.size === 0;
    if (isIdle && wakeAtMs === state.committedWakeAtMs) {
      return undefined;
    }
    return {
      record: recordOf(state, wakeAtMs),
      isNew: this.isNew,
      expectedNextEventId: this.expectedNextEventId,
      events: this.events,
      eventsJson: `[${this.#eventTexts.join(',')}]`,
      upsertAttempts: [...this.#upsertedAttempts].flatMap((scheduledEventId) => state.openActivities.get(scheduledEventId)?.attempts ?? []),
      deleteAttempts: [...this.#deletedAttempts],
      upsertIncidents: state.incidents.filter(({ incidentNumber }) => this.#touchedIncidents.has(incidentNumber)),
    };
  }
}
