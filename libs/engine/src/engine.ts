import {
  OverloadedError,
  type ActivityAction,
  type ActivityActionRequest,
  type ActivityHeartbeatResponse,
  type ActivityOutcome,
  type IncidentAction,
  type JsonValue,
  type PauseWorkflowRequest,
  type ResetWorkflowRequest,
  type ResetWorkflowResponse,
  type ResolveIncidentRequest,
  type StartWorkflowRequest,
  type StartWorkflowResult,
  type TerminateWorkflowResponse,
  type UpdateWithStartRequest,
  type UpdateWithStartResponse,
  type UpdateWorkflowRequest,
  type UpdateWorkflowResponse,
  type WorkflowDescription,
} from '@backstitch/protocol';
import { NOBODY } from './batch/answers.js';
import { BatchProcessor } from './batch/batch-processor.js';
import { CallBox } from './batch/call-box.js';
import { LocalActivityRunner } from './batch/local-activity-runner.js';
import { Mailboxes } from './batch/mailboxes.js';
import { Outbox } from './batch/outbox.js';
import { RunCache } from './batch/run-cache.js';
import { UpdateWaiters } from './batch/update-waiters.js';
import { CallReceiver } from './call-receiver.js';
import { describeRun } from './describe-run.js';
import type { EngineOptions, EnginePorts } from './engine-options.js';
import { settingsOf, type EngineSettings } from './engine-settings.js';
import type { EngineSurface, QueryOptions, SignalOptions, TerminateOptions } from './engine-surface.js';
import type { Reply, RunMessage, Unsent } from './messages/run-message.js';
import type { RunCall, RunCallAnswer } from './ports/run-messenger.js';
import { RunResetter } from './run-resetter.js';
import { RunStarter } from './run-starter.js';
import type { Fact } from './run/turn.js';
import { SharedReply } from './shared-reply.js';
import { refuseOversized, validateSignal } from './start-validation.js';
import { UpdateCaller } from './update-caller.js';
import { WorkflowCaller } from './workflow-caller.js';
import { WorkflowIdResolver } from './workflow-id-resolver.js';

const RETRY_AFTER_MS = 1_000;

/**
 * Advances runs. Pure: it sees the world through its ports alone.
 *
 * One message after another is put in its run's mailbox; batches form from the runs that have messages and are in no batch, never by waiting.
 *
 * States: open → closing (`close` was called: calls are refused, what waits is finished) → closed.
 */
export class Engine implements EngineSurface {
  readonly #settings: EngineSettings;
  readonly #cache: RunCache;
  readonly #mailboxes = new Mailboxes();
  readonly #outbox: Outbox;
  readonly #resolver: WorkflowIdResolver;
  readonly #processor: BatchProcessor;
  readonly #callBox: CallBox;
  readonly #receiver: CallReceiver;
  readonly #localActivities: LocalActivityRunner;
  readonly #starter: RunStarter;
  readonly #caller: WorkflowCaller;
  readonly #updates: UpdateCaller;
  readonly #resetter: RunResetter;
  readonly #updateWaiters = new UpdateWaiters();
  /** Who waits for room in the mailboxes. */
  #waitingForRoom: (() => void)[] = [];
  readonly #batches = new Set<Promise<void>>();
  #isClosing = false;

