import { describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

const YEAR_MS = 365 * 24 * 3_600_000;

const naps: WorkflowScript = function* (workflow, ...durationsMs) {
  for (const durationMs of durationsMs) {
    yield* workflow.sleep(Number(durationMs));
  }
  return workflow.activation.timestampMs;
};

function kitOf(): EngineHarness {
  return new EngineHarness(new ScriptedSandbox({ naps }));
}

describe('timers', () => {
  it('given a timer of thirty years, when it is due, then it fires, though the engine was restarted meanwhile', async () => {
    const kit = kitOf();
    const startedAtMs = kit.clock.now();
    await kit.start('naps', 'w', 30 * YEAR_MS);
    expect(kit.told('wakeAt')).toEqual([startedAtMs + 30 * YEAR_MS]);
    expect((await kit.describe('w')).timers).toEqual([{ timerId: '1', startedAtMs, firesAtMs: startedAtMs + 30 * YEAR_MS }]);
    await kit.restart();
    await kit.advance(30 * YEAR_MS - 1);
    expect((await kit.describe('w')).status).toBe('RUNNING');
    await kit.advance(1);
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: startedAtMs + 30 * YEAR_MS, timers: [] });
  });

  it('given several timers in turn, when each is due, then each arms the next', async () => {
    const kit = kitOf();
    const startedAtMs = kit.clock.now();
    await kit.start('naps', 'w', 1_000, 2_000, 0);
    await kit.advance(1_000);
    expect(kit.store.storedByWorkflowId('w').record.wakeAtMs).toBe(startedAtMs + 3_000);
    await kit.advance(2_000);
    await kit.advance(0);
    expect((await kit.describe('w')).status).toBe('COMPLETED');
    expect(kit.store.storedByWorkflowId('w').record.wakeAtMs).toBeUndefined();
  });

  it('given a run that is woken too early or twice, when nothing is due, then nothing is written', async () => {
    const kit = kitOf();
    const { runId } = (await kit.start('naps', 'w', 1_000)) as { runId: string };
    await kit.engine.wake([runId, runId, 'unknown']);
    expect(kit.store.commits.length).toBe(1);
  });

  it('given timers that are due together, when the run is woken, then they fire in order of their times, in one task', async () => {
    const together: WorkflowScript = function* (workflow) {
      const [late, early] = [workflow.startTimer(2_000), workflow.startTimer(1_000)];
      yield* workflow.until(() => workflow.hasFired(late) && workflow.hasFired(early));
      return null;
    };
    const kit = new EngineHarness(new ScriptedSandbox({ together }));
    await kit.start('together', 'w');
    await kit.advance(5_000);
    const fired = kit.store.storedByWorkflowId('w').events.filter(({ eventType }) => eventType === 'TIMER_FIRED');
    expect(fired.map(({ attributes }) => attributes)).toMatchObject([{ timerId: '2' }, { timerId: '1' }]);
    expect(kit.history('w').filter((type) => type === 'WORKFLOW_TASK_COMPLETED').length).toBe(2);
  });
});
