/** Workflow code cannot be bundled: it imports what it must not, or does not compile. The message names each place and how it is reached. */
export class WorkflowBundleError extends Error {
  override readonly name = 'WorkflowBundleError';
  readonly code = 'WORKFLOW_BUNDLE';

  constructor(readonly problems: readonly string[]) {
    super(`The workflows cannot be bundled.\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
  }
}
