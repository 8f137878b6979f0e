import { describe, expect, it } from '@jest/globals';
import { resolveRetryPolicy, type StartWorkflowRequest } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptContinued, ScriptedSandbox, ScriptFailed, type WorkflowScript } from '../scripted-sandbox.js';

const NO_JITTER = { jitter: 0, initialIntervalMs: 1_000 };

async function startWith(kit: EngineHarness, request: Partial<StartWorkflowRequest>): Promise<void> {
  await kit.engine.start([{ workflowId: 'w', workflowType: 'w', args: [], ...request }]);
  await kit.settled();
}

describe('continue as new', () => {
  const rounds: WorkflowScript = function* (workflow, round = 0) {
    const { searchAttributes, memo, lineage } = workflow.activation.info;
    workflow.queries.set('seen', () => ({ round, searchAttributes, memo, first: lineage?.firstExecutionRunId ?? null, before: lineage?.continuedFromRunId ?? null }));
    yield* workflow.until(() => workflow.signals.length > 0);
    return new ScriptContinued({ workflowType: 'w', args: [(round as number) + 1], ...(round === 1 ? { memo: { changed: true } } : {}) });
  };

  it('given a run that continues as new, when it has, then both runs stand in one commit, and the next has what it was given', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: rounds }), { searchAttributes: { Stage: 'Keyword' } });
    await startWith(kit, { args: [0], memo: { kept: 1 }, searchAttributes: { Stage: ['a'] } });
    await kit.engine.signal('w', 'go', []);
    await kit.settled();
    const [first, second] = kit.store.runIdsOf('w') as [string, string];
    const commit = kit.store.commits.find((appends) => appends.some(({ record }) => record.runId === second));
    expect(commit?.map(({ record, replaces, after }) => [record.runId, record.status, replaces, after])).toEqual([
      [first, 'CONTINUED_AS_NEW', undefined, undefined],
      [second, 'RUNNING', first, first],
    ]);
    expect(await kit.engine.query('w', 'seen', [])).toEqual({ round: 1, searchAttributes: { Stage: ['a'] }, memo: { kept: 1 }, first, before: first });
    await kit.restart();
    await kit.engine.signal('w', 'go', []);
    await kit.settled();
    expect(await kit.engine.query('w', 'seen', [])).toMatchObject({ round: 2, memo: { changed: true }, first, before: second });
    expect(await kit.engine.describe('w', first)).toMatchObject({ status: 'CONTINUED_AS_NEW', continuedToRunId: second });
    expect(await kit.engine.query('w', 'seen', [], { runId: first })).toMatchObject({ round: 0 });
  });

  it('given a crash directly after the commit, when the next run is woken, then it begins', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: rounds }));
    await startWith(kit, { args: [0] });
    kit.store.beforeCommit = (appends) => {
      if (appends.some(({ replaces }) => replaces !== undefined)) {
        kit.store.failNextCommit('after');
      }
    };
    await expect(kit.engine.signal('w', 'go', [])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    kit.store.beforeCommit = undefined;
    await kit.restart();
    expect(kit.store.runIdsOf('w').length).toBe(2);
    await kit.advance(0);
    expect(await kit.engine.query('w', 'seen', [])).toMatchObject({ round: 1 });
  });

  it('given another engine that was faster, when a run is to continue as new, then there is one next run', async () => {
    const sandbox = new ScriptedSandbox({ w: rounds });
    const kit = new EngineHarness(sandbox);
    await startWith(kit, { args: [0] });
    const other = new EngineHarness(new ScriptedSandbox({ w: rounds }), {}, kit);
    // Its run ids are others.
    Array.from({ length: 100 }, () => other.ids.runId());
    await Promise.all([kit.engine.signal('w', 'go', []), other.engine.signal('w', 'go', [])].map((sent) => sent.catch(() => undefined)));
    await Promise.all([kit.settled(), other.settled()]);
    const runs = kit.store.runIdsOf('w').map((runId) => kit.store.stored(runId)?.record);
    expect(runs.filter((run) => run?.status === 'RUNNING').length).toBe(1);
    expect(runs.slice(0, -1).every((run) => run?.status === 'CONTINUED_AS_NEW')).toBe(true);
  });

  it('given steps with undos, when the run continues as new, then what it names goes along with input and result', async () => {
    const undo = { activityType: 'undo', taskQueue: 'inventory.compensation', retryPolicy: resolveRetryPolicy({ jitter: 0 }) };
    const kit = new EngineHarness(
      new ScriptedSandbox({
        w: function* (workflow, round = 0) {
          const carried = workflow.activation.info.lineage?.carriedUndos ?? [];
          if (round === 1) {
            const [owed] = carried;
            workflow.schedule('undo', [{ input: owed?.input ?? null, result: owed?.result ?? null }]);
            const [command] = workflow.commands;
            Object.assign(command ?? {}, { undoOfStep: { key: owed?.stepKey, activityType: owed?.stepActivityType } });
            yield* workflow.ended(1);
            return carried.length;
          }
          yield* workflow.activity('step', [{ a: 1 }], { undo });
          yield* workflow.activity('step', [{ a: 2 }], { undo });
          return new ScriptContinued({ workflowType: 'w', args: [1], openUndoSeqs: [1] });
        },
      }),
    );
    await startWith(kit, { args: [0] });
    const job = await kit.complete('step', 'r1');
    await kit.complete('step', 'r2');
    await kit.settled();
    const taken = kit.dispatcher.take('undo');
    expect(taken).toMatchObject({ input: [{ input: { a: 1 }, result: 'r1' }], undoOf: { key: job.key, activityType: 'step' } });
    await kit.answer(taken, { status: 'completed', result: null });
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 1, activities: [{ undoOf: { key: job.key } }] });
  });
});

