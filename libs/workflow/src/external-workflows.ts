/* eslint-disable @typescript-eslint/no-explicit-any -- what authors write for Temporal must fit: their functions may have any arguments */
import type { ExternalTarget } from '@backstitch/protocol';
import { runFor, scopeFor } from './current-run.js';
import { chain } from './interceptor-chain.js';
import type { SignalWorkflowInput } from './interceptors.js';
import type { SignalDefinition } from './message-definitions.js';
import { headersMember } from './headers-member.js';
import { payloadsJson } from './value-conversion.js';
import type { WorkflowRun } from './workflow-run.js';
import type { ExternalWorkflowHandle } from './workflow-types.js';

/**
 * Runs that record this patch reject a pending cancellation of another workflow when their own scope is cancelled. The id is Temporal's, so that histories
 * mean the same there.
 */
const CANCELLATION_FOLLOWS_SCOPE = '__temporal_internal_connect_external_handle_cancel_to_scope';

/** A handle of any workflow, for signals and cancellation. @param runId default: whichever run of that id is the current one */
export function getExternalWorkflowHandle(workflowId: string, runId?: string): ExternalWorkflowHandle {
  const run = runFor('getExternalWorkflowHandle');
  const signal = (signalName: string, args: unknown[]): Promise<void> =>
    sendSignal(run, signalName, args, { type: 'external', workflowExecution: { workflowId, runId } }, (childWorkflowId) => ({ workflowId: childWorkflowId }));
  return {
    workflowId,
    runId,
    cancel: () => requestCancel(run, workflowId, runId),
    signal: <Args extends any[]>(definition: SignalDefinition<Args> | string, ...args: Args): Promise<void> =>
      signal(typeof definition === 'string' ? definition : definition.name, args),
    signalWithOptions: (signalName, { args }): Promise<void> => signal(signalName, args ?? []),
  };
}

/** Sends a signal in the caller's scope, through the run's interceptors. @param childTarget what the id of a child stands for */
export function sendSignal(
  run: WorkflowRun,
  signalName: string,
  args: unknown[],
  target: SignalWorkflowInput['target'],
  childTarget: (childWorkflowId: string) => ExternalTarget,
): Promise<void> {
  const send = chain(run.interceptors?.outbound, 'signalWorkflow', (input: SignalWorkflowInput) => {
    const external = input.target.type === 'child' ? childTarget(input.target.childWorkflowId) : externalTarget(input.target.workflowExecution);
    const argsJson = payloadsJson(run, input.args, `The arguments of signal ${input.signalName}`);
    return run.features.externalCalls.signal(scopeFor('signal'), input.seq, external, input.signalName, argsJson, headersMember(input.headers));
  });
  return send({ seq: run.features.externalCalls.takeSignalSeq(), signalName, args, target, headers: {} });
}

function externalTarget({ workflowId = '', runId }: { workflowId?: string; runId?: string }): ExternalTarget {
  return { workflowId, ...(runId === undefined ? {} : { runId }) };
}

function requestCancel(run: WorkflowRun, workflowId: string, runId: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const scope = scopeFor('cancel');
    if (scope.cancellable) {
      scope.onRequest((reason) => {
        if (run.hasPatch(CANCELLATION_FOLLOWS_SCOPE, false)) reject(reason);
      });
    }
    if (scope.consideredCancelled && run.hasPatch(CANCELLATION_FOLLOWS_SCOPE, false)) return;
    run.features.externalCalls.cancel(workflowId, runId, resolve, reject);
  });
}
