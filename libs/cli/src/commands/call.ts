import type { ControlCaller } from '@backstitch/client';
import type { Command } from 'commander';
import { loadCodec, type CliCodec, type CodecFlags } from '../codec.js';
import { identityOf, withConnection, writeJson, type CliEnvironment, type ConnectionFlags } from '../environment.js';

export interface CallFlags extends ConnectionFlags, CodecFlags {
  json?: boolean;
  runId?: string;
}

/** What commands on the control API share. */
export interface Caller {
  connection: ControlCaller;
  identity: string;
  /** What is sent as a payload goes through it; answers are decoded before they are shown. */
  codec: CliCodec;
  get<Answer>(path: string): Promise<Answer>;
  /** @param isIdempotent it may be made twice without harm */
  post<Answer = void>(path: string, body: object, isIdempotent?: boolean, waitMs?: number): Promise<Answer>;
}

/** A command that calls the control API: with --url, --codec, and --json for machines. */
export function callCommand(parent: Command, nameAndArguments: string, summary: string): Command {
  return parent
    .command(nameAndArguments)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`)
    .option('--url <url>', 'an orchestrator’s control API (default: BACKSTITCH_URL, else http://127.0.0.1:3001)')
    .option('--codec <module>', 'the deployment’s payload codec: a module that exports it as payloadCodec or default (default: BACKSTITCH_CODEC)')
    .option('--json', 'print JSON, for machines');
}

export function withRun(command: Command): Command {
  return command.option('--run-id <id>', 'that run (default: the current one)');
}

/** Calls, and shows the answer. An answer that says nothing is `{}` as JSON. */
export async function call<Answer>(cli: CliEnvironment, flags: CallFlags, work: (caller: Caller) => Promise<Answer>, show: (answer: Answer) => string): Promise<void> {
  const codec = await loadCodec(cli, flags);
  const answer = await codec.decode(await withConnection(cli, flags, (connection) => work(callerOf(cli, connection, codec))));
  if (flags.json === true) writeJson(cli, answer ?? {});
  else cli.write(show(answer));
}

/** Prints a value as JSON, with --json and without. */
export function asJson(value: unknown): string {
  return `${JSON.stringify(value ?? null, null, 2)}\n`;
}

function callerOf(cli: CliEnvironment, connection: ControlCaller, codec: CliCodec): Caller {
  return {
    connection,
    codec,
    identity: identityOf(cli),
    get: (path) => connection.call({ method: 'GET', path, isIdempotent: true }),
    post: (path, body, isIdempotent = false, waitMs) => connection.call({ method: 'POST', path, body, isIdempotent, ...(waitMs !== undefined && { waitMs }) }),
  };
}

/** Path of a workflow, of the named run if one is. */
export function workflowPath(workflowId: string, verb: string, { runId }: { runId?: string }): string {
  return `/workflows/${encodeURIComponent(workflowId)}${verb}${runId === undefined ? '' : `${verb.includes('?') ? '&' : '?'}runId=${encodeURIComponent(runId)}`}`;
}

/** All pages of a list, up to `limit` rows. */
export async function allPages<Row>(limit: number, pageSizeMax: number, readPage: (cursor: string | undefined, pageSize: number) => Promise<{ rows: readonly Row[]; nextCursor?: string | undefined }>): Promise<Row[]> {
  const found: Row[] = [];
  for (let cursor: string | undefined, isFirst = true; (isFirst || cursor !== undefined) && found.length < limit; isFirst = false) {
    const page = await readPage(cursor, Math.min(pageSizeMax, limit - found.length));
    found.push(...page.rows);
    cursor = page.nextCursor;
  }
  return found.slice(0, limit);
}
