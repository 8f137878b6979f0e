import type { Sandbox } from '@backstitch/engine';
import type { Activation, ActivationResult } from '@backstitch/protocol';
import type { ActivationRunner, RunnerOutcome } from './activation-runner.js';

/** Suspects are remembered up to this number; beyond it the oldest is forgotten (and, if it is guilty, found again). */
const SUSPECTS_MAX = 10_000;

/** One call of `activate`. Its activations go by their positions in the batch. */
interface Call {
  readonly batch: readonly Activation[];
  /** By position. */
  readonly results: ActivationResult[];
}

/**
 * Spreads runs over runners and deals with rounds that do not come back.
 *
 * The first activations of all runs of a batch are a round, their second ones the next, and so on; a runner gets all its rounds in one call. A round that was stopped
 * has lost its runs' memory, a thread that died that of all. A run that has just begun is begun again here, alone; the others are answered `unknownRun` and the
 * engine replays them. Who may have been the cause is a suspect, and the activations of suspects run alone, one after the other, until they come through one that is no
 * replay: a run that is stopped while alone in its round, or whose thread dies of a single activation, is the culprit and is answered `taskFailed` - unless the code
 * that was stopped is known to be another run's, which a round that was stopped before had left behind. So nobody is blamed for another's loop, or for a machine that
 * was busy while a large batch ran.
 */
export class BatchingSandbox implements Sandbox {
  readonly workflowTypes: ReadonlySet<string>;
  readonly #runners: readonly ActivationRunner[];
  readonly #suspects = new Set<string>();

  constructor(runners: readonly ActivationRunner[], workflowTypes: readonly string[], readonly activationTimeoutMs: number) {
    this.#runners = runners;
    this.workflowTypes = new Set(workflowTypes);
  }

