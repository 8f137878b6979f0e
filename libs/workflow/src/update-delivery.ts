import type { ActivationJob, JsonValue } from '@backstitch/protocol';
import type { CommandList } from './command-list.js';
import { ApplicationFailure, ensureTemporalFailure, errorToFailure, TemporalFailure } from '@backstitch/protocol/failures';
import { chain } from './interceptor-chain.js';
import type { UpdateInput } from './interceptors.js';
import type { DefaultMessageHandler, RegisteredHandler } from './message-handler.js';
import { headersFromJson } from '@backstitch/protocol/payloads';
import { contextWithValue, runInContext, runInScope } from './scope-context.js';
import { convertedArgs, payloadJson } from './value-conversion.js';
import { CURRENT_UPDATE } from './update-info.js';
import type { WorkflowRun } from './workflow-run.js';

type UpdateJob = Extract<ActivationJob, { type: 'doUpdate' }>;

/**
 * Brings the updates of one run to their handlers. One for which there is no handler by the end of the activation that brought it is rejected.
 *
 * States of an update: buffered → rejected; or accepted → completed (also with a failure). What an accepted update's handler throws that is
 * no TemporalFailure is a bug, and is told to `onHandlerError`.
 */
export class UpdateDelivery {
  readonly #run: WorkflowRun;
  readonly #commands: CommandList;
  readonly #onHandlerError: (error: unknown) => void;
  readonly #handlers = new Map<string, RegisteredHandler>();
  #defaultHandler: DefaultMessageHandler | undefined;
  #buffered: UpdateJob[] = [];

  constructor(run: WorkflowRun, commands: CommandList, onHandlerError: (error: unknown) => void) {
    this.#run = run;
    this.#commands = commands;
    this.#onHandlerError = onHandlerError;
  }

  get handlers(): ReadonlyMap<string, RegisteredHandler> {
    return this.#handlers;
  }

  /** Sets the handler and gives it what has waited for it; undefined removes it. */
  setHandler(name: string, handler: RegisteredHandler | undefined): void {
    if (handler === undefined) {
      this.#handlers.delete(name);
      return;
    }
    this.#handlers.set(name, handler);
    this.#deliverBuffered(({ updateName }) => updateName === name);
  }

  /** Sets what handles updates without a handler, and gives it those that wait; undefined removes it. */
  setDefaultHandler(handler: DefaultMessageHandler | undefined): void {
    this.#defaultHandler = handler;
    if (handler !== undefined) this.#deliverBuffered(() => true);
  }

  /** Validates an update and calls its handler, or keeps it until the activation ends. To be called in the root scope. */
  deliver(update: UpdateJob): void {
    const handler = this.#handlers.get(update.updateName) ?? this.#defaultHandlerOf(update.updateName);
    if (handler === undefined) {
      this.#buffered.push(update);
      return;
    }
    const info = { id: update.updateId, name: update.updateName };
    runInContext(contextWithValue(CURRENT_UPDATE, info), () => this.#perform(update, handler));
  }

  /** Rejects what has found no handler. To be called when all code of the activation has run. */
  rejectBuffered(): void {
    const buffered = this.#buffered;
    if (buffered.length === 0) return;
    this.#buffered = [];
    for (const { updateId, updateName } of buffered) this.#reject(updateId, ApplicationFailure.nonRetryable(`There is no handler for update "${updateName}".`, 'UpdateNotRegistered'));
  }

  #perform(update: UpdateJob, handler: RegisteredHandler): void {
    const { updateId, updateName, runValidator } = update;
    const interceptors = this.#run.interceptors?.inbound;
    // Made anew for each: what a validator does to the arguments must not reach the handler.
    const makeInput = (): UpdateInput => ({
      updateId,
      name: updateName,
      args: convertedArgs(this.#run, JSON.parse(JSON.stringify(update.args)) as JsonValue[]),
      headers: interceptors === undefined ? {} : headersFromJson(update.headers),
    });
    if (runValidator && handler.validator !== undefined) {
      const { validator } = handler;
      try {
        chain(interceptors, 'validateUpdate', ({ args }: UpdateInput) => ignoreRejection(validator(...args)))(makeInput());
      } catch (error) {
        return this.#reject(updateId, error);
      }
    }
    this.#commands.push(`{"type":"acceptUpdate","updateId":${JSON.stringify(updateId)}}`);
    const executions = this.#run.executions;
    const execution = executions.begin({ kind: 'update', name: updateName, updateId, warns: handler.warns });
    const execute = chain(interceptors, 'handleUpdate', async ({ args }: UpdateInput) => await handler.handler(...args));
    execute(makeInput())
      .then((result) => this.#complete(updateId, `{"status":"completed","result":${payloadJson(this.#run, result, `The result of update ${updateName}`)}}`))
      .catch((error: unknown) => {
        if (error instanceof TemporalFailure) this.#complete(updateId, `{"status":"failed","failure":${JSON.stringify(errorToFailure(error))}}`);
        else this.#onHandlerError(error);
      })
      .finally(() => executions.end(execution));
  }

  #reject(updateId: string, error: unknown): void {
    this.#commands.push(`{"type":"rejectUpdate","updateId":${JSON.stringify(updateId)},"failure":${JSON.stringify(errorToFailure(ensureTemporalFailure(error)))}}`);
  }

  #complete(updateId: string, outcomeJson: string): void {
    this.#commands.push(`{"type":"completeUpdate","updateId":${JSON.stringify(updateId)},"outcome":${outcomeJson}}`);
  }

  #defaultHandlerOf(updateName: string): RegisteredHandler | undefined {
    const handler = this.#defaultHandler;
    return handler === undefined ? undefined : { handler: (...args) => handler(updateName, ...args), warns: true };
  }

  #deliverBuffered(fits: (update: UpdateJob) => boolean): void {
    const buffered = this.#buffered;
    this.#buffered = buffered.filter((update) => !fits(update));
    runInScope(this.#run.rootScope, () => buffered.filter(fits).forEach((update) => this.deliver(update)));
  }
}

/** A validator must decide at once: a promise that it returns is not awaited, and its rejection concerns nobody. */
function ignoreRejection(result: unknown): void {
  if (result instanceof Promise) result.catch(() => undefined);
}
