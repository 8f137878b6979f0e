import { describePayload, InvalidRequestError, LIMITS, PayloadTooLargeError, RESERVED_SIGNAL_PREFIX, SignalNameReservedError, WorkflowTypeUnknownError, type JsonValue, type StartWorkflowRequest } from '@backstitch/protocol';
import { isServed } from './batch/advance-runs.js';
import { CronExpressionError, nextCronTimeMs } from './cron.js';
import type { EngineSettings } from './engine-settings.js';
import { exceedsJsonBytes, jsonBytes } from './json.js';
import type { Sandbox } from './ports/sandbox.js';
import { validateSearchAttributes } from './search-attribute-validation.js';

/** @throws the ControlApiError that says what is wrong with a start */
export function validateStart(request: StartWorkflowRequest, sandbox: Pick<Sandbox, 'workflowTypes'>, settings: Pick<EngineSettings, 'searchAttributes'>, nowMs: number): void {
  const { workflowId, workflowType, args, memo, searchAttributes, signal, cronSchedule } = request;
  if (workflowId === '' || workflowId.length > LIMITS.workflowIdLengthMax) {
    throw new InvalidRequestError('/workflowId', `must have 1 to ${LIMITS.workflowIdLengthMax} characters`);
  }
  if (!isServed(sandbox, workflowType)) {
    throw new WorkflowTypeUnknownError(workflowType);
  }
  validateSearchAttributes(searchAttributes ?? {}, settings.searchAttributes);
  refuseOversized('The input of the workflow', args);
  refuseOversized('The memo', memo);
  if (signal !== undefined) {
    validateSignal(signal.signalName, signal.args);
  }
  for (const key of ['workflowExecutionTimeoutMs', 'workflowRunTimeoutMs', 'workflowTaskTimeoutMs', 'startDelayMs'] as const) {
    const value = request[key];
    if (value !== undefined && (!Number.isFinite(value) || value < 0)) {
      throw new InvalidRequestError(`/${key}`, 'must be 0 or more');
    }
  }
  if (cronSchedule !== undefined) {
    validateCron(cronSchedule, nowMs);
  }
}

export function validateSignal(signalName: string, args: JsonValue[]): void {
  if (signalName.startsWith(RESERVED_SIGNAL_PREFIX)) {
    throw new SignalNameReservedError(signalName);
  }
  refuseOversized(`The input of signal "${signalName}"`, args);
}

export function refuseOversized(what: string, payload: JsonValue | undefined): void {
  if (exceedsJsonBytes(payload, LIMITS.payloadBytesMax)) {
    // Of a list of arguments the largest one is named.
    throw new PayloadTooLargeError(Array.isArray(payload) ? describePayload(what, payload) : what, jsonBytes(payload), LIMITS.payloadBytesMax);
  }
}

function validateCron(cronSchedule: string, nowMs: number): void {
  try {
    if (nextCronTimeMs(cronSchedule, nowMs) === undefined) {
      throw new InvalidRequestError('/cronSchedule', 'names no time');
    }
  } catch (error) {
    throw error instanceof CronExpressionError ? new InvalidRequestError('/cronSchedule', error.message) : error;
  }
}
