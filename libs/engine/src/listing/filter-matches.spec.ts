import { describe, expect, it } from '@jest/globals';
import { ListFilterInvalidError } from '@backstitch/protocol';
import type { RunRecord } from '../ports/history-store.js';
import { filterMatches } from './filter-matches.js';
import { parseListFilter } from './parse-list-filter.js';

const DEFINITIONS = { CustomerId: 'Keyword', Amount: 'Int', Rush: 'Bool', DueAt: 'Datetime' } as const;
const record: RunRecord = {
  workflowId: 'order-1',
  runId: '00000000-0000-7000-8000-000000000001',
  workflowType: 'order',
  partition: 0,
  status: 'COMPLETED',
  startedAtMs: Date.UTC(2026, 0, 1),
  closedAtMs: Date.UTC(2026, 0, 1, 2),
  nextEventId: 12,
  historySizeBytes: 900,
  openActivities: 0,
  openIncidents: 0,
  requestFingerprint: '',
  searchAttributes: { CustomerId: ['17850'], Amount: [30], DueAt: ['2026-02-01T00:00:00.000Z'] },
  memo: {},
};

function matches(query: string): boolean {
  return filterMatches(parseListFilter(query).condition, { record, parentWorkflowId: 'cart-7', pinnedBuildId: 'c41d0e' }, DEFINITIONS);
}

describe('a list filter that is compared with a run', () => {
  it.each([
    '',
    "WorkflowType = 'order' AND ExecutionStatus = 'Completed' AND CustomerId = '17850'",
    "Amount >= 30 AND Amount < 31 AND Amount BETWEEN 1 AND 30 AND Amount IN (7, 30)",
    "StartTime = '2026-01-01T00:00:00Z' AND CloseTime > '2026-01-01T01:00:00Z' AND ExecutionDuration = '2h'",
    "HistoryLength = 11 AND HistorySizeBytes > 899 AND OpenIncidents = 0",
    "ParentWorkflowId = 'cart-7' AND RootWorkflowId = 'order-1' AND WorkflowId STARTS_WITH 'order-'",
    "Rush IS NULL AND Rush != true AND NOT Rush = true AND CustomerId IS NOT NULL AND DueAt > '2026-01-31T22:59:59-01:00'",
    "BuildIds = 'c41d0e' AND BuildIds STARTS_WITH 'c4' AND TemporalWorkflowVersioningBehavior = 'Pinned' AND TemporalWorkflowVersioningBehavior != 'AUTO_UPGRADE'",
    "DueAt > '2026-01-31T23:00:00-01:00' OR DueAt = '2026-02-01T01:00:00+01:00'",
  ])('given what it is, when %j is asked, then it is found', (query) => {
    expect(matches(query)).toBe(true);
  });

  it.each(["Rush = true", 'Rush = false', 'Amount < 30', 'BuildIds IS NULL', "TemporalWorkflowVersioningBehavior = 'autoUpgrade'", "NOT CustomerId = '17850'", "RunId = 'no id'", "WorkflowType != 'order'", "CustomerId STARTS_WITH '9'", "Amount NOT IN (30)"])(
    'given what it is not, when %j is asked, then it is not found',
    (query) => {
      expect(matches(query)).toBe(false);
    },
  );

  it.each(["Nobody = 'x'", "Amount = 'x'", "TemporalWorkflowVersioningBehavior = 'Floating'", "Amount STARTS_WITH '3'", 'CustomerId STARTS_WITH 1', "WorkflowType = 'order' OR DueAt = 'soon'"])('given %j, which does not fit, when it is asked, then that is said', (query) => {
    expect(() => matches(query)).toThrow(ListFilterInvalidError);
  });
});
