/** @typedef {import('./outcome.mjs').ChaosOutcome} ChaosOutcome */

const WIDTH = 1200;
const HEIGHT = 560;
const LEFT = 64;
const RIGHT = 24;
const TOP = 150;
const BOTTOM = 48;
const ENDED_HEIGHT = 90;
const GAP = 34;
const LANES = 6;
const LANE_HEIGHT = 13;
const COLOURS = { inFlight: '#2563eb', ended: '#16a34a', kill: '#dc2626', stall: '#f59e0b', text: '#1f2937', faint: '#9ca3af' };

/**
 * Draws a run: orders in flight, orders ended in each second, every kill with the time until it was back, and the longest stall.
 *
 * @param {Pick<ChaosOutcome, 'runs' | 'kills' | 'flush' | 'stalls' | 'durationMs' | 'seed' | 'backend' | 'orders' | 'clean'>} outcome
 * @param {'svg' | 'html'} format
 * @returns {string}
 */
export function pictureOf(outcome, format) {
  const svg = drawing(outcome);
  if (format === 'svg') return `<?xml version="1.0" encoding="UTF-8"?>\n${svg}\n`;
  return `<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>${escaped(titleOf(outcome))}</title><style>body { margin: 24px; background: #fff } svg { max-width: 100%; height: auto }</style></head>\n<body>\n${svg}\n</body>\n</html>\n`;
}

/** @param {Pick<ChaosOutcome, 'kills' | 'seed' | 'backend'>} outcome */
function titleOf({ kills, seed, backend }) {
  return `${kills.length} kills, queues on ${backend === 'redis' ? 'Redis' : 'Postgres'}, seed ${seed}`;
}

