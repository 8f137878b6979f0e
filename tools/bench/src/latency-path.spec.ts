import { describe, expect, it } from '@jest/globals';
import type { HistoryEvent } from '@backstitch/protocol';
import { latencyPathOf } from './latency-path.js';

const event = (eventId: number, eventType: string, eventTimeMs: number, attributes: object = {}) => ({ eventId, eventType, eventTimeMs, attributes }) as unknown as HistoryEvent;

describe('latencyPathOf', () => {
  it('given two steps, then their ways to the service and back are summed up', () => {
    const events = [
      event(1, 'WORKFLOW_EXECUTION_STARTED', 100),
      event(5, 'ACTIVITY_TASK_SCHEDULED', 100),
      event(6, 'ACTIVITY_TASK_STARTED', 102, { scheduledEventId: 5 }),
      event(7, 'ACTIVITY_TASK_COMPLETED', 105, { scheduledEventId: 5 }),
      event(11, 'ACTIVITY_TASK_SCHEDULED', 105),
      event(12, 'ACTIVITY_TASK_STARTED', 106, { scheduledEventId: 11 }),
      event(13, 'ACTIVITY_TASK_COMPLETED', 110, { scheduledEventId: 11 }),
    ];
    expect(latencyPathOf(events)).toEqual({ dispatchMs: 3, serveMs: 7 });
  });
});
