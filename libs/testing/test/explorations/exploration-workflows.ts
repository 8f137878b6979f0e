import { ApplicationFailure, condition, defineSignal, proxyActivities, proxyLocalActivities, saga, setHandler, sleep, workflowInfo, type UndoInput } from '@backstitch/workflow';

interface Steps {
  reserve(input: { order: string }): Promise<{ reservation: string }>;
  charge(input: { order: string }): Promise<{ charge: string }>;
  ship(input: { order: string }): Promise<{ shipment: string }>;
  importRows(rows: number): Promise<number>;
}
interface Undos {
  release(undo: UndoInput): Promise<void>;
  refund(undo: UndoInput): Promise<void>;
  recall(undo: UndoInput): Promise<void>;
}

const { reserve, charge, ship } = proxyActivities<Steps>({ taskQueue: 'shop', startToCloseTimeout: '30 seconds' });
const { release, refund, recall } = proxyActivities<Undos>({ startToCloseTimeout: '30 seconds' });
const { importRows } = proxyActivities<Steps>({ taskQueue: 'shop', startToCloseTimeout: '10 minutes', heartbeatTimeout: '20 seconds' });
const { price } = proxyLocalActivities<{ price(order: string): Promise<number> }>({ startToCloseTimeout: '5 seconds' });
const { tryOnce } = proxyActivities<{ tryOnce(): Promise<void> }>({ startToCloseTimeout: '30 seconds', retry: { maximumAttempts: 1 } });

/** Two steps at once, then a third. */
export async function parallelOrder(order: string): Promise<void> {
  await saga(async (s) => {
    await Promise.all([s.step(reserve, { order }, { undo: release }), s.step(charge, { order }, { undo: refund })]);
    await s.step(ship, { order }, { undo: recall });
  });
}

const approve = defineSignal('approve');

/** A step, an approval within an hour, another step. */
export async function approvedOrder(order: string): Promise<void> {
  let isApproved = false;
  setHandler(approve, () => void (isApproved = true));
  await saga(async (s) => {
    await s.step(reserve, { order }, { undo: release });
    if (!(await condition(() => isApproved, '1 hour'))) throw ApplicationFailure.nonRetryable('nobody approved');
    await s.step(charge, { order }, { undo: refund });
  });
}

/** A function of the orchestrator's process between two steps. */
export async function pricedOrder(order: string): Promise<number> {
  return saga(async (s) => {
    await s.step(reserve, { order }, { undo: release });
    const priced = await price(order);
    await s.step(charge, { order }, { undo: refund });
    return priced;
  });
}

/** One long step that commits in slices. */
export async function rowImport(rows: number): Promise<number> {
  return importRows(rows);
}

/** Waits for what never comes. */
export async function waitsForEver(): Promise<void> {
  await sleep(1_000);
  await condition(() => false);
}

export async function triesOnce(): Promise<string> {
  try {
    await tryOnce();
    return 'worked';
  } catch {
    return 'failed';
  }
}

export async function changesItsMind(order: string): Promise<void> {
  await saga(async (s) => {
    await s.step(reserve, { order }, { undo: release });
    throw ApplicationFailure.nonRetryable('changed my mind');
  });
}

/** What it charges depends on whether it is replayed. */
export async function driftingOrder(): Promise<void> {
  await reserve({ order: workflowInfo().unsafe.isReplaying ? 'again' : 'once' });
  await sleep(1_000);
}

export async function loopsForEver(): Promise<void> {
  for (;;);
}
