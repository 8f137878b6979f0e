import { randomUUID } from 'node:crypto';
import { exportHistory } from '@backstitch/engine';
import {
  WorkflowExecutionAlreadyStartedError,
  type CountWorkflowsResponse,
  type HistoryEvent,
  type JsonValue,
  type ListWorkflowsResponse,
  type QueryWorkflowResponse,
  type StartWorkflowsResponse,
  type TerminateWorkflowResponse,
  type UpdateWorkflowResponse,
  type WorkflowDescription,
  type WorkflowExecution,
  type WorkflowSummary,
} from '@backstitch/protocol';
import type { Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { ControlAnswerError } from '../control-answer-error.js';
import { fetchHistory } from '../replay/control-histories.js';
import { fields, table, time } from '../table.js';
import { json, jsonInputs, searchAttribute } from './arguments.js';
import { call, callCommand, withJson, withRun, workflowPath, type CallFlags, type Caller } from './call.js';
import { wholeNumber } from './replay-command.js';

const UPDATE_TIMEOUT_MS = 20_000;
const PAGE_SIZE_MAX = 1_000;
const LIST_DEFAULT = 50;

/** What is done with single workflows, and their lists. */
export function addWorkflowCommands(program: Command, cli: CliEnvironment): void {
  withJson(callCommand(program, 'list', 'list workflows, newest first'))
    .option('--query <filter>', `a list filter, such as "WorkflowType = 'order' AND ExecutionStatus = 'Running'"`)
    .option('--limit <workflows>', 'at most so many', wholeNumber, LIST_DEFAULT)
    .action((flags: CallFlags & { query?: string; limit: number }) => call(cli, flags, (caller) => list(caller, flags.query ?? '', flags.limit), listTable));

  withJson(callCommand(program, 'count', 'count workflows'))
    .option('--query <filter>', 'a list filter; it may end in GROUP BY ExecutionStatus')
    .action((flags: CallFlags & { query?: string }) =>
      call(cli, flags, ({ post }) => post<CountWorkflowsResponse>('/workflows/count', flags.query === undefined ? {} : { query: flags.query }, true), countText));

  withRun(withJson(callCommand(program, 'describe <workflow-id>', 'show a workflow: activities, timers, incidents, children')))
    .action((workflowId: string, flags: CallFlags) => call(cli, flags, ({ get }) => get<WorkflowDescription>(workflowPath(workflowId, '', flags)), describeText));

  withRun(withJson(callCommand(program, 'history <workflow-id>', 'show a workflow’s history')))
    .option('--temporal', 'print Temporal’s history JSON, for its tools')
    .action((workflowId: string, flags: CallFlags & { temporal?: boolean }) =>
      call(cli, { ...flags, json: flags.json === true || flags.temporal === true }, (caller) => history(caller, workflowId, flags), historyTable));

  withJson(callCommand(program, 'start <workflow-type>', 'start a workflow'))
    .option('--id <workflow-id>', 'default: a fresh UUID')
    .option('-i, --input <json>', 'an argument; may be repeated', jsonInputs)
    .option('--search-attribute <name=value>', 'may be repeated', searchAttribute)
    .option('--memo <json>', 'an object', json)
    .option('--task-queue <name>')
    .option('--cron <expression>')
    .option('--start-delay-ms <ms>', 'the first task is due so much later', wholeNumber)
    .action((workflowType: string, flags: StartFlags) => call(cli, flags, (caller) => start(caller, workflowType, flags), ({ workflowId, runId }) => fields([['Workflow', workflowId], ['Run', runId]])));

  withRun(callCommand(program, 'signal <workflow-id> <signal-name>', 'send a signal'))
    .option('-i, --input <json>', 'an argument; may be repeated', jsonInputs)
    .action((workflowId: string, signalName: string, flags: CallFlags & { input?: JsonValue[] }) =>
      call(cli, flags, ({ post, identity }) => post(workflowPath(workflowId, '/signal', flags), { signalName, args: flags.input ?? [], identity, requestId: randomUUID() }, true), () => ''));

  withRun(callCommand(program, 'query <workflow-id> <query-name>', 'ask a workflow; prints the answer as JSON'))
    .option('-i, --input <json>', 'an argument; may be repeated', jsonInputs)
    .action((workflowId: string, queryName: string, flags: CallFlags & { input?: JsonValue[] }) =>
      call(cli, flags, ({ post }) => post<QueryWorkflowResponse>(workflowPath(workflowId, '/query', flags), { queryName, args: flags.input ?? [] }, true), ({ result }) => `${JSON.stringify(result, null, 2)}\n`));

  withRun(callCommand(program, 'update <workflow-id> <update-name>', 'send an update and wait for its result; prints it as JSON'))
    .option('-i, --input <json>', 'an argument; may be repeated', jsonInputs)
    .option('--update-id <id>', 'the same id again joins the update (default: a fresh UUID)')
    .action((workflowId: string, updateName: string, flags: CallFlags & { input?: JsonValue[]; updateId?: string }) =>
      call(cli, flags, (caller) => update(caller, workflowId, updateName, flags), (result) => `${JSON.stringify(result, null, 2)}\n`));

  withRun(callCommand(program, 'cancel <workflow-id>', 'ask a workflow to cancel itself; its undos run'))
    .option('--reason <text>')
    .action((workflowId: string, flags: CallFlags & { reason?: string }) =>
      call(cli, flags, ({ post, identity }) => post(workflowPath(workflowId, '/cancel', flags), { ...(flags.reason !== undefined && { reason: flags.reason }), identity }, true), () => ''));

  withRun(callCommand(program, 'terminate <workflow-id>', 'end a workflow at once'))
    .requiredOption('--reason <text>')
    .option('--rollback', 'run its undos, without its code')
    .action((workflowId: string, flags: CallFlags & { reason: string; rollback?: boolean }) =>
      call(
        cli,
        flags,
        ({ post, identity }) => post<TerminateWorkflowResponse | undefined>(workflowPath(workflowId, '/terminate', flags), { reason: flags.reason, identity, ...(flags.rollback === true && { rollback: true }) }),
        (answer) => fields([['Rollback', answer?.rollback?.workflowId]]),
      ));
}

interface StartFlags extends CallFlags {
  id?: string;
  input?: JsonValue[];
  searchAttribute?: Record<string, JsonValue[]>;
  memo?: JsonValue;
  taskQueue?: string;
  cron?: string;
  startDelayMs?: number;
}

async function list({ post }: Caller, query: string, limit: number): Promise<WorkflowSummary[]> {
  const found: WorkflowSummary[] = [];
  for (let cursor: string | undefined, isFirst = true; (isFirst || cursor !== undefined) && found.length < limit; isFirst = false) {
    const body = { query, pageSize: Math.min(PAGE_SIZE_MAX, limit - found.length), ...(cursor !== undefined && { cursor }) };
    const page: ListWorkflowsResponse = await post<ListWorkflowsResponse>('/workflows/list', body, true);
    found.push(...page.workflows);
    cursor = page.nextCursor;
  }
  return found;
}

async function history({ get, connection }: Caller, workflowId: string, flags: CallFlags & { temporal?: boolean }): Promise<{ workflowId: string; runId: string; events: HistoryEvent[] }> {
  const runId = flags.runId ?? (await get<{ runId: string }>(workflowPath(workflowId, '/history?limit=1', {}))).runId;
  const events = await fetchHistory(connection, workflowId, runId);
  // Printed as JSON always: its events have Temporal's form.
  return flags.temporal === true ? (exportHistory(events) as never) : { workflowId, runId, events };
}

async function start({ post, identity }: Caller, workflowType: string, flags: StartFlags): Promise<WorkflowExecution> {
  const { id, input = [], searchAttribute: searchAttributes, memo, taskQueue, cron: cronSchedule, startDelayMs } = flags;
  const request = {
    workflowId: id ?? randomUUID(),
    workflowType,
    args: input,
    identity,
    ...Object.fromEntries(Object.entries({ searchAttributes, memo, taskQueue, cronSchedule, startDelayMs }).filter(([, value]) => value !== undefined)),
  };
  const { results } = await post<StartWorkflowsResponse>('/workflows', { starts: [request] }, true);
  const [result] = results;
  switch (result?.status) {
    case 'started':
    case 'existing':
      return { workflowId: result.workflowId, runId: result.runId };
    case 'conflict':
      throw new WorkflowExecutionAlreadyStartedError(result.workflowId, result.runId);
    case 'rejected':
      throw new ControlAnswerError(result.error);
    case undefined:
      throw new RangeError('The orchestrator answered no result.');
    default:
      return result satisfies never;
  }
}

async function update({ post, get, identity }: Caller, workflowId: string, updateName: string, flags: CallFlags & { input?: JsonValue[]; updateId?: string }): Promise<JsonValue> {
  const { input = [], updateId = randomUUID() } = flags;
  const body = { updateId, updateName, args: input, identity, waitForStage: 'COMPLETED', timeoutMs: UPDATE_TIMEOUT_MS };
  let answer = await post<UpdateWorkflowResponse>(workflowPath(workflowId, '/update', flags), body, true, UPDATE_TIMEOUT_MS);
  while (answer.outcome === undefined) {
    // Not even accepted in time: it may not have got there. The same id joins it if it has.
    answer =
      answer.stage === undefined
        ? await post<UpdateWorkflowResponse>(workflowPath(workflowId, '/update', flags), body, true, UPDATE_TIMEOUT_MS)
        : await get<UpdateWorkflowResponse>(workflowPath(workflowId, `/updates/${encodeURIComponent(updateId)}?timeoutMs=5000`, { runId: answer.runId }));
  }
  const { outcome } = answer;
  if ('failure' in outcome && outcome.failure !== undefined) throw new ControlAnswerError({ code: 'UPDATE_REJECTED', message: `The update failed: ${outcome.failure.message}` });
  return (outcome as { success?: JsonValue }).success ?? null;
}

function listTable(workflows: readonly WorkflowSummary[]): string {
  return workflows.length === 0
    ? 'No workflows.\n'
    : table(
        ['workflow', 'type', 'status', 'started', 'closed', 'incidents'],
        workflows.map(({ workflowId, workflowType, status, startedAtMs, closedAtMs, openIncidents }) => [workflowId, workflowType, status, time(startedAtMs), time(closedAtMs), openIncidents === 0 ? '' : openIncidents]),
      );
}

function countText({ count, groups }: CountWorkflowsResponse): string {
  return groups === undefined ? `${count}\n` : table(['group', 'count'], [...groups.map((group) => [group.values.join(', '), group.count]), ['all', count]]);
}

function describeText(workflow: WorkflowDescription): string {
  const { activities, timers, incidents, children = [] } = workflow;
  const head = fields([
    ['Workflow', workflow.workflowId],
    ['Run', workflow.runId],
    ['Type', workflow.workflowType],
    ['Status', workflow.paused === undefined ? workflow.status : `${workflow.status}, paused: ${workflow.paused.reason}`],
    ['Started', time(workflow.startedAtMs)],
    ['Closed', time(workflow.closedAtMs)],
    ['Build', workflow.pinnedBuildId === undefined ? workflow.buildId : `${workflow.pinnedBuildId} (pinned)`],
    ['Parent', workflow.parent?.workflowId],
    ['Continued from', workflow.continuedFromRunId],
    ['Continued as', workflow.continuedToRunId],
    ['Rollback', workflow.rollback?.workflowId],
    ['History', `${workflow.historyEvents} events, ${workflow.historySizeBytes} bytes`],
    ['Drift', workflow.drift === undefined ? undefined : `${workflow.drift.length} events`],
    ['Input', JSON.stringify(workflow.input)],
    ['Result', workflow.result === undefined ? undefined : JSON.stringify(workflow.result)],
    ['Failure', workflow.failure?.message],
  ]);
  const parts = [
    activities.length === 0 ? '' : table(['activity', 'type', 'status', 'attempt', 'last failure'], activities.map((a) => [a.activityId, a.activityType, a.undoOf === undefined ? a.status : `${a.status} (undo)`, a.attempt, a.lastFailure?.message])),
    timers.length === 0 ? '' : table(['timer', 'fires'], timers.map(({ timerId, firesAtMs }) => [timerId, time(firesAtMs)])),
    children.length === 0 ? '' : table(['child', 'type', 'status'], children.map(({ workflowId, workflowType, status }) => [workflowId, workflowType, status])),
    incidents.length === 0 ? '' : table(['incident', 'kind', 'opened', 'resolution', 'message'], incidents.map((i) => [i.incidentNumber, i.kind, time(i.openedAtMs), i.resolution?.action ?? 'open', i.message])),
  ];
  return [head, ...parts.filter((part) => part !== '')].join('\n');
}

function historyTable({ events }: { events: readonly HistoryEvent[] }): string {
  return table(['event', 'time', 'type', 'of'], events.map(({ eventId, eventTimeMs, eventType, attributes }) => [eventId, time(eventTimeMs), eventType, subjectOf(attributes)]));
}

function subjectOf(attributes: HistoryEvent['attributes']): string | undefined {
  const { activityType, signalName, timerId, workflowType, markerName } = attributes as Partial<Record<'activityType' | 'signalName' | 'timerId' | 'workflowType' | 'markerName', string>>;
  return activityType ?? signalName ?? workflowType ?? markerName ?? timerId;
}
