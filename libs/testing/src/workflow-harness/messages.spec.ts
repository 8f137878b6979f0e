import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure, WithStartWorkflowOperation, WorkflowUpdateFailedError, WorkflowUpdateStage } from '@backstitch/client';
import { bringBack, close, desk, loan, purchase, receipt, remindersSent, reservations, reserve } from '../../test/harness-workflows/index.js';
import { eventTypesOf, inLibrary, LIVES, TASK_QUEUE as taskQueue } from '../../test/library.js';

describe.each(LIVES)('messages to a run %s', (_, life) => {
  it('given a workflow that waits, when days go by, then its timers fire in order, and a signal ends the wait at once', async () => {
    await inLibrary(async ({ workflow, environment, ledger }) => {
      const handle = await workflow.start(loan, { taskQueue, workflowId: 'w', args: ['30 days'] });
      expect(await handle.query(remindersSent)).toBe(0);
      await environment.sleep('100 days');
      expect(await handle.query(remindersSent)).toBe(3);
      const signalledAtMs = await environment.currentTimeMs();
      await handle.signal(bringBack);
      expect(await handle.result()).toBe(3);
      expect((await environment.currentTimeMs()) - signalledAtMs).toBeLessThan(86_400_000);
      expect(ledger.reminders).toBe(3);
      expect(await handle.query(remindersSent)).toBe(3);
    }, life);
  });

  it('given several updates at once, when their handlers wait for activities, then each gets its own answer, in turn', async () => {
    await inLibrary(async ({ workflow, ledger }) => {
      const handle = await workflow.start(desk, { taskQueue, workflowId: 'w' });
      const places = await Promise.all(['a', 'b', 'c'].map(async (title) => handle.executeUpdate(reserve, { args: [title] })));
      expect([...places].sort()).toEqual([1, 2, 3]);
      const started = await handle.startUpdate(reserve, { args: ['d'], waitForStage: WorkflowUpdateStage.ACCEPTED });
      expect(await started.result()).toBe(4);
      expect([...(await handle.query(reservations))].sort()).toEqual(['A', 'B', 'C', 'D']);
      await handle.signal(close);
      expect(await handle.result()).toHaveLength(4);
      expect([...ledger.fetched].sort()).toEqual(['a', 'b', 'c', 'd']);
    }, life);
  });

  it('given an update that its validator refuses, when it is sent, then the history stays as it is', async () => {
    await inLibrary(async (library) => {
      const handle = await library.workflow.start(desk, { taskQueue, workflowId: 'w' });
      const before = eventTypesOf(library, 'w');
      const error = await handle.executeUpdate(reserve, { args: [''] }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
      expect((error as WorkflowUpdateFailedError).cause?.message).toBe('A title is needed');
      expect(eventTypesOf(library, 'w')).toEqual(before);
      await handle.terminate();
    }, life);
  });

  it('given an update whose handler fails, when it is sent, then the caller gets the failure and the workflow goes on', async () => {
    await inLibrary(async ({ workflow }) => {
      const handle = await workflow.start(desk, { taskQueue, workflowId: 'w' });
      const error = await handle.executeUpdate(reserve, { args: ['lost'] }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
      expect((error as WorkflowUpdateFailedError).cause).toBeInstanceOf(ApplicationFailure);
      expect(await handle.executeUpdate(reserve, { args: ['emma'] })).toBe(1);
      await handle.signal(close);
      expect(await handle.result()).toEqual(['EMMA']);
    }, life);
  });

  it('given one call that starts and updates, when the first half is done, then it answers while the workflow goes on', async () => {
    await inLibrary(async ({ workflow }) => {
      const startWorkflowOperation = new WithStartWorkflowOperation(purchase, { taskQueue, workflowId: 'w', workflowIdConflictPolicy: 'FAIL' });
      expect(await workflow.executeUpdateWithStart(receipt, { startWorkflowOperation })).toEqual({ number: 7 });
      const handle = await startWorkflowOperation.workflowHandle();
      expect((await handle.describe()).status.name).toBe('RUNNING');
      expect(await handle.result()).toBe('delivered');
    }, life);
  });
});
