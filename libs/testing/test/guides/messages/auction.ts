import { allHandlersFinished, ApplicationFailure, condition, defineQuery, defineSignal, defineUpdate, proxyActivities, setHandler } from '@backstitch/workflow';
import type { AuctionActivities } from './auction-activities.js';

const { checkFunds } = proxyActivities<AuctionActivities>({ startToCloseTimeout: '10 seconds' });

export interface Bid {
  bidder: string;
  amountMinor: number;
}

export const close = defineSignal<[string]>('close');
export const highest = defineQuery<Bid | null>('highest');
export const bid = defineUpdate<{ leads: boolean }, [Bid]>('bid');

export async function auction(reserveMinor: number): Promise<Bid | null> {
  let leader: Bid | null = null;
  let closedBy: string | undefined;

  setHandler(highest, () => leader);
  setHandler(close, (who) => {
    closedBy = who;
  });
  setHandler(
    bid,
    async (offer) => {
      // Others may bid while this waits: look again afterwards.
      if (!(await checkFunds(offer))) throw ApplicationFailure.create({ message: 'Not enough funds', type: 'NoFunds' });
      if (offer.amountMinor <= (leader?.amountMinor ?? 0)) return { leads: false };
      leader = offer;
      return { leads: true };
    },
    {
      validator: ({ amountMinor }) => {
        if (closedBy !== undefined) throw new ApplicationFailure('The auction is over');
        if (amountMinor < reserveMinor) throw new ApplicationFailure('Below the reserve');
      },
    },
  );

  await condition(() => closedBy !== undefined);
  await condition(allHandlersFinished);
  return leader;
}
