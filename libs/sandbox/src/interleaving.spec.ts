import { describe, expect, it } from '@jest/globals';
import { completed, DrivenRun, failed, fired, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

describe('branches that race', () => {
  it('given every way of waiting side by side, when the workflow runs, then its parts come in the order in which they have always come', async () => {
    const run = new DrivenRun(createInThreadSandbox({ bundle: await testBundle() }));
    await run.advance(initialize('interleavingWorkflow'));
    expect(await run.advanceInShort(completed(1, {}))).toEqual(['schedule charge #2']);
    expect(await run.advanceInShort(failed(2), fired(1))).toEqual(['schedule release #3 undoing #1']);
    // Recorded histories depend on this order, that is, on the number of microtasks that each await takes: it may never change without a flag.
    expect(await run.advanceInShort(completed(3))).toEqual([
      'complete "s0 g0 y0 y1 p5 f0 g1 y2 p4 y3 f1 g2 y4 y5 f2 s1 x0 x1 x2 slept ActivityFailure"',
    ]);
  });
});
