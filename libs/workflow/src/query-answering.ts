import type { ActivationJob } from '@backstitch/protocol';
import { DeterminismViolationError } from './errors.js';
import { errorToFailure } from '@backstitch/protocol/failures';
import { chain } from './interceptor-chain.js';
import type { QueryInput } from './interceptors.js';
import { isReservedName, type DefaultMessageHandler, type RegisteredHandler } from './message-handler.js';
import { headersFromJson } from '@backstitch/protocol/payloads';
import { runInScope } from './scope-context.js';
import { payloadJson } from './value-conversion.js';
import type { WorkflowRun } from './workflow-run.js';

type QueryJob = Extract<ActivationJob, { type: 'queryWorkflow' }>;

/** Answers the queries of one run, at the end of the activation that brought them: they see what its other jobs have changed. */
export class QueryAnswering {
  readonly #run: WorkflowRun;
  readonly #handlers = new Map<string, RegisteredHandler>();
  #defaultHandler: DefaultMessageHandler | undefined;
  #waiting: QueryJob[] | undefined;
  #answers: string[] = [];

  constructor(run: WorkflowRun) {
    this.#run = run;
  }

  get handlers(): ReadonlyMap<string, RegisteredHandler> {
    return this.#handlers;
  }

  /** Sets the handler; undefined removes it. */
  setHandler(name: string, handler: RegisteredHandler | undefined): void {
    if (handler === undefined) this.#handlers.delete(name);
    else this.#handlers.set(name, handler);
  }

  /** Sets what handles queries without a handler; undefined removes it. */
  setDefaultHandler(handler: DefaultMessageHandler | undefined): void {
    this.#defaultHandler = handler;
  }

  /** Keeps a query for {@link takeAnswersJson}. */
  add(query: QueryJob): void {
    (this.#waiting ??= []).push(query);
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Where interceptors stand before queries, answers come by promises: begins them; promises must be drained then. Answers whether there was a query to begin. */
  beginIntercepted(): boolean {
    if (this.#waiting === undefined || this.#run.interceptors === undefined) return false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const query of waiting) this.#beginIntercepted(query);
    return true;
  }

  /** The answers to all queries that wait, as a JSON array; none waits then. What a handler throws is its query's answer. */
  takeAnswersJson(): string {
    if (this.#waiting === undefined && this.#answers.length === 0) return '[]';
    const answers = [...this.#answers, ...(this.#waiting ?? []).map((query) => this.#answerJson(query))];
    this.#waiting = undefined;
    this.#answers = [];
    return `[${answers.join(',')}]`;
  }

  #answerJson(query: QueryJob): string {
    try {
      return runInScope(this.#run.rootScope, () => answered(this.#run, query, this.#call(query.queryName, query.args)));
    } catch (error) {
      return failed(query, error);
    }
  }

  #beginIntercepted(query: QueryJob): void {
    const { queryId, queryName, args, headers } = query;
    // An intercepted answer must be there when the activation ends, as Temporal's.
    const index = this.#answers.push(failed(query, new DeterminismViolationError(`Query "${queryName}" was not answered at once.`))) - 1;
    const answers = this.#answers;
    const interceptors = isReservedName('query', queryName) ? undefined : this.#run.interceptors?.inbound;
    const execute = chain(interceptors, 'handleQuery', async (input: QueryInput) => this.#call(input.queryName, input.args));
    runInScope(this.#run.rootScope, () =>
      Promise.resolve(execute({ queryId, queryName, args, headers: headersFromJson(headers) })).then(
        (result) => void (answers[index] = answered(this.#run, query, result)),
        (error: unknown) => void (answers[index] = failed(query, error)),
      ),
    ).catch(() => undefined);
  }

  #call(queryName: string, args: readonly unknown[]): unknown {
    const handler = this.#handlers.get(queryName)?.handler;
    if (handler === undefined && isReservedName('query', queryName)) {
      const result = this.#run.answerBuiltInQuery(queryName);
      if (result !== undefined) return result;
    }
    if (handler === undefined && this.#defaultHandler === undefined) {
      throw new QueryNotRegistered(`The workflow has no handler for query "${queryName}"; it has: ${[...this.#handlers.keys()].join(', ') || 'none'}.`);
    }
    const result = handler === undefined ? this.#defaultHandler?.(queryName, ...args) : handler(...args);
    if (result instanceof Promise) {
      result.catch(() => undefined);
      throw new DeterminismViolationError(`The handler of query "${queryName}" returned a promise; it must answer at once.`);
    }
    return result;
  }
}

function answered(run: WorkflowRun, { queryId }: QueryJob, result: unknown): string {
  return `{"queryId":${JSON.stringify(queryId)},"status":"answered","result":${payloadJson(run, result, 'The answer of the query')}}`;
}

function failed({ queryId }: QueryJob, error: unknown): string {
  return `{"queryId":${JSON.stringify(queryId)},"status":"failed","failure":${JSON.stringify(errorToFailure(error))}}`;
}

/** Its name is the `type` of the failure, by which the engine tells a missing handler from one that threw. */
class QueryNotRegistered extends Error {
  override readonly name = 'QueryNotRegistered';
}
