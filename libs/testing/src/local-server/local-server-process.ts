import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SearchAttributeDefinitions } from '@backstitch/protocol';
import { LocalServerError, LocalServerPackageMissingError } from './local-server-errors.js';
import { localServerProgram } from './local-server-program.js';
import type { LocalServerMessage, LocalServerRequest, LocalServerSettings } from './messages.js';

export interface LocalServerProcessOptions {
  databaseUrl?: string | undefined;
  port?: number | undefined;
  searchAttributes?: SearchAttributeDefinitions | undefined;
  startTimeoutMs: number;
  /** Told what the server says unasked. */
  onMessage: (message: LocalServerMessage) => void;
}

const STOP_TIMEOUT_MS = 15_000;
const LINES_KEPT = 30;

/**
 * A local server in a child process, which ends with this one, however this one ends.
 *
 * starting → running → stopped; a server that ends by itself fails whatever it was asked.
 */
export class LocalServerProcess {
  readonly #exited: Promise<void>;
  readonly #answers = new Map<number, (error: Error | undefined) => void>();
  readonly #lastLines: string[] = [];
  #requests = 0;
  #stopping: Promise<void> | undefined;
  #hasEnded = false;

  private constructor(
    private readonly child: ChildProcess,
    readonly settings: Readonly<LocalServerSettings>,
    readonly url: string,
    readonly databaseUrl: string,
    exited: Promise<void>,
    lastLines: string[],
  ) {
    this.#lastLines = lastLines;
    this.#exited = exited.then(() => this.#ended());
    // A test that has done its work is not kept from ending; the server ends with its process.
    this.#unref();
  }

  /** @throws LocalServerError, LocalServerPackageMissingError */
  static async start({ databaseUrl, port = 0, searchAttributes = {}, startTimeoutMs, onMessage }: LocalServerProcessOptions): Promise<LocalServerProcess> {
    const { file, loaded, ...libraries } = await localServerProgram();
    const settings: LocalServerSettings = {
      ...libraries,
      directory: mkdtempSync(join(tmpdir(), 'backstitch-local-')),
      databaseUrl,
      port,
      controlToken: randomBytes(16).toString('hex'),
      taskTokenSecret: randomBytes(16).toString('hex'),
      searchAttributes,
    };
    const lastLines: string[] = [];
    // In a process group of its own: a Ctrl-C in the terminal is this process' to answer.
    const child = fork(file, [JSON.stringify(settings)], { detached: true, execArgv: ['--enable-source-maps'], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: unknown) => {
        lastLines.push(String(chunk).trimEnd());
        lastLines.splice(0, lastLines.length - LINES_KEPT);
      });
    }
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    try {
      const { url, databaseUrl: foundUrl } = await readyOrFailed(child, startTimeoutMs, lastLines);
      const started = new LocalServerProcess(child, settings, url, foundUrl, exited, lastLines);
      child.on('message', (message: LocalServerMessage) => (message.type === 'deployed' ? started.#answer(message) : onMessage(message)));
      return started;
    } catch (error) {
      child.kill('SIGKILL');
      await exited;
      clearAway(settings.directory);
      throw error;
    } finally {
      loaded();
    }
  }

  /** Resolves when the server has done it. @throws LocalServerError */
  async deploy(deployment: Omit<Extract<LocalServerRequest, { type: 'deploy' }>, 'type' | 'id'>): Promise<void> {
    const id = ++this.#requests;
    const answered = new Promise<void>((resolve, reject) => this.#answers.set(id, (error) => (error === undefined ? resolve() : reject(error))));
    this.child.channel?.ref();
    try {
      this.tell({ type: 'deploy', id, ...deployment });
      await answered;
    } finally {
      this.child.channel?.unref();
    }
  }

  /** @throws LocalServerError if the server has ended */
  tell(request: LocalServerRequest): void {
    if (this.#hasEnded || !this.child.connected) {
      throw this.#endedError();
    }
    this.child.send(request);
  }

  /** Resolves when nothing of it is left. A second call changes nothing. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    this.child.ref();
    if (this.child.connected) {
      this.child.send({ type: 'stop' } satisfies LocalServerRequest);
    }
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #answer({ id, error }: Extract<LocalServerMessage, { type: 'deployed' }>): void {
    this.#answers.get(id)?.(error === undefined ? undefined : new LocalServerError(error));
    this.#answers.delete(id);
  }

  #ended(): void {
    this.#hasEnded = true;
    clearAway(this.settings.directory);
    this.#answers.forEach((answer) => answer(this.#endedError()));
    this.#answers.clear();
  }

  #endedError(): LocalServerError {
    return new LocalServerError(['The local server has ended.', ...this.#lastLines].join('\n'));
  }

  #unref(): void {
    this.child.unref();
    this.child.channel?.unref();
    for (const stream of [this.child.stdout, this.child.stderr]) {
      (stream as { unref?: () => void } | null)?.unref?.();
    }
  }
}

async function readyOrFailed(child: ChildProcess, timeoutMs: number, lastLines: readonly string[]): Promise<Extract<LocalServerMessage, { type: 'ready' }>> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => settle(() => reject(new LocalServerError([`The local server did not start: ${why}`, ...lastLines].join('\n'))));
    const timer = setTimeout(() => fail(`it was not ready after ${timeoutMs} ms.`), timeoutMs);
    const onExit = (code: number | null, signal: string | null): void => fail(`it ended (${signal ?? `code ${code}`}).`);
    const onError = (error: Error): void => fail(error.message);
    const onMessage = (message: LocalServerMessage): void => {
      if (message.type === 'ready') {
        settle(() => resolve(message));
      } else if (message.type === 'failed') {
        const { missingPackage } = message;
        settle(() => reject(missingPackage === undefined ? new LocalServerError(`The local server did not start: ${message.message}`) : new LocalServerPackageMissingError(missingPackage)));
      }
    };
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      child.off('exit', onExit).off('error', onError).off('message', onMessage);
      how();
    };
    child.on('exit', onExit).on('error', onError).on('message', onMessage);
  });
}

/** What a server that was killed could not put away itself: its Postgres, and its files. */
function clearAway(directory: string): void {
  try {
    const pid = parseInt(readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8'), 10);
    // An empty file, or one of a database that is still being made, would name a whole group of processes: ours.
    if (pid > 0) {
      process.kill(pid, 'SIGQUIT');
    }
  } catch {
    // It has ended.
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
