import { Engine, type Dispatcher, type EngineOptions, type EngineSurface, type HistoryStore, type LocalActivities, type RunAppend, type RunCall, type RunRecord, type Sandbox } from '@backstitch/engine';
import { OverloadedError, StoreUnavailableError } from '@backstitch/protocol';
import { SeededIds } from '../seeded-ids.js';
import { never, type Course } from './course.js';
import type { Names } from './names.js';
import type { SandboxPool } from './sandbox-pool.js';
import type { FaultKind } from './schedule.js';
import { WakeTimer } from './wake-timer.js';

/** Until another orchestrator has the runs of one that is gone. */
const TAKEOVER_MS = 5_000;
const FREEZE_MS = 20_000;
const RETRY_MS = 1_000;
/** Until the audit of everything open finds what is lost. */
const AUDIT_MS = 300_000;

const STORE_FAULTS: readonly FaultKind[] = ['crash-before', 'crash-after', 'freeze', 'store-down', 'store-answer-lost', 'stale'];
const NEW_RUN_FAULTS: readonly FaultKind[] = STORE_FAULTS.filter((fault) => fault !== 'stale');
const READ_FAULTS: readonly FaultKind[] = ['crash-before', 'store-down'];
const DISPATCH_FAULTS: readonly FaultKind[] = ['crash-before', 'crash-after', 'freeze', 'queue-down', 'queue-answer-lost', 'jobs-lost'];
const CANCEL_FAULTS: readonly FaultKind[] = ['crash-before', 'crash-after', 'queue-down', 'queue-answer-lost'];
const CALL_FAULTS: readonly FaultKind[] = ['crash-before', 'crash-after', 'freeze', 'calls-lost', 'calls-answer-lost'];
const LOCAL_FAULTS: readonly FaultKind[] = ['crash-before', 'crash-after'];

export interface OrchestratorsOptions {
  course: Course;
  names: Names;
  store: HistoryStore;
  queues: Dispatcher & { holdsJobsOf(runId: string): boolean };
  sandboxes: SandboxPool;
  localActivities: LocalActivities;
  engine: EngineOptions;
  seed: number;
}

/** Something that an orchestrator was asked and has not answered. */
interface Pending {
  /** Asks again; of whoever is there. */
  again: () => void;
}

/**
 * One orchestrator: an engine, and whether it lives.
 *
 * current → frozen (another one took over; it goes on later, and is fenced) or dead (its calls are never answered, its engine's are never made)
 */
class Life {
  /** Set right after it has begun: its ports know it. */
  engine!: Engine;
  readonly pending = new Set<Pending>();
  isDead = false;

  constructor(readonly release: () => void) {}
}

/**
 * Orchestrators one after another on one store: as its host does it, but in simulated time. Each call of the engine to a port is a point at which it can die.
 */
export class Orchestrators {
  /** What the store holds beside the histories, by run. */
  readonly records = new Map<string, RunRecord>();
  /** What the engine could not handle. */
  readonly failures: unknown[] = [];
  readonly #options: OrchestratorsOptions;
  readonly #ids: SeededIds;
  #current: Life | undefined;
  readonly #lives: Life[] = [];
  #waiting: (() => void)[] = [];
  readonly #wakeTimer: WakeTimer;
  #isAuditPlanned = false;

  constructor(options: OrchestratorsOptions) {
    this.#options = options;
    this.#ids = new SeededIds(options.seed);
    this.#wakeTimer = new WakeTimer(options.course, () => this.openRuns, (request) => this.#recover(request));
    this.#current = this.#begin();
  }

  /**
   * Asks the orchestrator that is there, or the next one; and again, if it is not answered or the store is away.
   * @param failed told of other errors
   */
  ask(request: (engine: EngineSurface) => Promise<unknown>, { lostAfterMs, failed }: { lostAfterMs: number; failed?: (error: unknown) => void }): void {
    const { course } = this.#options;
    const again = (): void => this.ask(request, { lostAfterMs, failed });
    const life = this.#current;
    if (life === undefined) {
      this.#waiting.push(again);
      return;
    }
    const pending: Pending = { again: () => void course.later(lostAfterMs, again) };
    life.pending.add(pending);
    request(life.engine).then(
      () => life.pending.delete(pending),
      (error: unknown) => {
        if (!life.pending.delete(pending)) {
          return;
        }
        if (error instanceof StoreUnavailableError || error instanceof OverloadedError) {
          course.later(RETRY_MS, again);
        } else if (failed === undefined) {
          this.failures.push(error);
        } else {
          failed(error);
        }
      },
    );
  }

