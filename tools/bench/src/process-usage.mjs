import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts CPU time for programs in hundredths of a second, whatever its own clock. */
const TICKS_PER_SECOND = 100;
const KIB_PER_MIB = 1_024;

/**
 * @typedef {object} ProcessTimes
 * @property {number} parent
 * @property {number} ownSeconds user and system time of its own
 * @property {number} reapedSeconds that of its children that have ended
 */

/**
 * @param {string} stat what /proc/<pid>/stat says
 * @returns {ProcessTimes}
 */
export function parseStat(stat) {
  // The command's name stands in parentheses and may hold anything, parentheses too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent, user, system, reapedUser, reapedSystem] = [1, 11, 12, 13, 14].map((index) => Number(fields[index]));
  return {
    parent: Number(parent),
    ownSeconds: (Number(user) + Number(system)) / TICKS_PER_SECOND,
    reapedSeconds: (Number(reapedUser) + Number(reapedSystem)) / TICKS_PER_SECOND,
  };
}

/**
 * The hundredths of /proc/<pid>/stat round a hundred backends with a few milliseconds each down to nothing; schedstat has nanoseconds, but of the main
 * thread alone. The larger one is right for both kinds.
 *
 * @param {ProcessTimes} times
 * @param {string} schedstat what /proc/<pid>/schedstat says
 * @returns {ProcessTimes}
 */
export function withNanoseconds(times, schedstat) {
  const mainThreadSeconds = Number(schedstat.split(' ', 1)[0]) / 1e9;
  return { ...times, ownSeconds: Math.max(times.ownSeconds, mainThreadSeconds || 0) };
}

/**
 * CPU seconds of each process and all that it started, those included that have ended since: what a process reaped is counted with it.
 *
 * @param {readonly number[]} roots
 * @param {ReadonlyMap<number, ProcessTimes>} table every process
 * @returns {number[]} in the order of `roots`; 0 for a process that is not there
 */
export function treeSeconds(roots, table) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const [pid, { parent }] of table) children.set(parent, [...(children.get(parent) ?? []), pid]);
  /** @param {number} pid @returns {number} */
  const secondsOf = (pid) => {
    const times = table.get(pid);
    if (times === undefined) return 0;
    return (children.get(pid) ?? []).reduce((sum, child) => sum + secondsOf(child), times.ownSeconds + times.reapedSeconds);
  };
  return roots.map(secondsOf);
}

/** @returns {Map<number, ProcessTimes>} every process of the machine */
export function readProcessTable() {
  const table = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      table.set(Number(name), withNanoseconds(parseStat(readFileSync(`/proc/${name}/stat`, 'utf8')), readFileSync(`/proc/${name}/schedstat`, 'utf8')));
    } catch {
      // It has ended meanwhile.
    }
  }
  return table;
}

/**
 * @param {string} status what /proc/<pid>/status says
 * @returns {{ peakMiB: number, anonymousMiB: number, sharedMiB: number }}
 */
export function parseMemory(status) {
  /** @param {string} name */
  const mebibytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) / KIB_PER_MIB;
  return { peakMiB: mebibytes('VmHWM'), anonymousMiB: mebibytes('RssAnon'), sharedMiB: mebibytes('RssShmem') };
}

/**
 * The most memory that one process has ever had resident, in MiB.
 * @param {number} pid
 */
export function peakMemoryMiB(pid) {
  return parseMemory(readFileSync(`/proc/${pid}/status`, 'utf8')).peakMiB;
}

/**
 * The memory that a process and its children hold now, in MiB: what each has for itself, and once what they share.
 * @param {number} root
 */
export function treeMemoryMiB(root) {
  const table = readProcessTable();
  const pids = [root];
  for (const pid of pids) for (const [child, { parent }] of table) if (parent === pid) pids.push(child);
  let anonymousMiB = 0;
  let sharedMiB = 0;
  for (const pid of pids) {
    try {
      const memory = parseMemory(readFileSync(`/proc/${pid}/status`, 'utf8'));
      anonymousMiB += memory.anonymousMiB;
      sharedMiB = Math.max(sharedMiB, memory.sharedMiB);
    } catch {
      // It has ended meanwhile.
    }
  }
  return anonymousMiB + sharedMiB;
}
