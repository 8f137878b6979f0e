import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bundleWorkflows, createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { EngineHarness } from '../engine-harness.js';
import { refusal } from './order-script.js';

let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('../../test/workflows/saga-extras.ts', import.meta.url)) });
});

/** A kit that forgets the run before every message, so that each goes through replay. */
async function evictAll(kit: EngineHarness): Promise<void> {
  await kit.engine.evict(kit.store.commits.flat().map(({ record }) => record.runId));
}

describe.each([
  ['that stays in memory', async () => undefined],
  ['that is brought back by replay before each message', evictAll],
])('sagas beyond steps and undos, in a run %s', (_, before) => {
  const kitOf = (): EngineHarness => new EngineHarness(createInThreadSandbox({ bundle }));

  it('given a saga beyond its pivot, when the run is cancelled and a later step is refused, then it goes on until the step succeeds', async () => {
    const kit = kitOf();
    await kit.start('pivotal', 'w', 'o');
    await before(kit);
    await kit.complete('reserve', {});
    await before(kit);
    await kit.complete('charge', {});
    await before(kit);
    await kit.engine.cancel('w', 'too late');
    await kit.settled();
    await before(kit);
    await kit.advance(3_600_000);
    await before(kit);
    await kit.fail('ship', refusal('no carrier'));
    await before(kit);
    await kit.advance(1_000);
    await before(kit);
    await kit.complete('ship', { shipment: 's' });
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 's', incidents: [] });
  });

  it('given a saga with a lock, when it ends, then the lock is given back, and then only it ends', async () => {
    const kit = kitOf();
    await kit.start('locked', 'w', 'o');
    expect(kit.dispatcher.waiting()).toMatchObject([{ taskQueue: 'backstitch.locks', job: { activityType: 'acquireLock', input: [{ name: 'order-o' }] } }]);
    await before(kit);
    const lock = await kit.complete('acquireLock');
    await before(kit);
    await kit.complete('reserve', {});
    await before(kit);
    expect(kit.dispatcher.waiting()).toMatchObject([{ taskQueue: 'backstitch.locks', job: { activityType: 'releaseLock', undoOf: { key: lock.key } } }]);
    await kit.complete('releaseLock');
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'done' });
  });

  it('given a saga that continued as new, when the next run fails, then what both have done is undone, under the first run’s keys', async () => {
    const kit = kitOf();
    await kit.start('rounds', 'w', 0);
    await before(kit);
    const reserved = await kit.complete('reserve', { reservation: 'r' });
    await before(kit);
    await kit.fail('charge', refusal('no money'));
    await before(kit);
    await kit.complete('refund');
    await before(kit);
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { activityType: 'release', input: [{ input: { order: 'o' }, result: { reservation: 'r' } }], undoOf: { key: reserved.key } } }]);
    await kit.complete('release');
    expect(await kit.describe('w')).toMatchObject({ status: 'FAILED', incidents: [] });
  });

  it('given a child with a saga, when the parent is cancelled, then the child undoes what its nested saga has done, and the parent sees its cancellation', async () => {
    const kit = kitOf();
    await kit.start('familial', 'w', 'o');
    await kit.settled();
    await before(kit);
    await kit.complete('reserve', { reservation: 'r' });
    await before(kit);
    await kit.engine.cancel('w', 'enough');
    await kit.settled();
    await before(kit);
    await kit.complete('refund');
    await before(kit);
    await kit.complete('release');
    await kit.settled();
    expect(await kit.describe('child-of-o')).toMatchObject({ status: 'CANCELED' });
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'ChildWorkflowFailure ← CancelledFailure' });
  });
});