  constructor(
    readonly ports: EnginePorts,
    options: EngineOptions = {},
  ) {
    this.#settings = settingsOf(options);
    this.#cache = new RunCache(this.#settings.cachedRunsMax);
    this.#resolver = new WorkflowIdResolver(ports.store);
    const tell = (fact: Fact): void => this.#tell(fact);
    this.#outbox = new Outbox(ports.dispatcher, {
      dispatchFailed: (taskQueue, jobs, runIds, error) => tell((observer) => observer.dispatchFailed?.({ taskQueue, jobs, runIds, error })),
      removed: ({ job, closesActivity }) => {
        if (closesActivity) {
          this.#post(job.runId, { type: 'cancelledBeforeStart', scheduledEventId: job.scheduledEventId, reply: NOBODY });
        }
      },
    });
    const callsFailed = (runIds: string[], error: unknown): void => tell((observer) => observer.callsFailed?.({ runIds, error }));
    const send = <T>(runId: string, message: Unsent<RunMessage>): Promise<T> => this.#send<T>(runId, message);
    this.#starter = new RunStarter({
      ports,
      settings: this.#settings,
      post: (runId, message) => this.#post(runId, message),
      send,
      // A run in a batch may be about to end.
      cachedRun: (workflowId) => {
        const cached = this.#cache.stateOf(workflowId);
        return cached === undefined || this.#mailboxes.isUnderWay(cached.runId) ? undefined : cached;
      },
    });
    this.#caller = new WorkflowCaller({ store: ports.store, cache: this.#cache, resolver: this.#resolver, starter: this.#starter, send });
    const stored = this.#caller.stored.bind(this.#caller);
    this.#updates = new UpdateCaller({
      store: ports.store,
      cache: this.#cache,
      waiters: this.#updateWaiters,
      stored,
      send,
      call: (workflowId, message, runId) => this.#call(workflowId, message, runId),
    });
    this.#resetter = new RunResetter({ ports, settings: this.#settings, stored, send, currentRunId: (workflowId) => this.#resolver.find(workflowId) });
    this.#callBox = new CallBox(ports.messenger ?? { send: (calls) => this.receive(calls) }, {
      answered: (call, answer) => {
        const { runId } = call.sender;
        this.#post(runId, { type: 'callAnswered', call, answer, reply: { resolve: () => undefined, reject: (error) => callsFailed([runId], error) } });
      },
      failed: callsFailed,
    });
    this.#receiver = new CallReceiver({
      store: ports.store,
      sandbox: ports.sandbox,
      send,
      startRun: (runId, message) => this.#starter.startRun(runId, message),
      currentRunId: (workflowId) => this.#resolver.find(workflowId),
      buildId: this.#settings.versioning?.buildId,
    });
    this.#localActivities = new LocalActivityRunner(ports, (runId, end) => this.#send<void>(runId, { type: 'localActivityEnded', end }));
    this.#processor = new BatchProcessor({
      ports,
      settings: this.#settings,
      cache: this.#cache,
      mailboxes: this.#mailboxes,
      outbox: this.#outbox,
      callBox: this.#callBox,
      localActivities: this.#localActivities,
      updateWaiters: this.#updateWaiters,
      post: (runId, message) => this.#post(runId, message),
      tell,
    });
  }

  async start(requests: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]> {
    this.#refuseIfOverloaded(requests.length);
    return Promise.all(requests.map((request) => this.#starter.start(request)));
  }

  async signal(workflowId: string, signalName: string, args: JsonValue[], identity?: string, { runId, headers, requestId }: SignalOptions = {}): Promise<void> {
    validateSignal(signalName, args);
    await this.#call<void>(workflowId, { type: 'signal', workflowId, signalName, args, identity, headers, requestId }, runId);
  }

  async cancel(workflowId: string, reason?: string, identity?: string, runId?: string): Promise<void> {
    await this.#call<void>(workflowId, { type: 'cancel', workflowId, reason, identity }, runId);
  }

  async terminate(workflowId: string, reason: string, identity?: string, { runId, details, rollback }: TerminateOptions = {}): Promise<TerminateWorkflowResponse> {
    return this.#call<TerminateWorkflowResponse>(workflowId, { type: 'terminate', workflowId, reason, identity, details, rollback }, runId);
  }

  async query(workflowId: string, queryName: string, args: JsonValue[], { runId, headers }: QueryOptions = {}): Promise<JsonValue> {
    refuseOversized(`The input of query "${queryName}"`, args);
    return this.#call<JsonValue>(workflowId, { type: 'query', workflowId, queryName, args, headers }, runId);
  }

  async update(workflowId: string, request: UpdateWorkflowRequest, runId?: string, giveUp?: AbortSignal): Promise<UpdateWorkflowResponse> {
    return this.#updates.update(workflowId, request, runId, giveUp);
  }

  async pollUpdate(workflowId: string, updateId: string, runId?: string, giveUp?: AbortSignal): Promise<UpdateWorkflowResponse> {
    return this.#updates.poll(workflowId, updateId, runId, giveUp);
  }

  async updateWithStart({ start, update }: UpdateWithStartRequest, giveUp?: AbortSignal): Promise<UpdateWithStartResponse> {
    const [result] = await this.start([start]);
    const started = result as StartWorkflowResult;
    const isThere = started.status === 'started' || started.status === 'existing';
    return isThere ? { start: started, update: await this.update(start.workflowId, update, undefined, giveUp) } : { start: started };
  }

  async reset(workflowId: string, request: ResetWorkflowRequest, runId?: string): Promise<ResetWorkflowResponse> {
    this.#refuseIfOverloaded(1);
    return this.#resetter.reset(workflowId, request, runId);
  }

  async fork(workflowId: string, request: ResetWorkflowRequest, runId?: string): Promise<ResetWorkflowResponse> {
    this.#refuseIfOverloaded(1);
    return this.#resetter.fork(workflowId, request, runId);
  }

  async pause(workflowId: string, request: PauseWorkflowRequest, runId?: string): Promise<void> {
    await this.#call<void>(workflowId, { type: 'pause', workflowId, ...request }, runId);
  }

  async unpause(workflowId: string, request: PauseWorkflowRequest, runId?: string): Promise<void> {
    await this.#call<void>(workflowId, { type: 'unpause', workflowId, ...request }, runId);
  }

  async activityAction(workflowId: string, activityId: string, action: ActivityAction, request: ActivityActionRequest, runId?: string): Promise<ActivityHeartbeatResponse> {
    const answer = await this.#call<ActivityHeartbeatResponse | undefined>(workflowId, { type: 'activityAction', workflowId, activityId, action, request }, runId);
    return answer ?? { cancelRequested: false, paused: false };
  }

  async deliver(outcomes: readonly ActivityOutcome[]): Promise<void> {
    // One answer for all of them: a promise for each costs as much as applying it.
    const answers = new SharedReply();
    for (const outcome of outcomes) {
      while (this.#mailboxes.waitingMessages >= this.#settings.waitingMessagesMax && !this.#isClosing) {
        await this.#roomIsMade();
      }
      const reply = answers.share();
      if (this.#isClosing) {
        reply.reject(new OverloadedError(RETRY_AFTER_MS));
      } else {
        this.#post(outcome.runId, { type: 'outcome', outcome, reply });
      }
    }
    await answers.all();
  }

  async wake(runIds: readonly string[]): Promise<void> {
    await this.#sendAll(runIds.map((runId) => [runId, { type: 'wake' }]));
  }

  async redispatch(runIds: readonly string[]): Promise<void> {
    await this.#sendAll(runIds.map((runId) => [runId, { type: 'redispatch' }]));
  }

  async resumeCalls(runIds: readonly string[]): Promise<void> {
    await this.#sendAll(runIds.map((runId) => [runId, { type: 'resumeCalls' }]));
  }

  async noteService(notes: Parameters<EngineSurface['noteService']>[0]): Promise<void> {
    await this.#sendAll(notes.map((note) => [note.runId, { type: 'serviceNote', note }]));
  }

  async receive(calls: readonly RunCall[]): Promise<RunCallAnswer[]> {
    this.#refuseIfOverloaded(calls.length);
    return Promise.all(calls.map((call) => this.#receiver.receive(call)));
  }

  async evict(runIds: readonly string[]): Promise<void> {
    await this.#sendAll(runIds.map((runId) => [runId, { type: 'evict' }]));
  }

  async evictPartitions(partitions: readonly number[]): Promise<void> {
    await this.evict(this.#cache.runIdsIn(new Set(partitions)));
  }

  async resolveIncident(workflowId: string, incidentNumber: number, action: IncidentAction, request: ResolveIncidentRequest, runId?: string): Promise<void> {
    await this.#call<void>(workflowId, { type: 'resolveIncident', workflowId, incidentNumber, action, request }, runId);
  }

  async describe(workflowId: string, runId?: string): Promise<WorkflowDescription> {
    const stored = await this.#caller.stored(workflowId, runId);
    return describeRun(stored, this.ports.clock.now(), this.#cache.peek(stored.record.runId)?.extras);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#localActivities.stop();
    this.#makeRoom();
    await this.idle();
  }

  /** Resolves when no message waits, no batch is under way and no job is on its way to a queue. */
  async idle(): Promise<void> {
    do {
      await Promise.all(this.#batches);
      if (!this.#outbox.isIdle) {
        await this.#outbox.idle();
      }
      if (!this.#callBox.isIdle) {
        await this.#callBox.idle();
      }
    } while (this.#batches.size > 0 || this.#mailboxes.readyRuns > 0 || !this.#outbox.isIdle || !this.#callBox.isIdle);
  }

  /** Whether `idle` would resolve at once. */
  get isIdle(): boolean {
    return this.#batches.size === 0 && this.#mailboxes.readyRuns === 0 && this.#outbox.isIdle && this.#callBox.isIdle;
  }

  pressure(): { waitingMessages: number; cachedRuns: number } {
    return { waitingMessages: this.#mailboxes.waitingMessages, cachedRuns: this.#cache.size };
  }

  /** Sends a message by workflow id. */
  async #call<T>(workflowId: string, message: Unsent<RunMessage>, runId?: string): Promise<T> {
    this.#refuseIfOverloaded(1);
    return this.#caller.call<T>(workflowId, message, runId);
  }

  /** Waits for room, then for all answers; rejects with the first error once each message has been answered. */
  async #sendAll(messages: readonly [string, Unsent<RunMessage>][]): Promise<void> {
    const answers: Promise<void>[] = [];
    for (const [runId, message] of messages) {
      while (this.#mailboxes.waitingMessages >= this.#settings.waitingMessagesMax && !this.#isClosing) {
        await this.#roomIsMade();
      }
      answers.push(this.#isClosing ? Promise.reject(new OverloadedError(RETRY_AFTER_MS)) : this.#send<void>(runId, message));
    }
    const failed = (await Promise.allSettled(answers)).find((answer) => answer.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
  }

  async #send<T>(runId: string, message: Unsent<RunMessage>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // The kind of message decides the type of its answer; the public methods pair them.
      this.#post(runId, { ...message, reply: { resolve, reject } as Reply<never> } as RunMessage);
    });
  }

  #post(runId: string, message: RunMessage): void {
    this.#mailboxes.add(runId, message);
    this.#formBatches();
  }

  #formBatches(): void {
    if (this.#batches.size < this.#settings.concurrentBatchesMax && this.#mailboxes.readyRuns > 0) {
      const batch = this.#runBatch(() => this.#batches.delete(batch));
      this.#batches.add(batch);
    }
  }

  async #runBatch(ended: () => void): Promise<void> {
    try {
      // Let the caller of this moment put in all that it has.
      await Promise.resolve();
      const entries = this.#mailboxes.take(this.#settings.batchRunsMax);
      this.#makeRoom();
      if (entries.length > 0) {
        await this.#processor.process(entries);
        entries.forEach(({ runId }) => this.#mailboxes.release(runId));
      }
    } finally {
      ended();
      this.#formBatches();
    }
  }

  async #roomIsMade(): Promise<void> {
    await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
  }

  #makeRoom(): void {
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    waiting.forEach((goOn) => goOn());
  }

  #refuseIfOverloaded(messages: number): void {
    if (this.#isClosing || this.#mailboxes.waitingMessages + this.#resolver.size + messages > this.#settings.waitingMessagesMax) {
      throw new OverloadedError(RETRY_AFTER_MS);
    }
  }

  #tell(fact: Fact): void {
    try {
      fact(this.#settings.observer);
    } catch {
      // An observer must not throw; one that does must not harm a run.
    }
  }
}
