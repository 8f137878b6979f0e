import { AsyncLocalStorage, CancellationScope, CancelledFailure, condition, defineSignal, deprecatePatch, getRandomStream, patched, setHandler, sleep, Trigger, uuid4, workflowRandom } from '@backstitch/workflow';

export async function timeoutScopeWorkflow(): Promise<string> {
  try {
    await CancellationScope.withTimeout('1 minute', () => sleep('1 day'));
    return 'slept';
  } catch (error) {
    return (error as Error).name;
  }
}

export async function inTimeWorkflow(): Promise<string> {
  return CancellationScope.withTimeout('1 minute', async () => {
    await sleep(5);
    return 'in time';
  });
}

/** Beyond cancellation, but told of it. */
export async function shieldedWorkflow(): Promise<unknown[]> {
  const seen: unknown[] = [];
  await CancellationScope.nonCancellable(async () => {
    const scope = CancellationScope.current();
    const asked = scope.cancelRequested.catch((reason: unknown) => reason instanceof CancelledFailure);
    // eslint-disable-next-line backstitch/cancel-race-losers -- the race must leave the scope as it is
    seen.push(await Promise.race([asked, sleep(100).then(() => 'slept')]));
    seen.push(scope.consideredCancelled);
    await sleep(10);
    seen.push('slept all the same');
  });
  return seen;
}

/** A scope that is asked to cancel though it is not cancellable. */
export async function stubbornScopeWorkflow(): Promise<string> {
  const scope = new CancellationScope({ cancellable: false });
  const work = scope.run(() => sleep(10));
  scope.cancel();
  await work;
  return `slept, considered cancelled: ${scope.consideredCancelled}`;
}

export async function triggerWorkflow(): Promise<string> {
  const first = new Trigger<string>();
  void sleep(1).then(() => first.resolve('first'));
  const word = await first;
  const never = new Trigger<string>();
  return `${word} ${await never.then(
    () => 'resolved',
    (reason: Error) => reason.name,
  )}`;
}

export async function storageWorkflow(): Promise<unknown[]> {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [storage.getStore() ?? null];
  const branch = async (name: string, ms: number): Promise<void> =>
    storage.run(name, async () => {
      await sleep(ms);
      await CancellationScope.cancellable(async () => {
        await Promise.resolve();
        seen.push(storage.getStore());
      });
      storage.exit(() => seen.push(storage.getStore() ?? null));
      await condition(() => true);
      seen.push(storage.getStore());
    });
  await Promise.all([branch('a', 2), branch('b', 1)]);
  seen.push(storage.getStore() ?? null);
  return seen;
}

export async function streamsWorkflow(): Promise<unknown> {
  const before = Math.random();
  const stream = getRandomStream('mine');
  const inStream = await stream.with(async () => {
    await Promise.resolve();
    return [Math.random(), uuid4()];
  });
  const bytes = workflowRandom.fill(new Uint8Array(3));
  return { before, inStream, bytes: [...bytes], after: Math.random() };
}

export async function patchedWorkflow(): Promise<string> {
  const first = patched('new-way') ? 'new' : 'old';
  await sleep(1);
  const second = patched('new-way') ? 'new' : 'old';
  deprecatePatch('long-ago');
  return `${first} ${second}`;
}

/** Signals come before the workflow function is called, and a condition may hold between two of them only. */
export async function orderWorkflow(): Promise<number> {
  let count = 0;
  setHandler(defineSignal('count'), () => {
    count += 1;
    void sleep(100 + count);
  });
  void sleep(1);
  await condition(() => count === 1);
  return count;
}

/** Cancels in the middle of other work. */
export async function cancelOrderWorkflow(): Promise<void> {
  const scope = new CancellationScope();
  const work = scope.run(async () => sleep('1 day')).catch(() => undefined);
  await sleep(1);
  scope.cancel();
  void sleep(2);
  await work;
  await sleep(3);
}
