import { replayRuns, type ReplayOutcome, type RunHistory, type Sandbox } from '@backstitch/engine';
import { decodePayload, type HistoryEvent, type JsonValue, type PayloadCodec } from '@backstitch/protocol';
import { createSandbox } from '@backstitch/sandbox';
import { loadCode, type WorkflowCode } from './load-code.js';
import { ProblemGroups, type ProblemGroup } from './problem-groups.js';

export type { ReplayOutcome, RunHistory };

/** What became of many runs. */
export interface ReplaySummary {
  /** Runs replayed. */
  runs: number;
  /** Events of their histories. */
  events: number;
  byStatus: Record<ReplayOutcome['status'], number>;
  /** Pinned runs, which a new build does not get, so that they were not replayed. */
  pinnedRuns: number;
  /** By workflow type, those with problems alone. */
  problemsByType: Record<string, number>;
  /** Problems that come from the same place of the code, with the first run that has each; the most frequent first. */
  problemGroups: ProblemGroup[];
  /** The first problems that were found. */
  problems: ReplayOutcome[];
  /** Problems beyond those that are kept. */
  problemsLeftOut: number;
  /** Nothing would break: no divergence, no task that fails, and no drift unless it is allowed. */
  isOk: boolean;
}

export type ReplayOptions = (WorkflowCode | { sandbox: Sandbox; bundle?: undefined; workflowsPath?: undefined }) & {
  /** Drift is no problem. Default false. */
  allowDrift?: boolean;
  /** Runs that are pinned to a build are replayed too. Default false. */
  includePinned?: boolean;
  /** Worker threads, and batches under way at once. Default 1. */
  concurrency?: number;
  /** Problems kept in the summary. Default 1,000. */
  problemsKeptMax?: number;
  /** Histories that a codec encoded are decoded with it before they are replayed. Default: none. */
  payloadCodec?: PayloadCodec | undefined;
  /** Called with each outcome, in no order that can be relied on. */
  onOutcome?: (outcome: ReplayOutcome) => void;
};

/** A batch is replayed as soon as it has so many runs, or so many events; so the memory that is needed does not depend on how many runs there are. */
const BATCH_RUNS_MAX = 50;
const BATCH_EVENTS_MAX = 20_000;
const PROBLEMS_KEPT_MAX = 1_000;

/** Replays one history against workflow code. For a project's own CI: keep histories as fixtures and expect `status` to be `ok`. @throws FileUnreadableError */
export async function replayHistory(history: RunHistory, options: ReplayOptions): Promise<ReplayOutcome> {
  const outcomes: ReplayOutcome[] = [];
  await replayHistories([history], { ...options, includePinned: true, onOutcome: (outcome) => outcomes.push(outcome) });
  return outcomes[0] as ReplayOutcome;
}

/** Replays many histories, taken one after another, and tells what would break. @throws FileUnreadableError; whatever the histories' source throws */
export async function replayHistories(histories: Iterable<RunHistory> | AsyncIterable<RunHistory>, options: ReplayOptions): Promise<ReplaySummary> {
  const { concurrency = 1 } = options;
  const own = 'sandbox' in options ? undefined : await createSandbox({ bundle: await loadCode(options), threads: concurrency });
  const sandbox = own ?? (options as { sandbox: Sandbox }).sandbox;
  const summary = new Summing(options);
  const underWay = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  const begin = async (batch: readonly RunHistory[]): Promise<void> => {
    const replayed = replayRuns(batch, sandbox)
      .then((outcomes) => outcomes.forEach((outcome) => summary.add(outcome)))
      .catch((error: unknown) => void (failure ??= { error }))
      .finally(() => underWay.delete(replayed));
    underWay.add(replayed);
    if (underWay.size >= concurrency) await Promise.race(underWay);
  };
  try {
    let batch: RunHistory[] = [];
    let events = 0;
    for await (const stored of histories) {
      const history = await decoded(stored, options.payloadCodec);
      if (options.includePinned !== true && isPinned(history)) {
        summary.pinnedRuns += 1;
        continue;
      }
      // The same run twice would be one to the sandbox.
      if (batch.length >= BATCH_RUNS_MAX || (batch.length > 0 && events + history.events.length > BATCH_EVENTS_MAX) || batch.some(({ runId }) => runId === history.runId)) {
        await begin(batch);
        [batch, events] = [[], 0];
      }
      batch.push(history);
      events += history.events.length;
      if (failure !== undefined) break;
    }
    if (batch.length > 0) await begin(batch);
    await Promise.all(underWay);
  } finally {
    await own?.close();
  }
  if (failure !== undefined) throw failure.error;
  return summary.result();
}

async function decoded(history: RunHistory, codec: PayloadCodec | undefined): Promise<RunHistory> {
  if (codec === undefined) return history;
  return { ...history, events: (await decodePayload(codec, history.events as unknown as JsonValue, Infinity)) as unknown as HistoryEvent[] };
}

function isPinned({ events: [first] }: RunHistory): boolean {
  return first?.eventType === 'WORKFLOW_EXECUTION_STARTED' && first.attributes.buildId !== undefined;
}

class Summing {
  pinnedRuns = 0;
  readonly #options: ReplayOptions;
  readonly #byStatus: ReplaySummary['byStatus'] = { ok: 0, drift: 0, divergence: 0, taskFailed: 0 };
  readonly #problems: ReplayOutcome[] = [];
  readonly #problemsByType: Record<string, number> = {};
  readonly #groups = new ProblemGroups();
  #runs = 0;
  #events = 0;
  #problemsLeftOut = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  add(outcome: ReplayOutcome): void {
    this.#runs += 1;
    this.#events += outcome.events;
    this.#byStatus[outcome.status] += 1;
    if (outcome.status !== 'ok') {
      this.#groups.add(outcome);
      this.#problemsByType[outcome.workflowType] = (this.#problemsByType[outcome.workflowType] ?? 0) + 1;
      if (this.#problems.length < (this.#options.problemsKeptMax ?? PROBLEMS_KEPT_MAX)) this.#problems.push(outcome);
      else this.#problemsLeftOut += 1;
    }
    this.#options.onOutcome?.(outcome);
  }

  result(): ReplaySummary {
    const { drift, divergence, taskFailed } = this.#byStatus;
    return {
      runs: this.#runs,
      events: this.#events,
      byStatus: this.#byStatus,
      pinnedRuns: this.pinnedRuns,
      problemsByType: this.#problemsByType,
      problemGroups: this.#groups.inOrder(),
      problems: this.#problems,
      problemsLeftOut: this.#problemsLeftOut,
      isOk: divergence + taskFailed === 0 && (drift === 0 || this.#options.allowDrift === true),
    };
  }
}
