import type { Sandbox } from '@backstitch/engine';
import { EngineSite } from './engine-site.js';

/** Three of the workflow task, three of the activity. */
const EVENTS_PER_STEP = 6;
const REPLAYS = 5;

/**
 * How long it takes to bring a run back whose history has so many events: activities one after the other, so that each is a workflow task of its own. The fastest
 * of five: whatever else the machine does can only add to it.
 */
export async function measureReplay(sandbox: Sandbox, events: number): Promise<object> {
  const site = new EngineSite(sandbox, {}, () => true);
  const steps = Math.ceil(events / EVENTS_PER_STEP);
  await site.engine.start([{ workflowId: 'long', workflowType: 'manySteps', args: [steps + REPLAYS + 1] }]);
  for (let step = 0; step < steps; step += 1) await site.answerJobs();
  const [record] = await site.store.findByWorkflowIds(['long']);
  if (record === undefined) throw new Error('The run is not there.');
  let milliseconds = Infinity;
  for (let replay = 0; replay < REPLAYS; replay += 1) {
    await site.engine.evict([record.runId]);
    const startedAtMs = performance.now();
    await site.answerJobs();
    milliseconds = Math.min(milliseconds, performance.now() - startedAtMs);
  }
  const replayedEvents = record.nextEventId - 1;
  return { events: replayedEvents, milliseconds, eventsPerSecond: (replayedEvents / milliseconds) * 1_000 };
}
