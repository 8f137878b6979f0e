import { Exploration, DEFAULT_SEED, reportOf } from './exploration.js';
import { InvariantBrokenError } from './explorer-errors.js';
import type { ExploredWorkflow, ExploreOptions, ExploreReport } from './explore-options.js';
import { ProgressTeller } from './progress.js';
import { sceneOf } from './scene.js';

/**
 * Runs a workflow through everything that can go wrong, in simulated time: orchestrators that die before and after each call of theirs, workers that die at
 * each step of an attempt, jobs and replies that are lost, late, doubled or out of order, time-outs that come after the effect, signals and
 * cancellation at any moment. Asks the invariant at the end of each course of things.
 *
 * First every single event at every point; then as many random schedules as are asked for. Stops at the first failure, finds the shortest schedule that
 * fails in the same way, and tells it. A course that is stuck in silence, does not end, or leaves an incident open fails too.
 *
 * The same options give the same exploration, on every machine. For many schedules see `exploreInThreads`.
 * @throws InvariantBrokenError (unless `throwOnFailure` is false); ExploreOptionError; ScheduleTextError; ScheduleNotFollowedError; WorkflowBundleError
 */
export async function explore<State extends object>(workflow: ExploredWorkflow, options: ExploreOptions<State>): Promise<ExploreReport> {
  const scene = await sceneOf(workflow, options);
  const progress = new ProgressTeller(options.onProgress);
  try {
    const exploration = new Exploration(scene, options, { index: 0, count: 1, isIdle: () => false, failed: () => undefined, tell: (told) => progress.tell(told) });
    return answered(reportOf(options.seed ?? DEFAULT_SEED, [await exploration.run()]), options);
  } finally {
    progress.end();
    await Promise.all([scene.sandboxes.close(), scene.carefulSandboxes.close()]);
  }
}

/** @throws InvariantBrokenError */
export function answered(report: ExploreReport, { throwOnFailure = true }: { throwOnFailure?: boolean }): ExploreReport {
  if (report.failure !== undefined && throwOnFailure) {
    throw new InvariantBrokenError(report.failure);
  }
  return report;
}
