import { expect, it } from '@jest/globals';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

const script: WorkflowScript = function* (workflow) {
  return { ...(yield* workflow.activity('act', [], { heartbeatTimeoutMs: 20_000 })) };
};

// Found by the crash explorer: the run was woken, written and due again at once, without end.
it('given a heartbeat time-out that is found late, when the attempt gets its time of grace, then the run wakes when that is over, and not before', async () => {
  const kit = new EngineHarness(new ScriptedSandbox({ one: script }));
  await kit.start('one', 'w');
  await kit.engine.deliver([kit.outcomeOf(kit.dispatcher.take('act'), { status: 'running' })]);
  await kit.advance(40_000);
  const nowMs = kit.clock.now();
  expect(kit.store.storedByWorkflowId('w').record.wakeAtMs).toBe(nowMs + 10_000);
  const commits = kit.store.commits.length;
  await kit.advance(5_000);
  expect(kit.store.commits).toHaveLength(commits);
  await kit.advance(5_000);
  expect(kit.store.storedByWorkflowId('w').attempts).toMatchObject([{ attempt: 2 }]);
});
