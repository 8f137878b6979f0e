import {
  ControlApiError,
  InternalError,
  OverloadedError,
  partitionOf,
  StoreUnavailableError,
  WorkflowAlreadyClosedError,
  WorkflowNotFoundError,
  type StartWorkflowRequest,
  type StartWorkflowResult,
} from '@backstitch/protocol';
import { decideStart, signalRequestId, type ExistingRun } from './batch/start-policy.js';
import { startedAttributesOf } from './batch/started-attributes.js';
import type { EnginePorts } from './engine-options.js';
import type { EngineSettings } from './engine-settings.js';
import type { Reply, RunMessage, StartMessage, StartOutcome, Unsent } from './messages/run-message.js';
import { requestFingerprintOf } from './request-fingerprint.js';
import { defined } from './run/call-commands.js';
import type { NewRun } from './run/new-run.js';
import { validateStart } from './start-validation.js';

const RETRY_AFTER_MS = 1_000;
/** How often a start looks again at who has its workflow id. */
const RUNS_TRIED_MAX = 20;

/** What the starter needs of the engine. */
export interface RunStarterParts {
  ports: Pick<EnginePorts, 'clock' | 'ids' | 'sandbox'>;
  settings: EngineSettings;
  post(runId: string, message: RunMessage): void;
  send<T>(runId: string, message: Unsent<RunMessage>): Promise<T>;
  /** The run in memory that has the workflow id, if it can be relied on. */
  cachedRun(workflowId: string): ExistingRun | undefined;
}

/** Makes runs that are asked for, by the policies about workflow ids. */
export class RunStarter {
  /** Starts that are not committed yet, by workflow id. */
  readonly #starting = new Map<string, { runId: string; requestFingerprint: string; result: Promise<StartWorkflowResult> }>();

  constructor(readonly parts: RunStarterParts) {}

  /** The run that is being made under a workflow id: it can be addressed already. */
  startingRunId(workflowId: string): string | undefined {
    return this.#starting.get(workflowId)?.runId;
  }

  /** Starts that have the same workflow id follow the first of them: their run is made once. */
  async start(request: StartWorkflowRequest): Promise<StartWorkflowResult> {
    const { workflowId } = request;
    try {
      validateStart(request, this.parts.ports.sandbox, this.parts.settings, this.parts.ports.clock.now());
      const requestFingerprint = requestFingerprintOf(request);
      let existing: ExistingRun | undefined;
      for (let leader = this.#starting.get(workflowId); leader !== undefined; leader = this.#starting.get(workflowId)) {
        const result = await leader.result;
        if (result.status === 'started' || result.status === 'existing') {
          const status = result.status === 'started' ? 'RUNNING' : result.executionStatus;
          existing = { requestFingerprint: leader.requestFingerprint, runId: result.runId, status };
        }
      }
      return await this.#startUnder(request, requestFingerprint, existing ?? this.parts.cachedRun(workflowId));
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof OverloadedError) {
        throw error;
      }
      const known = error instanceof ControlApiError ? error : new InternalError('The start failed', { cause: error });
      return { status: 'rejected', workflowId, error: known.toJSON() };
    }
  }

  /** By the policies, as long as it takes: another start may be faster each time. */
  async #startUnder(request: StartWorkflowRequest, requestFingerprint: string, known: ExistingRun | undefined): Promise<StartWorkflowResult> {
    const { workflowId } = request;
    let existing = known;
    for (let round = 0; round < RUNS_TRIED_MAX; round += 1) {
      const decision = existing === undefined ? 'start' : decideStart(request, requestFingerprint, existing);
      if (existing !== undefined && decision === 'existing') {
        if (request.signal === undefined || existing.status !== 'RUNNING' || (await this.#signalExisting(request, existing.runId))) {
          return { status: 'existing', workflowId, runId: existing.runId, executionStatus: existing.status };
        }
        existing = undefined;
      } else if (existing !== undefined && decision === 'conflict') {
        return { status: 'conflict', workflowId, runId: existing.runId };
      } else if (existing !== undefined && decision === 'terminate') {
        const newRun = this.#newRun(request, requestFingerprint);
        const reason = 'Another start took the workflow id';
        if ((await this.parts.send<'superseded' | 'changed'>(existing.runId, { type: 'supersede', newRun, reason, identity: request.identity })) === 'superseded') {
          return { status: 'started', workflowId, runId: newRun.runId };
        }
        existing = undefined;
      } else {
        const outcome = await this.#lead(request, requestFingerprint, decision === 'replace' ? existing?.runId : undefined);
        if (outcome.status === 'started') {
          return { status: 'started', workflowId, runId: outcome.runId };
        }
        existing = outcome.existing;
      }
    }
    throw new OverloadedError(RETRY_AFTER_MS);
  }

  /** Makes a run, unless the workflow id is taken. Starts of the same id wait for it, and it can be addressed already. */
  async #lead(request: StartWorkflowRequest, requestFingerprint: string, replacesRunId: string | undefined): Promise<StartOutcome> {
    const { workflowId } = request;
    const runId = this.parts.ports.ids.runId();
    const outcome = this.startRun(runId, { request, requestFingerprint, ...(replacesRunId === undefined ? {} : { replacesRunId }) }, () => this.#starting.delete(workflowId));
    const result = outcome.then((made): StartWorkflowResult =>
      made.status === 'started'
        ? { status: 'started', workflowId, runId }
        : { status: 'existing', workflowId, runId: made.existing.runId, executionStatus: made.existing.status },
    );
    this.#starting.set(workflowId, { runId, requestFingerprint, result });
    // Whoever follows handles it; with no follower it is no rejection that nobody sees.
    result.catch(() => undefined);
    return outcome;
  }

  /** Makes a run of that id, unless it or its workflow id is taken. */
  async startRun(runId: string, message: Omit<StartMessage, 'type' | 'reply'>, forget: () => void = () => undefined): Promise<StartOutcome> {
    return new Promise<StartOutcome>((resolve, reject) => {
      // Forgotten in the very moment of the answer: nothing may be addressed to a run that was not made.
      const reply: Reply<StartOutcome> = {
        resolve: (answer) => {
          forget();
          resolve(answer);
        },
        reject: (error) => {
          forget();
          reject(error);
        },
      };
      this.parts.post(runId, { type: 'start', ...message, reply });
    });
  }

  /** False: it has closed meanwhile. */
  async #signalExisting(request: StartWorkflowRequest, runId: string): Promise<boolean> {
    const { workflowId, signal, identity } = request;
    try {
      const requestId = signalRequestId(request);
      await this.parts.send<void>(runId, { type: 'signal', workflowId, signalName: signal?.signalName ?? '', args: signal?.args ?? [], identity, headers: signal?.headers, requestId });
      return true;
    } catch (error) {
      if (error instanceof WorkflowAlreadyClosedError || error instanceof WorkflowNotFoundError) {
        return false;
      }
      throw error;
    }
  }

  #newRun(request: StartWorkflowRequest, requestFingerprint: string): NewRun {
    const { workflowId, signal, identity } = request;
    const runId = this.parts.ports.ids.runId();
    const requestId = signalRequestId(request);
    return {
      workflowId,
      runId,
      partition: partitionOf(workflowId, this.parts.settings.partitionCount),
      requestFingerprint,
      replacesRunId: undefined,
      started: startedAttributesOf(runId, { request }, this.parts.settings, this.parts.ports.clock.now()),
      ...(signal === undefined
        ? {}
        : { signal: { signalName: signal.signalName, input: signal.args, ...defined('identity', identity), ...defined('header', signal.headers), ...defined('requestId', requestId) } }),
    };
  }
}
