import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type MetricTags = Record<string, string | number | boolean>;

interface MetricBase {
  readonly name: string;
  readonly unit?: string;
  readonly description?: string;
}
export interface MetricCounter extends MetricBase {
  readonly kind: 'counter';
  readonly valueType: 'int';
  /** Adds a value that is not negative. */
  add(value: number, extraTags?: MetricTags): void;
  withTags(tags: MetricTags): MetricCounter;
}
export interface MetricHistogram extends MetricBase {
  readonly kind: 'histogram';
  readonly valueType: 'int' | 'float';
  record(value: number, extraTags?: MetricTags): void;
  withTags(tags: MetricTags): MetricHistogram;
}
export interface MetricGauge extends MetricBase {
  readonly kind: 'gauge';
  readonly valueType: 'int' | 'float';
  set(value: number, extraTags?: MetricTags): void;
  withTags(tags: MetricTags): MetricGauge;
}

/** Makes a service's own metrics. Temporal's names. The same name gives the same metric. */
export interface MetricMeter {
  createCounter(name: string, unit?: string, description?: string): MetricCounter;
  createHistogram(name: string, valueType?: 'int' | 'float', unit?: string, description?: string): MetricHistogram;
  createGauge(name: string, valueType?: 'int' | 'float', unit?: string, description?: string): MetricGauge;
  withTags(tags: MetricTags): MetricMeter;
}

/** Where the values go. */
interface Sink {
  add(name: string, description: string, value: number, tags: MetricTags): void;
  record(name: string, description: string, value: number, tags: MetricTags): void;
  set(name: string, description: string, value: number, tags: MetricTags): void;
}

/** A meter that writes into a registry of prom-client: the labels of a metric are those of its first value. */
export function registryMeter(registry: Registry): MetricMeter {
  return new SinkMeter(new RegistrySink(registry), {});
}

const NOWHERE: Sink = { add: () => undefined, record: () => undefined, set: () => undefined };

/** A meter that measures nothing. */
export const noopMetricMeter: MetricMeter = {
  createCounter: (name, unit, description) => counter(NOWHERE, { name, unit, description }, {}),
  createHistogram: (name, valueType = 'int', unit, description) => histogram(NOWHERE, { name, unit, description }, valueType, {}),
  createGauge: (name, valueType = 'int', unit, description) => gauge(NOWHERE, { name, unit, description }, valueType, {}),
  withTags: () => noopMetricMeter,
};

class SinkMeter implements MetricMeter {
  constructor(
    private readonly sink: Sink,
    private readonly tags: MetricTags,
  ) {}

  createCounter(name: string, unit?: string, description?: string): MetricCounter {
    return counter(this.sink, { name, unit, description }, this.tags);
  }

  createHistogram(name: string, valueType: 'int' | 'float' = 'int', unit?: string, description?: string): MetricHistogram {
    return histogram(this.sink, { name, unit, description }, valueType, this.tags);
  }

  createGauge(name: string, valueType: 'int' | 'float' = 'int', unit?: string, description?: string): MetricGauge {
    return gauge(this.sink, { name, unit, description }, valueType, this.tags);
  }

  withTags(tags: MetricTags): MetricMeter {
    return new SinkMeter(this.sink, { ...this.tags, ...tags });
  }
}

function counter(sink: Sink, base: MetricBase, tags: MetricTags): MetricCounter {
  return {
    ...base,
    kind: 'counter',
    valueType: 'int',
    add: (value, extraTags) => {
      if (!(value >= 0)) throw new RangeError(`The counter "${base.name}" takes no negative value.`);
      sink.add(base.name, describe(base), value, { ...tags, ...extraTags });
    },
    withTags: (more) => counter(sink, base, { ...tags, ...more }),
  };
}

function histogram(sink: Sink, base: MetricBase, valueType: 'int' | 'float', tags: MetricTags): MetricHistogram {
  return {
    ...base,
    kind: 'histogram',
    valueType,
    record: (value, extraTags) => sink.record(base.name, describe(base), value, { ...tags, ...extraTags }),
    withTags: (more) => histogram(sink, base, valueType, { ...tags, ...more }),
  };
}

function gauge(sink: Sink, base: MetricBase, valueType: 'int' | 'float', tags: MetricTags): MetricGauge {
  return {
    ...base,
    kind: 'gauge',
    valueType,
    set: (value, extraTags) => sink.set(base.name, describe(base), value, { ...tags, ...extraTags }),
    withTags: (more) => gauge(sink, base, valueType, { ...tags, ...more }),
  };
}

function describe({ name, unit, description }: MetricBase): string {
  return `${description ?? name}${unit === undefined ? '' : ` (${unit})`}`;
}

class RegistrySink implements Sink {
  constructor(private readonly registry: Registry) {}

  add(name: string, help: string, value: number, tags: MetricTags): void {
    this.metric(name, tags, (metricName, labelNames) => new Counter({ name: metricName, help, labelNames, registers: [this.registry] })).inc(labelsOf(tags), value);
  }

  record(name: string, help: string, value: number, tags: MetricTags): void {
    this.metric(name, tags, (metricName, labelNames) => new Histogram({ name: metricName, help, labelNames, registers: [this.registry] })).observe(labelsOf(tags), value);
  }

  set(name: string, help: string, value: number, tags: MetricTags): void {
    this.metric(name, tags, (metricName, labelNames) => new Gauge({ name: metricName, help, labelNames, registers: [this.registry] })).set(labelsOf(tags), value);
  }

  private metric<M extends Counter | Histogram | Gauge>(name: string, tags: MetricTags, make: (name: string, labelNames: string[]) => M): M {
    const metricName = name.replace(/[^a-zA-Z0-9_:]/g, '_');
    return (this.registry.getSingleMetric(metricName) as M | undefined) ?? make(metricName, Object.keys(tags).map(labelName));
  }
}

function labelsOf(tags: MetricTags): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([tag, value]) => [labelName(tag), String(value)]));
}

function labelName(tag: string): string {
  return tag.replace(/[^a-zA-Z0-9_]/g, '_');
}
