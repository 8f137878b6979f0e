import type { JsonValue } from '@backstitch/protocol';
import type { EntityManager } from 'typeorm';
import type { ExternalSession } from '../context/context.js';
import type { Claim, Claimed, Inbox } from '../inbox/inbox.js';
import type { Session } from '../inbox/session.js';
import type { StatementRunner } from '../statement/statement-runner.js';
import type { AttemptControl } from './attempt-control.js';

/** The database side that a handler gets. */
export type HandlerScope = { claimed: Extract<Claimed, { status: 'claimed' }> } & ({ manager: EntityManager } | { external: ExternalSession } | { statement: true });

/** One attempt, as the execution modes see it. */
export interface Attempt {
  claim: Claim;
  control: AttemptControl;
  inbox: Inbox;
  statements: StatementRunner;
  /** Nothing is known of an earlier delivery of this key: it is worth while to begin before the inbox has answered. */
  isFirstDelivery: boolean;
  /** A connection that is destroyed when the attempt is ended from outside. */
  openSession(): Promise<Session>;
  /** Calls the handler, inside the activity's context. */
  handle(scope: HandlerScope): Promise<unknown>;
}

/** How an attempt went that did not fail. */
export interface AttemptSuccess {
  result: JsonValue;
  /** Size of the result as JSON. */
  resultBytes: number;
  /** Stored by an earlier delivery. */
  repeated: boolean;
}

/** Deadlocks and serialization failures are tried again in place, so often in all. */
export const TRANSACTION_TRIES_MAX = 5;
const CONFLICT_PAUSE_MS_MAX = 50;

/** Pause before a transaction that lost is tried again: random, so that the same two do not meet again. */
export function conflictPause(tries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * CONFLICT_PAUSE_MS_MAX * tries));
}

export function repeatedResult(result: JsonValue): AttemptSuccess {
  return { result, resultBytes: Buffer.byteLength(JSON.stringify(result)), repeated: true };
}
