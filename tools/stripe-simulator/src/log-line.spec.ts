import { describe, expect, it } from '@jest/globals';
import { logLine } from './log-line.js';

describe('a line of the log', () => {
  it('given a level and fields, when it is made, then it is JSON as the services write it', () => {
    expect(JSON.parse(logLine('info', 'ready', { url: 'http://127.0.0.1:1' }))).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      service: 'stripe-simulator',
      pid: process.pid,
      url: 'http://127.0.0.1:1',
      msg: 'ready',
    });
  });

  it('given an error, when it is logged, then its type, message and stack are in the line', () => {
    const error = new TypeError('no such thing');
    expect(JSON.parse(logLine('error', 'a request failed', { err: error }))).toMatchObject({ level: 'error', err: { type: 'TypeError', message: 'no such thing', stack: error.stack } });
  });

  it('given something thrown that is no error, when it is logged, then its text is the message', () => {
    expect(JSON.parse(logLine('error', 'a request failed', { err: 'out of luck' }))).toMatchObject({ err: { message: 'out of luck' } });
  });
});