/** @param {Parameters<typeof pictureOf>[0]} outcome */
function drawing(outcome) {
  const { runs, kills, flush, stalls, durationMs, orders, clean } = outcome;
  const endMs = Math.max(1_000, durationMs, ...kills.map(({ atMs, backAfterMs }) => atMs + backAfterMs));
  const x = (/** @type {number} */ ms) => round(LEFT + (Math.min(Math.max(0, ms), endMs) / endMs) * (WIDTH - LEFT - RIGHT));
  const endedBottom = HEIGHT - BOTTOM;
  const inFlightBottom = endedBottom - ENDED_HEIGHT - GAP;

  const steps = inFlightSteps(runs);
  const inFlightMax = Math.max(1, ...steps.map(({ count }) => count));
  const y = (/** @type {number} */ count) => round(inFlightBottom - (count / inFlightMax) * (inFlightBottom - TOP));
  const curve = steps.map(({ atMs, count }, index) => `${index === 0 ? `M${x(0)},${y(0)}` : ''}H${x(atMs)}V${y(count)}`).join('');

  const ended = endedPerSecond(runs, endMs);
  const endedMax = Math.max(1, ...ended);
  const bars = ended.map((count, second) => {
    if (count === 0) return '';
    const height = round((count / endedMax) * ENDED_HEIGHT);
    const left = x(second * 1_000);
    return `<rect x="${left}" y="${round(endedBottom - height)}" width="${round(Math.max(1, x((second + 1) * 1_000) - left - 0.5))}" height="${height}" fill="${COLOURS.ended}"/>`;
  });

  const stall = stalls[0];
  const hits = [
    ...kills.map((kill) => ({ ...kill, colour: COLOURS.kill })),
    ...(flush === null ? [] : [{ ...flush, process: 'redis emptied', backAfterMs: 0, colour: COLOURS.kill }]),
  ].sort((a, b) => a.atMs - b.atMs);

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="11" fill="${COLOURS.text}" role="img" aria-label="${escaped(titleOf(outcome))}">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="26" font-size="17" font-weight="600">${escaped(titleOf(outcome))}</text>
<text x="${LEFT}" y="46" fill="${clean ? COLOURS.ended : COLOURS.kill}">${escaped(`${orders.accepted} orders: ${orders.completed} completed, ${orders.compensated} compensated, ${orders.cancelled} cancelled, ${orders.failed + orders.running} not ended well. ${clean ? 'The accounts are clean.' : 'NOT clean.'}`)}</text>
${stall === undefined ? '' : stallBand(stall, x, inFlightBottom)}
${hits.map((hit, index) => killMark(hit, index, x, inFlightBottom)).join('\n')}
<path d="${curve}" fill="none" stroke="${COLOURS.inFlight}" stroke-width="1.5"/>
${axis(inFlightBottom, inFlightMax, y(inFlightMax), 'in flight')}
${bars.join('')}
${axis(endedBottom, endedMax, endedBottom - ENDED_HEIGHT, 'ended / s')}
${timeTicks(endMs).map((ms) => `<text x="${x(ms)}" y="${endedBottom + 16}" text-anchor="middle" fill="${COLOURS.faint}">${ms / 1_000} s</text>`).join('')}
</svg>`;
}

/**
 * How many orders were in flight, whenever that changed.
 * @param {ChaosOutcome['runs']} runs
 */
function inFlightSteps(runs) {
  const changes = runs.flatMap(({ startedAtMs, closedAtMs }) => [{ atMs: startedAtMs, by: 1 }, ...(closedAtMs === undefined ? [] : [{ atMs: closedAtMs, by: -1 }])]);
  let count = 0;
  return changes.sort((a, b) => a.atMs - b.atMs).map(({ atMs, by }) => ({ atMs, count: (count += by) }));
}

/**
 * @param {ChaosOutcome['runs']} runs
 * @param {number} endMs
 */
function endedPerSecond(runs, endMs) {
  const counts = Array.from({ length: Math.ceil(endMs / 1_000) + 1 }, () => 0);
  for (const { closedAtMs } of runs) {
    const second = closedAtMs === undefined ? -1 : Math.floor(Math.max(0, closedAtMs) / 1_000);
    if (second >= 0 && second < counts.length) counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}

/**
 * @param {{ process: string, atMs: number, inFlight: number, backAfterMs: number, colour: string }} hit
 * @param {number} index
 * @param {(ms: number) => number} x
 * @param {number} bottom
 */
function killMark({ process, atMs, inFlight, backAfterMs, colour }, index, x, bottom) {
  // Labels take turns in height, so that those of kills that follow each other closely can be read.
  const laneY = 66 + (index % LANES) * LANE_HEIGHT;
  const left = x(atMs);
  const anchor = left > WIDTH - RIGHT - 110 ? 'end' : 'start';
  return `<g><title>${escaped(`${process} at ${(atMs / 1_000).toFixed(1)} s, ${inFlight} in flight, back after ${(backAfterMs / 1_000).toFixed(1)} s`)}</title><rect x="${left}" y="${TOP}" width="${round(Math.max(0, x(atMs + backAfterMs) - left))}" height="${bottom - TOP}" fill="${colour}" opacity="0.06"/><line x1="${left}" x2="${left}" y1="${laneY + 3}" y2="${bottom}" stroke="${colour}" stroke-width="0.8"/><text x="${round(left + (anchor === 'end' ? -3 : 3))}" y="${laneY + 4}" text-anchor="${anchor}" fill="${colour}">${escaped(process)} <tspan fill="${COLOURS.faint}">${inFlight}</tspan></text></g>`;
}

/**
 * @param {import('./outcome.mjs').NearStall} stall
 * @param {(ms: number) => number} x
 * @param {number} bottom
 */
function stallBand({ atMs, durationMs }, x, bottom) {
  const left = x(atMs);
  const width = round(Math.max(2, x(atMs + durationMs) - left));
  return `<rect x="${left}" y="${bottom + 4}" width="${width}" height="6" fill="${COLOURS.stall}"/><text x="${left}" y="${bottom + 21}" fill="${COLOURS.stall}">longest stall ${(durationMs / 1_000).toFixed(1)} s</text>`;
}

/**
 * @param {number} bottom
 * @param {number} max
 * @param {number} top
 * @param {string} label
 */
function axis(bottom, max, top, label) {
  return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}" stroke="${COLOURS.faint}" stroke-width="0.6"/><text x="${LEFT - 6}" y="${round(top + 4)}" text-anchor="end" fill="${COLOURS.faint}">${max}</text><text x="${LEFT - 6}" y="${bottom}" text-anchor="end" fill="${COLOURS.faint}">0</text><text x="14" y="${round((top + bottom) / 2)}" transform="rotate(-90 14 ${round((top + bottom) / 2)})" text-anchor="middle">${label}</text>`;
}

/** @param {number} endMs */
function timeTicks(endMs) {
  const stepMs = [5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000].find((step) => endMs / step <= 15) ?? 1_800_000;
  return Array.from({ length: Math.floor(endMs / stepMs) + 1 }, (_, index) => index * stepMs);
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
