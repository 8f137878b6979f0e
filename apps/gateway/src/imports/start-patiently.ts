import { OverloadedError, type StartWorkflowRequest, type StartWorkflowResult } from '@backstitch/protocol';
import type { Logger } from 'pino';
import { persist } from './persist.js';
import type { BulkOrchestrator } from '../orchestrator/orchestrator.js';

const PAUSE_MS = 250;
/** What a start may be refused with now and taken later. */
const REFUSED_FOR_NOW: ReadonlySet<string> = new Set(['OVERLOADED', 'STORE_UNAVAILABLE']);

/**
 * Starts runs, for as long as it takes: while the orchestrator is away, and while it has no room for some of them. Those that it took are sent
 * again with the others, which costs nothing.
 * @returns none of which is a refusal that waiting would mend
 */
export function startPatiently(orchestrator: BulkOrchestrator, starts: StartWorkflowRequest[], signal: AbortSignal, logger: Logger): Promise<StartWorkflowResult[]> {
  return persist(
    async () => {
      const answers = await orchestrator.start(starts);
      const refused = answers.find((answer) => answer.status === 'rejected' && REFUSED_FOR_NOW.has(answer.error.code));
      if (refused?.status === 'rejected') throw new OverloadedError(Number(refused.error.details?.['retryAfterMs'] ?? PAUSE_MS));
      return answers;
    },
    signal,
    logger,
  );
}
