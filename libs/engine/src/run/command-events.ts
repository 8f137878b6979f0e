import {
  ControlApiError,
  describePayload,
  LIMITS,
  PATCH_MARKER,
  RESERVED_SIGNAL_PREFIX,
  type ActivityHeader,
  type HistoryEventAttributes,
  type HistoryEventType,
  type JsonValue,
  type SearchAttributeDefinitions,
  type SearchAttributes,
  type SettledUndos,
  type WorkflowCommand,
} from '@backstitch/protocol';
import { exceedsJsonBytes, jsonBytes } from '../json.js';
import { validateSearchAttributes } from '../search-attribute-validation.js';
import type { UpdateRequest } from './activation.js';
import { cancelChildEvent, cancelExternalEvent, continueAsNewEvent, signalExternalEvent, startChildEvent } from './call-commands.js';
import { effectiveCommands } from './command-order.js';
import { canceledLocalActivityMarker, localActivityMarker, type LocalCommand } from './local-activities.js';
import type { LocalActivityEnd } from './run-extras.js';
import type { RunState } from './run-state.js';
import { InvalidCommandError, type UnplacedEvent } from './unplaced-event.js';

export interface TranslationOptions {
  /** Of search attributes; absent in replay, since a deployment may have dropped an attribute that old runs have. */
  definitions?: SearchAttributeDefinitions;
  /** Requests of the updates that this task may accept, by id. */
  updates?: ReadonlyMap<string, UpdateRequest>;
  /** Local activities whose end this task tells the code: their markers come first. */
  localActivityEnds?: readonly LocalActivityEnd[];
  /** In replay: ids of the recorded events that the commands' events stand beside. Default: they follow the WORKFLOW_TASK_COMPLETED event without a gap. */
  eventIds?: readonly number[];
  /**
   * What was recorded was let in, and nothing of what the code gives now is recorded. So sizes are not looked at: before a codec has encoded it, it may be larger; nor whether
   * an activity's own id is taken: earlier releases did not record it.
   */
  isReplay?: boolean;
  /** Whether to tell which command made each event. */
  keepsSources?: boolean;
}

export interface Translated {
  events: UnplacedEvent[];
  /** Commands about local activities, which make no event. */
  localCommands?: LocalCommand[];
  /** What the task settles: it stands in the event that completes it. */
  settledUndos?: SettledUndos;
  /** The command behind each event, if asked for. */
  sources?: WorkflowCommand[];
}

/**
 * The events that commands make, in order. The only such function: a live workflow task appends what it returns, and replay compares it with what
 * was appended. Reads the state, which has seen everything up to the WORKFLOW_TASK_COMPLETED event, and changes nothing.
 * @throws InvalidCommandError
 */
export function commandEventsOf(state: RunState, commands: readonly WorkflowCommand[], workflowTaskCompletedEventId: number, options: TranslationOptions = {}): Translated {
  const translation = new Translation(state, workflowTaskCompletedEventId, options);
  for (const end of options.localActivityEnds ?? []) {
    translation.events.push(localActivityMarker(end, workflowTaskCompletedEventId));
  }
  for (const command of effectiveCommands(commands, state.runtimeVersion)) {
    translation.add(command);
    if (options.keepsSources === true && translation.events.length > (translation.sources ??= []).length) {
      translation.sources.push(command);
    }
  }
  return translation;
}

class Translation implements Translated {
  readonly events: UnplacedEvent[] = [];
  localCommands?: LocalCommand[];
  settledUndos?: SettledUndos;
  sources?: WorkflowCommand[];
  // Most tasks have none of these.
  #startedChildren: Map<number, string> | undefined;
  #patches: Set<string> | undefined;
  #accepted: Map<string, number> | undefined;
  /** Ids of the author's own, and what came after them, in this task. */
  #ownIds: Set<string> | undefined;
  /** Activities scheduled in this task, by number. */
  readonly #scheduled = new Map<number, number>();
  readonly #cancelRequested = new Set<number>();

