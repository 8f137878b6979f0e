import { describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox } from '../scripted-sandbox.js';
import { orderScript, refusal } from './order-script.js';

const AGO_MS = 700_000;

async function waitingStep(): Promise<{ kit: EngineHarness; note: () => Promise<void>; runId: string; scheduledEventId: number }> {
  const kit = new EngineHarness(new ScriptedSandbox({ order: orderScript }));
  await kit.start('order', 'o', 1);
  const { runId, scheduledEventId } = kit.dispatcher.waiting()[0]!.job;
  const note = async (): Promise<void> => {
    await kit.engine.noteService([{ type: 'queueNotServed', runId, scheduledEventId, attempt: 1, sinceMs: kit.clock.now() - AGO_MS }]);
    await kit.settled();
  };
  return { kit, note, runId, scheduledEventId };
}

const incidentsOf = async (kit: EngineHarness) => (await kit.describe('o')).incidents;

describe('a queue that nobody serves', () => {
  it('given a step that waits, when nobody serves its queue, then there is one incident, which does not hold the run, and ends when the step succeeds', async () => {
    const { kit, note, scheduledEventId } = await waitingStep();
    await note();
    await note();
    expect(await incidentsOf(kit)).toMatchObject([{ kind: 'QUEUE_NOT_SERVED', scheduledEventId, message: 'No worker has served queue "inventory" for 700 seconds; "reserveStock" waits there' }]);
    await kit.complete('reserveStock', 'reserved');
    expect(await incidentsOf(kit)).toMatchObject([{ resolution: { action: 'auto' } }]);
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { activityType: 'chargePayment' } }]);
  });

  it.each([
    ['fails and is tried again', { status: 'failed', failure: { message: 'no' } }],
    ['is under way', { status: 'running' }],
  ] as const)('given the incident, when an attempt %s, then it ends by itself, and nothing late opens it again', async (_, outcome) => {
    const { kit, note } = await waitingStep();
    await note();
    await kit.answer(kit.dispatcher.take('reserveStock'), outcome);
    await note();
    expect(await incidentsOf(kit)).toMatchObject([{ resolution: { action: 'auto', reason: 'A worker has taken the activity.' } }]);
    expect((await kit.describe('o')).openIncidents).toBe(0);
  });

  it('given the incident, when the queue is served again, then it ends though the step still waits', async () => {
    const { kit, note, runId, scheduledEventId } = await waitingStep();
    await note();
    await kit.engine.noteService([{ type: 'queueServed', runId, scheduledEventId }]);
    expect(await incidentsOf(kit)).toMatchObject([{ resolution: { action: 'auto', reason: 'The queue is served again.' } }]);
    await note();
    expect((await kit.describe('o')).openIncidents).toBe(1);
  });

  it('given the incident, when a person skips the step, then the run goes on with what they give, and the job is off its queue', async () => {
    const { kit, note } = await waitingStep();
    await note();
    await kit.engine.resolveIncident('o', 1, 'skip', { reason: 'reserved by phone', value: 'by phone' });
    await kit.settled();
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { activityType: 'chargePayment' } }]);
    expect((await kit.describe('o')).activities[0]).toMatchObject({ status: 'COMPLETED', result: 'by phone' });
  });

  it('given the incident, when a person has it tried again, then there is one job for it, of another attempt', async () => {
    const { kit, note } = await waitingStep();
    await note();
    await kit.engine.resolveIncident('o', 1, 'retry', { reason: 'the service is back' });
    await kit.settled();
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { activityType: 'reserveStock', attempt: 2 } }]);
    expect(kit.dispatcher.waiting()).toHaveLength(1);
  });

  it.each(['skip', 'fail'] as const)('given an undo that is late besides, when a person resolves one of both incidents by %s, then nothing is left of the other one', async (action) => {
    const { kit } = await waitingStep();
    await kit.complete('reserveStock', 'reserved');
    await kit.fail('chargePayment', refusal('no funds'));
    const { runId, scheduledEventId } = kit.dispatcher.waiting()[0]?.job as { runId: string; scheduledEventId: number };
    await kit.engine.noteService([{ type: 'queueNotServed', runId, scheduledEventId, attempt: 1, sinceMs: kit.clock.now() - AGO_MS }]);
    await kit.advance(AGO_MS);
    expect(await incidentsOf(kit)).toMatchObject([{ kind: 'QUEUE_NOT_SERVED', scheduledEventId }, { kind: 'UNDO_DELAYED', scheduledEventId }]);
    await kit.engine.resolveIncident('o', 2, action, { reason: 'refunded by hand' });
    await kit.settled();
    expect(await kit.describe('o')).toMatchObject({ status: 'RUNNING', openIncidents: 0, incidents: [{ resolution: { action: 'auto' } }, { resolution: { action } }] });
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { activityType: 'releaseStock' } }]);
  });

  it('given a run that is paused or closed, when its queue is not served, then there is no incident', async () => {
    const { kit, note } = await waitingStep();
    await kit.engine.pause('o', { reason: 'wait' });
    await note();
    await kit.engine.terminate('o', 'enough');
    await note();
    expect(await incidentsOf(kit)).toEqual([]);
  });
});

describe('a build that nobody runs', () => {
  it('given a pinned run with something due, when nobody runs its build, then there is an incident, which ends when somebody does', async () => {
    const current = { buildId: 'b1' };
    const versioning = (buildId: string) => ({ versioning: { buildId, currentBuildId: () => current.buildId, isPinned: () => true } });
    const old = new EngineHarness(new ScriptedSandbox({ order: orderScript }), versioning('b1'));
    await old.start('order', 'o', 1);
    current.buildId = 'b2';
    const kit = new EngineHarness(new ScriptedSandbox({ order: orderScript }), versioning('b2'), { store: old.store, dispatcher: old.dispatcher });
    await kit.complete('reserveStock', 'reserved');
    const { runId } = kit.store.storedByWorkflowId('o').record;
    await kit.engine.noteService([{ type: 'buildNotServed', runId, buildId: 'other', sinceMs: kit.clock.now() }, { type: 'buildNotServed', runId, buildId: 'b1', sinceMs: kit.clock.now() - AGO_MS }]);
    await kit.engine.noteService([{ type: 'buildNotServed', runId, buildId: 'b1', sinceMs: kit.clock.now() }]);
    expect(await incidentsOf(kit)).toMatchObject([{ kind: 'BUILD_NOT_SERVED', message: 'No replica has run build "b1" for 700 seconds; the run is pinned to it, and something is due' }]);
    await kit.engine.noteService([{ type: 'buildServed', runId }]);
    expect(await kit.describe('o')).toMatchObject({ openIncidents: 0, incidents: [{ resolution: { action: 'auto' } }] });
    await old.engine.evict([runId]);
    await old.advance(0);
    expect(old.dispatcher.waiting()).toMatchObject([{ job: { activityType: 'chargePayment' } }]);
  });
});
