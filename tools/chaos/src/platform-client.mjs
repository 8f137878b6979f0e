import { setTimeout as delay } from 'node:timers/promises';
import { HttpError, requestJson } from '@backstitch/stack';

/** @typedef {import('@backstitch/protocol').WorkflowSummary} WorkflowSummary */
/** @typedef {import('@backstitch/protocol').HistoryEvent} HistoryEvent */
/** @typedef {import('@backstitch/stack').Stack} Stack */

const CALL_TIMEOUT_MS = 5_000;
const UPLOAD_TIMEOUT_MS = 30_000;
const REPORT_TIMEOUT_MS = 120_000;
const PAGE_SIZE = 500;
const RETRY_PAUSE_MS = 100;

/** Asks whichever instance answers, for as long as the run's signal lets it: any of them may just have been killed. */
export class PlatformClient {
  #stack;
  #signal;
  #turn = 0;

  /**
   * @param {Stack} stack
   * @param {AbortSignal} signal ends all waiting
   */
  constructor(stack, signal) {
    this.#stack = stack;
    this.#signal = signal;
  }

  /** Orders that were accepted and have not ended. */
  async countInFlight() {
    return (await this.listRuns({ workflowType: 'orderWorkflow', status: 'RUNNING' })).length;
  }

  /**
   * @param {import('@backstitch/protocol').ListWorkflowsRequest} filter
   * @returns {Promise<WorkflowSummary[]>} all pages
   */
  async listRuns(filter) {
    /** @type {WorkflowSummary[]} */
    const runs = [];
    /** @type {string | undefined} */
    let cursor;
    do {
      /** @type {import('@backstitch/protocol').ListWorkflowsResponse} */
      const page = await this.#control('POST', '/workflows/list', { ...filter, cursor, pageSize: PAGE_SIZE });
      runs.push(...page.workflows);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return runs;
  }

  /**
   * @param {string} workflowId
   * @returns {Promise<HistoryEvent[]>}
   */
  async readHistory(workflowId) {
    /** @type {HistoryEvent[]} */
    const events = [];
    let afterEventId = 0;
    for (;;) {
      /** @type {import('@backstitch/protocol').WorkflowHistoryResponse} */
      const page = await this.#control('GET', `/workflows/${encodeURIComponent(workflowId)}/history?afterEventId=${afterEventId}&limit=${PAGE_SIZE}`);
      events.push(...page.events);
      if (page.nextAfterEventId === undefined) return events;
      afterEventId = page.nextAfterEventId;
    }
  }

  /** @returns {Promise<import('@backstitch/protocol').ListIncidentsResponse['incidents']>} the oldest ones that are open */
  async listOpenIncidents() {
    return (await this.#control('GET', `/incidents?status=open&pageSize=${PAGE_SIZE}`)).incidents;
  }

  /**
   * Sends a part of the orders. One that breaks off is sent again: the same invoices place nothing twice.
   *
   * @param {string} csv
   * @param {number} stockPerSku
   * @returns {Promise<string>} id of the import that has all of it
   */
  async upload(csv, stockPerSku) {
    return (await this.#gateway('POST', `/imports?stock=${stockPerSku}`, { body: csv, timeoutMs: UPLOAD_TIMEOUT_MS, headers: { 'content-type': 'text/csv' } })).importId;
  }

  /** @param {string} importId */
  readImport(importId) {
    return this.#gateway('GET', `/imports/${importId}`, {});
  }

  /** @returns {Promise<{ clean: boolean, discrepancies: unknown[] } & Record<string, any>>} */
  reconcile() {
    return this.#gateway('GET', '/reports/reconciliation', { timeoutMs: REPORT_TIMEOUT_MS });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [json]
   */
  #control(method, path, json) {
    return this.#ask('orchestrator', `/v1${path}`, { method, json, headers: { authorization: `Bearer ${this.#stack.controlToken}` } });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ body?: string, headers?: Record<string, string>, timeoutMs?: number }} init
   */
  #gateway(method, path, { headers, ...init }) {
    return this.#ask('gateway', path, { method, ...init, headers: { ...headers, authorization: `Bearer ${this.#stack.keys.operator}` } });
  }

  /**
   * @param {import('@backstitch/stack').ServiceName} service
   * @param {string} path
   * @param {Parameters<typeof requestJson>[1]} init
   * @returns {Promise<any>} what the other side says
   */
  async #ask(service, path, init) {
    const urls = this.#stack.services.filter((instance) => instance.service === service).map(({ url }) => url);
    for (let failures = 0; ; failures += 1) {
      this.#signal.throwIfAborted();
      try {
        const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(init.timeoutMs ?? CALL_TIMEOUT_MS)]);
        return (await requestJson(urls[this.#turn++ % urls.length] + path, { ...init, signal })).body;
      } catch (error) {
        const isRefused = error instanceof HttpError && error.status < 500 && error.status !== 429;
        if (isRefused) throw error;
        // Another instance may answer at once.
        if (failures % urls.length === urls.length - 1) await delay(RETRY_PAUSE_MS, undefined, { signal: this.#signal });
      }
    }
  }
}
