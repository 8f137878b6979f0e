import type { ActivityDescription, HistoryEvent, Incident, JsonValue, WorkflowDescription, WorkflowExecution } from '@backstitch/protocol';
import { html, type Html } from '../home/escape-html.js';
import { RUN_LABELS, toneOf } from '../home/home-page.js';
import { KIND_EXPLANATIONS, resolveCommands } from '../home/resolve-commands.js';
import { resolveDetails, resolvePreparation } from '../home/resolve-details.js';
import { page, runPath, tableOf } from '../page/page.js';
import { duration, time } from '../page/times.js';
import { failureText } from './failure-text.js';
import type { RunView } from './run-service.js';

const JSON_SHOWN_MAX = 20_000;
const STACK_LINES_MAX = 5;

/** One run: its steps with their undos, what it waits for, what waits for a person, and its history. */
export function runPage({ run, events, nextAfterEventId, gatewayUrl }: RunView, afterEventId: number): string {
  return page(
    { title: `${run.workflowId} – Backstitch console`, gatewayUrl },
    html`<h1 class="id">${run.workflowId}</h1>
<p class="stamp">${badge(run)} ${run.workflowType}, run ${run.runId}. <a href="${runPath(run.workflowId, run.runId)}">Refresh</a></p>
${facts(run)}
${section('incidents', 'Incidents', incidents(run, gatewayUrl))}
${section('steps', 'Steps', steps(run))}
${section('undos', 'Undos', undos(run))}
${section('waiting', 'Waits for', waiting(run))}
${section('data', 'Data', [data(run)])}
<section aria-labelledby="history"><h2 id="history">History</h2>${history(run, events, nextAfterEventId, afterEventId)}</section>`,
  );
}

function section(id: string, title: string, content: readonly Html[]): Html {
  return content.length === 0 ? html`` : html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
}

function badge({ status, paused }: WorkflowDescription): Html {
  return html`<span class="badge ${toneOf(status, undefined)}">${RUN_LABELS[status]}</span>${paused === undefined ? html`` : html` <span class="badge undone">paused: ${paused.reason}</span>`}`;
}

function facts(run: WorkflowDescription): Html {
  const { startedAtMs, closedAtMs, failure, parent, continuedFromRunId, continuedToRunId, rollback, rollbackOf } = run;
  const attributes = Object.entries(run.searchAttributes);
  return factList([
    ['Started (UTC)', time(startedAtMs)],
    ['Took', closedAtMs === undefined ? undefined : html`${duration(closedAtMs - startedAtMs)}`],
    ['Failure', failure === undefined ? undefined : html`<span class="bad">${failureText(failure)}</span>`],
    ['Search attributes', attributes.length === 0 ? undefined : html`${attributes.map(([name, values]) => `${name}: ${values.join(', ')}`).join(' · ')}`],
    ['Details', run.currentDetails === undefined ? undefined : html`${run.currentDetails}`],
    ['Build', run.buildId === undefined ? undefined : html`${run.buildId}${run.pinnedBuildId === undefined ? '' : ' (pinned)'}`],
    ['Parent', linkTo(parent)],
    ['Continued from', continuedFromRunId === undefined ? undefined : linkTo({ workflowId: run.workflowId, runId: continuedFromRunId })],
    ['Continued as', continuedToRunId === undefined ? undefined : linkTo({ workflowId: run.workflowId, runId: continuedToRunId })],
    ['Rollback', linkTo(rollback)],
    ['Rollback of', linkTo(rollbackOf)],
    ['Drift', run.drift === undefined ? undefined : html`${run.drift.length} events: the code gives other inputs or options than recorded`],
  ]);
}

function data({ input, result, memo }: WorkflowDescription): Html {
  return factList([
    ['Input', json(input)],
    ['Result', result === undefined ? undefined : json(result)],
    ['Memo', Object.keys(memo).length === 0 ? undefined : json(memo)],
  ]);
}

function factList(entries: readonly (readonly [string, Html | undefined])[]): Html {
  return html`<dl class="facts">${entries.map(([name, value]) => (value === undefined ? html`` : html`<div><dt>${name}</dt><dd>${value}</dd></div>`))}</dl>`;
}

