import { runFor } from './current-run.js';

/**
 * Whether this run has the patch: true in runs that come here for the first time, and recorded with them; false while history is replayed that was made
 * without it. So old runs keep to their old way.
 */
export function patched(patchId: string): boolean {
  return runFor('patched').hasPatch(patchId, false);
}

/** Says that no run is left that needs the old way: histories with the patch and without it both replay. */
export function deprecatePatch(patchId: string): void {
  runFor('deprecatePatch').hasPatch(patchId, true);
}
