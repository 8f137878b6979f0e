/** States: uploading → (complete) queued → stocking → running → completed; uploading → (broken off) interrupted; stocking → failed. */
export type ImportStatus = 'uploading' | 'interrupted' | 'queued' | 'stocking' | 'running' | 'completed' | 'failed';

export interface ImportRow {
  id: string;
  placed_by: string;
  traceparent: string;
  stock_per_sku: number;
  status: ImportStatus;
  created_at: Date;
  uploaded_at: Date | null;
  placing_at: Date | null;
  finished_at: Date | null;
  bytes: string;
  lines: string;
  failure: string | null;
}
