import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../logging/create-logger.js';
import { installFatalHandlers } from './fatal-handlers.js';
import { installGracefulStop } from './graceful-stop.js';

const silent = createLogger({ service: 'spec', level: 'silent' });

class FakeProcess extends EventEmitter {
  private resolveExit: (code: number) => void = () => undefined;
  readonly exited = new Promise<number>((resolve) => (this.resolveExit = resolve));
  exit(code: number): void {
    this.resolveExit(code);
  }
}

describe('installGracefulStop', () => {
  it('given work that ends in time, when SIGTERM comes, then it is stopped once and the exit code is 0', async () => {
    const target = new FakeProcess();
    const signals: string[] = [];
    installGracefulStop({ logger: silent, graceMs: 60_000, target, stop: async (signal) => void signals.push(signal) });
    target.emit('SIGTERM');
    expect(await target.exited).toBe(0);
    expect(signals).toEqual(['SIGTERM']);
  });

  it('given a supervisor with an IPC channel, when it is gone, then the process stops as on SIGTERM', async () => {
    const target = new FakeProcess();
    const requests: string[] = [];
    installGracefulStop({ logger: silent, graceMs: 60_000, target, stop: async (request) => void requests.push(request) });
    target.emit('disconnect');
    expect(await target.exited).toBe(0);
    expect(requests).toEqual(['disconnect']);
  });

  it('given work that does not end, when the grace is over, then the exit code is 1', async () => {
    const target = new FakeProcess();
    installGracefulStop({ logger: silent, graceMs: 5, target, stop: () => new Promise(() => undefined) });
    target.emit('SIGINT');
    expect(await target.exited).toBe(1);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('given a stop under way, when a second signal %s comes, then the process exits at once with %i', async (signal, code) => {
    const target = new FakeProcess();
    let release: () => void = () => undefined;
    installGracefulStop({ logger: silent, graceMs: 60_000, target, stop: () => new Promise((resolve) => (release = resolve)) });
    target.emit('SIGTERM');
    target.emit(signal);
    expect(await target.exited).toBe(code);
    release();
  });

  it('given a stop that fails, when SIGTERM comes, then the exit code is 1', async () => {
    const target = new FakeProcess();
    installGracefulStop({ logger: silent, graceMs: 60_000, target, stop: () => Promise.reject(new Error('no')) });
    target.emit('SIGTERM');
    expect(await target.exited).toBe(1);
  });
});

describe('installFatalHandlers', () => {
  it.each(['uncaughtException', 'unhandledRejection'])('given %s, when it happens, then it is logged as fatal and the exit code is 1', async (event) => {
    const target = new FakeProcess();
    const lines: string[] = [];
    const remove = installFatalHandlers(createLogger({ service: 'spec', destination: { write: (line) => lines.push(line) } }), target);
    target.emit(event, new Error('boom'));
    expect(await target.exited).toBe(1);
    expect(lines.join('')).toContain('"level":"fatal"');
    expect(lines.join('')).toContain('boom');
    remove();
    expect(target.listenerCount(event)).toBe(0);
  });
});
