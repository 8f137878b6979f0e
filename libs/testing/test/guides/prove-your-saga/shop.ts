/** What all services' databases, and the payment provider, hold: plain data. */
export interface Shop {
  stock: number;
  /** By the payment's id. */
  payments: Record<string, 'paid' | 'refunded' | 'void'>;
  parcels: number;
}

export interface ShopActivities {
  reserve(orderId: string): Promise<void>;
  charge(orderId: string): Promise<void>;
  ship(orderId: string): Promise<void>;
}
