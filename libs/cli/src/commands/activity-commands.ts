import { readFile } from 'node:fs/promises';
import type { ActivityActionRequest, ActivityHeartbeatResponse, JsonValue } from '@backstitch/protocol';
import type { Command } from 'commander';
import { FileUnreadableError, UsageError } from '../errors.js';
import type { CliEnvironment } from '../environment.js';
import { defined, json } from './arguments.js';
import { asJson, call, callCommand, withRun, workflowPath, type CallFlags, type Caller } from './call.js';

interface ActionFlags extends CallFlags {
  taskTokenFile?: string;
  reason?: string;
  result?: JsonValue;
  details?: JsonValue;
  message?: string;
  type?: string;
  nonRetryable?: boolean;
}

type Action = 'retry' | 'pause' | 'unpause' | 'complete' | 'fail' | 'cancel' | 'heartbeat';

/** What is done to a single activity: by an operator, or in the place of the worker that left its end to others. */
export function addActivityCommands(program: Command, cli: CliEnvironment): void {
  const activity = program
    .command('activity')
    .summary('act on a single activity')
    .description('Acts on a single activity. An operator’s action with a reason enters the history, with who gave it (BACKSTITCH_IDENTITY).');

  for (const [action, summary] of [
    ['retry', 'begin the next attempt now; one that waits or hangs is given up for it'],
    ['pause', 'begin no further attempt; one under way goes on'],
    ['unpause', 'let a paused activity go on'],
  ] as const) {
    const command = withRun(callCommand(activity, `${action} <workflow-id> <activity-id>`, summary)).requiredOption('--reason <text>');
    if (action === 'unpause') command.alias('resume');
    command.action((workflowId: string, activityId: string, flags: ActionFlags) => act(cli, flags, action, [workflowId, activityId], async () => ({}), () => 'Done.\n'));
  }

  ending(activity, 'complete', 'end an activity with a result')
    .option('--result <json>', 'default: null', json)
    .action((workflowId: string | undefined, activityId: string | undefined, flags: ActionFlags) =>
      act(cli, flags, 'complete', [workflowId, activityId], async ({ codec }) => ({ result: await codec.encode(flags.result ?? null) }), () => 'Completed.\n'));
  ending(activity, 'fail', 'fail an activity: an attempt is tried again as its retry policy says; with a reason it is an operator’s, and for good')
    .requiredOption('--message <text>')
    .option('--type <type>', 'retry policies name it')
    .option('--non-retryable', 'it is not tried again')
    .option('--details <json>', 'for the workflow', json)
    .action((workflowId: string | undefined, activityId: string | undefined, flags: ActionFlags & { message: string }) =>
      act(cli, flags, 'fail', [workflowId, activityId], async ({ codec }) => ({ failure: { message: flags.message, applicationFailureInfo: await failureInfo(codec, flags) } }), () => 'Failed.\n'));
  ending(activity, 'cancel', 'say that an activity was given up')
    .option('--details <json>', 'for the workflow', json)
    .action((workflowId: string | undefined, activityId: string | undefined, flags: ActionFlags) => act(cli, flags, 'cancel', [workflowId, activityId], (caller) => detailsOf(caller, flags), () => 'Cancelled.\n'));
  ending(activity, 'heartbeat', 'say that the work goes on; prints whether it is still wanted')
    .option('--details <json>', 'for the next attempt', json)
    .action((workflowId: string | undefined, activityId: string | undefined, flags: ActionFlags) => act(cli, flags, 'heartbeat', [workflowId, activityId], (caller) => detailsOf(caller, flags), asJson));
}

function ending(parent: Command, action: Action, summary: string): Command {
  return withRun(callCommand(parent, `${action} [workflow-id] [activity-id]`, summary))
    .option('--reason <text>', 'an operator’s: enters the history')
    .option('--task-token-file <file>', 'in place of the ids: the file that holds the task token (or BACKSTITCH_TASK_TOKEN)');
}

async function act(
  cli: CliEnvironment,
  flags: ActionFlags,
  action: Action,
  ids: readonly [string | undefined, string | undefined],
  content: (caller: Caller) => Promise<ActivityActionRequest>,
  show: (answer: ActivityHeartbeatResponse | undefined) => string,
): Promise<void> {
  const target = await targetOf(cli, flags, action, ids);
  await call(
    cli,
    flags,
    async (caller) => {
      const body = { ...(await content(caller)), identity: caller.identity, ...defined({ reason: flags.reason, taskToken: target.taskToken }) };
      return caller.post<ActivityHeartbeatResponse | undefined>(target.path, body, action === 'heartbeat');
    },
    show,
  );
}

/** By its ids, or by a task token: a secret, so that it is never an argument. @throws UsageError */
async function targetOf({ environment }: CliEnvironment, flags: ActionFlags, action: Action, [workflowId, activityId]: readonly [string | undefined, string | undefined]): Promise<{ path: string; taskToken?: string }> {
  if (workflowId !== undefined && activityId !== undefined) return { path: workflowPath(workflowId, `/activities/${encodeURIComponent(activityId)}/${action}`, flags) };
  if (workflowId !== undefined) throw new UsageError('Name the activity too: backstitch describe shows the ids.');
  if (flags.reason !== undefined) throw new UsageError('A reason is for actions by ids: who has a task token does what the activity waits for.');
  const taskToken = flags.taskTokenFile === undefined ? environment['BACKSTITCH_TASK_TOKEN'] : await tokenOf(flags.taskTokenFile);
  if (taskToken === undefined || taskToken === '') {
    throw new UsageError('Name the activity by workflow id and activity id; or give its task token in BACKSTITCH_TASK_TOKEN or --task-token-file, since arguments can be seen by others.');
  }
  return { path: `/activities/by-token/${action}`, taskToken };
}

async function tokenOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FileUnreadableError(file, 'cannot be read.', { cause });
  });
  return text.trim();
}

async function detailsOf({ codec }: Caller, { details }: ActionFlags): Promise<ActivityActionRequest> {
  return details === undefined ? {} : { details: await codec.encode(details) };
}

async function failureInfo(codec: Caller['codec'], { type, nonRetryable, details }: ActionFlags): Promise<NonNullable<NonNullable<ActivityActionRequest['failure']>['applicationFailureInfo']>> {
  return defined({ type, nonRetryable, details: details === undefined ? undefined : [await codec.encode(details)] });
}
