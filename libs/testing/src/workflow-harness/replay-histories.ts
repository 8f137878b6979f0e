import type { HistoryAndWorkflowId } from '@backstitch/client';
import { replayRuns, type ReplayOutcome, type RunHistory, type Sandbox } from '@backstitch/engine';
import type { HistoryEvent } from '@backstitch/protocol';
import { createInThreadSandbox } from '@backstitch/sandbox';
import { DeterminismViolationError } from '@backstitch/workflow';
import { replayText } from './replay-text.js';
import { bundleOf } from './worker-bundle.js';
import type { WorkerOptions } from './worker-options.js';

/** Workflow code to replay histories against: as for `Worker.create`. */
export interface ReplayWorkerOptions extends Partial<WorkerOptions> {
  /**
   * Code that gives other inputs or options than were recorded, but the same steps, is no error. In production what was recorded stays in force then.
   * Default false.
   */
  allowsDrift?: boolean;
}

/** Histories and whose they are. */
export type ReplayHistoriesIterable = Iterable<HistoryAndWorkflowId> | AsyncIterable<HistoryAndWorkflowId>;

/** What became of one history. */
export interface ReplayResult {
  readonly workflowId: string;
  readonly runId: string;
  /** Undefined: the code goes on as recorded. */
  readonly error?: ReplayError | DeterminismViolationError;
}

/** The code does not go on as a history says, otherwise than by other steps: its task fails, the inputs or options of a step differ, or it is no history. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
  readonly code = 'REPLAY';
  constructor(
    message: string,
    readonly outcome?: ReplayOutcome,
  ) {
    super(message);
  }
}

/** Of several histories some were not gone on with as recorded; the message tells each. */
export class ReplayFailedError extends Error {
  override readonly name = 'ReplayFailedError';
  readonly code = 'REPLAY_FAILED';
  constructor(
    readonly replayed: number,
    readonly failed: readonly ReplayResult[],
  ) {
    super([`${failed.length} of ${replayed} histories would not go on as recorded.`, ...failed.map(({ error }) => error?.message ?? '')].join('\n\n'));
  }
}

/** Histories that share one call to the sandbox. */
const BATCH_RUNS = 50;
const ACTIVATION_TIMEOUT_MS = 5_000;

/**
 * Replays a history against workflow code, and throws if the code would not go on as recorded: for a project's own CI. Strict: other inputs and options of the
 * same steps are an error too.
 * @param history what `handle.fetchHistory()` gives, or `backstitch history ID --json` writes
 * @param workflowId shown in errors. Default: the history's own
 * @throws DeterminismViolationError if the code gives other steps, or in another order
 * @throws ReplayError if its task fails, if inputs or options differ, or if it is no history
 */
export async function replayHistory(history: unknown, options: ReplayWorkerOptions, workflowId?: string): Promise<void> {
  const given = { history: history as HistoryAndWorkflowId['history'], workflowId: workflowId ?? '' };
  for await (const { error } of replayResults(options, [given])) {
    if (error !== undefined) {
      throw error;
    }
  }
}

/**
 * Replays histories against workflow code, all of them, and answers how many: for a project's own CI. See {@link readHistories} for a folder of files.
 * @throws ReplayFailedError if there are some with which the code would not go on as recorded, or none at all
 */
export async function replayHistories(histories: ReplayHistoriesIterable, options: ReplayWorkerOptions): Promise<{ replayed: number }> {
  let replayed = 0;
  const failed: ReplayResult[] = [];
  for await (const result of replayResults(options, histories)) {
    replayed += 1;
    if (result.error !== undefined) {
      failed.push(result);
    }
  }
  if (failed.length > 0) {
    throw new ReplayFailedError(replayed, failed);
  }
  return { replayed };
}

/** @throws ReplayError if the options name no code; WorkflowBundleError */
export async function* replayResults(options: ReplayWorkerOptions, histories: ReplayHistoriesIterable): AsyncIterableIterator<ReplayResult> {
  const bundle = await bundleOf({ ...options, taskQueue: options.taskQueue ?? 'replay' });
  if (bundle === undefined) {
    throw new ReplayError('Say which code is to be replayed: workflowsPath or workflowBundle.');
  }
  const sandbox = createInThreadSandbox({ bundle, activationTimeoutMs: ACTIVATION_TIMEOUT_MS });
  try {
    let batch: (RunHistory | ReplayResult)[] = [];
    for await (const given of histories) {
      const history = runHistoryOf(given);
      // The same run twice would be one to the sandbox.
      if (batch.length >= BATCH_RUNS || batch.some(({ runId }) => runId === history.runId)) {
        yield* await replayBatch(batch, sandbox, options);
        batch = [];
      }
      batch.push(history);
    }
    yield* await replayBatch(batch, sandbox, options);
  } finally {
    await sandbox.close();
  }
}

async function replayBatch(batch: readonly (RunHistory | ReplayResult)[], sandbox: Sandbox, options: ReplayWorkerOptions): Promise<ReplayResult[]> {
  const runs = batch.filter((one): one is RunHistory => 'events' in one);
  const outcomes = await replayRuns(runs, sandbox);
  return batch.map((one) => {
    const outcome = outcomes[runs.indexOf(one as RunHistory)];
    return outcome === undefined ? (one as ReplayResult) : resultOf(outcome, options);
  });
}

function resultOf(outcome: ReplayOutcome, { allowsDrift = false }: ReplayWorkerOptions): ReplayResult {
  const { workflowId, runId, status } = outcome;
  if (status === 'ok' || (status === 'drift' && allowsDrift)) {
    return { workflowId, runId };
  }
  const text = replayText(outcome);
  return { workflowId, runId, error: status === 'divergence' ? Object.assign(new DeterminismViolationError(text), { outcome }) : new ReplayError(text, outcome) };
}

/** The history of a run, or why it is none. */
function runHistoryOf({ history, workflowId }: HistoryAndWorkflowId): RunHistory | ReplayResult {
  const events: unknown = Array.isArray(history) ? history : (history as { events?: unknown } | undefined)?.events;
  const [first] = (Array.isArray(events) ? events : []) as (Partial<HistoryEvent> & { eventTime?: unknown })[];
  const wrong = (why: string): ReplayResult => ({ workflowId, runId: '', error: new ReplayError(`${workflowId === '' ? 'The history' : `The history of "${workflowId}"`} ${why}`) });
  if (typeof first?.eventTime === 'string') {
    return wrong('is in Temporal’s form: export it in Backstitch’s own.');
  }
  if (first?.eventType !== 'WORKFLOW_EXECUTION_STARTED' || first.attributes === undefined) {
    return wrong('does not begin with WORKFLOW_EXECUTION_STARTED.');
  }
  const { attributes } = first;
  return { workflowId: workflowId === '' ? attributes.workflowId : workflowId, runId: attributes.runId, events: events as HistoryEvent[] };
}
