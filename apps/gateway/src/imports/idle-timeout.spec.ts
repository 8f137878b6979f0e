import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { UploadBrokenError, withIdleTimeout } from './idle-timeout.js';

describe('withIdleTimeout', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('given a sender that falls silent after some pieces, when the time is up, then the upload is broken off', async () => {
    const body = new PassThrough();
    const pieces = withIdleTimeout(body, 1_000);
    body.write('a');
    expect((await pieces.next()).value).toEqual(Buffer.from('a'));
    const next = pieces.next();
    next.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    jest.advanceTimersByTime(1_000);
    await expect(next).rejects.toThrow(UploadBrokenError);
  });

  it('given a reader that takes long to store a piece, when it asks for the next one, then the sender has the whole time again', async () => {
    const body = new PassThrough();
    const pieces = withIdleTimeout(body, 1_000);
    body.write('a');
    await pieces.next();
    jest.advanceTimersByTime(5_000);
    const next = pieces.next();
    body.end('b');
    expect((await next).value).toEqual(Buffer.from('b'));
    expect((await pieces.next()).done).toBe(true);
  });

  it('given a connection that breaks, then the reader is told that the upload broke off', async () => {
    const body = new PassThrough();
    const pieces = withIdleTimeout(body, 1_000);
    const next = pieces.next();
    body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    await expect(next).rejects.toThrow(UploadBrokenError);
  });
});
