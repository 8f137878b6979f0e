import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { parse } from 'csv-parse/sync';

/** @typedef {{ csv: string, sales: number }} Chunk `sales`: invoices that may become orders */
/** @typedef {{ header: string[], customers: Customer[] }} OrdersFile */
/**
 * All that one customer bought and gave back, in the order of the file: it stays together, since an import matches cancellations to sales of its own. Or one
 * invoice of a customer who gave nothing back.
 * @typedef {object} Customer
 * @property {string[][]} rows
 * @property {number} sales
 */

const COLUMNS = ['InvoiceNo', 'Quantity', 'UnitPrice', 'CustomerID'];
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;

/**
 * @param {string} path .csv or .csv.gz; it is read as a whole
 * @returns {Promise<OrdersFile>}
 */
export async function readOrdersFile(path) {
  const content = await readFile(path);
  return readOrders((path.endsWith('.gz') ? await promisify(gunzip)(content) : content).toString('utf8'));
}

/**
 * @param {string} csv
 * @returns {OrdersFile}
 * @throws {Error} if a column is missing that chunks are cut by
 */
export function readOrders(csv) {
  const [header = [], ...rows] = /** @type {string[][]} */ (parse(csv, { relaxColumnCount: true, relaxQuotes: true, bom: true, skipEmptyLines: true }));
  const at = Object.fromEntries(COLUMNS.map((column) => [column, header.findIndex((name) => name.trim().toLowerCase() === column.toLowerCase())]));
  const missing = COLUMNS.filter((column) => at[column] === -1);
  if (missing.length > 0) throw new Error(`The orders have no column ${missing.join(', ')}.`);
  const field = (/** @type {string[]} */ row, /** @type {string} */ column) => (row[/** @type {number} */ (at[column])] ?? '').trim();

  /** @type {Map<string, string>} */
  const customerOfInvoice = new Map();
  /** @type {Map<string, Customer & { saleInvoices: Set<string> }>} */
  const customers = new Map();
  for (const row of rows) {
    const invoice = field(row, 'InvoiceNo');
    // A guest's invoice stands for itself; an invoice belongs to whom its first line names.
    const key = customerOfInvoice.get(invoice) ?? (field(row, 'CustomerID') || `invoice ${invoice}`);
    customerOfInvoice.set(invoice, key);
    const customer = customers.get(key) ?? { rows: [], sales: 0, saleInvoices: new Set() };
    customers.set(key, customer);
    customer.rows.push(row);
    if (/^\d+$/.test(invoice) && Number(field(row, 'Quantity')) > 0 && Number(field(row, 'UnitPrice')) > 0) customer.saleInvoices.add(invoice);
  }
  return { header, customers: [...customers.values()].flatMap(({ rows: own, saleInvoices }) => apart(own, saleInvoices)) };

  /**
   * Who gives nothing back need not stay together.
   *
   * @param {string[][]} own
   * @param {Set<string>} saleInvoices
   * @returns {Customer[]}
   */
  function apart(own, saleInvoices) {
    if (own.some((row) => /^c/i.test(field(row, 'InvoiceNo')))) return [{ rows: own, sales: saleInvoices.size }];
    return [...new Set(own.map((row) => field(row, 'InvoiceNo')))].map((invoice) => ({
      rows: own.filter((row) => field(row, 'InvoiceNo') === invoice),
      sales: saleInvoices.has(invoice) ? 1 : 0,
    }));
  }
}

/** @param {OrdersFile} file */
export function salesOf({ customers }) {
  return customers.reduce((sum, { sales }) => sum + sales, 0);
}

/**
 * Hands out a file in chunks, customer by customer. When it is used up it begins again under other invoice numbers, for as long as it is asked.
 */
export class ChunkSource {
  #file;
  #invoiceColumn;
  #next = 0;
  /** How often the file was begun. */
  round = 0;

  /** @param {OrdersFile} file */
  constructor(file) {
    if (salesOf(file) === 0) throw new Error('There is no order in the file.');
    this.#file = file;
    this.#invoiceColumn = file.header.findIndex((name) => name.trim().toLowerCase() === 'invoiceno');
  }

  /** Whether all of the file was handed out. */
  get isUsedUp() {
    return this.round > 0 || this.#next >= this.#file.customers.length;
  }

  /**
   * @param {number} sales at least so many, if the file has them
   * @returns {Chunk}
   */
  take(sales) {
    const { customers } = this.#file;
    if (this.#next >= customers.length) {
      this.#next = 0;
      this.round += 1;
    }
    /** @type {string[]} */
    const lines = [toLine(this.#file.header)];
    let taken = 0;
    let bytes = 0;
    while (this.#next < customers.length && taken < sales && bytes < CHUNK_BYTES_MAX) {
      const customer = /** @type {Customer} */ (customers[this.#next]);
      for (const row of customer.rows) {
        const line = toLine(this.round === 0 ? row : row.with(this.#invoiceColumn, renumbered(row[this.#invoiceColumn] ?? '', this.round)));
        lines.push(line);
        bytes += line.length;
      }
      taken += customer.sales;
      this.#next += 1;
    }
    return { csv: `${lines.join('\n')}\n`, sales: taken };
  }
}

/**
 * @param {string} invoice
 * @param {number} round
 */
function renumbered(invoice, round) {
  return invoice.replace(/^(\s*[Cc]?)(?=\d)/, `$1${round}00`);
}

/** @param {string[]} fields */
function toLine(fields) {
  return fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join();
}
