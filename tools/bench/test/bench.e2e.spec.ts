import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';

const BENCH = fileURLToPath(new URL('../bench.mjs', import.meta.url));
const TIMEOUT_MS = 360_000;
const SMALL = ['--orders', '40', '--rounds', '1', '--warm-up', '20', '--latency-orders', '10', '--concurrency', '5'];

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'backstitch-bench-spec-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function bench(...args: string[]): Promise<{ code: number | null; output: string }> {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn(process.execPath, [BENCH, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

describe.each(queueBackendsUnderTest())('npm run bench on %s', (backend) => {
  it(
    'given a few orders, then all the work is found to be done, and the file has every figure',
    async () => {
      const file = join(directory, `${backend}.json`);
      const { code, output } = await bench('--backend', backend, ...SMALL, '--json', file);
      expect(output).toContain('All effects, undos and closed runs are there, once each.');
      expect(code).toBe(0);
      const positive = expect.any(Number);
      const processes = ['orchestrator', 'inventory', 'payment', 'fulfilment', 'loadGenerator', 'postgres', ...(backend === 'redis' ? ['redis'] : [])];
      const report = JSON.parse(readFileSync(file, 'utf8'));
      expect(report).toMatchObject({
        backend,
        ordersPerSecond: positive,
        rawBullmqOrdersPerSecond: positive,
        ratio: positive,
        latencyMs: { p50: positive, p99: positive },
        run: { stepMode: 'statement', orders: 40, rounds: 1, concurrency: 5 },
      });
      if (backend === 'redis') expect(report.transactionMode).toMatchObject({ ordersPerSecond: positive, ratio: positive, run: { stepMode: 'transaction' } });
      expect(Object.keys(report.cpuSecondsPer1000).sort()).toEqual([...processes, 'total'].sort());
      expect(Object.keys(report.rssMiB).sort()).toEqual(processes.sort());
      expect(report.ratio).toBeCloseTo(report.ordersPerSecond / report.rawBullmqOrdersPerSecond, 2);
    },
    TIMEOUT_MS,
  );
});

describe('npm run bench', () => {
  it('given a wrong option, then it says which and how it is used, and exits 2', async () => {
    const { code, output } = await bench('--orders', 'all');
    expect(code).toBe(2);
    expect(output).toMatch(/--orders must be a whole number.*npm run bench/s);
  });

  it('given --help, then it tells what there is', async () => {
    const { code, output } = await bench('--help');
    expect(code).toBe(0);
    for (const option of ['--backend', '--system', '--step-mode', '--orders', '--rounds', '--json', '--profile']) expect(output).toContain(option);
  });
});
