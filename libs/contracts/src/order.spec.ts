import { describe, expect, it } from '@jest/globals';
import { currencySchema, minorUnitsSchema, orderAmountMinor, ORDER_LINES_MAX, placeOrderSchema, placeReturnSchema, skuSchema } from './order.js';

const order = {
  customerId: '17850',
  currency: 'GBP',
  lines: [{ sku: '85123a', quantity: 6, unitPriceMinor: 255, description: 'WHITE HANGING HEART' }],
  paymentToken: 'tok_visa',
  shippingAddress: { country: 'United Kingdom' },
};
const line = order.lines[0]!;

/** JSON pointers of what is wrong. */
function violationsOf(body: unknown): string[] {
  const result = placeOrderSchema.safeParse(body);
  return result.success ? [] : result.error.issues.map((issue) => `/${issue.path.join('/')}`);
}

describe('a SKU', () => {
  it.each(['85123a', '85123A', ' 85123a '])('given "%s", when it is parsed, then it is 85123A', (sku) => {
    expect(skuSchema.parse(sku)).toBe('85123A');
  });

  it.each(['', '   ', 'x'.repeat(65), 'A\u0000B', 'A\tB', 'A\ud800', 'ß'.repeat(40)])('given %j, when it is parsed, then it is refused', (sku) => {
    expect(skuSchema.safeParse(sku).success).toBe(false);
  });

  it.each(['POST', 'M', 'BANK CHARGES', 'gift_0001_20'])('given the code "%s" of the real data, when it is parsed, then it is a SKU like others', (sku) => {
    expect(skuSchema.parse(sku)).toBe(sku.toUpperCase());
  });

  it('given a SKU that was parsed, when it is parsed again, then nothing changes', () => {
    for (const sku of ['straße', 'ǆ', 'ŉ', 'İi']) expect(skuSchema.parse(skuSchema.parse(sku))).toBe(skuSchema.parse(sku));
  });
});

describe('money', () => {
  it.each([0, 1, 255, Number.MAX_SAFE_INTEGER])('given %d, when it is parsed, then it is an amount in minor units', (amount) => {
    expect(minorUnitsSchema.parse(amount)).toBe(amount);
  });

  it.each([-1, 2.55, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1, '255'])('given %s, when it is parsed, then it is refused', (amount) => {
    expect(minorUnitsSchema.safeParse(amount).success).toBe(false);
  });

  it('given lines, when their amount is asked for, then it is the exact sum of quantity times price', () => {
    expect(orderAmountMinor([])).toBe(0);
    expect(orderAmountMinor([{ quantity: 6, unitPriceMinor: 255 }, { quantity: 32, unitPriceMinor: 339 }, { quantity: 1, unitPriceMinor: 1 }])).toBe(12_379);
  });

  it.each(['gbp', 'GB', 'GBPX', '£'])('given "%s", when a currency is parsed, then it is refused', (currency) => {
    expect(currencySchema.safeParse(currency).success).toBe(false);
  });
});

describe('the body of an order', () => {
  it('given an order, when it is parsed, then its SKUs are in upper case and the rest is untouched', () => {
    expect(placeOrderSchema.parse(order)).toEqual({ ...order, lines: [{ ...line, sku: '85123A' }] });
  });

  it.each([undefined, null])('given the customer %s, when it is parsed, then it is a guest order', (customerId) => {
    expect(placeOrderSchema.parse({ ...order, customerId }).customerId ?? null).toBeNull();
  });

  it('given many faults, when it is parsed, then every one is told with its place', () => {
    expect(
      violationsOf({ ...order, currency: 'pounds', lines: [{ ...line, quantity: 0 }, { ...line, unitPriceMinor: 0 }, { ...line, sku: '' }], shippingAddress: {} }),
    ).toEqual(['/currency', '/lines/0/quantity', '/lines/1/unitPriceMinor', '/lines/2/sku', '/shippingAddress/country']);
  });

  it('given a field that nobody knows, when it is parsed, then it is refused rather than dropped', () => {
    expect(violationsOf({ ...order, couponCode: 'x' })).toEqual(['/']);
  });

  it('given a card number in place of a token, when it is parsed, then it is refused for its blanks', () => {
    expect(violationsOf({ ...order, paymentToken: '4242 4242 4242 4242' })).toEqual(['/paymentToken']);
  });

  it.each(['\u0000', 'half of a pair: \ud83d'])('given a text with %j, which the database cannot keep, when it is parsed, then it is refused', (text) => {
    expect(violationsOf({ ...order, reference: text, customerId: text, shippingAddress: { country: text, name: text } })).toEqual([
      '/customerId',
      '/shippingAddress/name',
      '/shippingAddress/country',
      '/reference',
    ]);
    expect(violationsOf({ ...order, reference: 'two\nlines 😀' })).toEqual([]);
  });

  it('given no line or too many, when it is parsed, then it is refused', () => {
    expect(violationsOf({ ...order, lines: [] })).toEqual(['/lines']);
    expect(violationsOf({ ...order, lines: Array.from({ length: ORDER_LINES_MAX + 1 }, () => line) })).toEqual(['/lines']);
    expect(violationsOf({ ...order, lines: Array.from({ length: ORDER_LINES_MAX }, () => line) })).toEqual([]);
  });
});

describe('the body of a return', () => {
  it('given none or some lines, when it is parsed, then all or those come back, in upper case', () => {
    expect(placeReturnSchema.parse({})).toEqual({});
    expect(placeReturnSchema.parse({ lines: [{ sku: 'a', quantity: 1 }] })).toEqual({ lines: [{ sku: 'A', quantity: 1 }] });
  });
});
