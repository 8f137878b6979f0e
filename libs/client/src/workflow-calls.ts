import {
  type Headers as JsonHeaders,
  type QueryWorkflowResponse,
  type StartWorkflowRequest,
  type StartWorkflowResult,
  type StartWorkflowsResponse,
  type UpdateWithStartResponse,
  type UpdateWorkflowResponse,
  type WorkflowDescription,
} from '@backstitch/protocol';
import { WorkflowExecutionAlreadyStartedError } from '@backstitch/protocol/failures';
import { headersToJson, type Headers } from '@backstitch/protocol/payloads';
import type { AddressedExecution, WorkflowClientCalls } from './client-interceptors.js';
import type { ControlCaller } from './control-caller.js';
import { QueryRejectedError } from './errors.js';
import { inputOf, payloadCheck, payloadsOf, type SentPayload } from './payload-limit.js';
import type { Payloads } from './payloads.js';
import type { QueryRejectCondition } from './policies.js';
import { reviveControlError } from './revive-error.js';
import { toExecutionDescription } from './workflow-description.js';
import { toStartRequest, type CompiledStart } from './workflow-options.js';
import { untilStage } from './workflow-updates.js';

export interface WorkflowCallsOptions {
  connection: ControlCaller;
  payloads: Payloads;
  identity: string | undefined;
  queryRejectCondition: QueryRejectCondition;
  /** Makes one start. Default: a call of its own. */
  startOne?: StartOne;
}

/** Makes a start, which is not sent if `check` throws. */
export type StartOne = (request: StartWorkflowRequest, check: () => void) => Promise<StartWorkflowResult | undefined>;

/** How long one call may wait on the other side. */
const UPDATE_WAIT_MS = 20_000;

