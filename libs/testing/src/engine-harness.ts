import { Engine, type EngineObserver, type EngineOptions, type RunCall, type RunMessenger, type Sandbox } from '@backstitch/engine';
import type { ActivityJob, ActivityOutcome, Failure, HistoryEventType, JsonValue, StartWorkflowResult, WorkflowDescription } from '@backstitch/protocol';
import { bundleOf, historyCollector, type CollectedRun } from './history-collector.js';
import { InMemoryDispatcher } from './in-memory-dispatcher.js';
import { InMemoryHistoryStore } from './in-memory-history-store.js';
import { InMemoryLocalActivities } from './in-memory-local-activities.js';
import { ManualClock } from './manual-clock.js';
import { SeededIds } from './seeded-ids.js';

/** One fact that the engine told its observer. */
export type ToldFact = { [K in keyof EngineObserver]-?: { kind: K; fact: Parameters<NonNullable<EngineObserver[K]>>[0] } }[keyof EngineObserver];

const FACT_KINDS: (keyof EngineObserver)[] = [
  'workflowStarted',
  'workflowClosed',
  'attemptFailed',
  'activityClosed',
  'incidentOpened',
  'incidentResolved',
  'wakeAt',
  'dispatchFailed',
  'callsFailed',
  'batchFailed',
  'dueElsewhere',
  'workflowSinkCall',
  'workflowLog',
  'driftFound',
  'historyLong',
  'batchCommitted',
];

/** An engine on in-memory ports and a clock that the test moves. Nothing in it waits for real time. */
export class EngineHarness {
  readonly clock = new ManualClock();
  readonly ids = new SeededIds();
  readonly store: InMemoryHistoryStore;
  readonly dispatcher: InMemoryDispatcher;
  readonly localActivities: InMemoryLocalActivities;
  /** Awaited before each send of calls to other runs; a test can refuse them, or lose them. */
  beforeSend?: (calls: readonly RunCall[]) => Promise<void> | void;
  readonly facts: ToldFact[] = [];
  engine: Engine;
  #bundle: CollectedRun['bundle'];

  constructor(
    readonly sandbox: Sandbox,
    readonly options: EngineOptions = {},
    shared: { store?: InMemoryHistoryStore; dispatcher?: InMemoryDispatcher } = {},
  ) {
    this.store = shared.store ?? new InMemoryHistoryStore();
    this.dispatcher = shared.dispatcher ?? new InMemoryDispatcher();
    this.localActivities = new InMemoryLocalActivities(this.clock);
    this.engine = this.#makeEngine(sandbox);
    this.#bundle = bundleOf(sandbox);
    historyCollector()?.add(() => this.#collect());
  }

  /** A new engine on the same store and queues, as after a crash: what was in memory is gone. */
  async restart(sandbox: Sandbox = this.sandbox): Promise<void> {
    await this.sandbox.evict([...this.store.commits.flat().map(({ record }) => record.runId)]);
    this.engine = this.#makeEngine(sandbox);
    this.#bundle = bundleOf(sandbox) ?? this.#bundle;
  }

  async start(workflowType: string, workflowId: string, ...args: JsonValue[]): Promise<StartWorkflowResult> {
    const [result] = await this.engine.start([{ workflowId, workflowType, args }]);
    return result as StartWorkflowResult;
  }

  /** Takes the next job of that type and answers that it completed. */
  async complete(activityType: string, result: JsonValue = null): Promise<ActivityJob> {
    return this.answer(this.dispatcher.take(activityType), { status: 'completed', result });
  }

  /** Takes the next job of that type and answers that it failed. */
  async fail(activityType: string, failure: Failure = { message: 'refused' }): Promise<ActivityJob> {
    return this.answer(this.dispatcher.take(activityType), { status: 'failed', failure });
  }

  /** Sends an outcome of a job, as often as it is called. */
  async answer(job: ActivityJob, outcome: ActivityOutcome['outcome']): Promise<ActivityJob> {
    await this.engine.deliver([this.outcomeOf(job, outcome)]);
    await this.settled();
    return job;
  }

  outcomeOf(job: ActivityJob, outcome: ActivityOutcome['outcome']): ActivityOutcome {
    const { workflowId, runId, scheduledEventId, attempt, dispatch, key } = job;
    const nowMs = this.clock.now();
    return { workflowId, runId, scheduledEventId, attempt, dispatch, key, startedAtMs: nowMs, finishedAtMs: nowMs, identity: 'test', outcome };
  }

  /** Moves the clock and wakes whatever is due then, as a host's timer would. */
  async advance(durationMs: number): Promise<void> {
    this.clock.advance(durationMs);
    this.localActivities.timePassed();
    await this.engine.wake(this.store.runIdsDue(this.clock.now()));
    await this.settled();
  }

  /** Waits until the engine has nothing in hand: dispatches are out, and messages that followed are applied. */
  async settled(): Promise<void> {
    await this.engine.idle();
  }

  async describe(workflowId: string): Promise<WorkflowDescription> {
    return this.engine.describe(workflowId);
  }

  /** Types of the events of a run, in order. */
  history(workflowId: string): HistoryEventType[] {
    return this.store.storedByWorkflowId(workflowId).events.map(({ eventType }) => eventType);
  }

  /** Everything told of one kind. */
  told<K extends keyof EngineObserver>(kind: K): Parameters<NonNullable<EngineObserver[K]>>[0][] {
    return this.facts.flatMap((told) => (told.kind === kind ? [told.fact as Parameters<NonNullable<EngineObserver[K]>>[0]] : []));
  }

  #makeEngine(sandbox: Sandbox): Engine {
    const observer: EngineObserver = Object.fromEntries(
      FACT_KINDS.map((kind) => [kind, (fact: never) => void this.facts.push({ kind, fact } as unknown as ToldFact)]),
    );
    const { clock, ids, store, dispatcher, localActivities } = this;
    const send: RunMessenger['send'] = async (calls) => {
      await this.beforeSend?.(calls);
      return engine.receive(calls);
    };
    const engine = new Engine({ clock, ids, sandbox, store, dispatcher, localActivities, messenger: { send } }, { ...this.options, observer });
    return engine;
  }

  /** The histories of all runs, for the referee. */
  #collect(): CollectedRun[] {
    const runIds = new Set(this.store.commits.flat().map(({ record }) => record.runId));
    return [...runIds].flatMap((runId) => {
      const stored = this.store.stored(runId);
      return stored === undefined ? [] : [{ workflowId: stored.record.workflowId, workflowType: stored.record.workflowType, events: stored.events, bundle: this.#bundle }];
    });
  }
}
