import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { replayRuns } from '@backstitch/engine';
import { bundleWorkflows, createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { EngineHarness } from '../engine-harness.js';

let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('../../test/workflows/settled-sagas.ts', import.meta.url)) });
});

async function begun(isTaken = false): Promise<EngineHarness> {
  const kit = new EngineHarness(createInThreadSandbox({ bundle }));
  await kit.start('ownIds', 'w', isTaken);
  return kit;
}

describe('ids of activities that the author gives', () => {
  it('given an activity with an id, when the run goes on, in memory or by replay, then job, history and description bear it, and it may be used again once the activity is closed', async () => {
    const kit = await begun();
    expect(kit.dispatcher.waiting().map(({ job }) => job.activityId)).toEqual(['the-charge', '2']);
    await kit.complete('charge', { charge: '1' });
    await kit.restart();
    await kit.complete('reserve', { reservation: '2' });
    await kit.restart();
    expect((await kit.describe('w')).activities).toMatchObject([{ activityId: 'the-charge', status: 'COMPLETED' }, { activityId: '2' }, { activityId: 'the-charge', status: 'SCHEDULED' }]);
    await kit.complete('charge', { charge: '3' });
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: ['{"charge":"1"}', '{"reservation":"2"}', '{"charge":"3"}'], incidents: [] });
    expect(kit.told('driftFound')).toEqual([]);
  });

  it('given an activity with an id, when it is completed from outside by that id, then the newest that has it is', async () => {
    const kit = await begun();
    await kit.engine.activityAction('w', 'the-charge', 'complete', { reason: 'by hand', result: { charge: 'by hand' } });
    await kit.complete('reserve', { reservation: '2' });
    await kit.engine.activityAction('w', 'the-charge', 'complete', { reason: 'again', result: { charge: 'again' } });
    await kit.settled();
    expect((await kit.describe('w')).result).toEqual(['{"charge":"by hand"}', '{"reservation":"2"}', '{"charge":"again"}']);
    await expect(kit.engine.activityAction('w', 'no-such-id', 'complete', { reason: 'why' })).rejects.toMatchObject({ code: 'ACTIVITY_NOT_FOUND' });
  });

  it('given an id that an open activity has, when it is used again, then the task fails, and says so', async () => {
    const kit = await begun(true);
    expect((await kit.describe('w')).incidents).toMatchObject([{ kind: 'WORKFLOW_TASK_FAILED', message: expect.stringContaining('activity id "the-charge" is that of another open activity') }]);
  });

  it('given a history of a release that recorded the activity’s number instead, when it is replayed, then it fits', async () => {
    const kit = await begun();
    const { record, events } = kit.store.storedByWorkflowId('w');
    const { workflowId, runId } = record;
    const old = structuredClone(events);
    for (const { eventType, attributes } of old) {
      if (eventType === 'ACTIVITY_TASK_SCHEDULED' && attributes.seq !== undefined) {
        attributes.activityId = String(attributes.seq);
        delete attributes.seq;
      }
    }
    const sandbox = createInThreadSandbox({ bundle });
    expect(await replayRuns([{ workflowId, runId, events: old }], sandbox)).toMatchObject([{ status: 'ok' }]);
    for (const { eventType, attributes } of old) if (eventType === 'ACTIVITY_TASK_SCHEDULED') attributes.activityId = `other-${attributes.activityId}`;
    expect(await replayRuns([{ workflowId, runId, events: old }], sandbox)).toMatchObject([{ status: 'divergence' }]);
  });

  it('given a history of such a release in which two open activities share an id, when it is replayed, then it fits', async () => {
    const kit = await begun();
    const { record, events } = kit.store.storedByWorkflowId('w');
    const { workflowId, runId } = record;
    const old = structuredClone(events);
    const [first, second] = old.flatMap((event) => (event.eventType === 'ACTIVITY_TASK_SCHEDULED' ? event.attributes : []));
    const { seq: _, ...recorded } = first!;
    for (const event of old) {
      if (event.eventType === 'WORKFLOW_EXECUTION_STARTED') event.attributes.input = [true];
      if (event.eventType === 'ACTIVITY_TASK_SCHEDULED') event.attributes = event.attributes === second ? { ...recorded, activityId: '2', input: [{ order: 'b' }] } : { ...recorded, activityId: '1' };
    }
    expect(await replayRuns([{ workflowId, runId, events: old }], createInThreadSandbox({ bundle }))).toMatchObject([{ status: 'ok' }]);
  });
});
