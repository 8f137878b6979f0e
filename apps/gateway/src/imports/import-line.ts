import { skuSchema } from '@backstitch/contracts';
import type { CsvRecord } from './csv-record-reader.js';
import type { Rejection, RejectionReason } from './rejection-reasons.js';

/** Columns that an import's header must name, in any order; others are ignored. */
export const IMPORT_COLUMNS = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID', 'Country'] as const;
export type ImportColumn = (typeof IMPORT_COLUMNS)[number];

/** A line of the file that is well-formed by itself; whether it makes sense in its invoice is judged once the file is complete. */
export interface ImportLine {
  lineNumber: number;
  invoiceNumber: string;
  sku: string;
  description: string | null;
  quantity: number;
  unitPriceMinor: number;
  customerId: string | null;
  country: string;
}

const QUANTITY_MAX = 1_000_000;
const UNIT_PRICE_MINOR_MAX = 10_000_000_000;

/** Where each column stands in this file. */
export type ColumnPositions = Record<ImportColumn, number> & { count: number };

/** The header does not name every column once. */
export class ImportHeaderError extends Error {
  override readonly name = 'ImportHeaderError';
  readonly code = 'IMPORT_HEADER_INVALID';
  constructor(
    readonly missing: string[],
    readonly repeated: string[],
  ) {
    super(
      [missing.length > 0 ? `Missing columns: ${missing.join(', ')}.` : '', repeated.length > 0 ? `Repeated columns: ${repeated.join(', ')}.` : '']
        .filter((part) => part !== '')
        .join(' ') || 'The file has no header line.',
    );
  }
}

/** Finds the columns in the header. @throws ImportHeaderError */
export function readHeader(fields: readonly string[]): ColumnPositions {
  const names = fields.map((field) => field.trim().toLowerCase());
  const missing = IMPORT_COLUMNS.filter((column) => !names.includes(column.toLowerCase()));
  const repeated = IMPORT_COLUMNS.filter((column) => names.filter((name) => name === column.toLowerCase()).length > 1);
  if (missing.length > 0 || repeated.length > 0) throw new ImportHeaderError([...missing], [...repeated]);
  const positions = { count: fields.length } as ColumnPositions;
  for (const column of IMPORT_COLUMNS) positions[column] = names.indexOf(column.toLowerCase());
  return positions;
}

/** Reads one record, or says why it is rejected. */
export function readImportLine(record: CsvRecord, columns: ColumnPositions): ImportLine | Rejection {
  const { lineNumber } = record;
  const rejected = (reason: RejectionReason, detail: string | null, invoiceNumber: string | null = null): Rejection => ({
    lineNumber,
    scope: 'row',
    reason,
    invoiceNumber,
    detail: detail === null ? null : detail.slice(0, 200),
  });
  if ('malformed' in record) return rejected(record.malformed, record.detail);
  const { fields } = record;
  if (fields.length !== columns.count) return rejected('wrong-column-count', `${fields.length} instead of ${columns.count}`);
  const text = (column: ImportColumn): string => (fields[columns[column]] as string).trim();

  const invoiceNumber = text('InvoiceNo').toUpperCase();
  if (!/^C?\d{1,20}$/.test(invoiceNumber)) return rejected('invoice-number-invalid', invoiceNumber);
  // By the services' own rule: what they would refuse must not get as far as them.
  const sku = skuSchema.safeParse(text('StockCode')).data;
  if (sku === undefined) return rejected('sku-invalid', text('StockCode'), invoiceNumber);
  const description = text('Description');
  if (description.length > 200) return rejected('description-too-long', `${description.length} characters`, invoiceNumber);
  const quantity = readQuantity(text('Quantity'));
  if (quantity === undefined) return rejected('quantity-invalid', text('Quantity'), invoiceNumber);
  const unitPriceMinor = readMinorUnits(text('UnitPrice'));
  if (typeof unitPriceMinor === 'string') return rejected(unitPriceMinor, text('UnitPrice'), invoiceNumber);
  const customerId = readCustomerId(text('CustomerID'));
  if (customerId !== null && customerId.length > 64) return rejected('customer-invalid', customerId, invoiceNumber);
  const country = text('Country');
  if (country === '' || country.length > 100) return rejected('country-invalid', country, invoiceNumber);
  return { lineNumber, invoiceNumber, sku, description: description === '' ? null : description, quantity, unitPriceMinor, customerId, country };
}

/** Whether the record reads as a line; used to tell a quoted line break from a stray quote. */
export function isImportLine(fields: string[], columns: ColumnPositions): boolean {
  return !('reason' in readImportLine({ lineNumber: 0, fields }, columns));
}

function readQuantity(text: string): number | undefined {
  if (!/^[+-]?\d{1,9}(?:\.0+)?$/.test(text)) return undefined;
  const quantity = Number.parseInt(text, 10);
  return Math.abs(quantity) <= QUANTITY_MAX ? quantity : undefined;
}

/** Pounds with at most two decimals that count, to pence, digit by digit: no floating point is involved. */
function readMinorUnits(text: string): number | 'price-invalid' | 'price-has-fractions-of-a-penny' {
  const match = /^([+-]?)(\d{1,12})(?:\.(\d{1,20}))?$/.exec(text);
  if (match === null) return 'price-invalid';
  const [, sign, pounds, decimals = ''] = match;
  if (/[1-9]/.test(decimals.slice(2))) return 'price-has-fractions-of-a-penny';
  const pence = Number(`${pounds}${decimals.slice(0, 2).padEnd(2, '0')}`);
  if (pence > UNIT_PRICE_MINOR_MAX) return 'price-invalid';
  return sign === '-' && pence !== 0 ? -pence : pence;
}

/** The data set writes ids as floats: `17850.0` is customer 17850. */
function readCustomerId(text: string): string | null {
  if (text === '') return null;
  return /^(\d+)\.0+$/.exec(text)?.[1] ?? text;
}