describe('retries of workflows', () => {
  const failing: WorkflowScript = function* (workflow, type = 'Flaky') {
    const { attempt = 1, lastFailure } = workflow.activation.info.lineage ?? {};
    yield* workflow.until(() => true);
    return attempt < 3 ? new ScriptFailed({ message: `attempt ${attempt}`, applicationFailureInfo: { type: type as string } }) : [attempt, lastFailure?.message ?? null];
  };

  it('given a retry policy, when a run fails, then another one begins after the pause, knowing how the one before failed', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: failing }));
    await startWith(kit, { args: ['Flaky'], retryPolicy: NO_JITTER });
    expect(kit.store.runIdsOf('w').length).toBe(2);
    await kit.advance(999);
    expect(kit.store.runIdsOf('w').length).toBe(2);
    await kit.restart();
    await kit.advance(1);
    expect(kit.store.runIdsOf('w').length).toBe(3);
    await kit.advance(2_000);
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: [3, 'attempt 2'] });
    const [first] = kit.store.runIdsOf('w') as [string];
    expect((await kit.engine.describe('w', first)).status).toBe('FAILED');
    expect(kit.store.stored(first)?.events.at(-1)?.attributes).toMatchObject({ retryState: 'IN_PROGRESS', newExecutionRunId: kit.store.runIdsOf('w')[1] });
  });

  it.each([
    ['attempts are exhausted', { retryPolicy: { ...NO_JITTER, maximumAttempts: 1 } }, 'MAXIMUM_ATTEMPTS_REACHED'],
    ['the failure is not to be retried', { retryPolicy: { ...NO_JITTER, nonRetryableErrorTypes: ['Flaky'] } }, 'NON_RETRYABLE_FAILURE'],
    ['the time of the chain is up', { retryPolicy: NO_JITTER, workflowExecutionTimeoutMs: 500 }, 'TIMEOUT'],
  ])('given that %s, when a run fails, then it stays failed', async (_, request, retryState) => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: failing }));
    await startWith(kit, { args: ['Flaky'], ...request });
    expect((await kit.describe('w')).status).toBe('FAILED');
    expect(kit.store.runIdsOf('w').length).toBe(1);
    expect(kit.store.storedByWorkflowId('w').events.at(-1)?.attributes).toMatchObject({ retryState });
  });
});

describe('time-outs of workflows', () => {
  const waiting: WorkflowScript = function* (workflow) {
    yield* workflow.activity('work');
    return null;
  };

  it('given a run time-out, when it passes, then the run is timed out, its attempts are given up, and with a retry policy another one begins', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: waiting }));
    await startWith(kit, { workflowRunTimeoutMs: 10_000, retryPolicy: { ...NO_JITTER, maximumAttempts: 2 } });
    await kit.restart();
    await kit.advance(10_000);
    const [first, second] = kit.store.runIdsOf('w') as [string, string];
    expect(await kit.engine.describe('w', first)).toMatchObject({ status: 'TIMED_OUT', continuedToRunId: second });
    await kit.advance(11_000);
    expect((await kit.describe('w')).status).toBe('TIMED_OUT');
    expect(kit.store.runIdsOf('w').length).toBe(2);
  });

  it('given an execution time-out, when a chain goes on, then its last run ends at that time', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: function* (workflow) {
      yield* workflow.sleep(6_000);
      return new ScriptContinued({ workflowType: 'w', args: [] });
    } }));
    await startWith(kit, { workflowExecutionTimeoutMs: 10_000 });
    await kit.advance(6_000);
    expect(kit.store.runIdsOf('w').length).toBe(2);
    await kit.advance(4_000);
    expect((await kit.describe('w')).status).toBe('TIMED_OUT');
  });
});

describe('cron', () => {
  it('given a cron schedule, when its times come, then a run begins each time, and gets the result of the one before', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: function* (workflow) {
      return ((workflow.activation.info.lineage?.lastResult as number | undefined) ?? 0) + 1;
    } }));
    await startWith(kit, { cronSchedule: '*/5 * * * *' });
    expect(kit.history('w')).toEqual(['WORKFLOW_EXECUTION_STARTED']);
    await kit.advance(299_999);
    expect(kit.history('w')).toEqual(['WORKFLOW_EXECUTION_STARTED']);
    await kit.advance(1);
    await kit.restart();
    await kit.advance(300_000);
    const results = kit.store.runIdsOf('w').map((runId) => kit.store.stored(runId)?.record.result ?? null);
    expect(results).toEqual([1, 2, null]);
    await kit.engine.terminate('w', 'no more');
    expect(kit.store.runIdsOf('w').length).toBe(3);
  });

  it('given a schedule that cannot be read, when a workflow is started with it, then the start is refused', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: function* () { return null; } }));
    expect(await kit.engine.start([{ workflowId: 'w', workflowType: 'w', args: [], cronSchedule: '61 * * * *' }])).toMatchObject([{ status: 'rejected', error: { code: 'INVALID_REQUEST' } }]);
  });
});

describe('a start delay', () => {
  const simple: WorkflowScript = function* (workflow) {
    yield* workflow.until(() => true);
    return workflow.signals.length;
  };

  it('given a start delay, when it has passed, then the first task runs', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: simple }));
    await startWith(kit, { startDelayMs: 5_000 });
    await kit.advance(4_999);
    expect((await kit.describe('w')).status).toBe('RUNNING');
    await kit.advance(1);
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 0 });
  });

  it('given a signal within the delay, when it comes, then the run begins at once', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: simple }));
    await startWith(kit, { startDelayMs: 5_000 });
    await kit.engine.signal('w', 'go', []);
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 1 });
  });
});
