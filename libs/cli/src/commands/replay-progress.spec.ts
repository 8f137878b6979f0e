import { describe, expect, it } from '@jest/globals';
import type { ReplayOutcome } from '@backstitch/engine';
import { ReplayProgress } from './replay-progress.js';

const outcome = (status: 'ok' | 'drift'): ReplayOutcome => ({ workflowId: 'w', runId: 'r', workflowType: 't', events: 1, ...(status === 'ok' ? { status } : { status, drift: [] }) });

/** Ten outcomes, one every 100 ms; every fourth has a problem. */
function told(isTerminal: boolean, everyMs: number): string {
  let nowMs = 0;
  let text = '';
  const progress = new ReplayProgress({ environment: {}, isTerminal, write: () => undefined, writeError: (more) => (text += more) }, () => nowMs);
  progress.expect(10);
  for (let run = 1; run <= 10; run += 1) {
    nowMs += everyMs;
    progress.add(outcome(run % 4 === 0 ? 'drift' : 'ok'));
  }
  progress.end();
  return text;
}

describe('the progress of a replay', () => {
  it('given a terminal, when runs are replayed, then one line is written over now and then, and ended', () => {
    expect(told(true, 100)).toBe([2, 4, 6, 8, 10].map((runs) => `\rReplayed ${runs} of 10 runs; ${Math.floor(runs / 4)} with problems`).join('') + '\n');
  });

  it('given no terminal, when runs are replayed, then a line is written every ten seconds, and none if it is done before', () => {
    expect(told(false, 100)).toBe('');
    expect(told(false, 5_000).split('\n')).toEqual([...[2, 4, 6, 8, 10].map((runs) => `Replayed ${runs} of 10 runs; ${Math.floor(runs / 4)} with problems`), '']);
  });
});
