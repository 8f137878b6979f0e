import type { Activation, ActivationResult, Failure, HistoryEvent } from '@backstitch/protocol';
import { plainFailure } from '../failures.js';
import type { StoredRun } from '../ports/history-store.js';
import { activationInfoOf, activationJobsOf, type HistoryLimits } from './activation.js';
import { commandEventsOf, InvalidCommandError } from './command-events.js';
import { compareWithHistory, type Divergence } from './divergence.js';
import { evolve, isCommandEvent } from './evolve.js';
import { emptyRunState, type RunState } from './run-state.js';

const RESTARTS_MAX = 5;

/** Why a run could not be brought back. */
export type ReplayProblem = { kind: 'divergence'; divergence: Divergence } | { kind: 'taskFailed'; failure: Failure };

/**
 * Brings a run back in the sandbox, one recorded workflow task after another.
 *
 * States: at a task (`next` gives its activation) → awaiting its result (`accept`) → at a task … → at the end (`next` gives undefined) or at a
 * problem (`problem` is set, `next` gives undefined).
 */
export class Replay {
  #state: RunState;
  readonly #events: readonly HistoryEvent[];
  #position = 0;
  #restarts = 0;
  /** Set once something stands in the way; the run must then not be advanced. */
  problem?: ReplayProblem;
  /** Events whose input or options the code now gives otherwise. */
  readonly driftedEventIds: number[] = [];

  constructor(
    stored: StoredRun,
    readonly limits: HistoryLimits,
  ) {
    this.#state = emptyRunState(stored.record);
    this.#events = stored.events;
  }

  /** The activation of the next recorded task; undefined when there is none left or a problem was found. */
  next(): Activation | undefined {
    while (this.problem === undefined) {
      const event = this.#events[this.#position];
      if (event === undefined) {
        return undefined;
      }
      this.#position += 1;
      evolve(this.#state, event);
      // A task that was started and never completed is none: this engine writes all of a task's events in one append.
      if (event.eventType === 'WORKFLOW_TASK_STARTED') {
        return {
          runId: this.#state.runId,
          timestampMs: event.eventTimeMs,
          info: activationInfoOf(this.#state, { length: event.eventId, sizeBytes: this.#state.historySizeBytes }, this.limits, true),
          jobs: activationJobsOf(this.#state.unhandled),
        };
      }
    }
    return undefined;
  }

  /** Compares what the task came to with what is recorded, and moves on to the next. */
  accept(result: ActivationResult): void {
    switch (result.status) {
      case 'completed':
        this.#compare(result);
        return;
      case 'taskFailed':
        this.problem = { kind: 'taskFailed', failure: result.failure };
        return;
      case 'unknownRun':
        this.#restart();
        return;
      default: {
        const never: never = result;
        return never;
      }
    }
  }

  /** Another run of the same sandbox call can take this one with it: begin again. */
  #restart(): void {
    this.#restarts += 1;
    if (this.#restarts > RESTARTS_MAX) {
      this.problem = { kind: 'taskFailed', failure: plainFailure('The sandbox keeps losing the run while it is replayed') };
    }
    this.#state = emptyRunState(this.#state);
    this.#position = 0;
    this.driftedEventIds.length = 0;
  }

  #compare(result: Extract<ActivationResult, { status: 'completed' }>): void {
    const completed = this.#events[this.#position];
    if (completed?.eventType !== 'WORKFLOW_TASK_COMPLETED') {
      this.problem = { kind: 'taskFailed', failure: plainFailure(`Event ${this.#position + 1} of the history should complete a workflow task`) };
      return;
    }
    this.#position += 1;
    evolve(this.#state, completed);
    const recorded: HistoryEvent[] = [];
    for (let event = this.#events[this.#position]; event !== undefined && isCommandEvent(event); event = this.#events[this.#position]) {
      recorded.push(event);
      this.#position += 1;
    }
    try {
      const produced = commandEventsOf(this.#state, result.commands, completed.eventId);
      const { divergence, driftedEventIds } = compareWithHistory(produced, recorded, completed.eventId + 1);
      this.driftedEventIds.push(...driftedEventIds);
      if (divergence !== undefined) {
        this.problem = { kind: 'divergence', divergence };
      }
    } catch (error) {
      if (!(error instanceof InvalidCommandError)) {
        throw error;
      }
      this.problem = { kind: 'taskFailed', failure: { message: error.message } };
    }
    // What was recorded is in force, whatever the code says today.
    recorded.forEach((event) => evolve(this.#state, event));
  }
}
