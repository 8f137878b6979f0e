import { html, type Html } from '../home/escape-html.js';

/** A point in time as people read it, in UTC. */
export function time(timeMs: number): Html {
  return html`<time datetime="${isoTime(timeMs)}">${readableTime(timeMs)}</time>`;
}

/** How long something took. */
export function duration(durationMs: number): string {
  if (durationMs < 1_000) return `${durationMs} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1_000).toFixed(1)} s`;
  return `${Math.round(durationMs / 60_000).toLocaleString('en')} min`;
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function readableTime(timeMs: number): string {
  return isoTime(timeMs).slice(0, 19).replace('T', ' ');
}
