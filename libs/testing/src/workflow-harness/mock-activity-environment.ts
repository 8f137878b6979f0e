import { EventEmitter } from 'node:events';
import { Context, type ActivityInfo } from '@backstitch/activity';
import { activityLog } from './activity-log.js';
import { cancelledFailure } from './attempt-failures.js';

/** What an attempt knows of itself where a test says nothing else. */
export const defaultActivityInfo: ActivityInfo = {
  attempt: 1,
  taskQueue: 'test',
  isLocal: false,
  inWorkflow: true,
  taskToken: Buffer.from('test'),
  base64TaskToken: Buffer.from('test').toString('base64'),
  activityId: 'test',
  activityType: 'unknown',
  workflowType: 'test',
  namespace: 'default',
  workflowNamespace: 'default',
  activityNamespace: 'default',
  workflowExecution: { workflowId: 'test', runId: 'dead-beef' },
  workflowId: 'test',
  runId: 'dead-beef',
  key: 'dead-beef/1',
  scheduledAtMs: 1,
  startedAtMs: 1,
  startedBefore: false,
  scheduledTimestampMs: 1,
  startToCloseTimeoutMs: 1_000,
  scheduleToCloseTimeoutMs: 1_000,
  currentAttemptScheduledTimestampMs: 1,
};

/**
 * Runs one activity by itself, with a Context: emits `heartbeat` for each of its heartbeats, and can be cancelled. Temporal's names.
 */
export class MockActivityEnvironment extends EventEmitter {
  readonly #controller = new AbortController();
  readonly context: Context;

  constructor(info: Partial<ActivityInfo> = {}) {
    super();
    const whole = { ...defaultActivityInfo, ...info };
    this.context = new Context({
      info: whole,
      log: activityLog(whole),
      signal: () => this.#controller.signal,
      onHeartbeat: (details) => void this.emit('heartbeat', details),
      mode: 'external',
    });
  }

  async run<Args extends unknown[], Result>(activity: (...args: Args) => Result | Promise<Result>, ...args: Args): Promise<Result> {
    return Context.run(this.context, async () => activity(...args));
  }

  /** Aborts the activity's signal, with a CancelledFailure unless told otherwise. */
  cancel(reason: unknown = cancelledFailure()): void {
    this.#controller.abort(reason);
  }
}