function linkTo(execution: WorkflowExecution | undefined): Html | undefined {
  return execution === undefined ? undefined : html`<a href="${runPath(execution.workflowId, execution.runId)}">${execution.workflowId}</a>`;
}

function steps({ activities }: WorkflowDescription): Html[] {
  const found = activities.filter(({ undoOf }) => undoOf === undefined);
  if (found.length === 0) return [];
  const undoOf = (step: ActivityDescription): Html => {
    const undo = activities.find((each) => each.undoOf?.scheduledEventId === step.scheduledEventId);
    return undo === undefined ? html`${step.undo?.activityType ?? '–'}` : html`${undo.activityType} ${activityBadge(undo)}`;
  };
  return [tableOf('steps', headings('Step', 'Status', 'Attempt', 'Scheduled (UTC)', 'Took', 'Its undo'), found.map((step) => activityRow(step, undoOf(step))))];
}

function undos({ activities }: WorkflowDescription): Html[] {
  const found = activities.filter(({ undoOf }) => undoOf !== undefined);
  if (found.length === 0) return [];
  const stepOf = ({ undoOf }: ActivityDescription): string => undoOf?.activityType ?? activities.find(({ scheduledEventId }) => scheduledEventId === undoOf?.scheduledEventId)?.activityType ?? 'a step of an earlier run';
  return [tableOf('undos', headings('Undo', 'Status', 'Attempt', 'Scheduled (UTC)', 'Took', 'Takes back'), found.map((undo) => activityRow(undo, html`${stepOf(undo)}`)))];
}

/** Columns that are aligned at the right. */
const NUMBERS: ReadonlySet<string> = new Set(['Attempt', 'Took']);

function headings(...names: string[]): Html[] {
  return names.map((name) => (NUMBERS.has(name) ? html`<th scope="col" class="number">${name}</th>` : html`<th scope="col">${name}</th>`));
}

function activityRow(activity: ActivityDescription, last: Html): Html {
  const { activityType, activityId, attempt, scheduledAtMs, closedAtMs, lastFailure, nextAttemptAtMs } = activity;
  const more = [
    ...(lastFailure === undefined ? [] : [html`<br><span class="bad">${failureText(lastFailure)}</span>`]),
    ...(nextAttemptAtMs === undefined ? [] : [html`<br>next attempt ${time(nextAttemptAtMs)}`]),
  ];
  return html`<tr><th scope="row">${activityType} <span class="quiet">${activityId}</span></th><td class="wrap">${activityBadge(activity)}${more}</td><td class="number">${attempt}</td><td>${time(scheduledAtMs)}</td><td class="number">${
    closedAtMs === undefined ? '–' : duration(closedAtMs - scheduledAtMs)
  }</td><td>${last}</td></tr>`;
}

function activityBadge({ status, paused }: ActivityDescription): Html {
  return html`<span class="badge ${TONES[status]}">${status.toLowerCase().replaceAll('_', ' ')}${paused === true ? ', paused' : ''}</span>`;
}

const TONES: Readonly<Record<ActivityDescription['status'], string>> = {
  SCHEDULED: 'busy',
  BACKING_OFF: 'busy',
  CANCEL_REQUESTED: 'busy',
  COMPLETED: 'good',
  CANCELED: 'undone',
  FAILED: 'bad',
  TIMED_OUT: 'bad',
  INCIDENT: 'bad',
};

function waiting({ timers, children = [], locks = [], updates = [] }: WorkflowDescription): Html[] {
  const items = [
    ...timers.map(({ timerId, firesAtMs }) => html`<li>timer ${timerId}, due ${time(firesAtMs)} UTC</li>`),
    ...children.map(({ workflowId, runId, workflowType, status }) => html`<li>child ${workflowType} <a href="${runPath(workflowId, runId)}">${workflowId}</a>, ${status.toLowerCase()}</li>`),
    ...locks.map(({ name, status }) => html`<li>lock ${name}, ${status.toLowerCase()}</li>`),
    ...updates.filter(({ stage }) => stage !== 'COMPLETED').map(({ updateId, updateName }) => html`<li>update ${updateName} ${updateId}</li>`),
  ];
  return items.length === 0 ? [] : [html`<ul>${items}</ul>`];
}

