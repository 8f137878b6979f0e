import type { ExploredWorkflow, ExploreOptions } from './explore-options.js';

/** What an exploration explores, in a module of its own, so that threads can load it. */
export interface ExplorationDefinition<State extends object> {
  readonly workflow: ExploredWorkflow;
  readonly options: ExploreOptions<State>;
}

/** For the default export of a module that `exploreInThreads` loads. `explore(workflow, options)` takes the same. */
export function defineExploration<State extends object>(workflow: ExploredWorkflow, options: ExploreOptions<State>): ExplorationDefinition<State> {
  return { workflow, options };
}
