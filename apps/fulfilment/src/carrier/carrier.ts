/** A shipment as the carrier gets it. */
export interface Consignment {
  /** Ours; also the carrier's idempotency key. */
  shipmentId: string;
  country: string;
  pieces: number;
}

/**
 * The carrier, a system outside our database.
 *
 * Guarantees: consigning the same shipment id again gives the same tracking number and moves nothing twice; `find` sees what `consign` took, even if
 * its answer was lost. Promises no order, and any call may fail or time out with the outcome unknown.
 */
export interface Carrier {
  /** Whether it delivers to that country. Answered from its coverage list, without a call. */
  serves(country: string): boolean;
  consign(consignment: Consignment, signal: AbortSignal): Promise<{ trackingNumber: string }>;
  /** What the carrier knows of a shipment id; undefined if nothing. */
  find(shipmentId: string, signal: AbortSignal): Promise<{ trackingNumber: string } | undefined>;
}

/** Injection token of the {@link Carrier}. */
export const CARRIER = Symbol('CARRIER');
