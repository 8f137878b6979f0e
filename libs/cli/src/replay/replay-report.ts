import type { IncidentDivergence } from '@backstitch/protocol';
import { table } from '../table.js';
import type { ProblemGroup, ReplayProblemOutcome } from './problem-groups.js';
import type { ReplayOutcome, ReplaySummary } from './replay-histories.js';

const GROUPS_SHOWN_MAX = 50;
const DRIFTS_SHOWN_MAX = 5;

const NAMES: Record<ReplayOutcome['status'], string> = { ok: 'ok', drift: 'drift', divergence: 'divergence', taskFailed: 'task failed' };

/** What a person reads: each problem once, with how many runs have it and both sides of the first of them, and how many runs fared how. */
export function replayReport(summary: ReplaySummary, { allowDrift, durationMs }: { allowDrift: boolean; durationMs: number }): string {
  const { runs, events, byStatus, problemGroups, problemsByType, pinnedRuns, isOk } = summary;
  const shown = problemGroups.slice(0, GROUPS_SHOWN_MAX);
  const hidden = problemGroups.length - shown.length;
  const parts = [
    ...shown.map((group) => `${groupText(group)}\n`),
    ...(hidden > 0 ? [`… and ${hidden} more kinds of problems (see --json FILE).\n\n`] : []),
    `Replayed ${counted(runs, 'run')} with ${counted(events, 'event')} in ${(durationMs / 1_000).toFixed(1)} s.\n`,
    table(['result', 'runs'], (Object.keys(NAMES) as ReplayOutcome['status'][]).map((status) => [NAMES[status], byStatus[status]])),
    ...(pinnedRuns > 0 ? [`${counted(pinnedRuns, 'pinned run')} ${pinnedRuns === 1 ? 'was' : 'were'} left out: a new build does not get them (--include-pinned).\n`] : []),
    ...(Object.keys(problemsByType).length > 0 ? [`\n${table(['workflow type', 'runs with problems'], Object.entries(problemsByType))}`] : []),
    `\n${verdict(isOk, byStatus.drift, allowDrift)}\n`,
  ];
  return parts.join('');
}

function verdict(isOk: boolean, drift: number, allowDrift: boolean): string {
  if (!isOk) return 'This code must not go on with these runs. Keep both ways with patched(), or pin the workflow type.';
  return drift > 0 && allowDrift ? 'Nothing would be held. Where the code gives other inputs or options, what is recorded stays in force.' : 'Nothing would break.';
}

function groupText({ workflowType, status, runs, first }: ProblemGroup): string {
  const others = runs === 1 ? '' : `, and ${counted(runs - 1, 'other run')} of the same kind`;
  return `${NAMES[status]}: ${workflowType} "${first.workflowId}" (run ${first.runId})${others}\n${problemText(first)}`;
}

function problemText(problem: ReplayProblemOutcome): string {
  switch (problem.status) {
    case 'divergence':
      return differenceText(problem.divergence);
    case 'drift': {
      const more = problem.drift.length - DRIFTS_SHOWN_MAX;
      return problem.drift.slice(0, DRIFTS_SHOWN_MAX).map(differenceText).join('') + (more > 0 ? `  … and ${more} more\n` : '');
    }
    case 'taskFailed':
      return `  ${problem.failure.message}\n${(problem.failure.stackTrace ?? '').split('\n').filter((line) => line.trim().startsWith('at ')).slice(0, 3).map((line) => `    ${line.trim()}\n`).join('')}`;
    default:
      return problem satisfies never;
  }
}

function differenceText({ eventId, recorded, produced, producedAt }: IncidentDivergence): string {
  const where = producedAt === undefined ? '' : ` at ${producedAt}`;
  return `  event ${eventId}${where}\n    recorded  ${side(recorded)}\n    produced  ${side(produced)}\n`;
}

function side(value: IncidentDivergence['recorded']): string {
  return value === null ? 'nothing' : JSON.stringify(value);
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
