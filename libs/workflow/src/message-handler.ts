/** What a workflow sets for a signal or a query, whatever its types. */
export type MessageHandler = (...args: unknown[]) => unknown;
