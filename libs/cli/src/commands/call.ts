import type { ControlCaller } from '@backstitch/client';
import type { Command } from 'commander';
import { identityOf, withConnection, writeJson, type CliEnvironment, type ConnectionFlags } from '../environment.js';

export interface CallFlags extends ConnectionFlags {
  json?: boolean;
  runId?: string;
}

/** What commands on the control API share. */
export interface Caller {
  connection: ControlCaller;
  identity: string;
  get<Answer>(path: string): Promise<Answer>;
  /** @param isIdempotent it may be made twice without harm */
  post<Answer = void>(path: string, body: object, isIdempotent?: boolean, waitMs?: number): Promise<Answer>;
}

/** A command that calls the control API: with --url, and with --json for machines where it has something to show. */
export function callCommand(parent: Command, nameAndArguments: string, summary: string): Command {
  return parent.command(nameAndArguments).summary(summary).description(summary).option('--url <url>', 'an orchestrator’s control API (default: BACKSTITCH_URL, else http://127.0.0.1:3001)');
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON instead of a table');
}

export function withRun(command: Command): Command {
  return command.option('--run-id <id>', 'that run (default: the current one)');
}

/** Calls, and shows the answer. */
export async function call<Answer>(cli: CliEnvironment, flags: CallFlags, work: (caller: Caller) => Promise<Answer>, show: (answer: Answer) => string): Promise<void> {
  const answer = await withConnection(cli, flags, (connection) => work(callerOf(cli, connection)));
  if (flags.json === true) writeJson(cli, answer);
  else cli.write(show(answer));
}

function callerOf(cli: CliEnvironment, connection: ControlCaller): Caller {
  return {
    connection,
    identity: identityOf(cli),
    get: (path) => connection.call({ method: 'GET', path, isIdempotent: true }),
    post: (path, body, isIdempotent = false, waitMs) => connection.call({ method: 'POST', path, body, isIdempotent, ...(waitMs !== undefined && { waitMs }) }),
  };
}

/** Path of a workflow, of the named run if one is. */
export function workflowPath(workflowId: string, verb: string, { runId }: CallFlags): string {
  return `/workflows/${encodeURIComponent(workflowId)}${verb}${runId === undefined ? '' : `${verb.includes('?') ? '&' : '?'}runId=${encodeURIComponent(runId)}`}`;
}
