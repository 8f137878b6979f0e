import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle, workspacePackages } from '@backstitch/build';

const SOURCE = fileURLToPath(new URL('.', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/backstitch/', import.meta.url));

export const RUNTIME_USAGE = `npm run bench -- --section runtime [--json FILE]

The engine and its sandbox without store and queues: CPU microseconds of all threads for a start and for an activation of a workflow of three activities
(batches of 100), beside the least that isolates workflow code, which the machine's speed is in as well; KiB of a suspended run, the time to replay 10,000 events, the memory of a process that holds 100,000 suspended runs, and how long a
time-skipping test of a simulated year takes.`;

/**
 * @typedef {object} RuntimeReport
 * @property {{ startMicroseconds: number, activationMicroseconds: number, kibPerSuspendedRun: number }} sandbox
 * @property {{ startMicroseconds: number, activationMicroseconds: number }} bare
 * @property {{ startMicroseconds: number, activationMicroseconds: number, workflowsPerSecond: number }} engine
 * @property {{ events: number, milliseconds: number, eventsPerSecond: number }} replay
 * @property {{ runs: number, rssMiB: number, peakRssMiB: number, startsPerSecond: number }} manyRuns
 * @property {{ firstMilliseconds: number, medianMilliseconds: number }} year
 */

/** What is measured, with the number that it takes: runs, events, or tests. */
const MEASUREMENTS = /** @type {const} */ ({ bare: 100_000, sandbox: 100_000, suspended: 10_000, engine: 10_000, replay: 10_000, 'many-runs': 100_000, year: 20 });

/**
 * @param {string[]} args of the command line
 * @returns {Promise<number>} the exit code
 */
export async function runtimeMain(args) {
  const { values } = parseArgs({ args, options: { section: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } }, strict: false });
  if (values['help'] === true || values['section'] !== 'runtime') {
    console.log(RUNTIME_USAGE);
    return values['help'] === true ? 0 : 2;
  }
  mkdirSync(CACHE, { recursive: true });
  const directory = mkdtempSync(join(CACHE, 'bench-runtime-'));
  try {
    const report = await measureAll(directory);
    console.log(printed(report));
    if (typeof values['json'] === 'string') writeFileSync(values['json'], `${JSON.stringify({ runtime: report }, null, 2)}\n`);
    return 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @param {string} directory
 * @returns {Promise<RuntimeReport>}
 */
async function measureAll(directory) {
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
  const workspaceNames = new Set(workspacePackages().keys());
  await bundle({ entries: { program: join(SOURCE, 'program.ts') }, outputDirectory: directory, workspaceNames });
  await bundle({ entries: { 'bundle-workflows': join(SOURCE, '../../../../libs/sandbox/src/index.ts') }, outputDirectory: directory, workspaceNames });
  const { bundleWorkflows } = await import(pathToFileURL(join(directory, 'bundle-workflows.js')).href);
  /** @type {(name: string, folder: string) => Promise<string>} */
  const bundleFileOf = async (name, folder) => {
    const bundleFile = join(directory, `${name}.json`);
    writeFileSync(bundleFile, JSON.stringify(await bundleWorkflows({ workflowsPath: join(SOURCE, folder, 'index.ts') })));
    return bundleFile;
  };
  const bundleFile = await bundleFileOf('workflows', 'workflows');
  const yearBundleFile = await bundleFileOf('year', 'workflows/year');
  /** @type {Record<string, any>} */
  const answers = {};
  // One after the other, each in a process of its own: they share nothing but the machine.
  for (const [what, number] of Object.entries(MEASUREMENTS)) answers[what] = await measure(join(directory, 'program.js'), what, what === 'year' ? yearBundleFile : bundleFile, number);
  return { sandbox: { ...answers['sandbox'], ...answers['suspended'] }, bare: answers['bare'], engine: answers['engine'], replay: answers['replay'], manyRuns: answers['many-runs'], year: answers['year'] };
}

/**
 * @param {string} program
 * @param {string} what
 * @param {string} bundleFile
 * @param {number} number
 * @returns {Promise<Record<string, number>>}
 */
async function measure(program, what, bundleFile, number) {
  // The young generation is as the orchestrator's image has it.
  const child = spawn(process.execPath, ['--expose-gc', '--enable-source-maps', '--max-semi-space-size=32', program, what, bundleFile, String(number)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C', NODE_ENV: 'production' },
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`The measurement "${what}" ended with ${code}.`);
  /** @type {Record<string, number>} */
  const answer = JSON.parse(output);
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, Math.round(value * 100) / 100]));
}

/** @param {RuntimeReport} report */
function printed({ sandbox, bare, engine, replay, manyRuns, year }) {
  /** @type {(what: 'startMicroseconds' | 'activationMicroseconds') => string} */
  const times = (what) => (sandbox[what] / bare[what]).toFixed(2);
  return [
    'Runtime (CPU of all threads, batches of 100)',
    `  sandbox  ${sandbox.startMicroseconds} µs a start, ${sandbox.activationMicroseconds} µs an activation, ${sandbox.kibPerSuspendedRun} KiB a suspended run`,
    `  bare     ${bare.startMicroseconds} µs a start, ${bare.activationMicroseconds} µs an activation with as little as isolates: the sandbox takes ${times('startMicroseconds')} and ${times('activationMicroseconds')} times as long`,
    `  engine   ${engine.startMicroseconds} µs a start, ${engine.activationMicroseconds} µs an outcome; ${engine.workflowsPerSecond} workflows of three activities a second`,
    `  replay   ${replay.events} events in ${replay.milliseconds} ms: ${replay.eventsPerSecond} events/s`,
    `  memory   ${manyRuns.runs} suspended runs in ${manyRuns.rssMiB} MiB (peak ${manyRuns.peakRssMiB}); ${manyRuns.startsPerSecond} starts/s`,
    `  testing  a simulated year in ${year.medianMilliseconds} ms, the first one of a process in ${year.firstMilliseconds} ms`,
  ].join('\n');
}
