import { describe, expect, it } from '@jest/globals';
import { EngineHarness } from './engine-harness.js';
import { runMessengerConformance } from './run-messenger-conformance.js';
import { ScriptedSandbox, type WorkflowScript } from './scripted-sandbox.js';
import type { TestFramework } from './test-framework.js';

const listener: WorkflowScript = function* (workflow) {
  yield* workflow.until(() => workflow.signals.some(({ signalName }) => signalName === 'say'));
  return workflow.signals.find(({ signalName }) => signalName === 'say')?.args[0];
};

describe('an engine that carries its own calls', () => {
  runMessengerConformance({ describe, it, expect } as TestFramework, async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ listener }));
    const { engine, store } = kit;
    return {
      messenger: { send: async (calls) => engine.receive(calls) },
      listener: 'listener',
      start: async (workflowId) => ({ workflowId, runId: ((await kit.start('listener', workflowId)) as { runId: string }).runId }),
      history: async ({ runId }) => store.stored(runId)?.events ?? [],
      unreachable: async () => {
        store.unavailable = true;
        return { send: async (calls) => engine.receive(calls) };
      },
      dispose: async () => engine.close(),
    };
  });
});
