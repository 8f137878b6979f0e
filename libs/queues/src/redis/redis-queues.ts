import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { Redis, ReplyError } from 'ioredis';
import { DEFAULT_QUEUE_PREFIX, type RedisQueueConnection } from '../queue-connection.js';
import { addBulkByQueue, EVENTS_KEPT_MAX, JOB_OPTIONS, type AnyQueue, type QueueBackend, type SizedJob } from '../queue-backend.js';
import { ADD_JOBS_KEYS, ADD_JOBS_SCRIPT } from './add-jobs-script.js';
import { coalesceWrites } from './coalesce-writes.js';
import { producerRedisOptions } from './redis-options.js';

const MARKER_CHECK_INTERVAL_MS = 1_000;
/** Jobs that are being worked on are looked at until one has a lock: the newest come first. */
const ACTIVE_LOOKED_AT_MAX = 1_000;
/** How long a command waits for a connection that is just being made, e.g. at start. */
const READY_WAIT_MS_MAX = 2_000;

/**
 * Takes one job off if no worker has begun it, in one step on the server. BullMQ's own remove answers 1 for a job that does not exist, and takes
 * off jobs that have failed; here the answer must be exact.
 * KEYS: wait, paused, delayed, prioritized, job, job's logs. ARGV: job id.
 */
const REMOVE_WAITING = `
local found = redis.call('LREM', KEYS[1], 0, ARGV[1])
if found == 0 and redis.call('EXISTS', KEYS[2]) == 1 then found = redis.call('LREM', KEYS[2], 0, ARGV[1]) end
if found == 0 then found = redis.call('ZREM', KEYS[3], ARGV[1]) end
if found == 0 then found = redis.call('ZREM', KEYS[4], ARGV[1]) end
if found > 0 then redis.call('DEL', KEYS[5], KEYS[6]) end
return found`;

/**
 * Sets a job's progress unless its cancellation was requested; then the flag stays with it. Answers whether it was.
 * KEYS: job. ARGV: progress as JSON or nothing, the same with the flag, which comes first in it.
 */
const HEARTBEAT = `
local progress = redis.call('HGET', KEYS[1], 'progress')
local cancelled = progress and string.sub(progress, 1, 23) == '{"cancelRequested":true'
if cancelled then redis.call('HSET', KEYS[1], 'progress', ARGV[2])
elseif ARGV[1] ~= '' and (progress or redis.call('EXISTS', KEYS[1]) == 1) then redis.call('HSET', KEYS[1], 'progress', ARGV[1]) end
return cancelled and 1 or 0`;

const ADD_JOBS_COMMAND = 'backstitchAddJobs';
const JOB_OPTIONS_JSON = JSON.stringify(JOB_OPTIONS);

/** The command that ADD_JOBS_SCRIPT becomes on our connection. */
type AddJobs = (...keysAndArguments: (string | number)[]) => Promise<number>;

/** Producer's side of queues in Redis: one connection for all queues. Knows BullMQ's keys; the tests hold it to that. */
export class RedisQueues implements QueueBackend {
  private readonly redis: Redis;
  private readonly prefix: string;
  private readonly queues = new Map<string, AnyQueue>();
  private closed = false;

  constructor(
    connection: RedisQueueConnection,
    commandTimeoutMs: number,
    private readonly onError: (error: unknown) => void,
  ) {
    this.prefix = connection.prefix ?? DEFAULT_QUEUE_PREFIX;
    this.redis = coalesceWrites(new Redis(connection.url, producerRedisOptions(commandTimeoutMs)));
    this.redis.defineCommand(ADD_JOBS_COMMAND, { lua: ADD_JOBS_SCRIPT, numberOfKeys: ADD_JOBS_KEYS.length });
    this.redis.setMaxListeners(0);
    this.redis.on('error', onError);
  }

  queue(queueName: string): AnyQueue {
    let found = this.queues.get(queueName);
    if (found === undefined) {
      const queue = new Queue(queueName, {
        connection: this.redis,
        prefix: this.prefix,
        // BullMQ asks a new queue's connection for its version once. A connection that breaks in that question leaves the queue useless for ever.
        skipVersionCheck: true,
        streams: { events: { maxLen: EVENTS_KEPT_MAX } },
      });
      queue.on('error', this.onError);
      found = queue as unknown as AnyQueue;
      this.queues.set(queueName, found);
    }
    return found;
  }

  async addBulk(queueName: string, jobs: readonly SizedJob[]): Promise<void> {
    const queue = this.queue(queueName);
    const plain = jobs.every(isPlain) ? jobs : jobs.filter(isPlain);
    await Promise.all([
      plain.length === 0 ? undefined : this.addPlain(queueName, plain),
      plain.length === jobs.length ? undefined : addBulkByQueue(queue, jobs.filter((job) => !isPlain(job))),
    ]);
  }

