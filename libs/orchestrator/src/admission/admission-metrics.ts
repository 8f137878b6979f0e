import { Counter, Gauge, type Registry } from 'prom-client';
import type { OpenActivities } from './open-activities.js';
import type { RefusalReason } from './start-admission.js';

/** Makes the figures of admission; answers what counts a refusal. */
export function registerAdmissionMetrics(registry: Registry, open: OpenActivities): (reason: RefusalReason) => void {
  const registers = [registry];
  const refused = new Counter({ name: 'backstitch_start_calls_refused_total', help: 'Calls that start workflows and were refused for too much being under way.', labelNames: ['reason'], registers });
  new Gauge({
    name: 'backstitch_waiting_activities',
    help: 'Activities whose first attempt was not answered yet, as this replica knows.',
    labelNames: ['task_queue'],
    registers,
    collect() {
      this.reset();
      open.counts().forEach((count, taskQueue) => this.set({ task_queue: taskQueue }, count));
    },
  });
  return (reason) => refused.inc({ reason });
}
