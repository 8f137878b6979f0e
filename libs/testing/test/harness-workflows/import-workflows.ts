import { proxyActivities } from '@backstitch/workflow';

export interface ImportActivities {
  importRows(fileId: string, rows: number): Promise<{ items: number; resumedFrom: number; attempt: number }>;
}

const { importRows } = proxyActivities<ImportActivities>({
  taskQueue: 'imports',
  heartbeatTimeout: '4 seconds',
  startToCloseTimeout: '10 minutes',
  retry: { initialInterval: '100ms', jitter: 0 },
});

/** Imports a file in one long activity. */
export async function importFile(fileId: string, rows: number): Promise<{ items: number; resumedFrom: number; attempt: number }> {
  return importRows(fileId, rows);
}
