import { describe, expect, it } from '@jest/globals';
import { ChildWorkflowFailure, WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@backstitch/client';
import { countDown, parent, visitor } from '../../test/harness-workflows/index.js';
import { inLibrary, LIVES, openLibrary, TASK_QUEUE as taskQueue } from '../../test/library.js';

describe.each(LIVES)('what begins other runs, in a run %s', (_, life) => {
  it('given a workflow that continues as new, when its result is awaited, then it is that of the last run', async () => {
    await inLibrary(async ({ workflow, environment, logged }) => {
      const handle = await workflow.start(countDown, { taskQueue, workflowId: 'w', args: [3] });
      expect(await handle.result()).toBe('w');
      expect(environment.store.runIdsOf('w')).toHaveLength(4);
      expect(logged).toEqual(['counting', 'counting', 'counting', 'counting']);
    }, life);
  });

  it('given a parent, when it runs children, then it gets what each of them answers', async () => {
    await inLibrary(async ({ workflow }) => {
      expect(await workflow.execute(parent, { taskQueue, workflowId: 'w', args: ['Ann', 'Bob'] })).toEqual(['Ann of w', 'Bob of w']);
    }, life);
  });

  it('given a child that was started by its id, when another run signals it by that id, then it goes on', async () => {
    await inLibrary(async ({ workflow }) => {
      expect(await workflow.execute(visitor, { taskQueue, workflowId: 'w', args: ['host'] })).toBe('w was here');
    }, life);
  });

  it('given an id that is taken by a running workflow, when it is started again, then the start is refused', async () => {
    await inLibrary(async ({ workflow }) => {
      const handle = await workflow.start(countDown, { taskQueue, workflowId: 'w', args: [1] });
      await expect(workflow.start(countDown, { taskQueue, workflowId: 'w', args: [2] })).rejects.toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
      await handle.result();
      expect(await workflow.execute(countDown, { taskQueue, workflowId: 'w', args: [0] })).toBe('w');
    }, life);
  });

  it.each([
    ['v1', 'v2', 'v1', { bought: [], returned: ['old'] }],
    ['v2', 'v3', 'v2', { bought: ['new'], returned: [] }],
    ['v3', 'final', 'v2', { bought: ['new'], returned: [] }],
  ])('given a run of patched code %s, when the worker has %s, then the run goes on as it began', async (from, to, answer, done) => {
    const library = await openLibrary(life);
    const first = await library.worker(`patched-${from}`);
    const handle = await first.runUntil(async () => {
      const started = await library.workflow.start('rotate', { taskQueue, workflowId: 'w' });
      await library.environment.sleep('1 hour');
      return started;
    });
    expect(await (await library.worker(`patched-${to}`)).runUntil(handle.result())).toBe(answer);
    expect(library.ledger).toMatchObject(done);
    expect(library.environment.store.storedByWorkflowId('w').incidents).toEqual([]);
    await library.environment.teardown();
  });

  it('given a run that began before the patch, when the worker has code without the old way, then an incident holds it', async () => {
    const library = await openLibrary(life);
    await (await library.worker('patched-v1')).runUntil(async () => {
      await library.workflow.start('rotate', { taskQueue, workflowId: 'w' });
      await library.environment.sleep('1 hour');
    });
    await (await library.worker('patched-v3')).runUntil(library.environment.sleep('2 days'));
    expect(library.environment.store.storedByWorkflowId('w').incidents).toMatchObject([{ kind: 'NONDETERMINISM' }]);
    await library.environment.teardown();
  });

  it('given a parent whose child fails, when its result is awaited, then the chain of causes names the child', async () => {
    await inLibrary(async ({ workflow }) => {
      const error = await workflow.execute(parent, { taskQueue, workflowId: 'w', args: [''] }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(WorkflowFailedError);
      expect((error as WorkflowFailedError).cause).toBeInstanceOf(ChildWorkflowFailure);
    }, life);
  });
});
