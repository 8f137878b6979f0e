/* eslint-disable @typescript-eslint/no-explicit-any -- what authors write for Temporal must fit: their functions may have any arguments */
import type { ExternalTarget } from '@backstitch/protocol';
import { resolveChildOptions, type ChildWorkflowOptions, type ChildWorkflowOptionsWithDefaults } from './child-workflow-options.js';
import { runFor, scopeFor } from './current-run.js';
import { sendSignal } from './external-workflows.js';
import { chain } from './interceptor-chain.js';
import type { StartChildWorkflowExecutionInput } from './interceptors.js';
import type { SignalDefinition } from './message-definitions.js';
import { headersMember } from './headers-member.js';
import { toJson } from './to-json.js';
import { payloadsJson } from './value-conversion.js';
import type { WorkflowRun } from './workflow-run.js';
import {
  extractWorkflowType,
  type ChildWorkflowHandle,
  type WithWorkflowArgs,
  type Workflow,
  type WorkflowResultType,
  type WorkflowReturnType,
} from './workflow-types.js';

/**
 * Starts a child and resolves with its handle when it has begun.
 * @throws WorkflowExecutionAlreadyStartedError when its workflow id is taken; CancelledFailure or ChildWorkflowFailure when the scope was cancelled before
 */
export function startChild<T extends Workflow>(workflow: string | T, options: WithWorkflowArgs<T, ChildWorkflowOptions>): Promise<ChildWorkflowHandle<T>>;
export function startChild<T extends () => WorkflowReturnType>(workflow: string | T): Promise<ChildWorkflowHandle<T>>;
export async function startChild<T extends Workflow>(workflow: string | T, options?: WithWorkflowArgs<T, ChildWorkflowOptions>): Promise<ChildWorkflowHandle<T>> {
  const run = runFor('startChild');
  const withDefaults = addDefaultWorkflowOptions(options ?? ({} as WithWorkflowArgs<T, ChildWorkflowOptions>));
  const workflowType = extractWorkflowType(workflow);
  const seq = run.features.children.takeSeq();
  const [started, closed] = await start(run, { seq, options: withDefaults, headers: {}, workflowType });
  const firstExecutionRunId = await started;
  const { workflowId } = withDefaults;
  const signal = (signalName: string, args: unknown[]): Promise<void> => {
    const targetOf = (childWorkflowId: string): ExternalTarget => (childWorkflowId === workflowId ? { childSeq: seq } : { workflowId: childWorkflowId });
    return sendSignal(run, signalName, args, { type: 'child', childWorkflowId: workflowId }, targetOf);
  };
  return {
    workflowId,
    firstExecutionRunId,
    result: async (): Promise<WorkflowResultType<T>> => (await closed) as WorkflowResultType<T>,
    signal: async <Args extends any[]>(definition: SignalDefinition<Args> | string, ...args: Args): Promise<void> =>
      signal(typeof definition === 'string' ? definition : definition.name, args),
    signalWithOptions: async (signalName, { args }): Promise<void> => signal(signalName, args ?? []),
  };
}

/**
 * Starts a child and resolves with what it returns.
 * @throws ChildWorkflowFailure when the child did not complete; WorkflowExecutionAlreadyStartedError when its workflow id is taken
 */
export function executeChild<T extends Workflow>(workflow: string | T, options: WithWorkflowArgs<T, ChildWorkflowOptions>): Promise<WorkflowResultType<T>>;
export function executeChild<T extends () => WorkflowReturnType>(workflow: string | T): Promise<WorkflowResultType<T>>;
export async function executeChild<T extends Workflow>(workflow: string | T, options?: WithWorkflowArgs<T, ChildWorkflowOptions>): Promise<WorkflowResultType<T>> {
  const run = runFor('executeChild');
  const withDefaults = addDefaultWorkflowOptions(options ?? ({} as WithWorkflowArgs<T, ChildWorkflowOptions>));
  const workflowType = extractWorkflowType(workflow);
  const starting = start(run, { seq: run.features.children.takeSeq(), options: withDefaults, headers: {}, workflowType });
  // Not awaited in turn: the number of microtasks is Temporal's.
  return starting.then(([, closed]) => closed) as Promise<WorkflowResultType<T>>;
}

/** Options with a workflow id, cancellation type and arguments: those given, or the defaults. */
export function addDefaultWorkflowOptions<T extends Workflow>(options: WithWorkflowArgs<T, ChildWorkflowOptions>): ChildWorkflowOptionsWithDefaults {
  const { args, workflowId, ...rest } = options as ChildWorkflowOptions & { args?: readonly unknown[] };
  return {
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    ...rest,
    workflowId: workflowId ?? runFor('addDefaultWorkflowOptions').random.uuid4(),
    args: [...(args ?? [])],
  };
}

function start(run: WorkflowRun, input: StartChildWorkflowExecutionInput): Promise<[Promise<string>, Promise<unknown>]> {
  return chain(run.interceptors?.outbound, 'startChildWorkflowExecution', ({ seq, options, headers, workflowType }: StartChildWorkflowExecutionInput) => {
    const resolved = resolveChildOptions(options, run.info.taskQueue);
    const { staticSummary, staticDetails } = options;
    const texts = `${staticSummary === undefined ? '' : `,"summary":${JSON.stringify(staticSummary)}`}${staticDetails === undefined ? '' : `,"details":${JSON.stringify(staticDetails)}`}`;
    return Promise.resolve(
      run.features.children.start(scopeFor('startChild'), {
        seq,
        workflowId: options.workflowId,
        workflowType,
        argsJson: payloadsJson(run, options.args, `The input of ${workflowType}`),
        optionsJson: toJson(resolved, `The options of ${workflowType}`),
        cancellationType: resolved.cancellationType,
        membersJson: `${headersMember(headers)}${texts}`,
      }),
    );
  })(input);
}
