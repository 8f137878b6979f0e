import { PAUSED_SIGNAL, ROLLBACK_STARTED_SIGNAL, UNPAUSED_SIGNAL, type HistoryEvent, type PauseSignal, type WorkflowExecution } from '@backstitch/protocol';
import { extrasOf } from './run-extras.js';
import type { RunState } from './run-state.js';

/** What Backstitch's own signals change in a run, besides incidents. */
export function noteReservedSignal(state: RunState, { attributes, eventTimeMs }: HistoryEvent<'WORKFLOW_EXECUTION_SIGNALED'>): void {
  switch (attributes.signalName) {
    case PAUSED_SIGNAL: {
      const { reason, identity } = attributes.input[0] as unknown as PauseSignal;
      extrasOf(state).paused = { reason, ...(identity === undefined ? {} : { identity }), sinceMs: eventTimeMs };
      return;
    }
    case UNPAUSED_SIGNAL:
      extrasOf(state).paused = undefined;
      return;
    case ROLLBACK_STARTED_SIGNAL:
      extrasOf(state).rollback = attributes.input[0] as unknown as WorkflowExecution;
      return;
    default:
  }
}

/** Remembers a signal that may come again, and lets a run begin that was to wait for its start delay. */
export function noteExternalSignal(state: RunState, event: HistoryEvent<'WORKFLOW_EXECUTION_SIGNALED'>): void {
  const { requestId, externalWorkflowExecution, externalInitiatedEventId } = event.attributes;
  const key = signalKey(requestId, externalWorkflowExecution?.runId, externalInitiatedEventId);
  if (key !== undefined) {
    (extrasOf(state).signalKeys ??= new Set<string>()).add(key);
  }
  if (state.taskDueAtMs !== undefined && state.taskDueAtMs > event.eventTimeMs && isStartDelay(state)) {
    state.taskDueAtMs = event.eventTimeMs;
  }
}

/** What tells whether a signal is the same one again; undefined: it is a new one. */
export function signalKey(requestId: string | undefined, senderRunId: string | undefined, initiatedEventId: number | undefined): string | undefined {
  if (requestId !== undefined) {
    return `request ${requestId}`;
  }
  return senderRunId === undefined || initiatedEventId === undefined ? undefined : `${senderRunId} ${initiatedEventId}`;
}

/** The pause was asked for at the start; it is no retry's backoff and no wait of a cron schedule. */
function isStartDelay({ extras }: RunState): boolean {
  const started = extras?.started;
  return started?.continuedExecutionRunId === undefined && started?.cronSchedule === undefined;
}
