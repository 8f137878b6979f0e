/* eslint-disable @typescript-eslint/no-explicit-any -- what authors write for Temporal must fit: their functions may have any arguments */
import { runFor } from './current-run.js';
import type {
  DefaultQueryHandler,
  DefaultSignalHandler,
  DefaultUpdateHandler,
  Handler,
  QueryDefinition,
  QueryHandlerOptions,
  SignalDefinition,
  SignalHandlerOptions,
  UpdateDefinition,
  UpdateHandlerOptions,
} from './message-definitions.js';
import { isReservedName, type DefaultMessageHandler, type MessageHandler, type RegisteredHandler } from './message-handler.js';
import { valueOf } from './scope-context.js';
import { CURRENT_UPDATE, type UpdateInfo } from './update-info.js';
import type { WorkflowRun } from './workflow-run.js';

/**
 * Sets, or with `undefined` removes, the handler of a signal, a query or an update. Signals that came before are handed over at once, in their order; so
 * are updates of the same activation. A query's handler must not change anything and must answer at once.
 */
export function setHandler<Result, Args extends any[], Definition extends QueryDefinition<Result, Args>>(
  definition: Definition,
  handler: Handler<Result, Args, Definition> | undefined,
  options?: QueryHandlerOptions,
): void;
export function setHandler<Result, Args extends any[], Definition extends SignalDefinition<Args>>(
  definition: Definition,
  handler: Handler<Result, Args, Definition> | undefined,
  options?: SignalHandlerOptions,
): void;
export function setHandler<Result, Args extends any[], Definition extends UpdateDefinition<Result, Args>>(
  definition: Definition,
  handler: Handler<Result, Args, Definition> | undefined,
  options?: UpdateHandlerOptions<Args>,
): void;
export function setHandler(definition: unknown, handler: unknown, options?: unknown): void {
  setHandlerOf(runFor('setHandler'), definition, handler, options);
}

/** {@link setHandler} for a given run. */
export function setHandlerOf(run: WorkflowRun, definition: unknown, handler: unknown, options: unknown): void {
  const { type, name } = definition as { type: 'signal' | 'query' | 'update'; name: string };
  if (handler != null && typeof handler !== 'function') throw new TypeError(`The handler of ${type} "${name}" must be a function.`);
  if (isReservedName(type, name)) throw new TypeError(`Cannot use ${type} name: '${name}', which is reserved.`);
  const registered = handler == null ? undefined : registeredHandler(handler as MessageHandler, (options ?? {}) as UpdateHandlerOptions<unknown[]>);
  switch (type) {
    case 'signal':
      return run.signals.setHandler(name, registered);
    case 'query':
      return run.queries.setHandler(name, registered);
    case 'update':
      return run.features.updates.setHandler(name, registered);
    default:
      throw new TypeError('setHandler takes what defineSignal, defineQuery or defineUpdate gave.');
  }
}

function registeredHandler(handler: MessageHandler, { description, unfinishedPolicy, validator }: UpdateHandlerOptions<unknown[]>): RegisteredHandler {
  return { handler, description, warns: unfinishedPolicy !== 'ABANDON', validator };
}

/** Sets, or with `undefined` removes, what handles signals that have no handler; those that wait are handed over at once, in their order. */
export function setDefaultSignalHandler(handler: DefaultSignalHandler | undefined): void {
  runFor('setDefaultSignalHandler').signals.setDefaultHandler(checked(handler));
}

/** Sets, or with `undefined` removes, what handles updates that have no handler. */
export function setDefaultUpdateHandler(handler: DefaultUpdateHandler | undefined): void {
  runFor('setDefaultUpdateHandler').features.updates.setDefaultHandler(checked(handler));
}

/** Sets, or with `undefined` removes, what handles queries that have no handler. */
export function setDefaultQueryHandler(handler: DefaultQueryHandler | undefined): void {
  runFor('setDefaultQueryHandler').queries.setDefaultHandler(checked(handler));
}

function checked(handler: DefaultMessageHandler | undefined): DefaultMessageHandler | undefined {
  if (handler != null && typeof handler !== 'function') throw new TypeError(`A default handler must be a function, not ${typeof handler}.`);
  return handler ?? undefined;
}

/** Whether no handler of a signal or an update is still at work: await `condition(allHandlersFinished)` before the workflow ends. */
export function allHandlersFinished(): boolean {
  return runFor('allHandlersFinished').areAllHandlersFinished;
}

/** The update that the calling code handles; undefined outside of an update's handler. */
export function currentUpdateInfo(): UpdateInfo | undefined {
  runFor('currentUpdateInfo');
  return valueOf(CURRENT_UPDATE) as UpdateInfo | undefined;
}
