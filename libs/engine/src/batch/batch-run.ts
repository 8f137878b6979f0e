import { QueryFailedError, type Failure, type JsonValue } from '@backstitch/protocol';
import { hasTimedOut } from '../messages/apply-end.js';
import type { Answer, CreateMessage, QueryMessage, RunMessage, StartMessage, UpdateMessage } from '../messages/run-message.js';
import type { StoredRun } from '../ports/history-store.js';
import { isServedHere } from '../run/builds.js';
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
  /** Its code has to be brought back though there is nothing to tell it: only it knows which local activities are open. */
  mustBeAlive = false;
  /** It begins with a history of another run: its code is brought back once that is committed. */
  beginsWithHistory = false;
  /** Updates that the code is to be asked about. */
  pendingUpdates: UpdateMessage[] | undefined;
  /** What the code said to those that it refused. */
  updateRejections: Map<string, Failure> | undefined;
  // Most batches ask nothing of a run and refuse nothing: these are made when they are first needed.
  #answers: Map<RunMessage, Answer> | undefined;
  #queryResults: Map<QueryMessage, { result: JsonValue } | { error: unknown }> | undefined;

  constructor(
    readonly runId: string,
    readonly messages: readonly RunMessage[],
  ) {}

  /** Answers other than that it is done. */
  get answers(): Map<RunMessage, Answer> {
    return (this.#answers ??= new Map<RunMessage, Answer>());
  }

  get queryResults(): Map<QueryMessage, { result: JsonValue } | { error: unknown }> {
    return (this.#queryResults ??= new Map<QueryMessage, { result: JsonValue } | { error: unknown }>());
  }

  /** How a message fares, if it is not just done. */
  answerTo(message: RunMessage): Answer | undefined {
    return this.#answers?.get(message);
  }

  get hasQueries(): boolean {
    return this.messages.some((message) => message.type === 'query');
  }

  get queries(): QueryMessage[] {
    return this.messages.filter((message) => message.type === 'query');
  }

  /** Whether workflow code may be advanced. */
  get canAdvance(): boolean {
    const { state, turn } = this;
    return (
      this.ending === 'answer' &&
      !this.beginsWithHistory &&
      state.status === 'RUNNING' &&
      state.extras?.paused === undefined &&
      (state.taskDueAtMs === undefined || state.taskDueAtMs <= turn.nowMs) &&
      holdingIncident(state) === undefined &&
      isServedHere(state, turn.settings.versioning)
    );
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

/** The message that makes the run, if this batch has it. */
export function startOf(run: BatchRun): StartMessage | undefined {
  return run.messages.find((message) => message.type === 'start');
}

/** The message that makes the run with a history, if this batch has it. */
export function createOf(run: BatchRun): CreateMessage | undefined {
  return run.messages.find((message) => message.type === 'create');
}

/** Whether a message cannot be applied without the history. */
export function needsHistory(message: RunMessage, state: RunState, nowMs: number): boolean {
  switch (message.type) {
    case 'terminate':
      return message.rollback === true;
    case 'resolveIncident':
      return message.action === 'rollback';
    case 'wake':
      return hasTimedOut(state, nowMs);
    default:
      return false;
  }
}

/** An update that the run accepted before is joined; one that its code can be asked about is. */
export function takeUpdate(run: BatchRun, message: UpdateMessage): void {
  const { extras } = run.state;
  const { updateId } = message.request;
  const isAsked = run.pendingUpdates?.some(({ request }) => request.updateId === updateId) === true;
  if (extras?.updates?.has(updateId) !== true && !isAsked) {
    (run.pendingUpdates ??= []).push(message);
  }
}
