import { proxyActivities, saga } from '@backstitch/workflow';
import type { TripActivities, TripUndos } from './trip-activities.js';
import type { Trip } from './trip.js';

const { bookFlight } = proxyActivities<TripActivities>({ taskQueue: 'trips', startToCloseTimeout: '1 minute' });
const { cancelFlight } = proxyActivities<TripUndos>({ startToCloseTimeout: '1 minute' });

/** One booking at a time for each traveller. */
export async function bookAlone(trip: Trip): Promise<string> {
  return saga(async (s) => {
    await s.lock(`traveller-${trip.traveller}`, { timeout: '1 hour' });
    return s.step(bookFlight, trip, { undo: cancelFlight });
  });
}
