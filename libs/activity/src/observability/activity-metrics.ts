import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ActivityObserver, AttemptStatus } from './activity-observer.js';

/** What is counted of one activity on one queue. */
interface ActivitySeries {
  labels: { task_queue: string; activity_type: string };
  running: Gauge.Internal<string>;
  byStatus: Map<AttemptStatus, StatusSeries>;
}

interface StatusSeries {
  attempts: Counter.Internal;
  durations: Histogram.Internal<string>;
}

const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const OUTCOMES_BUCKETS = [1, 2, 5, 10, 25, 50, 100];

/** An observer that counts attempts by activity and status, measures their duration, and the size of replies. Call it once a registry. */
export function activityMetrics(registry: Registry): Required<ActivityObserver> {
  const labelNames = ['task_queue', 'activity_type'] as const;
  const attempts = new Counter({
    name: 'backstitch_activity_attempts_total',
    help: 'Attempts of activities that ended, by status.',
    labelNames: [...labelNames, 'status'],
    registers: [registry],
  });
  const failures = new Counter({
    name: 'backstitch_activity_failures_total',
    help: 'Attempts of activities that failed, by failure type.',
    labelNames: [...labelNames, 'failure_type'],
    registers: [registry],
  });
  const retries = new Counter({
    name: 'backstitch_activity_retries_total',
    help: 'Attempts of activities after the first.',
    labelNames,
    registers: [registry],
  });
  const running = new Gauge({ name: 'backstitch_activity_attempts_running', help: 'Attempts of activities under way.', labelNames, registers: [registry] });
  const durations = new Histogram({
    name: 'backstitch_activity_duration_seconds',
    help: 'Duration of attempts of activities.',
    labelNames: [...labelNames, 'status'],
    buckets: DURATION_BUCKETS_S,
    registers: [registry],
  });
  const replies = new Histogram({
    name: 'backstitch_activity_outcomes_per_reply',
    help: 'Outcomes in one reply job.',
    buckets: OUTCOMES_BUCKETS,
    registers: [registry],
  });
  const removedRows = new Counter({
    name: 'backstitch_inbox_rows_removed_total',
    help: 'Rows removed from the inbox because their runs are gone.',
    registers: [registry],
  });
  // A metric finds its labels by a text that is made of them; here they are found by the two names that come with each attempt.
  const activities = new Map<string, Map<string, ActivitySeries>>();
  const seriesOf = (taskQueue: string, activityType: string): ActivitySeries => {
    let ofQueue = activities.get(taskQueue);
    if (ofQueue === undefined) activities.set(taskQueue, (ofQueue = new Map<string, ActivitySeries>()));
    let series = ofQueue.get(activityType);
    if (series === undefined) {
      const labels = { task_queue: taskQueue, activity_type: activityType };
      series = { labels, running: running.labels(labels), byStatus: new Map() };
      ofQueue.set(activityType, series);
    }
    return series;
  };
  const statusOf = (series: ActivitySeries, status: AttemptStatus): StatusSeries => {
    let found = series.byStatus.get(status);
    if (found === undefined) {
      const labels = { ...series.labels, status };
      found = { attempts: attempts.labels(labels), durations: durations.labels(labels) };
      series.byStatus.set(status, found);
    }
    return found;
  };
  return {
    attemptStarted({ taskQueue, activityType, attempt }) {
      const series = seriesOf(taskQueue, activityType);
      series.running.inc();
      if (attempt > 1) retries.inc(series.labels);
    },
    attemptEnded({ taskQueue, activityType, status, durationMs, failureType }) {
      const series = seriesOf(taskQueue, activityType);
      series.running.dec();
      const ofStatus = statusOf(series, status);
      ofStatus.attempts.inc();
      ofStatus.durations.observe(durationMs / 1_000);
      if (failureType !== undefined) failures.inc({ ...series.labels, failure_type: failureType });
    },
    replySent(outcomes) {
      replies.observe(outcomes);
    },
    inboxRowsRemoved(rows) {
      removedRows.inc(rows);
    },
  };
}
