import { ApplicationFailure, CancelledFailure, rootCause, WorkflowFailedError } from '@backstitch/client';
import { ACQUIRE_LOCK_ACTIVITY, LOCKS_TASK_QUEUE, RELEASE_LOCK_ACTIVITY } from '@backstitch/protocol';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { bookGroupTrip } from '../../test/guides/sagas/group-trip.js';
import { refundedByHand } from '../../test/guides/sagas/mend.js';
import { bookTripPolitely } from '../../test/guides/sagas/polite-trip.js';
import { bookAlone } from '../../test/guides/sagas/seat.js';
import { tour } from '../../test/guides/sagas/tour.js';
import { journal, tripActivities, tripUndos } from '../../test/guides/sagas/trip-activities.js';
import { bookTrip } from '../../test/guides/sagas/trip.js';
import { Worker } from '../workflow-harness/index.js';
import { inGuide, openIncidentsOf, thrownBy, type Guide } from '../../test/in-guide.js';

const taskQueue = 'trips';
const ROME = { traveller: 'ann', city: 'Rome' };

async function inTrips(workflows: string, work: (guide: Guide) => Promise<void>): Promise<void> {
  await inGuide({ workflows: `sagas/${workflows}.ts`, taskQueue, activities: { ...tripActivities, ...tripUndos } }, work);
}

async function failureOf(promise: Promise<unknown>): Promise<Error | undefined> {
  const error = await thrownBy(promise);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause;
}

