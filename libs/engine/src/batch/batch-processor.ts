import { ControlApiError, InternalError, OverloadedError, partitionOf, StoreUnavailableError, WorkflowNotFoundError, type StartWorkflowResult } from '@backstitch/protocol';
import type { EngineSettings } from '../engine-settings.js';
import type { EnginePorts } from '../engine-options.js';
import { incidentNotFound } from '../messages/apply-incident-resolution.js';
import { applyMessage } from '../messages/apply-message.js';
import { DONE, refused, type Answer, type RunMessage, type StartMessage } from '../messages/run-message.js';
import type { AppendResult, RunAppend } from '../ports/history-store.js';
import { emptyRunState, holdingIncident, identityOf, runStateOf } from '../run/run-state.js';
import { Turn, type Fact } from '../run/turn.js';
import { RunAdvancer } from './advance-runs.js';
import { BatchRun } from './batch-run.js';
import type { BatchEntry, Mailboxes } from './mailboxes.js';
import type { Outbox } from './outbox.js';
import type { RunCache } from './run-cache.js';

/** How often a message is applied anew because another owner of its run was faster. */
const RELOADS_MAX = 20;

export interface BatchContext {
  ports: EnginePorts;
  settings: EngineSettings;
  cache: RunCache;
  mailboxes: Mailboxes;
  outbox: Outbox;
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

  constructor(readonly context: BatchContext) {}

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
      const answer = error instanceof ControlApiError ? error : new InternalError('The batch failed', { cause: error });
      runs.forEach((run) => run.messages.forEach((message) => message.reply.reject(answer)));
      if (error instanceof StoreUnavailableError) {
        // If it was applied after all, its jobs are missing on the queues: the host's recovery has to look.
        this.context.outbox.giveUp(runs.flatMap(({ turn }) => (turn as Turn | undefined)?.owed ?? []), answer);
      }
    }
  }

  async #process(runs: readonly BatchRun[]): Promise<void> {
    const { ports, settings } = this.context;
    const startedAtMs = ports.clock.now();
    const dropped = runs.filter(({ messages }) => messages.some(({ type }) => type === 'evict')).map(({ runId }) => runId);
    await this.#evict(dropped);
    const known = await this.#load(runs.filter(({ messages }) => messages.some(({ type }) => type !== 'evict')));
    known.forEach((run) => this.#apply(run));
    const advancer = new RunAdvancer(ports, settings);
    await advancer.advance(known);
    const results = await this.#commit(known.filter(({ ending }) => ending === 'answer'));
    await this.#finish(known, results);
    runs.forEach(({ messages }) => messages.forEach((message) => message.type === 'evict' && message.reply.resolve()));
    this.#report(results, known, advancer.replayedRuns, startedAtMs);
  }

  /** Gives every run its state; runs that do not exist are answered and left out. */
  async #load(runs: readonly BatchRun[]): Promise<BatchRun[]> {
    const { cache, ports } = this.context;
    const toLoad = runs.filter((run) => {
      const cached = cache.get(run.runId);
      if (cached !== undefined) {
        run.state = cached;
        run.isInSandbox = true;
      }
      return cached === undefined && startOf(run) === undefined;
    });
    const loaded = toLoad.length === 0 ? [] : await ports.store.load(toLoad.map(({ runId }) => runId));
    const stored = new Map(loaded.map((found) => [found.record.runId, found]));
    return runs.filter((run) => {
      const start = startOf(run);
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
      }
      const { undoIncidentAfterMs } = this.context.settings;
      const isNew = start !== undefined && run.state.nextEventId === 1;
      run.turn = new Turn(run.state, ports.clock.now(), { undoIncidentAfterMs, random: () => ports.ids.random() }, isNew);
      return true;
    });
  }

  #apply(run: BatchRun): void {
    const wasHeld = holdingIncident(run.state) !== undefined;
    for (const message of run.messages) {
      if (message.type === 'start') {
        this.#applyStart(run, message);
      } else if (message.type !== 'query' && message.type !== 'evict') {
        const answer = applyMessage(run.turn, message, run.stored !== undefined);
        if (answer.status === 'behind' && run.stored === undefined) {
          run.ending = 'reload';
          return;
        }
        run.answers.set(message, answer.status === 'behind' ? answerBeyondHistory(run, message) : answer);
      }
    }
    run.wasReleased = wasHeld && holdingIncident(run.state) === undefined;
  }

  #applyStart(run: BatchRun, { request }: StartMessage): void {
    const { workflowId, workflowType, args, memo, searchAttributes, identity, traceparent } = request;
    run.turn.record('WORKFLOW_EXECUTION_STARTED', {
      workflowId,
      runId: run.runId,
      workflowType,
      taskQueue: this.context.settings.taskQueue,
      input: args,
      ...(memo === undefined ? {} : { memo }),
      ...(searchAttributes === undefined ? {} : { searchAttributes }),
      ...(identity === undefined ? {} : { identity }),
      ...(traceparent === undefined ? {} : { traceparent }),
      randomnessSeed: run.runId,
    });
    run.turn.facts.push((observer) => observer.workflowStarted?.(identityOf(run.state)));
  }

  async #commit(runs: readonly BatchRun[]): Promise<Map<BatchRun, { append: RunAppend; result: AppendResult }>> {
    const appends: { run: BatchRun; append: RunAppend }[] = [];
    for (const run of runs) {
      if (run.state.status !== 'RUNNING' && run.turn.events.length > 0) {
        run.turn.leaveNothingOpen();
      }
      const append = run.turn.toAppend();
      if (append !== undefined) {
        appends.push({ run, append });
      }
    }
    const results = appends.length === 0 ? [] : await this.context.ports.store.commit(appends.map(({ append }) => append));
    return new Map(appends.map(({ run, append }, index) => [run, { append, result: results[index] ?? { status: 'stale' } }]));
  }

  async #finish(runs: readonly BatchRun[], results: ReadonlyMap<BatchRun, { append: RunAppend; result: AppendResult }>): Promise<void> {
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
    const evicted = this.#evict(forgotten);
    for (const run of runs) {
      const result = results.get(run)?.result;
      if (run.ending === 'reload') {
        this.#putBack(run);
      } else if (result?.status === 'exists') {
        this.#answerExisting(run, result);
      } else {
        this.#follow(run, results.get(run)?.append);
      }
    }
    await evicted;
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
    run.turn.facts.forEach(tell);
    if (append?.record.wakeAtMs !== undefined) {
      const { wakeAtMs } = append.record;
      tell((observer) => observer.wakeAt?.(wakeAtMs));
    }
    if (append !== undefined && run.state.closedAtMs !== undefined) {
      const { status, startedAtMs, closedAtMs } = run.state;
      tell((observer) => observer.workflowClosed?.({ ...identityOf(run.state), status, startedAtMs, closedAtMs, record: append.record }));
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
        message.reply.resolve(existingResult(message, existing));
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
    results: ReadonlyMap<BatchRun, { append: RunAppend; result: AppendResult }>,
    runs: readonly BatchRun[],
    replayedRuns: number,
    startedAtMs: number,
  ): void {
    const committed = [...results.values()].filter(({ result }) => result.status === 'committed');
    const fact = {
      runs: committed.length,
      events: committed.reduce((sum, { append }) => sum + append.events.length, 0),
      staleRuns: runs.filter(({ ending }) => ending === 'reload').length,
      replayedRuns,
      durationMs: this.context.ports.clock.now() - startedAtMs,
    };
    this.context.tell((observer) => observer.batchCommitted?.(fact));
  }
}