/** The calls of a client as they go over the wire. */
export function workflowCalls({ connection, payloads, identity, queryRejectCondition, startOne }: WorkflowCallsOptions): WorkflowClientCalls {
  const own = identity === undefined ? {} : { identity };
  const post = <Answer>(execution: AddressedExecution, verb: string, body: object, isIdempotent: boolean, waitMs?: number, sent: SentPayload[] = []): Promise<Answer> =>
    connection.call<Answer>({
      method: 'POST',
      path: pathOf(execution, verb),
      body: { ...body, ...own },
      isIdempotent,
      ...(waitMs !== undefined && { waitMs }),
      ...(sent.length > 0 && { checkPayloads: payloadCheck(...sent) }),
    });
  const startAlone: StartOne = async (request, checkPayloads) =>
    (await connection.call<StartWorkflowsResponse>({ method: 'POST', path: '/workflows', body: { starts: [request] }, isIdempotent: true, checkPayloads })).results[0];
  const start = async (request: StartWorkflowRequest, { argumentNames }: CompiledStart): Promise<string> => {
    const result = await (startOne ?? startAlone)({ ...own, ...request }, payloadCheck(...payloadsOf(request, argumentNames)));
    return runIdOf(result, request.workflowType);
  };
  const startWithDetails: WorkflowClientCalls['startWithDetails'] = async ({ workflowType, headers, options }) => ({
    runId: await start(await toStartRequest(workflowType, options, payloads, headers), options),
    eagerlyStarted: options.requestEagerStart === true,
  });
  return {
    startWithDetails,
    start: async (input) => (await startWithDetails(input)).runId,
    signalWithStart: async ({ workflowType, headers, options, signalName, signalArgs }) => {
      const request = await toStartRequest(workflowType, options, payloads, headers);
      // Its purpose: whoever has the id already gets the signal.
      const conflictPolicy = request.workflowIdConflictPolicy ?? 'USE_EXISTING';
      return start({ ...request, workflowIdConflictPolicy: conflictPolicy, signal: { signalName, args: await payloads.encodeAll(signalArgs), ...nonEmpty(headers) } }, options);
    },
    signal: async ({ signalName, args, headers, workflowExecution }) => {
      const payload = await payloads.encodeAll(args);
      // With an id of its own it is recorded once, and so may be sent again.
      await post(workflowExecution, '/signal', { signalName, args: payload, requestId: crypto.randomUUID(), ...nonEmpty(headers) }, true, undefined, [inputOf('signal', signalName, payload)]);
    },
    query: async ({ queryType, args, headers, workflowExecution }) => {
      if (queryRejectCondition !== 'NONE') {
        const { status } = await connection.call<WorkflowDescription>({ method: 'GET', path: pathOf(workflowExecution, ''), isIdempotent: true });
        const isClean = status === 'COMPLETED' || status === 'CONTINUED_AS_NEW';
        if (status !== 'RUNNING' && (queryRejectCondition === 'NOT_OPEN' || !isClean)) throw new QueryRejectedError(status);
      }
      const payload = await payloads.encodeAll(args);
      const { result } = await post<QueryWorkflowResponse>(workflowExecution, '/query', { queryName: queryType, args: payload, ...nonEmpty(headers) }, true, undefined, [inputOf('query', queryType, payload)]);
      return payloads.decode(result);
    },
    startUpdate: async ({ updateName, args, headers, workflowExecution, options: { updateId, waitForStage } }) => {
      const body = { updateId, updateName, args: await payloads.encodeAll(args), waitForStage, timeoutMs: UPDATE_WAIT_MS, ...nonEmpty(headers) };
      return untilStage(waitForStage, updateId, workflowExecution.workflowId, () => post<UpdateWorkflowResponse>(workflowExecution, '/update', body, true, UPDATE_WAIT_MS, [inputOf('update', updateName, body.args)]));
    },
    startUpdateWithStart: async ({ workflowType, workflowStartOptions, workflowStartHeaders, updateName, updateArgs, updateHeaders, updateOptions: { updateId, waitForStage } }) => {
      const request = { ...own, ...(await toStartRequest(workflowType, workflowStartOptions, payloads, workflowStartHeaders)) };
      const update = { ...own, updateId, updateName, args: await payloads.encodeAll(updateArgs), waitForStage, timeoutMs: UPDATE_WAIT_MS, ...nonEmpty(updateHeaders) };
      const { workflowId } = request;
      const checkPayloads = payloadCheck(...payloadsOf(request, workflowStartOptions.argumentNames), inputOf('update', updateName, update.args));
      let runId = '';
      const started = await untilStage(waitForStage, updateId, workflowId, async () => {
        const body = { start: request, update };
        const answer = await connection.call<UpdateWithStartResponse>({ method: 'POST', path: '/workflows/update-with-start', body, isIdempotent: true, waitMs: UPDATE_WAIT_MS, checkPayloads });
        runId = runIdOf(answer.start, workflowType);
        return answer.update ?? { updateId, workflowId, runId };
      });
      return { workflowExecution: { workflowId, runId }, update: { ...started, workflowRunId: runId } };
    },
    cancel: async ({ workflowExecution, reason }) => post(workflowExecution, '/cancel', reason === undefined ? {} : { reason }, true),
    terminate: async ({ workflowExecution, reason, details, rollback }) =>
      post(
        workflowExecution,
        '/terminate',
        {
          reason: reason === undefined || reason === '' ? 'no reason given' : reason,
          ...(details !== undefined && { details: await payloads.encodeDetails(details) }),
          ...(rollback === true && { rollback }),
        },
        false,
      ),
    describe: async ({ workflowExecution }) =>
      toExecutionDescription(await connection.call<WorkflowDescription>({ method: 'GET', path: pathOf(workflowExecution, ''), isIdempotent: true }), payloads),
  };
}

function runIdOf(result: StartWorkflowResult | undefined, workflowType: string): string {
  switch (result?.status) {
    case 'started':
    case 'existing':
      return result.runId;
    case 'conflict':
      throw new WorkflowExecutionAlreadyStartedError('Workflow execution already started', result.workflowId, workflowType);
    case 'rejected':
      throw reviveControlError(result.error);
    case undefined:
      throw new RangeError('The orchestrator answered no result.');
    default:
      return result satisfies never;
  }
}

function pathOf({ workflowId, ...run }: AddressedExecution & { firstExecutionRunId?: string }, verb: string): string {
  const query = Object.entries(run).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `/workflows/${encodeURIComponent(workflowId)}${verb}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

function nonEmpty(headers: Headers): { headers?: JsonHeaders } {
  return Object.keys(headers).length === 0 ? {} : { headers: headersToJson(headers) };
}
