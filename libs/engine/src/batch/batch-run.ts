import { QueryFailedError, type JsonValue } from '@backstitch/protocol';
import type { Answer, QueryMessage, RunMessage } from '../messages/run-message.js';
import type { StoredRun } from '../ports/history-store.js';
import { holdingIncident, type RunState } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';

/** What becomes of a run's messages at the end of its batch. */
export type Ending =
  /** They are answered, after the commit. */
  | 'answer'
  /** The state was older than the store's: load the run again and apply them again. */
  | 'reload';

/** One run in one batch. */
export class BatchRun {
  /** Both are set before anything else is done with the run; until then a failed batch may find them missing. */
  state!: RunState;
  turn!: Turn;
  /** As loaded for this batch; absent for runs that were cached or are new. */
  stored?: StoredRun;
  /** Its code is alive in the sandbox and has seen everything up to the newest workflow task. */
  isInSandbox = false;
  /** It was held until a message of this batch resolved the incident: it is replayed even if there is nothing to tell it. */
  wasReleased = false;
  ending: Ending = 'answer';
  readonly answers = new Map<RunMessage, Answer>();
  readonly queryResults = new Map<QueryMessage, { result: JsonValue } | { error: unknown }>();

  constructor(
    readonly runId: string,
    readonly messages: readonly RunMessage[],
  ) {}

  get queries(): QueryMessage[] {
    return this.messages.filter((message) => message.type === 'query');
  }

  /** Whether workflow code may be advanced. */
  get canAdvance(): boolean {
    return this.ending === 'answer' && this.state.status === 'RUNNING' && holdingIncident(this.state) === undefined;
  }

  /** Answers the queries that have no answer yet with an error. */
  failQueries(reason: string): void {
    for (const query of this.queries) {
      if (!this.queryResults.has(query)) {
        this.queryResults.set(query, { error: new QueryFailedError(query.queryName, reason) });
      }
    }
  }
}