/** Where the answers to the engine's own messages go. */
export const NOBODY = { resolve: () => undefined, reject: () => undefined };

/** How a start fares whose workflow id another run has. */
export function existingResult(
  { request, requestFingerprint }: Pick<StartMessage, 'request' | 'requestFingerprint'>,
  existing: { runId: string; requestFingerprint: string; status: Extract<StartWorkflowResult, { status: 'existing' }>['executionStatus'] },
): StartWorkflowResult {
  const { workflowId } = request;
  return existing.requestFingerprint === requestFingerprint
    ? { status: 'existing', workflowId, runId: existing.runId, executionStatus: existing.status }
    : { status: 'conflict', workflowId, runId: existing.runId };
}

function startOf(run: BatchRun): StartMessage | undefined {
  return run.messages.find((message) => message.type === 'start');
}

function answerUnknownRun(message: RunMessage): void {
  switch (message.type) {
    case 'signal':
    case 'cancel':
    case 'terminate':
    case 'query':
    case 'resolveIncident':
      message.reply.reject(new WorkflowNotFoundError(message.workflowId));
      return;
    case 'start':
    case 'outcome':
    case 'wake':
    case 'redispatch':
    case 'evict':
    case 'cancelledBeforeStart':
      // Nothing is left to be done for a run that is gone. A start always makes its run.
      (message.reply as { resolve(value?: unknown): void }).resolve();
      return;
    default: {
      const never: never = message;
      return never;
    }
  }
}

/** A message that speaks of what the history, just read, does not know. */
function answerBeyondHistory(run: BatchRun, message: RunMessage): Answer {
  return message.type === 'resolveIncident' ? refused(incidentNotFound(run.state.workflowId, message.incidentNumber)) : DONE;
}

function answerCommitted(run: BatchRun, message: RunMessage): void {
  switch (message.type) {
    case 'evict':
      return;
    case 'start':
      message.reply.resolve({ status: 'started', workflowId: run.state.workflowId, runId: run.runId });
      return;
    case 'query': {
      const answer = run.queryResults.get(message);
      if (answer === undefined) {
        message.reply.reject(new InternalError('The query was not answered'));
      } else if ('error' in answer) {
        message.reply.reject(answer.error);
      } else {
        message.reply.resolve(answer.result);
      }
      return;
    }
    default: {
      const answer = run.answers.get(message);
      if (answer?.status === 'refused') {
        message.reply.reject(answer.error);
      } else {
        message.reply.resolve();
      }
    }
  }
}
