import { beforeAll, describe, expect, it } from '@jest/globals';
import { Replay, replayRuns, type ReplayOutcome, type RunHistory, type Sandbox } from '@backstitch/engine';
import { LOCAL_ACTIVITY_MARKER, type ActivationResult, type HistoryEvent } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type ScriptedWorkflow, type WorkflowScript } from '../scripted-sandbox.js';

const STEPS = 300;

/** One activity after the other, so that each is a workflow task; `change` is what a deployment has changed about some of them. */
const stepping = (change: (workflow: ScriptedWorkflow, step: number) => { type?: string; input?: string } | undefined = () => undefined): WorkflowScript =>
  function* (workflow) {
    for (let step = 1; step <= STEPS; step += 1) {
      const { type = 'step', input = `input ${step}` } = change(workflow, step) ?? {};
      yield* workflow.activity(type, [input]);
    }
    return 'done';
  };

const fail = (): never => {
  throw new Error('a bug');
};

/** A sandbox whose runs are forgotten just before certain activations, counted over all calls. */
function forgetting(inner: Sandbox, isForgottenBefore: (activation: number) => boolean): Sandbox {
  let count = 0;
  return {
    workflowTypes: inner.workflowTypes,
    activate: async (batch) => {
      const results: ActivationResult[] = [];
      for (const activation of batch) {
        count += 1;
        if (isForgottenBefore(count)) {
          await inner.evict([activation.runId]);
        }
        results.push(...(await inner.activate([activation])));
      }
      return results;
    },
    evict: (runIds) => inner.evict(runIds),
    close: () => inner.close(),
  };
}

