import { createHash } from 'node:crypto';
import type { Claim } from '../inbox/inbox.js';
import type { SerializedPayload } from '../inbox/serialize-payload.js';
import type { Statement } from '../inbox/statement-batch.js';
import type { SqlStatement } from './sql-statement.js';

/** A step that is one statement: its effect, its key and its result. */
export interface StepStatement {
  statement: Statement;
  values: readonly WireValue[];
  /** The result comes from the answer. */
  resultFromRow: boolean;
}

type WireValue = string | Buffer | null;

/** Different texts that are kept prepared; a service has as many as it has activities of this mode. */
const TEXTS_MAX = 200;

/** Puts the inbox row into the handler's own statement. */
export class StepStatements {
  /** By what of the answer matters, then by the handler's text. */
  private readonly made = new Map<string, Map<string, Statement>>();
  private count = 0;

  /** @param table the inbox, quoted */
  constructor(private readonly table: string) {}

  /** Undefined: too many different texts were seen, or a value is an array, a date or the like, which `pg` has its own way with: the ordinary way knows no such bounds. */
  of(claim: Claim, effect: SqlStatement, result: SerializedPayload): StepStatement | undefined {
    const values: WireValue[] = [];
    for (const value of effect.values) {
      const onWire = wireValue(value);
      if (onWire === undefined) return undefined;
      values.push(onWire);
    }
    values.push(claim.key, claim.activityType, claim.inputHash);
    if (!effect.resultFromRow) values.push(result.json);
    const kind = effect.resultFromRow ? (effect.whenNoRows === undefined ? 'row' : 'row or failure') : effect.whenNoRows === undefined ? 'constant' : 'constant or failure';
    let ofKind = this.made.get(kind);
    if (ofKind === undefined) this.made.set(kind, (ofKind = new Map<string, Statement>()));
    let statement = ofKind.get(effect.text);
    if (statement === undefined) {
      if (this.count >= TEXTS_MAX) return undefined;
      this.count += 1;
      statement = this.make(effect);
      ofKind.set(effect.text, statement);
    }
    return { statement, values, resultFromRow: effect.resultFromRow };
  }

  private make({ text, values, resultFromRow, whenNoRows }: SqlStatement): Statement {
    const parameter = (offset: number) => `$${values.length + offset}`;
    // No ON CONFLICT: a key that is there fails the statement, and with it the effect.
    const result = resultFromRow ? (whenNoRows === undefined ? `COALESCE(to_jsonb(returned), 'null'::jsonb)` : 'to_jsonb(returned)') : `${parameter(4)}::jsonb`;
    const returned = '(SELECT * FROM effect LIMIT 1) AS returned';
    const source = whenNoRows !== undefined ? `FROM ${returned}` : resultFromRow ? `FROM (SELECT) AS always LEFT JOIN ${returned} ON true` : '';
    const whole = `WITH effect AS (
${text}
)
INSERT INTO ${this.table} (key, activity_type, input_hash, state, result, completed_at)
SELECT ${parameter(1)}::text, ${parameter(2)}::text, ${parameter(3)}::bytea, 'completed', ${result}, now() ${source}${resultFromRow ? ' RETURNING result' : ''}`;
    return { name: `backstitch_${createHash('sha256').update(whole).digest('hex').slice(0, 24)}`, text: whole };
  }
}

/** As `pg` would send it. */
function wireValue(value: unknown): WireValue | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return null;
    case 'object':
      return value === null || Buffer.isBuffer(value) ? value : isPlain(value) ? JSON.stringify(value) : undefined;
    default:
      return undefined;
  }
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype && !('toPostgres' in value);
}
