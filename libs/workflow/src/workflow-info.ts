import { LIMITS, type ActivationInfo, type JsonObject } from '@backstitch/protocol';
import type { ActivityRetryPolicy } from './activity-options.js';
import { failureToError } from '@backstitch/protocol/failures';
import { fillFrom, uuid4From, type RandomSource } from './random-source.js';
import { typedSearchAttributesOf } from './search-attribute-values.js';
import type { Priority } from './type-info.js';
import type { SearchAttributes, TypedSearchAttributes } from './typed-search-attributes.js';
import type { WorkerDeploymentVersion } from './workflow-definition-options.js';
import type { WorkflowRun } from './workflow-run.js';

/** Which limit a run's history is near to. */
export type SuggestContinueAsNewReason = 'HISTORY_SIZE_TOO_LARGE' | 'TOO_MANY_HISTORY_EVENTS' | 'TOO_MANY_UPDATES';

export interface ParentWorkflowInfo {
  workflowId: string;
  runId: string;
  namespace: string;
}

export interface RootWorkflowInfo {
  workflowId: string;
  runId: string;
}

/** Randomness that is not the run's: it shows in no history. */
export interface UnsafeRandomSource {
  random(): number;
  uuid4(): string;
  fillRandom(bytes: Uint8Array): Uint8Array;
}

/** Never decide by these. */
export interface UnsafeWorkflowInfo {
  /** The time of the workflow task: workflow code sees no other clock, even here. */
  readonly now: () => number;
  /** Recorded history is applied again. */
  readonly isReplaying: boolean;
  readonly isReplayingHistoryEvents: boolean;
  /** Numbers that do not disturb the run's own; drawn from a stream of the run, since workflow code sees no other randomness, even here. */
  readonly random: UnsafeRandomSource;
}

/** What a run knows of itself. Temporal's names. Constant within one activation. */
export interface WorkflowInfo {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  /** Always `default`. */
  readonly namespace: string;
  /** When the first run of the chain began: continued as new, retried, by cron. */
  readonly startTime: Date;
  readonly runStartTime: Date;
  readonly firstExecutionRunId: string;
  /** This run's id; after a reset the id of the run that was reset. */
  readonly originalExecutionRunId: string;
  readonly continuedFromExecutionRunId?: string;
  readonly parent?: ParentWorkflowInfo;
  readonly root?: RootWorkflowInfo;
  /** From 1. */
  readonly attempt: number;
  readonly retryPolicy?: ActivityRetryPolicy;
  readonly cronSchedule?: string;
  readonly cronScheduleToScheduleInterval?: number;
  readonly executionTimeoutMs?: number;
  readonly executionExpirationTime?: Date;
  readonly runTimeoutMs?: number;
  readonly taskTimeoutMs: number;
  /** What the run before returned, by cron or schedule. */
  readonly lastResult?: unknown;
  /** How the attempt before failed. */
  readonly lastFailure?: Error;
  /** Events in the history so far. */
  readonly historyLength: number;
  /** Bytes of the history so far. */
  readonly historySize: number;
  /** The history has grown past the point where a new run should take over. */
  readonly continueAsNewSuggested: boolean;
  readonly suggestedContinueAsNewReasons?: SuggestContinueAsNewReason[];
  /** Always false. */
  readonly targetWorkerDeploymentVersionChanged: boolean;
  readonly searchAttributes: SearchAttributes;
  /** By typed keys, as far as the values tell the types; text is found by keys of type TEXT and KEYWORD. */
  readonly typedSearchAttributes: TypedSearchAttributes;
  readonly memo: Record<string, unknown>;
  readonly currentBuildId?: string;
  readonly currentDeploymentVersion?: WorkerDeploymentVersion;
  /** Never set. */
  readonly priority?: Priority;
  readonly unsafe: UnsafeWorkflowInfo;
}

/** What workflow tasks may take where nothing was said. */
const TASK_TIMEOUT_MS = 10_000;

