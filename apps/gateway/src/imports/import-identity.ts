import { deterministicId } from '../identity/deterministic-id.js';

/**
 * Ids by invoice number alone, for all imports: whoever sends the file, and however often, an invoice becomes one order or one return.
 */
export function orderIdOfInvoice(invoiceNumber: string): string {
  return deterministicId('import', 'order', invoiceNumber);
}

export function returnIdOfInvoice(invoiceNumber: string): string {
  return deterministicId('import', 'return', invoiceNumber);
}
