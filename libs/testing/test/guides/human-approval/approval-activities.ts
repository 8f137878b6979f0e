export const notified: string[] = [];
export const approvalActivities = {
  async notify(approver: string): Promise<void> {
    notified.push(approver);
  },
};
export type ApprovalActivities = typeof approvalActivities;
