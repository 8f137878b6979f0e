import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressLines, outcomeLines } from './report.mjs';

const NOTHING = { accepted: 0, completed: 0, compensated: 0, running: 0 };
const outcome = {
  orders: { accepted: 5, completed: 1, compensated: 2, cancelled: 0, running: 2 },
  returns: NOTHING,
  rejected: { rows: 0, invoices: 0, byReason: {} },
  durationMs: 1_500,
  ordersPerSecond: 2,
  acceptMs: { p50: 12.4, p99: 20.6 },
  completionMs: { p50: 1_234, p99: null },
  reconciliation: { clean: true, discrepancies: [] },
};
const withoutColours = (lines: string[]): string[] => lines.map((line) => line.replace(/\u001b\[\d+m/g, ''));

describe('what is told of the orders', () => {
  it('given reasons that several orders share, when they are counted, then each stands once with its number, in the column of the numbers', () => {
    const lines = withoutColours(
      outcomeLines(outcome, [
        { status: 'completed' },
        { status: 'compensated', reason: 'OutOfStock' },
        { status: 'compensated', reason: 'OutOfStock' },
        { status: 'failed', reason: 'Boom' },
        { status: 'failed', reason: 'Boom' },
      ]),
    );
    expect(lines.filter((line) => /OutOfStock|Boom/.test(line)).map((line) => line.trim().split(/ +/))).toEqual([
      ['OutOfStock', '2'],
      ['Boom', '2'],
    ]);
    const columns = lines.filter((line) => /^ {2}.*\d/.test(line)).map((line) => /^.*?\d+(?= {2}|$)/.exec(line)?.[0].length);
    expect(new Set(columns).size).toBe(1);
  });

  it('given no measurement, when the times are told, then there is a dash', () => {
    expect(withoutColours(outcomeLines(outcome)).join('\n')).toContain('Half were accepted within 12 ms and ended within 1,234 ms, 99% within 21 ms and -.');
  });
});

describe('what is told of the addresses', () => {
  const urls = { gateway: 'http://127.0.0.1:3000', console: 'http://127.0.0.1:3005' } as Parameters<typeof addressLines>[0]['urls'];

  it.each(['plain', 'a folder of o’hara', "a folder of o'hara"])('given the keys in "%s", when the command is pasted into a shell, then it prints the key', (name) => {
    const directory = mkdtempSync(join(tmpdir(), 'backstitch-report-spec-'));
    try {
      const keysFile = join(directory, name, 'keys.json');
      mkdirSync(join(directory, name));
      writeFileSync(keysFile, JSON.stringify({ orders: 'bsk_orders', operator: 'bsk_operator' }));
      const command = withoutColours(addressLines({ urls }, keysFile, { samplesAreOnStock: true })).find((line) => line.endsWith(".operator'"));
      expect(execFileSync('sh', ['-c', command as string], { encoding: 'utf8' }).trim()).toBe('bsk_operator');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('given an import, when the addresses are told, then no order of sample goods is suggested', () => {
    expect(addressLines({ urls }, '/k', { samplesAreOnStock: false }).join('\n')).not.toContain('SAMPLE-');
    expect(addressLines({ urls }, '/k', { samplesAreOnStock: true }).join('\n')).toContain('SAMPLE-CUP');
  });
});
