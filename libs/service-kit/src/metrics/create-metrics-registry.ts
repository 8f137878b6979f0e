import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of the process's own, with Node's figures in it and the label `service` on all. */
export function createMetricsRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}
