import { fileURLToPath } from 'node:url';
import type { Sandbox } from '@backstitch/engine';
import { RUNTIME_VERSION, type Activation, type ActivationJob, type ActivationResult, type Failure, type JsonValue, type WorkflowCommand } from '@backstitch/protocol';
import { bundleWorkflows, type WorkflowBundle } from '../src/index.js';

let bundle: Promise<WorkflowBundle> | undefined;

/** The bundle of test/workflows, made once per spec file. */
export function testBundle(): Promise<WorkflowBundle> {
  bundle ??= bundleWorkflows({ workflowsPath: fileURLToPath(new URL('./workflows/index.ts', import.meta.url)) });
  return bundle;
}

export function activation(runId: string, jobs: ActivationJob[], overrides: { timestampMs?: number; isReplaying?: boolean } = {}): Activation {
  return {
    runId,
    timestampMs: overrides.timestampMs ?? 1_700_000_000_000,
    info: {
      workflowId: `workflow-${runId}`,
      runId,
      workflowType: 'test',
      taskQueue: 'default',
      startTimeMs: 1_700_000_000_000,
      historyLength: 3,
      historySizeBytes: 100,
      continueAsNewSuggested: false,
      searchAttributes: {},
      memo: {},
      isReplaying: overrides.isReplaying ?? false,
    },
    jobs,
  };
}

export function initialize(workflowType: string, args: JsonValue[] = [], randomnessSeed = 'seed', runtimeVersion = RUNTIME_VERSION): ActivationJob {
  return { type: 'initializeWorkflow', workflowType, args, randomnessSeed, runtimeVersion };
}
/** A run of the first runtime version: its history does not name one. */
export function initializeLegacy(workflowType: string, args: JsonValue[] = [], randomnessSeed = 'seed'): ActivationJob {
  return { type: 'initializeWorkflow', workflowType, args, randomnessSeed };
}
export function completed(seq: number, result: JsonValue = null): ActivationJob {
  return { type: 'resolveActivity', seq, resolution: { status: 'completed', result } };
}
export function failed(seq: number, type = 'Refused'): ActivationJob {
  return { type: 'resolveActivity', seq, resolution: { status: 'failed', failure: activityFailure(seq, { message: 'refused', applicationFailureInfo: { type, nonRetryable: true } }) } };
}
export function canceled(seq: number): ActivationJob {
  return { type: 'resolveActivity', seq, resolution: { status: 'canceled', failure: activityFailure(seq, { message: 'cancelled', canceledFailureInfo: {} }) } };
}
export function fired(seq: number): ActivationJob {
  return { type: 'fireTimer', seq };
}
export function signal(signalName: string, ...args: JsonValue[]): ActivationJob {
  return { type: 'signalWorkflow', signalName, args };
}
export const cancel: ActivationJob = { type: 'cancelWorkflow', reason: 'enough' };

function activityFailure(seq: number, cause: Failure): Failure {
  return {
    message: 'Activity failed',
    cause,
    activityFailureInfo: { scheduledEventId: seq + 4, activityType: 'some', activityId: String(seq), retryState: 'NON_RETRYABLE_FAILURE', identity: 'worker' },
  };
}

/** Drives one run of a sandbox, activation by activation. */
export class DrivenRun {
  constructor(
    readonly sandbox: Sandbox,
    readonly runId = 'run',
  ) {}

  async result(...jobs: ActivationJob[]): Promise<ActivationResult> {
    const [result] = await this.sandbox.activate([activation(this.runId, jobs)]);
    return result as ActivationResult;
  }

  /** The commands of one activation; throws if the task failed. */
  async advance(...jobs: ActivationJob[]): Promise<WorkflowCommand[]> {
    const result = await this.result(...jobs);
    if (result.status !== 'completed') throw new Error(JSON.stringify(result));
    return result.commands;
  }

  /** The commands in short: `schedule reserve #1`, `complete "x"` … */
  async advanceInShort(...jobs: ActivationJob[]): Promise<string[]> {
    return (await this.advance(...jobs)).map(inShort);
  }
}

export function inShort(command: WorkflowCommand): string {
  switch (command.type) {
    case 'scheduleActivity':
      return `schedule ${command.activityType} #${command.seq}${command.undoOfSeq === undefined ? '' : ` undoing #${command.undoOfSeq}`}`;
    case 'requestCancelActivity':
      return `cancel activity #${command.seq}`;
    case 'startTimer':
      return `timer #${command.seq} ${command.durationMs}`;
    case 'cancelTimer':
      return `cancel timer #${command.seq}`;
    case 'upsertSearchAttributes':
      return `upsert ${JSON.stringify(command.searchAttributes)}`;
    case 'completeWorkflow':
      return `complete ${JSON.stringify(command.result)}`;
    case 'failWorkflow':
      return `fail ${command.failure.applicationFailureInfo?.type ?? command.failure.message}`;
    case 'cancelWorkflowExecution':
      return 'cancelled';
    case 'scheduleLocalActivity':
      return `local ${command.activityType} #${command.seq}${command.attempt === undefined ? '' : ` attempt ${command.attempt}`}`;
    case 'requestCancelLocalActivity':
      return `cancel local #${command.seq}`;
    case 'startChildWorkflow':
      return `child ${command.workflowType} #${command.seq} ${command.workflowId}`;
    case 'cancelChildWorkflow':
      return `cancel child #${command.seq}`;
    case 'signalExternalWorkflow':
      return `signal ${command.signalName} #${command.seq} to ${JSON.stringify(command.target)}`;
    case 'cancelSignalExternalWorkflow':
      return `cancel signal #${command.seq}`;
    case 'requestCancelExternalWorkflow':
      return `cancel ${command.workflowId} #${command.seq}`;
    case 'setPatchMarker':
      return `patch ${command.patchId}${command.deprecated ? ' deprecated' : ''}`;
    case 'upsertMemo':
      return `memo ${JSON.stringify(command.memo)}`;
    case 'acceptUpdate':
      return `accept ${command.updateId}`;
    case 'rejectUpdate':
      return `reject ${command.updateId}: ${command.failure.message}`;
    case 'completeUpdate':
      return `update ${command.updateId} ${command.outcome.status} ${JSON.stringify(command.outcome.status === 'completed' ? command.outcome.result : command.outcome.failure.message)}`;
    case 'settleUndos':
      return `settle ${command.seqs.map((seq) => `#${seq}`).join(' ')}${(command.keys ?? []).map((key) => ` ${key}`).join('')}`;
    case 'continueAsNew':
      return `continue as new ${command.workflowType} ${JSON.stringify(command.args)}`;
    default:
      throw new Error(`unknown command ${JSON.stringify(command satisfies never)}`);
  }
}
