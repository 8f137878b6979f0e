import type { EngineSurface } from '@backstitch/engine';
import { ScheduleRunner, ScheduleService } from '@backstitch/engine/schedules';
import { DEFAULT_PARTITION_COUNT, InvalidRequestError, WorkflowTypeUnknownError, type WorkflowExecution } from '@backstitch/protocol';
import type { InMemoryHistoryStore } from '../in-memory-history-store.js';
import { InMemoryScheduleStore } from '../in-memory-schedule-store.js';
import { closedWorkflow, lastRun } from './closed-workflows.js';
import type { HarnessClock } from './harness-clock.js';
import { Runtime } from './runtime.js';

const PARTITIONS = Array.from({ length: DEFAULT_PARTITION_COUNT }, (_, partition) => partition);
const PAGE_SIZE_DEFAULT = 100;

/** The schedules of a test environment: the engine's own, by the environment's clock. */
export class InMemorySchedules {
  readonly #runner: ScheduleRunner;
  readonly #service: ScheduleService;

  constructor(
    engine: EngineSurface,
    around: {
      clock: HarnessClock;
      store: InMemoryHistoryStore;
      workflowTypes: () => ReadonlySet<string>;
      /** Resolves when that run, or what continued it, is closed. */
      closed: (execution: WorkflowExecution) => Promise<void>;
    },
  ) {
    const { clock, store: histories, workflowTypes } = around;
    const store = new InMemoryScheduleStore();
    const logAt =
      (level: 'debug' | 'warn' | 'error') =>
      (fields: object, message: string): void =>
        Runtime.instance().logger[level](message, { ...fields });
    this.#runner = new ScheduleRunner({
      clock,
      timers: clock,
      store,
      engine,
      start: async (starts) => engine.start(starts),
      findClosedRun: (workflowId, { runId, followRuns }) => {
        const found = lastRun(histories, workflowId, runId, followRuns);
        return Promise.resolve({
          closed: found === undefined || found.record.status === 'RUNNING' ? [] : [closedWorkflow(found)],
          unknown: found === undefined ? [workflowId] : [],
        });
      },
      awaitClosed: around.closed,
      logger: { debug: logAt('debug'), warn: logAt('warn'), error: logAt('error') },
      ownedPartitions: () => PARTITIONS,
    });
    this.#service = new ScheduleService({
      clock,
      store,
      runner: this.#runner,
      partitionCount: DEFAULT_PARTITION_COUNT,
      checkAction: ({ workflowType }) => {
        if (!workflowTypes().has(workflowType)) throw new WorkflowTypeUnknownError(workflowType);
      },
    });
  }

  /** Answers what is asked below `/schedules`. @throws InvalidRequestError for what is no route, and as ScheduleService */
  async answer(method: string, [scheduleId, verb, ...rest]: string[], body: object, query: URLSearchParams): Promise<unknown> {
    const service = this.#service;
    if (method === 'GET' && scheduleId === undefined) {
      const { schedules, nextAfterId } = await service.list(query.get('cursor') ?? undefined, Number(query.get('pageSize') ?? PAGE_SIZE_DEFAULT));
      return { schedules, ...(nextAfterId === undefined ? {} : { nextCursor: nextAfterId }) };
    }
    if (method === 'GET' && scheduleId !== undefined && verb === undefined) {
      return service.describe(scheduleId);
    }
    if (scheduleId === undefined) {
      return service.create(body as never);
    }
    switch (rest.length === 0 ? verb : undefined) {
      case 'update':
        return service.update(scheduleId, body as never);
      case 'delete':
        return service.delete(scheduleId);
      case 'trigger':
        return service.trigger(scheduleId, body as never);
      case 'backfill':
        return service.backfill(scheduleId, body as never);
      case 'pause':
      case 'unpause':
        return service.setPaused(scheduleId, verb === 'pause', (body as { note?: string }).note);
      default:
        throw new InvalidRequestError('', 'there is no such route');
    }
  }

  async stop(): Promise<void> {
    await this.#runner.stop();
  }
}
