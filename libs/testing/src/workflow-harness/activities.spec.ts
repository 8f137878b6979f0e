import { describe, expect, it } from '@jest/globals';
import { ActivityFailure, ApplicationFailure, WorkflowFailedError } from '@backstitch/client';
import { eventTypesOf, inLibrary, LIVES, openLibrary, TASK_QUEUE as taskQueue } from '../../test/library.js';
import { acquire, copy, copyAlone, inquire, lend, register } from '../../test/harness-workflows/index.js';

const HOUR_MS = 3_600_000;

describe.each(LIVES)('activities of a run %s', (_, life) => {
  it('given an activity, when a workflow calls it, then it gets what the function answers', async () => {
    await inLibrary(async ({ workflow, ledger }) => {
      expect(await workflow.execute(lend, { taskQueue, workflowId: 'w', args: ['emma'] })).toBe('lent: EMMA');
      expect(ledger.fetched).toEqual(['emma']);
    }, life);
  });

  it('given an activity that fails twice, when a workflow calls it, then it is tried again after each pause, which is skipped', async () => {
    await inLibrary(async ({ workflow, environment, ledger }) => {
      const begunAtMs = await environment.currentTimeMs();
      expect(await workflow.execute(lend, { taskQueue, workflowId: 'w', args: ['misplaced'] })).toBe('lent: MISPLACED');
      expect(ledger.fetched).toHaveLength(3);
      const tookMs = (await environment.currentTimeMs()) - begunAtMs;
      expect(tookMs).toBeGreaterThan(50_000);
      expect(tookMs).toBeLessThan(HOUR_MS);
    }, life);
  });

  it('given an activity that refuses, when a workflow fails of it, then the client sees the chain of causes', async () => {
    await inLibrary(async ({ workflow, ledger, logged }) => {
      const error = await workflow.execute(acquire, { taskQueue, workflowId: 'w', args: ['emma'] }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(WorkflowFailedError);
      const { cause } = error as WorkflowFailedError;
      expect(cause).toBeInstanceOf(ActivityFailure);
      expect((cause as ActivityFailure).activityType).toBe('fetchBook');
      expect(cause?.cause).toBeInstanceOf(ApplicationFailure);
      expect(cause?.cause).toMatchObject({ message: 'There is no such book', type: 'NoSuchBook', nonRetryable: true, details: ['nothing'] });
      expect(ledger).toMatchObject({ bought: ['emma'], returned: ['emma'] });
      expect(logged).toContain('There is no such book');
    }, life);
  });

  it('given a local activity, when a workflow calls it, then its history has a marker and no task', async () => {
    await inLibrary(async (library) => {
      expect(await library.workflow.execute(register, { taskQueue, workflowId: 'w', args: ['emma'] })).toBe('emma (stamped)');
      const types = eventTypesOf(library, 'w');
      expect(types).toContain('MARKER_RECORDED');
      expect(types).not.toContain('ACTIVITY_TASK_SCHEDULED');
    }, life);
  });

  it('given an activity that completes elsewhere, when the client completes it by its token, then the workflow goes on', async () => {
    await inLibrary(async ({ workflow, environment, ledger }) => {
      const handle = await workflow.start(inquire, { taskQueue, workflowId: 'w' });
      await environment.sleep(1_000);
      const [token] = ledger.taskTokens;
      await environment.client.activity.complete(token as Uint8Array, 'try the attic');
      expect(await handle.result()).toBe('the librarian says: try the attic');
    }, life);
  });

  it('given a worker that dies, when another one runs, then the activity goes on from its last heartbeat', async () => {
    const library = await openLibrary(life);
    const { environment, workflow, ledger } = library;
    const first = await library.worker();
    const firstRun = first.run();
    const handle = await workflow.start(copy, { taskQueue, workflowId: 'w', args: [20] });
    await environment.sleep(7_500);
    first.crash();
    await firstRun;
    expect(await (await library.worker()).runUntil(handle.result())).toBe(20);
    expect(ledger.copied).toEqual([
      { attempt: 1, from: 0 },
      { attempt: 2, from: 7 },
    ]);
    await environment.teardown();
  });

  it('given no worker, when a workflow has called an activity, then it waits until there is one', async () => {
    const library = await openLibrary(life);
    const idle = await library.worker();
    const handle = await library.workflow.start(lend, { taskQueue, workflowId: 'w', args: ['emma'] });
    await library.environment.sleep('1 minute');
    expect(library.ledger.fetched).toEqual([]);
    expect(await idle.runUntil(handle.result())).toBe('lent: EMMA');
    await library.environment.teardown();
  });

  it('given two sagas that want one lock, when both run, then the second begins when the first has ended; and no incident is left', async () => {
    await inLibrary(async ({ workflow, environment, ledger }) => {
      const begunAtMs = await environment.currentTimeMs();
      await Promise.all(['one', 'two'].map(async (workflowId) => workflow.execute(copyAlone, { taskQueue, workflowId, args: ['emma'] })));
      expect(ledger.copied).toHaveLength(2);
      expect((await environment.currentTimeMs()) - begunAtMs).toBeGreaterThanOrEqual(10_000);
      expect(await environment.connection.call({ method: 'GET', path: '/incidents', isIdempotent: true })).toEqual({ incidents: [] });
    }, life);
  });
});
