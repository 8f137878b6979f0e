/* eslint-disable @typescript-eslint/no-explicit-any -- what authors write for Temporal must fit: their functions may have any arguments */
import type { HandlerUnfinishedPolicy } from './policies.js';
import type { PayloadTypeInfo, SignalTypeInfo } from './type-info.js';

declare const ARGS: unique symbol;
declare const RESULT: unique symbol;

/** Names a signal and the arguments that it takes. Made by `defineSignal`. */
export interface SignalDefinition<Args extends any[] = [], Name extends string = string> {
  type: 'signal';
  name: Name;
  typeInfo?: SignalTypeInfo;
  /** Only for the type checker. */
  [ARGS]: Args;
}

/** Names a query, its arguments and its answer. Made by `defineQuery`. */
export interface QueryDefinition<Result, Args extends any[] = [], Name extends string = string> {
  type: 'query';
  name: Name;
  typeInfo?: PayloadTypeInfo;
  /** Only for the type checker. */
  [ARGS]: Args;
  [RESULT]: Result;
}

/** Names an update, its arguments and its result. Made by `defineUpdate`. */
export interface UpdateDefinition<Result, Args extends any[] = [], Name extends string = string> {
  type: 'update';
  name: Name;
  typeInfo?: PayloadTypeInfo;
  /** Only for the type checker. */
  [ARGS]: Args;
  [RESULT]: Result;
}

export interface SignalDefinitionOptions {
  typeInfo?: SignalTypeInfo;
}

export interface QueryDefinitionOptions {
  typeInfo?: PayloadTypeInfo;
}

export interface UpdateDefinitionOptions {
  typeInfo?: PayloadTypeInfo;
}

/** What `setHandler` takes for a definition. The handlers of signals and updates may be async; a query's must answer at once. */
export type Handler<Result, Args extends any[], Definition extends UpdateDefinition<Result, Args> | SignalDefinition<Args> | QueryDefinition<Result, Args>> =
  Definition extends UpdateDefinition<infer R, infer A>
    ? (...args: A) => R | Promise<R>
    : Definition extends SignalDefinition<infer A>
      ? (...args: A) => void | Promise<void>
      : Definition extends QueryDefinition<infer R, infer A>
        ? (...args: A) => R
        : never;

/** Handles signals that have no handler of their own. */
export type DefaultSignalHandler = (signalName: string, ...args: unknown[]) => void | Promise<void>;
/** Handles updates that have no handler of their own. */
export type DefaultUpdateHandler = (updateName: string, ...args: unknown[]) => Promise<unknown> | unknown;
/** Handles queries that have no handler of their own. */
export type DefaultQueryHandler = (queryName: string, ...args: unknown[]) => unknown;

/** Throws to refuse an update; decides at once. */
export type UpdateValidator<Args extends any[]> = (...args: Args) => void;

export type QueryHandlerOptions = { description?: string };
export type SignalHandlerOptions = {
  description?: string;
  /** Default WARN_AND_ABANDON. */
  unfinishedPolicy?: HandlerUnfinishedPolicy;
};
export type UpdateHandlerOptions<Args extends any[]> = {
  validator?: UpdateValidator<Args>;
  description?: string;
  /** Default WARN_AND_ABANDON. */
  unfinishedPolicy?: HandlerUnfinishedPolicy;
};

/** Names a signal. */
export function defineSignal<Args extends any[] = [], Name extends string = string>(name: Name, options: SignalDefinitionOptions = {}): SignalDefinition<Args, Name> {
  return { ...options, type: 'signal', name } as SignalDefinition<Args, Name>;
}

/** Names a query. */
export function defineQuery<Result, Args extends any[] = [], Name extends string = string>(name: Name, options: QueryDefinitionOptions = {}): QueryDefinition<Result, Args, Name> {
  return { ...options, type: 'query', name } as QueryDefinition<Result, Args, Name>;
}

/** Names an update. */
export function defineUpdate<Result, Args extends any[] = [], Name extends string = string>(name: Name, options: UpdateDefinitionOptions = {}): UpdateDefinition<Result, Args, Name> {
  return { ...options, type: 'update', name } as UpdateDefinition<Result, Args, Name>;
}
