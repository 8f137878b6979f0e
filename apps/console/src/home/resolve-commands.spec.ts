import { describe, expect, it } from '@jest/globals';
import type { OpenIncident } from './overview.js';
import { KIND_EXPLANATIONS, resolveCommands } from './resolve-commands.js';

const WHOLE_RUN = ['retry', 'rollback'];
const ONE_ACTIVITY = ['retry', 'edit', 'skip', 'fail'];

/** What the engine takes for an incident of each kind. */
const ACTIONS: Record<OpenIncident['kind'], string[]> = {
  NONDETERMINISM: WHOLE_RUN,
  WORKFLOW_TASK_FAILED: WHOLE_RUN,
  HISTORY_LIMIT: WHOLE_RUN,
  DRIFT: WHOLE_RUN,
  PIVOT_IN_DOUBT: ['retry'],
  UNDO_FAILED: ONE_ACTIVITY,
  UNDO_DELAYED: ONE_ACTIVITY,
  STEP_DELAYED: ONE_ACTIVITY,
  QUEUE_NOT_SERVED: ONE_ACTIVITY,
  BUILD_NOT_SERVED: [],
};

describe('the calls that resolve an incident', () => {
  it.each(Object.keys(ACTIONS) as OpenIncident['kind'][])('given an open incident of kind %s, when its calls are asked for, then they are those that are not refused', (kind) => {
    const incident: OpenIncident = { workflowId: "it's", runId: 'r', workflowType: 'order', incidentNumber: 3, kind, openedAtMs: 0, message: 'm' };
    const commands = resolveCommands('http://gateway', incident);
    expect(commands.map(({ action }) => action)).toEqual(ACTIONS[kind]);
    for (const { action, command } of commands) expect(command).toContain(`'http://gateway/workflows/it%27s/incidents/3/${action}'`);
    expect(KIND_EXPLANATIONS[kind]).not.toBe('');
  });
});
