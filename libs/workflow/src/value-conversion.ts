import type { ActivationJob, ActivityResolution, JsonValue } from '@backstitch/protocol';
import { ValueConversion, type PayloadConverter } from '@backstitch/protocol/payloads';
import { runInScope, scopeOrUndefined } from './scope-context.js';
import { toJson } from './to-json.js';
import type { WorkflowRun } from './workflow-run.js';

/** Of each run the converter of values that its own instance of the bundle has; nearly always there is none, and values are JSON. */
const ofRuns = new WeakMap<WorkflowRun, ValueConversion>();
/** One bundle is loaded in one context: all its runs have a converter, or none has. */
let converts = false;

/** From now on arguments, results and answers of the run pass through that converter. */
export function convertValues(run: WorkflowRun, converter: PayloadConverter): void {
  converts = true;
  ofRuns.set(run, new ValueConversion(converter));
}

/** Whether values are converted at all. */
export function convertsValues(): boolean {
  return converts;
}

function conversionOf(run: WorkflowRun): ValueConversion | undefined {
  return converts ? ofRuns.get(run) : undefined;
}

/** One value that leaves the run, as JSON. @throws TypeError saying what cannot be written, and as the converter throws */
export function payloadJson(run: WorkflowRun, value: unknown, what: string): string {
  const by = conversionOf(run);
  return toJson(by === undefined ? value : runInScope(scopeOrUndefined() ?? run.rootScope, () => by.toJson(value)), what);
}

/** Several values that leave the run, as a JSON array. @param of the rest of what they are @throws as {@link payloadJson} */
export function payloadsJson(run: WorkflowRun, values: readonly unknown[], what: string, of = ''): string {
  return toJson(payloadsOf(run, values), what, of);
}

/** Several values that leave the run, as they are to be written as JSON. */
export function payloadsOf(run: WorkflowRun, values: readonly unknown[]): readonly unknown[] {
  const by = conversionOf(run);
  return by === undefined ? values : values.map((value) => by.toJson(value));
}

/** Arguments as workflow code is to see them. */
export function convertedArgs(run: WorkflowRun, args: JsonValue[]): JsonValue[] {
  const by = conversionOf(run);
  return by === undefined ? args : args.map((value) => by.fromJson(value) as JsonValue);
}

/** Jobs as workflow code is to see them: what they bring was written by such a converter, too. */
export function convertedJobs(run: WorkflowRun, jobs: readonly ActivationJob[]): readonly ActivationJob[] {
  const by = conversionOf(run);
  return by === undefined ? jobs : jobs.map((job) => convertedJob(run, job, by));
}

function convertedJob(run: WorkflowRun, job: ActivationJob, by: ValueConversion): ActivationJob {
  switch (job.type) {
    case 'signalWorkflow':
    case 'queryWorkflow':
      return { ...job, args: convertedArgs(run, job.args) };
    case 'resolveActivity':
    case 'resolveChildWorkflow':
      return { ...job, resolution: convertedResolution(job.resolution, by) };
    case 'resolveLocalActivity':
      return job.resolution.status === 'backoff' ? job : { ...job, resolution: convertedResolution(job.resolution, by) };
    // Those who take these convert them when they have what they need: see convertedArgs.
    case 'initializeWorkflow':
    case 'doUpdate':
    case 'resolveChildWorkflowStart':
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

function convertedResolution(resolution: ActivityResolution, by: ValueConversion): ActivityResolution {
  return resolution.status === 'completed' ? { ...resolution, result: by.fromJson(resolution.result) as JsonValue } : resolution;
}
