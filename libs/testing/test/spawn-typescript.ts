import { build } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './until.js';

/** A TypeScript program of the tests, run in processes of its own. */
export class TypeScriptProgram {
  private constructor(
    private readonly directory: string,
    private readonly file: string,
  ) {}

  static async compile(entry: string, workspace: string): Promise<TypeScriptProgram> {
    // Below the workspace, so that packages are found.
    const directory = await mkdtemp(join(workspace, 'node_modules/.backstitch-test-'));
    const file = join(directory, 'program.mjs');
    await build({
      entryPoints: [entry],
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      conditions: ['@backstitch/source'],
      logLevel: 'error',
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
      plugins: [
        {
          name: 'packages-stay-outside',
          setup: ({ onResolve }) => onResolve({ filter: /^[^./]/ }, ({ path, kind }) => (kind === 'entry-point' || path.startsWith('@backstitch/') ? undefined : { path, external: true })),
        },
      ],
    });
    return new TypeScriptProgram(directory, file);
  }

  start(argument: object): RunningProgram {
    return new RunningProgram(spawn(process.execPath, ['--enable-source-maps', this.file, JSON.stringify(argument)], { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** One process of it. */
export class RunningProgram {
  /** What it said: a line of JSON each. */
  readonly said: Record<string, unknown>[] = [];
  private readonly ended: Promise<unknown>;

  constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'exit');
    if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => this.said.push(JSON.parse(line) as Record<string, unknown>));
  }

  async hasSaid(what: string, timeoutMs?: number): Promise<Record<string, unknown>> {
    const find = (): Record<string, unknown> | undefined => this.said.find((line) => what in line);
    await until(`the process says "${what}"`, () => find() !== undefined, timeoutMs);
    return find() ?? {};
  }

  /** SIGKILL: it can do nothing about it. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}
