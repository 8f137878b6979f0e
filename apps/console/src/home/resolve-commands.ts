import type { IncidentAction, IncidentKind } from '@backstitch/protocol';
import type { OpenIncident } from './overview.js';

/** What an incident of each kind means to an operator. */
export const KIND_EXPLANATIONS: Readonly<Record<IncidentKind, string>> = {
  UNDO_FAILED: 'An undo failed for good. The run waits for a decision.',
  UNDO_DELAYED: 'An undo has not succeeded for a long time. It is still tried again, and the incident ends by itself when it succeeds.',
  NONDETERMINISM: 'The workflow’s code does other things than its history records. The run is held; deploy code that fits, then retry.',
  WORKFLOW_TASK_FAILED: 'The workflow’s code threw, or took too long. The run is held; deploy a fix, then retry.',
  HISTORY_LIMIT: 'The history is as long as it may get. The run is held; raise the limit, then retry.',
  DRIFT: 'The workflow’s code gives other inputs or options than its history records, and this deployment does not let that pass. The run is held; deploy code that fits, then retry.',
  STEP_DELAYED: 'A step that must succeed, a pivot or one beyond it, has not succeeded for a long time. It is still tried again, and the incident ends by itself when it succeeds.',
  PIVOT_IN_DOUBT: 'A run ended while its pivot was under way, and nobody knows whether that has happened. This is the rollback, and it is held: find out, then retry lets it undo; if the pivot has happened, terminate it with the backstitch command.',
  BUILD_NOT_SERVED: 'The run waits for a build of the workflows’ code that no orchestrator runs. Start one, or set another build as the current one; the incident ends by itself.',
  QUEUE_NOT_SERVED: 'Nobody takes a step of this run off its queue. Start the service; the incident ends by itself.',
};

/** What each action does, in the order of how much it changes. */
const ACTION_EXPLANATIONS: Readonly<Record<IncidentAction, string>> = {
  retry: 'try it again as it is',
  edit: 'try it again with "value" as its input; refused once the first input has taken effect',
  skip: 'go on as if it had succeeded, with the result in "value"',
  fail: 'give it up: of an undo, the run goes on to its end as failed; of a step, its workflow is told so',
  rollback: 'end the run and undo its steps, without its code',
};

export interface ResolveCommand {
  action: IncidentAction;
  explanation: string;
  /** To be pasted into a shell that knows `$KEY` and `$REASON`; the gateway refuses an empty reason. */
  command: string;
}

/** What a person can do about an incident. What ends by itself and concerns no activity needs nothing. */
function actionsOf(kind: IncidentKind): readonly IncidentAction[] {
  switch (kind) {
    case 'NONDETERMINISM':
    case 'WORKFLOW_TASK_FAILED':
    case 'HISTORY_LIMIT':
    case 'DRIFT':
      return ['retry', 'rollback'];
    case 'PIVOT_IN_DOUBT':
      return ['retry'];
    case 'UNDO_FAILED':
    case 'UNDO_DELAYED':
    case 'STEP_DELAYED':
    case 'QUEUE_NOT_SERVED':
      return ['retry', 'edit', 'skip', 'fail'];
    case 'BUILD_NOT_SERVED':
      return [];
    default:
      return kind satisfies never;
  }
}

/** The gateway's calls that resolve an incident. */
export function resolveCommands(gatewayUrl: string, { workflowId, incidentNumber, kind }: OpenIncident): ResolveCommand[] {
  // A quote is the one character that encodeURIComponent leaves and single quotes of a shell do not.
  const run = encodeURIComponent(workflowId).replaceAll("'", '%27');
  return actionsOf(kind).map((action) => ({
    action,
    explanation: ACTION_EXPLANATIONS[action],
    command: `curl -X POST '${gatewayUrl}/workflows/${run}/incidents/${incidentNumber}/${action}' \\
  -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '${bodyOf(action)}'`,
  }));
}

function bodyOf(action: IncidentAction): string {
  const reason = `"reason": "'"$REASON"'"`;
  switch (action) {
    case 'retry':
    case 'fail':
    case 'rollback':
      return `{${reason}}`;
    case 'edit':
      // No JSON as it stands: the gateway refuses it until the input is filled in.
      return `{${reason}, "value": {…}}`;
    case 'skip':
      return `{${reason}, "value": null}`;
    default: {
      const unknownAction: never = action;
      throw new TypeError(`Unknown action ${String(unknownAction)}`);
    }
  }
}
