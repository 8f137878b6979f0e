import { createHash } from 'node:crypto';
import type { Carrier, Consignment } from './carrier.js';

/**
 * A carrier that takes everything but what goes to certain countries. Its tracking number is a function of the shipment id, so that it answers the
 * same again even after a restart, which forgets what it took.
 */
export class SimulatedCarrier implements Carrier {
  private readonly notServed: ReadonlySet<string>;
  private readonly taken = new Map<string, string>();

  /** @param countriesNotServed compared without case */
  constructor(countriesNotServed: readonly string[] = []) {
    this.notServed = new Set(countriesNotServed.map(normalised));
  }

  serves(country: string): boolean {
    return !this.notServed.has(normalised(country));
  }

  async consign({ shipmentId }: Consignment): Promise<{ trackingNumber: string }> {
    const trackingNumber = `SIM${createHash('sha256').update(shipmentId).digest('hex').slice(0, 12).toUpperCase()}`;
    this.taken.set(shipmentId, trackingNumber);
    if (this.taken.size > REMEMBERED_MAX) this.taken.delete(this.taken.keys().next().value!);
    return { trackingNumber };
  }

  async find(shipmentId: string): Promise<{ trackingNumber: string } | undefined> {
    const trackingNumber = this.taken.get(shipmentId);
    return trackingNumber === undefined ? undefined : { trackingNumber };
  }
}

const REMEMBERED_MAX = 10_000;

function normalised(country: string): string {
  return country.trim().toLowerCase();
}
