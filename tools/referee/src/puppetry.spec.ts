import { describe, expect, it } from '@jest/globals';
import type { HistoryEvent } from '@backstitch/protocol';
import { puppetryOf } from './puppetry.js';

const events = (input: unknown): HistoryEvent[] =>
  [
    { eventId: 1, eventType: 'WORKFLOW_EXECUTION_STARTED', eventTimeMs: 0, attributes: { input: [input] } },
    { eventId: 3, eventType: 'WORKFLOW_TASK_STARTED', eventTimeMs: 0, attributes: {} },
    { eventId: 5, eventType: 'WORKFLOW_EXECUTION_COMPLETED', eventTimeMs: 0, attributes: { result: null } },
  ] as unknown as HistoryEvent[];

describe('what the puppet plays', () => {
  it('given a history of plain JSON, when it is asked for, then it is what each task decided', () => {
    expect(puppetryOf(events({ to: 'Ada' }))).toMatchObject({ commands: { 3: [{ eventType: 'WORKFLOW_EXECUTION_COMPLETED' }] } });
  });

  it('given payloads that a converter of its own made, when it is asked for, then there is nothing that it could play', () => {
    expect(puppetryOf(events({ __backstitch_payload: { metadata: {}, data: '' } }))).toBeUndefined();
  });
});
