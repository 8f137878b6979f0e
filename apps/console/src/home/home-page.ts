import { html, type Html } from './escape-html.js';
import { BULL_BOARD_PATH } from '../queues/bull-board.js';
import type { OpenIncident, Overview, ProcessHealth, RunCount } from './overview.js';

const RUN_LABELS: Readonly<Record<RunCount['status'], string>> = {
  RUNNING: 'running',
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELED: 'cancelled',
  TERMINATED: 'terminated',
};

/** The console's home page. */
export function homePage(overview: Overview): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Backstitch console</title>
<link rel="stylesheet" href="/console.css">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
<p class="brand">Backstitch <span>console</span></p>
<nav aria-label="Console"><a href="${BULL_BOARD_PATH}">Queues</a> <a href="/metrics">Metrics</a></nav>
</header>
<main id="main">
<h1>Overview</h1>
<p class="stamp">As of <time datetime="${isoTime(overview.generatedAtMs)}">${readableTime(overview.generatedAtMs)}</time>. <a href="/">Refresh</a></p>
<section aria-labelledby="incidents"><h2 id="incidents">Open incidents</h2>${incidents(overview)}</section>
<section aria-labelledby="runs"><h2 id="runs">Runs</h2>${runs(overview)}</section>
<section aria-labelledby="health"><h2 id="health">Health</h2><ul class="health">${overview.health.map(processHealth)}</ul></section>
</main>
</body>
</html>
`.text;
}

function incidents({ incidents: open, moreIncidents }: Overview): Html {
  if (open === undefined) return unreachable();
  if (open.length === 0) return html`<p class="good">None: nothing waits for a person.</p>`;
  return html`<div class="scroll" role="region" aria-labelledby="incidents" tabindex="0"><table>
<thead><tr><th scope="col">Opened</th><th scope="col">Run</th><th scope="col">No.</th><th scope="col">Kind</th><th scope="col">What happened</th></tr></thead>
<tbody>${open.map(incidentRow)}</tbody>
</table></div>
${moreIncidents ? html`<p>There are more.</p>` : html``}
<p>Resolve one at the gateway: <code>POST /workflows/:id/incidents/:n/{retry,edit,skip,fail}</code> with a reason.</p>`;
}

function incidentRow(incident: OpenIncident): Html {
  return html`<tr><td><time datetime="${isoTime(incident.openedAtMs)}">${readableTime(incident.openedAtMs)}</time></td><th scope="row">${incident.workflowId}</th><td>${incident.incidentNumber}</td><td>${incident.kind}</td><td>${incident.message}</td></tr>`;
}

function runs({ runs: counts }: Overview): Html {
  if (counts === undefined) return unreachable();
  return html`<dl class="counts">${counts.map(
    ({ status, count, atLeast }) => html`<div><dt>${RUN_LABELS[status]}</dt><dd>${count}${atLeast ? '+' : ''}</dd></div>`,
  )}</dl>`;
}

function processHealth({ name, status, detail }: ProcessHealth): Html {
  return html`<li class="${status === 'ready' ? 'good' : 'bad'}"><strong>${name}</strong>: ${status}${detail === undefined ? '' : ` (${detail})`}</li>`;
}

function unreachable(): Html {
  return html`<p class="bad">The orchestrator does not answer.</p>`;
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function readableTime(timeMs: number): string {
  return `${isoTime(timeMs).slice(0, 19).replace('T', ' ')} UTC`;
}
