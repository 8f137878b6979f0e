import { chain } from './interceptor-chain.js';
import type { MetricCounter, MetricGauge, MetricHistogram, MetricMeter, MetricTags, NumericMetricValueType } from './metric-types.js';
import { runFor } from './current-run.js';
import { callSink } from './sinks.js';

/** The sink by which metrics reach the host. */
const METRICS_SINK = '__temporal_metrics';

/** Metrics of workflow code; silent while history is replayed. Their values reach the host as calls of the sink `__temporal_metrics`. */
export const metricMeter: MetricMeter = meterWith({});

function meterWith(tags: MetricTags): MetricMeter {
  return {
    createCounter: (name, unit, description) => counter({ name, unit, description, valueType: 'int' }, tags),
    createHistogram: (name, valueType = 'int', unit, description) => histogram({ name, unit, description, valueType }, tags),
    createGauge: (name, valueType = 'int', unit, description) => gauge({ name, unit, description, valueType }, tags),
    withTags: (more) => meterWith({ ...tags, ...more }),
  };
}

interface Described {
  name: string;
  unit: string | undefined;
  description: string | undefined;
  valueType: NumericMetricValueType;
}

function counter(metric: Described, tags: MetricTags): MetricCounter {
  return {
    ...metric,
    kind: 'counter',
    valueType: 'int',
    add: (value, more) => record('addMetricCounterValue', metric, [metric.name, metric.unit, metric.description], value, { ...tags, ...more }),
    withTags: (more) => counter(metric, { ...tags, ...more }),
  };
}

function histogram(metric: Described, tags: MetricTags): MetricHistogram {
  return {
    ...metric,
    kind: 'histogram',
    record: (value, more) => record('recordMetricHistogramValue', metric, [metric.name, metric.valueType, metric.unit, metric.description], value, { ...tags, ...more }),
    withTags: (more) => histogram(metric, { ...tags, ...more }),
  };
}

function gauge(metric: Described, tags: MetricTags): MetricGauge {
  return {
    ...metric,
    kind: 'gauge',
    set: (value, more) => record('setMetricGaugeValue', metric, [metric.name, metric.valueType, metric.unit, metric.description], value, { ...tags, ...more }),
    withTags: (more) => gauge(metric, { ...tags, ...more }),
  };
}

function record(functionName: string, { name }: Described, head: unknown[], value: number, tags: MetricTags): void {
  if (value < 0) throw new RangeError(`The value of metric ${name} must not be negative, and is ${value}.`);
  const run = runFor('metricMeter');
  if (run.info.isReplaying) return;
  const common = chain(run.interceptors?.outbound, 'getMetricTags', (input: MetricTags) => input)({ workflowType: run.info.workflowType });
  callSink(METRICS_SINK, functionName, [...head, value, { ...common, ...tags }]);
}
