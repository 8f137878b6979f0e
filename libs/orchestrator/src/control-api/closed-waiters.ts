import type { RunRecord } from '@backstitch/engine';
import { OverloadedError, type AwaitClosedResponse, type ClosedWorkflow } from '@backstitch/protocol';
import type { ControlRouter } from '../routing/control-router.js';
import type { AwaitedRun, ClosedRun, ClosedRuns } from './closed-runs.js';
import { toSummary } from './workflow-summary.js';

export interface ClosedWaitersOptions {
  find: (workflowIds: readonly string[]) => Promise<ClosedRuns>;
  findRun: (workflowId: string, run: AwaitedRun) => Promise<ClosedRuns>;
  router: Pick<ControlRouter, 'watchClosed'>;
  /** Workflow ids waited for at once, of all calls together; beyond it calls are refused with OverloadedError. */
  waitersMax: number;
  /** With more than one replica a partition may move while a call waits: then the database and the holders are asked again so often. */
  recheckMs: number;
  liveReplicas: () => number;
}

const OVERLOADED_RETRY_AFTER_MS = 1_000;

/**
 * Calls that wait until one of their runs is closed. The engine says when that is so, and other replicas for the runs that they hold; the database says what
 * was so before, asked after the subscription, and what a run of another replica came to.
 */
export class ClosedWaiters {
  readonly #options: ClosedWaitersOptions;
  readonly #waiters = new Map<string, Set<Subscription>>();
  /** They wait for this replica's word alone. */
  readonly #untoldByOthers = new Set<Subscription>();
  #waiting = 0;
  #stopped = false;

  constructor(options: ClosedWaitersOptions) {
    this.#options = options;
  }

  /** A run was closed here: who waits for it is answered from this record, without asking the database. */
  closed(record: RunRecord): void {
    this.#waiters.get(record.workflowId)?.forEach((subscription) => subscription.notify([record.workflowId], isLastOfItsId(record) ? record : undefined));
  }

  /** Another replica is alive: calls that wait since there seemed to be none look again, and are told by the others too from now on. */
  othersAreAlive(): void {
    this.#untoldByOthers.forEach((subscription) => subscription.notify([]));
  }

  /** Answers all calls that wait, so that a stop need not wait for them. */
  stop(): void {
    this.#stopped = true;
    for (const subscriptions of [...this.#waiters.values()]) {
      subscriptions.forEach((subscription) => subscription.notify([]));
    }
  }

  /**
   * Answers as soon as one of the runs is closed, or after the time-out with none.
   * @param isPassedOn another replica asks: it asks the others itself
   * @param run that run of the only workflow, instead of its current one
   * @throws OverloadedError, StoreUnavailableError
   */
  async await(workflowIds: readonly string[], timeoutMs: number, isPassedOn = false, run?: AwaitedRun): Promise<AwaitClosedResponse> {
    const distinct = [...new Set(workflowIds)];
    if (this.#waiting + distinct.length > this.#options.waitersMax) {
      throw new OverloadedError(OVERLOADED_RETRY_AFTER_MS);
    }
    const deadlineMs = performance.now() + timeoutMs;
    const subscription = this.#subscribe(distinct);
    try {
      for (let asked = distinct; ; ) {
        const { closed, unknown } = await (run === undefined ? this.#options.find(asked) : this.#options.findRun(distinct[0] as string, run));
        const remainingMs = deadlineMs - performance.now();
        if (closed.length > 0 || unknown.length === distinct.length || remainingMs <= 0 || this.#stopped) {
          return { closed: closed.map(toClosedWorkflow), unknown };
        }
        const told = await this.#wait(subscription, distinct, remainingMs, isPassedOn);
        const known = run === undefined ? [...told.values()].filter((record) => record !== undefined) : [];
        if (known.length > 0) {
          return { closed: known.map(toClosedWorkflow), unknown };
        }
        asked = told.size > 0 ? [...new Set([...told.keys(), ...unknown])] : distinct;
      }
    } finally {
      this.#unsubscribe(distinct, subscription);
    }
  }

  /** Runs that were closed meanwhile; none: it is time to look again. */
  async #wait(subscription: Subscription, workflowIds: readonly string[], remainingMs: number, isPassedOn: boolean): Promise<Told> {
    const { liveReplicas, recheckMs, router } = this.#options;
    if (isPassedOn) {
      return subscription.wait(remainingMs);
    }
    if (liveReplicas() === 1) {
      this.#untoldByOthers.add(subscription);
      try {
        return await subscription.wait(remainingMs);
      } finally {
        this.#untoldByOthers.delete(subscription);
      }
    }
    const waitMs = Math.min(remainingMs, recheckMs);
    const end = router.watchClosed(workflowIds, waitMs, (closed) => subscription.notify(closed));
    try {
      return await subscription.wait(waitMs);
    } finally {
      end();
    }
  }

  #subscribe(workflowIds: readonly string[]): Subscription {
    const subscription = new Subscription();
    for (const workflowId of workflowIds) {
      const subscriptions = this.#waiters.get(workflowId) ?? new Set();
      this.#waiters.set(workflowId, subscriptions.add(subscription));
    }
    this.#waiting += workflowIds.length;
    return subscription;
  }

  #unsubscribe(workflowIds: readonly string[], subscription: Subscription): void {
    this.#waiting -= workflowIds.length;
    for (const workflowId of workflowIds) {
      const subscriptions = this.#waiters.get(workflowId);
      subscriptions?.delete(subscription);
      if (subscriptions?.size === 0) this.#waiters.delete(workflowId);
    }
  }
}

/** Workflow ids of runs that were closed; with their record if they were closed here. */
type Told = ReadonlyMap<string, RunRecord | undefined>;

/** What one call is told while it waits, or before. */
class Subscription {
  #told = new Map<string, RunRecord | undefined>();
  #isNotified = false;
  #wakeUp: (() => void) | undefined;

  notify(workflowIds: readonly string[], record?: RunRecord): void {
    workflowIds.forEach((workflowId) => this.#told.set(workflowId, record ?? this.#told.get(workflowId)));
    this.#isNotified = true;
    this.#wakeUp?.();
  }

  /** What it was told by now, or as soon as there is something; nothing after so long. */
  async wait(waitMs: number): Promise<Told> {
    if (!this.#isNotified) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wakeUp = undefined;
    }
    const told = this.#told;
    this.#told = new Map();
    this.#isNotified = false;
    return told;
  }
}

/** Whether the run closed in a way after which no other takes its place; else the database is asked which one is current. */
function isLastOfItsId({ status }: RunRecord): boolean {
  return status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELED';
}

function toClosedWorkflow(record: ClosedRun): ClosedWorkflow {
  return {
    ...toSummary(record),
    ...(record.continuedToRunId !== undefined && { continuedToRunId: record.continuedToRunId }),
    ...(record.result !== undefined && { result: record.result }),
    ...(record.failure !== undefined && { failure: record.failure }),
  };
}
