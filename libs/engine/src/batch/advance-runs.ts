import { QueryFailedError, QueryNotRegisteredError, type Activation, type ActivationResult } from '@backstitch/protocol';
import type { EngineSettings } from '../engine-settings.js';
import { plainFailure } from '../failures.js';
import type { HistoryStore } from '../ports/history-store.js';
import type { Sandbox } from '../ports/sandbox.js';
import { activationInfoOf } from '../run/activation.js';
import { activationOf, completeTask, failTask } from '../run/complete-task.js';
import { Replay } from '../run/replay.js';
import { holdingIncident, identityOf, isHolding } from '../run/run-state.js';
import type { BatchRun } from './batch-run.js';

/** How often a run that the sandbox lost is brought back within one batch. */
const ROUNDS_MAX = 3;

export interface AdvancePorts {
  sandbox: Sandbox;
  store: HistoryStore;
}

/** Runs the code of all runs of a batch that have something to be told or asked: all of them share each call to the sandbox. */
export class RunAdvancer {
  /** Runs brought back by replay, for metrics. */
  replayedRuns = 0;

  constructor(
    readonly ports: AdvancePorts,
    readonly settings: EngineSettings,
  ) {}

  async advance(runs: readonly BatchRun[]): Promise<void> {
    const activations = this.#activationsOf(runs);
    let toAdvance = runs.filter((run) => activations.has(run) || (run.wasReleased && run.canAdvance));
    for (let round = 1; toAdvance.length > 0; round += 1) {
      await this.#bringBack(toAdvance);
      const lost = await this.#activate(toAdvance.filter((run) => run.canAdvance && activations.has(run)), activations);
      lost.forEach((run) => {
        run.isInSandbox = false;
        if (round === ROUNDS_MAX) {
          failTask(run.turn, plainFailure('The sandbox keeps losing the run'));
        }
      });
      toAdvance = lost.filter((run) => run.canAdvance);
    }
    await this.#query(runs.filter((run) => run.ending === 'answer' && run.queries.length > 0));
  }

