import { readFileSync } from 'node:fs';
import type { Sandbox } from '@backstitch/engine';
import { makeOrder } from '../order.js';
import { EngineSite } from './engine-site.js';

const RUNS_IN_CALL = 500;

/** Memory of a process that holds so many runs, each waiting for its first activity: all of them alive in the engine and in the sandbox's thread. */
export async function measureManyRuns(sandbox: Sandbox, count: number): Promise<object> {
  const site = new EngineSite(sandbox, { cachedRunsMax: count });
  const startedAtMs = performance.now();
  for (let started = 0; started < count; started += RUNS_IN_CALL) {
    await site.engine.start(
      Array.from({ length: RUNS_IN_CALL }, (_, index) => ({ workflowId: `w-${started + index}`, workflowType: 'threeSteps', args: [makeOrder(started + index)] })),
    );
    await site.engine.idle();
    // The queue has them now.
    site.jobs.length = 0;
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  globalThis.gc?.();
  const status = readFileSync('/proc/self/status', 'utf8');
  const mebibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) / 1_024;
  return { runs: site.engine.pressure().cachedRuns, rssMiB: mebibytes('VmRSS'), peakRssMiB: mebibytes('VmHWM'), startsPerSecond: count / seconds };
}
