/**
 * `npm test`: everything, on embedded Postgres, and on Redis where a `redis-server` is found. A step that fails does not keep the others from running;
 * one that hangs is ended when the time for all is over, and says so.
 * The last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WORKSPACE = fileURLToPath(new URL('../../', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'backstitch-test-'));
/** Where specs leave their workflows' histories for the referee. */
const histories = join(reports, 'histories');
/** The random workflows are the same ones in every run of the tests: a new finding belongs to `npm run referee`, which draws a seed, not to somebody else's change. */
const REFEREE_SEED = '77001';
/** Modules of finished files stay in a worker of Jest: above this it is begun anew, since near V8's limit it would collect garbage more than it tests. */
const WORKER_MEMORY = '1.5GB';
/** For all steps together: a run that is cut off from outside says nothing of what hung. */
const DEADLINE_MS = 80 * 60_000;
const KILL_AFTER_MS = 10_000;
const begunAtMs = Date.now();
const bin = (/** @type {string} */ path) => join(WORKSPACE, 'node_modules', path);
const nx = (/** @type {string[]} */ ...args) => [bin('nx/dist/bin/nx.js'), ...args, '--output-style=static'];
const jest = (/** @type {string} */ name, /** @type {string[]} */ ...args) => [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  bin('jest/bin/jest.js'),
  '--json',
  `--outputFile=${join(reports, `${name}.json`)}`,
  ...args,
];

/** @type {{ name: string, command: string[], counts?: boolean, env?: Record<string, string> }[]} */
const STEPS = [
  { name: 'lint', command: nx('run-many', '-t', 'lint', '--parallel=2') },
  { name: 'types', command: [bin('typescript/bin/tsc'), '-p', 'tsconfig.json'] },
  { name: 'build', command: nx('run-many', '-t', 'build', '--parallel=2') },
  {
    name: 'unit and integration',
    command: jest('unit', `--workerIdleMemoryLimit=${WORKER_MEMORY}`, '--testPathIgnorePatterns', '\\.e2e\\.spec\\.ts$'),
    counts: true,
    env: { BACKSTITCH_HISTORIES: histories },
  },
  { name: 'referee', command: [join(WORKSPACE, 'tools/referee/referee.mjs'), '--histories', histories, '--seed', REFEREE_SEED] },
  { name: 'end to end', command: jest('e2e', '--runInBand', '--testMatch', '**/*.e2e.spec.ts'), counts: true },
];

let passed = 0;
let failed = 0;
/** @type {string[]} */
const summary = [];
for (const { name, command, counts, env } of STEPS) {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 70 - name.length))}`);
  const startedAtMs = Date.now();
  const code = await run(command, env);
  const counted = counts === true ? readCounts(join(reports, `${command.find((part) => part.startsWith('--outputFile='))?.split('/').at(-1)}`)) : undefined;
  passed += counted?.passed ?? (code === 0 ? 1 : 0);
  failed += counted?.failed ?? (code === 0 ? 0 : 1);
  // A run that failed without a failed test (a file that does not load) must not look like a success.
  if (counted !== undefined && code !== 0 && counted.failed === 0) failed += 1;
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  summary.push(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)${counted === undefined ? '' : `: ${counted.passed} passed, ${counted.failed} failed`}`);
}
rmSync(reports, { recursive: true, force: true });
console.log(`\n${summary.join('\n')}\n\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/**
 * @param {string[]} args of `node`
 * @param {Record<string, string>} [env]
 * @returns {Promise<number>}
 */
function run(args, env) {
  const child = spawn(process.execPath, args, { cwd: WORKSPACE, stdio: 'inherit', env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', ...env } });
  const leftMs = Math.max(0, begunAtMs + DEADLINE_MS - Date.now());
  /** @type {NodeJS.Timeout | undefined} */
  let kill;
  const deadline = setTimeout(() => {
    console.error(`Ended: all steps together may take ${DEADLINE_MS / 60_000} minutes.`);
    child.kill('SIGTERM');
    kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  }, leftMs);
  return new Promise((resolve) => {
    /** @param {number} code */
    const end = (code) => {
      clearTimeout(deadline);
      clearTimeout(kill);
      resolve(code);
    };
    child.once('error', () => end(1));
    child.once('exit', (code) => end(code ?? 1));
  });
}

/**
 * @param {string} path
 * @returns {{ passed: number, failed: number }}
 */
function readCounts(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    return { passed: report.numPassedTests, failed: report.numFailedTests };
  } catch {
    return { passed: 0, failed: 0 };
  }
}
