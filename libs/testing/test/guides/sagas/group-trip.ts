import { proxyActivities, saga, type Saga } from '@backstitch/workflow';
import type { TripActivities, TripUndos } from './trip-activities.js';
import type { Trip } from './trip.js';

const { bookFlight, bookHotel, chargeCard, sendTickets } = proxyActivities<TripActivities>({ taskQueue: 'trips', startToCloseTimeout: '1 minute', retry: { maximumAttempts: 3 } });
const { cancelFlight, cancelHotel } = proxyActivities<TripUndos>({ startToCloseTimeout: '1 minute' });

/** Both, or neither. */
async function bookBoth(s: Saga, trip: Trip): Promise<string> {
  const [flight] = await Promise.all([s.step(bookFlight, trip, { undo: cancelFlight }), s.step(bookHotel, trip, { undo: cancelHotel })]);
  return flight;
}

export async function bookGroupTrip(trip: Trip, secondChoice: Trip): Promise<string> {
  return saga({ parallelUndo: true }, async (s) => {
    // A saga within: if it fails, only its own steps are undone, and the body may try something else.
    const flight = await s.saga((first) => bookBoth(first, trip)).catch(() => bookBoth(s, secondChoice));
    // The point of no return: charged, nothing is undone any more. Refused for good, all is.
    await s.pivot(chargeCard, trip);
    await s.step(sendTickets, trip, { undo: 'none' });
    return flight;
  });
}
