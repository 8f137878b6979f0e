import { WorkflowUpdateFailedError, type Client } from '@backstitch/client';
import { bid, highest, type Bid } from './auction.js';

/** Answers whether the offer leads, or why it was refused. */
export async function placeBid(client: Client, auctionId: string, offer: Bid): Promise<string> {
  const handle = client.workflow.getHandle(auctionId);
  try {
    // The same id again joins the update that was accepted before: safe to repeat.
    const { leads } = await handle.executeUpdate(bid, { args: [offer], updateId: `${offer.bidder}-${offer.amountMinor}` });
    return leads ? 'leads' : 'is not enough';
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const leader = await handle.query(highest);
    return `${error.cause?.message ?? 'refused'}; ${leader?.bidder ?? 'nobody'} leads`;
  }
}
