import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const WORKSPACE = join(import.meta.dirname, '../../..');
const PROTOCOL = 'libs/protocol/src/limits.ts';
const ENGINE = 'libs/engine/src/engine-settings.ts';
const ORCHESTRATOR = 'libs/orchestrator/src/orchestrator-options.ts';
const ADMISSION = 'libs/orchestrator/src/admission/admission-options.ts';
const SERVICE = 'libs/activity/src/module/activity-host.ts';
const FAILURE = 'libs/activity/src/errors/to-failure.ts';
const RETRY = 'libs/protocol/src/retry-policy.ts';
const REQUESTS = 'libs/orchestrator/src/control-api/request-schemas.ts';
const GATEWAY = 'apps/gateway/src/configuration.ts';
const SANDBOX = 'libs/sandbox/src/create-sandbox.ts';

/** Where the code says each limit of the guide: the first number (milliseconds, bytes, days, a count) after that text. */
const SOURCES: Record<string, [file: string, after: string]> = {
  'One payload: arguments, a result, details, a message\'s arguments': [PROTOCOL, 'payloadBytesMax:'],
  'Events before a history is called long': [PROTOCOL, 'historyEventsWarn:'],
  'Size before a history is called long': [PROTOCOL, 'historyBytesWarn:'],
  'Events of a history': [PROTOCOL, 'historyEventsMax:'],
  'Size of a history': [PROTOCOL, 'historyBytesMax:'],
  'Code of one workflow task': [SANDBOX, 'DEFAULT_ACTIVATION_TIMEOUT_MS ='],
  'Memory of one sandbox thread': [SANDBOX, 'memoryPerThreadMiB ='],
  'Signals that wait for a handler': ['libs/workflow/src/signal-delivery.ts', 'BUFFERED_SIGNALS_MAX ='],
  'Messages that one workflow task takes': ['libs/engine/src/batch/mailboxes.ts', 'MESSAGES_PER_RUN_MAX ='],
  'Length of a workflow id': [PROTOCOL, 'workflowIdLengthMax:'],
  'Length of a lock\'s name': ['libs/orchestrator/src/locks/lock-sink.ts', 'NAME_LENGTH_MAX ='],
  'Pause that `nextRetryDelay` may ask for': ['libs/engine/src/retry-decision.ts', 'RETRY_DELAY_ASKED_MAX_MS ='],
  'Local activities: pause before it becomes a timer': ['libs/engine/src/batch/local-activity-runner.ts', 'DEFAULT_RETRY_THRESHOLD_MS ='],
  'An undo that does not succeed': [ENGINE, 'options.undoIncidentAfterMs ??'],
  'A pivot, or a step beyond one, that does not succeed': [ENGINE, 'options.forwardIncidentAfterMs ??'],
  'An activity that waits on a queue which nobody serves, or a pinned run that waits for its build': [ORCHESTRATOR, 'notServedAfterMs:'],
  'Failed attempts that `describe` shows': ['libs/engine/src/messages/attempt-failed.ts', 'FAILED_ATTEMPTS_KEPT ='],
  'Differences (drift) that `describe` shows': ['libs/engine/src/batch/advance-runs.ts', 'DRIFT_KEPT_MAX ='],
  'Length of what `setCurrentDetails` sets': ['libs/engine/src/run/note-sink-calls.ts', 'CURRENT_DETAILS_LENGTH_MAX ='],
  'Length of a keyword (search attribute)': ['libs/engine/src/search-attribute-validation.ts', 'KEYWORD_LENGTH_MAX ='],
  'Keywords of one list (search attribute)': ['libs/engine/src/search-attribute-validation.ts', 'KEYWORDS_MAX ='],
  'Size of a value that can be searched for': ['libs/orchestrator/src/store/search-attribute-indexes.ts', 'SEARCHABLE_VALUE_BYTES_MAX ='],

  'First pause': [RETRY, 'DEFAULT_RETRY_POLICY: ResolvedRetryPolicy = {\n  initialIntervalMs:'],
  'Longest pause of an activity': [RETRY, 'backoffCoefficient: 2,\n  maximumIntervalMs:'],
  'Longest pause of an undo': [RETRY, '...DEFAULT_RETRY_POLICY,\n  maximumIntervalMs:'],
  'Longest pause beyond a pivot': ['libs/workflow/src/saga-run.ts', 'FORWARD_PAUSE_MAX_MS ='],

  'Causes of an activity\'s failure': [FAILURE, 'CAUSES_MAX ='],
  'Message of an activity\'s failure': [FAILURE, 'MESSAGE_CHARACTERS_MAX ='],
  'Stack of an activity\'s failure': [FAILURE, 'STACK_CHARACTERS_MAX ='],
  'Details of an activity\'s failure': [FAILURE, 'DETAILS_CHARACTERS_MAX ='],

  'Body of a control call': [ORCHESTRATOR, 'controlBodyBytesMax:'],
  'Starts in one call': [PROTOCOL, 'startsPerCallMax:'],
  'Rows in one page of a list': [PROTOCOL, 'pageSizeMax:'],
  'Wait of one call for an update or a result': [REQUESTS, 'UPDATE_TIMEOUT_MAX_MS ='],
  'Workflow ids awaited by one call': [REQUESTS, 'AWAIT_CLOSED_IDS_MAX ='],
  'Workflow ids awaited in all': [ORCHESTRATOR, 'awaitClosedWaitersMax:'],
  'Time for an answer, at the client': ['libs/client/src/control-connection.ts', 'timeoutMs ='],
  'Connections of a client': ['libs/client/src/control-connection.ts', 'connectionsMax ='],
  'Calendars, intervals, expressions of a schedule': ['libs/orchestrator/src/schedules/schedule-schemas.ts', 'ENTRIES_MAX ='],
  'Actions of a schedule that wait': ['libs/engine/src/schedules/due-actions.ts', 'BUFFERED_MAX ='],

  'Activities that wait for a first answer, on one task queue': [GATEWAY.replace('gateway', 'orchestrator'), 'ADMISSION_OPEN_ACTIVITIES_MAX: integerVariable({ min: 1, max: 100_000_000 }).default('],
  'Starts under way in one replica': [ADMISSION, 'startsUnderWayMax:'],
  'Messages waiting before starts are refused': [ADMISSION, 'waitingMessagesMax:'],
  'Delay of the event loop': [ADMISSION, 'eventLoopDelayMaxMs:'],
  'Messages waiting in one replica\'s engine': [ENGINE, 'options.waitingMessagesMax ??'],
  'Gateway: starts asked for at once': [GATEWAY, 'STARTS_UNDER_WAY_MAX: integerVariable({ min: 1, max: 10_000 }).default('],
  'Gateway: starts that wait': [GATEWAY, 'STARTS_WAITING_MAX: integerVariable({ min: 0, max: 100_000 }).default('],
  'Gateway: requests of one API key': [GATEWAY, 'RATE_LIMIT_PER_MINUTE: integerVariable({ min: 1, max: 100_000_000 }).default('],

  'Runs kept in memory': [ENGINE, 'options.cachedRunsMax ??'],
  'Runs in one batch': [ENGINE, 'options.batchRunsMax ??'],
  'Batches at once': [ENGINE, 'options.concurrentBatchesMax ??'],
  'Jobs on their way to queues': ['libs/engine/src/batch/outbox.ts', 'WAITING_MAX ='],
  'Runs woken at once': [ORCHESTRATOR, 'wakeBatchRunsMax:'],
  'Reply jobs at once, of one service': [ORCHESTRATOR, 'outcomesConcurrency:'],
  'Outcomes in one reply job': [PROTOCOL, 'outcomesPerReplyMax:'],
  'Closed runs are kept': [ORCHESTRATOR, 'RETENTION_MS ='],
  'Runs removed in one transaction': [ORCHESTRATOR, 'retentionBatchRunsMax:'],
  'Wait for a database connection': [ORCHESTRATOR, 'databaseAcquireTimeoutMs:'],
  'Wait for the database\'s answer': [ORCHESTRATOR, 'databaseQueryTimeoutMs:'],
  'Work under way at a stop': [ORCHESTRATOR, 'stopGraceMs:'],

  'Steps at once': [SERVICE, 'concurrency:'],
  'Undos at once': [SERVICE, 'compensationConcurrency:'],
  'Wait for another delivery of the same step': [SERVICE, 'lockWaitMs:'],
  'Handlers under way at a stop': [SERVICE, 'graceMs:'],
  'Keys are kept': [SERVICE, 'retentionMs:'],
  'Tries of a transaction that loses a deadlock': ['libs/activity/src/runtime/attempt.ts', 'TRANSACTION_TRIES_MAX ='],
  'Reports of heartbeats that wait': ['libs/activity/src/runtime/attempt-reports.ts', 'WAITING_MAX ='],
  'Failed jobs kept on a queue': ['libs/queues/src/queue-backend.ts', 'FAILED_JOBS_KEPT = { count:'],
};

