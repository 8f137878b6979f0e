/** What a workflow sets for a signal, a query or an update, whatever its types. */
export type MessageHandler = (...args: unknown[]) => unknown;

/** Handles what has no handler of its own; the message's name comes first. */
export type DefaultMessageHandler = (name: string, ...args: unknown[]) => unknown;

/** A handler with what was said of it. */
export interface RegisteredHandler {
  handler: MessageHandler;
  description?: string;
  /** Signals and updates: whether the run warns if it ends before the handler has. */
  warns: boolean;
  /** Updates: throws to refuse one. */
  validator?: MessageHandler;
}

/** Names that belong to the runtime. */
const RESERVED_PREFIXES = ['__temporal_', '__backstitch_'] as const;
const RESERVED_NAMES: readonly string[] = ['__stack_trace', '__enhanced_stack_trace'];

/** Whether a message of that name is the runtime's own. */
export function isReservedName(name: string): boolean {
  return RESERVED_NAMES.includes(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));
}
