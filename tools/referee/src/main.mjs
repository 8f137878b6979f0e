import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArguments } from './arguments.mjs';
import { buildProgram, bundleForTemporal } from './bundles.mjs';
import { CONTROLS } from './controls.mjs';
import { exportHistories } from './exported-suites.mjs';
import { installTemporal } from './install-temporal.mjs';
import { judge } from './judge.mjs';
import { CACHE } from './places.mjs';
import { playRandomWorkflows } from './random-histories.mjs';
import { printReport, shortened } from './report.mjs';
import { shrink } from './shrink.mjs';
import { runSuites } from './suites.mjs';

/** @typedef {import('./judge.mjs').Case} Case */

const SEEDS = 2 ** 32;
/** Everything here has a time limit of its own; this one is for what has none. */
const HEARING_TIMEOUT_MS = 1_500_000;
/** How many of the random histories are spoiled too, in each way. */
const SPOILED_RANDOM_MAX = 10;
/** Histories of the suites that are judged, with and without code; beyond it they are counted. */
const SUITE_HISTORIES_MAX = 3_000;
const SCRIPTED_HISTORIES_MAX = 300;

/**
 * @param {readonly string[]} args
 * @param {(line: string) => void} print
 * @returns {Promise<number>} exit code: 0 if the core accepts every history and rejects every control, 1 if not, 2 for what could not be done at all
 */
export async function main(args, print = console.log) {
  let parsed;
  try {
    parsed = parseArguments(args);
  } catch (error) {
    print(messageOf(error));
    return 2;
  }
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'referee-'));
  setTimeout(() => {
    print(`The referee has not come to an end within ${HEARING_TIMEOUT_MS / 60_000} minutes.`);
    process.exit(2);
  }, HEARING_TIMEOUT_MS).unref();
  try {
    installTemporal(print);
    const isClean = await hearing(parsed, folder, print);
    if (isClean && !parsed.keep) rmSync(folder, { recursive: true, force: true });
    else print(`The histories are kept in ${folder}`);
    return isClean ? 0 : 1;
  } catch (error) {
    print(error instanceof Error ? (error.stack ?? error.message) : String(error));
    print(`The histories are kept in ${folder}`);
    return 2;
  }
}

/**
 * @param {import('./arguments.mjs').Arguments} parsed
 * @param {string} folder of this hearing
 * @param {(line: string) => void} print
 * @returns {Promise<boolean>} whether all is as it must be
 */
