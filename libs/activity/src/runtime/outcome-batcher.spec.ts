import { describe, expect, it, jest } from '@jest/globals';
import type { ActivityOutcome, OutcomeBatchJob } from '@backstitch/protocol';
import { silentLogger, type NewJob } from '@backstitch/queues';
import { deferred, until } from '../../test/deferred.js';
import { OutcomeBatcher } from './outcome-batcher.js';

const outcome = (index: number): ActivityOutcome => ({
  workflowId: `order-${index}`,
  runId: `run-${index}`,
  scheduledEventId: 5,
  attempt: 1,
  dispatch: 1,
  key: `run-${index}/5`,
  startedAtMs: 0,
  finishedAtMs: 0,
  identity: 'inventory@host:1',
  outcome: { status: 'completed', result: index },
});

class FakeQueues {
  readonly added: { queueName: string; job: NewJob }[] = [];
  failuresLeft = 0;
  gate: Promise<void> = Promise.resolve();

  async addBulk(queueName: string, jobs: readonly NewJob[]): Promise<void> {
    await this.gate;
    const [job] = jobs;
    if (job === undefined) throw new Error('no job');
    if (this.failuresLeft > 0) {
      this.failuresLeft -= 1;
      throw new Error('the queue is down');
    }
    this.added.push({ queueName, job });
  }

  batches(): number[] {
    return this.added.map(({ job }) => (job.data as OutcomeBatchJob).outcomes.length);
  }
}

describe('OutcomeBatcher', () => {
  it('given one outcome, when it is sent, then it goes at once and alone', async () => {
    const queues = new FakeQueues();
    await new OutcomeBatcher(queues, silentLogger).send('inventory.outcomes', outcome(1), 10);
    expect(queues.added).toEqual([
      { queueName: 'inventory.outcomes', job: expect.objectContaining({ name: 'outcomes', data: { envelopeVersion: 1, kind: 'outcomes', outcomes: [outcome(1)] } }) },
    ]);
  });

  it('given a reply under way, when 250 outcomes come meanwhile, then they go in replies of at most 100, each in order, with ids of their own', async () => {
    const queues = new FakeQueues();
    const gate = deferred();
    queues.gate = gate.promise;
    const batcher = new OutcomeBatcher(queues, silentLogger);
    const sent = Array.from({ length: 251 }, (_each, index) => batcher.send('inventory.outcomes', outcome(index), 10));
    gate.resolve();
    await Promise.all(sent);
    expect(queues.batches()).toEqual([1, 100, 100, 50]);
    const indexes = queues.added.flatMap(({ job }) => (job.data as OutcomeBatchJob).outcomes.map((each) => each.workflowId));
    expect(indexes).toEqual(Array.from({ length: 251 }, (_each, index) => `order-${index}`));
    expect(new Set(queues.added.map(({ job }) => job.jobId)).size).toBe(4);
  });

  it('given a reply of many, when outcomes come one by one right after it, then they wait for the next one and share it', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    try {
      const queues = new FakeQueues();
      const batcher = new OutcomeBatcher(queues, silentLogger);
      await Promise.all([1, 2, 3].map((index) => batcher.send('inventory.outcomes', outcome(index), 10)));
      const fourth = batcher.send('inventory.outcomes', outcome(4), 10);
      await Promise.resolve();
      await Promise.all([fourth, batcher.send('inventory.outcomes', outcome(5), 10)]);
      expect(queues.batches()).toEqual([1, 2, 2]);
    } finally {
      now.mockRestore();
    }
  });

  it('given large results, when they wait together, then a reply carries no more than about 4 MiB of them', async () => {
    const queues = new FakeQueues();
    const gate = deferred();
    queues.gate = gate.promise;
    const batcher = new OutcomeBatcher(queues, silentLogger);
    const sent = Array.from({ length: 6 }, (_each, index) => batcher.send('inventory.outcomes', outcome(index), 1.5 * 1024 * 1024));
    gate.resolve();
    await Promise.all(sent);
    expect(queues.batches()).toEqual([1, 2, 2, 1]);
  });

  it('given a queue that is down, when an outcome is sent, then it is tried again until the queue is back', async () => {
    const queues = new FakeQueues();
    queues.failuresLeft = 2;
    await new OutcomeBatcher(queues, silentLogger).send('inventory.outcomes', outcome(1), 10);
    expect(queues.batches()).toEqual([1]);
  });

  it('given a queue that is down, when the batcher is closed, then the outcome stays unsent and its job unacknowledged', async () => {
    const queues = new FakeQueues();
    queues.failuresLeft = Infinity;
    const warned: string[] = [];
    const batcher = new OutcomeBatcher(queues, { ...silentLogger, warn: (_fields, message) => void warned.push(message) });
    let settled = false;
    void batcher.send('inventory.outcomes', outcome(1), 10).finally(() => (settled = true));
    await until('it was tried', () => warned.length === 1);
    batcher.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    expect(queues.added).toEqual([]);
  });
});
