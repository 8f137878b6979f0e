import { CancellationScope, log, saga, sleep } from '@backstitch/workflow';
import { steps, undos } from './activities.js';

const { reserve, charge, ship } = steps();
const { release, refund, recall } = undos();

export async function chainWorkflow(order: string): Promise<string> {
  const { reservation } = await reserve({ order });
  await sleep('1 minute');
  const charged = await charge({ order });
  return `${reservation} ${charged.charge}`;
}

export async function sagaWorkflow(order: string, parallelUndo = false): Promise<string> {
  return saga({ parallelUndo }, async (s) => {
    const input = { order };
    await s.step(reserve, input, { undo: release });
    input.order = 'changed afterwards';
    await s.step(charge, { order }, { undo: refund });
    const { shipment } = await s.step(ship, { order }, { undo: recall });
    return shipment;
  });
}

export async function parallelSagaWorkflow(order: string): Promise<string> {
  return saga(async (s) => {
    const [{ reservation }] = await Promise.all([
      s.step(reserve, { order }, { undo: release }),
      s.step(charge, { order }, { undo: refund }),
    ]);
    return reservation;
  });
}

export async function stubbornBranchWorkflow(order: string): Promise<void> {
  await saga(async (s) => {
    const stubborn = CancellationScope.nonCancellable(async () => {
      await s.step(reserve, { order }, { undo: release });
      await s.step(ship, { order }, { undo: recall });
    });
    await Promise.all([stubborn, s.step(charge, { order }, { undo: refund })]);
  });
}

export async function silentStepWorkflow(order: string): Promise<void> {
  await saga(async (s) => {
    await s.step(reserve, { order }, { undo: 'none' });
    await s.step(charge, { order }, { undo: refund });
  });
}

export async function tidySagaWorkflow(order: string): Promise<void> {
  await saga({ onCompensating: (error) => log.warn(`undoing: ${error.name}`) }, async (s) => {
    await s.step(reserve, { order }, { undo: release });
    await sleep('1 hour');
  });
}

export async function undeclaredUndoWorkflow(order: string): Promise<void> {
  // @ts-expect-error a step must say how it is undone
  await saga((s) => s.step(reserve, { order }, {})); // eslint-disable-line backstitch/require-step-undo -- to see it refused
}
