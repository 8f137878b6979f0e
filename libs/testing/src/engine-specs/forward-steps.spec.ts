import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { replayRuns } from '@backstitch/engine';
import { bundleWorkflows, createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { EngineHarness } from '../engine-harness.js';
import { refusal } from './order-script.js';

const TEN_MINUTES_MS = 600_000;

let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('../../test/workflows/settled-sagas.ts', import.meta.url)) });
});

async function atPivot(): Promise<EngineHarness> {
  const kit = new EngineHarness(createInThreadSandbox({ bundle }));
  await kit.start('beyondPivot', 'w', 'o');
  await kit.complete('reserve', { reservation: 'r' });
  return kit;
}

async function beyondPivot(): Promise<EngineHarness> {
  const kit = await atPivot();
  await kit.complete('charge', { charge: 'c' });
  return kit;
}

const incidentsOf = async (kit: EngineHarness) => (await kit.describe('w')).incidents;

describe('what must succeed, and does not', () => {
  it('given a pivot that keeps failing, when ten minutes have passed, then an incident is opened while it is tried on, and ends when it succeeds', async () => {
    const kit = await atPivot();
    await kit.fail('charge', { message: 'provider down' });
    await kit.advance(TEN_MINUTES_MS - 1);
    expect(await incidentsOf(kit)).toEqual([]);
    await kit.advance(1);
    expect(await incidentsOf(kit)).toMatchObject([{ kind: 'STEP_DELAYED', message: expect.stringContaining('Pivot "charge" has not succeeded for 600 seconds: provider down') }]);
    await kit.fail('charge', { message: 'still down' });
    await kit.advance(60_000);
    await kit.complete('charge', { charge: 'c' });
    expect(await incidentsOf(kit)).toMatchObject([{ resolution: { action: 'auto', reason: 'The activity succeeded.' } }]);
  });

  it('given a pivot with such an incident, when it is refused for good, then the incident ends, and the saga is undone', async () => {
    const kit = await atPivot();
    await kit.advance(TEN_MINUTES_MS);
    await kit.fail('charge', refusal('no money'));
    expect(await incidentsOf(kit)).toMatchObject([{ kind: 'STEP_DELAYED', resolution: { reason: 'The pivot was refused.' } }]);
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { activityType: 'release' } }]);
  });

  it('given a step beyond the pivot that fails for good again and again, when ten minutes have passed, then one incident stays open until it succeeds', async () => {
    const kit = await beyondPivot();
    const begunAtMs = kit.clock.now();
    while (kit.clock.now() - begunAtMs < TEN_MINUTES_MS) {
      await kit.fail('ship', refusal('no carrier'));
      expect(await incidentsOf(kit)).toEqual([]);
      await kit.advance(60_000);
    }
    await kit.advance(0);
    expect(await incidentsOf(kit)).toMatchObject([{ incidentNumber: 1, kind: 'STEP_DELAYED', message: expect.stringContaining('Step beyond the pivot "ship" has not succeeded for') }]);
    await kit.fail('ship', refusal('no carrier'));
    await kit.restart();
    await kit.advance(60_000);
    await kit.advance(60_000);
    expect(await kit.describe('w')).toMatchObject({ openIncidents: 1, incidents: [{ incidentNumber: 1 }] });
    await kit.complete('ship', { shipment: 's' });
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 's', openIncidents: 0, incidents: [{ resolution: { action: 'auto' } }] });
  });

  it('given that incident, when a person says that it was done by hand, then the saga goes on with what they give', async () => {
    const kit = await beyondPivot();
    await kit.fail('ship', refusal('no carrier'));
    await kit.advance(1_000);
    await kit.advance(TEN_MINUTES_MS);
    await kit.engine.resolveIncident('w', 1, 'skip', { reason: 'brought there by hand', value: { shipment: 'by hand' } });
    await kit.settled();
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'by hand' });
  });

  it('given that incident while the step waits to be begun again, when a person takes note of it, then the ten minutes begin anew', async () => {
    const kit = await beyondPivot();
    await kit.advance(TEN_MINUTES_MS);
    await kit.fail('ship', refusal('no carrier'));
    await expect(kit.engine.resolveIncident('w', 1, 'retry', { reason: 'now' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await kit.engine.resolveIncident('w', 1, 'skip', { reason: 'the carrier is asked' });
    await kit.advance(1_000);
    await kit.advance(TEN_MINUTES_MS - 2_000);
    expect(await incidentsOf(kit)).toHaveLength(1);
    await kit.advance(1_000);
    expect(await incidentsOf(kit)).toMatchObject([{ resolution: { action: 'skip' } }, { incidentNumber: 2, kind: 'STEP_DELAYED' }]);
  });

  it('given a history of a release that did not say what is a pivot, when it is replayed, then that is no drift', async () => {
    const kit = await beyondPivot();
    const { workflowId, runId } = kit.store.storedByWorkflowId('w').record;
    const events = structuredClone(kit.store.storedByWorkflowId('w').events);
    expect(JSON.stringify(events)).toContain('PIVOT');
    for (const { eventType, attributes } of events) {
      if (eventType === 'ACTIVITY_TASK_SCHEDULED' && attributes.header?.forward !== undefined) delete attributes.header;
      if (eventType === 'WORKFLOW_TASK_COMPLETED') delete attributes.settledUndos;
    }
    const [outcome] = await replayRuns([{ workflowId, runId, events }], createInThreadSandbox({ bundle }));
    expect(outcome).toMatchObject({ status: 'ok' });
  });
});