  /** Something was lost that only the slow audit finds. */
  planAudit(): void {
    if (!this.#isAuditPlanned) {
      this.#isAuditPlanned = true;
      this.#options.course.later(AUDIT_MS, () => this.#audit());
    }
  }

  /** Runs that are open. */
  get openRuns(): RunRecord[] {
    return [...this.records.values()].filter(({ status }) => status === 'RUNNING');
  }

  /** Ends all: their sandboxes can be used by others. */
  close(): void {
    this.#current = undefined;
    this.#lives.forEach((life) => this.#end(life));
  }

  #begin(): Life {
    const { course, engine, queues, sandboxes } = this.#options;
    const lease = sandboxes.take();
    const life = new Life(lease.release);
    const alive =
      <Fact>(listener: (fact: Fact) => void) =>
      (fact: Fact): void =>
        life.isDead ? undefined : listener(fact);
    life.engine = new Engine(
      {
        clock: course.clock,
        ids: this.#ids,
        store: this.#storeOf(life),
        dispatcher: this.#dispatcherOf(life, queues),
        sandbox: sandboxOf(life, lease.sandbox),
        localActivities: this.#localActivitiesOf(life),
        messenger: { send: (calls) => this.#send(life, calls) },
      },
      {
        ...engine,
        observer: {
          wakeAt: alive((wakeAtMs: number) => this.#wakeTimer.arm(wakeAtMs)),
          dispatchFailed: alive(({ runIds }) => void course.later(RETRY_MS, () => this.#recover((one) => one.redispatch(runIds)))),
          callsFailed: alive(({ runIds }) => void course.later(RETRY_MS, () => this.#recover((one) => one.resumeCalls(runIds)))),
          batchFailed: alive(({ error }) => void this.failures.push(error)),
          incidentOpened: ({ incident }) => course.tell(`An incident is opened: ${incident.message}`),
          workflowClosed: ({ workflowId, status }) => course.tell(`The workflow "${workflowId}" ends: ${status}`),
        },
      },
    );
    this.#lives.push(life);
    return life;
  }

  #takeOver(): void {
    this.#current = this.#begin();
    const waiting = this.#waiting;
    this.#waiting = [];
    waiting.forEach((ask) => ask());
    const open = this.openRuns;
    const withActivities = open.filter(({ openActivities }) => openActivities > 0).map(({ runId }) => runId);
    const withCalls = open.filter(({ openCalls = 0 }) => openCalls > 0).map(({ runId }) => runId);
    if (withActivities.length > 0) {
      this.#recover((engine) => engine.redispatch(withActivities));
    }
    if (withCalls.length > 0) {
      this.#recover((engine) => engine.resumeCalls(withCalls));
    }
  }

  #recover(request: (engine: EngineSurface) => Promise<unknown>): void {
    this.ask(request, { lostAfterMs: TAKEOVER_MS });
  }

  #audit(): void {
    this.#isAuditPlanned = false;
    const { queues } = this.#options;
    const open = this.openRuns;
    const withCalls = open.filter(({ openCalls = 0 }) => openCalls > 0).map(({ runId }) => runId);
    const doubted = open.filter(({ openActivities }) => openActivities > 0);
    const lost = doubted.filter(({ runId }) => !queues.holdsJobsOf(runId)).map(({ runId }) => runId);
    if (lost.length > 0) {
      this.#recover((engine) => engine.redispatch(lost));
    }
    if (withCalls.length > 0) {
      this.#recover((engine) => engine.resumeCalls(withCalls));
    }
    if (lost.length < doubted.length) {
      this.planAudit();
    }
  }

  #kill(life: Life): Promise<never> {
    this.#end(life);
    this.#replace(life);
    return never();
  }

  #end(life: Life): void {
    if (!life.isDead) {
      life.isDead = true;
      life.release();
    }
  }

  async #freeze(life: Life): Promise<void> {
    this.#replace(life);
    await new Promise<void>((resolve) => void this.#options.course.later(FREEZE_MS, resolve));
    if (life.isDead) {
      await never();
    }
  }

