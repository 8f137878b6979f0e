import { ApplicationFailure, condition, continueAsNew, defineSignal, proxyActivities, saga, setHandler, sleep, startChild, type UndoInput } from '@backstitch/workflow';

interface Steps {
  reserve(input: { order: string }): Promise<{ reservation: string }>;
  charge(input: { order: string }): Promise<{ charge: string }>;
  ship(input: { order: string }): Promise<{ shipment: string }>;
}
interface Undos {
  release(undo: UndoInput<{ order: string }, { reservation: string }>): Promise<void>;
  refund(undo: UndoInput<{ order: string }, { charge: string }>): Promise<void>;
}
const { reserve, charge, ship } = proxyActivities<Steps>({ taskQueue: 'shop', startToCloseTimeout: '30 seconds', retry: { jitter: 0 } });
const { release, refund } = proxyActivities<Undos>({ startToCloseTimeout: '30 seconds' });

/** One saga is complete; of another one the first step is done, and the second is begun when the signal comes. */
export async function twoSagas(order: string): Promise<string> {
  let goOn = false;
  setHandler(defineSignal('goOn'), () => void (goOn = true));
  await saga(async (s) => {
    await s.step(reserve, { order }, { undo: release });
  });
  return saga(async (s) => {
    await s.step(charge, { order }, { undo: refund });
    await condition(() => goOn);
    await s.step(reserve, { order: 'second' }, { undo: release });
    return 'done';
  });
}

/** A nested saga has returned: its step is the outer one's. */
export async function nestedThenWaits(order: string): Promise<void> {
  await saga(async (s) => {
    await s.saga((inner) => inner.step(reserve, { order }, { undo: release }));
    await sleep('1 hour');
  });
}

/** A step, the pivot, then steps that must succeed. */
export async function beyondPivot(order: string): Promise<string> {
  return saga(async (s) => {
    await s.step(reserve, { order }, { undo: release });
    await s.pivot(charge, { order });
    return (await s.step(ship, { order }, { undo: 'none' })).shipment;
  });
}

/** The saga ends in the task that ends the run. */
export async function plainSaga(order: string): Promise<string> {
  return saga(async (s) => (await s.step(reserve, { order }, { undo: release })).reservation);
}

/** Waits for ever with an undo open. */
export async function halfway(order: string): Promise<void> {
  await saga(async (s) => {
    await s.step(reserve, { order }, { undo: release });
    await sleep('30 days');
  });
}

export async function leavesItsChild(order: string): Promise<void> {
  let goOn = false;
  setHandler(defineSignal('goOn'), () => void (goOn = true));
  await startChild(halfway, { args: [order], workflowId: `child-of-${order}` });
  await condition(() => goOn);
}

/** One step in the first run; the next one inherits its undo, and fails in a way that is tried again. */
export async function carriesAndFails(round: number): Promise<void> {
  await saga(async (s) => {
    if (round === 0) {
      await s.step(reserve, { order: 'o' }, { undo: release });
      await continueAsNew<typeof carriesAndFails>(1);
    }
    await s.step(charge, { order: 'o' }, { undo: refund }).catch(() => {
      throw ApplicationFailure.retryable('to be tried again');
    });
  });
}

/** Activities under ids of the author's own. */
export async function ownIds(isTaken: boolean): Promise<string[]> {
  const named = proxyActivities<Steps>({ taskQueue: 'shop', startToCloseTimeout: '30 seconds', activityId: 'the-charge' });
  const first = named.charge({ order: 'a' });
  const second = isTaken ? [named.charge({ order: 'b' })] : [reserve({ order: 'b' })];
  const results = await Promise.all([first, ...second]);
  const again = await named.charge({ order: 'c' });
  return [...results, again].map((result) => JSON.stringify(result));
}

/** A saga that returns in the very task in which its step begins. */
export async function doesNotWait(order: string): Promise<void> {
  await saga(async (s) => void s.step(reserve, { order }, { undo: release }));
  await sleep('1 hour');
}
