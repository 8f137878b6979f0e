import type { ListSchedulesResponse, ScheduleDescription, ScheduleOverlapPolicy, UpdateScheduleRequest } from '@backstitch/protocol';
import { Option, type Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { UsageError } from '../errors.js';
import { fields, table, time } from '../table.js';
import { timeMs } from './arguments.js';
import { allPages, call, callCommand, type CallFlags } from './call.js';
import { createdSchedule, OVERLAPS, updatedSchedule, withDefinitionOptions, type CreateFlags, type DefinitionFlags } from './schedule-definition.js';

const PAGE_SIZE = 100;

interface BackfillFlags extends CallFlags {
  start: number;
  end: number;
  overlap?: ScheduleOverlapPolicy;
}

/** Workflows that start by the clock. */
export function addScheduleCommands(program: Command, cli: CliEnvironment): void {
  const schedule = program.command('schedule').summary('workflows that start by the clock').description('Workflows that start by the clock.');
  const pathOf = (scheduleId: string, verb = ''): string => `/schedules/${encodeURIComponent(scheduleId)}${verb}`;
  const overlapOption = (what: string): Option => new Option('--overlap <policy>', what).choices(OVERLAPS);

  callCommand(schedule, 'list', 'list schedules').action((flags: CallFlags) =>
    call(
      cli,
      flags,
      ({ get }) =>
        allPages(Infinity, PAGE_SIZE, async (cursor) => {
          const page = await get<ListSchedulesResponse>(`/schedules?pageSize=${PAGE_SIZE}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
          return { rows: page.schedules, nextCursor: page.nextCursor };
        }),
      listTable,
    ));
  callCommand(schedule, 'describe <schedule-id>', 'show a schedule')
    .alias('show')
    .action((scheduleId: string, flags: CallFlags) => call(cli, flags, ({ get }) => get<ScheduleDescription>(pathOf(scheduleId)), describeText));

  withDefinitionOptions(callCommand(schedule, 'create <schedule-id>', 'create a schedule'))
    .option('--trigger', 'take an action at once')
    .action((scheduleId: string, flags: CreateFlags) => {
      const { workflowType } = flags;
      if (workflowType === undefined) throw new UsageError('Say what is started: --workflow-type TYPE.');
      return call(cli, flags, async (caller) => caller.post('/schedules', await createdSchedule(caller, scheduleId, { ...flags, workflowType })), () => 'Created.\n');
    });
  withDefinitionOptions(callCommand(schedule, 'update <schedule-id>', 'change a schedule; what is not named stays')).action((scheduleId: string, flags: DefinitionFlags) =>
    call(
      cli,
      flags,
      async (caller) => {
        const { schedule: present, version } = await caller.get<ScheduleDescription>(pathOf(scheduleId));
        const request: UpdateScheduleRequest = { schedule: await updatedSchedule(caller, present, flags), version };
        await caller.post(pathOf(scheduleId, '/update'), request);
      },
      () => 'Changed.\n',
    ));
  callCommand(schedule, 'backfill <schedule-id>', 'take the actions of past times')
    .requiredOption('--start <time>', 'ISO 8601', timeMs)
    .requiredOption('--end <time>', 'ISO 8601', timeMs)
    .addOption(overlapOption('default: the schedule’s own'))
    .action((scheduleId: string, flags: BackfillFlags) => {
      if (flags.end < flags.start) throw new UsageError('The end is before the start.');
      const backfill = { startMs: flags.start, endMs: flags.end, ...(flags.overlap !== undefined && { overlap: flags.overlap }) };
      return call(cli, flags, ({ post }) => post(pathOf(scheduleId, '/backfill'), { backfills: [backfill] }), () => 'Asked for.\n');
    });
  callCommand(schedule, 'trigger <schedule-id>', 'take an action now')
    .addOption(overlapOption('default: the schedule’s own'))
    .action((scheduleId: string, flags: CallFlags & { overlap?: ScheduleOverlapPolicy }) =>
      call(cli, flags, ({ post }) => post(pathOf(scheduleId, '/trigger'), flags.overlap === undefined ? {} : { overlap: flags.overlap }), () => 'Asked for.\n'));
  for (const [verb, summary, done] of [
    ['pause', 'take no actions by the clock', 'Paused.\n'],
    ['unpause', 'take actions again', 'It goes on.\n'],
  ] as const) {
    const command = callCommand(schedule, `${verb} <schedule-id>`, summary).option('--note <text>');
    if (verb === 'unpause') command.alias('resume');
    command.action((scheduleId: string, flags: CallFlags & { note?: string }) => call(cli, flags, ({ post }) => post(pathOf(scheduleId, `/${verb}`), flags.note === undefined ? {} : { note: flags.note }, true), () => done));
  }
  callCommand(schedule, 'delete <schedule-id>', 'delete a schedule; what it started goes on').action((scheduleId: string, flags: CallFlags) =>
    call(cli, flags, ({ post }) => post(pathOf(scheduleId, '/delete'), {}), () => 'Deleted.\n'));
}

function listTable(schedules: readonly ScheduleDescription[]): string {
  return schedules.length === 0
    ? 'No schedules.\n'
    : table(
        ['schedule', 'workflow type', 'state', 'next'],
        schedules.map((s) => [s.scheduleId, s.schedule.action.workflowType, s.schedule.state.paused === true ? 'paused' : 'active', time(s.nextActionTimesMs[0])]),
      );
}

function describeText({ scheduleId, schedule, nextActionTimesMs, recentActions, running, actionsTaken, actionsMissed, actionsSkipped }: ScheduleDescription): string {
  const { action, spec, state, policies } = schedule;
  const head = fields([
    ['Schedule', scheduleId],
    ['Starts', `${action.workflowType} "${action.workflowId}-<time>"`],
    ['Input', JSON.stringify(action.args)],
    ['When', JSON.stringify(spec)],
    ['Overlap', policies.overlap ?? 'SKIP'],
    ['State', state.paused === true ? `paused${state.note === undefined || state.note === '' ? '' : `: ${state.note}`}` : 'active'],
    ['Actions left', state.remainingActions],
    ['Actions', `${actionsTaken} taken, ${actionsMissed} missed, ${actionsSkipped} skipped`],
    ['Running', running.map(({ workflowId }) => workflowId).join(', ')],
    ['Next', nextActionTimesMs.slice(0, 3).map((ms) => time(ms)).join(', ')],
  ]);
  return recentActions.length === 0 ? head : `${head}\n${table(['due', 'workflow'], recentActions.map(({ scheduledAtMs, execution }) => [time(scheduledAtMs), execution.workflowId]))}`;
}
