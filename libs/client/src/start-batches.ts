import { LIMITS, type StartWorkflowRequest, type StartWorkflowResult, type StartWorkflowsResponse } from '@backstitch/protocol';
import type { ControlCaller } from './control-caller.js';
import type { StartOne } from './workflow-calls.js';

/** Well within what an orchestrator takes as one body. */
const BATCH_CHARACTERS_MAX = 2 * 1024 * 1024;

interface WaitingStart {
  request: StartWorkflowRequest;
  characters: number;
  resolve(result: StartWorkflowResult | undefined): void;
  reject(error: unknown): void;
}

/** Gathers starts that are made at about the same time into few calls, one call after the other. Each start succeeds or fails alone; a call that fails is the failure of all that are in it. */
export class StartBatches {
  readonly #connection: ControlCaller;
  #waiting: WaitingStart[] = [];
  #isUnderWay = false;

  constructor(connection: ControlCaller) {
    this.#connection = connection;
  }

  readonly start: StartOne = async (request, check) => {
    const characters = JSON.stringify(request).length;
    if (characters * 3 > LIMITS.payloadBytesMax) check();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, characters, resolve, reject });
      if (this.#isUnderWay) return;
      this.#isUnderWay = true;
      // What else is being encoded may go along.
      setImmediate(() => void this.#send());
    });
  };

  async #send(): Promise<void> {
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) {
      try {
        const body = { starts: batch.map(({ request }) => request) };
        const { results } = await this.#connection.call<StartWorkflowsResponse>({ method: 'POST', path: '/workflows', body, isIdempotent: true });
        batch.forEach(({ resolve }, index) => resolve(results[index]));
      } catch (error) {
        batch.forEach(({ reject }) => reject(error));
      }
    }
    this.#isUnderWay = false;
  }

  #next(): WaitingStart[] {
    let characters = 0;
    let count = 0;
    for (const { characters: own } of this.#waiting) {
      if (count === LIMITS.startsPerCallMax || (count > 0 && characters + own > BATCH_CHARACTERS_MAX)) break;
      characters += own;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
