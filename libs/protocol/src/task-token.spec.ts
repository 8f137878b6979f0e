import { describe, expect, it } from '@jest/globals';
import { InvalidRequestError } from './errors.js';
import { makeTaskToken, readTaskToken, taskTokenText, verifyTaskToken } from './task-token.js';

const SECRET = 'sixteen letters!';
const ADDRESS = { workflowId: 'order-é', runId: 'r', activityId: '3', attempt: 2 };

describe('a task token', () => {
  it('given the secret, when a token is verified, as bytes or as text, then it names its attempt', () => {
    const token = makeTaskToken(SECRET, ADDRESS);
    expect(verifyTaskToken(SECRET, token)).toEqual(ADDRESS);
    expect(verifyTaskToken(SECRET, taskTokenText(token))).toEqual(ADDRESS);
    expect(verifyTaskToken(SECRET, Buffer.from(token).toString('base64url'))).toEqual(ADDRESS);
  });

  it('given a token of another secret, when it is verified, then it is refused; read without proof it says whom it claims to be', () => {
    const forged = makeTaskToken('another sixteen.', ADDRESS);
    expect(() => verifyTaskToken(SECRET, forged)).toThrow(InvalidRequestError);
    expect(readTaskToken(forged)).toEqual(ADDRESS);
  });

  it('given any byte that is changed, when it is verified, then it is refused', () => {
    const token = makeTaskToken(SECRET, ADDRESS);
    token.forEach((_, index) => {
      const changed = Uint8Array.from(token);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => verifyTaskToken(SECRET, changed)).toThrow(InvalidRequestError);
    });
  });

  it.each(['', 'x', 'A'.repeat(60), 'A'.repeat(20_000)])('given what is no token (%#), when it is read or verified, then it is refused', (text) => {
    expect(() => verifyTaskToken(SECRET, text)).toThrow(InvalidRequestError);
    expect(() => readTaskToken(text)).toThrow(InvalidRequestError);
  });
});
