import { QueryFailedError, QueryNotRegisteredError, type Activation, type ActivationResult, type Failure, type HistoryEvent, type IncidentDivergence, type UpdateWorkflowRequest } from '@backstitch/protocol';
import type { EngineSettings } from '../engine-settings.js';
import { plainFailure } from '../failures.js';
import type { HistoryStore } from '../ports/history-store.js';
import type { PayloadDecoder } from '../ports/payload-decoder.js';
import type { Sandbox } from '../ports/sandbox.js';
import { activationInfoOf, admittedUpdatesOf, doUpdateOf, type ActivationExtras, type UpdateRequest } from '../run/activation.js';
import { activationOf, completeTask, failTask } from '../run/complete-task.js';
import { noteSinkCalls } from '../run/note-sink-calls.js';
import { replayAll } from '../run/replay-all.js';
import { Replay } from '../run/replay.js';
import { isServedHere, runOfOtherBuild } from '../run/builds.js';
import { decodeCommandEvents } from '../run/decode-command-events.js';
import { isSystemRun, rollbackCommands } from '../run/rollback.js';
import { extrasOf } from '../run/run-extras.js';
import { holdingIncident, identityOf, isHolding } from '../run/run-state.js';
import type { BatchRun } from './batch-run.js';

/** How often a run that the sandbox lost is brought back within one batch. */
const ROUNDS_MAX = 3;

