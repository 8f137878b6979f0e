import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UsageError } from '@backstitch/stack';
import { INSTANCES_DEFAULT, readChaosOptions } from './chaos-options.mjs';
import { planKills } from './kill-plan.mjs';
import { madeUpOrders } from './made-up-orders.mjs';
import { ChunkSource, readOrders, salesOf } from './order-chunks.mjs';
import { pictureOf } from './picture.mjs';
import { longestStall } from './stalls.mjs';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const row = (invoice: string, customer: string, quantity = 1, description = 'A'): string => `${invoice},A,${description},${quantity},2010-12-01 08:26:00,2.55,${customer},France`;

describe('the options of npm run chaos', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'backstitch-chaos-spec-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('are read, with files relative to where the command was typed', () => {
    writeFileSync(join(directory, 'orders.csv'), '');
    const options = readChaosOptions(['--orders', 'orders.csv', '--kills', '8', '--seed', '7', '--backend', 'postgres', '--json', 'out.json', '--scale', 'payment=3'], directory);
    expect(options).toMatchObject({ ordersFile: join(directory, 'orders.csv'), kills: 8, seed: 7, backend: 'postgres', jsonFile: join(directory, 'out.json') });
    expect(options.instances).toEqual({ ...INSTANCES_DEFAULT, payment: 3 });
  });

  it('have a seed of their own where none is given', () => {
    expect(readChaosOptions([], directory).seed).not.toBe(readChaosOptions([], directory).seed);
  });

  it.each([
    { args: ['--orders', 'absent.csv'], says: /no file absent.csv/ },
    { args: ['--backend', 'kafka'], says: /redis or postgres/ },
    { args: ['--kills', 'many'], says: /--kills must be a whole number/ },
    { args: ['--report', 'run.png'], says: /\.html or \.svg/ },
    { args: ['--scale', 'console=2'], says: /one console only/ },
  ])('refuse $args', ({ args, says }) => {
    expect(() => readChaosOptions(args, directory)).toThrow(UsageError);
    expect(() => readChaosOptions(args, directory)).toThrow(says);
  });
});

describe('the plan of the kills', () => {
  const options = { kills: 30, withRedis: true, instances: { orchestrator: 2, payment: 3 }, pauseMaxMs: 2_000, downMaxMs: 3_000, overlapShare: 0.25 };
  const kinds = ['fulfilment', 'gateway', 'inventory', 'orchestrator', 'payment', 'postgres', 'redis'];

  it('given a seed, then it is the same every time, and another for another seed', () => {
    expect(planKills({ ...options, seed: 1 }).kills).toEqual(planKills({ ...options, seed: 1 }).kills);
    expect(planKills({ ...options, seed: 1 }).kills).not.toEqual(planKills({ ...options, seed: 2 }).kills);
  });

  it('given any seed, then every kind is hit, only instances that exist, and Redis is emptied in between', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const { kills, flushAfterKill } = planKills({ ...options, kills: 8, seed });
      expect([...new Set(kills.map(({ kind }) => kind))].sort()).toEqual(kinds);
      for (const { kind, instance } of kills) expect(instance).toBeLessThanOrEqual(kind === 'orchestrator' ? 2 : kind === 'payment' ? 3 : 1);
      expect(flushAfterKill).toBeGreaterThan(0);
      expect(flushAfterKill).toBeLessThan(8);
    }
  });

  it('given queues on Postgres, then Redis is neither killed nor emptied', () => {
    const { kills, flushAfterKill } = planKills({ ...options, withRedis: false, seed: 3 });
    expect(kills.map(({ kind }) => kind)).not.toContain('redis');
    expect(flushAfterKill).toBeUndefined();
  });
});

