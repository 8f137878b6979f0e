import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LOCK_FILE = 'stack.json';

/** A stack is running on that state directory. */
export class StackRunningError extends Error {
  code = 'STACK_RUNNING';
  /** @param {number} pid */
  constructor(pid) {
    super(`The platform is already running here, as process ${pid}.`);
    this.name = 'StackRunningError';
    this.pid = pid;
  }
}

/** @typedef {{ pid: number, commandLine: string }} RunningProcess */
/** @typedef {RunningProcess & { children: RunningProcess[] }} LockContent */

/**
 * Who runs on a state directory: a file with process ids. Command lines are kept beside them, since the system gives ids out again.
 */
export class StackLock {
  #path;
  /** @type {LockContent} */
  #content;

  /**
   * @param {string} path
   * @param {LockContent} content
   */
  constructor(path, content) {
    this.#path = path;
    this.#content = content;
  }

  /**
   * Takes the lock. Processes that a stack left behind when it was killed are ended first.
   *
   * @param {string} directory
   * @returns {Promise<StackLock>}
   * @throws {StackRunningError}
   */
  static async take(directory) {
    const path = join(directory, LOCK_FILE);
    const previous = readLock(path);
    if (previous !== undefined) {
      if (isRunning(previous) && previous.pid !== process.pid) throw new StackRunningError(previous.pid);
      if (previous.pid !== process.pid) await endAll(previous.children.filter(isRunning));
      rmSync(path, { force: true });
    }
    const lock = new StackLock(path, { pid: process.pid, commandLine: commandLineOf(process.pid) ?? '', children: [] });
    try {
      writeFileSync(path, JSON.stringify(lock.#content), { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
      throw new StackRunningError(readLock(path)?.pid ?? 0);
    }
    return lock;
  }

  /** @param {number} pid */
  addChild(pid) {
    this.#content.children.push({ pid, commandLine: commandLineOf(pid) ?? '' });
    writeFileSync(this.#path, JSON.stringify(this.#content), { mode: 0o600 });
  }

  release() {
    rmSync(this.#path, { force: true });
  }
}

/**
 * The process id of the stack that runs on a state directory, if one does.
 * @param {string} directory
 */
export function runningStack(directory) {
  const content = readLock(join(directory, LOCK_FILE));
  return content !== undefined && isRunning(content) ? content.pid : undefined;
}

/**
 * @param {string} path
 * @returns {LockContent | undefined}
 */
function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {RunningProcess} running */
function isRunning({ pid, commandLine }) {
  const now = commandLineOf(pid);
  return now !== undefined && now === commandLine;
}

/**
 * What a process was started with, or undefined if there is none with that id.
 * @param {number} pid
 * @returns {string | undefined}
 */
export function commandLineOf(pid) {
  const { stdout, status } = spawnSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' });
  if (status === 0 && stdout.trim() !== '') return stdout.trim();
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** @param {RunningProcess[]} left */
async function endAll(left) {
  for (const { pid } of left) signal(pid, 'SIGTERM');
  for (let waitedMs = 0; left.some(isRunning) && waitedMs < 12_000; waitedMs += 200) await new Promise((resolve) => setTimeout(resolve, 200));
  for (const running of left.filter(isRunning)) signal(running.pid, 'SIGKILL');
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
