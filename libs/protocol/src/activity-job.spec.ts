import { describe, expect, it } from '@jest/globals';
import { activityJobId, activityKey } from './activity-job.js';

describe('keys and job ids', () => {
  it('given a step, when its key is made, then it names run and event, and an edit makes another', () => {
    expect(activityKey('run', 5)).toBe('run/5');
    expect(activityKey('run', 5, 0)).toBe('run/5');
    expect(activityKey('run', 5, 1)).toBe('run/5/r1');
  });

  it('given attempts and dispatches of a step, when job ids are made, then they differ, and hold no colon and are no number', () => {
    const ids = [1, 2].flatMap((attempt) => [1, 2].map((dispatch) => activityJobId({ runId: '0198', scheduledEventId: 5, attempt, dispatch })));
    expect(new Set(ids).size).toBe(4);
    expect(ids.every((id) => !id.includes(':') && Number.isNaN(Number(id)))).toBe(true);
  });
});
