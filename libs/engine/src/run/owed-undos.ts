import { type CarriedUndo, type HistoryEvent, type JsonValue } from '@backstitch/protocol';
import { evolve } from './evolve.js';
import { keyOf, stepKeyOf } from './activity-attempts.js';
import { emptyRunState, type RunState } from './run-state.js';

/** What of an undo is known while the history is read. */
interface Owed {
  undo: CarriedUndo;
  /** Of a step of this run. */
  stepSeq?: number;
}

/**
 * The undos that a run owes, in order of step start: of its own steps and of those that earlier runs left to it. An undo that was begun and did not end is
 * owed still, under the key that it has.
 * @param state the run as it stands
 * @param events its whole history
 */
export function owedUndosOf(state: RunState, events: readonly HistoryEvent[]): CarriedUndo[] {
  const owed = new Map<string, Owed>();
  const stepKeys = new Map<number, string>();
  const undoing = new Map<number, string>();
  // Folded along, since a key depends on what came before its event.
  const folded = emptyRunState(state);
  for (const event of events) {
    evolve(folded, event, 0);
    switch (event.eventType) {
      case 'WORKFLOW_EXECUTION_STARTED':
        event.attributes.carriedUndos?.forEach((undo) => owed.set(undo.stepKey, { undo: { ...undo } }));
        break;
      case 'ACTIVITY_TASK_SCHEDULED': {
        const { header, activityType, activityId, input } = event.attributes;
        const stepKey = header?.key ?? stepKeyOf(folded, event.eventId);
        if (header?.undo !== undefined) {
          owed.set(stepKey, { undo: { ...header.undo, stepKey, stepActivityType: activityType, input: input[0] ?? null }, stepSeq: Number(activityId) });
          stepKeys.set(event.eventId, stepKey);
        }
        if (header?.undoOf !== undefined) {
          const undone = header.undoOf.stepKey ?? stepKeys.get(header.undoOf.scheduledEventId);
          const found = undone === undefined ? undefined : owed.get(undone);
          if (undone !== undefined && found !== undefined) {
            undoing.set(event.eventId, undone);
            found.undo.undoKey = undoKeyOf(state, header.key, event.eventId);
          }
        }
        break;
      }
      case 'ACTIVITY_TASK_COMPLETED': {
        const { scheduledEventId, result } = event.attributes;
        noteResult(owed.get(stepKeys.get(scheduledEventId) ?? ''), result);
        owed.delete(undoing.get(scheduledEventId) ?? '');
        break;
      }
      case 'ACTIVITY_TASK_FAILED':
      case 'ACTIVITY_TASK_TIMED_OUT':
        // An undo fails only by the decision of a person: it is settled.
        owed.delete(undoing.get(event.attributes.scheduledEventId) ?? '');
        break;
      default:
    }
  }
  return [...owed.values()].map(({ undo }) => undo);
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
  return owedUndosOf(state, events).filter(({ stepKey }) => own.has(stepKey) || (carried.has(stepKey) && openUndoKeys?.includes(stepKey) !== false));
}

function noteResult(found: Owed | undefined, result: JsonValue): void {
  if (found !== undefined) {
    found.undo.result = result;
  }
}

/** The key of an undo as an edit of its input left it. */
function undoKeyOf(state: RunState, headerKey: string | undefined, scheduledEventId: number): string {
  const open = state.openActivities.get(scheduledEventId);
  return open === undefined ? (headerKey ?? stepKeyOf(state, scheduledEventId)) : keyOf(state, open);
}
