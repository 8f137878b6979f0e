import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, type JsonObject, type JsonValue, type StartWorkflowRequest, type StartWorkflowResult, type WorkflowExecution, type WorkflowIdConflictPolicy, type WorkflowIdReusePolicy } from '@backstitch/protocol';
import { Option, type Command } from 'commander';
import { ControlAnswerError } from '../control-answer-error.js';
import { defined, jsonInputs, jsonObject, searchAttribute, wholeNumber } from './arguments.js';
import type { CallFlags, Caller } from './call.js';
import { readSearchAttributes } from './search-attributes.js';

export interface StartFlags extends CallFlags {
  id?: string;
  input?: JsonValue[];
  searchAttribute?: Record<string, string[]>;
  memo?: JsonObject;
  taskQueue?: string;
  cron?: string;
  startDelayMs?: number;
  runTimeoutMs?: number;
  executionTimeoutMs?: number;
  idReusePolicy?: WorkflowIdReusePolicy;
  idConflictPolicy?: WorkflowIdConflictPolicy;
}

const REUSE_POLICIES: readonly WorkflowIdReusePolicy[] = ['ALLOW_DUPLICATE', 'ALLOW_DUPLICATE_FAILED_ONLY', 'REJECT_DUPLICATE'];
const CONFLICT_POLICIES: readonly WorkflowIdConflictPolicy[] = ['FAIL', 'USE_EXISTING', 'TERMINATE_EXISTING'];

/** What can be said of a start. */
export function withStartOptions(command: Command): Command {
  return command
    .option('--id <workflow-id>', 'default: a fresh UUID')
    .option('-i, --input <json>', 'an argument of the workflow; may be repeated', jsonInputs)
    .option('--search-attribute <name=value>', 'may be repeated', searchAttribute)
    .option('--memo <json>', 'an object', jsonObject)
    .option('--task-queue <name>', 'default queue of its activities')
    .option('--cron <expression>', 'start it again and again')
    .option('--start-delay-ms <ms>', 'the first task is due so much later', wholeNumber)
    .option('--run-timeout-ms <ms>', 'one run may take so long', wholeNumber)
    .option('--execution-timeout-ms <ms>', 'all runs of the chain together may take so long', wholeNumber)
    .addOption(new Option('--id-reuse-policy <policy>', 'whether the id of a closed run may be taken again').choices(REUSE_POLICIES))
    .addOption(new Option('--id-conflict-policy <policy>', 'what happens if a running workflow has the id').choices(CONFLICT_POLICIES));
}

/** The request of one start. Without a policy of its own, the same start twice is one. */
export async function startRequest(caller: Caller, workflowType: string, flags: StartFlags, defaults: Partial<StartWorkflowRequest> = {}): Promise<StartWorkflowRequest> {
  const { codec, identity } = caller;
  const { id, input = [], searchAttribute, memo, taskQueue, cron: cronSchedule, startDelayMs } = flags;
  const { runTimeoutMs: workflowRunTimeoutMs, executionTimeoutMs: workflowExecutionTimeoutMs, idReusePolicy: workflowIdReusePolicy, idConflictPolicy: workflowIdConflictPolicy } = flags;
  return {
    workflowId: id ?? randomUUID(),
    workflowType,
    args: await codec.encodeAll(input),
    identity,
    ...defaults,
    ...defined({
      searchAttributes: await readSearchAttributes(caller, searchAttribute),
      memo: memo === undefined ? undefined : await codec.encodeFields(memo),
      taskQueue,
      cronSchedule,
      startDelayMs,
      workflowRunTimeoutMs,
      workflowExecutionTimeoutMs,
      workflowIdReusePolicy,
      workflowIdConflictPolicy,
    }),
  };
}

/** @throws WorkflowExecutionAlreadyStartedError, ControlAnswerError */
export function startedExecution(result: StartWorkflowResult | undefined): WorkflowExecution {
  switch (result?.status) {
    case 'started':
    case 'existing':
      return { workflowId: result.workflowId, runId: result.runId };
    case 'conflict':
      throw new WorkflowExecutionAlreadyStartedError(result.workflowId, result.runId);
    case 'rejected':
      throw new ControlAnswerError(result.error);
    case undefined:
      throw new RangeError('The orchestrator answered no result.');
    default:
      return result satisfies never;
  }
}