describe('a long history', () => {
  let history: RunHistory;
  beforeAll(async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ long: stepping() }));
    const { runId } = (await kit.start('long', 'w')) as { runId: string };
    for (let step = 1; step <= STEPS; step += 1) {
      await kit.complete('step');
    }
    history = { workflowId: 'w', runId, events: [...kit.store.storedByWorkflowId('w').events] };
    expect(history.events.filter(({ eventType }) => eventType === 'WORKFLOW_TASK_COMPLETED').length).toBe(STEPS + 1);
  });

  /** Each task is told, and compared, before the next is read. */
  async function taskByTask(sandbox: Sandbox, { workflowId, runId, events }: RunHistory): Promise<Pick<Replay, 'problem' | 'drift'>> {
    const record = { workflowId, runId, workflowType: 'long', partition: 0, status: 'RUNNING' as const, startedAtMs: 0, nextEventId: 1, historySizeBytes: 0, openActivities: 0, openIncidents: 0, requestFingerprint: '', searchAttributes: {}, memo: {} };
    const limits = { eventsWarn: 4_096, bytesWarn: 4_194_304, eventsMax: 51_200, bytesMax: 52_428_800 };
    const replay = new Replay({ record, events, attempts: [], incidents: [] }, limits);
    for (;;) {
      const stretch = replay.next({ tasksMax: 1, bytesMax: 0 });
      if (stretch === undefined && replay.isOver) {
        return replay;
      }
      if (stretch !== undefined) {
        replay.accept(stretch, await sandbox.activate(stretch.tasks.map(({ activation }) => activation)));
      }
    }
  }

  const outcomeOf = async (sandbox: Sandbox, events: HistoryEvent[] = history.events): Promise<ReplayOutcome> => (await replayRuns([{ ...history, events }], sandbox))[0] as ReplayOutcome;

  const changes: [string, Parameters<typeof stepping>[0], ReplayOutcome['status']][] = [
    ['changes nothing', undefined, 'ok'],
    ['changes an input early', (_, step) => (step === 3 ? { input: 'other' } : undefined), 'drift'],
    ['changes inputs all over', (_, step) => (step % 70 === 0 ? { input: 'other' } : undefined), 'drift'],
    ['calls another activity first', (_, step) => (step === 1 ? { type: 'other' } : undefined), 'divergence'],
    ['calls another activity late', (_, step) => (step === 290 ? { type: 'other' } : undefined), 'divergence'],
    ['calls other activities often, and changes an input before', (_, step) => (step === 100 ? { input: 'other' } : step > 120 ? { type: 'other' } : undefined), 'divergence'],
    ['calls another activity, and throws soon after', (_, step) => (step === 140 ? { type: 'other' } : step === 142 ? fail() : undefined), 'divergence'],
    ['throws, and would have called another activity', (_, step) => (step === 141 ? { type: 'other' } : step === 140 ? fail() : undefined), 'taskFailed'],
    ['throws at once', fail, 'taskFailed'],
    ['throws in the last task', (_, step) => (step === STEPS ? fail() : undefined), 'taskFailed'],
  ];

  it.each(changes)('given code that %s, when the history is replayed stretch by stretch, then it comes to what it comes to task by task', async (_, change, status) => {
    const outcome = await outcomeOf(new ScriptedSandbox({ long: stepping(change) }));
    const { problem, drift } = await taskByTask(new ScriptedSandbox({ long: stepping(change) }), history);
    expect(outcome.status).toBe(status);
    const placeless = (differences: readonly object[]): object[] => differences.map((difference) => ({ ...difference, producedAt: undefined }));
    expect('drift' in outcome ? placeless(outcome.drift) : []).toEqual(placeless(problem?.kind === 'taskFailed' ? [] : drift));
    switch (outcome.status) {
      case 'divergence':
        expect(problem).toEqual({ kind: 'divergence', divergence: { ...outcome.divergence, producedAt: undefined } });
        break;
      case 'taskFailed':
        expect(problem).toEqual({ kind: 'taskFailed', failure: outcome.failure });
        break;
      case 'ok':
      case 'drift':
        expect(problem).toBeUndefined();
        break;
      default:
        throw new Error(outcome satisfies never);
    }
  });

  it.each([1, 2, 100, 128, 129, 200, 256, 257, 301])('given a sandbox that forgets the run before activation %i, when the history is replayed, then it begins again and fits', async (lost) => {
    expect(await outcomeOf(forgetting(new ScriptedSandbox({ long: stepping() }), (activation) => activation === lost))).toMatchObject({ status: 'ok' });
  });

  it('given a sandbox that forgets the run again and again, when the history is replayed, then that is what it comes to', async () => {
    const sandbox = forgetting(new ScriptedSandbox({ long: stepping() }), (activation) => activation % 150 === 0);
    expect(await outcomeOf(sandbox)).toMatchObject({ status: 'taskFailed', failure: { message: 'The sandbox keeps losing the run while it is replayed' } });
  });

  it('given a history that breaks off in a task, when the code differs before, then that counts, and else that it breaks off', async () => {
    const lastStarted = history.events.findLastIndex(({ eventType }) => eventType === 'WORKFLOW_TASK_STARTED');
    const events = history.events.slice(0, lastStarted + 1);
    expect(await outcomeOf(new ScriptedSandbox({ long: stepping() }), events)).toMatchObject({ status: 'taskFailed', failure: { message: `Event ${lastStarted + 2} of the history should complete a workflow task` } });
    expect(await outcomeOf(new ScriptedSandbox({ long: stepping((_, step) => (step === STEPS - 1 ? { type: 'other' } : undefined)) }), events)).toMatchObject({ status: 'divergence' });
  });

  it('given a history that cannot be read, when it is replayed with another, then no call of the sandbox is under way any more when that is told', async () => {
    const inner = new ScriptedSandbox({ long: stepping() });
    let [underWay, underWayAtEnd] = [0, -1];
    const slow: Sandbox = {
      workflowTypes: inner.workflowTypes,
      activate: async (batch) => {
        underWay += 1;
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        return inner.activate(batch);
      },
      evict: (runIds) => {
        underWayAtEnd = underWay;
        return inner.evict(runIds);
      },
      close: () => inner.close(),
    };
    const marker = { eventId: 12, eventTimeMs: 0, eventType: 'MARKER_RECORDED', attributes: { markerName: LOCAL_ACTIVITY_MARKER, details: {}, workflowTaskCompletedEventId: 10 } } as unknown as HistoryEvent;
    const unreadable = { ...renamed(history, 'unreadable'), events: [...history.events.slice(0, 11), marker] };
    await expect(replayRuns([history, unreadable], slow)).rejects.toThrow(TypeError);
    expect(underWayAtEnd).toBe(0);
  });

  it('given events with large payloads, when the history is replayed, then no call has more of them than a few mebibytes', async () => {
    const large = 'x'.repeat(400_000);
    const events = history.events.map((event) => (event.eventType === 'ACTIVITY_TASK_COMPLETED' ? { ...event, attributes: { ...event.attributes, result: large } } : event));
    const sandbox = new ScriptedSandbox({ long: stepping() });
    expect(await outcomeOf(sandbox, events.slice(0, 60 * 6 + 5))).toMatchObject({ status: 'ok' });
    expect(Math.max(...sandbox.batches.map((batch) => batch.length))).toBeLessThanOrEqual(7);
    expect(sandbox.batches.length).toBeGreaterThan(5);
  });

  it('given many histories, when they are replayed together, then each comes to what it does alone, and no call is much larger than for one', async () => {
    const scripts = { long: stepping((workflow, step) => (step === 30 && workflow.activation.runId.endsWith('3') ? { type: 'other' } : undefined)) };
    const runs = Array.from({ length: 12 }, (_, index) => ({ ...renamed(history, `run-${index}`), events: history.events.slice(0, 5 + 6 * (index * 20)) }));
    const sandbox = new ScriptedSandbox(scripts);
    const together = await replayRuns(runs, sandbox);
    const alone: ReplayOutcome[] = [];
    for (const run of runs) {
      alone.push(...(await replayRuns([run], new ScriptedSandbox(scripts))));
    }
    expect(together).toEqual(alone);
    expect(together.map(({ status }) => status).filter((status) => status === 'divergence').length).toBe(1);
    expect(Math.max(...sandbox.batches.map((batch) => batch.length))).toBeLessThanOrEqual(128);
  });

  it('given code that tells sinks and then differs, when the run is brought back, then what it told up to the difference is heard, and nothing beyond', async () => {
    const inner = new ScriptedSandbox({ long: stepping() });
    const telling: Sandbox = {
      workflowTypes: inner.workflowTypes,
      activate: async (batch) =>
        (await inner.activate(batch)).map((result) => (result.status === 'completed' ? { ...result, sinkCalls: [{ sinkName: 's', functionName: 'f', args: [] }] } : result)),
      evict: (runIds) => inner.evict(runIds),
      close: () => inner.close(),
    };
    const kit = new EngineHarness(telling);
    await kit.start('long', 'w');
    for (let step = 1; step <= 20; step += 1) {
      await kit.complete('step');
    }
    inner.replace('long', stepping((_, step) => (step === 8 ? { type: 'other' } : undefined)));
    kit.facts.length = 0;
    await kit.restart();
    await kit.complete('step');
    expect((await kit.describe('w')).incidents).toMatchObject([{ kind: 'NONDETERMINISM' }]);
    // Twice: a difference is looked at once more.
    expect(kit.told('workflowSinkCall').length).toBe(16);
  });
});

function renamed(history: RunHistory, runId: string): RunHistory {
  return { ...history, runId, workflowId: runId };
}
