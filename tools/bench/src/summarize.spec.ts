import { describe, expect, it } from '@jest/globals';
import { printReport } from './print-report.mjs';
import { backendReport, ratioOf, summarizeSystem, type MeasuredRound } from './summarize.mjs';

const round = (seconds: number, postgres: number): MeasuredRound => ({
  system: 'backstitch',
  orders: 1_000,
  seconds,
  cpuSeconds: { orchestrator: 0.25, postgres },
  servers: { commits: 3_300, walBytes: 2_048_000, redisCommands: 50_000 },
});
const run = { stepMode: 'statement' as const, orders: 1_000, rounds: 3, concurrency: 50 };
const machine = { cores: 2, node: 'v20.0.0' };

describe('the summary of a system', () => {
  it('given three rounds, then the middle one is the throughput and CPU is that of all, per 1,000 orders', () => {
    const figures = summarizeSystem([round(1, 0.3), round(4, 0.6), round(2, 0.9)], undefined, { postgres: 100.4 });
    expect(figures.ordersPerSecond).toBe(500);
    expect(figures.ordersPerSecondByRound).toEqual([1_000, 250, 500]);
    expect(figures.cpuSecondsPer1000).toEqual({ orchestrator: 0.25, postgres: 0.6, total: 0.85 });
    expect(figures.perOrder).toEqual({ commits: 3.3, walKiB: 2, redisCommands: 50 });
    expect(figures.rssMiB).toEqual({ postgres: 100 });
    expect(figures.latencyMs).toBeNull();
  });

  it('given orders one at a time, then their percentiles, and where their time went', () => {
    const figures = summarizeSystem([round(1, 0.3)], { latenciesMs: [4, 6, 5, 50], paths: [{ dispatchMs: 1, serveMs: 2 }, { dispatchMs: 2, serveMs: 1 }] }, {});
    expect(figures.latencyMs).toEqual({ p50: 5, p99: 50 });
    expect(figures.latencyPathMs).toEqual({ dispatch: 1.5, serve: 1.5, rest: 2 });
  });
});

describe('the report of a backend', () => {
  const ours = summarizeSystem([round(2, 0.3)], undefined, {});
  const raw = summarizeSystem([round(1.6, 0.3)], undefined, {});

  it('given both systems, then the ratio is ours by theirs', () => {
    expect(ratioOf(ours, raw)).toBe(0.8);
    expect(backendReport({ backend: 'redis', figures: { backstitch: ours, bullmq: raw }, run, machine })).toMatchObject({
      backend: 'redis',
      ordersPerSecond: 500,
      rawBullmqOrdersPerSecond: 625,
      ratio: 0.8,
    });
  });

  it('given one system alone, then there is no ratio, and the report can be printed', () => {
    const report = backendReport({ backend: 'postgres', figures: { backstitch: ours }, run, machine });
    expect(report).toMatchObject({ backend: 'postgres', rawBullmqOrdersPerSecond: null, ratio: null, rawBullmq: null });
    expect(printReport(report)).toMatch(/500 orders\/s/);
    expect(printReport(report)).not.toMatch(/ratio|raw/);
  });
});
