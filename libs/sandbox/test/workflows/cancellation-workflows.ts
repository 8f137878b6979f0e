import { ActivityFailure, CancellationScope, CancelledFailure, isCancellation, sleep } from '@backstitch/workflow';
import { steps } from './activities.js';

export async function waitCancelWorkflow(): Promise<string> {
  return outcomeOf(() => steps().reserve({ order: 'o' }));
}

export async function tryCancelWorkflow(): Promise<string> {
  return outcomeOf(() => steps({ cancellationType: 'TRY_CANCEL' }).reserve({ order: 'o' }));
}

export async function abandonWorkflow(): Promise<string> {
  return outcomeOf(() => steps({ cancellationType: 'ABANDON' }).reserve({ order: 'o' }));
}

export async function namedTryCancelWorkflow(activityId?: string): Promise<string> {
  const options = { cancellationType: 'TRY_CANCEL' as const, ...(activityId !== undefined && { activityId }) };
  return steps(options).reserve({ order: 'o' }).then(
    () => 'came through',
    (error: unknown) => (error as ActivityFailure).activityId ?? 'none',
  );
}

async function outcomeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'came through';
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return `${error.name} caused by ${error.cause?.name}, cancellation: ${isCancellation(error)}`;
  }
}

/** Cleans up beyond cancellation, over several awaits; then a plain call must still be refused. */
export async function cleanUpWorkflow(): Promise<void> {
  const { reserve, charge, ship } = steps();
  try {
    await sleep('1 day');
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      await reserve({ order: 'o' });
      await charge({ order: 'o' });
    });
    const refused = await ship({ order: 'o' }).catch((reason: unknown) => reason);
    if (!(refused instanceof CancelledFailure)) throw new TypeError('ship was not refused');
    throw error;
  }
}

/** Swallows its cancellation. */
export async function deafWorkflow(): Promise<string> {
  await sleep('1 day').catch(() => undefined);
  return 'finished anyway';
}

/** Starts and cancels within one activation. */
export async function withdrawnWorkflow(): Promise<string> {
  const scope = new CancellationScope();
  const work = scope.run(() => Promise.all([sleep(1000), steps().reserve({ order: 'o' })]));
  scope.cancel();
  const refused = await work.catch((reason: unknown) => reason);
  return (refused as Error).name;
}
