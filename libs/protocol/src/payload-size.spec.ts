import { describe, expect, it } from '@jest/globals';
import { describePayload, largestOf } from './payload-size.js';

describe('the size of payloads', () => {
  it('given several arguments, when they are too large together, then the largest is named, by its name or its number', () => {
    const args = ['a', 'é'.repeat(10), { b: 1 }];
    expect(largestOf(args)).toEqual({ index: 1, bytes: 22 });
    expect(describePayload('The input of activity "ship"', args)).toBe('The input of activity "ship" (argument 2, 22 bytes)');
    expect(describePayload('The input of activity "ship"', args, ['order', 'label'])).toBe('The input of activity "ship" (argument "label", 22 bytes)');
    expect(describePayload('The input', [])).toBe('The input');
  });
});
