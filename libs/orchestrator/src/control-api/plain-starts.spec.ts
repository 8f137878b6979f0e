import { describe, expect, it } from '@jest/globals';
import { isPlainStarts } from './plain-starts.js';
import { startWorkflowsRequest } from './request-schemas.js';

const START = { workflowId: 'w', workflowType: 't', args: [1, null], memo: { a: 1 }, searchAttributes: { A: ['x', 1, true] }, requestFingerprint: 'f', identity: 'i', traceparent: 'p' };
const ODD = [undefined, null, '', 'a\0b', 'x'.repeat(256), 'x'.repeat(1_001), 7, Infinity, true, [], {}, [undefined], { A: 'x' }, { A: [null] }, { A: [Number.NaN] }, { '': [1] }, { ['a\0']: [1] }];

describe('a request for starts that is told to be valid at once', () => {
  it.each([
    [{ starts: [START] }],
    [{ starts: [{ workflowId: 'w', workflowType: 't', args: [] }, START] }],
  ])('given %j, then it is, and its schema takes it as it stands', (body) => {
    expect(isPlainStarts(body)).toBe(true);
    expect(startWorkflowsRequest.parse(body)).toEqual(body);
  });

  it('given any field with any odd value, when it is told to be valid, then its schema takes it as it stands too', () => {
    const told: unknown[] = [];
    for (const field of [...Object.keys(START), 'unknown']) {
      for (const value of ODD) {
        const body = { starts: [{ ...START, [field]: value }] };
        if (!isPlainStarts(body)) continue;
        told.push(body);
        expect(startWorkflowsRequest.parse(body)).toEqual(body);
      }
    }
    expect(told.length).toBeGreaterThan(0);
  });

  it.each([[undefined], [null], ['starts'], [[]], [{}], [{ starts: {} }], [{ starts: [] }], [{ starts: [null] }], [{ starts: [START], more: 1 }], [{ starts: Array.from({ length: 501 }, () => START) }]])(
    'given %j, then its schema is asked',
    (body) => {
      expect(isPlainStarts(body)).toBe(false);
    },
  );
});
