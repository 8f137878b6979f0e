import type { Sandbox } from '@backstitch/engine';
import type { HistoryEvent } from '@backstitch/protocol';

/** A run of a test, for the referee: it replays the history on Temporal's core. */
export interface CollectedRun {
  workflowId: string;
  workflowType: string;
  events: HistoryEvent[];
  /** The workflows' code; absent where there is none, as with a scripted sandbox. */
  bundle?: { code: string; sharedCode: string };
}

/** Takes the runs of a file of specs. */
export interface HistoryCollector {
  /** Asked when the file's specs are over. */
  add(source: () => CollectedRun[] | Promise<CollectedRun[]>): void;
  /** For runs that are gone by then. */
  take(runs: CollectedRun[]): void;
}

/** Where this test run collects histories (BACKSTITCH_HISTORIES is set), or undefined: then there is nothing to do. */
export function historyCollector(): HistoryCollector | undefined {
  return (globalThis as { __backstitchHistories?: HistoryCollector }).__backstitchHistories;
}

/** The code that a sandbox runs, where it tells. */
export function bundleOf(sandbox: Sandbox): CollectedRun['bundle'] {
  const { bundle } = sandbox as { bundle?: CollectedRun['bundle'] };
  return bundle;
}
