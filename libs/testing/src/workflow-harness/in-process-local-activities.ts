import { LocalActivityUnknownError, type LocalActivities, type LocalActivityInfo } from '@backstitch/engine';
import { Context } from '@backstitch/activity';
import type { JsonValue } from '@backstitch/protocol';
import type { ActivityFunction } from './activity-attempt.js';
import { activityLog } from './activity-log.js';
import { asJson } from './as-json.js';
import type { HarnessClock } from './harness-clock.js';

/** Local activities as functions of the workers' own processes: those of the task queue of the workflow that asks. */
export class InProcessLocalActivities implements LocalActivities {
  readonly #byTaskQueue = new Map<string, ReadonlyMap<string, ActivityFunction>>();

  constructor(
    private readonly clock: HarnessClock,
    private readonly taskQueueOf: (runId: string) => string | undefined,
  ) {}

  use(taskQueue: string, activities: ReadonlyMap<string, ActivityFunction>): void {
    this.#byTaskQueue.set(taskQueue, activities);
  }

  async run(activityType: string, args: readonly JsonValue[], info: LocalActivityInfo, signal: AbortSignal): Promise<JsonValue> {
    const taskQueue = this.taskQueueOf(info.workflowExecution.runId);
    const activities = this.#byTaskQueue.get(taskQueue ?? '') ?? [...this.#byTaskQueue.values()].reverse().find((one) => one.has(activityType));
    const activity = activities?.get(activityType);
    if (activity === undefined) {
      throw new LocalActivityUnknownError(activityType);
    }
    const release = this.clock.hold();
    try {
      const { workflowId, runId } = info.workflowExecution;
      const whose = { workflowId, runId, activityType, attempt: info.attempt };
      const context = new Context({
        info: {
          ...whose,
          key: `${runId}/local/${info.activityId}`,
          activityId: info.activityId,
          workflowType: info.workflowType,
          workflowExecution: info.workflowExecution,
          taskQueue: taskQueue ?? '',
          scheduledAtMs: info.scheduledAtMs,
          scheduledTimestampMs: info.scheduledAtMs,
          currentAttemptScheduledTimestampMs: this.clock.now(),
          startedAtMs: this.clock.now(),
          startToCloseTimeoutMs: info.startToCloseTimeoutMs,
          scheduleToCloseTimeoutMs: info.scheduleToCloseTimeoutMs ?? Infinity,
          startedBefore: info.attempt > 1,
          headers: info.headers,
          isLocal: true,
          inWorkflow: true,
          namespace: 'default',
          workflowNamespace: 'default',
          activityNamespace: 'default',
          taskToken: new Uint8Array(),
          base64TaskToken: '',
        },
        log: activityLog(whose),
        signal: () => signal,
        onHeartbeat: () => undefined,
        sleep: async (durationMs) => this.clock.sleep(durationMs, signal),
        mode: 'external',
      });
      return asJson(await Context.run(context, async () => activity(...(args as never[]))));
    } finally {
      release();
    }
  }

  async delay(durationMs: number, signal: AbortSignal): Promise<void> {
    const release = this.clock.wish();
    await this.clock.sleep(durationMs, signal).catch(() => undefined);
    release();
  }
}