const SECOND_MS = 1_000;
/** Units of the guide in those of the code. `1,024 MiB` of a thread is counted in MiB there. */
const UNITS: Record<string, number> = { MiB: 1024 * 1024, s: SECOND_MS, minute: 60 * SECOND_MS, minutes: 60 * SECOND_MS, days: 86_400 * SECOND_MS };
const COUNTED_AS_THEY_ARE = new Set(['Memory of one sandbox thread']);

function rowsOfTheGuide(): { limit: string; value: number; setBy: string }[] {
  const guide = readFileSync(join(WORKSPACE, 'docs/guides/limits.md'), 'utf8');
  return guide
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| limit |'))
    .map((line) => {
      const [limit = '', figure = '', setBy = ''] = line.split('|').slice(1).map((cell) => cell.trim());
      const [number = '', unit = ''] = figure.split(' ');
      return { limit, setBy, value: Number(number.replaceAll(',', '')) * (COUNTED_AS_THEY_ARE.has(limit) ? 1 : (UNITS[unit] ?? 1)) };
    });
}

/** The product of numbers that follows that text; every place that says it must say the same. */
function valueInCode(file: string, after: string): number {
  const text = readFileSync(join(WORKSPACE, file), 'utf8');
  const found = text.split(after).slice(1).flatMap((rest) => /^\s*(\d[\d_]*(?:\s*\*\s*\d[\d_]*)*)/.exec(rest)?.[1] ?? []);
  const values = new Set(found.map((product) => product.split('*').reduce((value, factor) => value * Number(factor.replaceAll('_', '')), 1)));
  const [value, ...others] = values;
  if (value === undefined || others.length > 0) throw new Error(`${file} says ${[...values].join(' and ') || 'nothing'} after "${after}"`);
  return value;
}

describe('the guide to limits', () => {
  it('has a source for each limit, and names each limit that has one', () => {
    expect(rowsOfTheGuide().map(({ limit }) => limit)).toEqual(Object.keys(SOURCES));
  });

  it.each(rowsOfTheGuide())('says of "$limit" what the code says', ({ limit, value }) => {
    const [file, after] = SOURCES[limit] ?? ['', ''];
    expect(valueInCode(file, after)).toBe(value);
  });

  it('names settings that exist', () => {
    const code = [ENGINE, ORCHESTRATOR, ADMISSION, SANDBOX, GATEWAY, GATEWAY.replace('gateway', 'orchestrator'), 'libs/activity/src/module/activity-module-options.ts', 'libs/client/src/client-options.ts', 'libs/workflow/src/activity-options.ts', 'libs/engine/src/engine-options.ts', 'libs/service-kit/src/configuration/activity-settings.ts']
      .map((file) => readFileSync(join(WORKSPACE, file), 'utf8'))
      .join('\n');
    const named = rowsOfTheGuide().flatMap(({ setBy }) => [...setBy.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name.split('.').at(-1) as string));
    expect([...new Set(named)].filter((name) => !['OrchestratorModule', 'ActivityModule'].includes(name) && !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
  });
});
