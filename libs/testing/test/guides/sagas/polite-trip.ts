import { ActivityFailure } from '@backstitch/workflow';
import { bookTrip, type Trip } from './trip.js';

export async function bookTripPolitely(trip: Trip): Promise<string> {
  try {
    await bookTrip(trip);
    return 'booked';
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return `not booked: ${error.cause?.message}`;
  }
}
