import {
  ControlApiError,
  InternalError,
  InvalidRequestError,
  LIMITS,
  OverloadedError,
  PayloadTooLargeError,
  RESERVED_SIGNAL_PREFIX,
  SignalNameReservedError,
  StoreUnavailableError,
  WorkflowNotFoundError,
  WorkflowTypeUnknownError,
  type ActivityOutcome,
  type IncidentAction,
  type JsonValue,
  type ResolveIncidentRequest,
  type StartWorkflowRequest,
  type StartWorkflowResult,
  type WorkflowDescription,
} from '@backstitch/protocol';
import { BatchProcessor, existingResult, NOBODY } from './batch/batch-processor.js';
import { Mailboxes } from './batch/mailboxes.js';
import { Outbox } from './batch/outbox.js';
import { RunCache } from './batch/run-cache.js';
import { describeRun } from './describe-run.js';
import type { EngineOptions, EnginePorts } from './engine-options.js';
import { settingsOf, type EngineSettings } from './engine-settings.js';
import type { EngineSurface } from './engine-surface.js';
import { exceedsJsonBytes, jsonBytes } from './json.js';
import type { Reply, RunMessage } from './messages/run-message.js';
import { requestFingerprintOf } from './request-fingerprint.js';
import type { Fact } from './run/turn.js';
import { validateSearchAttributes } from './search-attribute-validation.js';
import { WorkflowIdResolver } from './workflow-id-resolver.js';

const RETRY_AFTER_MS = 1_000;

