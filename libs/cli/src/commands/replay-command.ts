import { writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { Command } from 'commander';
import { loadCodec } from '../codec.js';
import { withConnection, writeJson, type CliEnvironment } from '../environment.js';
import { EXIT_CODE, UsageError } from '../errors.js';
import { controlHistories } from '../replay/control-histories.js';
import { databaseHistories } from '../replay/database-histories.js';
import { readHistoryFile } from '../replay/file-histories.js';
import type { WorkflowCode } from '../replay/load-code.js';
import { replayHistories, type ReplayOutcome, type ReplaySummary, type RunHistory } from '../replay/replay-histories.js';
import { replayReport } from '../replay/replay-report.js';
import { wholeNumber } from './arguments.js';
import { ReplayProgress } from './replay-progress.js';

interface ReplayFlags {
  bundle?: string;
  workflows?: string;
  databaseUrl?: string;
  schema?: string;
  history?: string[];
  url?: string;
  workflowType?: string;
  limit?: number;
  concurrency: number;
  allowDrift?: boolean;
  includePinned?: boolean;
  codec?: string;
  json?: string | true;
}

/** `backstitch replay`. @param end takes the exit code */
export function addReplayCommand(program: Command, cli: CliEnvironment, end: (exitCode: number) => void): void {
  program
    .command('replay')
    .summary('check open runs against new workflow code before it is deployed')
    .description(
      'Replays every open run against workflow code, writes nothing, and tells what would break: runs whose code gives other commands (divergence), whose tasks fail, or which get other inputs or options (drift).\n' +
        'Takes the runs from a database (--database-url, or BACKSTITCH_DATABASE_URL), else from files (--history), else over the control API (--url, BACKSTITCH_TOKEN).\n' +
        'A password belongs into BACKSTITCH_DATABASE_URL or PGPASSWORD, not into an argument.\n' +
        'Ends with 0 if nothing would break, with 1 if something would.',
    )
    .option('--bundle <file>', 'the new code, as bundleWorkflows made it')
    .option('--workflows <path>', 'the new code: the module that exports the workflows')
    .option('--database-url <url>', 'database with the orchestrator’s tables')
    .option('--schema <name>', 'schema of the tables', 'orchestrator')
    .option('--history <file...>', 'histories, as `backstitch history --json` writes them')
    .option('--url <url>', 'an orchestrator’s control API')
    .option('--workflow-type <type>', 'replay runs of this type alone')
    .option('--limit <runs>', 'replay at most so many runs', wholeNumber)
    .option('--concurrency <threads>', 'worker threads', wholeNumber, 1)
    .option('--allow-drift', 'other inputs and options are no problem')
    .option('--include-pinned', 'replay pinned runs too, though a new build does not get them')
    .option('--codec <module>', 'the deployment’s payload codec: a module that exports it as payloadCodec or default (default: BACKSTITCH_CODEC)')
    .option('--json [file]', 'the summary and the problems as JSON: into a file beside the report, or in its place')
    .action(async (flags: ReplayFlags) => end(await replay(cli, flags)));
}

async function replay(cli: CliEnvironment, flags: ReplayFlags): Promise<number> {
  const code = codeOf(flags);
  const { codec: payloadCodec } = await loadCodec(cli, flags);
  const startedAtMs = performance.now();
  const progress = new ReplayProgress(cli);
  const { allowDrift = false, includePinned = false, concurrency } = flags;
  const options = { ...code, allowDrift, includePinned, concurrency, payloadCodec, onOutcome: (outcome: ReplayOutcome) => progress.add(outcome) };
  const summary = await withHistories(cli, flags, (runs) => progress.expect(runs), (histories) => replayHistories(histories, options)).finally(() => progress.end());
  if (typeof flags.json === 'string') await writeFile(flags.json, `${JSON.stringify(summary, null, 2)}\n`);
  if (flags.json === true) writeJson(cli, summary);
  else cli.write(replayReport(summary, { allowDrift, durationMs: performance.now() - startedAtMs }));
  return summary.isOk ? EXIT_CODE.OK : EXIT_CODE.FAILED;
}

function codeOf({ bundle, workflows }: ReplayFlags): WorkflowCode {
  if ((bundle === undefined) === (workflows === undefined)) throw new UsageError('Give the new code: either --bundle FILE or --workflows PATH.');
  return bundle === undefined ? { workflowsPath: workflows as string } : { bundle };
}

async function withHistories(cli: CliEnvironment, flags: ReplayFlags, onCount: (runs: number) => void, work: (histories: AsyncIterable<RunHistory>) => Promise<ReplaySummary>): Promise<ReplaySummary> {
  const { history, workflowType, limit, schema } = flags;
  if (history !== undefined) {
    onCount(history.length);
    return work(fromFiles(history));
  }
  const url = flags.databaseUrl ?? (flags.url === undefined ? cli.environment['BACKSTITCH_DATABASE_URL'] : undefined);
  if (url === undefined) return withConnection(cli, flags, (connection) => work(controlHistories(connection, { workflowType, limit, onCount })));
  if (flags.databaseUrl !== undefined && hasPassword(flags.databaseUrl)) {
    throw new UsageError('Arguments can be seen by others: put the password into PGPASSWORD, or the whole URL into BACKSTITCH_DATABASE_URL.');
  }
  return work(databaseHistories({ url, password: hasPassword(url) ? undefined : cli.environment['PGPASSWORD'], schema, workflowType, limit, onCount }));
}

async function* fromFiles(files: readonly string[]): AsyncIterable<RunHistory> {
  for (const file of files) yield readHistoryFile(file);
}

function hasPassword(url: string): boolean {
  try {
    return new URL(url).password !== '' || new URL(url).searchParams.has('password');
  } catch {
    throw new UsageError('That is no URL of a database, such as postgres://reader@127.0.0.1:5432/backstitch.');
  }
}
