import { describe, expect, it } from '@jest/globals';
import { LIMITS, OverloadedError, PayloadTooLargeError, SignalNameReservedError, WorkflowAlreadyClosedError, WorkflowNotFoundError } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

const collect: WorkflowScript = function* (workflow) {
  workflow.queries.set('signals', () => workflow.signals.map(({ signalName }) => signalName));
  workflow.queries.set('broken', () => {
    throw new Error('query broke');
  });
  yield* workflow.until(() => workflow.signals.some(({ signalName }) => signalName === 'end'));
  return workflow.signals.map(({ signalName, args }) => [signalName, ...args]);
};

function kitOf(options: ConstructorParameters<typeof EngineHarness>[1] = {}): EngineHarness {
  return new EngineHarness(new ScriptedSandbox({ collect }), { searchAttributes: { Customer: 'Keyword', Amount: 'Int' }, ...options });
}

describe('starting runs', () => {
  it('given a run, when the same start comes again, then the run is answered; another start under its id is a conflict', async () => {
    const kit = kitOf();
    const request = { workflowId: 'w', workflowType: 'collect', args: [{ a: 1, b: [2] }] };
    const [first] = await kit.engine.start([request]);
    const runId = (first as { runId: string }).runId;
    expect(await kit.engine.start([{ ...request, args: [{ b: [2], a: 1 }] }])).toEqual([{ status: 'existing', workflowId: 'w', runId, executionStatus: 'RUNNING' }]);
    expect(await kit.engine.start([{ ...request, args: [{ a: 2 }] }])).toEqual([{ status: 'conflict', workflowId: 'w', runId }]);
    expect(await kit.engine.start([{ ...request, args: [{ a: 2 }], requestFingerprint: 'mine' }])).toMatchObject([{ status: 'conflict' }]);
    // A run in memory is known to exist: neither code nor store is asked.
    expect(kit.store.commits.length).toBe(1);
  });

  it('given a run that another engine made, when it is started again, then the store tells', async () => {
    const kit = kitOf();
    const request = { workflowId: 'w', workflowType: 'collect', args: [], requestFingerprint: 'f' };
    await kit.engine.start([request]);
    await kit.engine.signal('w', 'end', []);
    await kit.restart();
    expect(await kit.engine.start([request, { ...request, requestFingerprint: 'g' }])).toMatchObject([{ status: 'existing', executionStatus: 'COMPLETED' }, { status: 'conflict' }]);
    expect((kit.sandbox as ScriptedSandbox).runIds()).toEqual([]);
  });

  it('given equal and unequal starts of one id in one call, when they are answered, then one run was made', async () => {
    const kit = kitOf();
    const request = { workflowId: 'w', workflowType: 'collect', args: [1] };
    const results = await kit.engine.start([request, request, { ...request, args: [2] }]);
    expect(results.map(({ status }) => status)).toEqual(['started', 'existing', 'conflict']);
    expect(kit.store.commits.flat().length).toBe(1);
  });

  it.each([
    ['an unknown workflow', { workflowType: 'nothing' }, 'WORKFLOW_TYPE_UNKNOWN'],
    ['an unknown search attribute', { searchAttributes: { Colour: ['red'] } }, 'SEARCH_ATTRIBUTE_UNKNOWN'],
    ['a search attribute of another type', { searchAttributes: { Amount: ['12'] } }, 'SEARCH_ATTRIBUTE_INVALID'],
    ['arguments that are too large', { args: ['x'.repeat(LIMITS.payloadBytesMax)] }, 'PAYLOAD_TOO_LARGE'],
    ['a memo that is too large', { memo: { x: 'x'.repeat(LIMITS.payloadBytesMax) } }, 'PAYLOAD_TOO_LARGE'],
    ['an empty workflow id', { workflowId: '' }, 'INVALID_REQUEST'],
  ])('given a start with %s among good ones, when they are started, then it alone is rejected', async (_, changes, code) => {
    const kit = kitOf();
    const good = { workflowId: 'w1', workflowType: 'collect', args: [], searchAttributes: { Customer: ['c'], Amount: [12] } };
    const results = await kit.engine.start([good, { ...good, workflowId: 'w2', ...changes }, { ...good, workflowId: 'w3' }]);
    expect(results).toMatchObject([{ status: 'started' }, { status: 'rejected', error: { code } }, { status: 'started' }]);
  });

  it('given a start that is not answered yet, when signals are sent, then the run gets them in order and in its first task', async () => {
    const kit = kitOf();
    const started = kit.start('collect', 'w');
    await Promise.all([started, kit.engine.signal('w', 'one', [1]), kit.engine.signal('w', 'two', [2]), kit.engine.signal('w', 'end', [])]);
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: [['one', 1], ['two', 2], ['end']] });
    expect(kit.history('w').filter((type) => type === 'WORKFLOW_TASK_COMPLETED').length).toBe(1);
  });

  it('given a start that turns out to exist, when a signal followed it, then the run that exists gets it', async () => {
    const kit = kitOf();
    await kit.start('collect', 'w');
    await kit.restart();
    const [started] = await Promise.all([kit.start('collect', 'w'), kit.engine.signal('w', 'one', [])]);
    expect(started.status).toBe('existing');
    expect(await kit.engine.query('w', 'signals', [])).toEqual(['one']);
  });

  it('given no run or a closed one, when it is signalled, then the caller learns why not', async () => {
    const kit = kitOf();
    await expect(kit.engine.signal('w', 'one', [])).rejects.toThrow(WorkflowNotFoundError);
    await kit.start('collect', 'w');
    await kit.engine.signal('w', 'end', []);
    await expect(kit.engine.signal('w', 'late', [])).rejects.toThrow(WorkflowAlreadyClosedError);
    await expect(kit.engine.cancel('w')).rejects.toThrow(WorkflowAlreadyClosedError);
    await expect(kit.engine.terminate('w', 'why')).rejects.toThrow(WorkflowAlreadyClosedError);
    await expect(kit.engine.signal('w', '__backstitch_x', [])).rejects.toThrow(SignalNameReservedError);
    await expect(kit.engine.signal('w', 'big', ['x'.repeat(LIMITS.payloadBytesMax)])).rejects.toThrow(PayloadTooLargeError);
  });

  it('given a full engine, when calls come, then they are refused, and outcomes wait for room', async () => {
    const kit = kitOf({ waitingMessagesMax: 3, concurrentBatchesMax: 1 });
    await kit.start('collect', 'w');
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    kit.store.beforeCommit = () => gate;
    const held = kit.engine.signal('w', 'first', []);
    await Promise.resolve();
    await Promise.resolve();
    const waiting = [1, 2, 3].map((number) => kit.engine.signal('w', `waits-${number}`, []));
    await expect(kit.engine.signal('w', 'refused', [])).rejects.toThrow(OverloadedError);
    await expect(kit.engine.start([{ workflowId: 'x', workflowType: 'collect', args: [] }])).rejects.toThrow(OverloadedError);
    const woken = kit.engine.wake(['a', 'b', 'c', 'd', 'e']);
    expect(kit.engine.pressure().waitingMessages).toBe(3);
    open();
    await Promise.all([held, ...waiting, woken]);
    expect(kit.engine.pressure().waitingMessages).toBe(0);
  });

  it('given a run, when it is asked, then it answers without a trace in its history, also after it has closed', async () => {
    const kit = kitOf();
    await kit.start('collect', 'w');
    await kit.engine.signal('w', 'one', []);
    const before = kit.history('w').length;
    expect(await kit.engine.query('w', 'signals', [])).toEqual(['one']);
    await expect(kit.engine.query('w', 'unknown', [])).rejects.toMatchObject({ code: 'QUERY_NOT_REGISTERED' });
    await expect(kit.engine.query('w', 'broken', [])).rejects.toMatchObject({ code: 'QUERY_FAILED', reason: 'query broke' });
    expect(kit.history('w').length).toBe(before);
    await kit.engine.signal('w', 'end', []);
    expect(await kit.engine.query('w', 'signals', [])).toEqual(['one', 'end']);
    await kit.restart();
    expect(await kit.engine.query('w', 'signals', [])).toEqual(['one', 'end']);
    expect((kit.sandbox as ScriptedSandbox).runIds()).toEqual([]);
  });

  it('given search attributes that the workflow changes, when it has run, then the record has them, and a bad one holds the run', async () => {
    const upsert: WorkflowScript = function* (workflow) {
      workflow.commands.push({ type: 'upsertSearchAttributes', searchAttributes: { Amount: [7], Customer: [] } });
      yield* workflow.until(() => workflow.signals.length > 0);
      workflow.commands.push({ type: 'upsertSearchAttributes', searchAttributes: { Colour: ['red'] } });
      return null;
    };
    const kit = new EngineHarness(new ScriptedSandbox({ upsert }), { searchAttributes: { Customer: 'Keyword', Amount: 'Int' } });
    await kit.engine.start([{ workflowId: 'w', workflowType: 'upsert', args: [], searchAttributes: { Customer: ['c'] } }]);
    expect(kit.store.storedByWorkflowId('w').record.searchAttributes).toEqual({ Amount: [7] });
    await kit.engine.signal('w', 'go', []);
    expect(await kit.describe('w')).toMatchObject({ status: 'RUNNING', incidents: [{ kind: 'WORKFLOW_TASK_FAILED', message: expect.stringContaining('Colour') }] });
  });

  it('given an engine that closes, when calls come, then they are refused, and what was under way is finished', async () => {
    const kit = kitOf();
    const started = kit.start('collect', 'w');
    await Promise.resolve();
    await kit.engine.close();
    expect((await started).status).toBe('started');
    await expect(kit.start('collect', 'x')).rejects.toThrow(OverloadedError);
    await expect(kit.engine.wake(['x'])).rejects.toThrow(OverloadedError);
  });
});
