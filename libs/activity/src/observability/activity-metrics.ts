import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ActivityObserver } from './activity-observer.js';

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
  return {
    attemptStarted({ taskQueue, activityType, attempt }) {
      running.inc({ task_queue: taskQueue, activity_type: activityType });
      if (attempt > 1) retries.inc({ task_queue: taskQueue, activity_type: activityType });
    },
    attemptEnded({ taskQueue, activityType, status, durationMs, failureType }) {
      const labels = { task_queue: taskQueue, activity_type: activityType };
      running.dec(labels);
      attempts.inc({ ...labels, status });
      durations.observe({ ...labels, status }, durationMs / 1_000);
      if (failureType !== undefined) failures.inc({ ...labels, failure_type: failureType });
    },
    replySent(outcomes) {
      replies.observe(outcomes);
    },
  };
}
