import { Submitted, type TextRow, type Wire } from '../inbox/statement-batch.js';
import type { StepStatement } from './step-statements.js';

/** What became of a statement. */
export interface StatementAnswer {
  /** Whether the inbox has the row: not if the effect came to nothing that the step is content with. */
  completed: boolean;
  /** The result as JSON, if it comes from the row. */
  resultJson: string | null;
}

const NOTHING_INSERTED = 'INSERT 0 0';
const asItIs = (value: unknown) => value;

/** Statements between two Syncs of Postgres' protocol: without BEGIN they are one transaction, which Sync commits; one alone is an ordinary autocommit statement. */
export class SharedTransaction extends Submitted<StatementAnswer[]> {
  private readonly answers: StatementAnswer[] = [];
  private resultJson: string | null = null;

  constructor(private readonly steps: readonly StepStatement[]) {
    super();
  }

  override handleDataRow({ fields }: { fields: TextRow }): void {
    this.resultJson = fields[0] ?? null;
  }

  override handleCommandComplete({ text }: { text: string }): void {
    this.answers.push({ completed: text !== NOTHING_INSERTED, resultJson: this.resultJson });
    this.resultJson = null;
  }

  protected write(wire: Wire): void {
    for (const { statement, values } of this.steps) {
      wire.bind({ portal: '', statement: statement.name, values: values as unknown[], binary: false, valueMapper: asItIs });
      wire.execute({ portal: '', rows: 0 });
    }
  }

  protected answer(): StatementAnswer[] {
    return this.answers;
  }
}
