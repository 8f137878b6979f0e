import { CURRENT_DETAILS_FUNCTION, ENGINE_SINK, type WorkflowSinkCall } from '@backstitch/protocol';
import { extrasOf } from './run-extras.js';
import { identityOf, type RunState } from './run-state.js';
import type { Turn } from './turn.js';

/** What is longer is cut. */
const CURRENT_DETAILS_LENGTH_MAX = 20_000;

/** What workflow code told sinks: the observer is told after the commit, and what is for the engine is kept with the run. */
export function noteSinkCalls(turn: Turn, sinkCalls: readonly WorkflowSinkCall[], isReplaying: boolean): void {
  const { state } = turn;
  for (const { sinkName, functionName, args } of sinkCalls) {
    if (sinkName === ENGINE_SINK && functionName === CURRENT_DETAILS_FUNCTION) {
      keepDetails(state, args[0]);
    }
  }
  turn.facts.push((observer) => sinkCalls.forEach((call) => observer.workflowSinkCall?.({ ...identityOf(state), call, isReplaying })));
}

function keepDetails(state: RunState, details: unknown): void {
  if (typeof details === 'string') {
    extrasOf(state).currentDetails = details.slice(0, CURRENT_DETAILS_LENGTH_MAX);
  }
}
