export const rows = new Set<number>();
export const rowActivities = {
  /** Answers how many rows it imported. */
  async importRow(row: number): Promise<number> {
    rows.add(row);
    return 1;
  },
};
export type RowActivities = typeof rowActivities;
