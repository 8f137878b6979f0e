import { Connection } from '@backstitch/client';
import type { ControlCaller } from '@backstitch/client';
import { UsageError } from './errors.js';

/** What the command sees of the process that it runs in. */
export interface CliEnvironment {
  /** Read: BACKSTITCH_URL, BACKSTITCH_TOKEN, BACKSTITCH_IDENTITY, BACKSTITCH_DATABASE_URL, PGPASSWORD. */
  environment: Readonly<Record<string, string | undefined>>;
  /** To standard output: what was asked for. */
  write(text: string): void;
  /** To standard error: progress and errors. */
  writeError(text: string): void;
  /** Progress is shown as it goes. Default false. */
  isTerminal?: boolean;
  /** In place of a connection made from the options; a seam for specs. */
  connect?(url: string, token: string): ControlCaller;
}

export interface ConnectionFlags {
  url?: string;
}

const DEFAULT_URL = 'http://127.0.0.1:3001';

/** Runs `work` with a connection to the control API, and closes it. @throws UsageError without a token */
export async function withConnection<Answer>(cli: CliEnvironment, { url }: ConnectionFlags, work: (connection: ControlCaller) => Promise<Answer>): Promise<Answer> {
  const token = cli.environment['BACKSTITCH_TOKEN'];
  if (token === undefined || token === '') {
    throw new UsageError('Set BACKSTITCH_TOKEN to the shared secret of the control API. It is taken from the environment alone: arguments can be seen by others.');
  }
  const target = url ?? cli.environment['BACKSTITCH_URL'] ?? DEFAULT_URL;
  if (!/^https?:\/\/[^/]/.test(target)) throw new UsageError(`"${target}" is no URL of an orchestrator, such as ${DEFAULT_URL}.`);
  const connection = cli.connect?.(target, token) ?? Connection.lazy({ url: target, token });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Who calls, for audit. */
export function identityOf({ environment }: CliEnvironment): string {
  return environment['BACKSTITCH_IDENTITY'] ?? environment['USER'] ?? 'backstitch-cli';
}

export function writeJson(cli: CliEnvironment, value: unknown): void {
  cli.write(`${JSON.stringify(value, null, 2)}\n`);
}
