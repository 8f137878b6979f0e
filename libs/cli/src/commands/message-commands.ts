import { randomUUID } from 'node:crypto';
import type { JsonValue, QueryWorkflowResponse, TerminateWorkflowResponse, UpdateWorkflowResponse } from '@backstitch/protocol';
import type { Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { fields } from '../table.js';
import { jsonInputs, wholeNumber } from './arguments.js';
import { asJson, call, callCommand, withRun, workflowPath, type CallFlags } from './call.js';
import { awaitResult } from './workflow-result.js';
import { UPDATE_WAIT_MS, updateOutcome } from './workflow-update.js';

interface InputFlags extends CallFlags {
  input?: JsonValue[];
}

/** What is said to a workflow, and asked of it. */
export function addMessageCommands(program: Command, cli: CliEnvironment): void {
  const withInput = (command: Command): Command => withRun(command).option('-i, --input <json>', 'an argument; may be repeated', jsonInputs);

  withInput(callCommand(program, 'signal <workflow-id> <signal-name>', 'send a signal')).action((workflowId: string, signalName: string, flags: InputFlags) =>
    call(
      cli,
      flags,
      async ({ post, identity, codec }) => post(workflowPath(workflowId, '/signal', flags), { signalName, args: await codec.encodeAll(flags.input ?? []), identity, requestId: randomUUID() }, true),
      () => 'Sent.\n',
    ));

  const query = (workflowId: string, queryName: string, flags: InputFlags, show: (answer: JsonValue) => string): Promise<void> =>
    call(
      cli,
      flags,
      async ({ post, codec }) => (await post<QueryWorkflowResponse>(workflowPath(workflowId, '/query', flags), { queryName, args: await codec.encodeAll(flags.input ?? []) }, true)).result,
      show,
    );
  withInput(callCommand(program, 'query <workflow-id> <query-name>', 'ask a workflow; prints the answer as JSON')).action((workflowId: string, queryName: string, flags: InputFlags) =>
    query(workflowId, queryName, flags, asJson));
  withRun(callCommand(program, 'stack <workflow-id>', 'show what a workflow waits for')).action((workflowId: string, flags: CallFlags) =>
    query(workflowId, '__stack_trace', flags, (answer) => `${typeof answer === 'string' && answer !== '' ? answer : 'It waits for nothing.'}\n`));

  withInput(callCommand(program, 'update <workflow-id> <update-name>', 'send an update and wait for its result; prints it as JSON'))
    .option('--update-id <id>', 'the same id again joins the update (default: a fresh UUID)')
    .action((workflowId: string, updateName: string, flags: InputFlags & { updateId?: string }) =>
      call(
        cli,
        flags,
        async (caller) => {
          const { updateId = randomUUID(), input = [] } = flags;
          const body = { updateId, updateName, args: await caller.codec.encodeAll(input), identity: caller.identity, waitForStage: 'COMPLETED', timeoutMs: UPDATE_WAIT_MS };
          return updateOutcome(caller, { workflowId, updateId }, () => caller.post<UpdateWorkflowResponse>(workflowPath(workflowId, '/update', flags), body, true, UPDATE_WAIT_MS));
        },
        asJson,
      ));

  withRun(callCommand(program, 'result <workflow-id>', 'wait for a workflow’s end; prints its result as JSON'))
    .option('--timeout-ms <ms>', 'wait so long at most (default: for ever)', wholeNumber)
    .action((workflowId: string, flags: CallFlags & { timeoutMs?: number }) =>
      call(cli, flags, (caller) => awaitResult(caller, { workflowId, ...(flags.runId !== undefined && { runId: flags.runId }) }, flags.timeoutMs), asJson));

  withRun(callCommand(program, 'cancel <workflow-id>', 'ask a workflow to cancel itself; its undos run'))
    .option('--reason <text>')
    .action((workflowId: string, flags: CallFlags & { reason?: string }) =>
      call(cli, flags, ({ post, identity }) => post(workflowPath(workflowId, '/cancel', flags), { ...(flags.reason !== undefined && { reason: flags.reason }), identity }, true), () => 'Asked for.\n'));

  withRun(callCommand(program, 'terminate <workflow-id>', 'end a workflow at once'))
    .requiredOption('--reason <text>')
    .option('--rollback', 'run its undos, without its code')
    .action((workflowId: string, flags: CallFlags & { reason: string; rollback?: boolean }) =>
      call(
        cli,
        flags,
        ({ post, identity }) => post<TerminateWorkflowResponse | undefined>(workflowPath(workflowId, '/terminate', flags), { reason: flags.reason, identity, ...(flags.rollback === true && { rollback: true }) }),
        (answer) => (answer?.rollback === undefined ? `Terminated.${flags.rollback === true ? ' Nothing is to be undone.' : ''}\n` : `Terminated.\n${fields([['Rollback', answer.rollback.workflowId]])}`),
      ));
}
