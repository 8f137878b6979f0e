import { createReadStream, createWriteStream, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

/** Real orders, which the project does not ship: a month of the data set "Online Retail" (Chen 2015, CC BY 4.0). */
export const DECEMBER_FILE = join(import.meta.dirname, '../../../../../shared/data/online-retail-2010-12.csv.gz');
export const hasDecemberFile = existsSync(DECEMBER_FILE);

/**
 * Writes a file of made-up orders: `invoices` sales of customers 1 to 20 with 1 to 5 lines; every tenth is cancelled in part later, every
 * fifteenth has a line that is rejected.
 *
 * @param firstInvoice keeps the invoices of several files apart
 */
export function writeOrdersFile(file: string, { invoices, firstInvoice }: { invoices: number; firstInvoice: number }): { sales: number; cancellations: number; rejectedRows: number } {
  const rows = [HEADER];
  let cancellations = 0;
  let rejectedRows = 0;
  for (let index = 0; index < invoices; index++) {
    const invoice = firstInvoice + index;
    const customer = 1 + (index % 20);
    const row = (number: string, sku: string, quantity: number, price: string): string => `${number},${sku},Article ${sku},${quantity},2010-12-01 08:26:00,${price},${customer}.0,United Kingdom`;
    for (let line = 0; line <= index % 5; line++) rows.push(row(String(invoice), `E2E${firstInvoice}-${(index * 7 + line * 3) % 40}`, 1 + ((index + line) % 6), '2.55'));
    if (index % 15 === 14) {
      rows.push(row(String(invoice), `E2E${firstInvoice}-1`, 1, '0'));
      rejectedRows += 1;
    }
    if (index % 10 === 9) {
      rows.push(row(`C${invoice}`, `E2E${firstInvoice}-${(index * 7) % 40}`, -1, '2.55'));
      cancellations += 1;
    }
  }
  writeFileSync(file, `${rows.join('\n')}\n`);
  return { sales: invoices, cancellations, rejectedRows };
}

/** Writes the lines of the December file's first invoices. */
export async function cutDecemberFile(file: string, invoicesMax: number): Promise<void> {
  const invoices = new Set<string>();
  const output = createWriteStream(file);
  const lines = createInterface({ input: createReadStream(DECEMBER_FILE).pipe(createGunzip()), crlfDelay: Infinity });
  for await (const line of lines) {
    const invoice = line.split(',', 1)[0] as string;
    if (!invoices.has(invoice) && invoices.size > invoicesMax) break;
    invoices.add(invoice);
    output.write(`${line}\n`);
  }
  await new Promise((resolve) => output.end(resolve));
}
