import { OverloadedError } from '@backstitch/protocol';
import type { EngineVersioning } from '../engine-options.js';
import { identityOf, type RunState } from './run-state.js';
import type { Turn } from './turn.js';

const RETRY_AFTER_MS = 1_000;

/** Another build's code has to answer this, and this engine does not run it. The host passes the call on; a caller may try again. */
export class RunOfOtherBuildError extends OverloadedError {
  constructor(
    readonly workflowId: string,
    readonly buildId: string,
    /** Another build never goes on with it; else that build is the current one just now. */
    readonly isPinned: boolean,
  ) {
    super(RETRY_AFTER_MS);
    this.message = `Workflow "${workflowId}" runs on build "${buildId}", of which no replica answers.`;
  }
}

/** The build that a run must not leave; undefined: it is not pinned. */
export function pinnedBuildOf({ extras }: RunState): string | undefined {
  return extras?.started?.buildId;
}

/** @see RunOfOtherBuildError */
export function runOfOtherBuild(state: RunState, versioning: EngineVersioning | undefined): RunOfOtherBuildError {
  return new RunOfOtherBuildError(state.workflowId, servingBuild(state, versioning), pinnedBuildOf(state) !== undefined);
}

/** The build whose code goes on with a run. */
export function servingBuild(state: RunState, versioning: EngineVersioning | undefined): string {
  return pinnedBuildOf(state) ?? currentBuildOf(versioning);
}

/** Whether this engine's code may go on with a run; one of the engine's own has no code. */
export function isServedHere(state: RunState, versioning: EngineVersioning | undefined): boolean {
  return versioning === undefined || servingBuild(state, versioning) === versioning.buildId || state.extras?.started?.system !== undefined;
}

/** The build that a new run of that type is pinned to; undefined: it is not pinned. */
export function pinningBuild(versioning: EngineVersioning, workflowType: string): string | undefined {
  return versioning.isPinned?.(workflowType) === true ? currentBuildOf(versioning) : undefined;
}

/** The same of a run that follows another one in its chain: a pinned chain stays with its build, as in Temporal. */
export function buildOfSuccessor({ state, settings: { versioning } }: Turn, workflowType: string): string | undefined {
  return pinnedBuildOf(state) ?? (versioning === undefined ? undefined : pinningBuild(versioning, workflowType));
}

/**
 * At the end of a turn, where the run has something to be told and its code is another build's: a workflow task is due, which wakes the run there, and the
 * observer is told that it need not wait for that.
 */
export function leaveToItsBuild(turn: Turn, versioning: EngineVersioning): void {
  const { state } = turn;
  if (state.status !== 'RUNNING' || state.unhandled.length === 0 || isServedHere(state, versioning)) {
    return;
  }
  state.taskDueAtMs ??= Math.min(turn.nowMs, state.committedWakeAtMs ?? Infinity);
  const { partition } = state;
  const buildId = servingBuild(state, versioning);
  turn.facts.push((observer) => observer.dueElsewhere?.({ ...identityOf(state), partition, buildId }));
}

function currentBuildOf(versioning: EngineVersioning | undefined): string {
  return versioning?.currentBuildId?.() ?? versioning?.buildId ?? '';
}
