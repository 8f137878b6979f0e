import type { Registry } from 'prom-client';

export interface LabelledHistogramOptions {
  name: string;
  help: string;
  /** In the order in which {@link LabelledHistogram.observe} takes their values. */
  labelNames: readonly string[];
  /** Upper bounds, rising. */
  buckets: readonly number[];
  registry: Registry;
}

/** What was observed under one set of labels. */
interface Series {
  labels: Record<string, string>;
  /** How many lie in each bucket and in none below it; the last one has no bound. */
  counts: number[];
  sum: number;
  count: number;
}

/** Sets of labels that are kept apart; what comes beyond is left out. Labels are names from the code, of which there are few. */
const SERIES_MAX = 10_000;

/**
 * A histogram with labels for what is observed thousands of times a second: finds its series by the labels' values, where prom-client's own sorts, joins and
 * checks them each time. A scrape shows the same.
 */
export class LabelledHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #labelNames: readonly string[];
  readonly #buckets: readonly number[];
  readonly #series = new Map<string, unknown>();
  #all: Series[] = [];

  constructor({ name, help, labelNames, buckets, registry }: LabelledHistogramOptions) {
    this.name = name;
    this.help = help;
    this.#labelNames = labelNames;
    this.#buckets = buckets;
    // The registry asks a metric for its name and its values only.
    registry.registerMetric(this as unknown as Parameters<Registry['registerMetric']>[0]);
  }

  /** @param labels one value for each label */
  observe(value: number, ...labels: readonly string[]): void {
    const series = this.#seriesOf(labels);
    if (series === undefined || !Number.isFinite(value)) return;
    let bucket = 0;
    while (bucket < this.#buckets.length && value > (this.#buckets[bucket] as number)) bucket += 1;
    series.counts[bucket] = (series.counts[bucket] as number) + 1;
    series.sum += value;
    series.count += 1;
  }

  /** For a scrape. */
  get(): Promise<object> {
    const values = this.#all.flatMap(({ labels, counts, sum, count }) => {
      let below = 0;
      const buckets = this.#buckets.map((bound, index) => {
        below += counts[index] as number;
        return { labels: { le: bound, ...labels }, value: below, metricName: `${this.name}_bucket` };
      });
      return [
        ...buckets,
        { labels: { le: '+Inf', ...labels }, value: count, metricName: `${this.name}_bucket` },
        { labels, value: sum, metricName: `${this.name}_sum` },
        { labels, value: count, metricName: `${this.name}_count` },
      ];
    });
    return Promise.resolve({ name: this.name, help: this.help, type: this.type, values, aggregator: this.aggregator });
  }

  /** As a registry may ask. */
  reset(): void {
    this.#series.clear();
    this.#all = [];
  }

  /** One map in the other, a level for each label: no key is put together. */
  #seriesOf(labels: readonly string[]): Series | undefined {
    let level = this.#series;
    const last = labels.length - 1;
    for (let index = 0; index < last; index += 1) {
      const label = labels[index] as string;
      let next = level.get(label) as Map<string, unknown> | undefined;
      if (next === undefined) {
        if (this.#all.length >= SERIES_MAX) return undefined;
        next = new Map();
        level.set(label, next);
      }
      level = next;
    }
    const label = labels[last] as string;
    let series = level.get(label) as Series | undefined;
    if (series === undefined && this.#all.length < SERIES_MAX) {
      const named = Object.fromEntries(this.#labelNames.map((name, index) => [name, labels[index] as string]));
      series = { labels: named, counts: new Array<number>(this.#buckets.length + 1).fill(0), sum: 0, count: 0 };
      level.set(label, series);
      this.#all.push(series);
    }
    return series;
  }
}
