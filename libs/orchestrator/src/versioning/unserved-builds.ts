import type { Clock, EngineSurface } from '@backstitch/engine';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { Builds } from './builds.js';

export interface UnservedBuildsDependencies {
  clock: Clock;
  engine: Pick<EngineSurface, 'noteService'>;
  builds: Pick<Builds, 'waiting' | 'currentWaiting' | 'dueRuns' | 'servedAgain'>;
  logger: OrchestratorLogger;
  /** A run that is due and whose build nobody has run for so long becomes an incident. */
  notServedAfterMs: number;
  pageSize: number;
}

/**
 * Runs that wait for a build that nobody runs are not stuck in silence (law L7): the log says so, a gauge counts them, and those that have something due become incidents, which are resolved when a
 * replica runs the build again. Any replica may look; what two of them find is one incident. Rejects where the store cannot be reached.
 */
export async function lookForUnservedBuilds({ clock, engine, builds, logger, notServedAfterMs, pageSize }: UnservedBuildsDependencies): Promise<void> {
  const nowMs = clock.now();
  const pinned = await builds.waiting();
  const current = await builds.currentWaiting(nowMs);
  pinned.forEach(({ buildId, runs }) => logger.error({ buildId, runs }, 'runs are pinned to a build that no replica runs; they wait for it'));
  if (current !== undefined) {
    logger.error({ buildId: current.buildId, runs: current.runs }, 'the build that was set as the current one is run by no replica; runs that are not pinned wait for it');
  }
  const waiting = new Map([...pinned, ...(current === undefined ? [] : [current])].map((each) => [each.buildId, each]));
  for (const { buildId, notRunForMs } of waiting.values()) {
    if (notRunForMs < notServedAfterMs) {
      continue;
    }
    for (let afterRunId: string | undefined, isLast = false; !isLast; ) {
      const page = await builds.dueRuns(buildId, nowMs, afterRunId, pageSize);
      await engine.noteService(page.map((runId) => ({ type: 'buildNotServed', runId, buildId, sinceMs: nowMs - notRunForMs })));
      afterRunId = page.at(-1);
      isLast = page.length < pageSize;
    }
  }
  for (let afterRunId: string | undefined, isLast = false; !isLast; ) {
    const page = await builds.servedAgain(afterRunId, pageSize);
    await engine.noteService(page.map((runId) => ({ type: 'buildServed', runId })));
    afterRunId = page.at(-1);
    isLast = page.length < pageSize;
  }
}
