import { describe, expect, it } from '@jest/globals';
import { readOverloadArguments } from './overload-arguments.mjs';
import { drawOverload } from './overload-picture.mjs';
import { overloadFigures, printOverload, type Measured } from './overload-report.mjs';

function measured(change: Partial<Measured> = {}): Measured {
  const ended = { orderIds: new Set(['a', 'b', 'c']), running: 0, durationsMs: [10, 20, 30], undoMs: [5], byStatus: { completed: 3 } };
  const probed = { latencyMs: [3], statuses: { 200: 1 } };
  return {
    capacityPerSecond: 10,
    cpuSecondsPer1000: { before: 4, during: 5 },
    offeredPerSecond: 100,
    before: ended,
    during: ended,
    endsBySecond: [0, 0, 0, 0, 0, 8, 10],
    load: {
      sent: 6, skipped: 0, accepted: new Map([['k1', 'a'], ['k2', 'b']]), refused: { 503: 3 }, withoutRetryAfter: 0, retryAfter: { 1: 3 }, otherwise: {}, unknown: {},
      ambiguous: [{ key: 'k3', number: 3 }], latencyMs: { accepted: [1, 2], refused: [1, 1, 1] }, seconds: [{ second: 0, accepted: 2, refused: 3 }],
    },
    resolved: new Map([['k3', 'c']]),
    probed: { reads: probed, cancellations: probed },
    memory: { gateway: [100, 110, 110, 111] },
    reconciliation: { clean: true, discrepancies: [] },
    drainSeconds: 1,
    ...change,
  };
}

describe('the report of an overload', () => {
  it('given orders that were all kept, when it is made, then it is clean and tells how much was done meanwhile', () => {
    const figures = overloadFigures(measured());
    expect(figures).toMatchObject({ isClean: true, ordersPerSecond: { before: 10, during: 9, ratio: 0.9 }, kept: { lost: 0, extra: 0, running: 0 }, rssMiB: { gateway: { max: 111, flat: true } } });
    expect(printOverload(figures)).toContain('lost 0, extra 0');
  });

  it.each<[string, Partial<Measured>]>([
    ['an accepted order that is lost', { during: { ...measured().during, orderIds: new Set(['b', 'c']) } }],
    ['an order that nobody was told of', { resolved: new Map() }],
    ['an order that has not ended', { during: { ...measured().during, running: 1 } }],
    ['accounts that are not clean', { reconciliation: { clean: false, discrepancies: [{}] } }],
    ['a refusal without Retry-After', { load: { ...measured().load, withoutRetryAfter: 1 } }],
    ['an answer that is neither', { load: { ...measured().load, otherwise: { 500: 1 } } }],
    ['no refusal at all, so no overload', { load: { ...measured().load, refused: {} } }],
  ])('given %s, when it is made, then it is not clean', (_what, change) => {
    expect(overloadFigures(measured(change)).isClean).toBe(false);
  });

  it('given memory that grows to the end, when it is made, then it says so', () => {
    const growing = Array.from({ length: 40 }, (_, second) => 100 + second * 5);
    expect(overloadFigures(measured({ memory: { gateway: growing } })).rssMiB['gateway']).toMatchObject({ flat: false, growthInLastQuarter: 50 });
  });
});

describe('the picture of an overload', () => {
  it('given lines, when it is drawn, then each is there by name', () => {
    const svg = drawOverload({ capacity: 10, orders: [{ name: 'ended', colour: 'green', values: [1, 2, 3] }], memory: [{ name: 'gateway', colour: 'blue', values: [] }] });
    expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
    expect([svg.includes('>ended<'), svg.includes('>gateway<'), svg.includes('NaN')]).toEqual([true, true, false]);
  });
});

describe('the arguments of bench:overload', () => {
  it('given none, when they are read, then it is a minute of ten times too much on Redis', () => {
    expect(readOverloadArguments([])).toMatchObject({ backend: 'redis', seconds: 60, factor: 10, openActivitiesMax: undefined });
  });

  it.each([['--backend', 'mysql'], ['--seconds', '0'], ['--factor', 'ten'], ['--unknown']])('given %s %s, when they are read, then it is refused', (...args) => {
    expect(() => readOverloadArguments(args)).toThrow();
  });
});
