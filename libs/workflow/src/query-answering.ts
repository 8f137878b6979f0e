import type { ActivationJob } from '@backstitch/protocol';
import type { CancellationScope } from './cancellation-scope.js';
import { errorToFailure } from './failure-conversion.js';
import type { MessageHandler } from './message-handler.js';
import { runInScope } from './scope-context.js';
import { toJson } from './to-json.js';

type QueryJob = Extract<ActivationJob, { type: 'queryWorkflow' }>;

/** Answers the queries of one run, at the end of the activation that brought them: they see what its other jobs have changed. */
export class QueryAnswering {
  readonly #rootScope: CancellationScope;
  readonly #handlers = new Map<string, MessageHandler>();
  #waiting: QueryJob[] | undefined;

  /** @param rootScope handlers belong to it, whoever sets them */
  constructor(rootScope: CancellationScope) {
    this.#rootScope = rootScope;
  }

  /** Sets the handler; undefined removes it. */
  setHandler(name: string, handler: MessageHandler | undefined): void {
    if (handler === undefined) this.#handlers.delete(name);
    else this.#handlers.set(name, handler);
  }

  /** Keeps a query for {@link takeAnswersJson}. */
  add(query: QueryJob): void {
    (this.#waiting ??= []).push(query);
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** The answers to all queries that wait, as a JSON array; none waits then. What a handler throws is its query's answer. */
  takeAnswersJson(): string {
    if (this.#waiting === undefined) return '[]';
    const answers = this.#waiting.map((query) => this.#answerJson(query));
    this.#waiting = undefined;
    return `[${answers.join(',')}]`;
  }

  #answerJson(query: QueryJob): string {
    const queryId = JSON.stringify(query.queryId);
    try {
      const handler = this.#handlers.get(query.queryName);
      if (handler === undefined) {
        throw new QueryNotRegistered(`The workflow has no handler for query "${query.queryName}"; it has: ${[...this.#handlers.keys()].join(', ') || 'none'}.`);
      }
      const result = runInScope(this.#rootScope, () => handler(...query.args));
      if (result instanceof Promise) throw new TypeError(`The handler of query "${query.queryName}" returned a promise; it must answer at once.`);
      return `{"queryId":${queryId},"status":"answered","result":${toJson(result, 'The answer of the query')}}`;
    } catch (error) {
      return `{"queryId":${queryId},"status":"failed","failure":${JSON.stringify(errorToFailure(error))}}`;
    }
  }
}

/** Its name is the `type` of the failure, by which the engine tells a missing handler from one that threw. */
class QueryNotRegistered extends Error {
  override readonly name = 'QueryNotRegistered';
}
