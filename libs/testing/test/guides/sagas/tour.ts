import { ApplicationFailure, continueAsNew, proxyActivities, saga } from '@backstitch/workflow';
import type { TripActivities, TripUndos } from './trip-activities.js';
import type { Trip } from './trip.js';

const { bookHotel } = proxyActivities<TripActivities>({ taskQueue: 'trips', startToCloseTimeout: '1 minute', retry: { maximumAttempts: 1 } });
const { cancelHotel } = proxyActivities<TripUndos>({ startToCloseTimeout: '1 minute' });

/** One hotel a run. If the third is not to be had, all three are undone. */
export async function tour(stops: Trip[]): Promise<string> {
  return saga(async (s) => {
    const [stop, ...rest] = stops;
    if (stop === undefined) return 'booked';
    if (stop.city === '') throw ApplicationFailure.nonRetryable('A stop without a city', 'NoCity');
    await s.step(bookHotel, stop, { undo: cancelHotel });
    return continueAsNew<typeof tour>(rest);
  });
}
