/** What one order carries through its three steps: about 300 bytes of JSON. A type, not an interface: it is JSON. */
export type BenchOrder = {
  orderNumber: number;
  customerId: string;
  currency: string;
  amountMinor: number;
  shippingAddress: string;
  note: string;
};

/** The services in the order in which an order passes through them; each is a process with a database role and queues of its own. */
export const STEP_SERVICES = ['inventory', 'payment', 'fulfilment'] as const;
export type StepService = (typeof STEP_SERVICES)[number];

/** Every so many-th order fails at the last step. */
const FAILING_ORDER_EVERY = 10;
const ORDER_BYTES = 300;

/** The same number makes the same order. */
export function makeOrder(orderNumber: number): BenchOrder {
  const order: BenchOrder = {
    orderNumber,
    customerId: `customer-${orderNumber % 997}`,
    currency: 'GBP',
    amountMinor: 1_000 + (orderNumber % 5_000),
    shippingAddress: '12 Tailor Lane, Leeds LS1 4AB, United Kingdom',
    note: '',
  };
  return { ...order, note: 'x'.repeat(Math.max(0, ORDER_BYTES - JSON.stringify(order).length)) };
}

/** Whether the last step refuses the order for good. Decided by the number, so that every run has the same failures. */
export function failsAtLastStep({ orderNumber }: Pick<BenchOrder, 'orderNumber'>): boolean {
  return orderNumber % FAILING_ORDER_EVERY === FAILING_ORDER_EVERY - 1;
}
