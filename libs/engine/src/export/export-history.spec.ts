import { describe, expect, it } from '@jest/globals';
import type { Failure, HistoryEvent, HistoryEventAttributes, HistoryEventType, JsonValue } from '@backstitch/protocol';
import { exportHistory, type TemporalHistoryEvent } from './export-history.js';

const TIME_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const RETRY_POLICY = { initialIntervalMs: 1_000, backoffCoefficient: 2, maximumIntervalMs: 60_000, maximumAttempts: 3, nonRetryableErrorTypes: ['Refused'], jitter: 0.1 };
const STARTED: HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED'] = {
  workflowId: 'w',
  runId: 'run-1',
  workflowType: 'order',
  taskQueue: 'default',
  input: ['o1', { amount: 1 }],
  randomnessSeed: 'run-0',
};

function history(...events: { [T in HistoryEventType]: [T, HistoryEventAttributes[T]] }[HistoryEventType][]): HistoryEvent[] {
  return events.map(([eventType, attributes], index) => ({ eventId: index + 1, eventType, eventTimeMs: TIME_MS, attributes }) as HistoryEvent);
}

/** The attributes of the event of that type as they are exported, behind a start. */
function exported<T extends HistoryEventType>(eventType: T, attributes: HistoryEventAttributes[T]): Record<string, unknown> {
  const event = exportHistory(history(['WORKFLOW_EXECUTION_STARTED', STARTED], [eventType, attributes] as never)).events[1] as TemporalHistoryEvent;
  const [name = ''] = Object.keys(event).filter((key) => key.endsWith('EventAttributes'));
  return event[name] as Record<string, unknown>;
}

function decoded(payload: unknown): JsonValue {
  const { data } = payload as { data: string };
  return JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as JsonValue;
}

function payload(value: JsonValue): { metadata: object; data: string } {
  return { metadata: { encoding: Buffer.from('json/plain').toString('base64') }, data: Buffer.from(JSON.stringify(value)).toString('base64') };
}

