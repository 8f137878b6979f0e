import type { ApplicationFailure } from '../errors/application-failure.js';

/** What `sqlStatement` takes. */
export interface SqlStatementOptions<Result> {
  /**
   * ONE `INSERT`, `UPDATE`, `DELETE` or `MERGE`, without a semicolon; `WITH` before it may only read. The same text for every call, with `$1` … for what differs:
   * it is prepared once a connection.
   */
  text: string;
  /** As `pg` takes them; dates and arrays cost the step its short way. Default none. */
  values?: readonly unknown[];
  /** The activity's result. Default null. */
  result?: Result;
  /** The result is the row that the statement returns (as `to_jsonb` gives it), null if there is none: the text ends with `RETURNING`. Default false. */
  resultFromRow?: boolean;
  /** What the attempt fails with if the statement returned no row, e.g. since nothing matched its condition: the text ends with `RETURNING`. Default: that is no failure. */
  whenNoRows?: () => ApplicationFailure;
  /**
   * Whether the statement may share a transaction, and its commit, with those of other steps that wait at the same time. Its locks are then held until all of
   * them are done, and transactions that lock the same rows in different orders deadlock (which costs them a second; then each runs by itself). Default: true
   * for an INSERT, false for what locks rows that were there before.
   */
  shareTransaction?: boolean;
}

const MODIFIES_DATA = /^\s*(?:insert|update|delete|merge|with)\b/i;
const INSERTS = /^\s*insert\b/i;

/** What a handler of mode `statement` wants to be done. Made by `sqlStatement`. */
export class SqlStatement<Result = unknown> {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly result: Result | undefined;
  readonly resultFromRow: boolean;
  readonly whenNoRows: (() => ApplicationFailure) | undefined;
  readonly shareTransaction: boolean;

  /** @internal */
  constructor(options: SqlStatementOptions<Result>) {
    this.text = options.text;
    this.values = options.values ?? [];
    this.result = options.result;
    this.resultFromRow = options.resultFromRow ?? false;
    this.whenNoRows = options.whenNoRows;
    this.shareTransaction = options.shareTransaction ?? INSERTS.test(options.text);
  }

  /** Whether it matters what the statement returns. */
  get needsRow(): boolean {
    return this.resultFromRow || this.whenNoRows !== undefined;
  }
}

/**
 * The effect of a step, as the statement that has it: for handlers of mode `statement`.
 * @throws {TypeError} the text modifies nothing
 */
export function sqlStatement<Result = null>(options: SqlStatementOptions<Result>): SqlStatement<Result> {
  if (!MODIFIES_DATA.test(options.text)) throw new TypeError('A statement of a step is one INSERT, UPDATE, DELETE or MERGE.');
  return new SqlStatement(options);
}
