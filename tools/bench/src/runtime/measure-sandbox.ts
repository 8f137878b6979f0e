import type { Sandbox } from '@backstitch/engine';
import { RUNTIME_VERSION, type Activation, type ActivationJob } from '@backstitch/protocol';

/** As the figures that these are compared with were measured. */
const RUNS_IN_BATCH = 100;
const ACTIVITIES = 3;

let runs = 0;

/**
 * CPU microseconds of both threads for the start of a run and for each later activation, the last one included: three activities in a row, with a small
 * argument, in batches of 100. Crossing to the thread and back is in it, and its JSON.
 */
export async function measureSandbox(sandbox: Sandbox, count: number): Promise<object> {
  await rounds(sandbox, count);
  const { startUs, activationUs } = await rounds(sandbox, count);
  return { startMicroseconds: startUs, activationMicroseconds: activationUs };
}

async function rounds(sandbox: Sandbox, count: number): Promise<{ startUs: number; activationUs: number }> {
  let startUs = 0;
  let activationUs = 0;
  for (let done = 0; done < count; done += RUNS_IN_BATCH) {
    const runIds = Array.from({ length: RUNS_IN_BATCH }, () => `run-${(runs += 1)}`);
    startUs += await cpuOf(() => activate(sandbox, runIds, 2, initialise));
    for (let seq = 1; seq <= ACTIVITIES; seq += 1) {
      activationUs += await cpuOf(() => activate(sandbox, runIds, 2 + 6 * seq, () => ({ type: 'resolveActivity', seq, resolution: { status: 'completed', result: { done: true } } })));
    }
    await sandbox.evict(runIds);
  }
  return { startUs: startUs / count, activationUs: activationUs / count / ACTIVITIES };
}

/** KiB of heap that a run takes while it waits for its first activity. The sandbox must be in this thread. */
export async function measureSuspendedRuns(sandbox: Sandbox, count: number): Promise<object> {
  const start = async (): Promise<string[]> => {
    const runIds = Array.from({ length: RUNS_IN_BATCH }, () => `run-${(runs += 1)}`);
    await activate(sandbox, runIds, 2, initialise);
    return runIds;
  };
  await sandbox.evict(await start());
  const before = liveBytes();
  for (let done = 0; done < count; done += RUNS_IN_BATCH) await start();
  return { kibPerSuspendedRun: (liveBytes() - before) / count / 1_024 };
}

function initialise(runId: string): ActivationJob {
  return { type: 'initializeWorkflow', workflowType: 'threeSteps', args: [{ orderNumber: runs, customerId: 'customer-17' }], randomnessSeed: runId, runtimeVersion: RUNTIME_VERSION };
}

async function activate(sandbox: Sandbox, runIds: readonly string[], historyLength: number, job: (runId: string) => ActivationJob): Promise<void> {
  const results = await sandbox.activate(runIds.map((runId) => activationOf(runId, historyLength, job(runId))));
  const failed = results.find((result) => result.status !== 'completed' || result.commands.length !== 1);
  if (failed !== undefined) throw new Error(`A run did not go on: ${JSON.stringify(failed)}`);
}

function activationOf(runId: string, historyLength: number, job: ActivationJob): Activation {
  const timestampMs = 1_790_000_000_000;
  return {
    runId,
    timestampMs,
    info: {
      workflowId: runId,
      runId,
      workflowType: 'threeSteps',
      taskQueue: 'default',
      startTimeMs: timestampMs,
      historyLength,
      historySizeBytes: 2_000,
      continueAsNewSuggested: false,
      searchAttributes: {},
      memo: {},
      isReplaying: false,
    } as Activation['info'],
    jobs: [job],
  };
}

async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function liveBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
