/** Names a signal and the arguments that it takes. Made by `defineSignal`. */
export interface SignalDefinition<Args extends unknown[] = [], Name extends string = string> {
  type: 'signal';
  name: Name;
  /** Only for the type checker. */
  readonly '~args'?: Args;
}

/** Names a query, its arguments and its answer. Made by `defineQuery`. */
export interface QueryDefinition<Result, Args extends unknown[] = [], Name extends string = string> {
  type: 'query';
  name: Name;
  /** Only for the type checker. */
  readonly '~args'?: Args;
  readonly '~result'?: Result;
}

/** What `setHandler` takes for a definition. A signal's handler may be async; a query's must answer at once. */
export type Handler<Definition extends SignalDefinition<unknown[]> | QueryDefinition<unknown, unknown[]>> =
  Definition extends QueryDefinition<infer Result, infer Args>
    ? (...args: Args) => Result
    : Definition extends SignalDefinition<infer Args>
      ? (...args: Args) => void | Promise<void>
      : never;
