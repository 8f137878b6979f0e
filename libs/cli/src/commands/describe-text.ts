import type { ActivityDescription, Incident, IncidentDivergence, JsonValue, WorkflowDescription } from '@backstitch/protocol';
import { failureText } from '../failure-text.js';
import { fields, plainText, table, time } from '../table.js';

const STACK_LINES_MAX = 5;

/** A workflow as a person reads it. */
export function describeText(workflow: WorkflowDescription): string {
  const { activities, timers, incidents, children = [], updates = [], locks = [] } = workflow;
  const steps = activities.filter(({ undoOf }) => undoOf === undefined);
  const undos = activities.filter(({ undoOf }) => undoOf !== undefined);
  const parts = [
    rows(['activity', 'type', 'status', 'attempt', 'next attempt', 'last failure'], steps.map(activityRow)),
    rows(['undo', 'type', 'status', 'attempt', 'next attempt', 'last failure', 'takes back'], undos.map((undo) => [...activityRow(undo), undoneStep(undo, steps)])),
    rows(['timer', 'fires'], timers.map(({ timerId, firesAtMs }) => [timerId, time(firesAtMs)])),
    rows(['child', 'type', 'status'], children.map(({ workflowId, workflowType, status }) => [workflowId, workflowType, status])),
    rows(['update', 'name', 'stage'], updates.map(({ updateId, updateName, stage }) => [updateId, updateName, stage])),
    rows(['lock', 'status', 'since'], locks.map(({ name, status, sinceMs }) => [name, status, time(sinceMs)])),
    rows(['incident', 'kind', 'opened', 'resolution', 'message'], incidents.map((i) => [i.incidentNumber, i.kind, time(i.openedAtMs), i.resolution?.action ?? 'open', i.message])),
    ...incidents.filter(({ resolution }) => resolution === undefined).map(incidentText),
  ];
  return [head(workflow), ...parts.filter((part) => part !== '')].join('\n');
}

function head(workflow: WorkflowDescription): string {
  const { status, paused, cancelRequested, pinnedBuildId, buildId, failure } = workflow;
  return fields([
    ['Workflow', workflow.workflowId],
    ['Run', workflow.runId],
    ['Type', workflow.workflowType],
    ['Status', `${status}${cancelRequested && status === 'RUNNING' ? ', asked to cancel' : ''}${paused === undefined ? '' : `, paused: ${paused.reason}`}`],
    ['Started', time(workflow.startedAtMs)],
    ['Closed', time(workflow.closedAtMs)],
    ['Task queue', workflow.taskQueue],
    ['Build', pinnedBuildId === undefined ? buildId : `${pinnedBuildId} (pinned)`],
    ['Parent', workflow.parent?.workflowId],
    ['Continued from', workflow.continuedFromRunId],
    ['Continued as', workflow.continuedToRunId],
    ['Rollback', workflow.rollback?.workflowId],
    ['Rollback of', workflow.rollbackOf?.workflowId],
    ['History', `${workflow.historyEvents} events, ${workflow.historySizeBytes} bytes`],
    ['Drift', workflow.drift === undefined ? undefined : `${workflow.drift.length} events`],
    ['Attributes', json(workflow.searchAttributes)],
    ['Memo', json(workflow.memo)],
    ['Details', workflow.currentDetails],
    ['Input', JSON.stringify(workflow.input)],
    ['Result', workflow.result === undefined ? undefined : JSON.stringify(workflow.result)],
    ['Failure', failure === undefined ? undefined : failureText(failure)],
  ]);
}

/** What a person needs to mend it: the whole message, and the lines of code, or both sides of a difference. */
function incidentText({ incidentNumber, message, divergence, failure }: Incident): string {
  const lines = (failure?.stackTrace ?? '').split('\n').filter((line) => line.trim().startsWith('at ')).slice(0, STACK_LINES_MAX).map((line) => `  ${line.trim()}\n`);
  return plainText(`Incident ${incidentNumber}: ${message}\n${divergence === undefined ? lines.join('') : differenceText(divergence)}`);
}

function differenceText({ eventId, producedAt, recorded, produced }: IncidentDivergence): string {
  const side = (value: JsonValue): string => (value === null ? 'nothing' : JSON.stringify(value));
  return `  event ${eventId}${producedAt === undefined ? '' : ` at ${producedAt}`}\n  recorded  ${side(recorded)}\n  produced  ${side(produced)}\n`;
}

function activityRow({ activityId, activityType, status, paused, attempt, nextAttemptAtMs, lastFailure }: ActivityDescription): (string | number | undefined)[] {
  return [activityId, activityType, paused === true ? `${status}, paused` : status, attempt, time(nextAttemptAtMs), lastFailure === undefined ? undefined : failureText(lastFailure)];
}

function undoneStep({ undoOf }: ActivityDescription, steps: readonly ActivityDescription[]): string | undefined {
  return undoOf?.activityType ?? steps.find(({ scheduledEventId }) => scheduledEventId === undoOf?.scheduledEventId)?.activityType;
}

function rows(headings: readonly string[], found: readonly (readonly (string | number | undefined)[])[]): string {
  return found.length === 0 ? '' : table(headings, found);
}

function json(value: object): string | undefined {
  return Object.keys(value).length === 0 ? undefined : JSON.stringify(value);
}
