import type { CommandList } from './command-list.js';

/** Which patches of its code one run has. What was decided once in a run holds to its end. */
export class Patches {
  readonly #commands: CommandList;
  readonly #recorded = new Set<string>();
  readonly #decided = new Set<string>();

  constructor(commands: CommandList) {
    this.#commands = commands;
  }

  /** The history records that the run has the patch. */
  notify(patchId: string): void {
    this.#recorded.add(patchId);
  }

  /**
   * Whether the run has the patch: not if the part of its history that is replayed was made without it; then it may still get it later, when
   * new ground is reached.
   */
  has(patchId: string, deprecated: boolean, isReplaying: boolean): boolean {
    if (this.#decided.has(patchId)) return true;
    if (isReplaying && !this.#recorded.has(patchId)) return false;
    this.#decided.add(patchId);
    this.#commands.push(`{"type":"setPatchMarker","patchId":${JSON.stringify(patchId)},"deprecated":${deprecated}}`);
    return true;
  }
}
