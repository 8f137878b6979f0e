import type { ReplayOutcome } from '@backstitch/engine';
import type { IncidentDivergence } from '@backstitch/protocol';

const DRIFTS_SHOWN_MAX = 5;
const STACK_LINES_MAX = 3;

/** What a person reads of a history that the code does not go on with as recorded: both sides, and the line of code. */
export function replayText(outcome: Exclude<ReplayOutcome, { status: 'ok' }>): string {
  const { workflowType, workflowId, runId } = outcome;
  const head = `${workflowType} "${workflowId}" (run ${runId})`;
  switch (outcome.status) {
    case 'divergence':
      return `${head}: the code gives other steps than were recorded.\n${difference(outcome.divergence)}`;
    case 'drift': {
      const more = outcome.drift.length - DRIFTS_SHOWN_MAX;
      const shown = outcome.drift.slice(0, DRIFTS_SHOWN_MAX).map(difference);
      return [`${head}: the code gives other inputs or options than were recorded.`, ...shown, ...(more > 0 ? [`  … and ${more} more`] : [])].join('\n');
    }
    case 'taskFailed': {
      const { message, stackTrace = '' } = outcome.failure;
      const lines = stackTrace.split('\n').filter((line) => line.trim().startsWith('at ')).slice(0, STACK_LINES_MAX);
      return [`${head}: its task fails.`, `  ${message}`, ...lines.map((line) => `    ${line.trim()}`)].join('\n');
    }
    default:
      return outcome satisfies never;
  }
}

function difference({ eventId, recorded, produced, producedAt }: IncidentDivergence): string {
  const side = (value: IncidentDivergence['recorded']): string => (value === null ? 'nothing' : JSON.stringify(value));
  return [`  event ${eventId}${producedAt === undefined ? '' : ` at ${producedAt}`}`, `    recorded  ${side(recorded)}`, `    produced  ${side(produced)}`].join('\n');
}
