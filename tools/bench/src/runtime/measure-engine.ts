import type { Sandbox } from '@backstitch/engine';
import { makeOrder } from '../order.js';
import { EngineSite } from './engine-site.js';

const RUNS_IN_BATCH = 100;
const ACTIVITIES = 3;

/**
 * CPU microseconds of the whole engine, history and jobs included and store and queues not: for the start of a run, for each outcome that is taken in, and how
 * many workflows of three activities one process advances in a second.
 */
export async function measureEngine(sandbox: Sandbox, count: number): Promise<object> {
  const site = new EngineSite(sandbox, {});
  await rounds(site, count);
  const startedAtMs = performance.now();
  const { startUs, activationUs } = await rounds(site, count);
  return { startMicroseconds: startUs, activationMicroseconds: activationUs, workflowsPerSecond: count / ((performance.now() - startedAtMs) / 1_000) };
}

async function rounds(site: EngineSite, count: number): Promise<{ startUs: number; activationUs: number }> {
  let startUs = 0;
  let activationUs = 0;
  const goal = site.closed + count;
  for (let done = 0; done < count; done += RUNS_IN_BATCH) {
    const requests = Array.from({ length: RUNS_IN_BATCH }, (_, index) => ({ workflowId: `w-${goal}-${done + index}`, workflowType: 'threeSteps', args: [makeOrder(done + index)] }));
    startUs += await cpuOf(async () => {
      await site.engine.start(requests);
      await site.engine.idle();
    });
    for (let step = 0; step < ACTIVITIES; step += 1) activationUs += await cpuOf(() => site.answerJobs());
  }
  if (site.closed !== goal) throw new Error(`${goal - site.closed} workflows did not end.`);
  return { startUs: startUs / count, activationUs: activationUs / count / ACTIVITIES };
}

async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
