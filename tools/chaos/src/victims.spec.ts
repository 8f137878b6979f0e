import { describe, expect, it } from '@jest/globals';
import type { RedisServer } from '@backstitch/servers';
import type { Stack } from '@backstitch/stack';
import { Victims } from './victims.mjs';

const planned = { kind: 'redis' as const, instance: 1, pauseMs: 0, momentMs: 0, downMs: 5, overlaps: true, feedsOutage: false };
const never = new AbortController().signal;

describe('what can be killed', () => {
  it('given a Redis that was hit and is not back, when it is to be hit again, then it is not, until it is back', async () => {
    const returns: (() => void)[] = [];
    const redis = { crash: () => new Promise<void>((resolve) => returns.push(resolve)) } as unknown as RedisServer;
    const victims = new Victims({} as Stack, redis);
    const back = victims.kill(planned, never);
    expect(victims.kill(planned, never)).toBeUndefined();
    expect(returns).toHaveLength(1);
    returns[0]?.();
    await back;
    expect(victims.kill(planned, never)).toBeInstanceOf(Promise);
    expect(returns).toHaveLength(2);
  });

  it('given a service whose process does not run just now, then it says so; one that runs is killed and awaited', async () => {
    const told: unknown[] = [];
    let runs = false;
    const process = { kill: (options: unknown) => (told.push(options), runs) };
    const stack = { instance: () => ({ name: 'payment-2', process }), waitUntilReady: async (...which: unknown[]) => void told.push(which) } as unknown as Stack;
    const victims = new Victims(stack, undefined);
    const payment = { ...planned, kind: 'payment' as const, instance: 2 };
    expect(victims.kill(payment, never)).toBeUndefined();
    runs = true;
    await victims.kill(payment, never);
    expect(told).toEqual([{ downMs: 5 }, { downMs: 5 }, ['payment', 2]]);
    expect(victims.nameOf(payment)).toBe('payment-2');
  });
});
