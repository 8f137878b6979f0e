import type { OrchestratorLogger } from '../observation/logger.js';
import type { Builds } from './builds.js';

/** Runs that wait for a build that nobody runs are not stuck in silence (law L7): each audit says so, and a gauge counts them. Rejects where the store cannot be reached. */
export async function reportWaitingBuilds(builds: Pick<Builds, 'waiting'>, logger: OrchestratorLogger): Promise<void> {
  for (const { buildId, runs } of await builds.waiting()) {
    logger.error({ buildId, runs }, 'runs are pinned to a build that no replica runs; they wait for it');
  }
}
