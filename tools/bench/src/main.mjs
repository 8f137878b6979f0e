import { rmSync, writeFileSync } from 'node:fs';
import { BenchArgumentError, readArguments, USAGE } from './arguments.mjs';
import { buildPrograms } from './build-programs.mjs';
import { measureBackend } from './measure-backend.mjs';
import { printReport } from './print-report.mjs';
import { Progress } from './progress.mjs';
import { writeTopFunctions } from './top-functions.mjs';

/**
 * @param {string[]} args of the command line
 * @returns {Promise<number>} the exit code
 */
export async function main(args) {
  /** @type {ReturnType<typeof readArguments>} */
  let bench;
  try {
    bench = readArguments(args);
  } catch (error) {
    if (!(error instanceof BenchArgumentError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (bench === 'help') {
    console.log(USAGE);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => interrupted.abort(new Error(`Stopped by ${signal}.`)));
  const progress = new Progress();
  progress.phase('building the programs');
  const build = await buildPrograms();
  try {
    const reports = [];
    /** @type {string[]} */
    const problems = [];
    for (const backend of bench.backends) {
      const [first, ...others] = stepModesOf(bench, backend);
      /** @param {import('./arguments.mjs').StepMode} stepMode @param {string} [profileDirectory] */
      const measure = async (stepMode, profileDirectory) => {
        const { report, differences, profiles } = await measureBackend({ backend, stepMode, bench: { ...bench, profileDirectory }, build, progress, signal: interrupted.signal });
        console.log(printReport(report));
        if (profiles.length > 0) console.log(`${writeTopFunctions(/** @type {string} */ (bench.profileDirectory), profiles)}\n`);
        problems.push(...differences);
        return report;
      };
      const report = await measure(first, bench.profileDirectory);
      // What is profiled is the first run; another one's files would take the place of its.
      reports.push(others[0] === undefined ? report : { ...report, transactionMode: await measure(others[0]) });
    }
    if (bench.jsonFile !== undefined) {
      const [first, ...others] = reports;
      writeFileSync(bench.jsonFile, `${JSON.stringify({ ...first, ...(others[0] === undefined ? {} : { onPostgres: others[0] }) }, null, 2)}\n`);
    }
    for (const problem of problems) console.error(problem);
    if (problems.length === 0) console.log('All effects, undos and closed runs are there, once each.');
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    progress.end();
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    rmSync(build.directory, { recursive: true, force: true });
  }
}

/**
 * @param {import('./arguments.mjs').BenchOptions} bench
 * @param {import('./arguments.mjs').Backend} backend
 * @returns {[import('./arguments.mjs').StepMode, ...import('./arguments.mjs').StepMode[]]}
 */
function stepModesOf({ stepModes, systems }, backend) {
  const [only] = stepModes ?? [];
  if (only !== undefined) return [only];
  return backend === 'redis' && systems.includes('backstitch') ? ['statement', 'transaction'] : ['statement'];
}
