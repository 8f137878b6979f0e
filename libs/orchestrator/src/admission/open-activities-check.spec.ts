import { afterEach, describe, expect, it } from '@jest/globals';
import type { RunRecord } from '@backstitch/engine';
import { SILENT_LOGGER } from '../observation/logger.js';
import { OpenActivities } from './open-activities.js';
import { OpenActivitiesCheck } from './open-activities-check.js';

let check: OpenActivitiesCheck | undefined;

afterEach(async () => {
  await check?.stop();
});

function setUp(stored: { run_id: string; next_event_id: number }[]): { open: OpenActivities; asked: unknown[][]; elapse: (ms: number) => void; run: () => Promise<void> } {
  let nowMs = 0;
  const asked: unknown[][] = [];
  const open = new OpenActivities(() => nowMs);
  const database = {
    query: async <Row>({ values }: { values?: unknown[] }): Promise<Row[]> => {
      asked.push(values ?? []);
      return stored as Row[];
    },
  };
  const made = new OpenActivitiesCheck(open, database as never, () => nowMs, SILENT_LOGGER);
  check = made;
  return { open, asked, elapse: (ms) => (nowMs += ms), run: () => made.run() };
}

function openOf(open: OpenActivities, runId: string): void {
  const event = { eventId: 5, eventType: 'ACTIVITY_TASK_SCHEDULED', attributes: { taskQueue: 'stock' } } as never;
  open.committed({ record: { runId, nextEventId: 6, status: 'RUNNING' } as RunRecord, events: [event], upsertAttempts: [] });
}

describe('OpenActivitiesCheck', () => {
  it('given runs that are quiet, when they are compared with the store, then those that another replica went on with or closed are counted no longer', async () => {
    const { open, asked, elapse, run } = setUp([{ run_id: 'same', next_event_id: 6 }, { run_id: 'further', next_event_id: 9 }]);
    ['same', 'further', 'closed'].forEach((runId) => openOf(open, runId));
    elapse(30_000);
    openOf(open, 'lively');
    await run();
    expect(asked).toEqual([[['same', 'further', 'closed']]]);
    expect(open.countOf('stock')).toBe(2);
    await run();
    expect(asked).toHaveLength(1);
  });

  it('given nothing that is quiet, when it is due, then nothing is asked', async () => {
    const { open, asked, elapse, run } = setUp([]);
    openOf(open, 'lively');
    elapse(29_999);
    await run();
    expect(asked).toEqual([]);
  });
});
