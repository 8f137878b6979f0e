import { ActivityCancellationType, CancellationScope, isCancellation, log, proxyActivities, sleep } from '@backstitch/workflow';
import type { LibraryActivities } from '../library-activities.js';

const { copyPages, returnBook, fetchBook } = proxyActivities<LibraryActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Waits until its activity has heard that it is cancelled, then cleans up. */
export async function copyUntilCancelled(): Promise<void> {
  try {
    await copyPages(1_000);
  } catch (error) {
    if (isCancellation(error)) {
      log.info('cancelled along with its activity');
      await CancellationScope.nonCancellable(() => returnBook('all'));
    }
    throw error;
  }
}

/** Goes on whatever comes. */
export async function undisturbed(title: string): Promise<string> {
  return CancellationScope.nonCancellable(() => fetchBook(title));
}

/** Gives its activities so much time together. */
export async function hurried(): Promise<string> {
  try {
    await CancellationScope.withTimeout('5s', () => copyPages(1_000));
    return 'done';
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return 'out of time';
  }
}

/** A callback of the platform ends the wait. */
export async function calledBack(): Promise<string> {
  const begun = Date.now();
  await new Promise<void>((resolve) => setTimeout(resolve, 60_000));
  // eslint-disable-next-line backstitch/cancel-race-losers -- a timer is left over when the workflow ends
  await Promise.race([sleep('1 hour'), sleep('1 day')]);
  return Date.now() - begun >= 3_660_000 ? 'late' : 'early';
}