describe('the chunks of a file', () => {
  it('given a customer who gave something back, then all of the customer’s invoices come in one chunk, in order', () => {
    const file = readOrders([HEADER, row('1', '7.0'), row('2', '8.0'), row('3', '7.0'), row('C4', '7.0', -1), row('5', '')].join('\n'));
    expect(salesOf(file)).toBe(4);
    const source = new ChunkSource(file);
    expect(source.take(1)).toEqual({ csv: `${[HEADER, row('1', '7.0'), row('3', '7.0'), row('C4', '7.0', -1)].join('\n')}\n`, sales: 2 });
    expect(source.take(10)).toEqual({ csv: `${[HEADER, row('2', '8.0'), row('5', '')].join('\n')}\n`, sales: 2 });
    expect(source.isUsedUp).toBe(true);
  });

  it('given a file that is used up, when more is asked for, then it begins again under other invoice numbers', () => {
    const source = new ChunkSource(readOrders([HEADER, row('1', '7.0'), row('C4', '7.0', -1)].join('\n')));
    source.take(5);
    expect(source.take(5).csv).toBe(`${[HEADER, row('1001', '7.0'), row('C1004', '7.0', -1)].join('\n')}\n`);
    expect(source.take(5).csv).toBe(`${[HEADER, row('2001', '7.0'), row('C2004', '7.0', -1)].join('\n')}\n`);
  });

  it('given fields with commas, quotes and line breaks, then they come out as they went in', () => {
    const quoted = row('1', '7.0', 1, '"a ""b"", c\nd"');
    expect(new ChunkSource(readOrders(`${HEADER}\n${quoted}\n`)).take(5).csv).toBe(`${HEADER}\n${quoted}\n`);
  });

  it('given invoices that cannot become orders, then they are not counted, but come along', () => {
    const file = readOrders([HEADER, row('1', '7.0', 0), row('A2', '7.0'), row('3', '7.0')].join('\n'));
    expect(salesOf(file)).toBe(1);
    expect(new ChunkSource(file).take(1).csv).toContain('A2');
  });

  it('given no order at all, or no column to cut by, then it says so', () => {
    expect(() => new ChunkSource(readOrders(HEADER))).toThrow(/no order/);
    expect(() => readOrders('a,b\n1,2')).toThrow(/InvoiceNo/);
  });

  it('given made-up orders, then they are the same for the same seed, with returns and refusals among them', () => {
    expect(madeUpOrders(100, 5)).toBe(madeUpOrders(100, 5));
    expect(salesOf(readOrders(madeUpOrders(100, 5)))).toBe(100);
    expect(madeUpOrders(100, 5)).toMatch(/^C1\d+,.*,-1,/m);
    expect(madeUpOrders(100, 5)).toContain('Atlantis');
  });
});

describe('the longest time that a run stood still', () => {
  type Events = Parameters<typeof longestStall>[1];
  const event = (eventId: number, eventType: string, eventTimeMs: number, attributes: object = {}) => ({ eventId, eventType, eventTimeMs, attributes });
  const started = event(1, 'WORKFLOW_EXECUTION_STARTED', 1_000);
  const scheduled = event(2, 'ACTIVITY_TASK_SCHEDULED', 1_010, { activityType: 'chargePayment' });

  it('given a run that ended, then it is the largest gap between two events', () => {
    const events = [started, scheduled, event(3, 'ACTIVITY_TASK_STARTED', 4_010, { scheduledEventId: 2 }), event(4, 'ACTIVITY_TASK_COMPLETED', 4_020, { scheduledEventId: 2 }), event(5, 'WORKFLOW_EXECUTION_COMPLETED', 4_030)];
    expect(longestStall('order-1', events as unknown as Events, 99_000)).toEqual({
      workflowId: 'order-1',
      fromMs: 1_010,
      durationMs: 3_000,
      after: 'ACTIVITY_TASK_SCHEDULED chargePayment',
      before: 'ACTIVITY_TASK_STARTED chargePayment',
    });
  });

  it('given a run that has not ended, then it lasts until now', () => {
    expect(longestStall('order-1', [started, scheduled] as unknown as Events, 61_010)).toMatchObject({ durationMs: 60_000, before: 'nothing' });
  });

  it('given a run that waits for its own timer, then that is no stall, unless a step is open beside it', () => {
    const timer = event(2, 'TIMER_STARTED', 1_010, { timerId: '1' });
    const fired = event(3, 'TIMER_FIRED', 31_010, { timerId: '1', startedEventId: 2 });
    const ended = event(9, 'WORKFLOW_EXECUTION_COMPLETED', 31_020);
    expect(longestStall('order-1', [started, timer, fired, ended] as unknown as Events, 99_000).durationMs).toBe(10);
    expect(longestStall('order-1', [started, scheduled, { ...timer, eventId: 3 }, fired, ended] as unknown as Events, 99_000).durationMs).toBe(30_000);
  });
});

describe('the picture of a run', () => {
  it('given names and numbers, then it is one SVG with every kill in it, and nothing that a browser would run', () => {
    const svg = pictureOf(
      {
        seed: 7,
        backend: 'redis',
        clean: true,
        durationMs: 10_000,
        orders: { accepted: 2, completed: 2, compensated: 0, cancelled: 0, failed: 0, running: 0 },
        runs: [{ startedAtMs: 0, closedAtMs: 900 }, { startedAtMs: 500, closedAtMs: undefined }],
        kills: [{ atMs: 600, process: '<payment-2>', inFlight: 21, downMs: 0, backAfterMs: 1_000 }],
        flush: { atMs: 5_000, inFlight: 20 },
        stalls: [{ workflowId: 'order-1', orderId: '1', atMs: 500, durationMs: 9_500, after: 'a', before: 'b', near: undefined }],
      },
      'svg',
    );
    expect(svg).toContain('&lt;payment-2&gt;');
    expect(svg).toContain('redis emptied');
    expect(svg).toContain('longest stall 9.5 s');
    expect(svg).not.toMatch(/NaN|undefined|<script/);
  });
});
