import { describe, expect, it } from '@jest/globals';
import { activityJobId, DEFAULT_RETRY_POLICY, type ActivityAction, type ActivityJob } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

const RUNS = 60;
const STEPS = 40;
const HEARTBEAT_TIMEOUT_MS = 2_000;
const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One activity, and workers that take, report, heartbeat, fail, die or repeat themselves, under an operator that meddles and an engine that is restarted. */
async function play(seed: number): Promise<void> {
  const random = randomOf(seed);
  const script: WorkflowScript = function* (workflow) {
    return {
      ...(yield* workflow.activity('act', ['input'], {
        heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
        startToCloseTimeoutMs: 20_000,
        retryPolicy: { ...DEFAULT_RETRY_POLICY, initialIntervalMs: 100, maximumIntervalMs: 1_000 },
      })),
    };
  };
  const kit = new EngineHarness(new ScriptedSandbox({ one: script }));
  await kit.start('one', 'w');
  const { runId } = kit.store.storedByWorkflowId('w').record;
  /** Jobs that a worker has, and whether it has said so. */
  const held = new Map<ActivityJob, { reported: boolean }>();
  const ended: ActivityJob[] = [];
  let paused = false;
  const pick = <T>(values: readonly T[]): T | undefined => values[Math.floor(random() * values.length)];
  const act = async (action: ActivityAction): Promise<void> => {
    await kit.engine.activityAction('w', '1', action, { reason: 'by chance', identity: 'chance' });
    await kit.settled();
  };
  const isClosed = (): boolean => kit.store.storedByWorkflowId('w').record.status !== 'RUNNING';
  const report = async (job: ActivityJob): Promise<void> => {
    await kit.engine.deliver([{ ...kit.outcomeOf(job, { status: 'running' }), heartbeatDetails: kit.clock.now() }]);
    await kit.settled();
  };

  const steps: (() => Promise<unknown>)[] = [
    async () => {
      const [due] = kit.dispatcher.waiting().filter(({ delayMs }) => delayMs === 0 || random() < 0.5);
      if (due !== undefined) held.set(kit.dispatcher.take(due.job.activityType), { reported: false });
    },
    async () => {
      const job = pick([...held.keys()]);
      if (job === undefined) return;
      held.set(job, { reported: true });
      await report(job);
    },
    async () => {
      const job = pick([...held.keys(), ...ended]);
      if (job === undefined) return;
      held.delete(job);
      ended.push(job);
      await kit.answer(job, { status: 'failed', failure: { message: 'by chance' } });
    },
    // Its worker dies. What it never reported the queue hands out again, or recovery does.
    async () => {
      const job = pick([...held.keys()]);
      if (job === undefined) return;
      const { reported } = held.get(job) ?? { reported: true };
      held.delete(job);
      if (!reported) await kit.engine.redispatch([runId]);
      await kit.settled();
    },
    async () => kit.advance(Math.floor(random() * 3_000)),
    async () => kit.advance(Math.floor(random() * 300)),
    async () => {
      await act(paused ? 'unpause' : 'pause');
      paused = !paused;
    },
    async () => act('retry'),
    async () => kit.restart(),
    async () => {
      await kit.engine.redispatch([runId]);
      await kit.settled();
    },
  ];
  for (let step = 0; step < STEPS && !isClosed(); step += 1) {
    await pick(steps)?.();
    const { record, attempts } = kit.store.storedByWorkflowId('w');
    const [attempt] = attempts;
    // Whatever happened, something brings the activity on: a job, a worker, the clock, or an operator.
    const isCarried = paused || kit.dispatcher.waiting().length > 0 || held.size > 0 || record.wakeAtMs !== undefined;
    expect(isCarried).toBe(true);
    // The time of waking is a lower bound of every time-out.
    if (attempt?.running !== undefined) {
      const silentAtMs = attempt.running.heardFromAtMs + HEARTBEAT_TIMEOUT_MS;
      expect(record.wakeAtMs ?? Infinity).toBeLessThanOrEqual(Math.max(silentAtMs, attempt.graceUntilMs ?? 0));
    }
  }
  if (paused) await act('unpause');
  held.clear();
  // Every worker has died. The clock finds what was reported, recovery the rest.
  for (let round = 0; round < 20 && kit.dispatcher.waiting().length === 0 && !isClosed(); round += 1) {
    await kit.advance(30_000);
    await kit.engine.redispatch([runId]);
    await kit.settled();
  }
  await kit.complete('act', 'at last');
  expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: { status: 'completed', result: 'at last' } });
  expect(kit.history('w').filter((type) => /^ACTIVITY_TASK_(COMPLETED|FAILED|TIMED_OUT|CANCELED)$/.test(type))).toEqual(['ACTIVITY_TASK_COMPLETED']);
  expect(kit.store.storedByWorkflowId('w').attempts).toEqual([]);
  const jobIds = kit.dispatcher.dispatched.map(({ job }) => activityJobId(job));
  expect(new Set(jobIds).size).toBe(jobIds.length);
}

describe('attempts under chance', () => {
  it(`given ${RUNS} lives of an activity (TEST_SEED=${SEED}), when workers die, repeat themselves and fall silent, and operators meddle, then each comes to its end once`, async () => {
    for (let run = 0; run < RUNS; run += 1) {
      const seed = SEED + run;
      await play(seed).catch((error: unknown) => {
        throw new Error(`It fails with TEST_SEED=${seed}`, { cause: error });
      });
    }
  });
});
