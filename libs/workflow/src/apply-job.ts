import type { ActivationJob } from '@backstitch/protocol';
import { CancelledFailure } from '@backstitch/protocol/failures';
import { unknownJob } from './unknown-job.js';
import type { WorkflowRun } from './workflow-run.js';

/** Hands a job to the part of the run that it is for. In the run's root scope; that the run begins is not told so. */
export function applyJob(run: WorkflowRun, job: Exclude<ActivationJob, { type: 'initializeWorkflow' }>): void {
  switch (job.type) {
    case 'notifyHasPatch':
      return run.features.patches.notify(job.patchId);
    case 'updateRandomSeed':
      return run.reseed(job.randomnessSeed);
    case 'signalWorkflow':
      return run.signals.deliver(job);
    case 'doUpdate':
      return run.features.updates.deliver(job);
    case 'cancelWorkflow':
      return run.rootScope.cancelWith(new CancelledFailure(job.reason ?? 'Workflow cancelled'));
    case 'resolveActivity':
    case 'resolveLocalActivity':
      return run.activities.resolve(job.seq, job.resolution);
    case 'fireTimer':
      return run.timers.fire(job.seq);
    case 'resolveChildWorkflowStart':
      return run.features.children.resolveStart(job.seq, job.resolution);
    case 'resolveChildWorkflow':
      return run.features.children.resolve(job.seq, job.resolution);
    case 'resolveSignalExternalWorkflow':
      return run.features.externalCalls.resolveSignal(job.seq, job.failure);
    case 'resolveRequestCancelExternalWorkflow':
      return run.features.externalCalls.resolveCancellation(job.seq, job.failure);
    case 'queryWorkflow':
      return run.queries.add(job);
    default:
      return unknownJob(job);
  }
}
