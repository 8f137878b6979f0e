import { describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { encodePayload, encodePayloads, isEncodedPayload, type Activation, type ActivationInfo, type ActivationJob, type ActivationResult, type JsonValue, type PayloadCodec, type WorkflowCommand } from '@backstitch/protocol';
import { CodecSandbox } from './codec-sandbox.js';

const codec: PayloadCodec = {
  encode: (values) => values.map((value) => Buffer.from(JSON.stringify(value)).toString('base64')),
  decode: (values) => values.map((value) => JSON.parse(Buffer.from(String(value), 'base64').toString()) as JsonValue),
};
const secret = 'a secret';

/** What the inner sandbox was given, and what came of its answer. */
async function through(jobs: ActivationJob[], commands: WorkflowCommand[], memo: Record<string, JsonValue> = {}): Promise<{ given: Activation; result: ActivationResult }> {
  let given: Activation | undefined;
  const inner: Sandbox = {
    workflowTypes: new Set(['t']),
    activate: async ([activation]) => {
      given = activation;
      return [{ runId: 'r', status: 'completed', commands, logs: [], queryAnswers: [{ queryId: 'q', status: 'answered', result: secret }] }];
    },
    evict: async () => undefined,
    close: async () => undefined,
  };
  const [result] = await new CodecSandbox(inner, codec).activate([{ runId: 'r', timestampMs: 0, info: { memo } as unknown as ActivationInfo, jobs }]);
  return { given: given as Activation, result: result as ActivationResult };
}

describe('a sandbox behind a payload codec', () => {
  it('given jobs with encoded payloads, when they are applied, then the code sees what was encoded', async () => {
    const encoded = await encodePayload(codec, secret);
    const [args] = [await encodePayloads(codec, [secret])];
    const { given } = await through(
      [
        { type: 'initializeWorkflow', workflowType: 't', args, randomnessSeed: 's' },
        { type: 'signalWorkflow', signalName: 's', args },
        { type: 'doUpdate', updateId: 'u', updateName: 'u', args, runValidator: true },
        { type: 'queryWorkflow', queryId: 'q', queryName: 'q', args },
        { type: 'resolveActivity', seq: 1, resolution: { status: 'completed', result: encoded } },
        { type: 'resolveChildWorkflow', seq: 1, resolution: { status: 'failed', failure: { message: 'no', cause: { message: 'why', applicationFailureInfo: { details: args } } } } },
        { type: 'fireTimer', seq: 1 },
      ],
      [],
      { note: encoded, old: 'never encoded' },
    );
    expect(given.info.memo).toEqual({ note: secret, old: 'never encoded' });
    expect(given.jobs).toEqual([
      expect.objectContaining({ args: [secret] }),
      expect.objectContaining({ args: [secret] }),
      expect.objectContaining({ args: [secret] }),
      expect.objectContaining({ args: [secret] }),
      expect.objectContaining({ resolution: { status: 'completed', result: secret } }),
      expect.objectContaining({ resolution: { status: 'failed', failure: { message: 'no', cause: { message: 'why', applicationFailureInfo: { details: [secret] } } } } }),
      { type: 'fireTimer', seq: 1 },
    ]);
  });

  it('given commands, when they come out, then every payload in them is encoded and nothing of them can be read', async () => {
    const options = { taskQueue: 'q' } as never;
    const { result } = await through(
      [],
      [
        { type: 'scheduleActivity', seq: 1, activityType: 'a', args: [secret], options },
        { type: 'scheduleLocalActivity', seq: 2, activityType: 'a', args: [secret], options },
        { type: 'startChildWorkflow', seq: 1, workflowId: 'w', workflowType: 't', args: [secret], options: { memo: { note: secret } } as never },
        { type: 'signalExternalWorkflow', seq: 1, target: { workflowId: 'w' }, signalName: 's', args: [secret] },
        { type: 'continueAsNew', workflowType: 't', args: [secret], memo: { note: secret } },
        { type: 'upsertMemo', memo: { note: secret, gone: null } },
        { type: 'completeUpdate', updateId: 'u', outcome: { status: 'completed', result: secret } },
        { type: 'completeWorkflow', result: secret },
        { type: 'failWorkflow', failure: { message: 'no', applicationFailureInfo: { details: [secret] } } },
        { type: 'startTimer', seq: 1, durationMs: 5 },
      ],
    );
    expect(JSON.stringify(result)).not.toContain(secret);
    const { commands, queryAnswers } = result as Extract<ActivationResult, { status: 'completed' }>;
    expect(isEncodedPayload((commands[0] as { args: JsonValue[] }).args[0])).toBe(true);
    expect((commands[5] as { memo: Record<string, JsonValue> }).memo['gone']).toBeNull();
    expect(isEncodedPayload((queryAnswers[0] as { result: JsonValue }).result)).toBe(true);
    expect(commands[9]).toEqual({ type: 'startTimer', seq: 1, durationMs: 5 });
  });
});