export interface AdvancePorts {
  sandbox: Sandbox;
  store: HistoryStore;
  decodePayloads?: PayloadDecoder;
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
    let toAdvance = runs.filter((run) => activations.has(run) || ((run.wasReleased || run.mustBeAlive) && run.canAdvance));
    for (let round = 1; toAdvance.length > 0; round += 1) {
      if (toAdvance.some(({ isInSandbox }) => !isInSandbox)) {
        await this.#bringBack(toAdvance);
      }
      const lost = await this.#activate(toAdvance.filter((run) => run.canAdvance && activations.has(run)), activations);
      lost.forEach((run) => {
        run.isInSandbox = false;
        if (round === ROUNDS_MAX) {
          failTask(run.turn, plainFailure('The sandbox keeps losing the run'));
        }
      });
      toAdvance = lost.filter((run) => run.canAdvance);
    }
    const asked = runs.filter((run) => run.ending === 'answer' && run.hasQueries);
    if (asked.length > 0) {
      await this.#query(asked);
    }
  }

  /** Of the runs that have something to be told. Replay changes nothing about it: what it finds holds the run. */
  #activationsOf(runs: readonly BatchRun[]): Map<BatchRun, Activation> {
    const activations = new Map<BatchRun, Activation>();
    for (const run of runs) {
      const { unhandled, extras } = run.state;
      if ((unhandled.length > 0 || run.pendingUpdates !== undefined || extras?.localActivityEnds !== undefined) && run.canAdvance) {
        admitUpdates(run);
        const activation = activationOf(run.turn, this.settings.historyLimits, extras === undefined && run.pendingUpdates === undefined ? undefined : this.#extrasOf(run));
        if (activation.jobs.length > 0) {
          activations.set(run, activation);
        }
      }
    }
    return activations;
  }

  /** What the code is told besides events, and remembers for its answer. */
  #extrasOf(run: BatchRun): ActivationExtras {
    const { unhandled, extras } = run.state;
    const pending = (run.pendingUpdates ?? []).map(({ request }) => doUpdateOf(updateRequestOf(request), true));
    const known = new Set(pending.map(({ updateId }) => updateId));
    return { updates: [...admittedUpdatesOf(unhandled).filter(({ updateId }) => !known.has(updateId)), ...pending], localActivityEnds: extras?.localActivityEnds };
  }

  /** Replays the runs whose code is not alive, all of them together. */
  async #bringBack(runs: readonly BatchRun[]): Promise<void> {
    const absent = runs.filter((run) => !run.isInSandbox && run.ending === 'answer' && !isSystemRun(run.state));
    await this.#loadMissing(absent.filter((run) => run.stored === undefined && !run.turn.isNew));
    const replays = new Map<BatchRun, Replay>();
    const unknown: BatchRun[] = [];
    const decoded = await this.#decode(absent);
    for (const run of absent) {
      if (!isServed(this.ports.sandbox, run.state.workflowType)) {
        unknown.push(run);
      } else if (run.stored !== undefined && run.ending === 'answer') {
        replays.set(run, new Replay(run.stored, this.settings.historyLimits, false, decoded?.get(run)));
      }
    }
    this.replayedRuns += replays.size;
    await this.#replay(replays);
    const { versioning } = this.settings;
    if (versioning?.confirmCurrentBuild !== undefined && (unknown.length > 0 || [...replays.values()].some(({ problem }) => problem !== undefined))) {
      await versioning.confirmCurrentBuild();
      // What another build, current by now, has done with a run need not fit this one's code: that build goes on with it.
      const left = absent.filter(({ state }) => !isServedHere(state, versioning));
      left.forEach((run) => replays.delete(run));
    }
    for (const run of unknown.filter(({ state }) => isServedHere(state, versioning))) {
      this.#hold(run, () => failTask(run.turn, plainFailure(`The loaded bundle has no workflow "${run.state.workflowType}"`)));
    }
    // A difference that was found is looked at once more, to tell which line of code it comes from.
    const traced = new Map([...replays].filter(([, { problem, drift }]) => problem?.kind === 'divergence' || drift.length > 0).map(([run, replay]) => [run, new Replay(replay.stored, this.settings.historyLimits, true, replay.decoded)]));
    if (traced.size > 0) {
      await this.#replay(traced);
      traced.forEach((replay, run) => replays.set(run, replay));
    }
    replays.forEach((replay, run) => this.#afterReplay(run, replay));
    absent.forEach((run) => (run.isInSandbox = run.ending === 'answer' && isServedHere(run.state, versioning) && (run.state.status !== 'RUNNING' || holdingIncident(run.state) === undefined)));
  }

  /** Of deployments with a codec: the recorded events as they are to be compared. */
  async #decode(runs: readonly BatchRun[]): Promise<Map<BatchRun, ReadonlyMap<number, HistoryEvent>> | undefined> {
    const { decodePayloads } = this.ports;
    if (decodePayloads === undefined) {
      return undefined;
    }
    return new Map(await Promise.all(runs.map(async (run) => [run, await decodeCommandEvents(run.stored?.events ?? [], decodePayloads)] as const)));
  }

  async #replay(replays: ReadonlyMap<BatchRun, Replay>): Promise<void> {
    const runOf = new Map([...replays].map(([run, replay]) => [replay, run]));
    await replayAll([...replays.values()], this.ports.sandbox, (replay, { sinkCalls }) => {
      const run = runOf.get(replay);
      if (sinkCalls !== undefined && run !== undefined) {
        noteSinkCalls(run.turn, sinkCalls, true);
      }
    });
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

  #afterReplay(run: BatchRun, { problem, drift, driftedEventIds, localActivities }: Replay): void {
    if (drift.length > 0) {
      const eventIds = [...driftedEventIds];
      run.turn.facts.push((observer) => observer.driftFound?.({ ...identityOf(run.state), eventIds, drift: drift.slice(0, DRIFT_KEPT_MAX) }));
      extrasOf(run.state).drift = drift.slice(0, DRIFT_KEPT_MAX);
    }
    if (problem === undefined) {
      if (run.state.extras?.unseenLocalActivities !== undefined) {
        run.state.extras.unseenLocalActivities = undefined;
      }
      const [first] = drift;
      if (first !== undefined && this.settings.driftIsIncident) {
        this.#hold(run, () => run.turn.openIncident({ kind: 'DRIFT', message: differenceMessage(first), divergence: first }));
      } else if (localActivities !== undefined && localActivities.size > 0) {
        extrasOf(run.state).localActivities = new Map(localActivities);
        run.turn.resumesLocalActivities = true;
      }
      return;
    }
    this.#hold(run, () => {
      switch (problem.kind) {
        case 'taskFailed':
          failTask(run.turn, problem.failure);
          return;
        case 'divergence': {
          const { divergence } = problem;
          run.turn.openIncident({ kind: 'NONDETERMINISM', message: differenceMessage(divergence), divergence });
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
    const inSandbox = runs.filter(({ state }) => !isSystemRun(state));
    const results = await this.#callSandbox(inSandbox.flatMap((run) => activations.get(run) ?? []));
    const resultOf = new Map(inSandbox.map((run, index) => [run, results[index]]));
    const carrying = inSandbox.filter((run) => carriesUndos(run, resultOf.get(run)));
    if (carrying.length > 0) {
      await this.#loadForUndos(carrying);
    }
    return runs.filter((run) => {
      const result = isSystemRun(run.state) ? systemResult(run) : resultOf.get(run);
      switch (result?.status) {
        case 'completed':
          this.#complete(run, result);
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

  #complete(run: BatchRun, result: Extract<ActivationResult, { status: 'completed' }>): void {
    const { historyLimits, searchAttributes } = this.settings;
    const { state, pendingUpdates } = run;
    const localActivityEnds = state.extras?.localActivityEnds;
    for (const command of result.commands) {
      if (command.type === 'rejectUpdate') {
        (run.updateRejections ??= new Map<string, Failure>()).set(command.updateId, command.failure);
      }
    }
    if (state.unhandled.length === 0 && localActivityEnds === undefined && result.commands.every(({ type }) => type === 'rejectUpdate')) {
      // Nothing but updates, and all were refused: it leaves no trace.
      return;
    }
    const updates = pendingUpdates === undefined && state.extras === undefined ? undefined : updateRequestsOf(run);
    completeTask(run.turn, result, { limits: historyLimits, definitions: searchAttributes, updates, localActivityEnds, history: run.turn.history });
  }

  /** Continue-as-new takes undos along: which, the history tells. */
  async #loadForUndos(runs: readonly BatchRun[]): Promise<void> {
    const missing = runs.filter(({ turn }) => turn.history === undefined && !turn.isNew);
    const stored = missing.length === 0 ? [] : await this.ports.store.load(missing.map(({ runId }) => runId));
    const events = new Map(stored.map(({ record, events: found }) => [record.runId, found]));
    runs.forEach((run) => (run.turn.history = [...(run.turn.history ?? events.get(run.runId) ?? []), ...run.turn.events]));
  }

  async #query(runs: readonly BatchRun[]): Promise<void> {
    let toAsk = runs.filter((run) => {
      if (isSystemRun(run.state)) {
        run.queries.forEach((query) => run.queryResults.set(query, { error: new QueryNotRegisteredError(query.queryName) }));
        return false;
      }
      if (!isServedHere(run.state, this.settings.versioning)) {
        run.queries.forEach((query) => run.queryResults.set(query, { error: runOfOtherBuild(run.state, this.settings.versioning) }));
        return false;
      }
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
      jobs: run.queries.map(({ queryName, args, headers }, index) => ({ type: 'queryWorkflow', queryId: String(index), queryName, args, ...(headers === undefined ? {} : { headers }) })),
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

/** Differences of one run that are kept for a person to see. */
const DRIFT_KEPT_MAX = 50;

/** Whether the bundle has code for this type. */
export function isServed({ workflowTypes }: Pick<Sandbox, 'workflowTypes'>, workflowType: string): boolean {
  return workflowTypes.has(workflowType) || workflowTypes.has('default');
}

function differenceMessage({ eventId, recorded, produced, producedAt }: IncidentDivergence): string {
  const where = producedAt === undefined ? '' : ` at ${producedAt}`;
  return `Event ${eventId} of the history records ${JSON.stringify(recorded)}, but the code produces ${JSON.stringify(produced)}${where}`;
}

/** What a run of the engine's own decides. */
function systemResult({ state, runId }: BatchRun): ActivationResult {
  return { runId, status: 'completed', commands: rollbackCommands(state), logs: [], queryAnswers: [] };
}

function carriesUndos({ state }: BatchRun, result: ActivationResult | undefined): boolean {
  const command = result?.status === 'completed' ? result.commands.find(({ type }) => type === 'continueAsNew') : undefined;
  return command?.type === 'continueAsNew' && ((command.openUndoSeqs?.length ?? 0) > 0 || state.extras?.started?.carriedUndos !== undefined);
}

/**
 * Of a run with local activities and no news but updates: these enter the history before the code is told, and not as late as it accepts them. Temporal's core takes workflow
 * tasks that follow upon each other with no event between them for one task that only waited for local activities, and would tell the code of the update too early.
 */
function admitUpdates({ state, pendingUpdates, turn }: BatchRun): void {
  const hasLocalActivities = state.extras?.localActivityEnds !== undefined || (state.extras?.localActivities?.size ?? 0) > 0;
  if (hasLocalActivities && state.unhandled.length === 0) {
    pendingUpdates?.forEach(({ request }) => turn.record('WORKFLOW_EXECUTION_UPDATE_ADMITTED', { request: updateRequestOf(request), origin: 'REAPPLY' }));
  }
}

/** Requests of the updates that the code was told of. */
function updateRequestsOf({ state, pendingUpdates = [] }: BatchRun): Map<string, UpdateRequest> {
  const requests = new Map<string, UpdateRequest>();
  for (const { event } of state.unhandled) {
    if (event.eventType === 'WORKFLOW_EXECUTION_UPDATE_ADMITTED') {
      requests.set(event.attributes.request.meta.updateId, event.attributes.request);
    }
  }
  pendingUpdates.forEach(({ request }) => requests.set(request.updateId, updateRequestOf(request)));
  return requests;
}

function updateRequestOf({ updateId, updateName, args, headers, identity }: UpdateWorkflowRequest): UpdateRequest {
  return {
    meta: { updateId, ...(identity === undefined ? {} : { identity }) },
    input: { ...(headers === undefined ? {} : { header: headers }), name: updateName, args },
  };
}

/** Failure type with which a run answers a query that it has no handler for. */
const QUERY_NOT_REGISTERED = 'QueryNotRegistered';
