import { ActivityFailure, ApplicationFailure, condition, continueAsNew, log, proxyActivities, proxyLocalActivities, saga, setHandler, defineQuery, defineSignal, sleep, workflowInfo } from '@backstitch/workflow';
import type { Duration } from '@backstitch/workflow';
import type { LibraryActivities } from '../library-activities.js';

const { fetchBook, remindReader, copyPages, buyBook, returnBook, askLibrarian } = proxyActivities<LibraryActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '30s', backoffCoefficient: 1, maximumAttempts: 3 },
});
const { stamp } = proxyLocalActivities<LibraryActivities>({ startToCloseTimeout: '5s' });

/** One activity. */
export async function lend(title: string): Promise<string> {
  return `lent: ${await fetchBook(title)}`;
}

/** A local activity. */
export async function register(title: string): Promise<string> {
  return stamp(title);
}

/** Waits for somebody outside. */
export async function inquire(): Promise<string> {
  return `the librarian says: ${await askLibrarian()}`;
}

/** A long activity that reports how far it is. */
export async function copy(pages: number): Promise<number> {
  return copyPages(pages);
}

export const bringBack = defineSignal('bringBack');
export const remindersSent = defineQuery<number>('remindersSent');

/** Reminds every so often, until the book is back. */
export async function loan(every: Duration): Promise<number> {
  let isBack = false;
  let reminders = 0;
  setHandler(bringBack, () => void (isBack = true));
  setHandler(remindersSent, () => reminders);
  while (!(await condition(() => isBack, every))) {
    await remindReader();
    reminders += 1;
  }
  return reminders;
}

/** Begins itself again, with what it has counted. */
export async function countDown(from: number): Promise<string> {
  log.info('counting', { from });
  if (from > 0) {
    await sleep('1 hour');
    await continueAsNew<typeof countDown>(from - 1);
  }
  return workflowInfo().workflowId;
}

/** What was done is undone by hand when a later step fails. */
export async function acquire(title: string): Promise<void> {
  const undos: (() => Promise<unknown>)[] = [];
  try {
    await buyBook(title);
    undos.unshift(() => returnBook(title));
    await fetchBook('nothing');
  } catch (error) {
    for (const undo of undos) await undo();
    if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure) log.error(error.cause.message);
    throw error;
  }
}

/** Copies pages of a book that only one may have at a time. */
export async function copyAlone(title: string): Promise<number> {
  return saga(async ({ lock }) => {
    await lock(title);
    return copyPages(5);
  });
}
