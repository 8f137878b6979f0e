import type { Sandbox } from '@backstitch/engine';
import type { Activation, ActivationResult } from '@backstitch/protocol';
import type { ActivationRunner, RunnerOutcome } from './activation-runner.js';

/** Suspects are remembered up to this number; beyond it the oldest is forgotten (and, if it is guilty, found again). */
const SUSPECTS_MAX = 10_000;

/**
 * Spreads runs over runners and deals with batches that do not come back.
 *
 * A batch that was stopped - too slow, or its thread died - has lost its runs' memory. A run that has just begun is begun again here, alone; the others
 * are answered `unknownRun` and the engine replays them. Who may have been the cause is a suspect, and suspects run alone until they
 * come through an activation that is no replay: a run that is stopped while alone is the culprit and is answered `taskFailed`. So nobody is
 * blamed for another's loop, or for a machine that was busy while a large batch ran.
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
    const results = new Map<string, ActivationResult>();
    const groups = this.#runners.map(() => [] as Activation[]);
    for (const activation of batch) groups[this.#runnerIndexOf(activation.runId)]?.push(activation);
    await Promise.all(groups.map((group, index) => this.#activateOn(this.#runners[index] as ActivationRunner, group, results)));
    return batch.map(({ runId }) => results.get(runId) ?? { runId, status: 'unknownRun' });
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

  async #activateOn(runner: ActivationRunner, group: readonly Activation[], results: Map<string, ActivationResult>): Promise<void> {
    const together = this.#suspects.size === 0 ? group : group.filter(({ runId }) => !this.#suspects.has(runId));
    const alone = together.length === group.length ? [] : group.filter(({ runId }) => this.#suspects.has(runId));
    if (together.length === 1) alone.push(...together);
    else if (together.length > 1) alone.push(...(await this.#activateTogether(runner, together, results)));
    for (const activation of alone) await this.#activateAlone(runner, activation, results);
  }

  /** Answers the activations that must be begun again alone. */
  async #activateTogether(runner: ActivationRunner, batch: readonly Activation[], results: Map<string, ActivationResult>): Promise<Activation[]> {
    const outcome = await runner.run(batch);
    if (outcome.status === 'completed') {
      this.#take(outcome.results, results);
      return [];
    }
    const culprit = outcome.status === 'timedOut' ? outcome.culprit : undefined;
    for (const { runId } of batch) if (culprit === undefined || culprit === runId) this.#suspect(runId);
    for (const { runId } of batch) results.set(runId, { runId, status: 'unknownRun' });
    return batch.filter(({ jobs }) => jobs[0]?.type === 'initializeWorkflow');
  }

  async #activateAlone(runner: ActivationRunner, activation: Activation, results: Map<string, ActivationResult>): Promise<void> {
    const { runId, info } = activation;
    const outcome = await runner.run([activation]);
    if (outcome.status === 'completed') {
      this.#take(outcome.results, results);
      if (!info.isReplaying && results.get(runId)?.status === 'completed') this.#suspects.delete(runId);
      return;
    }
    this.#suspect(runId);
    results.set(runId, { runId, status: 'taskFailed', failure: this.#failureOf(outcome) });
  }

  #failureOf(outcome: Exclude<RunnerOutcome, { status: 'completed' }>): { message: string; source: string; applicationFailureInfo: { type: string } } {
    const [type, message] =
      outcome.status === 'timedOut'
        ? ['WorkflowTaskTimedOut', `The workflow's code did not come back within ${this.activationTimeoutMs} ms.`]
        : ['SandboxCrashed', `The workflow's code brought its thread down: ${outcome.reason}`];
    return { message, source: 'Backstitch', applicationFailureInfo: { type } };
  }

  #take(taken: readonly ActivationResult[], results: Map<string, ActivationResult>): void {
    for (const result of taken) results.set(result.runId, result);
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
