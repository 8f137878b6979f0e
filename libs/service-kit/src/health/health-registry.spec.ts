import { describe, expect, it } from '@jest/globals';
import { HealthRegistry } from './health-registry.js';

function running(): HealthRegistry {
  const health = new HealthRegistry();
  health.markRunning();
  return health;
}

describe('HealthRegistry', () => {
  it('given a check that is up and one that is down, when readiness is asked, then it is unready and says why, without secrets', async () => {
    const health = running();
    health.register('database', () => Promise.resolve());
    health.register('queue', () => Promise.reject(new Error('cannot reach redis://:hunter2@cache')));
    const readiness = await health.readiness();
    expect(readiness).toMatchObject({ status: 'unready', checks: { database: { status: 'up' }, queue: { status: 'down' } } });
    expect(readiness.checks['queue']?.error).toBe('cannot reach redis://:[redacted]@cache');
  });

  it('given a check that never answers, when its time is up, then it is down and its signal has fired', async () => {
    const health = running();
    let signal: AbortSignal | undefined;
    health.register('stuck', (given) => new Promise(() => (signal = given)), { timeoutMs: 10 });
    expect(await health.readiness()).toMatchObject({ status: 'unready', checks: { stuck: { status: 'down', error: 'no answer within 10 ms' } } });
    expect(signal?.aborted).toBe(true);
  });

  it('given many questions at once, when checks run, then each runs once', async () => {
    const health = running();
    let calls = 0;
    health.register('database', async () => void calls++);
    await Promise.all(Array.from({ length: 50 }, () => health.readiness()));
    expect(calls).toBe(1);
  });

  it('given the phases of a process, when readiness is asked, then only running is ready and stopping is for good', async () => {
    const health = new HealthRegistry();
    expect((await health.readiness()).status).toBe('starting');
    health.markRunning();
    expect((await health.readiness()).status).toBe('ready');
    health.markStopping();
    health.markRunning();
    expect((await health.readiness()).status).toBe('stopping');
  });

  it('given a check that was taken away, when readiness is asked, then it is gone', async () => {
    const health = running();
    const remove = health.register('queue', () => Promise.reject(new Error('down')));
    remove();
    expect(await health.readiness()).toEqual({ status: 'ready', checks: {} });
  });
});
