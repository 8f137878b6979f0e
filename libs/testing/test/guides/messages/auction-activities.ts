import type { Bid } from './auction.js';

/** Functions serve as activities too. */
export const auctionActivities = {
  async checkFunds({ bidder }: Bid): Promise<boolean> {
    return bidder !== 'broke';
  },
};
export type AuctionActivities = typeof auctionActivities;
