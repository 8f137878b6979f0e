import { describe, expect, it } from '@jest/globals';
import { readIdleArguments } from './arguments.mjs';
import { summarizeStatements } from './statements.mjs';

describe('the idle bench', () => {
  it('given statements of the platform and of BullMQ, when they are summed up, then the latter stand by themselves', () => {
    const summary = summarizeStatements(
      [
        { role: 'orchestrator', query: 'SELECT id FROM move_stalled_jobs_to_wait($1)', calls: 60, ofBullmq: true },
        { role: 'orchestrator', query: 'SELECT $1', calls: 12, ofBullmq: false },
        { role: 'gateway', query: 'SELECT * FROM gateway.import', calls: 6, ofBullmq: false },
      ],
      60,
    );
    expect(summary).toMatchObject({ queriesPerSecond: 0.3, bullmqQueriesPerSecond: 1, byRole: { orchestrator: 0.2, gateway: 0.1 } });
  });

  it('given no options, when they are read, then it is a hundred thousand runs on two orchestrators for a minute', () => {
    expect(readIdleArguments([])).toEqual({ backend: 'redis', runs: 100_000, orchestrators: 2, seconds: 60, dueRuns: 50, jsonFile: undefined });
  });

  it.each([['--runs', '0'], ['--backend', 'kafka'], ['--seconds', 'x'], ['--nonsense']])('given %s %s, when it is read, then it is refused', (...args) => {
    expect(() => readIdleArguments(args)).toThrow(expect.objectContaining({ code: 'BENCH_ARGUMENT' }));
  });
});
