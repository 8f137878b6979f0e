import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundleWorkflows, createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { BareRuntime } from './bare-runtime.js';
import { measureEngine } from './measure-engine.js';
import { measureManyRuns } from './measure-many-runs.js';
import { measureReplay } from './measure-replay.js';
import { measureSandbox, measureSuspendedRuns } from './measure-sandbox.js';
import { measureYear } from './measure-year.js';

const isNumber = expect.any(Number);

describe('the measurements of the runtime', () => {
  let bundle: WorkflowBundle;
  let sandbox: ReturnType<typeof createInThreadSandbox>;
  beforeAll(async () => {
    bundle = await bundleWorkflows({ workflowsPath: join(import.meta.dirname, 'workflows/index.ts') });
    sandbox = createInThreadSandbox({ bundle, activationTimeoutMs: 30_000 });
  });
  afterAll(() => sandbox.close());

  it('given a few runs, when starts and activations are measured, then every run goes to its end', async () => {
    expect(await measureSandbox(sandbox, 100)).toEqual({ startMicroseconds: isNumber, activationMicroseconds: isNumber });
    expect(await measureSandbox(new BareRuntime(), 100)).toEqual({ startMicroseconds: isNumber, activationMicroseconds: isNumber });
    expect(await measureEngine(sandbox, 100)).toEqual({ startMicroseconds: isNumber, activationMicroseconds: isNumber, workflowsPerSecond: isNumber });
  });

  it('given a history, when its replay is measured, then it has at least as many events as was asked', async () => {
    const { events } = (await measureReplay(sandbox, 60)) as { events: number };
    expect(events).toBeGreaterThanOrEqual(60);
    expect(events).toBeLessThan(80);
  });

  it('given suspended runs, when their memory is measured, then all of them are held', async () => {
    expect(await measureSuspendedRuns(sandbox, 100)).toEqual({ kibPerSuspendedRun: isNumber });
    expect(await measureManyRuns(sandbox, 500)).toMatchObject({ runs: 500 });
  });

  it('given a test of a year, when it is measured, then it comes to its end', async () => {
    const yearBundle = await bundleWorkflows({ workflowsPath: join(import.meta.dirname, 'workflows/year/index.ts') });
    expect(await measureYear(yearBundle, 2)).toEqual({ firstMilliseconds: isNumber, medianMilliseconds: isNumber });
  });
});
