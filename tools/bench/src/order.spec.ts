import { describe, expect, it } from '@jest/globals';
import { failsAtLastStep, makeOrder } from './order.js';

describe('the order of the bench', () => {
  it('given any number, then it is 300 bytes of JSON, and the same each time', () => {
    for (const orderNumber of [0, 7, 12_345, 999_999_999]) {
      expect(Buffer.byteLength(JSON.stringify(makeOrder(orderNumber)))).toBe(300);
      expect(makeOrder(orderNumber)).toEqual(makeOrder(orderNumber));
    }
  });

  it('given ten numbers in a row, then one of them fails', () => {
    expect(Array.from({ length: 10 }, (_, index) => failsAtLastStep({ orderNumber: 40 + index })).filter(Boolean)).toHaveLength(1);
  });
});
