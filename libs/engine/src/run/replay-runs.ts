import type { Failure, HistoryEvent, IncidentDivergence } from '@backstitch/protocol';
import { plainFailure } from '../failures.js';
import type { RunRecord } from '../ports/history-store.js';
import type { Sandbox } from '../ports/sandbox.js';
import { DEFAULT_HISTORY_LIMITS, type HistoryLimits } from './activation.js';
import type { Divergence } from './divergence.js';
import { replayAll } from './replay-all.js';
import { Replay, type ReplayProblem } from './replay.js';

/** The history of one run. */
export interface RunHistory {
  workflowId: string;
  runId: string;
  events: HistoryEvent[];
}

/** What replaying one run against the code of a sandbox came to (law L6). */
export type ReplayOutcome = {
  workflowId: string;
  runId: string;
  workflowType: string;
  /** Events of its history. */
  events: number;
} & (
  | { status: 'ok' }
  /** The code gives another input or other options than recorded: what is recorded stays in force. */
  | { status: 'drift'; drift: IncidentDivergence[] }
  /** The code gives other commands, or in another order: the run would be held. `drift` is what was seen up to there. */
  | { status: 'divergence'; divergence: Divergence; drift: IncidentDivergence[] }
  /** The code throws, runs into its time limit, or is not there at all: the run would be held. */
  | { status: 'taskFailed'; failure: Failure }
);

export interface ReplayRunsOptions {
  /** As the orchestrator's: workflow code can see whether its history is long. Default: the protocol's limits. */
  limits?: HistoryLimits;
}

/**
 * Replays runs against the code that a sandbox has, writes nothing, and tells what would become of each: in the order of the runs, of which each appears once.
 * Where something differs, the line of code that it comes from is told, if the sandbox knows it. All runs share each call to the sandbox, and are forgotten there
 * at the end. A history that does not begin with WORKFLOW_EXECUTION_STARTED is answered `taskFailed`.
 */
export async function replayRuns(runs: readonly RunHistory[], sandbox: Sandbox, { limits = DEFAULT_HISTORY_LIMITS }: ReplayRunsOptions = {}): Promise<ReplayOutcome[]> {
  const replays = new Map<RunHistory, Replay>();
  for (const run of runs) {
    const workflowType = typeOf(run);
    if (workflowType !== undefined && !isMadeByTheEngine(run) && (sandbox.workflowTypes.has(workflowType) || sandbox.workflowTypes.has('default'))) {
      replays.set(run, replayOf(run, limits, false));
    }
  }
  try {
    await replayAll([...replays.values()], sandbox);
    const traced = new Map([...replays].filter(([, { problem, drift }]) => problem?.kind === 'divergence' || drift.length > 0).map(([run]) => [run, replayOf(run, limits, true)]));
    await replayAll([...traced.values()], sandbox);
    return runs.map((run) => outcomeOf(run, traced.get(run) ?? replays.get(run)));
  } finally {
    await sandbox.evict([...replays.keys()].map(({ runId }) => runId));
  }
}

/** Replay reads of the record only whose run it is. */
function replayOf({ workflowId, runId, events }: RunHistory, limits: HistoryLimits, tracesCalls: boolean): Replay {
  const record: RunRecord = {
    workflowId,
    runId,
    workflowType: '',
    partition: 0,
    status: 'RUNNING',
    startedAtMs: 0,
    nextEventId: events.length + 1,
    historySizeBytes: 0,
    openActivities: 0,
    openIncidents: 0,
    requestFingerprint: '',
    searchAttributes: {},
    memo: {},
  };
  return new Replay({ record, events, attempts: [], incidents: [] }, limits, tracesCalls);
}

function typeOf({ events: [first] }: RunHistory): string | undefined {
  return first?.eventType === 'WORKFLOW_EXECUTION_STARTED' ? first.attributes.workflowType : undefined;
}

/** A rollback from outside has no workflow code. */
function isMadeByTheEngine({ events: [first] }: RunHistory): boolean {
  return first?.eventType === 'WORKFLOW_EXECUTION_STARTED' && first.attributes.system !== undefined;
}

function outcomeOf(run: RunHistory, replay: Replay | undefined): ReplayOutcome {
  const workflowType = typeOf(run);
  const identity = { workflowId: run.workflowId, runId: run.runId, workflowType: workflowType ?? '', events: run.events.length };
  if (workflowType === undefined) {
    return { ...identity, status: 'taskFailed', failure: plainFailure('The history does not begin with WORKFLOW_EXECUTION_STARTED') };
  }
  if (replay === undefined) {
    return isMadeByTheEngine(run) ? { ...identity, status: 'ok' } : { ...identity, status: 'taskFailed', failure: plainFailure(`The bundle has no workflow "${workflowType}"`) };
  }
  const { drift } = replay;
  const problem: ReplayProblem | undefined = replay.problem;
  if (problem === undefined) {
    return drift.length === 0 ? { ...identity, status: 'ok' } : { ...identity, status: 'drift', drift: [...drift] };
  }
  switch (problem.kind) {
    case 'divergence':
      return { ...identity, status: 'divergence', divergence: problem.divergence, drift: [...drift] };
    case 'taskFailed':
      return { ...identity, status: 'taskFailed', failure: problem.failure };
    default: {
      const never: never = problem;
      return never;
    }
  }
}
