import type { ResetWorkflowResponse } from '@backstitch/protocol';
import { Option, type Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { fields } from '../table.js';
import { wholeNumber } from './arguments.js';
import { call, callCommand, withRun, workflowPath, type CallFlags } from './call.js';

interface ResetFlags extends CallFlags {
  eventId: number;
  reason: string;
  reapply: 'ALL' | 'NONE';
}

interface PauseFlags extends CallFlags {
  reason: string;
}

/** What an operator does to runs: to let them go back, and to hold them. */
export function addOperatorCommands(program: Command, cli: CliEnvironment): void {
  const shown = (execution: ResetWorkflowResponse): string => fields([['Workflow', execution.workflowId], ['Run', execution.runId]]);
  const resetting = (command: Command): Command =>
    withRun(command)
      .requiredOption('--event-id <number>', 'a completed workflow task, or any event after it', wholeNumber)
      .requiredOption('--reason <text>')
      .addOption(new Option('--reapply <what>', 'signals and updates after that event').choices(['ALL', 'NONE']).default('ALL'));
  resetting(callCommand(program, 'reset <workflow-id>', 'end a run, and begin it anew from an event of its history')).action((workflowId: string, flags: ResetFlags) =>
    call(cli, flags, ({ post, identity }) => post<ResetWorkflowResponse>(workflowPath(workflowId, '/reset', flags), { eventId: flags.eventId, reason: flags.reason, reapply: flags.reapply, identity }), shown));
  resetting(callCommand(program, 'fork <workflow-id> <new-workflow-id>', 'begin another workflow from an event of a run’s history')).action((workflowId: string, newId: string, flags: ResetFlags) =>
    call(
      cli,
      flags,
      ({ post, identity }) => post<ResetWorkflowResponse>(workflowPath(workflowId, '/fork', flags), { workflowId: newId, eventId: flags.eventId, reason: flags.reason, reapply: flags.reapply, identity }),
      shown,
    ));
  for (const [verb, summary, done] of [
    ['pause', 'hold a run: no workflow task and no new attempt begins', 'Paused.\n'],
    ['unpause', 'let a paused run go on', 'It goes on.\n'],
  ] as const) {
    const command = withRun(callCommand(program, `${verb} <workflow-id>`, summary)).requiredOption('--reason <text>');
    if (verb === 'unpause') command.alias('resume');
    command.action((workflowId: string, flags: PauseFlags) => call(cli, flags, ({ post, identity }) => post(workflowPath(workflowId, `/${verb}`, flags), { reason: flags.reason, identity }, true), () => done));
  }
}
