export const did: string[] = [];
export const renewalActivities = {
  async remind(): Promise<void> {
    did.push('remind');
  },
  async offerDiscount(): Promise<void> {
    did.push('offerDiscount');
  },
  async renew(): Promise<void> {
    did.push('renew');
  },
};
export type RenewalActivities = typeof renewalActivities;
