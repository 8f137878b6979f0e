import type { EngineObserver, EngineSurface } from '@backstitch/engine';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RecoveryReason } from '../recovery/recovery.js';
import type { OpenCounts } from '../store/run-queries.js';
import { LabelledHistogram } from './labelled-histogram.js';

/** From a few milliseconds to a week: a workflow may be either. */
const DURATION_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400, 604_800];
const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

export interface OpenGaugeSources {
  /** Asked on a scrape only. */
  countOpen: () => Promise<OpenCounts>;
  pressure: EngineSurface['pressure'];
  ownedPartitions: () => number;
  /** Asked on a scrape only. */
  waitingPinnedRuns: () => Promise<{ buildId: string; runs: number }[]>;
}

/** The engine's figures for Prometheus. */
export class EngineMetrics {
  readonly #registry: Registry;
  readonly #workflowDuration;
  readonly #workflowsStarted;
  readonly #activityDuration;
  readonly #activityFailures;
  readonly #activityRetries;
  readonly #incidentsOpened;
  readonly #batchRuns;
  readonly #batchSeconds;
  readonly #eventsAppended;
  readonly #replays;
  readonly #staleAppends;
  readonly #drifts;
  readonly #dispatchFailures;
  readonly #redispatches;
  readonly #passedOnOutcomes;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = <T extends string>(name: string, help: string, labelNames: T[] = []): Counter<T> => new Counter({ name, help, labelNames, registers });
    this.#registry = registry;
    this.#workflowDuration = new LabelledHistogram({
      name: 'backstitch_workflow_duration_seconds',
      help: 'Time from the start of a workflow to its close.',
      labelNames: ['workflow_type', 'status'],
      buckets: DURATION_BUCKETS_SECONDS,
      registry,
    });
    this.#activityDuration = new LabelledHistogram({
      name: 'backstitch_activity_duration_seconds',
      help: 'Time from the scheduling of an activity to its close, all attempts and pauses included.',
      labelNames: ['activity_type', 'task_queue', 'status'],
      buckets: DURATION_BUCKETS_SECONDS,
      registry,
    });
    this.#batchRuns = new Histogram({ name: 'backstitch_batch_runs', help: 'Runs that shared one commit.', buckets: BATCH_BUCKETS, registers });
    this.#batchSeconds = new Histogram({ name: 'backstitch_batch_seconds', help: 'Time that a batch took.', registers });
    this.#workflowsStarted = counter('backstitch_workflows_started_total', 'Workflows started.', ['workflow_type']);
    this.#activityFailures = counter('backstitch_activity_failures_total', 'Attempts of activities that failed.', ['activity_type', 'task_queue']);
    this.#activityRetries = counter('backstitch_activity_retries_total', 'Attempts that are made after a failed one.', ['activity_type', 'task_queue']);
    this.#incidentsOpened = counter('backstitch_incidents_opened_total', 'Incidents opened.', ['kind']);
    this.#eventsAppended = counter('backstitch_history_events_total', 'Events appended to histories.');
    this.#replays = counter('backstitch_replays_total', 'Runs that were replayed from their history.');
    this.#staleAppends = counter('backstitch_stale_appends_total', 'Appends that lost against another writer and were made again.');
    this.#drifts = counter('backstitch_drifts_total', 'Events whose input or options the workflow code gives otherwise than they were recorded.', ['workflow_type']);
    this.#dispatchFailures = counter('backstitch_dispatch_failures_total', 'Jobs that a queue did not take; they are dispatched when it is back.', ['task_queue']);
    this.#redispatches = counter('backstitch_redispatched_runs_total', 'Runs whose open activities were dispatched again.', ['reason']);
    this.#passedOnOutcomes = counter('backstitch_passed_on_outcomes_total', 'Outcomes sent to the replica that holds their run; those not answered were applied here.', ['answered']);
  }

  /** Facts of the engine that are counted. */
  readonly observer: EngineObserver = {
    workflowStarted: ({ workflowType }) => this.#workflowsStarted.inc({ workflow_type: workflowType }),
    workflowClosed: ({ workflowType, status, startedAtMs, closedAtMs }) =>
      this.#workflowDuration.observe(Math.max(0, closedAtMs - startedAtMs) / 1_000, workflowType, status),
    activityClosed: ({ activityType, taskQueue, status, durationMs }) =>
      this.#activityDuration.observe(Math.max(0, durationMs) / 1_000, activityType, taskQueue, status),
    attemptFailed: ({ activityType, taskQueue, nextAttemptAtMs }) => {
      this.#activityFailures.inc({ activity_type: activityType, task_queue: taskQueue });
      if (nextAttemptAtMs !== undefined) this.#activityRetries.inc({ activity_type: activityType, task_queue: taskQueue });
    },
    incidentOpened: ({ incident }) => this.#incidentsOpened.inc({ kind: incident.kind }),
    driftFound: ({ workflowType, eventIds }) => this.#drifts.inc({ workflow_type: workflowType }, eventIds.length),
    dispatchFailed: ({ taskQueue, jobs }) => this.#dispatchFailures.inc({ task_queue: taskQueue }, jobs),
    batchCommitted: ({ runs, events, staleRuns, replayedRuns, durationMs }) => {
      this.#batchRuns.observe(runs);
      this.#batchSeconds.observe(durationMs / 1_000);
      this.#eventsAppended.inc(events);
      this.#staleAppends.inc(staleRuns);
      this.#replays.inc(replayedRuns);
    },
  };

  redispatched(runs: number, reason: RecoveryReason): void {
    this.#redispatches.inc({ reason }, runs);
  }

  outcomesPassedOn(outcomes: number, isAnswered: boolean): void {
    this.#passedOnOutcomes.inc({ answered: String(isAnswered) }, outcomes);
  }

  /** Gauges of what is open; where the database cannot be reached they are left out of the scrape. */
  registerGauges(sources: OpenGaugeSources): void {
    const registers = [this.#registry];
    let counted: Promise<OpenCounts | undefined> | undefined;
    // The three gauges of one scrape share one query.
    const count = (): Promise<OpenCounts | undefined> =>
      (counted ??= sources
        .countOpen()
        .catch(() => undefined)
        .finally(() => (counted = undefined)));
    const gauge = (name: string, help: string, read: (open: OpenCounts) => number): void => {
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          const open = await count();
          if (open === undefined) this.remove();
          else this.set(read(open));
        },
      });
    };
    gauge('backstitch_pending_workflows', 'Workflows that are running.', ({ runningWorkflows }) => runningWorkflows);
    gauge('backstitch_pending_activities', 'Activities scheduled and not closed.', ({ openActivities }) => openActivities);
    new Gauge({
      name: 'backstitch_open_incidents',
      help: 'Incidents that wait for a person, by kind.',
      labelNames: ['kind'],
      registers,
      async collect() {
        const open = await count();
        this.reset();
        open?.openIncidents.forEach(({ kind, count: incidents }) => this.set({ kind }, incidents));
      },
    });
    new Gauge({
      name: 'backstitch_waiting_pinned_runs',
      help: 'Open runs that are pinned to a build that no replica runs, by build: they wait for it.',
      labelNames: ['build_id'],
      registers,
      async collect() {
        const waiting = await sources.waitingPinnedRuns().catch(() => []);
        this.reset();
        waiting.forEach(({ buildId, runs }) => this.set({ build_id: buildId }, runs));
      },
    });
    const local = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    };
    local('backstitch_waiting_messages', 'Messages that wait in this replica.', () => sources.pressure().waitingMessages);
    local('backstitch_cached_runs', 'Runs that this replica holds in memory.', () => sources.pressure().cachedRuns);
    local('backstitch_owned_partitions', 'Partitions that this replica holds.', sources.ownedPartitions);
  }
}
