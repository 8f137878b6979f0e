import { describe, expect, it } from '@jest/globals';
import { FAILURE_TYPE } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox } from '../scripted-sandbox.js';
import { orderScript, refusal } from './order-script.js';

const TEN_MINUTES_MS = 600_000;

/** An order whose first step was refused, so that `releaseStock` is to be done. */
async function compensating(): Promise<EngineHarness> {
  const kit = new EngineHarness(new ScriptedSandbox({ order: orderScript }));
  await kit.start('order', 'order-1', 'o1');
  await kit.fail('reserveStock', refusal('out of stock'));
  return kit;
}

async function failedUndo(): Promise<EngineHarness> {
  const kit = await compensating();
  await kit.fail('releaseStock', refusal('no such reservation'));
  return kit;
}

describe('an undo that fails for good', () => {
  it('given an undo, when it fails for good, then an incident is opened, the run waits, and both stand in the history', async () => {
    const kit = await failedUndo();
    expect(await kit.describe('order-1')).toMatchObject({
      status: 'RUNNING',
      openIncidents: 1,
      incidents: [{ incidentNumber: 1, kind: 'UNDO_FAILED', scheduledEventId: 11, failure: { message: 'no such reservation' } }],
      activities: [{ status: 'FAILED' }, { activityType: 'releaseStock', status: 'INCIDENT', attempt: 1, attempts: [{ attempt: 1 }] }],
    });
    expect(kit.history('order-1').at(-1)).toBe('WORKFLOW_EXECUTION_SIGNALED');
    expect(kit.dispatcher.waiting()).toEqual([]);
    expect(kit.told('incidentOpened')).toMatchObject([{ workflowId: 'order-1', incident: { kind: 'UNDO_FAILED' } }]);
    // Neither recovery nor time does anything about it: a person decides.
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.advance(10 * TEN_MINUTES_MS);
    expect(kit.dispatcher.waiting()).toEqual([]);
    expect((await kit.describe('order-1')).incidents.length).toBe(1);
  });

  it('given the incident, when it is retried, then the next attempt starts at once under the same key, and success lets the run go on', async () => {
    const kit = await failedUndo();
    const { key } = kit.dispatcher.dispatched.at(-1)!.job;
    await kit.engine.resolveIncident('order-1', 1, 'retry', { reason: 'service mended', identity: 'ann' });
    await kit.settled();
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 0, job: { key, attempt: 2, input: [{ input: { orderId: 'o1' }, result: null }] } }]);
    expect(await kit.describe('order-1')).toMatchObject({ openIncidents: 0, incidents: [{ resolution: { action: 'retry', reason: 'service mended', identity: 'ann' } }] });
    expect(kit.store.storedByWorkflowId('order-1').events.at(-1)).toMatchObject({
      eventType: 'WORKFLOW_EXECUTION_SIGNALED',
      attributes: { signalName: '__backstitch_incident_resolved', input: [{ incidentNumber: 1, action: 'retry', reason: 'service mended', identity: 'ann', scheduledEventId: 11 }] },
    });
    await kit.complete('releaseStock');
    expect((await kit.describe('order-1')).result).toMatchObject({ status: 'compensated' });
    expect(kit.told('incidentResolved').length).toBe(1);
  });

  it('given the incident, when the retry fails too, then another incident is opened', async () => {
    const kit = await failedUndo();
    await kit.engine.resolveIncident('order-1', 1, 'retry', { reason: 'again' });
    await kit.settled();
    await kit.fail('releaseStock', refusal('still no such reservation'));
    expect((await kit.describe('order-1')).incidents).toMatchObject([{ resolution: {} }, { incidentNumber: 2, kind: 'UNDO_FAILED' }]);
    expect((await kit.describe('order-1')).openIncidents).toBe(1);
  });

  it('given the incident, when its input is edited, then the attempt has a new key and the new input, and names the key that it supersedes', async () => {
    const kit = await failedUndo();
    const { key } = kit.dispatcher.dispatched.at(-1)!.job;
    await kit.engine.resolveIncident('order-1', 1, 'edit', { reason: 'wrong id', value: { input: { orderId: 'right' } } });
    await kit.settled();
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { key: `${key}/r1`, supersedesKey: key, attempt: 2, input: [{ input: { orderId: 'right' } }] } }]);
    // A late outcome under the old key is not taken for the edited attempt's.
    await kit.answer({ ...kit.dispatcher.dispatched.at(-1)!.job, key }, { status: 'completed', result: null });
    expect((await kit.describe('order-1')).status).toBe('RUNNING');
    await kit.restart();
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    expect(kit.dispatcher.waiting().at(-1)).toMatchObject({ job: { key: `${key}/r1`, supersedesKey: key, dispatch: 2, input: [{ input: { orderId: 'right' } }] } });
    expect((await kit.describe('order-1')).activities[1]?.key).toBe(`${key}/r1`);
    await kit.complete('releaseStock');
    expect((await kit.describe('order-1')).status).toBe('COMPLETED');
    expect((await kit.describe('order-1')).activities[1]?.key).toBe(`${key}/r1`);
  });

  it('given an edited input that fails too, when it is edited again, then both edits share one key, so that one of them at most takes effect', async () => {
    const kit = await failedUndo();
    const { key } = kit.dispatcher.dispatched.at(-1)!.job;
    await kit.engine.resolveIncident('order-1', 1, 'edit', { reason: 'wrong id', value: 'first' });
    await kit.settled();
    await kit.fail('releaseStock', refusal('wrong as well'));
    await kit.engine.resolveIncident('order-1', 2, 'edit', { reason: 'typing error', value: 'second' });
    await kit.settled();
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { key: `${key}/r1`, supersedesKey: key, attempt: 3, input: ['second'] } }]);
    await kit.complete('releaseStock');
    expect((await kit.describe('order-1')).activities[1]?.key).toBe(`${key}/r1`);
  });

  it('given an edit whose old input took effect after all, when the service says so, then a new incident is opened that cannot be edited', async () => {
    const kit = await failedUndo();
    await kit.engine.resolveIncident('order-1', 1, 'edit', { reason: 'wrong id', value: 1 });
    await kit.settled();
    await kit.fail('releaseStock', refusal('the effect has happened', FAILURE_TYPE.effectAlreadyHappened));
    await expect(kit.engine.resolveIncident('order-1', 2, 'edit', { reason: 'again', value: 2 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await kit.engine.resolveIncident('order-1', 2, 'skip', { reason: 'it has happened' });
    expect((await kit.describe('order-1')).status).toBe('COMPLETED');
  });

  it('given the incident, when it is skipped, then the workflow gets the value, or null', async () => {
    for (const value of [undefined, { released: true }]) {
      const kit = await failedUndo();
      await kit.engine.resolveIncident('order-1', 1, 'skip', { reason: 'done by hand', value });
      expect(await kit.describe('order-1')).toMatchObject({ status: 'COMPLETED', openIncidents: 0, activities: [{}, { status: 'COMPLETED', result: value ?? null }] });
    }
  });

  it('given the incident, when it is failed, then the workflow gets the failure', async () => {
    const kit = await failedUndo();
    await kit.engine.resolveIncident('order-1', 1, 'fail', { reason: 'lost cause' });
    expect(await kit.describe('order-1')).toMatchObject({ activities: [{}, { status: 'FAILED', lastFailure: { message: 'no such reservation' } }], openIncidents: 0 });
  });

  it('given wrong requests, when they are made, then each is refused with what is wrong', async () => {
    const kit = await failedUndo();
    const resolve = (number: number, action: 'retry' | 'edit', reason = 'why') => kit.engine.resolveIncident('order-1', number, action, { reason });
    await expect(resolve(7, 'retry')).rejects.toMatchObject({ code: 'INCIDENT_NOT_FOUND' });
    await expect(resolve(1, 'edit')).rejects.toMatchObject({ code: 'INVALID_REQUEST', where: '/value' });
    await expect(resolve(1, 'retry', ' ')).rejects.toMatchObject({ code: 'INVALID_REQUEST', where: '/reason' });
    await expect(kit.engine.resolveIncident('nobody', 1, 'retry', { reason: 'why' })).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
    await resolve(1, 'retry');
    await expect(resolve(1, 'retry')).rejects.toMatchObject({ code: 'INCIDENT_ALREADY_RESOLVED' });
    expect((await kit.describe('order-1')).incidents.length).toBe(1);
  });
});

describe('an undo that takes too long', () => {
  it('given an undo that is retried for ever, when it has not succeeded for ten minutes, then an incident is opened while the retries go on', async () => {
    const kit = await compensating();
    const scheduledAtMs = kit.clock.now();
    expect(kit.told('wakeAt').at(-1)).toBe(scheduledAtMs + TEN_MINUTES_MS);
    await kit.fail('releaseStock', { message: 'service down' });
    await kit.advance(TEN_MINUTES_MS - 1);
    expect((await kit.describe('order-1')).openIncidents).toBe(0);
    await kit.advance(1);
    expect((await kit.describe('order-1')).incidents).toMatchObject([{ kind: 'UNDO_DELAYED', failure: { message: 'service down' }, scheduledEventId: 11 }]);
    await kit.advance(TEN_MINUTES_MS);
    expect((await kit.describe('order-1')).incidents.length).toBe(1);
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { attempt: 2 } }]);
    await kit.fail('releaseStock', { message: 'still down' });
    await kit.complete('releaseStock');
    expect(await kit.describe('order-1')).toMatchObject({ status: 'COMPLETED', openIncidents: 0, incidents: [{ resolution: { action: 'auto' } }] });
    expect(kit.told('incidentResolved')).toMatchObject([{ incident: { resolution: { action: 'auto' } } }]);
  });

  it('given an undo that nobody serves, when no outcome ever comes, then the incident is opened all the same', async () => {
    const kit = await compensating();
    await kit.restart();
    await kit.advance(TEN_MINUTES_MS);
    expect((await kit.describe('order-1')).incidents).toMatchObject([{ kind: 'UNDO_DELAYED', message: expect.stringContaining('no attempt has come back') }]);
  });

  it('given the incident, when it is retried, then an attempt starts now, the old one is taken off, and the ten minutes begin anew', async () => {
    const kit = await compensating();
    await kit.advance(TEN_MINUTES_MS - 500);
    await kit.fail('releaseStock');
    await kit.advance(500);
    await kit.engine.resolveIncident('order-1', 1, 'retry', { reason: 'now' });
    await kit.settled();
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 0, job: { attempt: 3 } }]);
    await kit.advance(TEN_MINUTES_MS);
    expect((await kit.describe('order-1')).incidents).toMatchObject([{ resolution: {} }, { kind: 'UNDO_DELAYED', incidentNumber: 2 }]);
  });

  it('given the incident, when the undo then fails for good, then the other kind takes over', async () => {
    const kit = await compensating();
    await kit.advance(TEN_MINUTES_MS);
    await kit.fail('releaseStock', refusal('no'));
    expect((await kit.describe('order-1')).incidents).toMatchObject([{ kind: 'UNDO_DELAYED', resolution: { action: 'auto' } }, { kind: 'UNDO_FAILED' }]);
    expect((await kit.describe('order-1')).openIncidents).toBe(1);
  });
});

describe('incidents and replay', () => {
  it('given a run with incidents in its history, when it is brought back, then workflow code never sees them', async () => {
    const kit = await failedUndo();
    const sandbox = kit.sandbox as ScriptedSandbox;
    await kit.engine.resolveIncident('order-1', 1, 'retry', { reason: 'again' });
    await kit.settled();
    await kit.restart();
    sandbox.batches.length = 0;
    await kit.complete('releaseStock');
    expect(sandbox.batches.flat().flatMap(({ jobs }) => jobs.map(({ type }) => type))).toEqual(['initializeWorkflow', 'resolveActivity', 'resolveActivity']);
    expect((await kit.describe('order-1')).status).toBe('COMPLETED');
  });
});