async function hearing({ seed, count, histories, suites, only, shrinks }, folder, print) {
  const startedAtMs = Date.now();
  print(`Seed ${seed}, ${count} random workflows.`);
  const [bundles, program, exporter] = await Promise.all([
    bundleForTemporal(join(folder, 'bundles')),
    buildProgram('random-histories', join(folder, 'random-program')),
    buildProgram('export-histories', join(folder, 'export-program')),
  ]);
  const plays = Array.from({ length: count }, (_, index) => (seed + index) % SEEDS).map((playSeed) => ({ id: `random-${playSeed}`, seed: playSeed }));
  const random = await playRandomWorkflows({ program, folder: join(folder, 'random'), plays });
  const problems = random.played.flatMap(({ id, problem }) => (problem === undefined ? [] : [`${id}: ${problem}`]));

  /** @type {import('./exported-suites.mjs').ExportedSuites} */
  let exported = { cases: [], notPlayable: 0, notBegun: 0, beyond: 0 };
  const collected = histories ?? (suites ? join(folder, 'collected') : undefined);
  if (collected !== undefined) {
    if (histories === undefined && !(await runSuites(collected))) problems.push('Specs failed while their histories were collected: see above.');
    if (existsSync(collected)) exported = await exportHistories({ program: exporter, collected, folder: join(folder, 'suites') });
    if (!exported.cases.some(({ bundle }) => bundle !== undefined)) problems.push(`No history with its code was collected in ${collected}.`);
  }
  const judged = [
    ...spread(exported.cases.filter(({ bundle }) => bundle !== undefined), SUITE_HISTORIES_MAX),
    ...spread(exported.cases.filter(({ bundle }) => bundle === undefined), SCRIPTED_HISTORIES_MAX),
  ];
  const codeOf = (/** @type {string} */ hash) => bundles.of(JSON.parse(readFileSync(join(/** @type {string} */ (collected), 'bundles', `${hash}.json`), 'utf8')));
  /** @type {import('./report.mjs').Group[]} */
  const groups = [
    { name: 'forms of events', cases: [{ ...random.forms, bundlePath: bundles.random, readOnly: true }] },
    { name: 'random workflows', cases: random.cases.map((given) => ({ ...given, bundlePath: bundles.random })) },
    { name: "the suites' runs", cases: judged.flatMap((given) => (given.bundle === undefined ? [] : [{ ...given, bundlePath: codeOf(given.bundle) }])) },
    { name: "the suites' runs without code (scripted, or the engine's own)", cases: judged.flatMap((given) => (given.bundle === undefined ? [{ ...given, bundlePath: bundles.puppet }] : [])) },
  ].map(({ name, cases }) => ({ name, cases: cases.filter(({ id }) => only === undefined || id === only) }));
  const controls = only === undefined ? spoil([{ ...random.control, bundlePath: bundles.random }, ...random.cases.map((given) => ({ ...given, bundlePath: bundles.random }))], join(folder, 'controls')) : [];
  const verdicts = await judge([...groups.flatMap(({ cases }) => cases), ...controls]);
  const isClean = printReport({ seed, groups, controls, verdicts, problems, left: { ...exported, beyondMax: exported.cases.length - judged.length }, durationMs: Date.now() - startedAtMs }, print);
  const refused = random.played.filter(({ id, problem }) => problem !== undefined || random.cases.some((given) => given.play === id && verdicts.get(given.id)?.error !== undefined));
  for (const play of refused.slice(0, shrinks)) {
    const { program: smallest, error, path } = await shrink(play, { generator: program, bundlePath: bundles.random, folder: join(folder, 'shrunk', play.id) });
    print(`\nThe smallest program found for ${play.id}:\n${JSON.stringify(smallest)}\n  ${path ?? ''}\n  ${shortened(error)}`);
  }
  return isClean;
}

/**
 * At most so many of them, from all over the list.
 * @template Element
 * @param {readonly Element[]} list
 * @param {number} max
 */
function spread(list, max) {
  const stride = Math.ceil(list.length / max);
  return list.filter((_, index) => index % stride === 0);
}

/**
 * Histories that must be rejected. The first was made for it: each way of spoiling must apply to it. Of the others a few with a renamed activity; in these,
 * the other ways may rightly pass: a workflow need not care which of two ended first, and a timer that is cancelled before anything else is decided leaves
 * nothing that the core would miss.
 * @param {readonly Case[]} cases
 * @param {string} folder
 * @returns {(Case & { control: string })[]}
 */
function spoil([control, ...others], folder) {
  if (control === undefined) return [];
  mkdirSync(folder, { recursive: true });
  /** @type {(Case & { control: string })[]} */
  const spoiled = [];
  for (const [name, spoiledBy] of Object.entries(CONTROLS)) {
    /** @type {readonly Case[]} */
    const sources = name === 'renamed activity' ? [control, ...others] : [control];
    let made = 0;
    for (const source of sources) {
      if (made > SPOILED_RANDOM_MAX) break;
      const history = spoiledBy(JSON.parse(readFileSync(source.path, 'utf8')));
      if (history === undefined) {
        if (source === control) throw new Error(`The control history has nothing for "${name}".`);
        continue;
      }
      made += 1;
      const id = `${source.id} with a ${name}`;
      const path = join(folder, `${id.replaceAll(' ', '-')}.json`);
      writeFileSync(path, JSON.stringify(history));
      spoiled.push({ ...source, id, path, control: name });
    }
  }
  return spoiled;
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