function incidents(run: WorkflowDescription, gatewayUrl: string): Html[] {
  const hasCalls = run.incidents.some((each) => each.resolution === undefined && resolveCommands(gatewayUrl, { ...each, ...run }).length > 0);
  return [...(hasCalls ? [resolvePreparation()] : []), ...run.incidents.map((each) => incident(run, each, gatewayUrl))];
}

function incident({ workflowId, runId, workflowType }: WorkflowDescription, each: Incident, gatewayUrl: string): Html {
  const { incidentNumber, kind, openedAtMs, message, divergence, failure, resolution } = each;
  const where = (failure?.stackTrace ?? '').split('\n').map((line) => line.trim()).filter((line) => line.startsWith('at ')).slice(0, STACK_LINES_MAX).join('\n');
  return html`<article class="incident">
<p class="meta"><span class="badge ${resolution === undefined ? 'bad' : 'good'}">${kind}</span> incident ${incidentNumber}, opened ${time(openedAtMs)}</p>
<p class="message">${message}</p>
${
    resolution === undefined
      ? html`<p>${KIND_EXPLANATIONS[kind]}</p>`
      : html`<p>Resolved by ${resolution.identity}: ${resolution.action}, “${resolution.reason}”, ${time(resolution.resolvedAtMs)}.</p>`
  }
${where === '' ? html`` : html`<pre tabindex="0" aria-label="Where">${where}</pre>`}
${
    divergence === undefined
      ? html``
      : html`<p>Event ${divergence.eventId}${divergence.producedAt === undefined ? '' : ` at ${divergence.producedAt}`}</p><dl class="sides"><div><dt>Recorded</dt><dd>${json(divergence.recorded)}</dd></div><div><dt>Produced</dt><dd>${json(divergence.produced)}</dd></div></dl>`
  }
${resolution === undefined ? resolveDetails(gatewayUrl, { ...each, workflowId, runId, workflowType }) : html``}
</article>`;
}

function history({ workflowId, runId, historyEvents, activities }: WorkflowDescription, events: readonly HistoryEvent[], nextAfterEventId: number | undefined, afterEventId: number): Html {
  const link = (after: number, text: string): Html => html`<a href="${runPath(workflowId, runId)}&amp;afterEventId=${after}#history">${text}</a>`;
  const last = events.at(-1)?.eventId ?? afterEventId;
  const typesByEventId = new Map(activities.map(({ scheduledEventId, activityType }) => [scheduledEventId, activityType]));
  return html`<p>Events ${Math.min(afterEventId + 1, last)} to ${last} of ${historyEvents}. ${afterEventId === 0 ? html`` : link(0, 'From the first')} ${nextAfterEventId === undefined ? html`` : link(nextAfterEventId, 'Further')}</p>
${events.map((event) => eventItem(event, typesByEventId))}`;
}

/** @param typesByEventId types of activities by their scheduling events, which the events that follow name */
function eventItem({ eventId, eventType, eventTimeMs, attributes }: HistoryEvent, typesByEventId: ReadonlyMap<number, string>): Html {
  const { activityType, signalName, timerId, workflowType, markerName, scheduledEventId } = attributes as Partial<Record<'activityType' | 'signalName' | 'timerId' | 'workflowType' | 'markerName', string>> & { scheduledEventId?: number };
  const subject = activityType ?? signalName ?? workflowType ?? markerName ?? timerId ?? typesByEventId.get(scheduledEventId ?? 0) ?? '';
  return html`<details class="event"><summary><span class="number">${eventId}</span> ${eventType} <strong>${subject}</strong> <span class="quiet">${time(eventTimeMs)}</span></summary>${json(attributes as unknown as JsonValue)}</details>`;
}

function json(value: JsonValue): Html {
  const text = value === null ? 'nothing' : JSON.stringify(value, null, 2);
  return html`<pre tabindex="0" aria-label="JSON">${text.length <= JSON_SHOWN_MAX ? text : `${text.slice(0, JSON_SHOWN_MAX)}… (${text.length} characters in all)`}</pre>`;
}
