import type { HistoryEventAttributes, HistoryEventType, WorkflowCommand } from '@backstitch/protocol';

/** An event without its place in the history. */
export type UnplacedEvent<T extends HistoryEventType = HistoryEventType> = {
  [K in T]: { eventType: K; attributes: HistoryEventAttributes[K] };
}[T];

/** A command that cannot be recorded: a fault of the workflow's code, so its task fails. */
export class InvalidCommandError extends Error {
  override readonly name = 'InvalidCommandError';
  constructor(
    readonly command: WorkflowCommand['type'],
    reason: string,
  ) {
    super(`Command ${command}: ${reason}`);
  }
}
