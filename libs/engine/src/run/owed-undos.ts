import type { CarriedUndo, HistoryEvent, SettledUndos } from '@backstitch/protocol';
import { evolve } from './evolve.js';
import { keyOf, stepKeyOf } from './activity-attempts.js';
import { emptyRunState, type RunState } from './run-state.js';

/** What the end of a run leaves to be done. */
export interface Owed {
  /** In order of step start. */
  undos: CarriedUndo[];
  /** A pivot under way that, if it has happened, lets some of the undos be owed no more. */
  pivotInDoubt?: { activityType: string; key: string };
}

/**
 * The undos that a run owes, in order of step start: of its own steps and of those that earlier runs left to it. An undo that was begun and did not end is
 * owed still, under the key that it has. What a saga has settled, by its end or by its pivot, is not owed.
 * @param state the run as it stands
 * @param events its whole history
 */
export function owedUndosOf(state: RunState, events: readonly HistoryEvent[]): Owed {
  const reading = new OwedReading(state);
  events.forEach((event) => reading.add(event));
  return reading.owed;
}

/** As `owedUndosOf`, of the steps and carried undos that the workflow's code says are owed still. */
export function carriedOnUndosOf(
  state: RunState,
  events: readonly HistoryEvent[],
  { openUndoSeqs = [], openUndoKeys }: { openUndoSeqs?: readonly number[]; openUndoKeys?: readonly string[] },
): CarriedUndo[] {
  const own = new Set(openUndoSeqs.flatMap((seq) => {
    const known = state.activities.get(seq);
    return known === undefined ? [] : stepKeyOf(state, known.scheduledEventId);
  }));
  const carried = new Set(state.extras?.started?.carriedUndos?.map(({ stepKey }) => stepKey));
  return owedUndosOf(state, events).undos.filter(({ stepKey }) => own.has(stepKey) || (carried.has(stepKey) && openUndoKeys?.includes(stepKey) !== false));
}

/** Reads a history from its beginning. */
class OwedReading {
  readonly #state: RunState;
  /** By the step's key. */
  readonly #owed = new Map<string, CarriedUndo>();
  /** Keys of steps with an undo, by scheduling event … */
  readonly #stepKeys = new Map<number, string>();
  /** … and of the steps that undos under way undo. */
  readonly #undoing = new Map<number, string>();
  /** Pivots under way, and what they settle. */
  readonly #pivots = new Map<number, { activityType: string; key: string; settles: SettledUndos }>();
  /** A saga may return in the task that begins its step: that it is settled stands before its event. */
  readonly #settledEarly = new Set<number>();
  /** What a rollback waits for; until it undoes something, since a person has said then that it may. */
  #inheritedDoubt: Owed['pivotInDoubt'];
  /** Folded along, since a key depends on what came before its event. */
  readonly #folded: RunState;

  constructor(state: RunState) {
    this.#state = state;
    this.#folded = emptyRunState(state);
  }

  get owed(): Owed {
    const inDoubt = [...this.#pivots.values()].find(({ settles }) => this.#keysOf(settles).some((key) => this.#owed.has(key)));
    const undos = [...this.#owed.values()];
    const pivotInDoubt = inDoubt === undefined ? this.#inheritedDoubt : { activityType: inDoubt.activityType, key: inDoubt.key };
    return pivotInDoubt === undefined ? { undos } : { undos, pivotInDoubt };
  }

  add(event: HistoryEvent): void {
    evolve(this.#folded, event, 0);
    switch (event.eventType) {
      case 'WORKFLOW_EXECUTION_STARTED':
        event.attributes.carriedUndos?.forEach((undo) => this.#owed.set(undo.stepKey, { ...undo }));
        // Of a rollback that does not come to its end itself.
        event.attributes.system?.undos.forEach((undo) => this.#owed.set(undo.stepKey, { ...undo }));
        this.#inheritedDoubt = event.attributes.system?.pivotInDoubt;
        return;
      case 'WORKFLOW_TASK_COMPLETED':
        this.#settle(event.attributes.settledUndos);
        event.attributes.settledUndos?.seqs.filter((seq) => this.#folded.activities.get(seq) === undefined).forEach((seq) => this.#settledEarly.add(seq));
        return;
      case 'ACTIVITY_TASK_SCHEDULED':
        this.#scheduled(event);
        return;
      case 'ACTIVITY_TASK_COMPLETED': {
        const { scheduledEventId, result } = event.attributes;
        const step = this.#owed.get(this.#stepKeys.get(scheduledEventId) ?? '');
        if (step !== undefined) {
          step.result = result;
        }
        this.#owed.delete(this.#undoing.get(scheduledEventId) ?? '');
        this.#settle(this.#pivots.get(scheduledEventId)?.settles);
        this.#pivots.delete(scheduledEventId);
        return;
      }
      case 'ACTIVITY_TASK_FAILED':
      case 'ACTIVITY_TASK_TIMED_OUT':
        // An undo fails only by the decision of a person: it is settled.
        this.#owed.delete(this.#undoing.get(event.attributes.scheduledEventId) ?? '');
        this.#pivots.delete(event.attributes.scheduledEventId);
        return;
      case 'ACTIVITY_TASK_CANCELED':
        this.#pivots.delete(event.attributes.scheduledEventId);
        return;
      default:
    }
  }

  #scheduled({ eventId, attributes }: HistoryEvent<'ACTIVITY_TASK_SCHEDULED'>): void {
    const { header, activityType, input } = attributes;
    if (header === undefined) {
      return;
    }
    const key = header.key ?? stepKeyOf(this.#folded, eventId);
    if (header.undo !== undefined && !this.#settledEarly.has(attributes.seq ?? Number(attributes.activityId))) {
      this.#owed.set(key, { ...header.undo, stepKey: key, stepActivityType: activityType, input: input[0] ?? null });
      this.#stepKeys.set(eventId, key);
    }
    if (header.forward?.kind === 'PIVOT') {
      this.#pivots.set(eventId, { activityType, key, settles: header.forward.settles });
    }
    if (header.undoOf !== undefined) {
      this.#inheritedDoubt = undefined;
      const undone = header.undoOf.stepKey ?? this.#stepKeys.get(header.undoOf.scheduledEventId);
      const found = undone === undefined ? undefined : this.#owed.get(undone);
      if (undone !== undefined && found !== undefined) {
        this.#undoing.set(eventId, undone);
        found.undoKey = undoKeyOf(this.#state, header.key, eventId);
      }
    }
  }

  #settle(settled: SettledUndos | undefined): void {
    if (settled !== undefined) {
      this.#keysOf(settled).forEach((key) => this.#owed.delete(key));
    }
  }

  #keysOf({ seqs, keys = [] }: SettledUndos): string[] {
    const own = seqs.flatMap((seq) => this.#stepKeys.get(this.#folded.activities.get(seq)?.scheduledEventId ?? 0) ?? []);
    return [...own, ...keys];
  }
}

/** The key of an undo as an edit of its input left it. */
function undoKeyOf(state: RunState, headerKey: string | undefined, scheduledEventId: number): string {
  const open = state.openActivities.get(scheduledEventId);
  return open === undefined ? (headerKey ?? stepKeyOf(state, scheduledEventId)) : keyOf(state, open);
}
