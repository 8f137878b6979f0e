import { html, type Html } from './escape-html.js';
import { BULL_BOARD_PATH } from '../queues/bull-board.js';
import { page, runPath } from '../page/page.js';
import { duration, time } from '../page/times.js';
import type { OpenIncident, Overview, ProcessHealth, QueueDepth, RecentRun, RunCount } from './overview.js';
import { KIND_EXPLANATIONS } from './resolve-commands.js';
import { resolveDetails, resolvePreparation } from './resolve-details.js';

/** The words for how a run is. */
export const RUN_LABELS: Readonly<Record<RunCount['status'], string>> = {
  RUNNING: 'running',
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
  CONTINUED_AS_NEW: 'continued as new',
};

/** The console's home page. */
export function homePage(overview: Overview): string {
  return page(
    { title: 'Backstitch console', gatewayUrl: overview.gatewayUrl },
    html`<h1>Overview</h1>
<p class="stamp">As of ${time(overview.generatedAtMs)} UTC. <a href="/">Refresh</a></p>
<section aria-labelledby="health"><h2 id="health">Health</h2><ul class="health">${overview.health.map(processHealth)}</ul></section>
<section aria-labelledby="incidents"><h2 id="incidents">Open incidents</h2>${incidents(overview)}</section>
<section aria-labelledby="runs"><h2 id="runs">Runs</h2>${counts(overview)}</section>
<section aria-labelledby="recent"><h2 id="recent">Newest runs</h2>${recentRuns(overview)}</section>
<section aria-labelledby="queues"><h2 id="queues">Queues</h2>${queues(overview)}</section>`,
  );
}

function processHealth({ name, status, detail }: ProcessHealth): Html {
  return html`<li class="${status === 'ready' ? 'good' : 'bad'}"><strong>${name}</strong> ${status}${detail === undefined ? '' : ` (${detail})`}</li>`;
}

function incidents({ incidents: open, moreIncidents, gatewayUrl }: Overview): Html {
  if (open === undefined) return unreachable();
  if (open.length === 0) return html`<p class="good">None: nothing waits for a person.</p>`;
  return html`${resolvePreparation(moreIncidents ? `These are the ${open.length} oldest; there are more. ` : '')}
${open.map((incident) => incidentCard(incident, gatewayUrl))}`;
}

function incidentCard(incident: OpenIncident, gatewayUrl: string): Html {
  const { workflowId, runId, workflowType, incidentNumber, kind, openedAtMs, message } = incident;
  return html`<article class="incident">
<h3><a href="${runPath(workflowId, runId)}">${workflowId}</a></h3>
<p class="meta"><span class="badge bad">${kind}</span> incident ${incidentNumber} of ${workflowType}, open since ${time(openedAtMs)}</p>
<p class="message">${message}</p>
<p>${KIND_EXPLANATIONS[kind]}</p>
${resolveDetails(gatewayUrl, incident)}
</article>`;
}

function counts({ runs }: Overview): Html {
  if (runs === undefined) return unreachable();
  return html`<dl class="counts">${runs.map(
    ({ status, count, atLeast }) => html`<div><dt>${RUN_LABELS[status]}</dt><dd>${count}${atLeast ? '+' : ''}</dd></div>`,
  )}</dl>`;
}

function recentRuns({ recentRuns: runs }: Overview): Html {
  if (runs === undefined) return unreachable();
  if (runs.length === 0) return html`<p>There is none yet.</p>`;
  return html`<div class="scroll" role="region" aria-labelledby="recent" tabindex="0"><table>
<thead><tr><th scope="col">Status</th><th scope="col">Run</th><th scope="col">Started (UTC)</th><th scope="col" class="number">Took</th></tr></thead>
<tbody>${runs.map(runRow)}</tbody>
</table></div>`;
}

function runRow({ workflowId, runId, status, progress, startedAtMs, closedAtMs, openIncidents }: RecentRun): Html {
  return html`<tr><td><span class="badge ${toneOf(status, progress)}">${progress ?? RUN_LABELS[status]}</span>${
    openIncidents === 0 ? '' : html` <span class="badge bad">${openIncidents === 1 ? 'incident' : `${openIncidents} incidents`}</span>`
  }</td><th scope="row"><a href="${runPath(workflowId, runId)}">${workflowId}</a></th><td>${time(startedAtMs)}</td><td class="number">${closedAtMs === undefined ? '–' : duration(closedAtMs - startedAtMs)}</td></tr>`;
}

/** How a status looks. */
export function toneOf(status: RunCount['status'], progress: string | undefined): string {
  switch (status) {
    case 'RUNNING':
      return 'busy';
    case 'COMPLETED':
    case 'CONTINUED_AS_NEW':
      return progress === 'compensated' ? 'undone' : 'good';
    case 'CANCELED':
      return 'undone';
    case 'FAILED':
    case 'TERMINATED':
    case 'TIMED_OUT':
      return 'bad';
    default: {
      const unknownStatus: never = status;
      throw new TypeError(`Unknown status ${String(unknownStatus)}`);
    }
  }
}

function queues({ queues: depths }: Overview): Html {
  if (depths === undefined) return html`<p class="bad">The queues do not answer. Orders are accepted all the same; their steps wait.</p>`;
  return html`<div class="scroll" role="region" aria-labelledby="queues" tabindex="0"><table>
<thead><tr><th scope="col">Queue</th>${['waiting', 'active', 'delayed', 'failed'].map((title) => html`<th scope="col" class="number">${title}</th>`)}</tr></thead>
<tbody>${depths.map(queueRow)}</tbody>
</table></div>
<p>One job is one attempt. A completed one leaves its queue at once, and its result is in the run’s history; the newest 1,000 that failed stay for a week. Delayed ones wait for their next attempt.</p>`;
}

function queueRow({ name, waiting, active, delayed, failed }: QueueDepth): Html {
  const path = `${BULL_BOARD_PATH}/queue/${name}`;
  return html`<tr><th scope="row" class="queue"><a href="${path}">${breakable(name)}</a></th>${[waiting, active, delayed].map((count) => html`<td class="number">${count}</td>`)}<td class="number">${
    failed === 0 ? '0' : html`<a href="${path}?status=failed">${failed}</a>`
  }</td></tr>`;
}

/** A name with dots, which may break after them. */
function breakable(name: string): Html[] {
  return name.split('.').map((part, index) => (index === 0 ? html`${part}` : html`.<wbr>${part}`));
}

function unreachable(): Html {
  return html`<p class="bad">The orchestrator does not answer.</p>`;
}
