import type { RedisQueueBackend } from 'bullmq';
import type { Redis } from 'ioredis';
import { withDeadline } from '../deadline.js';
import { coalesceWrites } from './coalesce-writes.js';
import { FINISH_JOBS_KEYS, FINISH_JOBS_SCRIPT } from './finish-jobs-script.js';
import type { JobFields } from './taken-job.js';

/** What Redis answered to a worker that completed jobs, took some, or both. */
export interface Taken {
  /** BullMQ's error code for each job that was to be completed; 0: it is. */
  codes: number[];
  jobs: { jobId: string; fields: JobFields }[];
  /** For so long the queue's rate limit holds; 0: it does not. */
  rateLimitMs: number;
  /** Epoch milliseconds when the next delayed job is due, if there were fewer jobs than wanted; 0: there is none. */
  nextDelayedMs: number;
}

type FinishAnswer = [codes: number[], taken: (string | JobFields)[], rateLimitMs: number, nextDelayedMs: number];
type Client = Pick<Redis, 'status' | 'stream' | 'on' | 'defineCommand'>;
type BlockingClient = Client & { bzpopmin(...parameters: unknown[]): Promise<unknown> };

const COMMAND = 'backstitchFinishJobs';
const DEFINITION = { lua: FINISH_JOBS_SCRIPT, numberOfKeys: FINISH_JOBS_KEYS.length };
/** The script is to look at the clock itself. */
const TIME_OF_REDIS = '';
/** The answer to what was sent behind a command that blocks follows that one's at once. */
const BEHIND_MS_MAX = 2_000;

export interface JobCommandsOptions {
  queueName: string;
  prefix: string;
  lockToken: string;
  lockDurationMs: number;
}

/** What a worker asks of Redis for its jobs: completing and taking many of them is one command. */
export class JobCommands {
  private readonly keys: string[];
  private readonly prepared = new WeakSet<object>();
  /** The answer to what was sent behind the command that blocks. */
  private behind: Promise<Taken> | undefined;
  private wantedBehind = 1;

  /** @param redis the worker's connection that does not block @param backend BullMQ's, for its connection that does */
  constructor(
    private readonly redis: Redis,
    private readonly backend: RedisQueueBackend,
    private readonly options: JobCommandsOptions,
  ) {
    const keyPrefix = `${options.prefix}:${options.queueName}:`;
    this.keys = [...FINISH_JOBS_KEYS.map((key) => keyPrefix + key), keyPrefix];
    redis.defineCommand(COMMAND, DEFINITION);
  }

  /** Completes jobs and takes at most so many others. */
  finish(jobIds: readonly string[], wanted: number): Promise<Taken> {
    return this.run(this.redis, Date.now(), jobIds, wanted);
  }

  /**
   * Waits until there may be jobs, at most for that time, and takes them. The command that takes them is sent behind the one that blocks, so that Redis goes on with
   * it as soon as it is woken, without another round trip. Undefined: nothing is known of what it took, if anything.
   */
  async waitAndTake(timeoutS: number, wanted: number): Promise<Taken | undefined> {
    this.prepare((await this.backend.blockingClient) as unknown as BlockingClient);
    // What the jobs that were just begun have to send goes first.
    await new Promise((resolve) => setImmediate(resolve));
    this.wantedBehind = wanted;
    let answer: Taken | undefined;
    try {
      await this.backend.waitForJob(timeoutS);
      answer = await (this.behind && withDeadline(this.behind, BEHIND_MS_MAX).catch(() => undefined));
      return answer;
    } finally {
      const { behind } = this;
      this.behind = undefined;
      if (answer === undefined) behind?.then(({ jobs }) => this.putBack(jobs)).catch(() => undefined);
    }
  }

  /** Puts jobs that were taken and not begun where they came from: the last one first, as each goes before those that wait. */
  async putBack(jobs: Taken['jobs']): Promise<void> {
    await Promise.allSettled([...jobs].reverse().map(({ jobId }) => this.backend.moveJobFromActiveToWait(jobId, this.options.lockToken)));
  }

  private prepare(client: BlockingClient): void {
    if (this.prepared.has(client)) return;
    this.prepared.add(client);
    coalesceWrites(client);
    client.defineCommand(COMMAND, DEFINITION);
    const { bzpopmin } = client;
    client.bzpopmin = (...parameters) => {
      const popped = bzpopmin(...parameters);
      this.behind = this.run(client, TIME_OF_REDIS, [], this.wantedBehind);
      this.behind.catch(() => undefined);
      return popped;
    };
  }

  private async run(client: Client, timestamp: number | typeof TIME_OF_REDIS, jobIds: readonly string[], wanted: number): Promise<Taken> {
    const { lockToken, lockDurationMs } = this.options;
    const command = (client as unknown as Record<typeof COMMAND, (...keysAndArguments: (string | number)[]) => Promise<FinishAnswer>>)[COMMAND].bind(client);
    const [codes, taken, rateLimitMs, nextDelayedMs] = await command(...this.keys, timestamp, wanted, lockToken, lockDurationMs, ...jobIds);
    const jobs: Taken['jobs'] = [];
    for (let index = 0; index < taken.length; index += 2) jobs.push({ jobId: taken[index] as string, fields: taken[index + 1] as JobFields });
    return { codes, jobs, rateLimitMs, nextDelayedMs };
  }
}
