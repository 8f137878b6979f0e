import { describe, expect, it } from '@jest/globals';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy, type ScheduleHandle, type ScheduleOptions } from '@backstitch/client';
import { bringBack, lend, loan } from '../../test/harness-workflows/index.js';
import { inLibrary, TASK_QUEUE as taskQueue, type Library } from '../../test/library.js';

const DAY_MS = 86_400_000;
const dailyLoan: ScheduleOptions = {
  scheduleId: 'loans',
  spec: { intervals: [{ every: '1 day' }] },
  action: { type: 'startWorkflow', workflowType: loan, args: ['30 days'], taskQueue },
};

describe('schedules in skipped time', () => {
  it('given an interval, when days go by, then a workflow is started each day, and what it came to can be read', async () => {
    await inLibrary(async ({ environment, workflow, ledger }) => {
      const schedule = await environment.client.schedule.create({
        scheduleId: 'daily',
        spec: { intervals: [{ every: '1 day' }] },
        action: { type: 'startWorkflow', workflowType: lend, args: ['emma'], taskQueue },
      });
      await environment.sleep('3 days');
      const { info } = await schedule.describe();
      expect(info.numActionsTaken).toBe(3);
      expect(ledger.fetched).toEqual(['emma', 'emma', 'emma']);
      const [first] = info.recentActions;
      expect(await workflow.getHandle(first?.action.workflow.workflowId ?? '').result()).toBe('lent: EMMA');
      expect(info.nextActionTimes[0]?.getTime()).toBeGreaterThan(await environment.currentTimeMs());
      await schedule.delete();
      await environment.sleep('3 days');
      expect(ledger.fetched).toHaveLength(3);
      await expect(schedule.describe()).rejects.toBeInstanceOf(ScheduleNotFoundError);
    });
  });

  it('given a workflow that takes long, when it is due again, then it is skipped; and the buffered one starts when the first ends', async () => {
    await inLibrary(async ({ environment, workflow }) => {
      const schedule = await environment.client.schedule.create(dailyLoan);
      await environment.sleep('5 days');
      const { info } = await schedule.describe();
      expect(info).toMatchObject({ numActionsTaken: 1, numActionsSkippedOverlap: 4 });
      await schedule.update(({ policies, spec, action }) => ({ ...dailyLoan, policies: { ...policies, overlap: ScheduleOverlapPolicy.BUFFER_ONE }, spec, action: { ...action, args: ['30 days'] } }));
      await environment.sleep('1 day');
      expect((await schedule.describe()).info.numActionsTaken).toBe(1);
      await workflow.getHandle(runningOf(await schedule.describe())).signal(bringBack);
      await until(async () => (await schedule.describe()).info.numActionsTaken === 2);
    });
  });

  it('given a paused schedule, when time goes by, then nothing is started but what is triggered by hand; unpaused, it goes on', async () => {
    await inLibrary(async ({ environment }) => {
      const schedule = await environment.client.schedule.create({ ...dailyLoan, policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL }, state: { paused: true, note: 'not yet' } });
      await environment.sleep('2 days');
      expect((await schedule.describe()).info.numActionsTaken).toBe(0);
      await schedule.trigger();
      expect((await schedule.describe()).info.numActionsTaken).toBe(1);
      await schedule.unpause();
      await environment.sleep('1 day');
      const { info, state } = await schedule.describe();
      expect(info.numActionsTaken).toBe(2);
      expect(state.paused).toBe(false);
    });
  });

  it('given past times, when they are filled in, then their workflows are started, each with its time in its id', async () => {
    await inLibrary(async ({ environment }) => {
      const schedule = await environment.client.schedule.create({ ...dailyLoan, policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL } });
      const today = Math.floor((await environment.currentTimeMs()) / DAY_MS) * DAY_MS;
      await schedule.backfill({ start: new Date(today - 3 * DAY_MS), end: new Date(today - DAY_MS), overlap: ScheduleOverlapPolicy.ALLOW_ALL });
      const { info } = await schedule.describe();
      expect(info.numActionsTaken).toBe(3);
      expect(info.recentActions.map(({ action }) => action.workflow.workflowId)).toEqual([3, 2, 1].map((days) => `loans-workflow-${new Date(today - days * DAY_MS).toISOString().replace('.000Z', 'Z')}`));
    });
  });

  it('given several schedules, when they are listed, then all are there; an id that is taken is refused', async () => {
    await inLibrary(async ({ environment: { client } }) => {
      for (const scheduleId of ['b', 'a', 'c']) await client.schedule.create({ ...dailyLoan, scheduleId });
      const found: string[] = [];
      for await (const { scheduleId } of client.schedule.list({ pageSize: 2 })) found.push(scheduleId);
      expect(found).toEqual(['a', 'b', 'c']);
      await expect(client.schedule.create({ ...dailyLoan, scheduleId: 'b' })).rejects.toBeInstanceOf(ScheduleAlreadyRunning);
    });
  });
});

describe('lists in a test environment', () => {
  it('given workflows of several kinds, when they are listed and counted by a filter, then those that fit are found', async () => {
    await inLibrary(
      async ({ workflow }) => {
        await workflow.execute(lend, { taskQueue, workflowId: 'lent', args: ['emma'], searchAttributes: { CustomerId: ['17850'] } });
        await workflow.start(loan, { taskQueue, workflowId: 'open', args: ['30 days'], searchAttributes: { CustomerId: ['17850'] } });
        await workflow.start(loan, { taskQueue, workflowId: 'other', args: ['30 days'] });
        const listed = async (query: string): Promise<string[]> => ids({ workflow }, query);
        expect(await listed("CustomerId = '17850'")).toEqual(['lent', 'open']);
        expect(await listed("WorkflowType = 'loan' AND ExecutionStatus = 'Running' AND CustomerId = '17850'")).toEqual(['open']);
        expect(await listed("NOT (CustomerId = '17850') OR WorkflowId STARTS_WITH 'le'")).toEqual(['lent', 'other']);
        expect(await listed("CloseTime IS NULL AND WorkflowId NOT IN ('open')")).toEqual(['other']);
        expect(await listed('')).toHaveLength(3);
        const counted = await workflow.count('GROUP BY ExecutionStatus');
        expect(counted.count).toBe(3);
        expect(counted.groups.map(({ groupValues: [status], count }) => [status, count]).sort()).toEqual([['Completed', 1], ['Running', 2]]);
        await expect(listed("Nobody = 'x'")).rejects.toThrow(/known here/);
      },
      { searchAttributes: { CustomerId: 'Keyword' } },
    );
  });
});

async function ids({ workflow }: Pick<Library, 'workflow'>, query: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId } of workflow.list({ query, pageSize: 1 })) found.push(workflowId);
  return found.sort();
}

function runningOf({ info }: Awaited<ReturnType<ScheduleHandle['describe']>>): string {
  return info.runningActions[0]?.workflow.workflowId ?? '';
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