  constructor(
    readonly state: RunState,
    readonly workflowTaskCompletedEventId: number,
    readonly options: TranslationOptions,
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
        this.#validate(searchAttributes, command.type);
        this.#push('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', { searchAttributes, workflowTaskCompletedEventId });
        return;
      }
      case 'upsertMemo':
        this.#refuseOversized(command.type, 'the memo', command.memo);
        this.#push('WORKFLOW_PROPERTIES_MODIFIED', { upsertedMemo: command.memo, workflowTaskCompletedEventId });
        return;
      case 'setPatchMarker':
        this.#markPatch(command.patchId, command.deprecated);
        return;
      case 'startChildWorkflow':
        this.#refuseOversized(command.type, `the input of "${command.workflowType}"`, command.args);
        if (this.#startedChildren?.has(command.seq) === true || this.state.extras?.children?.has(command.seq) === true) {
          throw new InvalidCommandError(command.type, `child ${command.seq} was started before`);
        }
        if (command.options.searchAttributes !== undefined) {
          this.#validate(command.options.searchAttributes, command.type);
        }
        (this.#startedChildren ??= new Map<number, string>()).set(command.seq, command.workflowId);
        this.events.push(startChildEvent(command, workflowTaskCompletedEventId));
        return;
      case 'cancelChildWorkflow':
        this.events.push(...[cancelChildEvent(this.state, command, workflowTaskCompletedEventId) ?? []].flat());
        return;
      case 'signalExternalWorkflow':
        this.#refuseOversized(command.type, `the input of signal "${command.signalName}"`, command.args);
        if (command.signalName.startsWith(RESERVED_SIGNAL_PREFIX)) {
          throw new InvalidCommandError(command.type, `signal name "${command.signalName}" is reserved`);
        }
        this.events.push(signalExternalEvent(this.state, command, this.#startedChildren ?? NONE, workflowTaskCompletedEventId));
        return;
      case 'cancelSignalExternalWorkflow':
        // Once it is recorded it cannot be called back; in the task that sent it, the pair is left out before.
        return;
      case 'requestCancelExternalWorkflow':
        this.events.push(cancelExternalEvent(command, workflowTaskCompletedEventId));
        return;
      case 'acceptUpdate':
        this.#acceptUpdate(command.updateId);
        return;
      case 'rejectUpdate':
        // Leaves no trace: whoever sent it is told.
        return;
      case 'completeUpdate':
        this.#completeUpdate(command);
        return;
      case 'settleUndos': {
        const { type: _, ...settled } = command;
        this.settledUndos = settled;
        return;
      }
      case 'scheduleLocalActivity':
        this.#refuseOversized(command.type, `the input of "${command.activityType}"`, command.args);
        (this.localCommands ??= []).push(command);
        return;
      case 'requestCancelLocalActivity': {
        (this.localCommands ??= []).push(command);
        const marker = canceledLocalActivityMarker(this.state, this.localCommands, command.seq, workflowTaskCompletedEventId);
        if (marker !== undefined) {
          this.events.push(marker);
        }
        return;
      }
      case 'continueAsNew':
        this.#refuseOversized(command.type, 'the input of the next run', command.args);
        if (command.searchAttributes !== undefined) {
          this.#validate(command.searchAttributes, command.type);
        }
        this.events.push(continueAsNewEvent(this.state, command, workflowTaskCompletedEventId));
        return;
      case 'completeWorkflow':
        this.#refuseOversized(command.type, 'the result', command.result);
        this.#push('WORKFLOW_EXECUTION_COMPLETED', { result: command.result, workflowTaskCompletedEventId });
        return;
      case 'failWorkflow':
        this.#refuseOversized(command.type, 'the failure', command.failure);
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

  /** A patch is marked once in a run. */
  #markPatch(patchId: string, deprecated: boolean): void {
    if (this.state.extras?.patches?.has(patchId) === true || this.#patches?.has(patchId) === true) {
      return;
    }
    (this.#patches ??= new Set<string>()).add(patchId);
    const details = { 'patch-data': { id: patchId, deprecated } };
    this.#push('MARKER_RECORDED', { markerName: PATCH_MARKER, details, workflowTaskCompletedEventId: this.workflowTaskCompletedEventId });
  }

  #acceptUpdate(updateId: string): void {
    const acceptedRequest = this.options.updates?.get(updateId);
    if (acceptedRequest === undefined) {
      throw new InvalidCommandError('acceptUpdate', `update "${updateId}" was not asked for`);
    }
    (this.#accepted ??= new Map<string, number>()).set(updateId, this.#nextEventId());
    this.#push('WORKFLOW_EXECUTION_UPDATE_ACCEPTED', {
      protocolInstanceId: updateId,
      acceptedRequest,
      workflowTaskCompletedEventId: this.workflowTaskCompletedEventId,
    });
  }

  #completeUpdate({ type, updateId, outcome }: Extract<WorkflowCommand, { type: 'completeUpdate' }>): void {
    const acceptedEventId = this.#accepted?.get(updateId) ?? this.state.extras?.updates?.get(updateId)?.acceptedEventId;
    if (acceptedEventId === undefined) {
      throw new InvalidCommandError(type, `update "${updateId}" was not accepted`);
    }
    this.#refuseOversized(type, 'the outcome', outcome);
    const meta = { updateId };
    this.#push('WORKFLOW_EXECUTION_UPDATE_COMPLETED', { meta, acceptedEventId, outcome, workflowTaskCompletedEventId: this.workflowTaskCompletedEventId });
  }

