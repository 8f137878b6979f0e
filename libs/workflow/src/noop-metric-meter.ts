import type { Metric, MetricCounter, MetricGauge, MetricHistogram, MetricMeter, MetricUpDownCounter } from './metric-types.js';

/** A meter that measures nothing. */
export const noopMetricMeter: Required<MetricMeter> = {
  createCounter: (name, unit, description) => counting({ name, unit, description, kind: 'counter', valueType: 'int' }) as MetricCounter,
  createUpDownCounter: (name, unit, description) => counting({ name, unit, description, kind: 'up-down-counter', valueType: 'int' }) as MetricUpDownCounter,
  createHistogram: (name, valueType = 'int', unit, description) => counting({ name, unit, description, kind: 'histogram', valueType }) as MetricHistogram,
  createGauge: (name, valueType = 'int', unit, description) => counting({ name, unit, description, kind: 'gauge', valueType }) as MetricGauge,
  withTags: () => noopMetricMeter,
};

function counting(metric: Metric): Metric {
  const nothing = (): void => undefined;
  const made = { ...metric, add: nothing, record: nothing, set: nothing, withTags: (): unknown => made };
  return made;
}
