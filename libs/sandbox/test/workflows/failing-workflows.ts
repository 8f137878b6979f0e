import { ApplicationFailure, saga } from '@backstitch/workflow';
import { steps, undos } from './activities.js';

export async function bugWorkflow(): Promise<void> {
  await steps().reserve({ order: 'o' });
  brokenHelper();
}

function brokenHelper(): void {
  (undefined as unknown as { missing: () => void }).missing();
}

export async function businessFailureWorkflow(): Promise<void> {
  throw ApplicationFailure.create({ message: 'out of stock', type: 'OutOfStock', nonRetryable: true, details: [{ sku: 'A' }], cause: new Error('deeper') });
}

export async function sagaBugWorkflow(): Promise<void> {
  await saga(async (s) => {
    await s.step(steps().reserve, { order: 'o' }, { undo: undos().release });
    brokenHelper();
  });
}
