import { allHandlersFinished, ApplicationFailure, condition, defineQuery, defineSignal, defineUpdate, proxyActivities, setHandler, sleep } from '@backstitch/workflow';
import type { LibraryActivities } from '../library-activities.js';

const { fetchBook } = proxyActivities<LibraryActivities>({ startToCloseTimeout: '1 minute' });

export const reserve = defineUpdate<number, [string]>('reserve');
export const receipt = defineUpdate<{ number: number }>('receipt');
export const reservations = defineQuery<string[]>('reservations');
export const close = defineSignal('close');

/** Takes reservations one after another, each with an activity. */
export async function desk(): Promise<string[]> {
  const titles: string[] = [];
  let isClosed = false;
  let queue: Promise<unknown> = Promise.resolve();
  setHandler(
    reserve,
    (title) => {
      const turn = queue.then(async () => {
        if (title === 'lost') throw ApplicationFailure.create({ message: 'That one is lost', type: 'Lost' });
        titles.push(await fetchBook(title));
        return titles.length;
      });
      queue = turn.catch(() => undefined);
      return turn;
    },
    {
      validator: (title) => {
        if (title === '') throw new ApplicationFailure('A title is needed');
      },
    },
  );
  setHandler(reservations, () => titles);
  setHandler(close, () => void (isClosed = true));
  await condition(() => isClosed);
  await condition(allHandlersFinished);
  return titles;
}

/** Answers the first half of what it does before the second is done. */
export async function purchase(): Promise<string> {
  let isPaid = false;
  setHandler(receipt, async () => {
    await condition(() => isPaid);
    return { number: 7 };
  });
  await sleep('20 ms');
  isPaid = true;
  await sleep('5 days');
  return 'delivered';
}
