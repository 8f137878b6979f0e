import { COUNTRY_NOT_SERVED } from '@backstitch/stack';

/** So many articles that orders seldom wait for each other's stock. */
const ARTICLES = 1_000;
const PRICE_MINOR = 1_250;

/** Every article, with more of it than can be sold. */
export const OVERLOAD_STOCK = Array.from({ length: ARTICLES }, (_, index) => ({ sku: skuOf(index), quantity: 1_000_000_000 }));

/** @param {number} index */
function skuOf(index) {
  return `OVERLOAD-${index}`;
}

/**
 * The body of the n-th order. Every tenth's card is declined, which undoes two steps; every twentieth goes where nobody delivers, which undoes three.
 * @param {number} number
 */
export function overloadOrder(number) {
  const declined = number % 10 === 3;
  const notServed = number % 20 === 8;
  return JSON.stringify({
    customerId: `C-${number % 5_000}`,
    currency: 'GBP',
    lines: [{ sku: skuOf((number * 7_919) % ARTICLES), quantity: 1, unitPriceMinor: PRICE_MINOR }, { sku: skuOf((number * 104_729 + 1) % ARTICLES), quantity: 2, unitPriceMinor: PRICE_MINOR }],
    paymentToken: declined ? 'tok_chargeDeclined' : 'tok_visa',
    shippingAddress: { country: notServed ? COUNTRY_NOT_SERVED : 'Portugal' },
    reference: `overload-${number}`,
  });
}
