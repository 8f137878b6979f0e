import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchArgumentError } from '../arguments.mjs';
import { treeMemoryMiB } from '../process-usage.mjs';
import { Progress } from '../progress.mjs';
import { NoRedisServerError } from '../servers.mjs';
import { readIdleArguments, USAGE } from './arguments.mjs';
import { openIdleSite } from './idle-site.mjs';
import { measureWakeDelays, startSleepingRuns } from './sleeping-runs.mjs';
import { readStatements, resetStatements, summarizeStatements } from './statements.mjs';

/** What an idle stack may ask, and how late it may wake. */
const QUERIES_PER_SECOND_MAX = 5;
const WAKE_DELAY_MS_MAX = 1_000;
/** What follows the starts (recovery, first audits' statistics, autovacuum) is over by then. */
const SETTLE_MS = 20_000;
/** As docker-compose.yml does. */
const HEALTH_CHECK_INTERVAL_MS = 5_000;

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
export async function main(args) {
  /** @type {import('./arguments.mjs').IdleOptions} */
  let options;
  try {
    const read = readIdleArguments(args);
    if (read === 'help') {
      console.log(USAGE);
      return 0;
    }
    options = read;
  } catch (error) {
    if (!(error instanceof BenchArgumentError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  const progress = new Progress();
  progress.phase('Building and starting the stack');
  let site;
  try {
    site = await openIdleSite(options);
  } catch (error) {
    if (!(error instanceof NoRedisServerError)) throw error;
    console.error(error.message);
    return 1;
  }
  try {
    const report = await measure(site, options, progress);
    progress.end();
    console.log(printIdleReport(report));
    if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, `${JSON.stringify(report, undefined, 2)}\n`);
    return report.queriesPerSecond <= QUERIES_PER_SECOND_MAX && report.wakeDelayMs.max <= WAKE_DELAY_MS_MAX ? 0 : 1;
  } finally {
    await site.stop();
  }
}

/**
 * @param {import('./idle-site.mjs').IdleSite} site
 * @param {import('./arguments.mjs').IdleOptions} options
 * @param {Progress} progress
 */
async function measure({ stack, admin }, options, progress) {
  progress.phase(`Starting ${options.runs} runs that sleep for days`);
  const startedAt = performance.now();
  await startSleepingRuns(stack, options.runs, (done) => progress.count(done, options.runs));
  const startSeconds = (performance.now() - startedAt) / 1_000;
  progress.phase('Waiting until the stack is quiet');
  const checks = checkHealth(stack);
  await delay(SETTLE_MS);
  progress.phase(`Counting queries for ${options.seconds} s`);
  await resetStatements(admin);
  const cpuBefore = cpuSeconds(stack);
  await delay(options.seconds * 1_000);
  const statements = summarizeStatements(await readStatements(admin), options.seconds);
  const cpuAfter = cpuSeconds(stack);
  const rssMiB = Object.fromEntries(stack.services.map(({ name, process }) => [name, Math.round(treeMemoryMiB(Number(process.pid)))]));
  rssMiB.postgres = Math.round(treeMemoryMiB(stack.postgres.pid));
  progress.phase(`Waking ${options.dueRuns} runs`);
  const delays = (await measureWakeDelays(stack, options.dueRuns)).sort((a, b) => a - b);
  clearInterval(checks);
  const quantile = (/** @type {number} */ share) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? NaN;
  return {
    backend: options.backend,
    sleepingRuns: options.runs,
    orchestrators: options.orchestrators,
    startsPerSecond: Math.round(options.runs / startSeconds),
    seconds: options.seconds,
    ...statements,
    cpuSecondsPerMinute: Object.fromEntries(Object.entries(cpuAfter).map(([name, after]) => [name, Math.round((after - (cpuBefore[name] ?? 0)) * 6_000 / options.seconds) / 100])),
    wakeDelayMs: { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
    rssMiB,
  };
}

/**
 * Asks every service for its health as often as a container's health check does.
 * @param {import('@backstitch/stack').Stack} stack
 */
function checkHealth({ services }) {
  return setInterval(() => {
    for (const { service, url } of services) {
      if (service !== 'stripe-simulator') fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(HEALTH_CHECK_INTERVAL_MS) }).then((response) => response.arrayBuffer(), () => undefined);
    }
  }, HEALTH_CHECK_INTERVAL_MS);
}

/**
 * @param {import('@backstitch/stack').Stack} stack
 * @returns {Record<string, number>}
 */
function cpuSeconds({ services }) {
  return Object.fromEntries(
    services.map(({ name, process }) => {
      const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [name, (Number(fields[11]) + Number(fields[12])) / 100];
    }),
  );
}

/** @param {Awaited<ReturnType<typeof measure>>} report */
function printIdleReport(report) {
  return [
    `Queues on ${report.backend}, ${report.orchestrators} orchestrators, ${report.sleepingRuns} sleeping runs (started at ${report.startsPerSecond}/s)`,
    `  queries       ${report.queriesPerSecond}/s to Postgres over ${report.seconds} s, health checks included${report.backend === 'postgres' ? `; BullMQ's own beside: ${report.bullmqQueriesPerSecond}/s` : ''}`,
    ...Object.entries(report.byRole).map(([role, perSecond]) => `    ${role.padEnd(14)}${perSecond}/s`),
    '  most frequent',
    ...report.top.map(({ role, perSecond, query, ofBullmq }) => `    ${String(perSecond).padEnd(7)} ${role}${ofBullmq ? ' (BullMQ)' : ''}: ${query}`),
    `  woken late by p50 ${report.wakeDelayMs.p50} ms, p99 ${report.wakeDelayMs.p99} ms, at most ${report.wakeDelayMs.max} ms`,
    `  memory, MiB   ${Object.entries(report.rssMiB).map(([name, mib]) => `${name} ${mib}`).join(', ')}`,
    `  CPU s a minute ${Object.entries(report.cpuSecondsPerMinute).map(([name, seconds]) => `${name} ${seconds}`).join(', ')}`,
  ].join('\n');
}
