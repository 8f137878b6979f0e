import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { activityKey, ENVELOPE_VERSION, outcomesQueueOf, type ActivityJob, type ActivityOutcome, type OutcomeBatchJob } from './index.js';

const document = parse(readFileSync(new URL('../asyncapi.yaml', import.meta.url), 'utf8')) as { components: { schemas: Record<string, object> } };
const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
ajv.addVocabulary(['asyncapi', 'info', 'defaultContentType', 'channels', 'operations', 'components']);
ajv.addSchema(document, 'asyncapi');

/** What a schema of the published document says of a value: the places that break it. */
function violations(schema: string, value: unknown): string[] {
  const validate = ajv.getSchema(`asyncapi#/components/schemas/${schema}`);
  if (validate === undefined) throw new Error(`The document has no schema ${schema}.`);
  return validate(JSON.parse(JSON.stringify(value))) === true ? [] : (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
}

// Typed in full, so that a field that is added to the types and not to the document is seen here.
const job: Required<ActivityJob> = {
  envelopeVersion: ENVELOPE_VERSION,
  kind: 'activity',
  workflowId: 'order-1',
  runId: '0192f0c4-7f3e-7000-8000-000000000001',
  workflowType: 'orderWorkflow',
  scheduledEventId: 5,
  activityId: '1',
  activityType: 'releaseStock',
  key: activityKey('0192f0c4-7f3e-7000-8000-000000000001', 5),
  attempt: 2,
  dispatch: 1,
  input: [{ input: { orderId: '1' } }],
  undoOf: { key: 'step', activityType: 'reserveStock' },
  supersedesKey: 'old',
  scheduledAtMs: 1,
  startToCloseTimeoutMs: 30_000,
  heartbeatTimeoutMs: 1_000,
  scheduleToStartTimeoutMs: 5_000,
  scheduleToCloseDeadlineMs: 60_000,
  lastFailure: { message: 'no', cause: { message: 'why', timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } }, applicationFailureInfo: { type: 'OutOfStock', nonRetryable: true, details: [] } },
  heartbeatDetails: { row: 3 },
  replyTo: outcomesQueueOf('inventory.compensation'),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  headers: { trace: 't' },
};
const outcome: Required<ActivityOutcome> = {
  workflowId: job.workflowId,
  runId: job.runId,
  scheduledEventId: 5,
  attempt: 2,
  dispatch: 1,
  key: job.key,
  startedAtMs: 2,
  finishedAtMs: 3,
  identity: 'inventory@host:4711',
  repeated: true,
  heartbeatDetails: null,
  outcome: { status: 'completed', result: null },
};
const batchOf = (...outcomes: ActivityOutcome[]): OutcomeBatchJob => ({ envelopeVersion: ENVELOPE_VERSION, kind: 'outcomes', outcomes });

describe('the published description of the work wire', () => {
  it('given an attempt with every field, when it is checked, then it is allowed and every field is described', () => {
    expect(violations('ActivityJob', job)).toEqual([]);
    expect(Object.keys(describedFields('ActivityJob')).sort()).toEqual(Object.keys(job).sort());
  });

  it('given outcomes of each kind, when they are checked, then they are allowed and every field is described', () => {
    const failed: ActivityOutcome = { ...outcome, outcome: { status: 'failed', failure: job.lastFailure } };
    const canceled: ActivityOutcome = { ...outcome, outcome: { status: 'canceled' } };
    const running: ActivityOutcome = { ...outcome, outcome: { status: 'running', completesOutside: true } };
    expect(violations('OutcomeBatchJob', batchOf(outcome, failed, canceled, running))).toEqual([]);
    expect(Object.keys(describedFields('ActivityOutcome')).sort()).toEqual(Object.keys(outcome).sort());
  });

  it.each([
    ['another version', { ...job, envelopeVersion: 2 }, '/envelopeVersion const'],
    ['no key', { ...job, key: undefined }, ' required'],
    ['an attempt 0', { ...job, attempt: 0 }, '/attempt minimum'],
    ['an undo without its step', { ...job, undoOf: {} }, '/undoOf required'],
  ])('given an attempt with %s, when it is checked, then it is refused', (_what, broken, where) => {
    expect(violations('ActivityJob', broken)).toContain(where);
  });

  it('given an outcome of no known kind, when it is checked, then it is refused', () => {
    expect(violations('OutcomeBatchJob', { ...batchOf(), outcomes: [{ ...outcome, outcome: { status: 'lost' } }] })).toContain('/outcomes/0/outcome oneOf');
  });
});

function describedFields(schema: string): object {
  return (document.components.schemas[schema] as { properties: object }).properties;
}
