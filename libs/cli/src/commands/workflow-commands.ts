import { exportHistory } from '@backstitch/engine';
import { LIMITS, type ControlInfo, type CountWorkflowsResponse, type HistoryEvent, type ListWorkflowsResponse, type WorkflowDescription, type WorkflowSummary } from '@backstitch/protocol';
import type { Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { fetchHistory } from '../replay/control-histories.js';
import { fields, table, time } from '../table.js';
import { wholeNumber } from './arguments.js';
import { allPages, call, callCommand, withRun, workflowPath, type CallFlags, type Caller } from './call.js';
import { describeText } from './describe-text.js';

const LIST_DEFAULT = 50;

interface HistoryFlags extends CallFlags {
  temporal?: boolean;
  attributes?: boolean;
}

/** What is shown of workflows. */
export function addWorkflowCommands(program: Command, cli: CliEnvironment): void {
  callCommand(program, 'list', 'list workflows, newest first')
    .option('--query <filter>', `a list filter, such as "WorkflowType = 'order' AND ExecutionStatus = 'Running'"`)
    .option('--limit <workflows>', 'at most so many', wholeNumber, LIST_DEFAULT)
    .action((flags: CallFlags & { query?: string; limit: number }) => call(cli, flags, (caller) => list(caller, flags.query ?? '', flags.limit), listTable));

  callCommand(program, 'count', 'count workflows')
    .option('--query <filter>', 'a list filter; it may end in GROUP BY ExecutionStatus')
    .action((flags: CallFlags & { query?: string }) =>
      call(cli, flags, ({ post }) => post<CountWorkflowsResponse>('/workflows/count', flags.query === undefined ? {} : { query: flags.query }, true), countText));

  withRun(callCommand(program, 'describe <workflow-id>', 'show a workflow: activities, undos, timers, incidents, children'))
    .alias('show')
    .action((workflowId: string, flags: CallFlags) => call(cli, flags, ({ get }) => get<WorkflowDescription>(workflowPath(workflowId, '', flags)), describeText));

  withRun(callCommand(program, 'history <workflow-id>', 'show a workflow’s history'))
    .option('--attributes', 'with all that each event says')
    .option('--temporal', 'print Temporal’s history JSON, for its tools')
    .action((workflowId: string, flags: HistoryFlags) =>
      call(cli, { ...flags, json: flags.json === true || flags.temporal === true }, (caller) => history(caller, workflowId, flags), (found) => historyTable(found, flags)));

  callCommand(program, 'info', 'show what the deployment knows: workflow types, search attributes, partitions').action((flags: CallFlags) => call(cli, flags, ({ get }) => get<ControlInfo>('/info'), infoText));
}

function list({ post }: Caller, query: string, limit: number): Promise<WorkflowSummary[]> {
  return allPages(limit, LIMITS.pageSizeMax, async (cursor, pageSize) => {
    const { workflows, nextCursor } = await post<ListWorkflowsResponse>('/workflows/list', { query, pageSize, ...(cursor !== undefined && { cursor }) }, true);
    return { rows: workflows, nextCursor };
  });
}

async function history({ get, connection, codec }: Caller, workflowId: string, flags: HistoryFlags): Promise<{ workflowId: string; runId: string; events: HistoryEvent[] }> {
  const runId = flags.runId ?? (await get<{ runId: string }>(workflowPath(workflowId, '/history?limit=1', {}))).runId;
  const events = await fetchHistory(connection, workflowId, runId);
  // Printed as JSON always: its events have Temporal's form, in which payloads are no JSON any more.
  return flags.temporal === true ? (exportHistory(await codec.decode(events)) as never) : { workflowId, runId, events };
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

function historyTable({ events }: { events: readonly HistoryEvent[] }, { attributes }: HistoryFlags): string {
  if (attributes !== true) {
    const subjects = new Map<number, string | undefined>();
    for (const event of events) subjects.set(event.eventId, subjectOf(event.attributes) ?? subjects.get(originOf(event.attributes) ?? 0));
    return table(['event', 'time', 'type', 'of'], events.map((event) => [event.eventId, time(event.eventTimeMs), event.eventType, subjects.get(event.eventId)]));
  }
  return events.map(({ eventId, eventTimeMs, eventType, attributes: all }) => `${eventId}  ${time(eventTimeMs) ?? ''}  ${eventType}\n${indented(JSON.stringify(all, null, 2))}\n`).join('');
}

function indented(text: string): string {
  return text.replace(/^/gm, '    ');
}

function subjectOf(attributes: HistoryEvent['attributes']): string | undefined {
  const { activityType, signalName, timerId, workflowType, markerName, acceptedRequest } = attributes as Partial<Record<'activityType' | 'signalName' | 'timerId' | 'workflowType' | 'markerName', string>> & {
    acceptedRequest?: { input: { name: string } };
  };
  return activityType ?? signalName ?? workflowType ?? markerName ?? timerId ?? acceptedRequest?.input.name;
}

/** The event that an event follows: of an activity, a timer, a child, an update. */
function originOf(attributes: HistoryEvent['attributes']): number | undefined {
  const { scheduledEventId, initiatedEventId, acceptedEventId } = attributes as Partial<Record<'scheduledEventId' | 'initiatedEventId' | 'acceptedEventId', number>>;
  return scheduledEventId ?? initiatedEventId ?? acceptedEventId;
}

function infoText({ workflowTypes, searchAttributes, partitions }: ControlInfo): string {
  return fields([
    ['Workflow types', [...workflowTypes].sort().join(', ')],
    ['Search attributes', Object.entries(searchAttributes).map(([name, type]) => `${name} (${type})`).join(', ')],
    ['Partitions', `${partitions.owned} of ${partitions.total} at the replica that answered`],
  ]);
}
