import type { Connection } from 'pg';

/** A statement that is prepared once on a connection and then bound again and again. */
export interface Statement {
  /** Unique for its text. */
  name: string;
  text: string;
}

/** A prepared statement with its values: texts and bytes as they are, null for NULL. */
export interface BoundStatement {
  statement: Statement;
  values: readonly (string | Buffer | null)[];
}

/** A row as Postgres sends it: each column as text. */
export type TextRow = readonly (string | null)[];

/** What the messages of Postgres' extended protocol look like in `pg`; its types are too narrow. */
export interface Wire {
  parse(message: { name: string; text: string; types: number[] }): void;
  bind(message: { portal: string; statement: string; values: unknown[]; binary: boolean; valueMapper: (value: unknown) => unknown }): void;
  execute(message: { portal: string; rows: number }): void;
  sync(): void;
}

/** What a `pg` client asks of whatever it is to send: it calls `submit`, then the handlers as answers come in. */
export abstract class Submitted<T> {
  readonly answered: Promise<T>;
  protected resolve!: (answer: T) => void;
  private reject!: (error: unknown) => void;

  constructor() {
    this.answered = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  submit(connection: Connection): null {
    // The messages are gathered and leave as one: a write of many small pieces costs half as much again.
    const pieces: Buffer[] = [];
    const gathering = { writable: true, write: (piece: Buffer) => pieces.push(piece) > 0 };
    const wire = Object.create(connection, { stream: { value: gathering } }) as Wire;
    this.write(wire);
    wire.sync();
    if (connection.stream.writable) connection.stream.write(Buffer.concat(pieces));
    return null;
  }

  handleError(error: unknown): void {
    this.reject(error);
  }

  handleReadyForQuery(): void {
    this.resolve(this.answer());
  }

  handleDataRow(_message: { fields: TextRow }): void {}
  handleCommandComplete(_message: { text: string }): void {}
  handleRowDescription(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}

  protected abstract write(wire: Wire): void;
  protected abstract answer(): T;
}

/** Makes statements known on a connection: for as long as it lives. */
export class Preparation extends Submitted<void> {
  constructor(private readonly statements: readonly Statement[]) {
    super();
  }

  protected write(wire: Wire): void {
    for (const { name, text } of this.statements) wire.parse({ name, text, types: [] });
  }

  protected answer(): void {}
}

/**
 * Prepared statements that go out in one write and are answered in one: one round trip for all of them. After one that fails the server skips the
 * others.
 */
export class StatementBatch extends Submitted<TextRow[][]> {
  private readonly rows: TextRow[][] = [[]];

  constructor(private readonly bound: readonly BoundStatement[]) {
    super();
  }

  override handleDataRow({ fields }: { fields: TextRow }): void {
    this.rows.at(-1)?.push(fields);
  }

  override handleCommandComplete(): void {
    this.rows.push([]);
  }

  protected write(wire: Wire): void {
    for (const { statement, values } of this.bound) {
      wire.bind({ portal: '', statement: statement.name, values: values as unknown[], binary: false, valueMapper: (value) => value });
      wire.execute({ portal: '', rows: 0 });
    }
  }

  /** The rows of each statement. */
  protected answer(): TextRow[][] {
    return this.rows;
  }
}
