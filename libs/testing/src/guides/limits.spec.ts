import { WorkflowFailedError } from '@backstitch/client';
import { describe, expect, it } from '@jest/globals';
import { account, balance, closeAccount, deposit } from '../../test/guides/messages/account.js';
import { pay } from '../../test/guides/failures/pay.js';
import { inGuide, thrownBy, type GuideSetting } from '../../test/in-guide.js';

const ACCOUNT: GuideSetting = { workflows: 'messages/account.ts', taskQueue: 'accounts', activities: {} };
const MEBIBYTES_3 = 'x'.repeat(3 * 1024 * 1024);

describe('the guide to limits', () => {
  it('given a history that is full, when another task is due, then the run is held; after a reset it goes on', async () => {
    await inGuide({ ...ACCOUNT, engine: { historyLimits: { eventsMax: 20 } } }, async ({ client, environment }) => {
      await client.workflow.start(account, { workflowId: 'a', taskQueue: 'accounts', args: [{ balanceMinor: 0 }] });
      const handle = client.workflow.getHandle('a');
      for (let amount = 1; amount <= 5; amount += 1) await handle.signal(deposit, amount).catch(() => undefined);
      const { raw } = await handle.describe();
      expect(raw).toMatchObject({ status: 'RUNNING', incidents: [{ kind: 'HISTORY_LIMIT' }] });
      expect(await thrownBy(handle.signal(deposit, 100))).toBeInstanceOf(Error);
      await environment.engine.reset('a', { eventId: 5, reason: 'too long', reapply: 'NONE' });
      expect(await handle.query(balance)).toBeLessThan(15);
      await handle.signal(closeAccount);
      expect((await handle.describe()).status.name).toBe('COMPLETED');
    });
  });

  it('given an argument of 3 MiB, when a workflow is started with it, then it is refused with its size', async () => {
    await inGuide({ workflows: 'failures/pay.ts', taskQueue: 'payments', activities: {} }, async ({ client }) => {
      const error = await thrownBy(client.workflow.start(pay, { workflowId: 'p', taskQueue: 'payments', args: [MEBIBYTES_3] }));
      expect(error).toMatchObject({ name: 'PayloadTooLargeError', bytes: MEBIBYTES_3.length + 4 });
    });
  });

  it('given a result of 3 MiB, when an activity answers it, then the activity fails for good', async () => {
    const activities = { charge: async () => Promise.resolve(MEBIBYTES_3) };
    await inGuide({ workflows: 'failures/pay.ts', taskQueue: 'payments', activities }, async ({ client }) => {
      const error = await thrownBy(client.workflow.execute(pay, { workflowId: 'p', taskQueue: 'payments', args: ['fine'] }));
      expect(error).toBeInstanceOf(WorkflowFailedError);
      expect((error as WorkflowFailedError).cause?.cause).toMatchObject({ type: 'BackstitchPayloadTooLarge' });
    });
  });
});
