import { proxyActivities, type ActivityOptions, type UndoInput } from '@backstitch/workflow';

export interface Steps {
  reserve(input: { order: string }): Promise<{ reservation: string }>;
  charge(input: { order: string }): Promise<{ charge: string }>;
  ship(input: { order: string }): Promise<{ shipment: string }>;
}
export interface Undos {
  release(undo: UndoInput<{ order: string }, { reservation: string }>): Promise<void>;
  refund(undo: UndoInput<{ order: string }, { charge: string }>): Promise<void>;
  recall(undo: UndoInput<{ order: string }, { shipment: string }>): Promise<void>;
}

export function steps(options: Partial<ActivityOptions> = {}): ReturnType<typeof proxyActivities<Steps>> {
  return proxyActivities<Steps>({ taskQueue: 'shop', startToCloseTimeout: '30 seconds', ...options });
}
export function undos(): ReturnType<typeof proxyActivities<Undos>> {
  return proxyActivities<Undos>({ startToCloseTimeout: '30 seconds' });
}
