import type { IncidentDivergence } from '@backstitch/protocol';
import { table } from '../table.js';
import type { ReplayOutcome, ReplaySummary } from './replay-histories.js';

const PROBLEMS_SHOWN_MAX = 50;
const DRIFTS_SHOWN_MAX = 5;

const NAMES: Record<ReplayOutcome['status'], string> = { ok: 'ok', drift: 'drift', divergence: 'divergence', taskFailed: 'task failed' };

/** What a person reads: how many runs fared how, and each problem with both sides. */
export function replayReport(summary: ReplaySummary, { allowDrift, durationMs }: { allowDrift: boolean; durationMs: number }): string {
  const { runs, events, byStatus, problems, problemsByType, pinnedRuns, problemsLeftOut, isOk } = summary;
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
  const hidden = problems.length - shown.length + problemsLeftOut;
  const parts = [
    ...shown.map((problem) => `${problemText(problem)}\n`),
    ...(hidden > 0 ? [`… and ${hidden} more (see --json FILE).\n\n`] : []),
    `Replayed ${runs} ${runs === 1 ? 'run' : 'runs'} with ${events} events in ${(durationMs / 1_000).toFixed(1)} s.\n`,
    table(['result', 'runs'], (Object.keys(NAMES) as ReplayOutcome['status'][]).map((status) => [NAMES[status], byStatus[status]])),
    ...(pinnedRuns > 0 ? [`${pinnedRuns} pinned ${pinnedRuns === 1 ? 'run was' : 'runs were'} left out: a new build does not get them (--include-pinned).\n`] : []),
    ...(Object.keys(problemsByType).length > 0 ? [`\n${table(['workflow type', 'problems'], Object.entries(problemsByType))}`] : []),
    `\n${verdict(isOk, byStatus.drift, allowDrift)}\n`,
  ];
  return parts.join('');
}

function verdict(isOk: boolean, drift: number, allowDrift: boolean): string {
  if (!isOk) return 'This code must not go on with these runs. Keep both ways with patched(), or pin the workflow type.';
  return drift > 0 && allowDrift ? 'Nothing would be held. Where the code gives other inputs or options, what is recorded stays in force.' : 'Nothing would break.';
}

function problemText(outcome: ReplayOutcome): string {
  const head = `${NAMES[outcome.status]}: ${outcome.workflowType} "${outcome.workflowId}" (run ${outcome.runId})\n`;
  switch (outcome.status) {
    case 'ok':
      return head;
    case 'divergence':
      return head + differenceText(outcome.divergence);
    case 'drift': {
      const more = outcome.drift.length - DRIFTS_SHOWN_MAX;
      return head + outcome.drift.slice(0, DRIFTS_SHOWN_MAX).map(differenceText).join('') + (more > 0 ? `  … and ${more} more\n` : '');
    }
    case 'taskFailed':
      return `${head}  ${outcome.failure.message}\n${(outcome.failure.stackTrace ?? '').split('\n').filter((line) => line.trim().startsWith('at ')).slice(0, 3).map((line) => `    ${line.trim()}\n`).join('')}`;
    default:
      return outcome satisfies never;
  }
}

function differenceText({ eventId, recorded, produced, producedAt }: IncidentDivergence): string {
  const where = producedAt === undefined ? '' : ` at ${producedAt}`;
  return `  event ${eventId}${where}\n    recorded  ${side(recorded)}\n    produced  ${side(produced)}\n`;
}

function side(value: IncidentDivergence['recorded']): string {
  return value === null ? 'nothing' : JSON.stringify(value);
}