/** What the run knows of itself now. */
export function workflowInfoOf(run: WorkflowRun): WorkflowInfo {
  const { workflowId, runId, workflowType, taskQueue, startTimeMs, historyLength, historySizeBytes, continueAsNewSuggested, isReplaying, buildId } = run.info;
  return {
    workflowId,
    runId,
    workflowType,
    taskQueue,
    namespace: 'default',
    startTime: new Date(startTimeMs),
    runStartTime: new Date(startTimeMs),
    firstExecutionRunId: runId,
    originalExecutionRunId: run.originalRunId,
    attempt: 1,
    taskTimeoutMs: TASK_TIMEOUT_MS,
    historyLength,
    historySize: historySizeBytes,
    continueAsNewSuggested,
    ...(continueAsNewSuggested ? { suggestedContinueAsNewReasons: reasonsOf(run.info) } : {}),
    targetWorkerDeploymentVersionChanged: false,
    // Removed ones are [] in what is recorded.
    searchAttributes: Object.fromEntries(Object.entries(run.info.searchAttributes).filter(([, values]) => values.length > 0)) as SearchAttributes,
    get typedSearchAttributes() {
      return typedSearchAttributesOf(run.info.searchAttributes);
    },
    memo: { ...run.info.memo } satisfies JsonObject,
    ...(buildId === undefined ? {} : { currentBuildId: buildId, currentDeploymentVersion: { buildId, deploymentName: 'default' } }),
    ...(run.info.lineage === undefined ? {} : lineageOf(run.info.lineage)),
    unsafe: { now: () => run.timestampMs, isReplaying, isReplayingHistoryEvents: isReplaying, random: unsafeRandom(() => run.random.named('unsafe')) },
  };
}

function reasonsOf({ historyLength, historySizeBytes }: ActivationInfo): SuggestContinueAsNewReason[] {
  const reasons: SuggestContinueAsNewReason[] = [];
  if (historySizeBytes >= LIMITS.historyBytesWarn) reasons.push('HISTORY_SIZE_TOO_LARGE');
  if (historyLength >= LIMITS.historyEventsWarn) reasons.push('TOO_MANY_HISTORY_EVENTS');
  return reasons;
}

function lineageOf(lineage: NonNullable<ActivationInfo['lineage']>): Partial<WorkflowInfo> {
  const { parent, root, retryPolicy, executionExpirationTimeMs, firstExecutionStartTimeMs, lastFailure } = lineage;
  const told: Partial<WorkflowInfo> = {
    parent: parent === undefined ? undefined : { ...parent, namespace: 'default' },
    root,
    firstExecutionRunId: lineage.firstExecutionRunId,
    continuedFromExecutionRunId: lineage.continuedFromRunId,
    attempt: lineage.attempt,
    retryPolicy: retryPolicy === undefined ? undefined : retryPolicyOf(retryPolicy),
    cronSchedule: lineage.cronSchedule,
    executionTimeoutMs: lineage.workflowExecutionTimeoutMs,
    executionExpirationTime: executionExpirationTimeMs === undefined ? undefined : new Date(executionExpirationTimeMs),
    runTimeoutMs: lineage.workflowRunTimeoutMs,
    taskTimeoutMs: lineage.workflowTaskTimeoutMs,
    startTime: firstExecutionStartTimeMs === undefined ? undefined : new Date(firstExecutionStartTimeMs),
    lastResult: lineage.lastResult,
    lastFailure: lastFailure === undefined ? undefined : failureToError(lastFailure),
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
}

function retryPolicyOf(policy: NonNullable<NonNullable<ActivationInfo['lineage']>['retryPolicy']>): ActivityRetryPolicy {
  const { initialIntervalMs, maximumIntervalMs, maximumAttempts, ...rest } = policy;
  return { ...rest, initialInterval: initialIntervalMs, maximumInterval: maximumIntervalMs, ...(maximumAttempts === 0 ? {} : { maximumAttempts }) };
}

function unsafeRandom(source: () => RandomSource): UnsafeRandomSource {
  const random = { random: () => source().next(), uuid4: () => uuid4From(source()), fillRandom: (bytes: Uint8Array) => fillFrom(source(), bytes) };
  return Object.defineProperty(random, 'toJSON', { value: () => undefined, enumerable: false });
}
