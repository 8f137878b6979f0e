import { describe, expect, it } from '@jest/globals';
import { ProblemGroups, type ReplayProblemOutcome } from './problem-groups.js';

const failed = (place: number, runId: string): ReplayProblemOutcome => ({
  workflowId: `w-${runId}`,
  runId,
  workflowType: 'order',
  status: 'taskFailed',
  events: 3,
  failure: { message: 'it threw', stackTrace: `Error: it threw\n    at order.ts:${place}:1` },
});

describe('groups of problems', () => {
  it('given more places than are kept apart, when a problem comes from one that is known, then it is counted there, and those of new places are one group', () => {
    const groups = new ProblemGroups();
    for (let place = 1; place <= 1_002; place += 1) groups.add(failed(place, `r${place}`));
    groups.add(failed(7, 'again'));
    const found = groups.inOrder();
    expect(found.find(({ at }) => at === 'order.ts:7:1')).toMatchObject({ runs: 2, first: { runId: 'r7' } });
    expect(found.find(({ first }) => first.runId === 'r1001')).toMatchObject({ runs: 2 });
    expect(found).toHaveLength(1_001);
  });
});
