import type { Activation, ActivationInfo, ActivationJob, JsonValue } from '@backstitch/protocol';

/** Bits of {@link ActivationWire}'s flags. */
export const CONTINUE_AS_NEW_SUGGESTED = 1;
export const IS_REPLAYING = 2;
export const TRACES_CALLS = 4;
/** A {@link StartWire}. */
export const STARTS = 8;
/** A {@link CompletionWire}. */
export const COMPLETES_ACTIVITY = 16;

/** What each activation has. Times are in milliseconds since the batch's origin; what is empty is 0. */
type Head = [runId: string, timeMs: number, historyLength: number, historySizeBytes: number, flags: number, searchAttributes: Activation['info']['searchAttributes'] | 0];

/** What most activations are: one activity was completed, and nothing else. */
export type CompletionWire = [...head: Head, seq: number, result?: JsonValue];

/** The start of a run: what never changes in a run's life goes in with it only. What is 0 is as in the activation (the type; the run's id as seed), or not there. */
export type StartWire = [
  ...head: Head,
  args: JsonValue[],
  jobWorkflowType: string | 0,
  randomnessSeed: string | 0,
  runtimeVersion: number,
  workflowId: string,
  workflowType: string,
  taskQueue: string,
  startTimeMs: number,
  memo: Activation['info']['memo'] | 0,
  furtherJobs: ActivationJob[] | 0,
  rest?: Pick<ActivationInfo, 'lineage' | 'buildId'>,
];

/** Any other. */
export type JobsWire = [...head: Head, jobs: ActivationJob[]];

/** An activation on its way into the sandbox; its flags say which. Flat, and lists instead of objects: writing and reading it is most of what a batch costs. */
export type ActivationWire = CompletionWire | StartWire | JobsWire;

/** A batch on its way into the sandbox. */
export type BatchWire = [originMs: number, activations: ActivationWire[]];

export function batchWireOf(batch: readonly Activation[]): BatchWire {
  const originMs = originOf(batch);
  return [originMs, batch.map((activation) => activationWireOf(activation, originMs))];
}

/** That of which all times are found again; so 0, if there is one that is no whole number, or so early that the span to another might be none. */
function originOf(batch: readonly Activation[]): number {
  for (const { timestampMs, info } of batch) if (!hasExactSpans(timestampMs) || !hasExactSpans(info.startTimeMs)) return 0;
  return batch[0]?.timestampMs ?? 0;
}

function hasExactSpans(timeMs: number): boolean {
  return timeMs >= 0 && Number.isSafeInteger(timeMs);
}

function activationWireOf({ runId, timestampMs, info, jobs }: Activation, originMs: number): ActivationWire {
  const { historyLength, historySizeBytes } = info;
  const timeMs = timestampMs - originMs;
  const flags = (info.continueAsNewSuggested ? CONTINUE_AS_NEW_SUGGESTED : 0) | (info.isReplaying ? IS_REPLAYING : 0) | (info.tracesCalls === true ? TRACES_CALLS : 0);
  const searchAttributes = orZero(info.searchAttributes);
  const first = jobs[0];
  if (first?.type === 'resolveActivity' && jobs.length === 1 && first.resolution.status === 'completed') {
    // In an array `undefined` would become null.
    const { result }: { result?: JsonValue } = first.resolution;
    if (result === undefined) return [runId, timeMs, historyLength, historySizeBytes, flags | COMPLETES_ACTIVITY, searchAttributes, first.seq];
    return [runId, timeMs, historyLength, historySizeBytes, flags | COMPLETES_ACTIVITY, searchAttributes, first.seq, result];
  }
  if (first?.type !== 'initializeWorkflow') return [runId, timeMs, historyLength, historySizeBytes, flags, searchAttributes, jobs as ActivationJob[]];
  const { workflowId, workflowType, taskQueue, startTimeMs, lineage, buildId } = info;
  const wire: StartWire = [
    runId,
    timeMs,
    historyLength,
    historySizeBytes,
    flags | STARTS,
    searchAttributes,
    first.args,
    first.workflowType === workflowType ? 0 : first.workflowType,
    first.randomnessSeed === runId ? 0 : first.randomnessSeed,
    first.runtimeVersion ?? 0,
    workflowId,
    workflowType,
    taskQueue,
    startTimeMs - originMs,
    orZero(info.memo),
    jobs.length === 1 ? 0 : jobs.slice(1),
  ];
  if (lineage !== undefined || buildId !== undefined) wire.push({ lineage, buildId });
  return wire;
}

export function isStart(wire: ActivationWire): wire is StartWire {
  return (wire[4] & STARTS) !== 0;
}

export function isCompletion(wire: ActivationWire): wire is CompletionWire {
  return (wire[4] & COMPLETES_ACTIVITY) !== 0;
}

// By index, as wherever many pass: to take an array apart means to iterate over it.

/** What a run that starts knows of itself. */
export function infoOf(wire: StartWire, originMs: number): ActivationInfo {
  const flags = wire[4];
  const info: ActivationInfo = {
    workflowId: wire[10],
    runId: wire[0],
    workflowType: wire[11],
    taskQueue: wire[12],
    startTimeMs: originMs + wire[13],
    memo: wire[14] === 0 ? {} : wire[14],
    historyLength: wire[2],
    historySizeBytes: wire[3],
    continueAsNewSuggested: (flags & CONTINUE_AS_NEW_SUGGESTED) !== 0,
    searchAttributes: wire[5] === 0 ? {} : wire[5],
    isReplaying: (flags & IS_REPLAYING) !== 0,
  };
  if (wire[16] === undefined && (flags & TRACES_CALLS) === 0) return info;
  return { ...info, ...wire[16], ...((flags & TRACES_CALLS) === 0 ? {} : { tracesCalls: true }) };
}

/** The jobs that were on their way in. */
export function jobsOf(wire: ActivationWire): ActivationJob[] {
  if (isCompletion(wire)) return [{ type: 'resolveActivity', seq: wire[6], resolution: { status: 'completed', result: wire[7] as JsonValue } }];
  if (!isStart(wire)) return wire[6];
  const start: ActivationJob = {
    type: 'initializeWorkflow',
    workflowType: wire[7] === 0 ? wire[11] : wire[7],
    args: wire[6],
    randomnessSeed: wire[8] === 0 ? wire[0] : wire[8],
    runtimeVersion: wire[9] === 0 ? undefined : wire[9],
  };
  return wire[15] === 0 ? [start] : [start, ...wire[15]];
}

function orZero<Value extends object>(value: Value): Value | 0 {
  for (const _key in value) return value;
  return 0;
}
