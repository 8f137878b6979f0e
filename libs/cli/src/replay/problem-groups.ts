import type { ReplayOutcome } from '@backstitch/engine';
import type { IncidentDivergence, JsonValue } from '@backstitch/protocol';

export type ReplayProblemOutcome = Exclude<ReplayOutcome, { status: 'ok' }>;

/** Runs whose problem is the same: of one workflow type, at one place of the code. */
export interface ProblemGroup {
  workflowType: string;
  status: ReplayProblemOutcome['status'];
  /** The line of workflow code that it comes from, where it is known and all come from there. */
  at?: string;
  runs: number;
  /** The first run that was found to have it. */
  first: ReplayProblemOutcome;
}

/** Beyond so many places all others are one group of their type and status. */
const GROUPS_MAX = 1_000;

/** Gathers problems by where they come from, so that one change that breaks ten thousand runs reads as one. */
export class ProblemGroups {
  readonly #groups = new Map<string, ProblemGroup>();

  add(problem: ReplayProblemOutcome): void {
    const { workflowType, status } = problem;
    const { at, what } = placeOf(problem);
    const ownKey = JSON.stringify([workflowType, status, at, what]);
    const hasOwn = this.#groups.has(ownKey) || this.#groups.size < GROUPS_MAX;
    const key = hasOwn ? ownKey : JSON.stringify([workflowType, status]);
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, { workflowType, status, ...(hasOwn && at !== undefined && { at }), runs: 1, first: problem });
    else group.runs += 1;
  }

  /** The most frequent first. */
  inOrder(): ProblemGroup[] {
    return [...this.#groups.values()].sort((one, other) => other.runs - one.runs);
  }
}

function placeOf(problem: ReplayProblemOutcome): { at: string | undefined; what: string } {
  switch (problem.status) {
    case 'divergence':
      return placeOfDifference(problem.divergence);
    case 'drift': {
      const [first] = problem.drift;
      return first === undefined ? { at: undefined, what: '' } : placeOfDifference(first);
    }
    case 'taskFailed':
      return { at: /at (.*)$/m.exec(problem.failure.stackTrace ?? '')?.[1], what: problem.failure.message };
    default:
      return problem satisfies never;
  }
}

function placeOfDifference({ producedAt, recorded, produced }: IncidentDivergence): { at: string | undefined; what: string } {
  return { at: producedAt, what: `${kindOf(recorded)} ${kindOf(produced)}` };
}

/** What a command or an event is about, without what differs from run to run. */
function kindOf(value: JsonValue): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return String(value);
  const { eventType, activityType, workflowType, signalName, markerName } = value;
  return [eventType, activityType, workflowType, signalName, markerName].filter((part) => typeof part === 'string').join(' ');
}
