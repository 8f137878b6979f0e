import { describe, expect, it } from '@jest/globals';
import { account, balance, closeAccount, deposit } from '../../test/guides/messages/account.js';
import { auctionActivities } from '../../test/guides/messages/auction-activities.js';
import { auction, bid, close, highest } from '../../test/guides/messages/auction.js';
import { placeBid } from '../../test/guides/messages/bidder.js';
import { inGuide, type GuideSetting } from '../../test/in-guide.js';

const AUCTION: GuideSetting = { workflows: 'messages/auction.ts', taskQueue: 'auctions', activities: auctionActivities };
const ACCOUNT: GuideSetting = { workflows: 'messages/account.ts', taskQueue: 'accounts', activities: {} };

describe('the guide to messages', () => {
  it('given an auction, when bids come, then each bidder is told, and the leader wins', async () => {
    await inGuide(AUCTION, async ({ client }) => {
      const handle = await client.workflow.start(auction, { workflowId: 'lot-1', taskQueue: 'auctions', args: [100] });
      expect(await handle.query(highest)).toBeNull();
      expect(await placeBid(client, 'lot-1', { bidder: 'ann', amountMinor: 90 })).toBe('Below the reserve; nobody leads');
      expect(await placeBid(client, 'lot-1', { bidder: 'ann', amountMinor: 150 })).toBe('leads');
      expect(await placeBid(client, 'lot-1', { bidder: 'bob', amountMinor: 120 })).toBe('is not enough');
      expect(await placeBid(client, 'lot-1', { bidder: 'broke', amountMinor: 900 })).toBe('Not enough funds; ann leads');
      await handle.signal(close, 'the house');
      expect(await handle.result()).toEqual({ bidder: 'ann', amountMinor: 150 });
      expect(await handle.query(highest)).toEqual({ bidder: 'ann', amountMinor: 150 });
    });
  });

  it('given a bid that was accepted, when the same update is sent again, then it joins the first, and a refused one leaves no trace', async () => {
    await inGuide(AUCTION, async ({ client, environment }) => {
      const handle = await client.workflow.start(auction, { workflowId: 'lot-1', taskQueue: 'auctions', args: [100] });
      const offer = { bidder: 'ann', amountMinor: 150 };
      await placeBid(client, 'lot-1', offer);
      const { length } = environment.store.storedByWorkflowId('lot-1').events;
      expect(await placeBid(client, 'lot-1', offer)).toBe('leads');
      await placeBid(client, 'lot-1', { bidder: 'bob', amountMinor: 1 });
      expect(environment.store.storedByWorkflowId('lot-1').events).toHaveLength(length);
      await handle.terminate();
    });
  });

  it('given an update under way, when the auction is closed, then it is finished first', async () => {
    await inGuide(AUCTION, async ({ client }) => {
      const handle = await client.workflow.start(auction, { workflowId: 'lot-1', taskQueue: 'auctions', args: [100] });
      const under = await handle.startUpdate(bid, { args: [{ bidder: 'ann', amountMinor: 150 }], waitForStage: 'ACCEPTED' });
      await handle.signal(close, 'the house');
      expect(await under.result()).toEqual({ leads: true });
      expect(await handle.result()).toEqual({ bidder: 'ann', amountMinor: 150 });
    });
  });

  it('given an account, when it takes more deposits than a run bears, then it continues as new and loses none', async () => {
    await inGuide(ACCOUNT, async ({ client, environment }) => {
      const handle = await client.workflow.start(account, { workflowId: 'a', taskQueue: 'accounts', args: [{ balanceMinor: 0, depositsPerRun: 3 }] });
      const current = client.workflow.getHandle('a');
      for (let amount = 1; amount <= 10; amount += 1) await current.signal(deposit, amount);
      expect(await current.query(balance)).toBe(55);
      expect(environment.store.runIdsOf('a').length).toBeGreaterThan(3);
      await current.signal(closeAccount);
      expect(await handle.result()).toBe(55);
    });
  });

  it('given an account, when its history is long, then it continues as new by itself', async () => {
    await inGuide({ ...ACCOUNT, replaysAlways: false }, async ({ client, environment }) => {
      await client.workflow.start(account, { workflowId: 'a', taskQueue: 'accounts', args: [{ balanceMinor: 0 }] });
      const current = client.workflow.getHandle('a');
      for (let round = 0; round < 2_200; round += 100) await Promise.all(Array.from({ length: 100 }, async () => current.signal(deposit, 1)));
      expect(await current.query(balance)).toBe(2_200);
      expect(environment.store.storedByWorkflowId('a').events.length).toBeLessThan(4_200);
      await current.terminate();
    });
  });
});
