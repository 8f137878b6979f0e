import { describe, expect, it } from '@jest/globals';
import { CancelledFailure, WorkflowFailedError } from '@backstitch/client';
import { calledBack, copyUntilCancelled, hurried, undisturbed } from '../../test/harness-workflows/index.js';
import { inLibrary, LIVES, TASK_QUEUE as taskQueue } from '../../test/library.js';

describe.each(LIVES)('cancellation of a run %s', (_, life) => {
  it('given an activity at work, when the workflow is cancelled, then the activity hears of it, the workflow waits for that and cleans up', async () => {
    await inLibrary(async ({ workflow, environment, ledger, logged }) => {
      const handle = await workflow.start(copyUntilCancelled, { taskQueue, workflowId: 'w' });
      await environment.sleep('40 seconds');
      await handle.cancel();
      const error = await handle.result().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(WorkflowFailedError);
      expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
      expect(ledger).toMatchObject({ copied: [{ attempt: 1, from: 0, cancelled: true }], returned: ['all'] });
      expect(logged).toEqual(['cancelled along with its activity']);
    }, life);
  });

  it('given a scope that cannot be cancelled, when the workflow is cancelled, then it completes all the same', async () => {
    await inLibrary(async ({ workflow }) => {
      const handle = await workflow.start(undisturbed, { taskQueue, workflowId: 'w', args: ['emma'] });
      await handle.cancel();
      expect(await handle.result()).toBe('EMMA');
    }, life);
  });

  it('given a scope with a time limit, when its activity takes longer, then the activity is cancelled', async () => {
    await inLibrary(async ({ workflow, ledger }) => {
      expect(await workflow.execute(hurried, { taskQueue, workflowId: 'w' })).toBe('out of time');
      expect(ledger.copied).toEqual([{ attempt: 1, from: 0, cancelled: true }]);
    }, life);
  });

  it('given a callback by setTimeout, when time goes by, then it is called as a durable timer would be', async () => {
    await inLibrary(async ({ workflow }) => {
      expect(await workflow.execute(calledBack, { taskQueue, workflowId: 'w' })).toBe('late');
    }, life);
  });
});
