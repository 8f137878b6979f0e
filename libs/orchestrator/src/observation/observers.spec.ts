import { describe, expect, it } from '@jest/globals';
import type { EngineObserver, RunRecord } from '@backstitch/engine';
import type { Incident } from '@backstitch/protocol';
import { combineObservers, logObserver } from './observers.js';

const run = { workflowId: 'order-1', runId: 'r', workflowType: 'order', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
const record: RunRecord = {
  ...run,
  partition: 0,
  status: 'COMPLETED',
  startedAtMs: 0,
  closedAtMs: 1,
  nextEventId: 9,
  historySizeBytes: 1,
  openActivities: 0,
  openIncidents: 0,
  requestFingerprint: '',
  searchAttributes: {},
  memo: {},
};
const incident: Incident = { incidentNumber: 1, kind: 'UNDO_FAILED', message: 'no', openedAtMs: 0 };

/** Tells one fact of each kind about the run. */
function tellAll(observer: EngineObserver): void {
  observer.workflowStarted?.(run);
  observer.workflowClosed?.({ ...run, status: 'COMPLETED', startedAtMs: 0, closedAtMs: 1, record });
  observer.attemptFailed?.({ ...run, activityType: 'a', taskQueue: 'q', attempt: 1, failure: { message: 'no' } });
  observer.incidentOpened?.({ ...run, incident });
  observer.incidentResolved?.({ ...run, incident });
  observer.workflowLog?.({ ...run, entry: { level: 'info', message: 'said', attributes: { workflowId: 'of its own' } } });
  observer.driftFound?.({ ...run, eventIds: [5] });
  observer.historyLong?.({ ...run, historyEvents: 5_000, historySizeBytes: 1 });
}

describe('the log of the engine', () => {
  it('given facts about a run, when they are told, then every line bears the ids of workflow, run and trace', () => {
    const lines: object[] = [];
    const write = (fields: object): void => void lines.push(fields);
    tellAll(combineObservers([{}, logObserver({ trace: write, debug: write, info: write, warn: write, error: write })]));
    expect(lines.length).toBe(8);
    for (const line of lines) expect(line).toMatchObject({ workflowId: 'order-1', runId: 'r', workflowType: 'order', traceId: 'a'.repeat(32) });
  });
});
