import { ApplicationFailure } from '@backstitch/activity';
import type { UndoInput } from '@backstitch/workflow';
import type { Trip } from './trip.js';

/** What was done and undone, in order. */
export const journal: string[] = [];

function done(what: string, { city, traveller }: Trip): string {
  if (city === `no ${what}`) throw ApplicationFailure.nonRetryable(`No ${what} to be had`, 'NoneLeft');
  journal.push(what);
  return `${what} for ${traveller}`;
}

/** `result` is there if the step is known to have happened. */
function undone(what: string, { result }: UndoInput<Trip, string>): void {
  journal.push(result === undefined || result === null ? `${what} looked for` : `${what} undone`);
}

export const tripActivities = {
  async bookFlight(trip: Trip): Promise<string> {
    return done('flight', trip);
  },
  async bookHotel(trip: Trip): Promise<string> {
    return done('hotel', trip);
  },
  async chargeCard(trip: Trip): Promise<string> {
    return done('charge', trip);
  },
  async sendTickets(trip: Trip): Promise<string> {
    return done('tickets', trip);
  },
};
export type TripActivities = typeof tripActivities;

export const tripUndos = {
  async cancelFlight(undo: UndoInput<Trip, string>): Promise<void> {
    undone('flight', undo);
  },
  async cancelHotel(undo: UndoInput<Trip, string>): Promise<void> {
    if (undo.input.traveller === 'unlucky') throw ApplicationFailure.nonRetryable('The hotel does not know this booking', 'Unknown');
    undone('hotel', undo);
  },
  async refundCard(undo: UndoInput<Trip, string>): Promise<void> {
    undone('charge', undo);
  },
};
export type TripUndos = typeof tripUndos;
