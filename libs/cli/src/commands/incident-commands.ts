import { ControlApiError, LIMITS, type IncidentAction, type IncidentKind, type JsonValue, type ListIncidentsResponse } from '@backstitch/protocol';
import { Argument, Option, type Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { IncidentsNotResolvedError, UsageError } from '../errors.js';
import { table, time } from '../table.js';
import { json, wholeNumber } from './arguments.js';
import { allPages, call, callCommand, withRun, workflowPath, type CallFlags, type Caller } from './call.js';

type OpenIncident = ListIncidentsResponse['incidents'][number];

interface FilterFlags extends CallFlags {
  kind?: IncidentKind;
  workflowType?: string;
  limit: number;
}

interface ResolveFlags extends CallFlags {
  reason: string;
  value?: JsonValue;
}

const ACTIONS: readonly IncidentAction[] = ['retry', 'edit', 'skip', 'fail', 'rollback'];
/** All of them: the compiler says so when there are more. */
const KINDS = Object.keys({ UNDO_FAILED: true, UNDO_DELAYED: true, STEP_DELAYED: true, PIVOT_IN_DOUBT: true, BUILD_NOT_SERVED: true, NONDETERMINISM: true, WORKFLOW_TASK_FAILED: true, HISTORY_LIMIT: true, DRIFT: true, QUEUE_NOT_SERVED: true } satisfies Record<IncidentKind, true>) as IncidentKind[];
const LIST_DEFAULT = 100;

/** What waits for a person, and what a person decides. */
export function addIncidentCommands(program: Command, cli: CliEnvironment): void {
  const filtered = (command: Command, limit: number): Command =>
    command
      .addOption(new Option('--kind <kind>', 'those of this kind alone').choices(KINDS))
      .option('--workflow-type <type>', 'those of workflows of this type alone')
      .option('--limit <incidents>', 'at most so many, the oldest first', wholeNumber, limit);

  filtered(callCommand(program, 'incidents', 'list open incidents, oldest first'), LIST_DEFAULT).action((flags: FilterFlags) => call(cli, flags, (caller) => openIncidents(caller, flags), incidentsTable));

  withRun(callCommand(program, 'resolve', 'resolve an incident'))
    .argument('<workflow-id>')
    .argument('<incident-number>', 'as listed', wholeNumber)
    .addArgument(new Argument('<action>').choices(ACTIONS))
    .requiredOption('--reason <text>')
    .option('--value <json>', 'edit: the new input; skip: the result', json)
    .action((workflowId: string, incidentNumber: number, action: IncidentAction, flags: ResolveFlags) => {
      if (action === 'edit' && flags.value === undefined) throw new UsageError('edit needs the new input: --value JSON.');
      return call(cli, flags, (caller) => resolve(caller, { workflowId, incidentNumber }, action, flags, flags.runId), () => 'Resolved.\n');
    });

  filtered(callCommand(program, 'resolve-all', 'resolve many incidents in the same way, for the same reason'), LIMITS.pageSizeMax)
    .addArgument(new Argument('<action>').choices(['retry', 'skip', 'fail', 'rollback'] satisfies IncidentAction[]))
    .requiredOption('--reason <text>')
    .option('--value <json>', 'skip: the result of each', json)
    .option('--dry-run', 'show which, and do nothing')
    .action((action: IncidentAction, flags: FilterFlags & ResolveFlags & { dryRun?: boolean }) => {
      if (flags.kind === undefined && flags.workflowType === undefined) throw new UsageError('Say which: --kind KIND, --workflow-type TYPE, or both.');
      return call(cli, flags, (caller) => resolveAll(cli, caller, action, flags), (found) => (flags.dryRun === true ? incidentsTable(found) : `${found.length} resolved.\n`));
    });
}

/** Open incidents that fit, oldest first. */
function openIncidents({ get }: Caller, { kind, workflowType, limit }: FilterFlags): Promise<OpenIncident[]> {
  const fits = (incident: OpenIncident): boolean => (kind === undefined || incident.kind === kind) && (workflowType === undefined || incident.workflowType === workflowType);
  // Whole pages where not all of them fit.
  const pageSizeOf = (wanted: number): number => (kind === undefined && workflowType === undefined ? wanted : LIMITS.pageSizeMax);
  return allPages(limit, LIMITS.pageSizeMax, async (cursor, wanted) => {
    const page = await get<ListIncidentsResponse>(`/incidents?pageSize=${pageSizeOf(wanted)}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    return { rows: page.incidents.filter(fits), nextCursor: page.nextCursor };
  });
}

async function resolve(
  { post, identity, codec }: Caller,
  { workflowId, incidentNumber }: Pick<OpenIncident, 'workflowId' | 'incidentNumber'>,
  action: IncidentAction,
  { reason, value }: ResolveFlags,
  runId: string | undefined,
): Promise<void> {
  const path = workflowPath(workflowId, `/incidents/${incidentNumber}/${action}`, runId === undefined ? {} : { runId });
  await post(path, { reason, identity, ...(value !== undefined && { value: await codec.encode(value) }) });
}

/** One after the other; those that are refused are told, and do not stop the others. @throws IncidentsNotResolvedError */
async function resolveAll(cli: CliEnvironment, caller: Caller, action: IncidentAction, flags: FilterFlags & ResolveFlags & { dryRun?: boolean }): Promise<OpenIncident[]> {
  const found = await openIncidents(caller, flags);
  if (flags.dryRun === true) return found;
  let refused = 0;
  for (const incident of found) {
    try {
      await resolve(caller, incident, action, flags, incident.runId);
    } catch (error) {
      if (!(error instanceof ControlApiError)) throw error;
      refused += 1;
      cli.writeError(`${incident.workflowId} ${incident.incidentNumber}: ${error.message}\n`);
    }
  }
  if (refused > 0) throw new IncidentsNotResolvedError(found.length, refused);
  return found;
}

function incidentsTable(incidents: readonly OpenIncident[]): string {
  return incidents.length === 0
    ? 'No open incidents.\n'
    : table(
        ['workflow', 'type', 'number', 'kind', 'opened', 'message'],
        incidents.map((i) => [i.workflowId, i.workflowType, i.incidentNumber, i.kind, time(i.openedAtMs), i.message]),
      );
}
