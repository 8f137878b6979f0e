import type { ContinueAsNewCommand } from '@backstitch/protocol';

/** Thrown by `continueAsNew`: let it leave the workflow function, and the run ends and goes on as a new one. */
export class ContinueAsNew extends Error {
  override readonly name = 'ContinueAsNew';

  constructor(readonly command: ContinueAsNewCommand) {
    super('Workflow continued as new');
  }
}
