import type { JsonValue } from '@backstitch/protocol';
import type { DataSource } from 'typeorm';
import type { UndoneStep } from '../context/activity-info.js';
import { inboxTable } from '../inbox/create-inbox-migration.js';
import { isStatementError } from '../inbox/database-errors.js';
import type { Claim } from '../inbox/inbox.js';
import { inboxStatements } from '../inbox/inbox-statements.js';
import type { SerializedPayload } from '../inbox/serialize-payload.js';
import type { Statement } from '../inbox/statement-batch.js';
import type { AttemptControl } from '../runtime/attempt-control.js';
import type { StatementAnswer } from './shared-transaction.js';
import type { SqlStatement } from './sql-statement.js';
import { StatementLanes, type RunningStatement } from './statement-lanes.js';
import { StepStatements, type StepStatement } from './step-statements.js';

/** More would hold their locks for longer, and save hardly more. */
const STATEMENTS_SHARING_MAX = 50;
/** One does the work; the others are for when a statement has to wait. */
const SHARED_CONNECTIONS_MAX = 3;
const LONE_CONNECTIONS_MAX = 10;

/** Runs steps that are one statement, as transactions of their own or shared ones. */
export class StatementRunner {
  private readonly statements: StepStatements;
  private readonly tombstone: Statement;
  private readonly insertCompleted: Statement;
  private readonly shared: StatementLanes;
  private readonly lone: StatementLanes;

  constructor(
    private readonly dataSource: DataSource,
    schema: string | undefined,
  ) {
    this.statements = new StepStatements(inboxTable(schema));
    ({ putTombstoneAlone: this.tombstone, insertCompleted: this.insertCompleted } = inboxStatements(inboxTable(schema)));
    this.shared = new StatementLanes(dataSource, { statementsMax: STATEMENTS_SHARING_MAX, connectionsMax: SHARED_CONNECTIONS_MAX });
    this.lone = new StatementLanes(dataSource, { statementsMax: 1, connectionsMax: LONE_CONNECTIONS_MAX });
  }

  /** Whether the data source leaves transactions as they are: no subscribers that want to hear of them, no isolation level of its own. */
  get isUsable(): boolean {
    const { subscribers, options } = this.dataSource;
    return subscribers.length === 0 && !('isolationLevel' in options && options.isolationLevel !== undefined);
  }

  /**
   * Executes the effect with the inbox row. Undefined: that did not come about, for whatever reason - nothing of it was done, or it is not known, or the key was there
   * before; the ordinary way finds out.
   */
  async run(claim: Claim, effect: SqlStatement, result: SerializedPayload, control: AttemptControl): Promise<StatementAnswer | undefined> {
    const step = this.statements.of(claim, effect, result);
    if (step === undefined) return undefined;
    return effect.shareTransaction ? this.together(step, control) : this.alone(step, control);
  }

  /** Puts the inbox row of a step that has no effect. Undefined: as for `run`. */
  complete({ key, activityType, inputHash }: Claim, result: SerializedPayload, control: AttemptControl): Promise<StatementAnswer | undefined> {
    return this.together({ statement: this.insertCompleted, values: [key, activityType, inputHash, result.json], resultFromRow: false }, control);
  }

  /**
   * Puts the tombstone of a step, for good, whatever becomes of its undo. Waits for a statement that is being executed. Undefined: the ordinary way is to do it, as
   * it is for a step whose effect is elsewhere, which may be running.
   */
  async putTombstone(step: { key: string; activityType: string }, control: AttemptControl): Promise<UndoneStep | undefined> {
    const { key, activityType } = step;
    const answer = await this.together({ statement: this.tombstone, values: [key, activityType], resultFromRow: true }, control);
    if (answer === undefined || answer.resultJson === null) return undefined;
    const { state, result } = JSON.parse(answer.resultJson) as { state: 'absent' | 'completed'; result: JsonValue };
    return { stepKey: key, stepActivityType: activityType, step: state, ...(state === 'completed' ? { stepResult: result } : {}) };
  }

  private async together(step: StepStatement, control: AttemptControl): Promise<StatementAnswer | undefined> {
    const running = this.shared.run(step);
    try {
      return await watched(running, control);
    } catch (error) {
      // Another one's failure, perhaps.
      return running.statementsInTransaction > 1 && isStatementError(error) ? this.alone(step, control) : undefined;
    }
  }

  private async alone(step: StepStatement, control: AttemptControl): Promise<StatementAnswer | undefined> {
    try {
      return await watched(this.lone.run(step), control);
    } catch {
      return undefined;
    }
  }
}

/** A time limit that is reached ends the statement. */
async function watched(running: RunningStatement, control: AttemptControl): Promise<StatementAnswer> {
  const forget = control.onEnd(() => running.abandon());
  try {
    return await running.answered;
  } finally {
    forget();
  }
}
