import { ActivityFailure, ApplicationFailure, CancellationScope, continueAsNew, saga, sleep } from '@backstitch/workflow';
import { steps, undos } from './activities.js';

const { reserve, charge, ship } = steps({ retry: { maximumAttempts: 3, nonRetryableErrorTypes: ['Refused'] } });
const { release, refund, recall } = undos();

export async function pivotWorkflow(order: string): Promise<string> {
  return saga(async (s) => {
    await s.step(reserve, { order }, { undo: release });
    await s.pivot(charge, { order });
    await sleep('1 hour');
    const { shipment } = await s.step(ship, { order }, { undo: recall });
    return shipment;
  });
}

export async function nestedSagaWorkflow(order: string): Promise<string> {
  return saga(async (s) => {
    await s.step(reserve, { order }, { undo: release });
    try {
      await s.saga(async (inner) => {
        await inner.step(charge, { order }, { undo: refund });
        if (order === 'inner fails') throw ApplicationFailure.nonRetryable('inner');
      });
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      return `only the inner one was undone: ${error.message}`;
    }
    await s.step(ship, { order }, { undo: recall });
    return 'done';
  });
}

export async function lockWorkflow(order: string): Promise<string> {
  return saga(async (s) => {
    await s.lock(`order-${order}`, { timeout: '1 hour' });
    await s.step(reserve, { order }, { undo: release });
    return 'done';
  });
}

export async function carryingWorkflow(round: number): Promise<string> {
  return saga(async (s) => {
    if (round === 0) await s.step(reserve, { order: 'o' }, { undo: release });
    else await s.step(charge, { order: 'o' }, { undo: refund });
    if (round < 2) await continueAsNew<typeof carryingWorkflow>(round + 1);
    return 'done';
  });
}

/** Fails without a saga of its own. */
export async function heirWorkflow(): Promise<void> {
  await sleep(1);
  throw ApplicationFailure.nonRetryable('no saga here');
}

/** Its first saga takes over what was left; then the run goes on. */
export async function settlingWorkflow(): Promise<void> {
  await saga(async () => sleep(1));
  await continueAsNew();
}

export async function untypedUndoWorkflow(): Promise<string> {
  return saga(async (s) => {
    // @ts-expect-error the undo of another step does not fit this one's result
    await s.step(reserve, { order: 'o' }, { undo: refund });
    // @ts-expect-error the input must be the activity's
    await s.pivot(charge, { orders: 'o' });
    return 'never';
  }).catch((error: unknown) => (error instanceof ActivityFailure ? 'failed' : 'else'));
}

/** Fails in the activation that begins a step: within reach of the cancellation, and beyond it. */
export async function hastySagaWorkflow(how: 'reachable' | 'nested' | 'shielded'): Promise<void> {
  await saga(async (s) => {
    const begin = async (): Promise<unknown> => s.step(reserve, { order: 'o' }, { undo: release });
    if (how === 'reachable') void begin();
    else if (how === 'nested') void CancellationScope.cancellable(() => CancellationScope.cancellable(begin));
    else void CancellationScope.nonCancellable(begin);
    throw ApplicationFailure.nonRetryable('at once');
  });
}
