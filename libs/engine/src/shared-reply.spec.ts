import { describe, expect, it } from '@jest/globals';
import { SharedReply } from './shared-reply.js';

describe('SharedReply', () => {
  it('given several shares, when all but one are answered, even twice, then the answer is not there before the last', async () => {
    const reply = new SharedReply();
    const [first, second] = [reply.share(), reply.share()];
    let isThere = false;
    const all = reply.all().then(() => (isThere = true));
    first.resolve();
    first.resolve();
    first.reject(new Error('too late'));
    await Promise.resolve();
    expect(isThere).toBe(false);
    second.resolve();
    await all;
    expect(isThere).toBe(true);
  });

  it('given shares that fail, when all are answered, then the first error is thrown, and not before', async () => {
    const reply = new SharedReply();
    const shares = [reply.share(), reply.share(), reply.share()];
    shares[1]?.reject(new Error('first'));
    shares[0]?.reject(new Error('second'));
    let hasFailed = false;
    const all = reply.all().catch((error: unknown) => {
      hasFailed = true;
      throw error;
    });
    await Promise.resolve();
    expect(hasFailed).toBe(false);
    shares[2]?.resolve();
    await expect(all).rejects.toThrow('first');
  });

  it('given nothing to wait for, when it is awaited, then it is there', async () => {
    await expect(new SharedReply().all()).resolves.toBeUndefined();
    const reply = new SharedReply();
    reply.share().reject(new Error('at once'));
    await expect(reply.all()).rejects.toThrow('at once');
  });
});