  /** Of the runs that have something to be told. Replay changes nothing about it: what it finds holds the run. */
  #activationsOf(runs: readonly BatchRun[]): Map<BatchRun, Activation> {
    const activations = new Map<BatchRun, Activation>();
    for (const run of runs) {
      if (run.state.unhandled.length > 0 && run.canAdvance) {
        const activation = activationOf(run.turn, this.settings.historyLimits);
        if (activation.jobs.length > 0) {
          activations.set(run, activation);
        }
      }
    }
    return activations;
  }

  /** Replays the runs whose code is not alive: task k of all of them goes in one call. */
  async #bringBack(runs: readonly BatchRun[]): Promise<void> {
    const absent = runs.filter((run) => !run.isInSandbox && run.ending === 'answer');
    await this.#loadMissing(absent.filter((run) => run.stored === undefined && !run.turn.isNew));
    const replays = new Map<BatchRun, Replay>();
    for (const run of absent) {
      if (!this.ports.sandbox.workflowTypes.has(run.state.workflowType)) {
        this.#hold(run, () => failTask(run.turn, plainFailure(`The loaded bundle has no workflow "${run.state.workflowType}"`)));
      } else if (run.stored !== undefined && run.ending === 'answer') {
        replays.set(run, new Replay(run.stored, this.settings.historyLimits));
      }
    }
    this.replayedRuns += replays.size;
    for (;;) {
      const steps = [...replays].flatMap(([run, replay]) => {
        const activation = replay.next();
        return activation === undefined ? [] : [{ replay, activation, run }];
      });
      if (steps.length === 0) {
        break;
      }
      const results = await this.#callSandbox(steps.map(({ activation }) => activation));
      steps.forEach(({ replay, activation }, index) => replay.accept(results[index] ?? { runId: activation.runId, status: 'unknownRun' }));
    }
    replays.forEach((replay, run) => this.#afterReplay(run, replay));
    absent.forEach((run) => (run.isInSandbox = run.ending === 'answer' && (run.state.status !== 'RUNNING' || holdingIncident(run.state) === undefined)));
  }

  async #loadMissing(runs: readonly BatchRun[]): Promise<void> {
    if (runs.length === 0) {
      return;
    }
    const stored = new Map((await this.ports.store.load(runs.map(({ runId }) => runId))).map((found) => [found.record.runId, found]));
    for (const run of runs) {
      run.stored = stored.get(run.runId);
      if (run.stored?.record.nextEventId !== run.turn.expectedNextEventId) {
        run.ending = 'reload';
      }
    }
  }

  #afterReplay(run: BatchRun, { problem, driftedEventIds }: Replay): void {
    if (driftedEventIds.length > 0) {
      const eventIds = [...driftedEventIds];
      run.turn.facts.push((observer) => observer.driftFound?.({ ...identityOf(run.state), eventIds }));
    }
    if (problem === undefined) {
      return;
    }
    this.#hold(run, () => {
      switch (problem.kind) {
        case 'taskFailed':
          failTask(run.turn, problem.failure);
          return;
        case 'divergence': {
          const { divergence } = problem;
          const message = `Event ${divergence.eventId} of the history records ${JSON.stringify(divergence.recorded)}, but the code produces ${JSON.stringify(divergence.produced)}`;
          run.turn.openIncident({ kind: 'NONDETERMINISM', message, divergence });
          return;
        }
        default: {
          const never: never = problem;
          return never;
        }
      }
    });
  }

  /** Opens the incident that holds a run; a closed run has none, only its queries fail. */
  #hold(run: BatchRun, openIncident: () => void): void {
    if (run.state.status === 'RUNNING' && holdingIncident(run.state) === undefined) {
      openIncident();
    }
    run.failQueries(run.state.incidents.findLast(isHolding)?.message ?? 'the history does not fit the code');
  }

  /** Answers the runs that the sandbox does not know any more. */
  async #activate(runs: readonly BatchRun[], activations: ReadonlyMap<BatchRun, Activation>): Promise<BatchRun[]> {
    if (runs.length === 0) {
      return [];
    }
    const { historyLimits, searchAttributes } = this.settings;
    const results = await this.#callSandbox(runs.flatMap((run) => activations.get(run) ?? []));
    return runs.filter((run, index) => {
      const result = results[index];
      switch (result?.status) {
        case 'completed':
          completeTask(run.turn, result, historyLimits, searchAttributes);
          return false;
        case 'taskFailed':
          failTask(run.turn, result.failure);
          return false;
        case 'unknownRun':
        case undefined:
          return true;
        default: {
          const never: never = result;
          return never;
        }
      }
    });
  }

  async #query(runs: readonly BatchRun[]): Promise<void> {
    let toAsk = runs.filter((run) => {
      const incident = holdingIncident(run.state);
      if (incident !== undefined) {
        run.failQueries(`incident ${incident.incidentNumber} holds the run: ${incident.message}`);
      }
      return incident === undefined;
    });
    for (let round = 1; toAsk.length > 0 && round <= ROUNDS_MAX; round += 1) {
      await this.#bringBack(toAsk);
      toAsk = toAsk.filter((run) => run.isInSandbox && run.queries.some((query) => !run.queryResults.has(query)));
      const results = await this.#callSandbox(toAsk.map((run) => this.#queryActivation(run)));
      toAsk = toAsk.filter((run, index) => this.#takeQueryAnswers(run, results[index]));
    }
    toAsk.forEach((run) => run.failQueries('the sandbox keeps losing the run'));
  }

  #queryActivation(run: BatchRun): Activation {
    const { state } = run;
    return {
      runId: state.runId,
      timestampMs: state.lastTaskAtMs,
      info: activationInfoOf(state, { length: state.nextEventId - 1, sizeBytes: state.historySizeBytes }, this.settings.historyLimits, true),
      jobs: run.queries.map(({ queryName, args }, index) => ({ type: 'queryWorkflow', queryId: String(index), queryName, args })),
    };
  }

  /** Whether the run has to be asked again. */
  #takeQueryAnswers(run: BatchRun, result: ActivationResult | undefined): boolean {
    if (result === undefined || result.status === 'unknownRun') {
      run.isInSandbox = false;
      // What this batch did to it is not in the store yet, so it cannot be replayed now.
      if (run.turn.events.length > 0) {
        run.failQueries('the sandbox lost the run; ask again');
        return false;
      }
      return true;
    }
    if (result.status === 'taskFailed') {
      run.isInSandbox = false;
      run.failQueries(result.failure.message);
      return false;
    }
    run.queries.forEach((query, index) => {
      const answer = result.queryAnswers.find(({ queryId }) => queryId === String(index));
      if (answer?.status === 'answered') {
        run.queryResults.set(query, { result: answer.result });
      } else if (answer?.failure.applicationFailureInfo?.type === QUERY_NOT_REGISTERED) {
        run.queryResults.set(query, { error: new QueryNotRegisteredError(query.queryName) });
      } else {
        run.queryResults.set(query, { error: new QueryFailedError(query.queryName, answer?.failure.message ?? 'the workflow gave no answer') });
      }
    });
    return false;
  }

  async #callSandbox(activations: readonly Activation[]): Promise<ActivationResult[]> {
    return activations.length === 0 ? [] : this.ports.sandbox.activate(activations);
  }
}

/** Failure type with which a run answers a query that it has no handler for. */
const QUERY_NOT_REGISTERED = 'QueryNotRegistered';
