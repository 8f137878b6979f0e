import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptContinued, ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';
import { SeededIds } from '../seeded-ids.js';

const CHILDREN = 3;
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

/** Two steps with a continue-as-new between them; then says so to the collector, and gives its number. */
const child: WorkflowScript = function* (workflow, number = 0, round = 0) {
  const step = yield* workflow.activity('work', [number, round]);
  if (round === 0) {
    return new ScriptContinued({ workflowType: 'child', args: [number, 1] });
  }
  yield* workflow.signalExternal({ workflowId: 'collector' }, 'done', [number]);
  return step.status === 'completed' ? step.result : null;
};

/** Starts all children, waits for them, asks a local activity for the sum. */
const parent: WorkflowScript = function* (workflow) {
  const seqs = Array.from({ length: CHILDREN }, (_, index) => workflow.startChild('child', `child-${index}`, [index + 1, 0]));
  const results: JsonValue[] = [];
  for (const seq of seqs) {
    const end = yield* workflow.childEnded(seq);
    results.push(end.status === 'completed' ? end.result : end.status);
  }
  yield* workflow.sleep(1_000);
  const sum = yield* workflow.ended(workflow.scheduleLocal('sum', [results]));
  return sum.status === 'completed' ? sum.result : sum.status;
};

const collector: WorkflowScript = function* (workflow) {
  yield* workflow.until(() => workflow.signals.some(({ signalName }) => signalName === 'end'));
  return workflow.signals.filter(({ signalName }) => signalName === 'done').map(({ args }) => args[0] ?? null);
};

class Mishaps {
  readonly #random: SeededIds;
  readonly kit = new EngineHarness(new ScriptedSandbox({ parent, child, collector }));

  /** From then on nothing goes wrong any more. */
  isCalm = false;

  constructor(seed: number) {
    this.#random = new SeededIds(seed);
    this.kit.localActivities.functions.set('sum', (_, _signal, results) => (results as number[]).reduce((sum, result) => sum + result, 0));
  }

  chance(share: number): boolean {
    return !this.isCalm && this.#random.random() < share;
  }

  /** Calls between runs may be refused, lose their answer, or come twice. */
  disturbCalls(): void {
    this.kit.beforeSend = async (calls) => {
      if (this.chance(0.2)) {
        throw new Error('unreachable');
      }
      if (this.chance(0.2)) {
        await this.kit.engine.receive(calls).catch(() => undefined);
      }
      if (this.chance(0.2)) {
        await this.kit.engine.receive(calls).catch(() => undefined);
        throw new Error('the answer got lost');
      }
    };
  }

  async step(): Promise<void> {
    const { kit } = this;
    const waiting = kit.dispatcher.waiting();
    if (this.chance(0.15)) {
      kit.store.failNextCommit(this.chance(0.5) ? 'before' : 'after');
    }
    if (this.chance(0.15)) {
      await kit.restart();
    }
    if (this.chance(0.2)) {
      await this.recover();
    }
    if (waiting.length > 0 && (this.isCalm || this.chance(0.7))) {
      const job = kit.dispatcher.take();
      const times = this.chance(0.2) ? 2 : 1;
      for (let time = 0; time < times; time += 1) {
        await kit.engine.deliver([kit.outcomeOf(job, { status: 'completed', result: (job.input[0] as number) * 10 })]).catch(() => undefined);
      }
    }
    await kit.advance(this.isCalm || this.chance(0.3) ? 1_000 : 0).catch(() => undefined);
    await this.quiet();
  }

  async recover(): Promise<void> {
    const { engine, store } = this.kit;
    await engine.redispatch(store.runIdsWithOpenActivities()).catch(() => undefined);
    await engine.resumeCalls(store.runIdsWithOpenCalls()).catch(() => undefined);
    await this.quiet();
  }

  /** Functions that stand in for local activities take microtasks of their own. */
  async quiet(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.kit.settled();
    }
  }
}

describe('a family of runs among mishaps', () => {
  it.each(SEEDS)('given seed %i, when calls, commits and engines fail at random, then every child runs once, every signal counts once, and the parent gets all results', async (seed) => {
    const mishaps = new Mishaps(seed);
    const { kit } = mishaps;
    await kit.start('collector', 'collector');
    mishaps.disturbCalls();
    await kit.start('parent', 'parent');
    for (let round = 0; round < 60; round += 1) {
      await mishaps.step();
    }
    mishaps.isCalm = true;
    kit.store.forgetFaults();
    await kit.restart();
    for (let round = 0; round < 40 && (await kit.describe('parent')).status === 'RUNNING'; round += 1) {
      await mishaps.recover();
      await mishaps.step();
    }
    await mishaps.recover();
    await mishaps.recover();
    expect(await kit.describe('parent')).toMatchObject({ status: 'COMPLETED', result: 10 + 20 + 30, openIncidents: 0 });
    await kit.engine.signal('collector', 'end', []);
    const { result } = await kit.describe('collector');
    expect([...(result as number[])].sort()).toEqual([1, 2, 3]);
    for (let index = 0; index < CHILDREN; index += 1) {
      const runs = kit.store.runIdsOf(`child-${index}`).map((runId) => kit.store.stored(runId)?.record);
      expect(runs.map((run) => run?.status)).toEqual(['CONTINUED_AS_NEW', 'COMPLETED']);
    }
    expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
    // Each history can be replayed.
    await kit.restart();
    for (const runId of new Set(kit.store.commits.flat().map(({ record }) => record.runId))) {
      const record = kit.store.stored(runId)?.record;
      await expect(kit.engine.query(record?.workflowId ?? '', 'none', [], { runId })).rejects.toMatchObject({ code: 'QUERY_NOT_REGISTERED' });
    }
  });
});
