import { heartbeat, sleep } from '@backstitch/activity';

export const tidied: string[][] = [];
export const quoteActivities = {
  /** Asks every few seconds. A carrier called `slow` never answers: `sleep` throws when the attempt is to be given up. */
  async askCarrier(carrier: string): Promise<string> {
    do {
      await sleep('5 seconds');
      heartbeat();
    } while (carrier === 'slow');
    return `${carrier}: 12.50`;
  },
  async tidyUp(carriers: string[]): Promise<void> {
    tidied.push(carriers);
  },
};
export type QuoteActivities = typeof quoteActivities;
