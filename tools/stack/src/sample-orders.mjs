import { seededRandom } from './seeded-random.mjs';
import { COUNTRY_NOT_SERVED } from './services.mjs';

/** @typedef {import('@backstitch/contracts').PlaceOrder} PlaceOrder */
/** @typedef {{ body: PlaceOrder, expected: 'completed' | 'compensated' }} SampleOrder */

/** The assortment; the last one is nearly sold out. Prices in pence. */
const ARTICLES = /** @type {const} */ ([
  { sku: 'SAMPLE-TEAPOT', description: 'Teapot, white', unitPriceMinor: 1_895 },
  { sku: 'SAMPLE-CUP', description: 'Cup and saucer', unitPriceMinor: 495 },
  { sku: 'SAMPLE-LANTERN', description: 'Tin lantern', unitPriceMinor: 850 },
  { sku: 'SAMPLE-BUNTING', description: 'Party bunting', unitPriceMinor: 465 },
  { sku: 'SAMPLE-CLOCK', description: 'Alarm clock, red', unitPriceMinor: 375 },
  { sku: 'SAMPLE-HEART', description: 'Hanging heart, wicker', unitPriceMinor: 295 },
  { sku: 'SAMPLE-CAKESTAND', description: 'Cake stand, three tiers', unitPriceMinor: 1_275 },
  { sku: 'SAMPLE-DOORMAT', description: 'Doormat', unitPriceMinor: 750 },
]);
/** Always on stock once the samples were placed: what a first order of one's own can ask for. */
export const TRIAL_ARTICLE = ARTICLES[1];
const SCARCE = { sku: 'SAMPLE-RARE-VASE', description: 'Vase, the last ones', unitPriceMinor: 4_995 };
const SCARCE_STOCK = 3;
const COUNTRIES = ['United Kingdom', 'Germany', 'France', 'Portugal', 'Norway'];

/** What the samples need to be on stock. */
export const SAMPLE_STOCK = [...ARTICLES.map(({ sku }) => ({ sku, quantity: 1_000_000 })), { sku: SCARCE.sku, quantity: SCARCE_STOCK }];

/**
 * Varied orders, the same for the same seed: most go well, some have a card that is declined, ask for more than there is, or go where nobody delivers.
 *
 * @param {number} count
 * @param {number} [seed]
 * @returns {SampleOrder[]}
 */
export function sampleOrders(count, seed = 1) {
  const random = seededRandom(seed);
  const pick = (/** @type {number} */ bound) => Math.floor(random() * bound);
  return Array.from({ length: count }, (_, index) => {
    const shuffled = ARTICLES.map((article) => ({ article, rank: random() })).sort((a, b) => a.rank - b.rank);
    const articles = shuffled.slice(0, 1 + pick(4)).map(({ article }) => article);
    const lines = articles.map((article) => ({ ...article, quantity: 1 + pick(5) }));
    const fate = index % 10;
    const tooMany = fate === 4 && index % 20 < 10;
    const country = fate === 9 && index % 20 >= 10 ? COUNTRY_NOT_SERVED : /** @type {string} */ (COUNTRIES[pick(COUNTRIES.length)]);
    const declined = fate === 7;
    return {
      body: {
        ...(pick(4) === 0 ? {} : { customerId: `C-${1_000 + pick(40)}` }),
        currency: 'GBP',
        lines: tooMany ? [...lines, { ...SCARCE, quantity: SCARCE_STOCK + 1 + pick(20) }] : lines,
        paymentToken: declined ? 'tok_chargeDeclined' : 'tok_visa',
        shippingAddress: { country },
        reference: `sample-${index + 1}`,
      },
      expected: tooMany || declined || country === COUNTRY_NOT_SERVED ? 'compensated' : 'completed',
    };
  });
}
