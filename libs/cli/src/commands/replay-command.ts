import { writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { InvalidArgumentError, type Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { withConnection } from '../environment.js';
import { EXIT_CODE, UsageError } from '../errors.js';
import { controlHistories } from '../replay/control-histories.js';
import { databaseHistories } from '../replay/database-histories.js';
import { readHistoryFile } from '../replay/file-histories.js';
import type { WorkflowCode } from '../replay/load-code.js';
import { replayHistories, type ReplaySummary, type RunHistory } from '../replay/replay-histories.js';
import { replayReport } from '../replay/replay-report.js';

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
  json?: string;
}

const PROGRESS_EVERY_RUNS = 500;

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
    .option('--json <file>', 'write the summary and the problems as JSON')
    .action(async (flags: ReplayFlags) => end(await replay(cli, flags)));
}

async function replay(cli: CliEnvironment, flags: ReplayFlags): Promise<number> {
  const code = codeOf(flags);
  const startedAtMs = performance.now();
  let runs = 0;
  const onOutcome = (): void => {
    runs += 1;
    if (cli.isTerminal === true && runs % PROGRESS_EVERY_RUNS === 0) cli.writeError(`\r${runs} runs`);
  };
  const { allowDrift = false, includePinned = false, concurrency } = flags;
  const summary = await withHistories(cli, flags, (histories) => replayHistories(histories, { ...code, allowDrift, includePinned, concurrency, onOutcome }));
  if (cli.isTerminal === true && runs >= PROGRESS_EVERY_RUNS) cli.writeError('\r');
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(summary, null, 2)}\n`);
  cli.write(replayReport(summary, { allowDrift, durationMs: performance.now() - startedAtMs }));
  return summary.isOk ? EXIT_CODE.OK : EXIT_CODE.FAILED;
}

function codeOf({ bundle, workflows }: ReplayFlags): WorkflowCode {
  if ((bundle === undefined) === (workflows === undefined)) throw new UsageError('Give the new code: either --bundle FILE or --workflows PATH.');
  return bundle === undefined ? { workflowsPath: workflows as string } : { bundle };
}

async function withHistories(cli: CliEnvironment, flags: ReplayFlags, work: (histories: AsyncIterable<RunHistory>) => Promise<ReplaySummary>): Promise<ReplaySummary> {
  const { history, workflowType, limit, schema } = flags;
  if (history !== undefined) return work(fromFiles(history));
  const url = flags.databaseUrl ?? (flags.url === undefined ? cli.environment['BACKSTITCH_DATABASE_URL'] : undefined);
  if (url === undefined) return withConnection(cli, flags, (connection) => work(controlHistories(connection, { workflowType, limit })));
  if (flags.databaseUrl !== undefined && hasPassword(flags.databaseUrl)) {
    throw new UsageError('Arguments can be seen by others: put the password into PGPASSWORD, or the whole URL into BACKSTITCH_DATABASE_URL.');
  }
  return work(databaseHistories({ url, password: hasPassword(url) ? undefined : cli.environment['PGPASSWORD'], schema, workflowType, limit }));
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

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number, at least 1.');
  return number;
}
