import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { activityJobId, decodeFailure, decodePayload, ENCODED_PAYLOAD_KEY, encodePayload, encodePayloads, type JsonValue, type PayloadCodec } from '@backstitch/protocol';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ActivityHarness } from '../test/activity-harness.js';
import { until } from '../test/deferred.js';
import { activityInfo, ApplicationFailure, heartbeat } from './index.js';

const KEY = randomBytes(32);

/** AES-256-GCM: the same value is encoded otherwise each time. */
const cipher: PayloadCodec = {
  encode: (values) =>
    values.map((value) => {
      const iv = randomBytes(12);
      const sealing = createCipheriv('aes-256-gcm', KEY, iv);
      const text = Buffer.concat([sealing.update(JSON.stringify(value), 'utf8'), sealing.final()]);
      return Buffer.concat([iv, sealing.getAuthTag(), text]).toString('base64');
    }),
  decode: (values) =>
    values.map((value) => {
      const bytes = Buffer.from(String(value), 'base64');
      const opening = createDecipheriv('aes-256-gcm', KEY, bytes.subarray(0, 12));
      opening.setAuthTag(bytes.subarray(12, 28));
      return JSON.parse(Buffer.concat([opening.update(bytes.subarray(28)), opening.final()]).toString('utf8')) as JsonValue;
    }),
};

describe.each(queueBackendsUnderTest())('a service with a payload codec, with queues on %s', (backend) => {
  let harness: ActivityHarness;
  beforeAll(async () => {
    harness = await ActivityHarness.start(backend, { payloadCodec: cipher, functions: { activities: { echo: async (...args: unknown[]) => args } } });
  });
  beforeEach(() => harness.bench.reset());
  afterAll(() => harness.stop());

  it('given encoded arguments, when the handler runs, then it sees them as they were; its result leaves encoded', async () => {
    const input = await encodePayloads(cipher, ['secret', { amount: 7 }]);
    expect(JSON.stringify(input)).not.toContain('secret');
    const { outcome } = await harness.run(harness.job({ activityType: 'echo', input }));
    expect(JSON.stringify(outcome)).not.toContain('secret');
    expect(outcome).toEqual({ status: 'completed', result: { [ENCODED_PAYLOAD_KEY]: expect.any(String) } });
    expect(await decodePayload(cipher, (outcome as { result: JsonValue }).result)).toEqual(['secret', { amount: 7 }]);
  });

  it('given the same arguments encoded anew, when the step is delivered again, then it is the same step', async () => {
    const job = harness.job({ activityType: 'echo', input: await encodePayloads(cipher, ['again']) });
    await harness.run(job);
    expect(await harness.run({ ...job, dispatch: 2, input: await encodePayloads(cipher, ['again']) })).toMatchObject({ repeated: true, outcome: { status: 'completed' } });
  });

  it('given arguments from before there was a codec, when the handler runs, then it sees them as they are', async () => {
    const { outcome } = await harness.run(harness.job({ activityType: 'echo', input: ['old'] }));
    expect(await decodePayload(cipher, (outcome as { result: JsonValue }).result)).toEqual(['old']);
  });

  it('given an undo whose input is made of encoded payloads of its step, when it runs, then it sees them as they were', async () => {
    const step = harness.job({ activityType: 'reserve', input: await encodePayloads(cipher, [{ orderId: 'o9' }]) });
    const { outcome } = await harness.run(step);
    let seen: unknown;
    harness.bench.script = async () => {
      seen = activityInfo().undo;
      return null;
    };
    const result = (outcome as { result: JsonValue }).result;
    const undo = harness.undoJob(step, { activityType: 'scriptedUndo', input: [{ input: step.input[0] ?? null, result }] });
    expect((await harness.run(undo)).outcome).toMatchObject({ status: 'completed' });
    expect(seen).toMatchObject({ step: 'completed', stepResult: { reservationId: 'reservation-o9' } });
  });

  it('given a failure with details and a heartbeat, when they leave, then both are encoded, and the message can be read', async () => {
    harness.bench.script = async () => {
      heartbeat({ row: 'secret' });
      throw ApplicationFailure.nonRetryable('Refused.', 'Refused', 'secret');
    };
    const job = harness.job({ activityType: 'externalScripted', input: await encodePayloads(cipher, [null]), heartbeatTimeoutMs: 30_000 });
    const { outcome, heartbeatDetails } = await harness.run(job);
    await until('it is reported', () => harness.reportsOf(job).length > 0);
    expect(JSON.stringify([outcome, heartbeatDetails, harness.reportsOf(job)])).not.toContain('secret');
    if (outcome.status !== 'failed') throw new Error(`It is ${outcome.status}.`);
    expect(await decodeFailure(cipher, outcome.failure)).toMatchObject({ message: 'Refused.', applicationFailureInfo: { details: ['secret'] } });
    expect(await decodePayload(cipher, heartbeatDetails ?? null)).toEqual({ row: 'secret' });
    harness.bench.script = async () => activityInfo().heartbeatDetails as unknown;
    const next = await harness.run(harness.job({ activityType: 'externalScripted', input: [], heartbeatDetails: await encodePayload(cipher, 'half') }));
    expect(await decodePayload(cipher, (next.outcome as { result: JsonValue }).result)).toBe('half');
  });

  it('given arguments that the codec cannot decode, when the job comes, then the attempt fails so that it is tried again', async () => {
    const { outcome } = await harness.run(harness.job({ activityType: 'echo', input: [{ [ENCODED_PAYLOAD_KEY]: 'nonsense' }] }));
    expect(outcome).toMatchObject({ status: 'failed', failure: { message: 'The input could not be decoded.', applicationFailureInfo: { type: 'BackstitchPayloadCodec', nonRetryable: false } } });
    expect(await harness.queues.held('inventory', [activityJobId(harness.job({ activityType: 'echo' }))])).toEqual(new Set());
  });
});
