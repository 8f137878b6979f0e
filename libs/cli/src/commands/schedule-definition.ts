import type { CreateScheduleRequest, JsonObject, JsonValue, ScheduleCalendar, ScheduleDefinition, ScheduleOverlapPolicy, ScheduleSpec } from '@backstitch/protocol';
import { Option, type Command } from 'commander';
import { UsageError } from '../errors.js';
import { defined, jsonInputs, jsonObject, searchAttribute, texts, timeMs, wholeNumber } from './arguments.js';
import type { CallFlags, Caller } from './call.js';
import { readSearchAttributes } from './search-attributes.js';

/** What a schedule does and when, as the command line says it. */
export interface DefinitionFlags extends CallFlags {
  workflowType?: string;
  workflowId?: string;
  taskQueue?: string;
  input?: JsonValue[];
  memo?: JsonObject;
  searchAttribute?: Record<string, string[]>;
  cron?: string[];
  everyMs?: number;
  offsetMs?: number;
  calendar?: JsonObject[];
  timezone?: string;
  jitterMs?: number;
  startAt?: number;
  endAt?: number;
  overlap?: ScheduleOverlapPolicy;
  catchupWindowMs?: number;
  pauseOnFailure?: boolean;
  remainingActions?: number;
  note?: string;
  paused?: boolean;
}

export interface CreateFlags extends DefinitionFlags {
  trigger?: boolean;
}

export const OVERLAPS: readonly ScheduleOverlapPolicy[] = ['SKIP', 'BUFFER_ONE', 'BUFFER_ALL', 'CANCEL_OTHER', 'TERMINATE_OTHER', 'ALLOW_ALL'];

export function withDefinitionOptions(command: Command): Command {
  return command
    .option('--workflow-type <type>', 'what is started')
    .option('--workflow-id <id>', 'the time is added to it (default: the schedule’s id)')
    .option('--task-queue <name>', 'default queue of its activities')
    .option('-i, --input <json>', 'an argument of the workflow; may be repeated', jsonInputs)
    .option('--memo <json>', 'of the workflows: an object', jsonObject)
    .option('--search-attribute <name=value>', 'of the workflows; may be repeated', searchAttribute)
    .option('--cron <expression>', 'when: five to seven fields, @daily, @every 1h; may be repeated', texts)
    .option('--every-ms <ms>', 'when: an interval, counted from the epoch', wholeNumber)
    .option('--offset-ms <ms>', 'the interval begins so much later', wholeNumber)
    .option('--calendar <json>', 'when: as {"hour": [{"start": 2}], "dayOfWeek": [{"start": 1, "end": 5}]}; may be repeated', (text: string, before: JsonObject[] = []) => [...before, jsonObject(text)])
    .option('--timezone <name>', 'IANA name (default: UTC)')
    .option('--jitter-ms <ms>', 'each time is put off by up to so much', wholeNumber)
    .option('--start-at <time>', 'not before: ISO 8601', timeMs)
    .option('--end-at <time>', 'not after: ISO 8601', timeMs)
    .addOption(new Option('--overlap <policy>', 'what happens while an action before it runs (default: SKIP)').choices(OVERLAPS))
    .option('--catchup-window-ms <ms>', 'how far back it makes up for what an outage missed (default: a year)', wholeNumber)
    .option('--pause-on-failure', 'a workflow that fails pauses it')
    .option('--remaining-actions <number>', 'rest after so many', wholeNumber)
    .option('--note <text>')
    .option('--paused', 'take no actions by the clock');
}

/** @throws UsageError if it does not say when */
export async function createdSchedule(caller: Caller, scheduleId: string, flags: CreateFlags & { workflowType: string }): Promise<CreateScheduleRequest> {
  const spec = specOf(flags, { timezone: 'UTC' });
  if (!saysWhen(flags)) throw new UsageError('Say when: --cron EXPRESSION, --every-ms MS or --calendar JSON.');
  const { workflowType, workflowId = scheduleId } = flags;
  const action = { type: 'startWorkflow' as const, workflowId, workflowType, args: [], ...(await actionOf(caller, flags)) };
  const policies = { overlap: flags.overlap ?? 'SKIP', ...policiesOf(flags) };
  return { scheduleId, schedule: { spec, action, policies, state: stateOf(flags) }, identity: caller.identity, ...(flags.trigger === true && { triggerImmediately: true }) };
}

/** The schedule with what the flags name changed. New times take the place of all others. */
export async function updatedSchedule(caller: Caller, { spec, action, policies, state }: ScheduleDefinition, flags: DefinitionFlags): Promise<ScheduleDefinition> {
  const { calendars: _calendars, intervals: _intervals, cronExpressions: _expressions, ...kept } = spec;
  return {
    spec: specOf(flags, saysWhen(flags) ? kept : spec),
    action: { ...action, ...(await actionOf(caller, flags)) },
    policies: { ...policies, ...policiesOf(flags) },
    state: { ...state, ...stateOf(flags) },
  };
}

function saysWhen({ cron, everyMs, calendar }: DefinitionFlags): boolean {
  return cron !== undefined || everyMs !== undefined || calendar !== undefined;
}

function specOf({ cron, everyMs, offsetMs, calendar, timezone, jitterMs, startAt, endAt }: DefinitionFlags, kept: ScheduleSpec): ScheduleSpec {
  if (offsetMs !== undefined && everyMs === undefined) throw new UsageError('--offset-ms belongs to --every-ms.');
  return {
    ...kept,
    ...defined({
      cronExpressions: cron,
      intervals: everyMs === undefined ? undefined : [{ everyMs, ...defined({ offsetMs }) }],
      calendars: calendar as ScheduleCalendar[] | undefined,
      timezone,
      jitterMs,
      startAtMs: startAt,
      endAtMs: endAt,
    }),
  };
}

async function actionOf(caller: Caller, { workflowType, workflowId, taskQueue, input, memo, searchAttribute }: DefinitionFlags): Promise<Partial<ScheduleDefinition['action']>> {
  const { codec } = caller;
  return defined({
    workflowType,
    workflowId,
    taskQueue,
    args: input === undefined ? undefined : await codec.encodeAll(input),
    memo: memo === undefined ? undefined : await codec.encodeFields(memo),
    searchAttributes: await readSearchAttributes(caller, searchAttribute),
  });
}

function policiesOf({ overlap, catchupWindowMs, pauseOnFailure }: DefinitionFlags): ScheduleDefinition['policies'] {
  return defined({ overlap, catchupWindowMs, pauseOnFailure });
}

function stateOf({ remainingActions, note, paused }: DefinitionFlags): ScheduleDefinition['state'] {
  return defined({ remainingActions, note, paused });
}
