import type { IncidentAction, JsonValue, ListIncidentsResponse, ResetWorkflowResponse } from '@backstitch/protocol';
import { Argument, Option, type Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { UsageError } from '../errors.js';
import { fields, table, time } from '../table.js';
import { json } from './arguments.js';
import { call, callCommand, withJson, withRun, workflowPath, type CallFlags } from './call.js';
import { wholeNumber } from './replay-command.js';

interface ResetFlags extends CallFlags {
  eventId: number;
  reason: string;
  reapply: 'ALL' | 'NONE';
}

interface PauseFlags extends CallFlags {
  reason: string;
}

const ACTIONS: readonly IncidentAction[] = ['retry', 'edit', 'skip', 'fail', 'rollback'];

/** What an operator does: to mend runs, to hold them, to let them go back. */
export function addOperatorCommands(program: Command, cli: CliEnvironment): void {
  const shown = (execution: ResetWorkflowResponse): string => fields([['Workflow', execution.workflowId], ['Run', execution.runId]]);
  const resetting = (command: Command): Command =>
    withRun(withJson(command))
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
  for (const [verb, summary] of [['pause', 'hold a run: no workflow task and no new attempt begins'], ['unpause', 'let a paused run go on']] as const) {
    withRun(callCommand(program, `${verb} <workflow-id>`, summary))
      .requiredOption('--reason <text>')
      .action((workflowId: string, flags: PauseFlags) => call(cli, flags, ({ post, identity }) => post(workflowPath(workflowId, `/${verb}`, flags), { reason: flags.reason, identity }, true), () => ''));
  }

  withJson(callCommand(program, 'incidents', 'list open incidents, oldest first'))
    .option('--limit <incidents>', 'at most so many', wholeNumber, 100)
    .action((flags: CallFlags & { limit: number }) =>
      call(
        cli,
        flags,
        async ({ get }) => {
          const incidents: ListIncidentsResponse['incidents'] = [];
          for (let cursor: string | undefined, isFirst = true; (isFirst || cursor !== undefined) && incidents.length < flags.limit; isFirst = false) {
            const page: ListIncidentsResponse = await get<ListIncidentsResponse>(`/incidents?pageSize=${Math.min(1_000, flags.limit - incidents.length)}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
            incidents.push(...page.incidents);
            cursor = page.nextCursor;
          }
          return incidents;
        },
        (incidents) =>
          incidents.length === 0 ? 'No open incidents.\n' : table(['workflow', 'number', 'kind', 'opened', 'message'], incidents.map((i) => [i.workflowId, i.incidentNumber, i.kind, time(i.openedAtMs), i.message])),
      ));

  withRun(callCommand(program, 'resolve', 'resolve an incident'))
    .argument('<workflow-id>')
    .argument('<incident-number>', 'as listed', wholeNumber)
    .addArgument(new Argument('<action>').choices(ACTIONS))
    .requiredOption('--reason <text>')
    .option('--value <json>', 'edit: the new input; skip: the result', json)
    .action((workflowId: string, incidentNumber: number, action: IncidentAction, flags: CallFlags & { reason: string; value?: JsonValue }) => {
      if (action === 'edit' && flags.value === undefined) throw new UsageError('edit needs the new input: --value JSON.');
      return call(
        cli,
        flags,
        ({ post, identity }) => post(workflowPath(workflowId, `/incidents/${incidentNumber}/${action}`, flags), { reason: flags.reason, identity, ...(flags.value !== undefined && { value: flags.value }) }),
        () => '',
      );
    });
}
