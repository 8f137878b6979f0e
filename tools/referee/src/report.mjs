/** @typedef {import('./judge.mjs').Case} Case */
/** @typedef {import('./judge.mjs').Verdict} Verdict */

/** @typedef {{ name: string, cases: (Case & { eventTypes: string[], source?: string })[] }} Group */

/**
 * @typedef {object} Hearing
 * @property {number} seed
 * @property {readonly Group[]} groups all of these must be accepted
 * @property {(Case & { control: string })[]} controls all of these must be rejected
 * @property {Map<string, Verdict>} verdicts
 * @property {string[]} problems
 * @property {{ notPlayable: number, notBegun: number, beyond: number, beyondMax: number }} left
 * @property {number} durationMs
 */

const SHOWN_MAX = 10;
const MESSAGE_MAX = 500;

/**
 * @param {Hearing} hearing
 * @param {(line: string) => void} print
 * @returns {boolean} whether all is as it must be
 */
export function printReport({ seed, groups, controls, verdicts, problems, left, durationMs }, print) {
  const rejected = groups.flatMap(({ cases }) => cases.filter(({ id }) => verdicts.get(id)?.error !== undefined || !verdicts.has(id)));
  const missed = controls.filter(({ id }) => verdicts.get(id)?.error === undefined);
  for (const { name, cases } of groups) {
    const refused = cases.filter((given) => rejected.includes(given)).length;
    print(`${name}: ${cases.length - refused} of ${cases.length} accepted`);
  }
  if (left.notPlayable > 0) print(`  not judged, having no code and more in them than can be played: ${left.notPlayable}`);
  if (left.notBegun > 0) print(`  not judged, having no workflow task yet: ${left.notBegun}`);
  if (left.beyond + left.beyondMax > 0) print(`  not judged, being too many: ${left.beyond + left.beyondMax}`);
  for (const [eventType, events] of countsOf(groups)) print(`  ${String(events).padStart(7)} ${eventType}`);
  for (const name of new Set(controls.map(({ control }) => control))) {
    const cases = controls.filter(({ control }) => control === name);
    print(`control "${name}": ${cases.filter((given) => !missed.includes(given)).length} of ${cases.length} rejected`);
  }
  for (const problem of problems.slice(0, SHOWN_MAX)) print(`\n${problem}`);
  for (const { id, path, source } of rejected.slice(0, SHOWN_MAX)) {
    print(`\nREJECTED ${id}${source === undefined ? '' : ` (${source})`}\n  ${path}\n  ${shortened(verdicts.get(id)?.error ?? 'no answer')}`);
  }
  if (rejected.length > SHOWN_MAX) print(`\n… and ${rejected.length - SHOWN_MAX} more.`);
  for (const { id, path } of missed.slice(0, SHOWN_MAX)) print(`\nNOT NOTICED ${id}\n  ${path}`);
  const isClean = rejected.length === 0 && missed.length === 0 && problems.length === 0;
  const total = groups.reduce((sum, { cases }) => sum + cases.length, 0);
  const trouble = problems.length === 0 ? '' : `, ${problems.length} problems`;
  print(`\n${isClean ? 'ok' : 'FAILED'}: ${total - rejected.length} of ${total} histories accepted, ${controls.length - missed.length} of ${controls.length} controls rejected${trouble} (seed ${seed}, ${Math.round(durationMs / 1_000)} s)`);
  return isClean;
}

/** @param {readonly Group[]} groups */
function countsOf(groups) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { cases } of groups) for (const { eventTypes } of cases) for (const eventType of eventTypes) counts.set(eventType, (counts.get(eventType) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** The core's own words, of what it says. @param {string} message */
export function shortened(message) {
  const said = /message: "(\[TMPRL[^"]*)"/.exec(message)?.[1] ?? message;
  return said.length > MESSAGE_MAX ? `${said.slice(0, MESSAGE_MAX)} …` : said;
}
