import { requestJson } from './http-error.mjs';

/** @typedef {{ urls: { orchestrator: string }, controlToken: string }} ControlAccess */

const AWAIT_TIMEOUT_MS = 20_000;
/** How many runs are waited for in one call. */
const AWAIT_IDS_MAX = 100;

/**
 * @param {ControlAccess} access
 * @param {string} path
 * @param {unknown} json
 * @param {AbortSignal} [signal]
 */
async function post({ urls, controlToken }, path, json, signal) {
  const timeout = AbortSignal.timeout(AWAIT_TIMEOUT_MS + 30_000);
  const { body } = await requestJson(`${urls.orchestrator}/v1/workflows${path}`, {
    method: 'POST',
    json,
    headers: { authorization: `Bearer ${controlToken}` },
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  return body;
}

/**
 * Waits until all runs are closed.
 *
 * @param {ControlAccess} access
 * @param {readonly string[]} workflowIds
 * @param {{ timeoutMs: number, onClosed?: (closed: import('@backstitch/protocol').ClosedWorkflow) => void, signal?: AbortSignal }} options
 * @returns {Promise<string[]>} ids of those that are still running after `timeoutMs`
 */
export async function awaitClosed(access, workflowIds, { timeoutMs, onClosed, signal }) {
  const waiting = new Set(workflowIds);
  const deadlineMs = Date.now() + timeoutMs;
  while (waiting.size > 0 && Date.now() < deadlineMs) {
    const ids = [...waiting].slice(0, AWAIT_IDS_MAX);
    const waitMs = Math.min(AWAIT_TIMEOUT_MS, Math.max(1, deadlineMs - Date.now()));
    /** @type {import('@backstitch/protocol').AwaitClosedResponse} */
    const { closed } = await post(access, '/await-closed', { workflowIds: ids, timeoutMs: waitMs }, signal);
    for (const run of closed) if (waiting.delete(run.workflowId)) onClosed?.(run);
    // None of these has closed in all that time: let the others have a turn.
    if (closed.length === 0) ids.forEach((id) => (waiting.delete(id), waiting.add(id)));
  }
  return [...waiting];
}