  async waitUntilReachable(): Promise<void> {
    if (this.redis.status === 'ready') return;
    await new Promise<void>((resolve, reject) => {
      const onReady = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.redis.off('ready', onReady);
        reject(new Error(`Redis is not connected (${this.redis.status}).`));
      }, READY_WAIT_MS_MAX);
      this.redis.once('ready', onReady);
    });
  }

  async removeWaiting(queueName: string, jobIds: readonly string[]): Promise<boolean[]> {
    const key = (type: string) => `${this.prefix}:${queueName}:${type}`;
    const pipeline = this.redis.pipeline();
    for (const jobId of jobIds) {
      pipeline.eval(REMOVE_WAITING, 6, key('wait'), key('paused'), key('delayed'), key('prioritized'), key(jobId), key(`${jobId}:logs`), jobId);
    }
    return resultsOf(await pipeline.exec()).map((removed) => Number(removed) > 0);
  }

  async held(queueName: string, jobIds: readonly string[]): Promise<Set<string>> {
    // A job that completed is removed and one that failed is in that set: any other that exists is still to be worked on.
    const pipeline = this.redis.pipeline();
    for (const jobId of jobIds) pipeline.exists(`${this.prefix}:${queueName}:${jobId}`).zscore(`${this.prefix}:${queueName}:failed`, jobId);
    const answers = resultsOf(await pipeline.exec());
    return new Set(jobIds.filter((_jobId, index) => Number(answers[2 * index]) === 1 && answers[2 * index + 1] === null));
  }

  async isBusy(queueName: string): Promise<boolean> {
    // A job's lock runs out soon after its worker has died.
    const jobIds = await this.redis.lrange(`${this.prefix}:${queueName}:active`, 0, ACTIVE_LOOKED_AT_MAX - 1);
    return jobIds.length > 0 && (await this.redis.exists(...jobIds.map((jobId) => `${this.prefix}:${queueName}:${jobId}:lock`))) > 0;
  }

  async cancelRequested(queueName: string, jobIds: readonly string[]): Promise<Set<string>> {
    const pipeline = this.redis.pipeline();
    for (const jobId of jobIds) pipeline.hget(`${this.prefix}:${queueName}:${jobId}`, 'progress');
    const progresses = resultsOf(await pipeline.exec());
    return new Set(jobIds.filter((_jobId, index) => isCancelRequested(progresses[index])));
  }

  async heartbeat(queueName: string, jobId: string, progress: unknown, ifCancelled: object): Promise<boolean> {
    const text = progress === undefined ? '' : JSON.stringify(progress);
    return Number(await this.redis.eval(HEARTBEAT, 1, `${this.prefix}:${queueName}:${jobId}`, text, JSON.stringify(ifCancelled))) === 1;
  }

  watchFlush(listener: () => void): () => void {
    const markerKey = `${this.prefix}:backstitch:marker`;
    let knownMarker: string | undefined;
    let checking = false;
    const check = async () => {
      if (checking || this.redis.status !== 'ready') return;
      checking = true;
      try {
        const fresh = randomUUID();
        // One command finds the marker or puts a new one; every watcher that knew another value learns of the flush.
        const found = (await this.redis.call('SET', markerKey, fresh, 'NX', 'GET')) as string | null;
        const marker = found ?? fresh;
        const flushed = knownMarker !== undefined ? knownMarker !== marker : found === null;
        knownMarker = marker;
        if (flushed) listener();
      } catch (error) {
        this.onError(error);
      } finally {
        checking = false;
      }
    };
    const onReady = () => void check();
    this.redis.on('ready', onReady);
    const timer = setInterval(onReady, MARKER_CHECK_INTERVAL_MS);
    timer.unref();
    onReady();
    return () => {
      clearInterval(timer);
      this.redis.off('ready', onReady);
    };
  }

  watchRestart(listener: () => void): () => void {
    let knownServer: string | undefined;
    let stopped = false;
    const check = async () => {
      const server = await this.serverId();
      // The connection broke in the question: it is asked again when it is back.
      if (server === undefined || stopped) return;
      // A server that tells no id may have been restarted whenever its connection broke.
      const restarted = knownServer !== undefined && (server === UNKNOWN_SERVER || server !== knownServer);
      knownServer = server;
      if (restarted) listener();
    };
    const onReady = () => void check();
    this.redis.on('ready', onReady);
    if (this.redis.status === 'ready') onReady();
    return () => {
      stopped = true;
      this.redis.off('ready', onReady);
    };
  }

  /** One command for all of them, and all of it text: a job by itself costs several times as much to send. */
  private async addPlain(queueName: string, jobs: readonly SizedJob[]): Promise<void> {
    const keyPrefix = `${this.prefix}:${queueName}:`;
    const parameters: (string | number)[] = [...ADD_JOBS_KEYS.map((key) => keyPrefix + key), keyPrefix, Date.now(), JOB_OPTIONS_JSON];
    for (const { jobId, name, dataJson } of jobs) parameters.push(jobId, name, dataJson);
    await (this.redis as unknown as Record<typeof ADD_JOBS_COMMAND, AddJobs>)[ADD_JOBS_COMMAND](...parameters);
  }

  /** Another after each restart; undefined if the connection broke. */
  private async serverId(): Promise<string | undefined> {
    try {
      return /^run_id:(\S+)/m.exec(await this.redis.info('server'))?.[1] ?? UNKNOWN_SERVER;
    } catch (error) {
      return error instanceof ReplyError ? UNKNOWN_SERVER : undefined;
    }
  }

  async ping(): Promise<void> {
    await this.redis.ping();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.redis.disconnect();
    await Promise.all([...this.queues.values()].map((queue) => queue.close().catch(() => undefined)));
    this.queues.clear();
  }
}

/** What stands for a server that hides its id. */
const UNKNOWN_SERVER = '';

/** Whether a job is to be worked on at once and has an id that BullMQ would not refuse. */
function isPlain({ jobId, delayMs = 0 }: SizedJob): boolean {
  return delayMs <= 0 && jobId !== '' && !jobId.includes(':') && !/^-?\d+$/.test(jobId);
}

function isCancelRequested(progress: unknown): boolean {
  if (typeof progress !== 'string' || !progress.includes('cancelRequested')) return false;
  const parsed: unknown = JSON.parse(progress);
  return typeof parsed === 'object' && parsed !== null && 'cancelRequested' in parsed && parsed.cancelRequested === true;
}

function resultsOf(replies: [error: Error | null, result: unknown][] | null): unknown[] {
  if (replies === null) throw new Error('Redis aborted the pipeline.');
  return replies.map(([error, result]) => {
    if (error !== null) throw error;
    return result;
  });
}
