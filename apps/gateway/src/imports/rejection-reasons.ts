/** Why a row or an invoice of an import is rejected: stable codes, with what they mean. */
export const REJECTION_REASONS = {
  'malformed-csv': 'the line is no CSV record',
  'quote-not-closed': 'a quote is opened and not properly closed',
  'line-too-long': 'the line is longer than 65,536 characters',
  'wrong-column-count': 'the line does not have as many fields as the header',
  'control-character': 'a field contains the character U+0000',
  'invoice-number-invalid': 'the invoice number is neither digits nor C and digits',
  'sku-invalid': 'the stock code is missing, longer than 64 characters, or has control characters',
  'description-too-long': 'the description is longer than 200 characters',
  'quantity-invalid': 'the quantity is no integer within 1,000,000',
  'price-invalid': 'the unit price is no decimal number within 100,000,000.00',
  'price-has-fractions-of-a-penny': 'the unit price has more than two decimals',
  'customer-invalid': 'the customer id is longer than 64 characters',
  'country-invalid': 'the country is missing or longer than 100 characters',
  'quantity-not-positive': 'a sale of no or a negative quantity (a correction of stock)',
  'price-not-positive': 'a sale at price 0 or less (a correction or a gift)',
  'customer-differs-within-invoice': "the line's customer is not that of the invoice's first line",
  'country-differs-within-invoice': "the line's country is not that of the invoice's first line",
  'cancellation-quantity-not-negative': 'a line of a cancellation with a quantity of 0 or more',
  'cancellation-without-customer': 'a cancelled line without a customer cannot be matched to a sale',
  'cancellation-without-sale': 'no earlier completed order of the same customer in this import has this SKU, or all of it was returned before',
  'cancellation-exceeds-sales': 'earlier completed orders cover only a part; the remainder is rejected',
  'invoice-without-valid-line': 'no line of the sale is valid',
  'invoice-too-large': 'the order would have more than 2,000 lines, more than 1,000,000 pieces in a line, or too large an amount',
  'invoice-placed-with-other-content': 'an order or return of this invoice exists with other content',
  'invoice-refused': 'the orchestrator refused the order',
  'cancellation-without-match': 'no line of the cancellation could be matched to a sale',
} as const;

export type RejectionReason = keyof typeof REJECTION_REASONS;

/** One rejected row or invoice. */
export interface Rejection {
  /** First physical line of the row; of an invoice, its first line. */
  lineNumber: number;
  scope: 'row' | 'invoice';
  reason: RejectionReason;
  invoiceNumber: string | null;
  /** What was found, e.g. the offending text. */
  detail: string | null;
}
