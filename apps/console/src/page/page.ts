import { html, type Html } from '../home/escape-html.js';
import { BULL_BOARD_PATH } from '../queues/bull-board.js';

/** A page of the console around its content: without scripts, and with nothing from other hosts. */
export function page({ title, gatewayUrl }: { title: string; gatewayUrl: string }, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="/favicon.ico" type="image/svg+xml">
<link rel="stylesheet" href="/console.css">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
<p class="brand"><a href="/">Backstitch</a> <span>console</span></p>
<nav aria-label="Console"><a href="${BULL_BOARD_PATH}">Queues</a> <a href="${gatewayUrl}/docs">REST API</a> <a href="/metrics">Metrics</a></nav>
</header>
<main id="main">
${content}
</main>
</body>
</html>
`.text;
}

/** A wide table that scrolls by itself. */
export function tableOf(labelledBy: string, headings: readonly Html[], rows: readonly Html[]): Html {
  return html`<div class="scroll" role="region" aria-labelledby="${labelledBy}" tabindex="0"><table>
<thead><tr>${headings}</tr></thead>
<tbody>${rows}</tbody>
</table></div>`;
}

/** The page of a run. */
export function runPath(workflowId: string, runId?: string): string {
  return `/run?${new URLSearchParams({ workflowId, ...(runId !== undefined && { runId }) }).toString()}`;
}