describe('exportHistory', () => {
  it('given a start, when it is exported, then ids and numbers of 64 bits are strings, times are RFC 3339, and payloads are base64', () => {
    const [event] = exportHistory(history(['WORKFLOW_EXECUTION_STARTED', { ...STARTED, memo: { note: 'Größe' }, searchAttributes: { Word: ['a'], Count: [2] }, workflowRunTimeoutMs: 90_500 }])).events;
    expect(event).toMatchObject({
      eventId: '1',
      eventTime: '2026-01-02T03:04:05.678Z',
      eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED',
      workflowExecutionStartedEventAttributes: {
        workflowType: { name: 'order' },
        taskQueue: { name: 'default', kind: 'TASK_QUEUE_KIND_NORMAL' },
        input: { payloads: [payload('o1'), payload({ amount: 1 })] },
        originalExecutionRunId: 'run-0',
        firstExecutionRunId: 'run-1',
        workflowRunTimeout: '90.500s',
        attempt: 1,
        memo: { fields: { note: payload('Größe') } },
        searchAttributes: { indexedFields: { Word: { metadata: { type: Buffer.from('Keyword').toString('base64') } }, Count: { metadata: { type: Buffer.from('Int').toString('base64') } } } },
      },
    });
  });

  it('given a deployment that says of which types its search attributes are, when they are exported, then these types go along', () => {
    const [event] = exportHistory(history(['WORKFLOW_EXECUTION_STARTED', { ...STARTED, searchAttributes: { At: ['2026-01-01T00:00:00Z'] } }]), { searchAttributes: { At: 'Datetime' } }).events;
    expect(event).toMatchObject({ workflowExecutionStartedEventAttributes: { searchAttributes: { indexedFields: { At: { metadata: { type: Buffer.from('Datetime').toString('base64') } } } } } });
  });

  it('given two workflow tasks, when they are exported, then the first alone tells by which rules the history was made', () => {
    const task: Parameters<typeof history> = [
      ['WORKFLOW_TASK_SCHEDULED', {}],
      ['WORKFLOW_TASK_STARTED', { scheduledEventId: 2 }],
      ['WORKFLOW_TASK_COMPLETED', { scheduledEventId: 2, startedEventId: 3 }],
    ];
    const { events } = exportHistory(history(['WORKFLOW_EXECUTION_STARTED', { ...STARTED, runtimeVersion: 2 }], ...task, ...task));
    expect(events.map((event) => (event['workflowTaskCompletedEventAttributes'] as { sdkMetadata?: object } | undefined)?.sdkMetadata)).toEqual([
      undefined, undefined, undefined, { coreUsedFlags: [1, 3], langUsedFlags: [1, 2], sdkName: 'backstitch' }, undefined, undefined, undefined,
    ]);
    const sizes = events.flatMap((event) => (event['workflowTaskStartedEventAttributes'] as { historySizeBytes?: string } | undefined)?.historySizeBytes ?? []).map(Number);
    expect(sizes[0]).toBeGreaterThan(0);
    expect(sizes[1]).toBeGreaterThan(sizes[0] as number);
  });

  it('given a history that is long by the limits given, when it is exported, then its workflow tasks suggest to continue as new', () => {
    const events = history(['WORKFLOW_EXECUTION_STARTED', STARTED], ['WORKFLOW_TASK_SCHEDULED', {}], ['WORKFLOW_TASK_STARTED', { scheduledEventId: 2 }]);
    const suggested = (eventsWarn: number): unknown =>
      (exportHistory(events, { historyLimits: { eventsWarn } }).events[2]?.['workflowTaskStartedEventAttributes'] as { suggestContinueAsNew?: boolean }).suggestContinueAsNew;
    expect([suggested(3), suggested(4)]).toEqual([true, undefined]);
  });

  it('given a step with its undo, when it is exported, then the undo is a field of the header, and jitter stays behind', () => {
    const undo = { activityType: 'releaseStock', taskQueue: 'inventory.compensation', retryPolicy: RETRY_POLICY };
    const attributes = exported('ACTIVITY_TASK_SCHEDULED', {
      activityId: '1',
      activityType: 'reserveStock',
      input: [{ orderId: 'o1' }],
      workflowTaskCompletedEventId: 4,
      taskQueue: 'inventory',
      startToCloseTimeoutMs: 60_000,
      heartbeatTimeoutMs: 1_500,
      retryPolicy: RETRY_POLICY,
      cancellationType: 'TRY_CANCEL',
      header: { undo, undoOf: { scheduledEventId: 3 } },
    });
    expect(attributes).toMatchObject({
      activityId: '1',
      activityType: { name: 'reserveStock' },
      taskQueue: { name: 'inventory' },
      startToCloseTimeout: '60s',
      heartbeatTimeout: '1.500s',
      workflowTaskCompletedEventId: '4',
    });
    expect(attributes['retryPolicy']).toEqual({ initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s', maximumAttempts: 3, nonRetryableErrorTypes: ['Refused'] });
    const { fields } = attributes['header'] as { fields: Record<string, unknown> };
    expect(decoded(fields['__backstitch_undo'])).toEqual(undo);
    expect(decoded(fields['__backstitch_undo_of'])).toEqual({ scheduledEventId: 3 });
    expect(attributes).not.toHaveProperty('cancellationType');
  });

  it('given an activity that was cancelled, when it is exported, then it names the event that asked for it', () => {
    const { events } = exportHistory(
      history(
        ['WORKFLOW_EXECUTION_STARTED', STARTED],
        ['ACTIVITY_TASK_CANCEL_REQUESTED', { scheduledEventId: 7, workflowTaskCompletedEventId: 1 }],
        ['ACTIVITY_TASK_CANCELED', { scheduledEventId: 7, startedEventId: 2, details: ['gave up'] }],
      ),
    );
    expect(events[2]).toMatchObject({ activityTaskCanceledEventAttributes: { latestCancelRequestedEventId: '2', scheduledEventId: '7', details: { payloads: [payload('gave up')] } } });
  });

  it('given a chain of failures, when it is exported, then each kind has its own message, and durations and payloads are converted', () => {
    const failure: Failure = {
      message: 'Activity failed',
      activityFailureInfo: { scheduledEventId: 5, activityType: 'charge', activityId: '1', retryState: 'MAXIMUM_ATTEMPTS_REACHED' },
      cause: {
        message: 'declined',
        source: 'payment',
        stackTrace: 'at charge',
        applicationFailureInfo: { type: 'CardDeclined', nonRetryable: true, details: [{ code: 51 }], nextRetryDelayMs: 2_500 },
        cause: { message: 'late', timeoutFailureInfo: { timeoutType: 'HEARTBEAT', lastHeartbeatDetails: 7 } },
      },
    };
    expect(exported('WORKFLOW_EXECUTION_FAILED', { failure, workflowTaskCompletedEventId: 1 })['failure']).toEqual({
      message: 'Activity failed',
      activityFailureInfo: { scheduledEventId: '5', activityType: { name: 'charge' }, activityId: '1', retryState: 'RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED' },
      cause: {
        message: 'declined',
        source: 'payment',
        stackTrace: 'at charge',
        applicationFailureInfo: { type: 'CardDeclined', nonRetryable: true, details: { payloads: [payload({ code: 51 })] }, nextRetryDelay: '2.500s' },
        cause: { message: 'late', timeoutFailureInfo: { timeoutType: 'TIMEOUT_TYPE_HEARTBEAT', lastHeartbeatDetails: { payloads: [payload(7)] } } },
      },
    });
  });

  it('given markers, when they are exported, then core finds its own names in them', () => {
    const patch = exported('MARKER_RECORDED', { markerName: 'core_patch', details: { 'patch-data': { id: 'p', deprecated: false } }, workflowTaskCompletedEventId: 1 });
    expect(patch).toMatchObject({ markerName: 'core_patch', details: { 'patch-data': { payloads: [payload({ id: 'p', deprecated: false })] } } });
    const data = { seq: 3, attempt: 1, activityId: '3', activityType: 'look', completeTimeMs: 1_500, originalScheduleTimeMs: 1_000 };
    const local = exported('MARKER_RECORDED', { markerName: 'core_local_activity', details: { data, result: 'seen' }, workflowTaskCompletedEventId: 1 });
    const details = local['details'] as Record<string, { payloads: unknown[] }>;
    expect(decoded(details['result']?.payloads[0])).toBe('seen');
    expect(decoded(details['data']?.payloads[0])).toEqual({
      seq: 3,
      attempt: 1,
      activity_id: '3',
      activity_type: 'look',
      complete_time: { seconds: 1, nanos: 500_000_000 },
      backoff: null,
      original_schedule_time: { seconds: 1, nanos: 0 },
    });
  });

  it('given a child that could not be started, when it is exported, then it names its initiating task and the one cause that Temporal knows', () => {
    const { events } = exportHistory(
      history(
        ['WORKFLOW_EXECUTION_STARTED', STARTED],
        ['START_CHILD_WORKFLOW_EXECUTION_INITIATED', {
          workflowId: 'c',
          workflowType: 'child',
          input: [],
          workflowTaskCompletedEventId: 9,
          taskQueue: 'default',
          parentClosePolicy: 'REQUEST_CANCEL',
          cancellationType: 'TRY_CANCEL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          seq: 1,
        } as HistoryEventAttributes['START_CHILD_WORKFLOW_EXECUTION_INITIATED']],
        ['START_CHILD_WORKFLOW_EXECUTION_FAILED', { workflowId: 'c', workflowType: 'child', initiatedEventId: 2, cause: 'WORKFLOW_TYPE_UNKNOWN' }],
      ),
    );
    expect(events[1]?.['startChildWorkflowExecutionInitiatedEventAttributes']).toEqual({
      namespace: 'default',
      workflowId: 'c',
      workflowType: { name: 'child' },
      taskQueue: { name: 'default', kind: 'TASK_QUEUE_KIND_NORMAL' },
      input: { payloads: [] },
      parentClosePolicy: 'PARENT_CLOSE_POLICY_REQUEST_CANCEL',
      workflowTaskCompletedEventId: '9',
      workflowIdReusePolicy: 'WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE',
    });
    expect(events[2]?.['startChildWorkflowExecutionFailedEventAttributes']).toMatchObject({
      initiatedEventId: '2',
      workflowTaskCompletedEventId: '9',
      cause: 'START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS',
    });
  });

  it('given updates, when they are exported, then request and outcome are messages of their own', () => {
    const acceptedRequest = { meta: { updateId: 'u1', identity: 'ann' }, input: { name: 'add', args: [2] } };
    expect(exported('WORKFLOW_EXECUTION_UPDATE_ACCEPTED', { protocolInstanceId: 'u1', acceptedRequest, workflowTaskCompletedEventId: 1 })).toMatchObject({
      protocolInstanceId: 'u1',
      acceptedRequestSequencingEventId: '0',
      acceptedRequest: { meta: { updateId: 'u1', identity: 'ann' }, input: { name: 'add', args: { payloads: [payload(2)] } } },
    });
    const failed = { status: 'failed', failure: { message: 'no' } } as const;
    expect(exported('WORKFLOW_EXECUTION_UPDATE_COMPLETED', { meta: { updateId: 'u1' }, acceptedEventId: 2, outcome: failed, workflowTaskCompletedEventId: 1 })).toEqual({
      meta: { updateId: 'u1' },
      acceptedEventId: '2',
      outcome: { failure: { message: 'no' } },
    });
  });

  it('given a value that a converter has written, when it is exported, then it is the payload that the converter made', () => {
    const made = { metadata: { encoding: 'YmluYXJ5L3BsYWlu' }, data: 'AQI=' };
    expect(exported('WORKFLOW_EXECUTION_COMPLETED', { result: { __backstitch_payload: made }, workflowTaskCompletedEventId: 1 })['result']).toEqual({ payloads: [made] });
  });

  it('given text beyond one call of the platform, when it is exported, then base64 holds all of it', () => {
    const text = 'ä€🧵'.repeat(20_000);
    expect(decoded((exported('WORKFLOW_EXECUTION_COMPLETED', { result: text, workflowTaskCompletedEventId: 1 })['result'] as { payloads: unknown[] }).payloads[0])).toBe(text);
  });

  it.each<[number, string]>([[0, '0s'], [1, '0.001s'], [999, '0.999s'], [1_000, '1s'], [61_050, '61.050s']])('given %i ms, when a timer is exported, then it lasts %s', (startToFireTimeoutMs, expected) => {
    expect(exported('TIMER_STARTED', { timerId: '1', startToFireTimeoutMs, workflowTaskCompletedEventId: 1 })['startToFireTimeout']).toBe(expected);
  });
});
