import { randomUUID } from 'node:crypto';
import type { JsonValue, StartWorkflowRequest, StartWorkflowsResponse, UpdateWithStartResponse, WorkflowExecution } from '@backstitch/protocol';
import type { Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { fields } from '../table.js';
import { jsonInputs } from './arguments.js';
import { asJson, call, callCommand, type Caller } from './call.js';
import { startedExecution, startRequest, withStartOptions, type StartFlags } from './start-options.js';
import { awaitResult } from './workflow-result.js';
import { UPDATE_WAIT_MS, updateOutcome } from './workflow-update.js';

interface UpdateWithStartFlags extends StartFlags {
  updateInput?: JsonValue[];
  updateId?: string;
}

/** What begins workflows. */
export function addStartCommands(program: Command, cli: CliEnvironment): void {
  withStartOptions(callCommand(program, 'start <workflow-type>', 'start a workflow'))
    .option('--wait', 'wait for its end, and print its result')
    .action((workflowType: string, flags: StartFlags & { wait?: boolean }) =>
      flags.wait === true
        ? call(cli, flags, async (caller) => awaitResult(caller, await start(caller, await startRequest(caller, workflowType, flags))), asJson)
        : call(cli, flags, async (caller) => start(caller, await startRequest(caller, workflowType, flags)), executionText));

  withStartOptions(callCommand(program, 'signal-with-start <workflow-type> <signal-name>', 'send a signal; start the workflow first, in the same commit, if none of the id runs'))
    .option('--signal-input <json>', 'an argument of the signal; may be repeated', jsonInputs)
    .action((workflowType: string, signalName: string, flags: StartFlags & { signalInput?: JsonValue[] }) =>
      call(
        cli,
        flags,
        async (caller) => {
          const signal = { signalName, args: await caller.codec.encodeAll(flags.signalInput ?? []) };
          // Each call is a signal of its own.
          return start(caller, { ...(await startRequest(caller, workflowType, flags, { workflowIdReusePolicy: 'ALLOW_DUPLICATE', workflowIdConflictPolicy: 'USE_EXISTING', requestFingerprint: randomUUID() })), signal });
        },
        executionText,
      ));

  withStartOptions(callCommand(program, 'update-with-start <workflow-type> <update-name>', 'send an update and wait for its result; start the workflow first if none of the id runs'))
    .option('--update-input <json>', 'an argument of the update; may be repeated', jsonInputs)
    .option('--update-id <id>', 'the same id again joins the update (default: a fresh UUID)')
    .action((workflowType: string, updateName: string, flags: UpdateWithStartFlags) => call(cli, flags, (caller) => updateWithStart(caller, workflowType, updateName, flags), asJson));
}

async function start({ post }: Caller, request: StartWorkflowRequest): Promise<WorkflowExecution> {
  const { results } = await post<StartWorkflowsResponse>('/workflows', { starts: [request] }, true);
  return startedExecution(results[0]);
}

async function updateWithStart(caller: Caller, workflowType: string, updateName: string, flags: UpdateWithStartFlags): Promise<JsonValue> {
  const { codec, identity, post } = caller;
  const { updateInput = [], updateId = randomUUID() } = flags;
  const request = await startRequest(caller, workflowType, flags, { workflowIdReusePolicy: 'ALLOW_DUPLICATE', workflowIdConflictPolicy: 'USE_EXISTING', requestFingerprint: randomUUID() });
  const update = { updateId, updateName, args: await codec.encodeAll(updateInput), identity, waitForStage: 'COMPLETED', timeoutMs: UPDATE_WAIT_MS };
  return updateOutcome(caller, { workflowId: request.workflowId, updateId }, async () => {
    const answer = await post<UpdateWithStartResponse>('/workflows/update-with-start', { start: request, update }, true, UPDATE_WAIT_MS);
    const { runId } = startedExecution(answer.start);
    return answer.update ?? { updateId, workflowId: request.workflowId, runId };
  });
}

function executionText({ workflowId, runId }: WorkflowExecution): string {
  return fields([
    ['Workflow', workflowId],
    ['Run', runId],
  ]);
}
