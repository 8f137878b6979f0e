export const billed: number[] = [];
export const billingActivities = {
  async bill(year: number): Promise<void> {
    billed.push(year);
  },
  async remind(_year: number): Promise<void> {},
};
export type BillingActivities = typeof billingActivities;
