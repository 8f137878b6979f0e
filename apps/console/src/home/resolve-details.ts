import { html, type Html } from './escape-html.js';
import type { OpenIncident } from './overview.js';
import { resolveCommands } from './resolve-commands.js';

/** The calls that resolve an incident, to be unfolded and copied; nothing where it ends by itself. */
export function resolveDetails(gatewayUrl: string, incident: OpenIncident): Html {
  const commands = resolveCommands(gatewayUrl, incident);
  if (commands.length === 0) return html``;
  return html`<details><summary>Resolve it</summary>${commands.map(
    ({ action, explanation, command }) => html`<p><strong>${action}</strong>: ${explanation}</p><pre tabindex="0" aria-label="${action}">${command}</pre>`,
  )}</details>`;
}

/** What the calls need, above the first of them. */
export function resolvePreparation(before = ''): Html {
  return html`<p>${before}An incident is resolved through the gateway, by one of the calls below. They need an operator’s API key
and a reason, which goes into the run’s history:</p>
<pre tabindex="0" aria-label="Preparation">KEY=<em>the operator key</em>
REASON=<em>'why this is right'</em></pre>`;
}
