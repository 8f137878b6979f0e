import { expect, it } from '@jest/globals';
import { StoreUnavailableError } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

const script: WorkflowScript = function* (workflow) {
  yield* workflow.sleep(60_000);
  return null;
};

// Found by the crash explorer: the caller was told that there is no such workflow.
it('given a start that is sent again and whose commit fails, when the workflow is signalled meanwhile, then the signal reaches the run that there is', async () => {
  const kit = new EngineHarness(new ScriptedSandbox({ w: script }));
  await kit.start('w', 'w');
  await kit.restart();
  let signalled: Promise<void> | undefined;
  kit.store.failNextCommit('before');
  kit.store.beforeCommit = () => {
    signalled ??= kit.engine.signal('w', 'hello', []);
  };
  await expect(kit.start('w', 'w')).rejects.toThrow(StoreUnavailableError);
  await signalled;
  expect(kit.history('w')).toContain('WORKFLOW_EXECUTION_SIGNALED');
});
