import { expect, it } from '@jest/globals';
import type { JsonValue } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

const script: WorkflowScript = function* (workflow) {
  return (yield* workflow.ended(workflow.scheduleLocal('compute', []))) as unknown as JsonValue;
};

async function untilQuiet(kit: EngineHarness): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await kit.settled();
  }
}

// Found by the crash explorer: the run was stuck in silence.
it('given a local activity under way in an orchestrator that is gone, when something is written to the run that needs no code, then recovery still finds it', async () => {
  const kit = new EngineHarness(new ScriptedSandbox({ w: script }));
  let calls = 0;
  kit.localActivities.functions.set('compute', async () => ((calls += 1) === 1 ? new Promise<JsonValue>(() => undefined) : 42));
  await kit.start('w', 'w');
  await untilQuiet(kit);
  expect(kit.store.runIdsWithOpenCalls()).toHaveLength(1);
  await kit.restart();
  await kit.engine.pause('w', { reason: 'a look at it' });
  await kit.engine.unpause('w', { reason: 'seen' });
  await kit.settled();
  expect(kit.store.runIdsWithOpenCalls()).toHaveLength(1);
  await kit.engine.resumeCalls(kit.store.runIdsWithOpenCalls());
  await untilQuiet(kit);
  expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: { status: 'completed', result: 42 } });
  expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
});
