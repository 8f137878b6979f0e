import { resolveRetryPolicy, RUNTIME_VERSION, type HistoryEventAttributes } from '@backstitch/protocol';
import { nextCronTimeMs } from '../cron.js';
import type { EngineSettings } from '../engine-settings.js';
import type { StartMessage } from '../messages/run-message.js';
import { pinningBuild } from '../run/builds.js';
import { defined } from '../run/call-commands.js';

/** The first event of a run that was asked for. */
export function startedAttributesOf(
  runId: string,
  { request, childOf }: Pick<StartMessage, 'request' | 'childOf'>,
  settings: Pick<EngineSettings, 'taskQueue' | 'versioning'>,
  nowMs: number,
): HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED'] {
  const { workflowId, workflowType, args, memo, searchAttributes, identity, traceparent, taskQueue } = request;
  const attributes: HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED'] = {
    workflowId,
    runId,
    workflowType,
    taskQueue: taskQueue ?? settings.taskQueue,
    input: args,
    ...(memo === undefined ? {} : { memo }),
    ...(searchAttributes === undefined ? {} : { searchAttributes }),
    ...(identity === undefined ? {} : { identity }),
    ...(traceparent === undefined ? {} : { traceparent }),
    randomnessSeed: runId,
    runtimeVersion: RUNTIME_VERSION,
  };
  const buildId = settings.versioning === undefined ? undefined : pinningBuild(settings.versioning, workflowType);
  if (buildId !== undefined) {
    attributes.buildId = buildId;
  }
  return isOrdinary(request) && childOf === undefined ? attributes : { ...attributes, ...childOf, ...special(request, nowMs) };
}

function isOrdinary(request: StartMessage['request']): boolean {
  return (
    request.headers === undefined &&
    request.retryPolicy === undefined &&
    request.cronSchedule === undefined &&
    request.startDelayMs === undefined &&
    request.workflowExecutionTimeoutMs === undefined &&
    request.workflowRunTimeoutMs === undefined &&
    request.workflowTaskTimeoutMs === undefined
  );
}

function special(request: StartMessage['request'], nowMs: number): Partial<HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED']> {
  const { headers, retryPolicy, cronSchedule, startDelayMs, workflowExecutionTimeoutMs, workflowRunTimeoutMs, workflowTaskTimeoutMs } = request;
  const nextMs = cronSchedule === undefined ? undefined : nextCronTimeMs(cronSchedule, nowMs + (startDelayMs ?? 0));
  const backoffMs = nextMs === undefined ? startDelayMs : nextMs - nowMs;
  return {
    ...defined('header', headers),
    ...defined('retryPolicy', retryPolicy === undefined ? undefined : resolveRetryPolicy(retryPolicy)),
    ...defined('cronSchedule', cronSchedule),
    ...(backoffMs === undefined || backoffMs <= 0 ? {} : { firstWorkflowTaskBackoffMs: backoffMs }),
    ...defined('workflowExecutionTimeoutMs', workflowExecutionTimeoutMs),
    ...defined('workflowRunTimeoutMs', workflowRunTimeoutMs),
    ...defined('workflowTaskTimeoutMs', workflowTaskTimeoutMs),
  };
}
