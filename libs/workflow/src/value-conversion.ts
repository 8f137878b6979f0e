import type { ActivationJob, ActivityResolution, JsonValue } from '@backstitch/protocol';
import { ValueConversion, type PayloadConverter } from '@backstitch/protocol/payloads';
import { toJson } from './to-json.js';

/** The bundle's own converter of values; nearly always there is none, and values are JSON. One bundle is loaded in one context. */
let conversion: ValueConversion | undefined;

/** From now on arguments, results and answers of workflow code pass through that converter; undefined: none. */
export function convertValues(converter: PayloadConverter | undefined): void {
  conversion = converter === undefined ? undefined : new ValueConversion(converter);
}

/** One value that leaves the run, as JSON. @throws TypeError saying what cannot be written, and as the converter throws */
export function payloadJson(value: unknown, what: string): string {
  return toJson(conversion === undefined ? value : conversion.toJson(value), what);
}

/** Several values that leave the run, as a JSON array. @throws as {@link payloadJson} */
export function payloadsJson(values: readonly unknown[], what: string): string {
  return toJson(payloadsOf(values), what);
}

/** Several values that leave the run, as they are to be written as JSON. */
export function payloadsOf(values: readonly unknown[]): readonly unknown[] {
  const by = conversion;
  return by === undefined ? values : values.map((value) => by.toJson(value));
}

/** Arguments as workflow code is to see them. */
export function convertedArgs(args: JsonValue[]): JsonValue[] {
  const by = conversion;
  return by === undefined ? args : args.map((value) => by.fromJson(value) as JsonValue);
}

/** Jobs as workflow code is to see them: what they bring was written by such a converter, too. */
export function convertedJobs(jobs: readonly ActivationJob[]): readonly ActivationJob[] {
  const by = conversion;
  return by === undefined ? jobs : jobs.map((job) => convertedJob(job, by));
}

function convertedJob(job: ActivationJob, by: ValueConversion): ActivationJob {
  switch (job.type) {
    case 'signalWorkflow':
    case 'queryWorkflow':
      return { ...job, args: convertedArgs(job.args) };
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
