import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '@backstitch/protocol';
import { eventually } from '../../test/orchestrator-harness.js';
import { SILENT_LOGGER } from '../observation/logger.js';
import { QueueLosses } from './queue-losses.js';

function lossesOf(audit: () => Promise<number> = () => Promise.resolve(0)) {
  const calls: string[] = [];
  const tell: { flushed(): void; restarted(): void } = { flushed: () => undefined, restarted: () => undefined };
  const state = { isLapsed: false };
  const losses = new QueueLosses({
    queues: {
      onFlushed: (listener) => {
        tell.flushed = listener;
        return () => undefined;
      },
      onRestarted: (listener) => {
        tell.restarted = listener;
        return () => undefined;
      },
    },
    recovery: { scan: (reason) => calls.push(reason) },
    audit: {
      run: (scope) => {
        calls.push(`audit ${String(scope)}`);
        return audit();
      },
    },
    logger: SILENT_LOGGER,
    isLapsed: () => state.isLapsed,
    retryPauseMs: 1,
    flushShowsWithinMs: 20,
  });
  losses.start();
  return { losses, calls, tell, state };
}

describe('what a server of queues may have lost', () => {
  it('given a flush, when it is told, then all is dispatched again', async () => {
    const { losses, calls, tell } = lossesOf();
    tell.flushed();
    await losses.stop();
    expect(calls).toEqual(['queueFlushed']);
  });

  it('given a restart, when it is told, then all that is open is audited', async () => {
    const { losses, calls, tell } = lossesOf();
    tell.restarted();
    await eventually('it is audited', () => calls.length > 0);
    await losses.stop();
    expect(calls).toEqual(['audit open']);
  });

  it('given a server that comes back empty, when both are told, then all is dispatched again once', async () => {
    const { losses, calls, tell } = lossesOf();
    tell.restarted();
    tell.flushed();
    await losses.stop();
    expect(calls).toEqual(['queueFlushed']);
  });

  it('given leases that have run out, when a restart is told, then it is audited once it is known again what is owned', async () => {
    const { losses, calls, tell, state } = lossesOf();
    state.isLapsed = true;
    tell.restarted();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(calls).toEqual([]);
    state.isLapsed = false;
    await eventually('it is audited', () => calls.length > 0);
    await losses.stop();
  });

  it('given an audit that fails, when the database is back, then it is made again', async () => {
    let trials = 0;
    const { losses, calls, tell } = lossesOf(() => ((trials += 1) < 3 ? Promise.reject(new StoreUnavailableError(1)) : Promise.resolve(0)));
    tell.restarted();
    await eventually('it was made again', () => calls.length === 3);
    await losses.stop();
  });
});
