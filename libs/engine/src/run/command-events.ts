import {
  ControlApiError,
  LIMITS,
  type ActivityHeader,
  type HistoryEvent,
  type HistoryEventAttributes,
  type HistoryEventType,
  type SearchAttributeDefinitions,
  type SearchAttributes,
  type WorkflowCommand,
} from '@backstitch/protocol';
import { exceedsJsonBytes, jsonBytes } from '../json.js';
import { validateSearchAttributes } from '../search-attribute-validation.js';
import type { RunState } from './run-state.js';

/** An event without its place in the history. */
export type UnplacedEvent<T extends HistoryEventType = HistoryEventType> = {
  [K in T]: { eventType: K; attributes: HistoryEventAttributes[K] };
}[T];

/** A command that cannot be recorded: a fault of the workflow's code, so its task fails. */
export class InvalidCommandError extends Error {
  override readonly name = 'InvalidCommandError';
  constructor(
    readonly command: WorkflowCommand['type'],
    reason: string,
  ) {
    super(`Command ${command}: ${reason}`);
  }
}

/**
 * The events that commands make, in order. The only such function: a live workflow task appends what it returns, and replay compares it with what
 * was appended. Reads the state, which has seen everything up to the WORKFLOW_TASK_COMPLETED event, and changes nothing.
 * @param definitions of search attributes; absent in replay, since a deployment may have dropped an attribute that old runs have
 * @throws InvalidCommandError
 */
export function commandEventsOf(
  state: RunState,
  commands: readonly WorkflowCommand[],
  workflowTaskCompletedEventId: number,
  definitions?: SearchAttributeDefinitions,
): UnplacedEvent[] {
  const translation = new Translation(state, workflowTaskCompletedEventId, definitions);
  for (const command of withoutInstantTimers(commands)) {
    translation.add(command);
    if (isTerminal(command)) {
      // What the code decides after its end has no effect.
      break;
    }
  }
  return translation.events;
}

/** A timer that is started and cancelled in one task leaves no trace, as in Temporal's core. */
function withoutInstantTimers(commands: readonly WorkflowCommand[]): readonly WorkflowCommand[] {
  if (!commands.some(({ type }) => type === 'cancelTimer')) {
    return commands;
  }
  const started = new Set(commands.flatMap((command) => (command.type === 'startTimer' ? [command.seq] : [])));
  const instant = new Set(commands.flatMap((command) => (command.type === 'cancelTimer' && started.has(command.seq) ? [command.seq] : [])));
  return instant.size === 0
    ? commands
    : commands.filter((command) => !((command.type === 'startTimer' || command.type === 'cancelTimer') && instant.has(command.seq)));
}

function isTerminal({ type }: WorkflowCommand): boolean {
  return type === 'completeWorkflow' || type === 'failWorkflow' || type === 'cancelWorkflowExecution';
}

class Translation {
  readonly events: UnplacedEvent[] = [];
  /** Activities scheduled in this task, by number. */
  readonly #scheduled = new Map<number, number>();
  readonly #cancelRequested = new Set<number>();

  constructor(
    readonly state: RunState,
    readonly workflowTaskCompletedEventId: number,
    readonly definitions: SearchAttributeDefinitions | undefined,
  ) {}

  add(command: WorkflowCommand): void {
    const { workflowTaskCompletedEventId } = this;
    switch (command.type) {
      case 'scheduleActivity':
        this.#scheduleActivity(command);
        return;
      case 'requestCancelActivity':
        this.#requestCancel(command.seq);
        return;
      case 'startTimer':
        this.#push('TIMER_STARTED', { timerId: String(command.seq), startToFireTimeoutMs: command.durationMs, workflowTaskCompletedEventId });
        return;
      case 'cancelTimer': {
        // A timer that fired in this very task is no longer open: there is nothing to cancel.
        const timer = this.state.openTimers.get(String(command.seq));
        if (timer !== undefined) {
          this.#push('TIMER_CANCELED', { timerId: timer.timerId, startedEventId: timer.startedEventId, workflowTaskCompletedEventId });
        }
        return;
      }
      case 'upsertSearchAttributes': {
        const { searchAttributes } = command;
        this.#validate(searchAttributes);
        this.#push('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', { searchAttributes, workflowTaskCompletedEventId });
        return;
      }
      case 'completeWorkflow':
        refuseOversized(command.type, 'the result', command.result);
        this.#push('WORKFLOW_EXECUTION_COMPLETED', { result: command.result, workflowTaskCompletedEventId });
        return;
      case 'failWorkflow':
        refuseOversized(command.type, 'the failure', command.failure);
        this.#push('WORKFLOW_EXECUTION_FAILED', { failure: command.failure, workflowTaskCompletedEventId });
        return;
      case 'cancelWorkflowExecution':
        this.#push('WORKFLOW_EXECUTION_CANCELED', { workflowTaskCompletedEventId });
        return;
      default: {
        const never: never = command;
        return never;
      }
    }
  }