/** A message as its sender words it; the engine adds where the answer goes. */
type Unsent<M extends RunMessage> = M extends RunMessage ? Omit<M, 'reply'> : never;

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
  /** Starts that are not committed yet, by workflow id. */
  readonly #starting = new Map<string, { runId: string; requestFingerprint: string; result: Promise<StartWorkflowResult> }>();
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
    this.#processor = new BatchProcessor({
      ports,
      settings: this.#settings,
      cache: this.#cache,
      mailboxes: this.#mailboxes,
      outbox: this.#outbox,
      tell,
    });
  }

  async start(requests: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]> {
    this.#refuseIfOverloaded(requests.length);
    return Promise.all(requests.map((request) => this.#start(request)));
  }

  async signal(workflowId: string, signalName: string, args: JsonValue[], identity?: string): Promise<void> {
    if (signalName.startsWith(RESERVED_SIGNAL_PREFIX)) {
      throw new SignalNameReservedError(signalName);
    }
    refuseOversized(`The input of signal "${signalName}"`, args);
    await this.#call<void>(workflowId, { type: 'signal', workflowId, signalName, args, identity });
  }

  async cancel(workflowId: string, reason?: string, identity?: string): Promise<void> {
    await this.#call<void>(workflowId, { type: 'cancel', workflowId, reason, identity });
  }

  async terminate(workflowId: string, reason: string, identity?: string): Promise<void> {
    await this.#call<void>(workflowId, { type: 'terminate', workflowId, reason, identity });
  }

  async query(workflowId: string, queryName: string, args: JsonValue[]): Promise<JsonValue> {
    refuseOversized(`The input of query "${queryName}"`, args);
    return this.#call<JsonValue>(workflowId, { type: 'query', workflowId, queryName, args });
  }

  async deliver(outcomes: readonly ActivityOutcome[]): Promise<void> {
    await this.#sendAll(outcomes.map((outcome) => [outcome.runId, { type: 'outcome', outcome }]));
  }

  async wake(runIds: readonly string[]): Promise<void> {
    await this.#sendAll(runIds.map((runId) => [runId, { type: 'wake' }]));
  }

  async redispatch(runIds: readonly string[]): Promise<void> {
    await this.#sendAll(runIds.map((runId) => [runId, { type: 'redispatch' }]));
  }

  async evict(runIds: readonly string[]): Promise<void> {
    await this.#sendAll(runIds.map((runId) => [runId, { type: 'evict' }]));
  }

  async evictPartitions(partitions: readonly number[]): Promise<void> {
    await this.evict(this.#cache.runIdsIn(new Set(partitions)));
  }

  async resolveIncident(workflowId: string, incidentNumber: number, action: IncidentAction, request: ResolveIncidentRequest): Promise<void> {
    await this.#call<void>(workflowId, { type: 'resolveIncident', workflowId, incidentNumber, action, request });
  }

  async describe(workflowId: string): Promise<WorkflowDescription> {
    const runId = await this.#resolver.find(workflowId);
    const [stored] = runId === undefined ? [] : await this.ports.store.load([runId]);
    if (stored === undefined) {
      throw new WorkflowNotFoundError(workflowId);
    }
    return describeRun(stored, this.ports.clock.now());
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#makeRoom();
    await this.idle();
  }

  /** Resolves when no message waits, no batch is under way and no job is on its way to a queue. */
  async idle(): Promise<void> {
    do {
      await Promise.all(this.#batches);
      await this.#outbox.idle();
    } while (this.#batches.size > 0 || this.#mailboxes.readyRuns > 0);
  }

  pressure(): { waitingMessages: number; cachedRuns: number } {
    return { waitingMessages: this.#mailboxes.waitingMessages, cachedRuns: this.#cache.size };
  }

  /** Starts that have the same workflow id follow the first of them: their run is made once. */
  async #start(request: StartWorkflowRequest): Promise<StartWorkflowResult> {
    const { workflowId } = request;
    try {
      this.#validateStart(request);
      const requestFingerprint = requestFingerprintOf(request);
      for (let leader = this.#starting.get(workflowId); leader !== undefined; leader = this.#starting.get(workflowId)) {
        const result = await leader.result;
        if (result.status === 'started' || result.status === 'existing') {
          const status = result.status === 'started' ? 'RUNNING' : result.executionStatus;
          return existingResult({ request, requestFingerprint }, { ...leader, runId: result.runId, status });
        }
      }
      return await this.#startFirst(request, requestFingerprint);
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof OverloadedError) {
        throw error;
      }
      const known = error instanceof ControlApiError ? error : new InternalError('The start failed', { cause: error });
      return { status: 'rejected', workflowId, error: known.toJSON() };
    }
  }

  async #startFirst(request: StartWorkflowRequest, requestFingerprint: string): Promise<StartWorkflowResult> {
    const { workflowId } = request;
    const cached = this.#cache.stateOf(workflowId);
    if (cached !== undefined && !this.#mailboxes.isUnderWay(cached.runId)) {
      return existingResult({ request, requestFingerprint }, cached);
    }
    const runId = this.ports.ids.runId();
    const result = new Promise<StartWorkflowResult>((resolve, reject) => {
      // Forgotten in the very moment of the answer: nothing may be addressed to a run that was not made.
      const forget = (): boolean => this.#starting.delete(workflowId);
      const reply: Reply<StartWorkflowResult> = {
        resolve: (answer) => {
          forget();
          resolve(answer);
        },
        reject: (error) => {
          forget();
          reject(error);
        },
      };
      this.#post(runId, { type: 'start', request, requestFingerprint, reply });
    });
    this.#starting.set(workflowId, { runId, requestFingerprint, result });
    return result;
  }

  #validateStart({ workflowId, workflowType, args, memo, searchAttributes }: StartWorkflowRequest): void {
    if (workflowId === '' || workflowId.length > LIMITS.workflowIdLengthMax) {
      throw new InvalidRequestError('/workflowId', `must have 1 to ${LIMITS.workflowIdLengthMax} characters`);
    }
    if (!this.ports.sandbox.workflowTypes.has(workflowType)) {
      throw new WorkflowTypeUnknownError(workflowType);
    }
    validateSearchAttributes(searchAttributes ?? {}, this.#settings.searchAttributes);
    refuseOversized('The input of the workflow', args);
    refuseOversized('The memo', memo);
  }

  /** Sends a message by workflow id; a run that is just being started can be addressed already. */
  async #call<T>(workflowId: string, message: Unsent<RunMessage>): Promise<T> {
    this.#refuseIfOverloaded(1);
    const runId = this.#starting.get(workflowId)?.runId ?? this.#cache.runIdOf(workflowId) ?? (await this.#resolver.find(workflowId));
    if (runId === undefined) {
      throw new WorkflowNotFoundError(workflowId);
    }
    return this.#send<T>(runId, message);
  }

  /** Waits for room, then for all answers; rejects with the first error once each message has been answered. */
  async #sendAll(messages: readonly [string, Unsent<RunMessage>][]): Promise<void> {
    const answers: Promise<void>[] = [];
    for (const [runId, message] of messages) {
      while (this.#mailboxes.waitingMessages >= this.#settings.waitingMessagesMax && !this.#isClosing) {
        await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
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
      const batch = this.#runBatch().finally(() => {
        this.#batches.delete(batch);
        this.#formBatches();
      });
      this.#batches.add(batch);
    }
  }

  async #runBatch(): Promise<void> {
    // Let the caller of this moment put in all that it has.
    await Promise.resolve();
    const entries = this.#mailboxes.take(this.#settings.batchRunsMax);
    this.#makeRoom();
    if (entries.length > 0) {
      await this.#processor.process(entries);
      entries.forEach(({ runId }) => this.#mailboxes.release(runId));
    }
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

function refuseOversized(what: string, payload: JsonValue | undefined): void {
  if (exceedsJsonBytes(payload, LIMITS.payloadBytesMax)) {
    throw new PayloadTooLargeError(what, jsonBytes(payload), LIMITS.payloadBytesMax);
  }
}
