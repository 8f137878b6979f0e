import { COUNTRY_NOT_SERVED, seededRandom } from '@backstitch/stack';

const ARTICLES = 60;
const CUSTOMERS_PER_INVOICE = 0.4;

/**
 * Made-up orders as CSV: one to five lines each, some by guests, some that fulfilment does not serve, every twelfth cancelled in part later.
 *
 * @param {number} invoices
 * @param {number} seed
 */
export function madeUpOrders(invoices, seed) {
  const random = seededRandom(seed);
  const below = (/** @type {number} */ bound) => Math.floor(random() * bound);
  const rows = ['InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'];
  for (let index = 0; index < invoices; index++) {
    const invoice = 100_000 + index;
    const customer = below(4) === 0 ? '' : String(10_000 + below(Math.ceil(invoices * CUSTOMERS_PER_INVOICE)));
    const country = below(25) === 0 ? COUNTRY_NOT_SERVED : 'United Kingdom';
    const first = below(ARTICLES);
    const row = (/** @type {string} */ number, /** @type {number} */ article, /** @type {number} */ quantity) =>
      rows.push(`${number},CHAOS-${article % ARTICLES},Article ${article % ARTICLES},${quantity},2010-12-01 08:26:00,${1 + (article % 7)}.25,${customer},${country}`);
    const lines = 1 + below(5);
    for (let line = 0; line < lines; line++) row(String(invoice), first + 7 * line, 1 + below(6));
    if (index % 12 === 11 && customer !== '') row(`C${invoice}`, first, -1);
  }
  return `${rows.join('\n')}\n`;
}