  #validate(searchAttributes: SearchAttributes): void {
    try {
      if (this.definitions !== undefined) {
        validateSearchAttributes(searchAttributes, this.definitions);
      }
    } catch (error) {
      throw error instanceof ControlApiError ? new InvalidCommandError('upsertSearchAttributes', error.message) : error;
    }
  }

  #scheduleActivity(command: Extract<WorkflowCommand, { type: 'scheduleActivity' }>): void {
    const { seq, activityType, args, options, undo, undoOfSeq } = command;
    refuseOversized(command.type, `the input of "${activityType}"`, args);
    if (this.#scheduledEventId(seq) !== undefined) {
      throw new InvalidCommandError(command.type, `activity ${seq} was scheduled before`);
    }
    const header: ActivityHeader = {};
    if (undo !== undefined) {
      header.undo = undo;
    }
    if (undoOfSeq !== undefined) {
      const scheduledEventId = this.#scheduledEventId(undoOfSeq);
      if (scheduledEventId === undefined) {
        throw new InvalidCommandError(command.type, `"${activityType}" undoes activity ${undoOfSeq}, which was never scheduled`);
      }
      header.undoOf = { scheduledEventId };
    }
    this.#scheduled.set(seq, this.#nextEventId());
    this.#push('ACTIVITY_TASK_SCHEDULED', {
      activityId: String(seq),
      activityType,
      input: args,
      workflowTaskCompletedEventId: this.workflowTaskCompletedEventId,
      ...(undo === undefined && undoOfSeq === undefined ? {} : { header }),
      ...options,
    });
  }

  /** Makes no event if the activity is closed, or if its cancellation was requested before, or if the workflow abandons it. */
  #requestCancel(seq: number): void {
    const scheduledEventId = this.#scheduledEventId(seq);
    if (scheduledEventId === undefined || this.#cancelRequested.has(scheduledEventId)) {
      return;
    }
    const open = this.state.openActivities.get(scheduledEventId);
    const isNew = this.#scheduled.has(seq);
    if (!isNew && (open === undefined || open.cancelRequested || open.options.cancellationType === 'ABANDON')) {
      return;
    }
    this.#cancelRequested.add(scheduledEventId);
    this.#push('ACTIVITY_TASK_CANCEL_REQUESTED', { scheduledEventId, workflowTaskCompletedEventId: this.workflowTaskCompletedEventId });
  }

  #scheduledEventId(seq: number): number | undefined {
    return this.#scheduled.get(seq) ?? this.state.activities.get(seq)?.scheduledEventId;
  }

  #nextEventId(): number {
    return this.workflowTaskCompletedEventId + 1 + this.events.length;
  }

  #push<T extends HistoryEventType>(eventType: T, attributes: HistoryEventAttributes[T]): void {
    // The pair is one of the union's members by construction; TypeScript cannot follow a generic key into a union.
    this.events.push({ eventType, attributes } as unknown as UnplacedEvent);
  }
}

function refuseOversized(command: WorkflowCommand['type'], what: string, payload: unknown): void {
  if (exceedsJsonBytes(payload, LIMITS.payloadBytesMax)) {
    throw new InvalidCommandError(command, `${what} has ${jsonBytes(payload)} bytes; the limit is ${LIMITS.payloadBytesMax}`);
  }
}

/** The event at its place. */
export function placed(event: UnplacedEvent, eventId: number, eventTimeMs: number): HistoryEvent {
  return { eventId, eventTimeMs, ...event };
}
