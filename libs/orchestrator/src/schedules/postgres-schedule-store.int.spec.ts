import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { scheduleStoreConformance, timersConformance, type TestFramework } from '@backstitch/testing';
import { makeTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { Database } from '../store/database.js';
import { systemTimers } from '../wake/system-timers.js';
import { PostgresScheduleStore } from './postgres-schedule-store.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await makeTestDatabase('schedule_store');
});
afterAll(() => database?.drop());

describe('the store of schedules on Postgres', () => {
  scheduleStoreConformance({ describe, it, expect } as TestFramework, async () => ({
    store: new PostgresScheduleStore(new Database(database.dataSource)),
    dispose: async () => undefined,
  }));
});

describe('timers of the system', () => {
  timersConformance({ describe, it, expect } as TestFramework, () => ({
    timers: systemTimers({ now: () => Date.now() }),
    nowMs: () => Date.now(),
    pass: async (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
    dispose: () => undefined,
  }));
});
