import type { Sandbox } from '@backstitch/engine';
import {
  decodeFailure,
  decodePayload,
  decodePayloads,
  encodeFailure,
  encodePayload,
  encodePayloads,
  type Activation,
  type ActivationJob,
  type ActivationResult,
  type ActivityResolution,
  type JsonObject,
  type JsonValue,
  type PayloadCodec,
  type QueryAnswer,
  type UpdateOutcome,
  type WorkflowCommand,
} from '@backstitch/protocol';

/**
 * A sandbox whose workflow code sees payloads as they were before a codec encoded them, and whose commands bear only encoded ones. So the engine, the history and
 * the queues never hold anything else. Names, types, search attributes, headers and messages of failures are no payloads.
 */
export class CodecSandbox implements Sandbox {
  readonly #inner: Sandbox;
  readonly #codec: PayloadCodec;
  readonly #leavesReplayedPlain: boolean;

  /**
   * @param options `leavesReplayedPlain`: what replayed code commands is not encoded, since it is compared and not recorded; for an engine that decodes what was
   * recorded. Default false.
   */
  constructor(inner: Sandbox, codec: PayloadCodec, { leavesReplayedPlain = false }: { leavesReplayedPlain?: boolean } = {}) {
    this.#inner = inner;
    this.#codec = codec;
    this.#leavesReplayedPlain = leavesReplayedPlain;
  }

  get workflowTypes(): ReadonlySet<string> {
    return this.#inner.workflowTypes;
  }

  async activate(batch: readonly Activation[]): Promise<ActivationResult[]> {
    const results = await this.#inner.activate(await Promise.all(batch.map((activation) => this.#decode(activation))));
    return Promise.all(results.map((result, index) => this.#encode(result, this.#leavesReplayedPlain && batch[index]?.info.isReplaying === true)));
  }

  evict(runIds: readonly string[]): Promise<void> {
    return this.#inner.evict(runIds);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #decode(activation: Activation): Promise<Activation> {
    const { info, jobs } = activation;
    const { lineage } = info;
    return {
      ...activation,
      info: {
        ...info,
        memo: await this.#decodeFields(info.memo),
        ...(lineage !== undefined && {
          lineage: {
            ...lineage,
            ...(lineage.lastResult !== undefined && { lastResult: await decodePayload(this.#codec, lineage.lastResult) }),
            ...(lineage.lastFailure !== undefined && { lastFailure: await decodeFailure(this.#codec, lineage.lastFailure) }),
          },
        }),
      },
      jobs: await Promise.all(jobs.map((job) => this.#decodeJob(job))),
    };
  }

  async #decodeJob(job: ActivationJob): Promise<ActivationJob> {
    switch (job.type) {
      case 'initializeWorkflow':
      case 'signalWorkflow':
      case 'doUpdate':
      case 'queryWorkflow':
        return { ...job, args: await decodePayloads(this.#codec, job.args) };
      case 'resolveLocalActivity':
        return job.resolution.status === 'backoff' ? job : { ...job, resolution: await this.#decodeResolution(job.resolution) };
      case 'resolveActivity':
      case 'resolveChildWorkflow':
        return { ...job, resolution: await this.#decodeResolution(job.resolution) };
      case 'resolveChildWorkflowStart':
        return job.resolution.status === 'canceled' ? { ...job, resolution: { ...job.resolution, failure: await decodeFailure(this.#codec, job.resolution.failure) } } : job;
      case 'resolveSignalExternalWorkflow':
      case 'resolveRequestCancelExternalWorkflow':
      case 'notifyHasPatch':
      case 'updateRandomSeed':
      case 'cancelWorkflow':
      case 'fireTimer':
        return job;
      default:
        return job satisfies never;
    }
  }

  async #decodeResolution(resolution: ActivityResolution): Promise<ActivityResolution> {
    return resolution.status === 'completed'
      ? { ...resolution, result: await decodePayload(this.#codec, resolution.result) }
      : { ...resolution, failure: await decodeFailure(this.#codec, resolution.failure) };
  }

  async #encode(result: ActivationResult, isPlain: boolean): Promise<ActivationResult> {
    if (result.status !== 'completed') {
      return result;
    }
    return {
      ...result,
      commands: isPlain ? result.commands : await Promise.all(result.commands.map((command) => this.#encodeCommand(command))),
      queryAnswers: await Promise.all(result.queryAnswers.map((answer) => this.#encodeAnswer(answer))),
    };
  }

  async #encodeCommand(command: WorkflowCommand): Promise<WorkflowCommand> {
    switch (command.type) {
      case 'scheduleActivity':
      case 'scheduleLocalActivity':
      case 'signalExternalWorkflow':
        return { ...command, args: await encodePayloads(this.#codec, command.args) };
      case 'startChildWorkflow': {
        const { memo } = command.options;
        return {
          ...command,
          args: await encodePayloads(this.#codec, command.args),
          options: memo === undefined ? command.options : { ...command.options, memo: await this.#encodeFields(memo) },
        };
      }
      case 'continueAsNew':
        return { ...command, args: await encodePayloads(this.#codec, command.args), ...(command.memo !== undefined && { memo: await this.#encodeFields(command.memo) }) };
      case 'upsertMemo':
        return { ...command, memo: await this.#encodeFields(command.memo) };
      case 'completeUpdate':
        return { ...command, outcome: await this.#encodeOutcome(command.outcome) };
      case 'completeWorkflow':
        return { ...command, result: await encodePayload(this.#codec, command.result) };
      case 'rejectUpdate':
      case 'failWorkflow':
        return { ...command, failure: await encodeFailure(this.#codec, command.failure) };
      case 'requestCancelActivity':
      case 'startTimer':
      case 'cancelTimer':
      case 'upsertSearchAttributes':
      case 'requestCancelLocalActivity':
      case 'cancelChildWorkflow':
      case 'cancelSignalExternalWorkflow':
      case 'requestCancelExternalWorkflow':
      case 'setPatchMarker':
      case 'acceptUpdate':
      case 'cancelWorkflowExecution':
      case 'settleUndos':
        return command;
      default:
        return command satisfies never;
    }
  }

  async #encodeOutcome(outcome: UpdateOutcome): Promise<UpdateOutcome> {
    return outcome.status === 'completed'
      ? { ...outcome, result: await encodePayload(this.#codec, outcome.result) }
      : { ...outcome, failure: await encodeFailure(this.#codec, outcome.failure) };
  }

  async #encodeAnswer(answer: QueryAnswer): Promise<QueryAnswer> {
    return answer.status === 'answered' ? { ...answer, result: await encodePayload(this.#codec, answer.result) } : { ...answer, failure: await encodeFailure(this.#codec, answer.failure) };
  }

  async #encodeFields(fields: JsonObject): Promise<JsonObject> {
    // What removes a field is no payload.
    return this.#map(fields, (values) => Promise.all(values.map(async (value) => (value === null ? null : encodePayload(this.#codec, value)))));
  }

  async #decodeFields(fields: JsonObject): Promise<JsonObject> {
    return this.#map(fields, (values) => decodePayloads(this.#codec, values));
  }

  async #map(fields: JsonObject, change: (values: JsonValue[]) => Promise<JsonValue[]>): Promise<JsonObject> {
    const names = Object.keys(fields);
    if (names.length === 0) return fields;
    const values = await change(names.map((name) => fields[name] ?? null));
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
  }
}
