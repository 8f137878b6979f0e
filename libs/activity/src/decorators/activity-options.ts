/**
 * How a handler meets the database.
 *
 * - `transaction`: inside ONE transaction with the inbox row; `Context.current().manager` is its EntityManager. For effects in this database.
 * - `external`: no open transaction; under a lock on the step's key. For effects elsewhere: commit the intent with `Context.current().transaction`,
 *   call, commit the outcome; after doubt, ask the provider before calling again.
 * - `statement`: the handler does nothing itself; it returns the ONE statement that is its effect (`sqlStatement`), which is executed together with the inbox
 *   row: one round trip, and one commit for all that wait at the same time. The cheapest way for an effect that fits into a statement.
 */
export type ActivityMode = 'transaction' | 'external' | 'statement';

/** Options of `@Activity`. */
export interface ActivityHandlerOptions {
  /** The activity type. Default: the method's name. */
  name?: string;
  /** Default `transaction`. */
  mode?: ActivityMode;
}

export interface ResolvedActivityOptions {
  name: string;
  mode: ActivityMode;
}