  #refuseOversized(command: WorkflowCommand['type'], what: string, payload: unknown): void {
    if (this.options.isReplay !== true) {
      refuseOversized(command, what, payload);
    }
  }

  #validate(searchAttributes: SearchAttributes, command: WorkflowCommand['type']): void {
    try {
      if (this.options.definitions !== undefined) {
        validateSearchAttributes(searchAttributes, this.options.definitions);
      }
    } catch (error) {
      throw error instanceof ControlApiError ? new InvalidCommandError(command, error.message) : error;
    }
  }

  #scheduleActivity(command: Extract<WorkflowCommand, { type: 'scheduleActivity' }>): void {
    const { seq, activityType, args, options, undo, undoOfSeq, undoOfStep, forward, headers, activityId = String(seq) } = command;
    this.#refuseOversized(command.type, `the input of "${activityType}"`, args);
    if (this.#scheduledEventId(seq) !== undefined) {
      throw new InvalidCommandError(command.type, `activity ${seq} was scheduled before`);
    }
    const hasOwnId = activityId !== String(seq);
    if ((hasOwnId || this.#ownIds !== undefined) && this.options.isReplay !== true) {
      this.#refuseTakenId(command.type, activityId);
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
    if (undoOfStep !== undefined) {
      header.undoOf = { scheduledEventId: 0, stepKey: undoOfStep.key, stepActivityType: undoOfStep.activityType };
      // An undo that was begun in an earlier run is the same undo still.
      const { carriedUndos, system } = this.state.extras?.started ?? {};
      const carried = (system?.undos ?? carriedUndos)?.find(({ stepKey }) => stepKey === undoOfStep.key);
      if (carried?.undoKey !== undefined) {
        header.key = carried.undoKey;
      }
    }
    if (forward !== undefined) {
      header.forward = forward;
    }
    if (headers !== undefined) {
      header.headers = headers;
    }
    this.#scheduled.set(seq, this.#nextEventId());
    this.#push('ACTIVITY_TASK_SCHEDULED', {
      activityId,
      activityType,
      input: args,
      workflowTaskCompletedEventId: this.workflowTaskCompletedEventId,
      ...(undo === undefined && undoOfSeq === undefined && undoOfStep === undefined && forward === undefined && headers === undefined ? {} : { header }),
      ...(hasOwnId ? { seq } : {}),
      ...options,
    });
  }

  /** An id names one activity: no two that are open may share it. */
  #refuseTakenId(command: WorkflowCommand['type'], activityId: string): void {
    const known = this.state.activities.ofId(activityId);
    if (activityId === '' || this.#ownIds?.has(activityId) === true || (known !== undefined && this.state.openActivities.has(known.scheduledEventId))) {
      throw new InvalidCommandError(command, activityId === '' ? 'an activity id must not be empty' : `activity id "${activityId}" is that of another open activity`);
    }
    (this.#ownIds ??= new Set<string>()).add(activityId);
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

  /** The id of the event that is pushed next. */
  #nextEventId(): number {
    const { eventIds } = this.options;
    const position = this.events.length;
    return eventIds?.[position] ?? (eventIds?.at(-1) ?? this.workflowTaskCompletedEventId) + 1 + position - (eventIds?.length ?? 0);
  }

  #push<T extends HistoryEventType>(eventType: T, attributes: HistoryEventAttributes[T]): void {
    // The pair is one of the union's members by construction; TypeScript cannot follow a generic key into a union.
    this.events.push({ eventType, attributes } as unknown as UnplacedEvent);
  }
}

function refuseOversized(command: WorkflowCommand['type'], what: string, payload: unknown): void {
  if (exceedsJsonBytes(payload, LIMITS.payloadBytesMax)) {
    // Of a list of arguments the largest one is named.
    const named = Array.isArray(payload) ? describePayload(what, payload as JsonValue[]) : what;
    throw new InvalidCommandError(command, `${named} has ${jsonBytes(payload)} bytes; the limit is ${LIMITS.payloadBytesMax}`);
  }
}

const NONE: ReadonlyMap<number, string> = new Map();
