import { ControlApiError, InternalError, OverloadedError, partitionOf, StoreUnavailableError } from '@backstitch/protocol';
import type { EngineSettings } from '../engine-settings.js';
import type { EnginePorts } from '../engine-options.js';
import { applyMessage } from '../messages/apply-message.js';
import { DONE, type Reply, type RunMessage, type StartMessage } from '../messages/run-message.js';
import type { AppendResult, RunAppend } from '../ports/history-store.js';
import { isSystemRun } from '../run/rollback.js';
import { extrasOf } from '../run/run-extras.js';
import { emptyRunState, holdingIncident, identityOf, runStateOf } from '../run/run-state.js';
import { Turn, type Fact, type TurnSettings } from '../run/turn.js';
import { RunAdvancer } from './advance-runs.js';
import { answerBeyondHistory, answerCommitted, answerUnknownRun, NOBODY } from './answers.js';
import { BatchRun, createOf, needsHistory, startOf, takeUpdate } from './batch-run.js';
import type { CallBox } from './call-box.js';
import type { LocalActivityRunner } from './local-activity-runner.js';
import type { BatchEntry, Mailboxes } from './mailboxes.js';
import type { Outbox } from './outbox.js';
import { commitTurns, type RunResult } from './commit-turns.js';
import { turnOf, type BegunRun } from './new-run-append.js';
import type { RunCache } from './run-cache.js';
import { startedAttributesOf } from './started-attributes.js';
import { signalRequestId } from './start-policy.js';
import type { UpdateWaiters } from './update-waiters.js';

/** How often a message is applied anew because another owner of its run was faster. */
const RELOADS_MAX = 20;

export interface BatchContext {
  ports: EnginePorts;
  settings: EngineSettings;
  cache: RunCache;
  mailboxes: Mailboxes;
  outbox: Outbox;
  callBox: CallBox;
  localActivities: LocalActivityRunner;
  updateWaiters: UpdateWaiters;
  /** Puts a message in a run's mailbox from outside of a batch. */
  post(runId: string, message: RunMessage): void;
  /** Tells the observer, whatever it throws. */
  tell(fact: Fact): void;
}

/**
 * Takes one batch of runs from their messages to their commit. The order: load, apply messages, replay, activate, commit (one transaction), then
 * answer, dispatch, tell. Whatever goes wrong before the commit leaves no trace but an evicted cache.
 */
export class BatchProcessor {
  /** How often the messages of a run were put back, by message. */
  readonly #reloads = new WeakMap<RunMessage, number>();

  readonly #turnSettings: TurnSettings;

  constructor(readonly context: BatchContext) {
    const { ids } = context.ports;
    const { undoIncidentAfterMs, forwardIncidentAfterMs, partitionCount, versioning } = context.settings;
    this.#turnSettings = { undoIncidentAfterMs, forwardIncidentAfterMs, partitionCount, versioning, random: () => ids.random(), runId: () => ids.runId() };
  }

  /** Never rejects: every message of the batch is answered, or waits again. */
  async process(entries: readonly BatchEntry[]): Promise<void> {
    const runs = entries.map(({ runId, messages }) => new BatchRun(runId, messages));
    try {
      await this.#process(runs);
    } catch (error) {
      // It is not known what was applied: forget the runs, so that they are read again.
      await this.#evict(runs.map(({ runId }) => runId));
      if (runs.length > 1 && !(error instanceof ControlApiError)) {
        // Something of one run cannot be handled: by itself each is answered for itself, and the others go on.
        for (const entry of entries) {
          await this.process([entry]);
        }
        return;
      }
      if (!(error instanceof ControlApiError)) {
        this.context.tell((observer) => observer.batchFailed?.({ runIds: runs.map(({ runId }) => runId), error }));
      }
      const answer = error instanceof ControlApiError ? error : new InternalError('The batch failed', { cause: error });
      runs.forEach((run) => run.messages.forEach((message) => message.reply.reject(answer)));
      if (error instanceof StoreUnavailableError) {
        // If it was applied after all, its jobs are missing on the queues: the host's recovery has to look.
        this.context.outbox.giveUp(runs.flatMap(({ turn }) => (turn as Turn | undefined)?.owed ?? []), answer);
        this.#giveUpCalls(runs, answer);
      }
    }
  }