describe('the guide to sagas', () => {
  beforeEach(() => {
    journal.length = 0;
  });

  it('given a trip, when every step succeeds, then nothing is undone', async () => {
    await inTrips('trip', async ({ client }) => {
      expect(await client.workflow.execute(bookTrip, { workflowId: 't', taskQueue, args: [ROME] })).toEqual(['flight for ann', 'hotel for ann', 'charge for ann']);
      expect(journal).toEqual(['flight', 'hotel', 'charge']);
    });
  });

  it('given a trip, when its last step is refused, then all undos run in reverse order, that of the refused step first', async () => {
    await inTrips('trip', async ({ client }) => {
      const failure = await failureOf(client.workflow.execute(bookTrip, { workflowId: 't', taskQueue, args: [{ ...ROME, city: 'no charge' }] }));
      expect(rootCause(failure)).toBe('No charge to be had');
      expect(journal).toEqual(['flight', 'hotel', 'charge looked for', 'hotel undone', 'flight undone']);
    });
  });

  it('given a workflow that catches what the saga throws, when all is undone, then it ends well', async () => {
    await inTrips('polite-trip', async ({ client }) => {
      expect(await client.workflow.execute(bookTripPolitely, { workflowId: 't', taskQueue, args: [{ ...ROME, city: 'no hotel' }] })).toBe('not booked: No hotel to be had');
      expect(journal).toEqual(['flight', 'hotel looked for', 'flight undone']);
    });
  });

  it('given a saga within a saga, when it fails, then only its own steps are undone, and the second choice is booked', async () => {
    await inTrips('group-trip', async ({ client }) => {
      const answer = await client.workflow.execute(bookGroupTrip, { workflowId: 't', taskQueue, args: [{ ...ROME, city: 'no hotel' }, { traveller: 'ann', city: 'Bath' }] });
      expect(answer).toBe('flight for ann');
      expect(journal.slice(-4).sort()).toEqual(['charge', 'flight', 'hotel', 'tickets']);
      expect(journal.filter((entry) => entry === 'flight' || entry === 'flight undone')).toEqual(['flight', 'flight undone', 'flight']);
    });
  });

  it('given a pivot that is refused, when it has failed, then all is undone', async () => {
    await inTrips('group-trip', async ({ client }) => {
      const noCharge = { ...ROME, city: 'no charge' };
      const failure = await failureOf(client.workflow.execute(bookGroupTrip, { workflowId: 't', taskQueue, args: [noCharge, noCharge] }));
      expect(rootCause(failure)).toBe('No charge to be had');
      expect([...journal].sort()).toEqual(['flight', 'flight undone', 'hotel', 'hotel undone']);
    });
  });

  it('given a pivot that has succeeded, when a later step is refused again and again, then it is begun again, and nothing is undone', async () => {
    await inTrips('group-trip', async ({ client, environment }) => {
      const noTickets = { ...ROME, city: 'no tickets' };
      const handle = await client.workflow.start(bookGroupTrip, { workflowId: 't', taskQueue, args: [noTickets, noTickets] });
      await environment.sleep('10 minutes');
      const { status, raw } = await handle.describe();
      expect(status.name).toBe('RUNNING');
      expect(raw.activities.filter(({ activityType }) => activityType === 'sendTickets').length).toBeGreaterThan(5);
      expect([...journal].sort()).toEqual(['charge', 'flight', 'hotel']);
      await handle.terminate();
    });
  });

  it('given an undo that fails for good, when a person says that it was done by hand, then the run goes on to its end', async () => {
    await inTrips('trip', async ({ client, control, environment }) => {
      control.listIncidents = async () => ({ incidents: openIncidentsOf(environment) }) as never;
      const handle = await client.workflow.start(bookTrip, { workflowId: 't', taskQueue, args: [{ traveller: 'unlucky', city: 'no charge' }] });
      await environment.sleep('1 minute');
      expect((await handle.describe()).raw.incidents).toMatchObject([{ kind: 'UNDO_FAILED', failure: { message: 'The hotel does not know this booking' } }]);
      expect(await refundedByHand(control, 't', 'olga')).toBe(1);
      expect(rootCause(await failureOf(handle.result()))).toBe('No charge to be had');
      expect(journal).toEqual(['flight', 'hotel', 'charge looked for', 'flight undone']);
      expect((await handle.describe()).raw.incidents).toMatchObject([{ resolution: { action: 'skip', identity: 'olga', reason: 'The hotel has confirmed by phone' } }]);
    });
  });

  it('given an undo that fails for good, when a person gives it up, then the others run, and the failure lists it', async () => {
    await inTrips('trip', async ({ client, control, environment }) => {
      const handle = await client.workflow.start(bookTrip, { workflowId: 't', taskQueue, args: [{ traveller: 'unlucky', city: 'no charge' }] });
      await environment.sleep('1 minute');
      await control.resolveIncident('t', 1, 'fail', { reason: 'the hotel is gone', identity: 'olga' });
      const failure = await failureOf(handle.result());
      expect(failure).toBeInstanceOf(ApplicationFailure);
      expect(failure).toMatchObject({ type: 'SagaUndoFailed', details: [{ step: 'bookHotel', undo: 'cancelHotel' }] });
      expect(journal.at(-1)).toBe('flight undone');
    });
  });

  it('given a trip that hangs, when it is cancelled, terminated, or terminated with rollback, then it is undone, left, undone by a linked run', async () => {
    // Without the activity of its pivot the trip stays where it is.
    await inGuide({ workflows: 'sagas/group-trip.ts', taskQueue, activities: { ...tripActivities, ...tripUndos, chargeCard: undefined } }, async ({ client, control, environment }) => {
      const endings: Record<string, string[]> = {};
      for (const end of ['terminate', 'rollback'] as const) {
        journal.length = 0;
        const handle = await client.workflow.start(bookGroupTrip, { workflowId: end, taskQueue, args: [ROME, ROME] });
        await environment.sleep('1 minute');
        await handle.terminate('enough', { rollback: end === 'rollback' });
        await environment.sleep('1 minute');
        const { rollback } = (await handle.describe()).raw;
        expect(rollback !== undefined).toBe(end === 'rollback');
        if (rollback !== undefined) {
          expect(journal.slice(2)).toEqual([]);
          expect((await client.workflow.getHandle(rollback.workflowId).describe()).raw.incidents).toMatchObject([{ kind: 'PIVOT_IN_DOUBT' }]);
          await control.resolveIncident(rollback.workflowId, 1, 'retry', { reason: 'the card was not charged', identity: 'olga' });
          await environment.sleep('1 minute');
        }
        endings[end] = journal.slice(2).sort();
      }
      expect(endings).toEqual({ terminate: [], rollback: ['flight undone', 'hotel undone'] });
    });
    journal.length = 0;
    await inGuide({ workflows: 'sagas/trip.ts', taskQueue, activities: { ...tripActivities, ...tripUndos, chargeCard: async () => Promise.reject(new Error('not now')) } }, async ({ client, environment }) => {
      const handle = await client.workflow.start(bookTrip, { workflowId: 't', taskQueue, args: [ROME] });
      await environment.sleep(500);
      await handle.cancel();
      expect(await failureOf(handle.result())).toBeInstanceOf(CancelledFailure);
      expect(journal).toEqual(['flight', 'hotel', 'charge looked for', 'hotel undone', 'flight undone']);
    });
  });

  it('given a lock, when two sagas want it, then the second begins when the first has ended', async () => {
    await inTrips('seat', async ({ client, environment }) => {
      const locks = new Locks();
      const lockWorker = await Worker.create({ connection: environment.nativeConnection, taskQueue: LOCKS_TASK_QUEUE, activities: locks.activities });
      await lockWorker.runUntil(async () => {
        const both = ['first', 'second'].map(async (workflowId) => client.workflow.execute(bookAlone, { workflowId, taskQueue, args: [ROME] }));
        expect(await Promise.all(both)).toEqual(['flight for ann', 'flight for ann']);
      });
      expect(locks.log).toEqual(['acquired traveller-ann', 'released traveller-ann', 'acquired traveller-ann', 'released traveller-ann']);
    });
  });

  it('given a tour over three runs, when a later run fails, then the hotels of all runs are undone', async () => {
    await inTrips('tour', async ({ client, environment }) => {
      const stops = ['Rome', 'Pisa', 'no hotel'].map((city) => ({ traveller: 'ann', city }));
      const failure = await failureOf(client.workflow.execute(tour, { workflowId: 't', taskQueue, args: [stops] }));
      expect(rootCause(failure)).toBe('No hotel to be had');
      expect(environment.store.runIdsOf('t')).toHaveLength(3);
      expect(journal).toEqual(['hotel', 'hotel', 'hotel looked for', 'hotel undone', 'hotel undone']);
    });
  });
});

/** The orchestrator's locks, in memory: the second to ask waits. */
class Locks {
  readonly log: string[] = [];
  #last: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  readonly activities = {
    [ACQUIRE_LOCK_ACTIVITY]: async ({ name }: { name: string }): Promise<void> => {
      const before = this.#last;
      let release = (): void => undefined;
      this.#last = new Promise((resolve) => (release = resolve));
      await before;
      this.#release = release;
      this.log.push(`acquired ${name}`);
    },
    [RELEASE_LOCK_ACTIVITY]: async ({ input }: { input: { name: string } }): Promise<void> => {
      this.log.push(`released ${input.name}`);
      this.#release();
    },
  };
}
