import { proxyActivities, saga } from '@backstitch/workflow';
import type { TripActivities, TripUndos } from './trip-activities.js';

const { bookFlight, bookHotel, chargeCard } = proxyActivities<TripActivities>({ taskQueue: 'trips', startToCloseTimeout: '1 minute', retry: { maximumAttempts: 3 } });
const { cancelFlight, cancelHotel, refundCard } = proxyActivities<TripUndos>({ startToCloseTimeout: '1 minute' });

export interface Trip {
  traveller: string;
  city: string;
}

export async function bookTrip(trip: Trip): Promise<string[]> {
  return saga(async (s) => {
    const flight = await s.step(bookFlight, trip, { undo: cancelFlight });
    const hotel = await s.step(bookHotel, trip, { undo: cancelHotel });
    const charge = await s.step(chargeCard, trip, { undo: refundCard });
    return [flight, hotel, charge];
  });
}
