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

/** Messages of packages that Temporal makes for its SDK: these alone may have a name of that kind. */
const NAMES_OF_PACKAGES: ReadonlyMap<string, MessageKind> = new Map([
  ['__temporal_workflow_stream_publish', 'signal'],
  ['__temporal_workflow_stream_poll', 'update'],
  ['__temporal_workflow_stream_offset', 'query'],
]);

export type MessageKind = 'signal' | 'query' | 'update';

/** Whether a message of that name is the runtime's own. */
export function isReservedName(kind: MessageKind, name: string): boolean {
  return (RESERVED_NAMES.includes(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix))) && NAMES_OF_PACKAGES.get(name) !== kind;
}