  async activate(batch: readonly Activation[]): Promise<ActivationResult[]> {
    const call: Call = { batch, results: new Array<ActivationResult>(batch.length) };
    const [first, ...others] = this.#runners as readonly [ActivationRunner, ...ActivationRunner[]];
    if (others.length === 0) {
      await this.#activateOn(first, batch.map((_, position) => position), call);
      return call.results;
    }
    const groups = this.#runners.map(() => [] as number[]);
    batch.forEach(({ runId }, position) => groups[this.#runnerIndexOf(runId)]?.push(position));
    const outcomes = await Promise.allSettled(groups.map((group, index) => this.#activateOn(this.#runners[index] as ActivationRunner, group, call)));
    // Only now: who catches it may tell the same runs something else.
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return call.results;
  }

  async evict(runIds: readonly string[]): Promise<void> {
    const groups = this.#runners.map(() => [] as string[]);
    for (const runId of runIds) groups[this.#runnerIndexOf(runId)]?.push(runId);
    groups.forEach((group, index) => {
      if (group.length > 0) this.#runners[index]?.evict(group);
    });
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.close()));
  }

  async #activateOn(runner: ActivationRunner, group: readonly number[], call: Call): Promise<void> {
    const isSuspect = (position: number): boolean => this.#suspects.has((call.batch[position] as Activation).runId);
    const alone = this.#suspects.size === 0 ? [] : group.filter(isSuspect);
    const together = alone.length === 0 ? group : group.filter((position) => !isSuspect(position));
    if (together.length > 0) alone.push(...(await this.#activateTogether(runner, together, call)));
    for (const position of alone) await this.#activateAlone(runner, position, call);
  }

  /** Answers the activations that must be begun again alone. */
  async #activateTogether(runner: ActivationRunner, positions: readonly number[], { batch, results }: Call): Promise<number[]> {
    const rounds = roundsOf(batch, positions);
    const outcome = await runner.run(rounds.map((round) => round.map((position) => batch[position] as Activation)));
    const completed = outcome.status === 'crashed' ? [] : outcome.results;
    completed.forEach((ofRound, index) => ofRound.forEach((result, place) => (results[rounds[index]?.[place] as number] = result)));
    if (outcome.status === 'completed') return [];
    const stopped = rounds[completed.length] as number[];
    const lost = inOrderOfRuns(batch, rounds.slice(completed.length).flat());
    const culprit = outcome.status === 'timedOut' ? outcome.culprit : undefined;
    const suspects = stopped.map((position) => (batch[position] as Activation).runId).filter((runId) => culprit === undefined || culprit === runId);
    for (const runId of suspects) this.#suspect(runId);
    // Nobody is, if what was stopped had been left behind by a run that was stopped before.
    if ((outcome.status === 'timedOut' ? stopped : lost).length === 1 && suspects.length === 1) this.#fail(lost.shift() as number, outcome, { batch, results });
    const begun = new Set<string>();
    return lost.filter((position) => {
      const { runId, jobs } = batch[position] as Activation;
      if (jobs[0]?.type === 'initializeWorkflow') begun.add(runId);
      results[position] = { runId, status: 'unknownRun' };
      return begun.has(runId);
    });
  }

  async #activateAlone(runner: ActivationRunner, position: number, call: Call): Promise<void> {
    const activation = call.batch[position] as Activation;
    const { runId, info, jobs } = activation;
    let outcome = await runner.run([[activation]]);
    if (outcome.status === 'timedOut' && outcome.culprit !== undefined && outcome.culprit !== runId) {
      if (jobs[0]?.type !== 'initializeWorkflow') {
        call.results[position] = { runId, status: 'unknownRun' };
        return;
      }
      // What a run that was stopped before had left behind is gone now.
      outcome = await runner.run([[activation]]);
    }
    if (outcome.status !== 'completed') {
      this.#suspect(runId);
      this.#fail(position, outcome, call);
      return;
    }
    const result = outcome.results[0]?.[0] ?? { runId, status: 'unknownRun' };
    call.results[position] = result;
    if (!info.isReplaying && result.status === 'completed') this.#suspects.delete(runId);
  }

  #fail(position: number, outcome: Exclude<RunnerOutcome, { status: 'completed' }>, { batch, results }: Call): void {
    const { runId } = batch[position] as Activation;
    results[position] = { runId, status: 'taskFailed', failure: this.#failureOf(outcome) };
  }

  #failureOf(outcome: Exclude<RunnerOutcome, { status: 'completed' }>): { message: string; source: string; applicationFailureInfo: { type: string } } {
    const [type, message] =
      outcome.status === 'timedOut'
        ? ['WorkflowTaskTimedOut', `The workflow's code did not come back within ${this.activationTimeoutMs} ms.`]
        : ['SandboxCrashed', `The workflow's code brought its thread down: ${outcome.reason}`];
    return { message, source: 'Backstitch', applicationFailureInfo: { type } };
  }

  #suspect(runId: string): void {
    this.#suspects.delete(runId);
    this.#suspects.add(runId);
    if (this.#suspects.size <= SUSPECTS_MAX) return;
    for (const oldest of this.#suspects) {
      this.#suspects.delete(oldest);
      return;
    }
  }

  /** A run always has the same runner. */
  #runnerIndexOf(runId: string): number {
    if (this.#runners.length === 1) return 0;
    let hash = 0;
    for (let index = 0; index < runId.length; index++) hash = (Math.imul(hash, 31) + runId.charCodeAt(index)) | 0;
    return (hash >>> 0) % this.#runners.length;
  }
}

/** What each run is told, one run after the other. */
function inOrderOfRuns(batch: readonly Activation[], positions: readonly number[]): number[] {
  const ofRuns = new Map<string, number[]>();
  for (const position of positions) {
    const { runId } = batch[position] as Activation;
    const ofRun = ofRuns.get(runId);
    if (ofRun === undefined) ofRuns.set(runId, [position]);
    else ofRun.push(position);
  }
  return [...ofRuns.values()].flat();
}

/** Positions, round by round: each run is in a round once at most. */
function roundsOf(batch: readonly Activation[], positions: readonly number[]): number[][] {
  const rounds: number[][] = [];
  const roundsOfRun = new Map<string, number>();
  for (const position of positions) {
    const { runId } = batch[position] as Activation;
    const round = roundsOfRun.get(runId) ?? 0;
    roundsOfRun.set(runId, round + 1);
    (rounds[round] ??= []).push(position);
  }
  return rounds;
}
