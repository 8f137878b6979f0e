import { CancellationScope, isCancellation, proxyActivities } from '@backstitch/workflow';
import type { QuoteActivities } from './quote-activities.js';

const { askCarrier, tidyUp } = proxyActivities<QuoteActivities>({ startToCloseTimeout: '1 hour', heartbeatTimeout: '10 seconds', cancellationType: 'TRY_CANCEL' });

/** The first carrier that answers; the others are called off. None within a minute: null. */
export async function firstQuote(carriers: string[]): Promise<string | null> {
  try {
    return await CancellationScope.withTimeout('1 minute', async () => {
      const asking = new CancellationScope();
      try {
        return await asking.run(() => Promise.race(carriers.map((carrier) => askCarrier(carrier))));
      } finally {
        asking.cancel();
      }
    });
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => tidyUp(carriers));
    // The whole workflow was cancelled: let it end so.
    if (CancellationScope.current().consideredCancelled) throw error;
    return null;
  }
}
