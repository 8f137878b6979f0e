import { ActivityFailure, continueAsNew, executeChild, proxyActivities, saga, sleep, type UndoInput } from '@backstitch/workflow';

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

export async function pivotal(order: string): Promise<string> {
  return saga(async (s) => {
    await s.step(reserve, { order }, { undo: release });
    await s.pivot(charge, { order });
    await sleep('1 hour');
    return (await s.step(ship, { order }, { undo: 'none' })).shipment;
  });
}

export async function locked(order: string): Promise<string> {
  return saga(async (s) => {
    await s.lock(`order-${order}`);
    await s.step(reserve, { order }, { undo: release });
    return 'done';
  });
}

export async function nesting(order: string): Promise<void> {
  await saga(async (s) => {
    await s.saga((inner) => inner.step(reserve, { order }, { undo: release }));
    await s.step(charge, { order }, { undo: refund });
  });
}

export async function rounds(round: number): Promise<string> {
  return saga(async (s) => {
    if (round === 0) await s.step(reserve, { order: 'o' }, { undo: release });
    else await s.step(charge, { order: 'o' }, { undo: refund });
    if (round < 2) await continueAsNew<typeof rounds>(round + 1);
    return 'done';
  });
}

export async function familial(order: string): Promise<string> {
  try {
    await executeChild(nesting, { args: [order], workflowId: `child-of-${order}` });
    return 'done';
  } catch (error) {
    return `${(error as Error).name} ← ${((error as Error).cause as Error).name}${error instanceof ActivityFailure ? '!' : ''}`;
  }
}
