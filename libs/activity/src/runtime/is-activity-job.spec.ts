import { describe, expect, it } from '@jest/globals';
import { ENVELOPE_VERSION } from '@backstitch/protocol';
import fc from 'fast-check';
import { activityJobSchema } from './activity-job-schema.js';
import { isActivityJob } from './is-activity-job.js';

const JOB = {
  envelopeVersion: ENVELOPE_VERSION,
  kind: 'activity',
  workflowId: 'order-1',
  runId: 'run-1',
  workflowType: 'orderWorkflow',
  scheduledEventId: 5,
  activityId: '1',
  activityType: 'reserveStock',
  key: 'run-1/5',
  attempt: 1,
  dispatch: 1,
  input: [{ orderId: 'o1' }, null],
  undoOf: { key: 'run-1/3', activityType: 'chargePayment' },
  supersedesKey: 'run-1/4',
  scheduledAtMs: 1_700_000_000_000,
  startToCloseTimeoutMs: 10_000,
  heartbeatTimeoutMs: 1_000,
  scheduleToCloseDeadlineMs: 1_700_000_060_000,
  heartbeatDetails: { page: 7 },
  replyTo: 'inventory.outcomes',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

const agrees = (job: unknown) => expect({ job, passes: isActivityJob(job) }).toEqual({ job, passes: activityJobSchema.safeParse(job).success });

describe('isActivityJob', () => {
  it('given an envelope with all fields, when it is looked at, then it passes', () => {
    expect(isActivityJob(JOB)).toBe(true);
    agrees(JOB);
  });

  it('given an envelope in which one field is missing or something else, when it is looked at, then it passes if the schema says so, and only then', () => {
    const other = fc.oneof(fc.constantFrom(undefined, null, '', 0, -1, 1, 1.5, 2 ** 53, NaN, Infinity, true, [], {}, [undefined], { key: '', activityType: 'a' }, { key: 'k', activityType: 'a' }), fc.jsonValue(), fc.string());
    const field = fc.constantFrom(...Object.keys(JOB));
    fc.assert(
      fc.property(fc.array(fc.tuple(field, other, fc.boolean()), { minLength: 1, maxLength: 3 }), (changes) => {
        const job: Record<string, unknown> = { ...JOB };
        for (const [name, value, remove] of changes) {
          if (remove) delete job[name];
          else job[name] = value;
        }
        agrees(job);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([[null], [undefined], ['text'], [7], [[]], [{}]])('given %j, when it is looked at, then it does not pass', (data) => {
    expect(isActivityJob(data)).toBe(false);
    agrees(data);
  });
});
