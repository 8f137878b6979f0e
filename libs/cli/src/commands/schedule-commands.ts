import type { JsonValue, ListSchedulesResponse, ScheduleDescription, ScheduleOverlapPolicy } from '@backstitch/protocol';
import { Option, type Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { UsageError } from '../errors.js';
import { fields, table, time } from '../table.js';
import { jsonInputs } from './arguments.js';
import { call, callCommand, withJson, type CallFlags } from './call.js';
import { wholeNumber } from './replay-command.js';

const OVERLAPS: readonly ScheduleOverlapPolicy[] = ['SKIP', 'BUFFER_ONE', 'BUFFER_ALL', 'CANCEL_OTHER', 'TERMINATE_OTHER', 'ALLOW_ALL'];

interface CreateFlags extends CallFlags {
  workflowType: string;
  workflowId?: string;
  cron?: string;
  everyMs?: number;
  timezone?: string;
  overlap?: ScheduleOverlapPolicy;
  input?: JsonValue[];
}

/** Workflows that start by the clock. */
export function addScheduleCommands(program: Command, cli: CliEnvironment): void {
  const schedule = program.command('schedule').summary('workflows that start by the clock').description('Workflows that start by the clock.');
  const pathOf = (scheduleId: string, verb = ''): string => `/schedules/${encodeURIComponent(scheduleId)}${verb}`;

  withJson(callCommand(schedule, 'list', 'list schedules')).action((flags: CallFlags) =>
    call(
      cli,
      flags,
      async ({ get }) => {
        const schedules: ScheduleDescription[] = [];
        for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
          const page: ListSchedulesResponse = await get<ListSchedulesResponse>(`/schedules?pageSize=100${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
          schedules.push(...page.schedules);
          cursor = page.nextCursor;
        }
        return schedules;
      },
      (schedules) =>
        schedules.length === 0
          ? 'No schedules.\n'
          : table(['schedule', 'workflow type', 'state', 'next'], schedules.map((s) => [s.scheduleId, s.schedule.action.workflowType, s.schedule.state.paused === true ? 'paused' : 'active', time(s.nextActionTimesMs[0])])),
    ));
  withJson(callCommand(schedule, 'describe <schedule-id>', 'show a schedule')).action((scheduleId: string, flags: CallFlags) =>
    call(cli, flags, ({ get }) => get<ScheduleDescription>(pathOf(scheduleId)), describeText));
  callCommand(schedule, 'create <schedule-id>', 'create a schedule')
    .requiredOption('--workflow-type <type>')
    .option('--workflow-id <id>', 'the time is added to it (default: the schedule’s id)')
    .option('--cron <expression>')
    .option('--every-ms <ms>', 'an interval, counted from the epoch', wholeNumber)
    .option('--timezone <name>', 'IANA name', 'UTC')
    .option('-i, --input <json>', 'an argument; may be repeated', jsonInputs)
    .addOption(new Option('--overlap <policy>', 'what happens while an action before it runs').choices(OVERLAPS).default('SKIP'))
    .action((scheduleId: string, flags: CreateFlags) => {
      const { cron, everyMs, timezone, workflowType, workflowId = scheduleId, input = [], overlap } = flags;
      if ((cron === undefined) === (everyMs === undefined)) throw new UsageError('Say when: either --cron EXPRESSION or --every-ms MS.');
      const spec = { ...(cron !== undefined && { cronExpressions: [cron] }), ...(everyMs !== undefined && { intervals: [{ everyMs }] }), timezone };
      const definition = { spec, action: { type: 'startWorkflow', workflowId, workflowType, args: input }, policies: { overlap }, state: {} };
      return call(cli, flags, ({ post, identity }) => post('/schedules', { scheduleId, schedule: definition, identity }), () => '');
    });
  for (const [verb, summary] of [['pause', 'take no actions by the clock'], ['unpause', 'take actions again']] as const) {
    callCommand(schedule, `${verb} <schedule-id>`, summary)
      .option('--note <text>')
      .action((scheduleId: string, flags: CallFlags & { note?: string }) => call(cli, flags, ({ post }) => post(pathOf(scheduleId, `/${verb}`), flags.note === undefined ? {} : { note: flags.note }, true), () => ''));
  }
  callCommand(schedule, 'trigger <schedule-id>', 'take an action now').action((scheduleId: string, flags: CallFlags) => call(cli, flags, ({ post }) => post(pathOf(scheduleId, '/trigger'), {}), () => ''));
  callCommand(schedule, 'delete <schedule-id>', 'delete a schedule; what it started goes on').action((scheduleId: string, flags: CallFlags) => call(cli, flags, ({ post }) => post(pathOf(scheduleId, '/delete'), {}), () => ''));
}

function describeText({ scheduleId, schedule, nextActionTimesMs, recentActions, running, actionsTaken, actionsMissed, actionsSkipped }: ScheduleDescription): string {
  const { action, spec, state, policies } = schedule;
  const head = fields([
    ['Schedule', scheduleId],
    ['Starts', `${action.workflowType} "${action.workflowId}-<time>"`],
    ['When', JSON.stringify(spec)],
    ['Overlap', policies.overlap ?? 'SKIP'],
    ['State', state.paused === true ? `paused${state.note === undefined || state.note === '' ? '' : `: ${state.note}`}` : 'active'],
    ['Actions', `${actionsTaken} taken, ${actionsMissed} missed, ${actionsSkipped} skipped`],
    ['Running', running.map(({ workflowId }) => workflowId).join(', ')],
    ['Next', nextActionTimesMs.slice(0, 3).map((ms) => time(ms)).join(', ')],
  ]);
  return recentActions.length === 0 ? head : `${head}\n${table(['due', 'workflow'], recentActions.map(({ scheduledAtMs, execution }) => [time(scheduledAtMs), execution.workflowId]))}`;
}
