import { InvalidRequestError, RESERVED_SIGNAL_PREFIX, type HistoryEvent, type ResetWorkflowRequest } from '@backstitch/protocol';
import type { StoredRun } from './ports/history-store.js';
import type { NewRun } from './run/new-run.js';
import type { UnplacedEvent } from './run/unplaced-event.js';

/** Where a run's history is cut: its events up to there (a WORKFLOW_TASK_STARTED event) are kept. */
interface Cut {
  kept: HistoryEvent[];
  later: HistoryEvent[];
  scheduledEventId: number;
  startedEventId: number;
}

/**
 * A run that begins with another one's history up to a workflow task, and does that task anew.
 * @param target its ids; where it begins anew from
 * @throws InvalidRequestError no workflow task was completed up to there
 */
export function resetRun(
  base: StoredRun,
  { eventId, reason, identity, reapply = 'ALL' }: ResetWorkflowRequest,
  target: { workflowId: string; runId: string; partition: number; nowMs: number },
): NewRun {
  const { workflowId, runId, partition, nowMs } = target;
  const { kept, later, scheduledEventId, startedEventId } = cutAt(base.events, eventId);
  const by = identity === undefined ? {} : { identity };
  const events: HistoryEvent[] = kept.map((event) =>
    event.eventType === 'WORKFLOW_EXECUTION_STARTED' && event.attributes.workflowId !== workflowId ? { ...event, attributes: { ...event.attributes, workflowId } } : event,
  );
  const add = (event: UnplacedEvent): void =>
    void events.push({ ...event, eventId: events.length + 1, eventTimeMs: nowMs } as HistoryEvent);
  add({
    eventType: 'WORKFLOW_TASK_FAILED',
    attributes: { scheduledEventId, startedEventId, cause: 'RESET_WORKFLOW', reason, ...by, baseRunId: base.record.runId, newRunId: runId },
  });
  if (reapply === 'ALL') {
    reapplied(later).forEach(add);
  }
  const requestFingerprint = workflowId === base.record.workflowId ? base.record.requestFingerprint : runId;
  return { workflowId, runId, partition, requestFingerprint, replacesRunId: undefined, events };
}

function cutAt(events: readonly HistoryEvent[], eventId: number): Cut {
  const completed = events.findLast((event) => event.eventType === 'WORKFLOW_TASK_COMPLETED' && event.eventId <= eventId);
  if (completed?.eventType !== 'WORKFLOW_TASK_COMPLETED' || eventId > events.length) {
    throw new InvalidRequestError('/eventId', 'must be an event of the history, with a completed workflow task up to it');
  }
  const { scheduledEventId, startedEventId } = completed.attributes;
  return { kept: events.slice(0, startedEventId), later: events.slice(completed.eventId), scheduledEventId, startedEventId };
}

/** What came from outside after the cut and is to come again. */
function reapplied(later: readonly HistoryEvent[]): UnplacedEvent[] {
  return later.flatMap((event): UnplacedEvent[] => {
    switch (event.eventType) {
      case 'WORKFLOW_EXECUTION_SIGNALED':
        return event.attributes.signalName.startsWith(RESERVED_SIGNAL_PREFIX) ? [] : [{ eventType: event.eventType, attributes: event.attributes }];
      case 'WORKFLOW_EXECUTION_UPDATE_ADMITTED':
        return [{ eventType: event.eventType, attributes: event.attributes }];
      case 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED':
        return [{ eventType: 'WORKFLOW_EXECUTION_UPDATE_ADMITTED', attributes: { request: event.attributes.acceptedRequest, origin: 'REAPPLY' as const } }];
      default:
        return [];
    }
  });
}
