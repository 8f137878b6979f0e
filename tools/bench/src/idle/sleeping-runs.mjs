import { setTimeout as delay } from 'node:timers/promises';
import { awaitClosed, HttpError, requestJson } from '@backstitch/stack';

/** @typedef {import('@backstitch/stack').Stack} Stack */

const STARTS_PER_CALL = 500;
const CALLS_AT_ONCE = 2;
const OVERLOADED_PAUSE_MS = 250;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Runs fall due from the first to the last of these after their start. */
const DUE_AFTER_MS = { first: 2_000, last: 12_000 };

/**
 * Starts runs that sleep for 30 to 60 days, at all replicas in turns.
 * @param {Stack} stack
 * @param {number} count
 * @param {(done: number) => void} onProgress
 */
export async function startSleepingRuns(stack, count, onProgress) {
  let next = 0;
  let done = 0;
  const lane = async () => {
    while (next < count) {
      const first = next;
      next = Math.min(count, next + STARTS_PER_CALL);
      const starts = Array.from({ length: next - first }, (_, index) => startOf(`sleeping-${first + index}`, 30 * DAY_MS + ((first + index) % 1_000) * 0.03 * DAY_MS));
      await startAt(stack, first / STARTS_PER_CALL, starts);
      done += starts.length;
      onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, lane));
}

/**
 * Starts runs that fall due within some seconds, one by one, at all replicas in turns, and waits for them.
 * @param {Stack} stack
 * @param {number} count
 * @returns {Promise<number[]>} how late each woke, in milliseconds, from its due time to its end, as history tells
 */
export async function measureWakeDelays(stack, count) {
  /** @type {Map<string, number>} */
  const durations = new Map();
  for (let index = 0; index < count; index += 1) {
    const durationMs = Math.round(DUE_AFTER_MS.first + ((DUE_AFTER_MS.last - DUE_AFTER_MS.first) * index) / count);
    durations.set(`due-${index}`, durationMs);
    await startAt(stack, index, [startOf(`due-${index}`, durationMs)]);
    await delay(20);
  }
  const running = await awaitClosed(stack, [...durations.keys()], { timeoutMs: 60_000 });
  if (running.length > 0) throw new Error(`${running.length} runs did not wake within a minute.`);
  const delays = [];
  for (const [workflowId, durationMs] of durations) {
    const { body } = await call(stack, 0, 'GET', `/workflows/${workflowId}`);
    delays.push(body.closedAtMs - body.startedAtMs - durationMs);
  }
  return delays;
}

/**
 * @param {string} workflowId
 * @param {number} durationMs
 */
function startOf(workflowId, durationMs) {
  return { workflowId, workflowType: 'sleepingWorkflow', args: [Math.round(durationMs)] };
}

/**
 * @param {Stack} stack
 * @param {number} turn
 * @param {object[]} starts
 */
async function startAt(stack, turn, starts) {
  const { body } = await call(stack, turn, 'POST', '/workflows', { starts });
  // A call that was refused for want of room may have started some.
  const failed = body.results.find((/** @type {{ status: string }} */ { status }) => status !== 'started' && status !== 'existing');
  if (failed !== undefined) throw new Error(`A run was not started: ${JSON.stringify(failed)}`);
}

/**
 * @param {Stack} stack
 * @param {number} turn which replica
 * @param {string} method
 * @param {string} path
 * @param {unknown} [json]
 */
async function call({ services, controlToken }, turn, method, path, json) {
  const replicas = services.filter(({ service }) => service === 'orchestrator');
  const { url } = /** @type {{ url: string }} */ (replicas[Math.floor(turn) % replicas.length]);
  for (;;) {
    try {
      return await requestJson(`${url}/v1${path}`, { method, json, headers: { authorization: `Bearer ${controlToken}` }, signal: AbortSignal.timeout(60_000) });
    } catch (error) {
      if (!(error instanceof HttpError && (error.status === 429 || error.status === 503))) throw error;
      await delay(OVERLOADED_PAUSE_MS);
    }
  }
}