  /** As with jobs: what was to follow the commit on other runs may be missing. */
  #giveUpCalls(runs: readonly BatchRun[], error: unknown): void {
    const { ports, tell } = this.context;
    const turns = runs.flatMap((run) => (run.turn as Turn | undefined) ?? []);
    const calling = turns.filter(({ calls, callsAfterClose, localCommands }) => calls !== undefined || callsAfterClose !== undefined || localCommands !== undefined);
    if (calling.length > 0) {
      tell((observer) => observer.callsFailed?.({ runIds: calling.map(({ state }) => state.runId), error }));
    }
    if (turns.some(({ newRuns }) => newRuns !== undefined)) {
      const nowMs = ports.clock.now();
      tell((observer) => observer.wakeAt?.(nowMs));
    }
  }

  /** For messages that nobody waits for: what is lost with them is asked for again by recovery. */
  #elseResume(runId: string): Reply<void> {
    return { resolve: () => undefined, reject: (error) => this.context.tell((observer) => observer.callsFailed?.({ runIds: [runId], error })) };
  }

  async #process(runs: readonly BatchRun[]): Promise<void> {
    const { ports, settings } = this.context;
    const startedAtMs = ports.clock.now();
    const dropped = runs.filter(({ messages }) => messages.some(({ type }) => type === 'evict')).map(({ runId }) => runId);
    if (dropped.length > 0) {
      await this.#evict(dropped);
    }
    const known = await this.#load(runs.filter(({ messages }) => messages.some(({ type }) => type !== 'evict')));
    known.forEach((run) => this.#apply(run));
    const advancer = new RunAdvancer(ports, settings);
    await advancer.advance(known);
    const results = await commitTurns(known.filter(({ ending }) => ending === 'answer'), ports.store, this.#turnSettings);
    await this.#finish(known, results);
    runs.forEach(({ messages }) => messages.forEach((message) => message.type === 'evict' && message.reply.resolve()));
    this.#report(results, known, advancer.replayedRuns, startedAtMs);
  }

  /** Gives every run its state; runs that do not exist are answered and left out. */
  async #load(runs: readonly BatchRun[]): Promise<BatchRun[]> {
    const { cache, ports } = this.context;
    const nowMs = ports.clock.now();
    const toLoad = runs.filter((run) => {
      const cached = cache.get(run.runId);
      if (cached !== undefined) {
        run.state = cached;
        run.isInSandbox = true;
        return run.messages.some((message) => needsHistory(message, cached, nowMs));
      }
      return startOf(run) === undefined && createOf(run) === undefined;
    });
    const loaded = toLoad.length === 0 ? [] : await ports.store.load(toLoad.map(({ runId }) => runId));
    const stored = new Map(loaded.map((found) => [found.record.runId, found]));
    return runs.filter((run) => {
      const start = startOf(run);
      const create = createOf(run);
      if (run.state === undefined && create !== undefined) {
        run.turn = turnOf(create.newRun, nowMs, this.#turnSettings);
        run.state = run.turn.state;
        run.beginsWithHistory = true;
        return true;
      }
      if (run.state === undefined && start !== undefined) {
        const { workflowId } = start.request;
        const partition = partitionOf(workflowId, this.context.settings.partitionCount);
        run.state = emptyRunState({ workflowId, runId: run.runId, partition, requestFingerprint: start.requestFingerprint });
      } else if (run.state === undefined) {
        run.stored = stored.get(run.runId);
        if (run.stored === undefined) {
          run.messages.forEach(answerUnknownRun);
          return false;
        }
        run.state = runStateOf(run.stored);
        // There is no code to be brought back: the engine knows what such a run does next.
        run.isInSandbox = isSystemRun(run.state);
      }
      const isNew = start !== undefined && run.state.nextEventId === 1;
      run.turn = new Turn(run.state, nowMs, this.#turnSettings, isNew);
      this.#giveHistory(run, stored.get(run.runId));
      return true;
    });
  }

  /** A copy in memory that is older than what was just read cannot be gone on with. */
  #giveHistory(run: BatchRun, stored: BatchRun['stored']): void {
    if (stored !== undefined) {
      run.turn.history = stored.events;
      if (stored.record.nextEventId !== run.state.nextEventId) {
        run.ending = 'reload';
      }
    }
  }

  #apply(run: BatchRun): void {
    if (run.ending === 'reload') {
      return;
    }
    const wasHeld = holdingIncident(run.state) !== undefined;
    for (const message of run.messages) {
      if (message.type === 'start') {
        this.#applyStart(run, message);
      } else if (message.type === 'update') {
        takeUpdate(run, message);
      } else if (message.type !== 'query' && message.type !== 'evict' && message.type !== 'create') {
        const answer = applyMessage(run.turn, message, run.stored !== undefined);
        if (answer.status === 'behind' && run.stored === undefined) {
          run.ending = 'reload';
          return;
        }
        if (answer !== DONE) {
          run.answers.set(message, answer.status === 'behind' ? answerBeyondHistory(run, message) : answer);
        }
      }
    }
    run.wasReleased = wasHeld && holdingIncident(run.state) === undefined;
    const { committedOpenCalls = 0, localActivities } = run.state.extras ?? {};
    run.mustBeAlive = run.turn.resumesLocalActivities && localActivities === undefined && committedOpenCalls > (run.turn.calls?.length ?? 0);
  }

  #applyStart(run: BatchRun, message: StartMessage): void {
    if (run.state.nextEventId > 1) {
      // The same start again: of a child whose parent asks once more.
      return;
    }
    const { turn } = run;
    turn.record('WORKFLOW_EXECUTION_STARTED', startedAttributesOf(run.runId, message, this.context.settings, turn.nowMs));
    const { signal, identity } = message.request;
    if (signal !== undefined) {
      const requestId = signalRequestId(message.request);
      turn.record('WORKFLOW_EXECUTION_SIGNALED', {
        signalName: signal.signalName,
        input: signal.args,
        ...(identity === undefined ? {} : { identity }),
        ...(signal.headers === undefined ? {} : { header: signal.headers }),
        ...(requestId === undefined ? {} : { requestId }),
      });
    }
    turn.facts.push((observer) => observer.workflowStarted?.(identityOf(run.state)));
  }

  async #finish(runs: readonly BatchRun[], results: ReadonlyMap<BatchRun, RunResult>): Promise<void> {
    const { cache, mailboxes } = this.context;
    const forgotten: string[] = [];
    for (const run of runs) {
      const result = results.get(run)?.result;
      if (result?.status === 'stale') {
        run.ending = 'reload';
      }
      const isAlive = run.ending === 'answer' && run.isInSandbox && run.state.status === 'RUNNING' && holdingIncident(run.state) === undefined;
      if (isAlive && result?.status !== 'exists') {
        const append = results.get(run)?.append;
        if (append !== undefined) {
          run.state.committedWakeAtMs = append.record.wakeAtMs;
          if (append.record.openCalls !== undefined) {
            extrasOf(run.state).committedOpenCalls = append.record.openCalls;
          }
        }
        cache.set(run.state);
      } else {
        forgotten.push(run.runId);
      }
    }
    // This batch is through with its runs; those of another one are not to be touched.
    const mine = new Set(runs.map(({ runId }) => runId));
    forgotten.push(...cache.shrink((runId) => mailboxes.isUnderWay(runId) && !mine.has(runId)));
    // Answers and jobs need not wait for the sandbox to forget. The runs stay under way until this batch ends, so none of them comes back before.
    const evicted = forgotten.length === 0 ? undefined : this.#evict(forgotten);
    for (const run of runs) {
      const result = results.get(run)?.result;
      if (run.ending === 'reload') {
        this.#putBack(run);
      } else if (result?.status === 'exists') {
        this.#answerExisting(run, result);
      } else {
        this.#follow(run, results.get(run)?.append);
        results.get(run)?.begun?.forEach((begun) => this.#followBegun(begun));
      }
    }
    if (evicted !== undefined) {
      await evicted;
    }
  }

  /** What follows once a run's part of the commit stands: answers, jobs, facts. */
  #follow(run: BatchRun, append: RunAppend | undefined): void {
    const { mailboxes, outbox, tell } = this.context;
    for (const message of run.messages) {
      answerCommitted(run, message);
    }
    outbox.add(run.turn.dispatches, run.turn.cancellations);
    for (const scheduledEventId of run.turn.cancelledBeforeStart) {
      mailboxes.add(run.runId, { type: 'cancelledBeforeStart', scheduledEventId, reply: NOBODY });
    }
    if (run.beginsWithHistory) {
      mailboxes.add(run.runId, { type: 'wake', reply: NOBODY });
      mailboxes.add(run.runId, { type: 'resumeCalls', reply: NOBODY });
    }
    run.turn.facts.forEach(tell);
    if (append?.record.wakeAtMs !== undefined) {
      const { wakeAtMs } = append.record;
      tell((observer) => observer.wakeAt?.(wakeAtMs));
    }
    if (run.state.extras !== undefined || run.turn.localCommands !== undefined) {
      this.#followCalls(run);
    }
    if (append !== undefined && run.state.closedAtMs !== undefined && run.turn.events.length > 0) {
      const { status, startedAtMs, closedAtMs } = run.state;
      tell((observer) => observer.workflowClosed?.({ ...identityOf(run.state), status, startedAtMs, closedAtMs, record: append.record }));
    }
  }

  /** Calls to other runs, local activities, and those who wait for updates. */
  #followCalls({ runId, turn, state, isInSandbox }: BatchRun): void {
    const { callBox, localActivities, post, updateWaiters } = this.context;
    const isClosed = state.status !== 'RUNNING';
    if (turn.calls !== undefined && (!isClosed || turn.callsAfterClose === undefined)) {
      callBox.add(turn.calls);
    }
    if (turn.callsAfterClose !== undefined) {
      callBox.addTogether(turn.callsAfterClose, () => post(runId, { type: 'afterCloseDone', reply: this.#elseResume(runId) }));
    }
    const local = state.extras?.localActivities;
    if (isClosed) {
      localActivities.forget(runId, local?.keys() ?? []);
    } else if (isInSandbox) {
      turn.localCommands?.forEach((command) => command.type === 'requestCancelLocalActivity' && localActivities.cancel(runId, command.seq));
      const ends = new Set(state.extras?.localActivityEnds?.map(({ seq }) => seq));
      if (turn.localCommands !== undefined || turn.resumesLocalActivities) {
        local?.forEach((activity, seq) => !ends.has(seq) && localActivities.ensure(state, activity));
      }
    }
    updateWaiters.committed(state);
  }

  /** A run that began in this commit: its first workflow task follows, when it is due. */
  #followBegun({ state, turn, append }: BegunRun): void {
    const { mailboxes, outbox, tell } = this.context;
    turn.facts.forEach(tell);
    outbox.add(turn.dispatches, turn.cancellations);
    if ((state.taskDueAtMs ?? Infinity) <= turn.nowMs) {
      const wakeAgain = (): void => tell((observer) => observer.wakeAt?.(turn.nowMs));
      mailboxes.add(state.runId, { type: 'wake', reply: { resolve: () => undefined, reject: wakeAgain } });
    }
    if (append.record.openCalls !== undefined && append.record.openCalls > 0) {
      mailboxes.add(state.runId, { type: 'resumeCalls', reply: this.#elseResume(state.runId) });
    }
    const { wakeAtMs } = append.record;
    if (wakeAtMs !== undefined) {
      tell((observer) => observer.wakeAt?.(wakeAtMs));
    }
  }

  #putBack(run: BatchRun): void {
    const again: RunMessage[] = [];
    for (const message of run.messages) {
      const reloads = (this.#reloads.get(message) ?? 0) + 1;
      this.#reloads.set(message, reloads);
      if (reloads > RELOADS_MAX) {
        message.reply.reject(new OverloadedError(1_000));
      } else if (message.type !== 'evict') {
        again.push(message);
      }
    }
    if (again.length > 0) {
      this.context.mailboxes.putBack(run.runId, again);
    }
  }

  /** The workflow id was taken: the start is answered, and what else was meant for it goes to the run that has it. */
  #answerExisting(run: BatchRun, { existing }: Extract<AppendResult, { status: 'exists' }>): void {
    const { mailboxes } = this.context;
    for (const message of [...run.messages, ...mailboxes.takeLate(run.runId)]) {
      if (message.type === 'start') {
        message.reply.resolve({ status: 'exists', existing });
      } else if (message.type === 'create') {
        message.reply.resolve('exists');
      } else if (message.type === 'supersede') {
        message.reply.resolve('changed');
      } else {
        mailboxes.add(existing.runId, message);
      }
    }
  }

  async #evict(runIds: readonly string[]): Promise<void> {
    if (runIds.length === 0) {
      return;
    }
    runIds.forEach((runId) => this.context.cache.delete(runId));
    try {
      await this.context.ports.sandbox.evict(runIds);
    } catch {
      // A sandbox that cannot forget is broken: its next activation says so, and a run that is brought back replaces the old one.
    }
  }

  #report(
    results: ReadonlyMap<BatchRun, RunResult>,
    runs: readonly BatchRun[],
    replayedRuns: number,
    startedAtMs: number,
  ): void {
    const committed = [...results.values()].filter(({ result }) => result.status === 'committed');
    const fact = {
      runs: committed.length,
      events: committed.reduce((sum, { append }) => sum + (append?.events.length ?? 0), 0),
      staleRuns: runs.filter(({ ending }) => ending === 'reload').length,
      replayedRuns,
      durationMs: this.context.ports.clock.now() - startedAtMs,
    };
    this.context.tell((observer) => observer.batchCommitted?.(fact));
  }
}