  #replace(life: Life): void {
    if (this.#current === life) {
      this.#current = undefined;
      life.pending.forEach(({ again }) => again());
      life.pending.clear();
      this.#options.course.later(TAKEOVER_MS, () => this.#takeOver());
    }
  }

  #storeOf(life: Life): HistoryStore {
    const { store } = this.#options;
    const read = async <Found>(name: string, find: () => Promise<Found>): Promise<Found> => {
      await this.#before(life, name, READ_FAULTS);
      return find();
    };
    return {
      commit: async (appends) => this.#commit(life, appends),
      load: async (runIds) => read('load', () => store.load(runIds)),
      findByWorkflowIds: async (workflowIds) => read('find', () => store.findByWorkflowIds(workflowIds)),
    };
  }

  async #commit(life: Life, appends: readonly RunAppend[]): ReturnType<HistoryStore['commit']> {
    const { store, names } = this.#options;
    const name = names.ofCommit(appends);
    const fault = await this.#before(life, `commit(${name})`, appends.some(({ isNew }) => isNew) ? NEW_RUN_FAULTS : STORE_FAULTS, () => `The orchestrator commits "${name}"`);
    if (fault === 'stale') {
      return appends.map(() => ({ status: 'stale' }));
    }
    const results = await store.commit(appends);
    results.forEach(({ status }, index) => {
      const { record } = appends[index] as RunAppend;
      if (status === 'committed') {
        this.records.set(record.runId, record);
        if (record.wakeAtMs !== undefined && record.status === 'RUNNING') {
          this.#wakeTimer.arm(record.wakeAtMs);
        }
      }
    });
    await this.#after(life, fault);
    return results;
  }

  #dispatcherOf(life: Life, queues: Dispatcher): Dispatcher {
    const { names } = this.#options;
    return {
      dispatch: async (dispatches) => {
        const name = listed(dispatches, ({ job }) => `${names.ofJob(job)}.${job.attempt}`);
        const fault = await this.#before(life, `dispatch(${name})`, DISPATCH_FAULTS, () => `The orchestrator puts "${listed(dispatches, ({ job }) => names.ofJob(job))}" on its queue`);
        if (fault === 'jobs-lost') {
          this.planAudit();
          return;
        }
        await queues.dispatch(dispatches);
        await this.#after(life, fault);
      },
      cancel: async (attempts) => {
        const fault = await this.#before(life, 'cancel', CANCEL_FAULTS, () => 'The orchestrator takes a job off its queue');
        const answer = await queues.cancel(attempts);
        await this.#after(life, fault);
        return answer;
      },
    };
  }

  async #send(life: Life, calls: readonly RunCall[]): ReturnType<EngineSurface['receive']> {
    const name = listed(calls, ({ type, workflowId }) => `${type} ${workflowId}`);
    const fault = await this.#before(life, `call(${name})`, CALL_FAULTS, () => `The workflow calls another one ("${name}")`);
    const called = this.#current;
    if (called === undefined) {
      throw new Error('No orchestrator is there.');
    }
    const answers = await called.engine.receive(calls);
    await this.#after(life, fault);
    return answers;
  }

  #localActivitiesOf(life: Life): LocalActivities {
    const { localActivities } = this.#options;
    return {
      run: async (activityType, args, info, signal) => {
        const fault = await this.#before(life, `local(${activityType})`, LOCAL_FAULTS, () => `The orchestrator runs the local activity "${activityType}"`);
        const result = await localActivities.run(activityType, args, info, signal);
        await this.#after(life, fault);
        return result;
      },
      delay: async (durationMs, signal) => localActivities.delay(durationMs, signal),
    };
  }

  /** What goes wrong before a call to a port takes effect. Never resolves if the orchestrator is gone. */
  async #before(life: Life, name: string, possible: readonly FaultKind[], subject: () => string = () => `The orchestrator reads from the store`): Promise<FaultKind | undefined> {
    if (life.isDead) {
      return never();
    }
    const fault = this.#options.course.pass(name, possible, subject);
    switch (fault) {
      case 'crash-before':
        return this.#kill(life);
      case 'freeze':
        await this.#freeze(life);
        return fault;
      case 'store-down':
        throw new StoreUnavailableError(RETRY_MS);
      case 'queue-down':
        throw new Error('The queue cannot be reached.');
      case 'calls-lost':
        throw new Error('The other run cannot be reached.');
      default:
        return fault;
    }
  }

  /** What goes wrong after it. */
  async #after(life: Life, fault: FaultKind | undefined): Promise<void> {
    if (life.isDead) {
      await never();
    }
    switch (fault) {
      case 'crash-after':
        return this.#kill(life);
      case 'store-answer-lost':
        throw new StoreUnavailableError(RETRY_MS);
      case 'queue-answer-lost':
      case 'calls-answer-lost':
        throw new Error('The answer got lost.');
      default:
        return undefined;
    }
  }
}

function sandboxOf(life: Life, sandbox: Sandbox): Sandbox {
  return {
    workflowTypes: sandbox.workflowTypes,
    activate: async (batch) => (life.isDead ? never() : sandbox.activate(batch)),
    evict: async (runIds) => (life.isDead ? never() : sandbox.evict(runIds)),
    close: () => Promise.resolve(),
  };
}

function listed<Item>(items: readonly Item[], nameOf: (item: Item) => string): string {
  return items.map(nameOf).join(', ');
}

