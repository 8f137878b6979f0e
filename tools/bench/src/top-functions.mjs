import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';

/** @typedef {{ functionName: string, url: string, lineNumber: number, columnNumber: number }} CallFrame lines and columns from 0 */
/** @typedef {{ nodes: { id: number, callFrame: CallFrame, children?: number[] }[], samples: number[], timeDeltas: number[] }} CpuProfile */
/** @typedef {{ name: string, selfMs: number }} SelfTime */

const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url));
const FUNCTIONS_SHOWN = 30;
const ROOMS_SHOWN = 14;

/**
 * Names the sources of a profile that was taken of bundled programs, as long as their source maps are there.
 * @param {CpuProfile} profile changed in place
 */
export function mapToSources(profile) {
  /** @type {Map<string, TraceMap | undefined>} */
  const maps = new Map();
  for (const { callFrame } of profile.nodes) {
    if (!callFrame.url.startsWith('file:')) continue;
    const path = fileURLToPath(callFrame.url);
    if (!maps.has(path)) maps.set(path, existsSync(`${path}.map`) && !path.includes('/node_modules/bullmq') ? new TraceMap(readFileSync(`${path}.map`, 'utf8')) : undefined);
    const map = maps.get(path);
    if (map === undefined) continue;
    const { source, line, column } = originalPositionFor(map, { line: callFrame.lineNumber + 1, column: callFrame.columnNumber });
    if (source === null) continue;
    callFrame.url = resolve(dirname(path), source);
    callFrame.lineNumber = line - 1;
    callFrame.columnNumber = column;
  }
}

/**
 * Time that each function itself took, most first; the thread's waiting is left out.
 * @param {CpuProfile} profile
 * @param {(frame: CallFrame) => string} [nameOf] what is summed up; default: each function
 * @returns {SelfTime[]}
 */
export function selfTimes({ nodes, samples, timeDeltas }, nameOf = functionOf) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  /** @type {Map<string, number>} */
  const microseconds = new Map();
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (frame === undefined || isNoWork(frame)) return;
    const name = nameOf(frame);
    microseconds.set(name, (microseconds.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  });
  return [...microseconds].map(([name, us]) => ({ name, selfMs: us / 1_000 })).sort((a, b) => b.selfMs - a.selfMs);
}

/**
 * Waiting, and the native call that starts and stops the profiler.
 * @param {CallFrame} frame
 */
function isNoWork({ functionName, url }) {
  return url === '' && (functionName === '(idle)' || functionName === 'dispatch');
}

/** @param {CallFrame} frame */
function functionOf({ functionName, url, lineNumber }) {
  return `${functionName || '(anonymous)'}${url === '' ? '' : ` ${placeOf(url)}:${lineNumber + 1}`}`;
}

/**
 * The package or library that a function belongs to: `bullmq`, `libs/engine`, `node:internal`.
 * @param {CallFrame} frame
 */
export function roomOf({ functionName, url }) {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return 'node';
  const place = placeOf(url);
  return place.split('/').slice(0, /^(@|libs\/|tools\/|apps\/)/.test(place) ? 2 : 1).join('/');
}

/** Rooms whose time is that of whoever called them. */
const NO_ROOM = new Set(['node', '(native)', '(anonymous)', '(root)']);

/**
 * Time by package or library; what one spends in Node itself (sockets, timers, hashing) is its own.
 * @param {CpuProfile} profile
 * @returns {SelfTime[]}
 */
export function roomTimes(profile) {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  /** @type {Map<CallFrame, string>} */
  const rooms = new Map();
  /** @type {{ id: number, callerRoom: string }[]} */
  const open = profile.nodes.slice(0, 1).map(({ id }) => ({ id, callerRoom: 'node' }));
  for (const { id, callerRoom } of open) {
    const node = nodes.get(id);
    if (node === undefined) continue;
    const own = roomOf(node.callFrame);
    const room = NO_ROOM.has(own) ? callerRoom : own;
    rooms.set(node.callFrame, room);
    for (const child of node.children ?? []) open.push({ id: child, callerRoom: room });
  }
  return selfTimes(profile, (frame) => rooms.get(frame) ?? roomOf(frame));
}

/** @param {string} url */
function placeOf(url) {
  if (url.startsWith('node:')) return url;
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const modules = path.lastIndexOf('node_modules/');
  if (modules >= 0 && !path.includes('.cache/')) return path.slice(modules + 'node_modules/'.length);
  return path.startsWith(WORKSPACE) && modules < 0 ? path.slice(WORKSPACE.length) : basename(path);
}

/**
 * @param {string} title
 * @param {CpuProfile} profile
 */
function describeProfile(title, profile) {
  const functions = selfTimes(profile);
  const totalMs = functions.reduce((sum, { selfMs }) => sum + selfMs, 0);
  /** @param {SelfTime} time */
  const line = ({ name, selfMs }) => `  ${selfMs.toFixed(0).padStart(7)} ms ${((100 * selfMs) / totalMs).toFixed(1).padStart(5)}%  ${name}`;
  return [
    `${title}: ${totalMs.toFixed(0)} ms busy`,
    ' by package, with what it spends in Node itself',
    ...roomTimes(profile).slice(0, ROOMS_SHOWN).map(line),
    ' by function',
    ...functions.slice(0, FUNCTIONS_SHOWN).map(line),
  ].join('\n');
}

/**
 * Names the sources in the profiles and writes `top-functions.txt` beside them.
 * @param {string} directory
 * @param {readonly string[]} files
 * @returns {string} what to tell people
 */
export function writeTopFunctions(directory, files) {
  const descriptions = files.map((file) => {
    const profile = /** @type {CpuProfile} */ (JSON.parse(readFileSync(file, 'utf8')));
    mapToSources(profile);
    writeFileSync(file, JSON.stringify(profile));
    return describeProfile(basename(file), profile);
  });
  const summary = join(directory, 'top-functions.txt');
  writeFileSync(summary, `${descriptions.join('\n\n')}\n`);
  return `Profiles of the last round, and what took the time in them: ${summary}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const file of process.argv.slice(2)) console.log(`${describeProfile(basename(file), JSON.parse(readFileSync(file, 'utf8')))}\n`);
}
